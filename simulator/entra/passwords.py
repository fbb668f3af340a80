# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The password grant, which the lead service uses with "Office 365" authentication."""

from __future__ import annotations

import datetime
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

from starlette.responses import Response

from ..clock import parse_time
from ..directory import sign_in_policies
from ..directory.directory import GRANT
from ..directory.store import Object, View
from . import errors, tokens
from .credentials import check_client
from .errors import SignInRefused
from .resources import Resource

if TYPE_CHECKING:
    from ..world import Tenant, World

# Public clients of Microsoft's own that need no registration and no consent: the sample client of Dynamics 365,
# the Azure command line and Azure PowerShell.
_FIRST_PARTY_CLIENTS = {
    "51f81489-12ee-4a9e-aaae-a2591f45987d": "Dynamics 365 Development Tools",
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46": "Microsoft Azure CLI",
    "1950a258-227b-4e31-a9cf-717495945fc2": "Microsoft Azure PowerShell",
}
_BECAUSE = "Due to a configuration change made by your administrator, or because you moved to a new location, you must "
#: The error for each requirement that a program cannot meet.
_DEMANDS = {
    sign_in_policies.FACTOR: (
        50076,
        "invalid_grant",
        400,
        _BECAUSE + "use multi-factor authentication to access the resource.",
        "basic_action",
    ),
    sign_in_policies.REGISTRATION: (
        50079,
        "invalid_grant",
        400,
        _BECAUSE + "enroll in multi-factor authentication to access the resource.",
        "basic_action",
    ),
    sign_in_policies.BLOCK: (
        53003,
        "invalid_grant",
        400,
        "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        "message_only",
    ),
}
_PASSWORD_VALIDITY_DAYS = 90  # if the domain has none
_NEVER_EXPIRES_DAYS = 2147483647


def grant(
    world: World, tenant: Tenant, form: Mapping[str, str], resource: Resource, token_endpoints: frozenset[str]
) -> Response:
    """A delegated token for the user whose name and password are in `form`. Raises SignInRefused."""
    for name in ("username", "password"):
        if not form.get(name):
            raise errors.missing_parameter(name)
    app, principal = _client(world, tenant, form, token_endpoints)
    user = signed_in(world, tenant, form["username"], form["password"], resource.app_id)
    scopes = _consented(tenant, app, principal, resource)
    token = tokens.mint(
        world, tenant, resource.audience, app=app, service_principal=principal, user=user, scopes=scopes
    )
    granted = " ".join(f"{resource.audience.rstrip('/')}/{scope}" for scope in scopes)
    return tokens.token_response(world, resource.audience, token, v2=True, scope=granted)


def _client(
    world: World, tenant: Tenant, form: Mapping[str, str], token_endpoints: frozenset[str]
) -> tuple[Object, Object | None]:
    from .endpoints import application_of  # the endpoints import this module

    client_id = form["client_id"]
    if client_id in _FIRST_PARTY_CLIENTS:
        return {"appId": client_id, "displayName": _FIRST_PARTY_CLIENTS[client_id]}, None
    app, principal = application_of(world, tenant, client_id)
    if not app.get("isFallbackPublicClient"):
        check_client(form, app, token_endpoints, world.clock.now().timestamp())
    return app, principal


def signed_in(world: World, tenant: Tenant, name: str, password: str, application_id: str) -> Object:
    """The user who signs in with name and password to the resource of that application. Raises SignInRefused."""
    user = tenant.directory.user_by_principal_name(name, as_seen_by="sign_in")
    if user is None:
        raise SignInRefused(
            50034,
            "invalid_grant",
            400,
            f"The user account {{EUII Hidden}} does not exist in the {tenant.id} directory. To sign into this "
            "application, the account must be added to the directory.",
        )
    if user["_password"] is None or not hmac.compare_digest(user["_password"].encode(), password.encode()):
        raise SignInRefused(
            50126, "invalid_grant", 400, "Error validating credentials due to invalid username or password."
        )
    errors.refuse_as_asked(user, "invalid_grant", 400)
    if not user["accountEnabled"]:
        raise SignInRefused(50057, "invalid_grant", 400, "The user account is disabled.")
    if user["_must_change_password"] or _password_expired(world, tenant, user):
        raise SignInRefused(50055, "invalid_grant", 400, "The password is expired.", suberror="user_password_expired")
    demand = sign_in_policies.demanded(tenant, user, application_id)
    if demand is not None:
        raise SignInRefused(*_DEMANDS[demand][:4], suberror=_DEMANDS[demand][4])
    return user


def _password_expired(world: World, tenant: Tenant, user: Object) -> bool:
    if "DisablePasswordExpiration" in (user["passwordPolicies"] or ""):
        return False
    days = tenant.spec.password_validity_days or _PASSWORD_VALIDITY_DAYS
    if days >= _NEVER_EXPIRES_DAYS:
        return False
    changed = parse_time(user["lastPasswordChangeDateTime"])
    return changed + datetime.timedelta(days=days) <= world.clock.now()


def _consented(tenant: Tenant, app: Object, principal: Object | None, resource: Resource) -> list[str]:
    """The delegated permissions of the token. Raises SignInRefused 65001 if there is no consent."""
    if principal is None and app["appId"] in _FIRST_PARTY_CLIENTS:
        return ["user_impersonation"]
    directory = tenant.directory
    resource_principal = directory.service_principal_by_app_id(resource.app_id) if resource.app_id else None
    granted: set[str] = set()
    if principal is not None and resource_principal is not None:
        for row in directory.store.find(GRANT, "clientId", principal["id"], View.SIGN_IN):
            if row["resourceId"] == resource_principal["id"]:
                granted |= set(row["scope"].split())
    asked = granted if ".default" in resource.scopes else set(resource.scopes)
    if not asked or not asked <= granted:
        raise SignInRefused(
            65001,
            "invalid_grant",
            400,
            f"The user or administrator has not consented to use the application with ID '{app['appId']}' named "
            f"'{app['displayName']}'. Send an interactive authorization request for this user and resource.",
            suberror="consent_required",
        )
    return sorted(asked)
