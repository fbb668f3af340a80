# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The front of Graph: authentication, the table of calls, envelopes and headers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from ..clouds import clouds_of_graph_host
from ..entra import Caller, TokenRefused, verify
from .call import Answer, Call, segments_of
from .errors import GraphError, denied, no_such_segment
from .query import OPTIONS
from .routes import TABLE

if TYPE_CHECKING:
    from ..world import Tenant, World

CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
_DIAGNOSTIC = json.dumps(
    {
        "ServerInfo": {
            "DataCenter": "Simulator",
            "Slice": "E",
            "Ring": "5",
            "ScaleUnit": "001",
            "RoleInstance": "SIMULATOR-1",
        }
    }
)
_VERSION = "v1.0"


async def answer(request: Request, world: World, host: str, god_tenant: Tenant | None = None) -> Response:
    """Answer one request to a Graph host. With ``god_tenant`` a test acts by hand in that tenant, with every right."""
    request_id = world.new_guid()
    client_request_id = request.headers.get("client-request-id") or request_id
    try:
        call, raw_path = await _read(request, world, host, god_tenant)
        found = execute(call, raw_path)
    except GraphError as error:
        found = Answer(error.status, error.body(world, request_id, client_request_id), headers=error.headers)
    return _response(found, request_id, client_request_id)


async def _read(request: Request, world: World, host: str, god_tenant: Tenant | None) -> tuple[Call, str]:
    raw_path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    version, _, rest = raw_path.lstrip("/").partition("/")
    if version != _VERSION:
        raise no_such_segment(version)
    tenant, caller = _who(request, world, host) if god_tenant is None else (god_tenant, _god(god_tenant))
    call = Call(
        world=world,
        tenant=tenant,
        caller=caller,
        method=request.method,
        url=f"https://{host}{raw_path}",
        query=query_options(request.scope["query_string"].decode("latin-1")),
        headers=request.headers,
        body=_parsed(await request.body(), request.headers.get("content-type", "")),
        base=f"https://{host}/{_VERSION}",
        as_god=god_tenant is not None,
    )
    return call, rest


def _god(tenant: Tenant) -> Caller:
    runner = tenant.runner
    return Caller(tenant_id=tenant.id, app_id=runner.app_id, object_id=runner.service_principal_id)


def _who(request: Request, world: World, host: str) -> tuple[Tenant, Caller]:
    try:
        caller = verify(request.headers.get("authorization"), (host,), world)
    except TokenRefused as refusal:
        challenge = f'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
        raise GraphError(
            401, "InvalidAuthenticationToken", refusal.reason, headers={"WWW-Authenticate": challenge}
        ) from refusal
    request.scope["simulator.caller"] = caller
    tenant = world.tenants[caller.tenant_id]
    if tenant.cloud.name not in clouds_of_graph_host(host):
        raise GraphError(401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
    return tenant, caller


def execute(call: Call, raw_path: str) -> Answer:
    """Find the route of ``raw_path`` (below the version), check the permission and answer. Raises GraphError."""
    segments = segments_of(raw_path)
    route, keys, path_exists = TABLE.find(call.method, segments)
    if route is None:
        if path_exists:
            raise GraphError(405, "Request_BadRequest", f"Specified HTTP method is not allowed for the request target.")
        raise no_such_segment(str(segments[-1]) if segments else "")
    call.keys = keys
    call.directory.store.next_request()
    if not call.as_god:
        _check_identity(call)
        if route.permissions and not call.may(*route.permissions):
            raise denied()
    return route.handler(call)


def _check_identity(call: Call) -> None:
    """The caller itself has to exist in the directory still."""
    if call.caller.is_user:
        exists = call.directory.user_by_id(call.caller.object_id) is not None
    else:
        exists = call.directory.service_principal_by_id(call.caller.object_id) is not None
    if not exists:
        raise GraphError(
            403, "Authorization_IdentityNotFound", "The identity of the calling application could not be established."
        )


def query_options(query_string: str) -> dict[str, str]:
    """The query options by name; the ``$`` may be left out, as the service takes it. Raises GraphError for two of one."""
    options: dict[str, str] = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        plain = name.removeprefix("$")
        if name != plain and plain not in OPTIONS:
            raise GraphError(400, "BadRequest", f"The query parameter '{name}' is not supported.")
        if plain in options:
            raise GraphError(
                400,
                "BadRequest",
                f"Query option '{name}' was specified more than once, but it must be specified at most once.",
            )
        options[plain] = value
    return options


def _parsed(body: bytes, content_type: str) -> Any:
    if not body:
        return None
    if "json" not in content_type:
        raise GraphError(
            400, "BadRequest", "Write requests (excluding DELETE) must contain the Content-Type header declaration."
        )
    try:
        return json.loads(body)
    except ValueError as error:
        raise GraphError(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        ) from error


def _response(found: Answer, request_id: str, client_request_id: str) -> Response:
    headers = {
        "request-id": request_id,
        "client-request-id": client_request_id,
        "x-ms-ags-diagnostic": _DIAGNOSTIC,
        "x-ms-resource-unit": "1",
        "OData-Version": "4.0",
        "Cache-Control": "no-cache",
        "Strict-Transport-Security": "max-age=31536000",
        **found.headers,
    }
    if found.text is not None:
        return Response(found.text, found.status, headers, media_type="text/plain")
    if found.body is None:
        return Response(status_code=found.status, headers=headers)
    body = json.dumps(found.body, separators=(",", ":"), ensure_ascii=False)
    return Response(body, found.status, {**headers, "Content-Type": CONTENT_TYPE})
