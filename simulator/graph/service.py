# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's front end: authentication, routing, envelopes and headers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl
from weakref import WeakKeyDictionary

from starlette.requests import Request
from starlette.responses import Response

from ..clouds import clouds_of_graph_host
from ..directory.first_party import GRAPH_APP_ID
from ..entra import Caller, TokenRefused, verify
from ..writes import is_write, refusal_body
from . import batch, metadata
from .call import Answer, Call, segments_of
from .errors import GraphError, denied, no_such_segment
from .query import OPTIONS
from .routes import TABLE
from .throttling import Quota

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
#: The tenant of the token, which an address may name (contract: addresses).
_MY_ORGANIZATION = "myorganization"
_BETA = re.compile(r"policies/(default)?appManagementPolic|applications/[^/]+/appManagementPolicies", re.IGNORECASE)
"""Served in beta as well; only beta includes the rules on audiences."""
_QUOTAS: WeakKeyDictionary[World, Quota] = WeakKeyDictionary()
_BODILESS = frozenset({"GET", "DELETE"})


@dataclass(frozen=True)
class _Visitor:
    """The caller of one request and its correlation ids."""

    world: World
    tenant: Tenant
    caller: Caller
    host: str
    request_id: str
    client_request_id: str
    admin_override: bool
    version: str

    @property
    def base(self) -> str:
        return f"https://{self.host}/{self.version}"

    def answer(self, method: str, path_and_query: str, headers: Mapping[str, str], body: Any) -> Answer:
        """Answer one call, given by its path below the version; refusals are returned as answers."""
        try:
            call, path = self.call(method, path_and_query, headers, body)
            if call.world.settings.refuse_writes and not self.admin_override and is_write("graph", method, path):
                return Answer(403, refusal_body())
            return execute(call, path)
        except GraphError as error:
            return self.refusal(error)

    def call(self, method: str, path_and_query: str, headers: Mapping[str, str], body: Any) -> tuple[Call, str]:
        path, _mark, query = path_and_query.partition("?")
        call = Call(
            world=self.world,
            tenant=self.tenant,
            caller=self.caller,
            method=method,
            url=f"{self.base}/{path.lstrip('/')}",
            query=query_options(query),
            headers=headers,
            body=body,
            base=self.base,
            admin_override=self.admin_override,
        )
        return call, path

    def refusal(self, error: GraphError) -> Answer:
        body = error.body(self.world, self.request_id, self.client_request_id)
        return Answer(error.status, body, headers=error.headers)


async def answer(request: Request, world: World, host: str, override_tenant: Tenant | None = None) -> Response:
    """Answer one request to a Graph host.

    `override_tenant` is the tenant of an admin override, which has all rights.
    """
    request_id = world.new_guid()
    client_request_id = request.headers.get("client-request-id") or request_id
    try:
        version, path_and_query = _below_version(request)
        if path_and_query.strip("/") == "$metadata" and request.method == "GET":  # public
            return Response(metadata.document(), media_type="application/xml")
        tenant, caller = (
            _who(request, world, host) if override_tenant is None else (override_tenant, _admin_caller(override_tenant))
        )
        visitor = _Visitor(
            world, tenant, caller, host, request_id, client_request_id, override_tenant is not None, version
        )
        body = _parsed(request.method, await request.body(), request.headers.get("content-type", ""))
        if path_and_query.strip("/") == "$batch" and request.method == "POST":
            found = _batch(request, visitor, body)
        else:
            found = visitor.answer(request.method, path_and_query, request.headers, body)
        if world.settings.record_graph and override_tenant is None and version == _VERSION:
            url = f"https://{host}/{_VERSION}/{path_and_query}"
            said = found.body if found.text is None else found.text
            world.exchanges.take(request.method, url, request.headers, body, found.status, said)
    except GraphError as error:
        found = Answer(error.status, error.body(world, request_id, client_request_id), headers=error.headers)
    return _response(found, request_id, client_request_id)


def _below_version(request: Request) -> tuple[str, str]:
    """The version, and path and query below it."""
    target = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    query = request.scope["query_string"].decode("latin-1")
    version, _slash, rest = target.lstrip("/").partition("/")
    if version != _VERSION and not (version == "beta" and _BETA.match(rest)):
        raise no_such_segment(version)
    return version, f"{rest}?{query}" if query else str(rest)


