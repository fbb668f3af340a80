# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sign-in hosts: discovery, keys and the token endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from starlette.requests import Request
from starlette.responses import Response

from ..clouds import CLOUDS, clouds_of_login_host
from ..directory.first_party import GRAPH_APP_ID
from ..directory.store import Object, View
from ..web import json_response
from . import discovery, errors, passwords, tokens
from .credentials import check_client, with_basic
from .errors import SignInRefused
from .resources import Resource, resource_of_name, resource_of_scope
from .tokens import Caller

if TYPE_CHECKING:
    from ..world import Tenant, World

_DISCOVERY = re.compile(r"/([^/]+)(/v2\.0)?/\.well-known/openid-configuration$")
_KEYS = re.compile(r"/([^/]+)/discovery(/v2\.0)?/keys$")
_TOKEN = re.compile(r"/([^/]+)/oauth2(/v2\.0)?/token$")
_REALM = re.compile(r"/common/userrealm/([^/]+)$")
#: A GUID or the name of a domain.
_TENANT_NAME = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


async def answer(request: Request, world: World, host: str) -> Response:
    """Answer one request to a sign-in host."""
    path = request.url.path
    correlation_id = request.headers.get("client-request-id") or world.new_guid()
    try:
        response = await _route(request, world, host, path)
    except SignInRefused as refusal:
        response = errors.response(refusal, world, host, correlation_id)
    response.headers["x-ms-request-id"] = world.new_guid()
    response.headers["x-ms-ests-server"] = "2.1.0 - SIMULATOR ProdSlices"
    response.headers["Cache-Control"] = "no-store, no-cache"
    response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if request.headers.get("return-client-request-id", "").lower() == "true":
        response.headers["client-request-id"] = correlation_id
    return response


async def _route(request: Request, world: World, host: str, path: str) -> Response:
    if found := _TOKEN.fullmatch(path):
        if request.method != "POST":
            raise SignInRefused(
                900561, "invalid_request", 400, "The endpoint only accepts POST requests. Received a GET request."
            )
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
        form = with_basic(form, request.headers.get("authorization", ""))
        tenant = _token_tenant(world, host, found[1], form)
        # Nothing is verified yet, but the log has the tenant and client of the request.
        request.scope["simulator.caller"] = Caller(tenant.id, form["client_id"], object_id="")
        return _token(world, tenant, form, v2=found[2] is not None)
    if request.method == "GET":
        if path == "/common/discovery/instance":
            return discovery.instance_discovery(request)
        if found := _DISCOVERY.fullmatch(path):
            return _openid_configuration(world, host, found[1], found[2] or "")
        if _KEYS.fullmatch(path):
            return json_response(tokens.key_set())
        if found := _REALM.fullmatch(path):
            name = unquote(found[1])
            return discovery.user_realm(name, world.tenant_by_name_or_id(name.partition("@")[2]))
    return Response("", 404)


def _openid_configuration(world: World, host: str, name: str, version: str) -> Response:
    if name in discovery.SHARED_TENANTS:
        cloud = next(cloud for cloud in CLOUDS.values() if host in cloud.login_hosts)
        return discovery.openid_configuration(cloud, name, version)
    tenant = _tenant(world, host, name, "invalid_tenant")
    return discovery.openid_configuration(tenant.cloud, tenant.id, version)


def _tenant(world: World, host: str, name: str, error: str) -> Tenant:
    tenant = tenant_of(world, unquote(name), error)
    if tenant.cloud.name not in clouds_of_login_host(host):
        raise errors.tenant_not_found(unquote(name), error)
    return tenant


def tenant_of(world: World, name: str, error: str) -> Tenant:
    """The tenant with that id or domain. Raises SignInRefused."""
    if not _TENANT_NAME.fullmatch(name):
        raise errors.no_tenant_name(name)
    tenant = world.tenant_by_name_or_id(name)
    # A tenant's short name exists only in the simulator; sign-in accepts ids and domains only.
    if tenant is None or name.lower() == tenant.name.lower():
        raise errors.tenant_not_found(name, error)
    return tenant


