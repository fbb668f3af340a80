# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the Power Platform admin API and their authorization."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from ..entra.tokens import Caller, TokenRefused, verify
from ..web import json_response
from . import members
from .shapes import described

if TYPE_CHECKING:
    from ..world import Environment, Tenant, World

#: The application id of the resource "PowerApps Service", which token requests may name.
POWER_APPS_APP_ID = "475226c6-020e-4fb2-8a90-7a972cbfc1d4"
_BASE = "/providers/Microsoft.BusinessAppPlatform"
#: Directory roles that make a person, or a service principal, an administrator of Power Platform.
_ADMINISTRATORS = frozenset({"Global Administrator", "Power Platform Administrator", "Dynamics 365 Administrator"})


class Refused(Exception):
    """A refused call with its code."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


class RefusedWithList(Refused):
    """A refusal of an action on a user, which lists its reasons (contract: Letting applications and people in)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(400, code, message)

    @property
    def body(self) -> dict[str, Any]:
        """The list in the service's format."""
        reason = {"Subject": "Result", "Description": self.message, "Code": self.code}
        return {"errors": [reason], "information": []}


@dataclass(frozen=True)
class _Call:
    world: World
    tenant: Tenant
    caller: Caller | None
    host: str
    query: Mapping[str, str]
    body: Any
    path: str


async def answer(request: Request, world: World, host: str, override_tenant: Tenant | None = None) -> Response:
    """The answer of an admin API host. `override_tenant` is the tenant of an admin override, which has all rights."""
    try:
        tenant, caller = _signed_in(request, world, host, override_tenant)
        body = await request.body()
        call = _Call(
            world=world,
            tenant=tenant,
            caller=caller,
            host=host,
            query={key.lower(): value for key, value in parse_qsl(request.scope["query_string"].decode("latin-1"))},
            body=_json_body(body),
            path=request.url.path,
        )
        for method, pattern, handler in _PATTERNS:
            match = pattern.fullmatch(call.path)
            if match is not None and method == request.method:
                if "api-version" not in call.query:
                    raise Refused(
                        400,
                        "MissingApiVersionParameter",
                        "The api-version query parameter (?api-version=) is required.",
                    )
                status, content = handler(call, *match.groups())
                return json_response(content, status)
        raise Refused(404, "ResourceNotFound", f"There is no resource at '{call.path}' for {request.method}.")
    except RefusedWithList as refused:
        return json_response(refused.body, refused.status)
    except Refused as refused:
        error = {"code": refused.code, "message": refused.message, "detailUrlType": "NotSpecified"}
        return json_response({"error": error}, refused.status)


def _signed_in(
    request: Request, world: World, host: str, override_tenant: Tenant | None
) -> tuple[Tenant, Caller | None]:
    if override_tenant is not None:
        return override_tenant, None
    hosts = {
        urlsplit(tenant.cloud.power_apps_resource).hostname or ""
        for tenant in world.tenants.values()
        if tenant.cloud.power_platform_host == host
    }
    try:
        caller = verify(request.headers.get("authorization"), hosts, world, POWER_APPS_APP_ID)
    except TokenRefused as refused:
        raise Refused(401, "AuthenticationFailed", refused.reason) from None
    request.scope["simulator.caller"] = caller
    return world.tenants[caller.tenant_id], caller


def _require_administrator(call: _Call) -> None:
    """Require an administrator of Power Platform, or an application that an administrator registered.

    Raises Refused.
    """
    caller = call.caller
    if caller is None:
        return
    if not caller.is_user and caller.app_id in state_of(call.tenant)["applications"]:
        return
    directory = call.tenant.directory
    found = (directory.user_by_id if caller.is_user else directory.service_principal_by_id)(caller.object_id)
    if found is None or not _ADMINISTRATORS.intersection(found.get("_directory_roles", ())):
        raise Refused(
            403,
            "Forbidden",
            f"The service principal or user with id '{caller.object_id}' does not have permission to access the path "
            f"'{call.path}'.",
        )