def _batch(request: Request, visitor: _Visitor, body: Any) -> Answer:
    """Run a batch; the log and refused writes treat it like its requests."""
    request.scope["simulator.write"] = batch.writes_in(body)
    if visitor.world.settings.refuse_writes and batch.writes_in(body):
        request.scope["simulator.refused"] = True

    def one(method: str, url: str, headers: dict[str, str], inner: Any) -> Answer:
        lowered = {str(name).lower(): str(value) for name, value in headers.items()}
        return visitor.answer(method, url.lstrip("/"), lowered, inner)

    call, _path = visitor.call("POST", "$batch", request.headers, body)
    return batch.answer(call, one)


def _admin_caller(tenant: Tenant) -> Caller:
    runner = tenant.runner
    return Caller(tenant_id=tenant.id, app_id=runner.app_id, object_id=runner.service_principal_id)


def _who(request: Request, world: World, host: str) -> tuple[Tenant, Caller]:
    try:
        caller = verify(request.headers.get("authorization"), (host,), world, GRAPH_APP_ID)
    except TokenRefused as refusal:
        raise _unauthenticated(refusal.reason) from refusal
    request.scope["simulator.caller"] = caller
    tenant = world.tenants[caller.tenant_id]
    if tenant.cloud.name not in clouds_of_graph_host(host):
        raise _unauthenticated("Access token validation failure. Invalid audience.")
    return tenant, caller


def _unauthenticated(reason: str) -> GraphError:
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
        'client_id="00000003-0000-0000-c000-000000000000"'
    )
    return GraphError(401, "InvalidAuthenticationToken", reason, headers={"WWW-Authenticate": challenge})


def execute(call: Call, raw_path: str) -> Answer:
    """Find the route of `raw_path` (below the version), check quota and permission, and answer. Raises GraphError."""
    segments = segments_of(raw_path)
    if segments and segments[0] == _MY_ORGANIZATION:
        segments = segments[1:]
    if segments and segments[-1] == "delta":
        raise GraphError(501, "NotImplemented", "The simulator does not track changes: delta is not served.")
    route, keys, path_exists = TABLE.find(call.method, segments)
    if route is None:
        if path_exists:
            raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
        raise no_such_segment(str(segments[-1]) if segments else "")
    call.keys = keys
    call.directory.store.next_request()
    headers = _quota(call.world).take(call, route.units)
    if not call.admin_override:
        _check_identity(call)
        if route.permissions and not call.may(*route.permissions):
            raise denied()
    found = route.handler(call)
    found.headers = headers | found.headers
    return found


def _quota(world: World) -> Quota:
    """The quota of `world`, kept as long as the world exists."""
    found = _QUOTAS.get(world)
    if found is None:
        found = _QUOTAS[world] = Quota()
    return found


def _check_identity(call: Call) -> None:
    """The caller must still exist in the directory."""
    directory, object_id = call.directory, call.caller.object_id
    exists = directory.user_by_id(object_id) if call.caller.is_user else directory.service_principal_by_id(object_id)
    if exists is None:
        raise GraphError(
            403,
            "Authorization_IdentityNotFound",
            "The identity of the calling application could not be established.",
        )


def query_options(query_string: str) -> dict[str, str]:
    """The query options by name; the `$` is optional, as in the service.

    Raises GraphError for an option that is unknown or given twice.
    """
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


def _parsed(method: str, body: bytes, content_type: str) -> Any:
    if not body or method in _BODILESS:
        return None
    if "json" not in content_type:
        raise GraphError(
            400,
            "BadRequest",
            "Write requests (excluding DELETE) must contain the Content-Type header declaration.",
        )
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise GraphError(
            400,
            "BadRequest",
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid "
            "JSON format.",
        ) from error


def _response(found: Answer, request_id: str, client_request_id: str) -> Response:
    headers = {
        "request-id": request_id,
        "client-request-id": client_request_id,
        "x-ms-ags-diagnostic": _DIAGNOSTIC,
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
    return Response(body.encode("utf-8", "replace"), found.status, {**headers, "Content-Type": CONTENT_TYPE})