def _token_tenant(world: World, host: str, name: str, form: Mapping[str, str]) -> Tenant:
    """The tenant of a token request, whose form has at least a grant type and a client. Raises SignInRefused."""
    for required in ("grant_type", "client_id"):
        if not form.get(required):
            raise errors.missing_parameter(required)
    if form["grant_type"] == "password" and name in discovery.SHARED_TENANTS:
        name = form.get("username", "").partition("@")[2]
    return _tenant(world, host, name, "invalid_request")


def _token(world: World, tenant: Tenant, form: Mapping[str, str], *, v2: bool) -> Response:
    grant_type = form["grant_type"]
    tenant.directory.store.next_request()
    if grant_type == "client_credentials":
        return _client_credentials(world, tenant, form, v2=v2)
    if grant_type == "password":
        return passwords.grant(world, tenant, form, _resource(world, tenant, form, v2=v2), token_endpoints(tenant))
    raise SignInRefused(
        70003, "unsupported_grant_type", 400, f"The app requested an unsupported grant type '{grant_type}'."
    )


def _client_credentials(world: World, tenant: Tenant, form: Mapping[str, str], *, v2: bool) -> Response:
    app, principal = application_of(world, tenant, form["client_id"])
    check_client(form, app, token_endpoints(tenant), world.clock.now().timestamp())
    resource = _resource(world, tenant, form, v2=v2)
    if resource.scopes != (".default",):
        raise SignInRefused(
            1002012,
            "invalid_scope",
            400,
            f"The provided value for scope {form.get('scope')} is not valid. Client credential flows must have a scope "
            "value with /.default suffixed to the resource identifier (application ID URI).",
        )
    principal = usable(tenant, app, principal)
    # Entra issues tokens regardless of permissions; a missing one shows when the resource is called.
    roles = tenant.directory.graph_permissions_of(principal["id"]) if resource.app_id == GRAPH_APP_ID else []
    token = tokens.mint(world, tenant, resource.audience, app=app, service_principal=principal, roles=roles)
    return tokens.token_response(world, resource.audience, token, v2=v2)


def usable(tenant: Tenant, app: Object, principal: Object | None) -> Object:
    """The service principal with which an application may sign in to a tenant. Raises SignInRefused."""
    if principal is None:
        raise SignInRefused(
            7000229,
            "invalid_client",
            401,
            f"The client application {app['appId']} is missing service principal in the tenant {tenant.id}.",
        )
    errors.refuse_as_asked(principal, "invalid_client", 401)
    if not principal["accountEnabled"] or _is_deactivated(app) or _is_deactivated(principal):
        raise SignInRefused(
            7000112, "unauthorized_client", 400, f"Application '{app['appId']}'({app['displayName']}) is disabled."
        )
    return principal


def _is_deactivated(item: Object) -> bool:
    """Whether an application or a service principal was deactivated, in its tenant or by Microsoft."""
    return bool(item["isDisabled"]) or item["disabledByMicrosoftStatus"] not in (None, "NotDisabled")


def _resource(world: World, tenant: Tenant, form: Mapping[str, str], *, v2: bool) -> Resource:
    if v2:
        if "scope" not in form:
            raise errors.missing_parameter("scope")
        return resource_of_scope(world, tenant, form["scope"])
    if "resource" not in form:
        raise errors.missing_parameter("resource")
    return resource_of_name(world, tenant, form["resource"])


def application_of(world: World, tenant: Tenant, app_id: str) -> tuple[Object, Object | None]:
    """The application with this client id and its service principal in `tenant`, if it has one there.

    The application may belong to another tenant if its service principal is in this one. Raises SignInRefused.
    """
    directory = tenant.directory
    principal = directory.service_principal_by_app_id(app_id, as_seen_by="sign_in")
    home = directory
    if principal is not None and principal["appOwnerOrganizationId"] in world.tenants:
        home = world.tenants[principal["appOwnerOrganizationId"]].directory
    app = home.application_by_app_id(app_id, View.SIGN_IN)
    if app is None:
        raise errors.unknown_application(app_id, tenant.spec.display_name)
    return app, principal


def token_endpoints(tenant: Tenant) -> frozenset[str]:
    """The audiences that an assertion for this tenant may name."""
    return frozenset(
        f"https://{host}/{name}{suffix}".lower()
        for host in tenant.cloud.login_hosts
        for name in (tenant.id, *tenant.domains)
        for suffix in ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "/", "")
    )