def state_of(tenant: Tenant) -> dict[str, Any]:
    """Power Platform's data about a tenant: the applications that may administer it."""
    registered = [tenant.runner.app_id] if tenant.spec.runner.power_platform_admin else []
    return tenant.services.setdefault("power platform", {"applications": registered})


def _environment(call: _Call, name: str) -> Environment:
    found = next((item for item in call.tenant.environments if item.id == name.lower()), None)
    if found is None:
        raise Refused(404, "EnvironmentNotFound", f"The environment '{name}' could not be found in the tenant.")
    return found


def _list(call: _Call) -> tuple[int, Any]:
    _require_administrator(call)
    found = [described(call.world, item) for item in call.tenant.environments]
    size = call.world.settings.power_platform_page_size
    if not size:
        return 200, {"value": found}
    start = int(call.query["$skiptoken"]) if call.query.get("$skiptoken", "").isdigit() else 0
    page: dict[str, Any] = {"value": found[start : start + size]}
    if start + size < len(found):
        version = call.query["api-version"]
        page["nextLink"] = f"https://{call.host}{call.path}?api-version={version}&$skiptoken={start + size}"
    return 200, page


def _get(call: _Call, name: str) -> tuple[int, Any]:
    _require_administrator(call)
    return 200, described(call.world, _environment(call, name))


def _add_app_user(call: _Call, name: str) -> tuple[int, Any]:
    """Make an application a user with System Administrator; it answers 200 even if that fails (contract)."""
    _require_administrator(call)
    environment = _environment(call, name)
    application = call.body.get("servicePrincipalAppId")
    if isinstance(application, str):
        members.add_application(environment, application.lower())
    return 200, {}


def _add_user(call: _Call, name: str) -> tuple[int, Any]:
    """Add a person of the directory to the environment immediately; without a license it fails."""
    _require_administrator(call)
    environment = _environment(call, name)
    object_id = str(call.body.get("objectId", "")).lower()
    user = call.tenant.directory.user_by_id(object_id, as_seen_by="dataverse")
    if user is None:
        raise Refused(404, "UserNotFound", f"The user with object id '{object_id}' was not found in the directory.")
    group = environment.spec.options.get("security_group")
    if group is not None and object_id not in group:
        raise RefusedWithList(
            "userNotPartOfSecurityGroup", f"User '{object_id}' is not part of security group of the environment."
        )
    if not user.get("assignedLicenses"):
        raise RefusedWithList("userNotLicensed", f"User '{object_id}' does not have a valid license.")
    members.add_person(environment, user)
    return 200, {}


def _register(call: _Call, application: str) -> tuple[int, Any]:
    """Register an application as an administrator; only a person can do that (contract)."""
    if call.caller is not None and not call.caller.is_user:
        raise Refused(403, "Forbidden", "A service principal cannot register an admin application; a user has to.")
    _require_administrator(call)
    known = state_of(call.tenant)["applications"]
    if application.lower() not in known:
        known.append(application.lower())
    return 200, {"applicationId": application.lower()}


def _registered(call: _Call) -> tuple[int, Any]:
    _require_administrator(call)
    return 200, {"value": [{"applicationId": item} for item in state_of(call.tenant)["applications"]]}


#: The routes: method, path with `{}` for each id, and handler.
ROUTES: tuple[tuple[str, str, Callable[..., tuple[int, Any]]], ...] = (
    ("GET", "scopes/admin/environments", _list),
    ("GET", "scopes/admin/environments/{}", _get),
    ("POST", "scopes/admin/environments/{}/addAppUser", _add_app_user),
    ("POST", "scopes/admin/environments/{}/addUser", _add_user),
    ("PUT", "adminApplications/{}", _register),
    ("GET", "adminApplications", _registered),
)
_PATTERNS = [
    (method, re.compile(f"{_BASE}/{path.replace('{}', '([0-9A-Za-z-]+)')}"), handler)
    for method, path, handler in ROUTES
]


def _json_body(body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "InvalidRequestContent", "The request content was invalid and could not be read.") from None
    if not isinstance(value, dict):
        raise Refused(400, "InvalidRequestContent", "The request content is expected to be a JSON object.")
    return value
