# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Web API of an environment as HTTP: caller, impersonation, limits, and the headers of every answer."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from ..clouds import api_twin
from ..directory.first_party import DYNAMICS_CRM_APP_ID
from ..entra.tokens import Caller, TokenRefused, verify
from . import batch, gates, limits, security, sync
from .calls import Call, Reply, Session
from .errors import Refusal, no_segment
from .paths import guid
from .routing import require_a_role, respond
from .solutions import jobs
from .state import EnvironmentData

if TYPE_CHECKING:
    from ..world import Environment

_PATH = re.compile(r"/api/data/(v9\.[0-2])(?:/(.*))?", re.DOTALL)
_ADMIN_OVERRIDE = "simulator.admin_override"


async def answer(request: Request, environment: Environment, caller_header: str | None) -> Response:
    """The answer of an environment's host."""
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    admin_override = bool(request.scope.get(_ADMIN_OVERRIDE))
    host = request.headers.get("host", environment.host).partition(":")[0].lower()
    caller: Caller | None = None
    if not admin_override:
        try:
            hosts = {environment.host, api_twin(environment.host)}
            caller = verify(caller_header, hosts, environment.data.world, DYNAMICS_CRM_APP_ID)
        except TokenRefused as refused:
            return _unauthorized(environment, refused.reason if caller_header else "")
        request.scope["simulator.caller"] = caller
        if caller.tenant_id != environment.tenant.id:
            return _unauthorized(environment, "The token was issued for another tenant.")
    call = Call(
        method=request.method,
        root=f"https://{host}/api/data/v9.2/",
        path="",
        query=request.scope["query_string"].decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.body(),
    )
    data = environment.data
    seconds = data.world.settings.dataverse_execution_milliseconds / 1000
    if caller is None or not seconds:
        return _as_response(answer_call(data, call, path, caller, request.scope), call)
    try:
        limits.enter(data, caller.object_id)
    except Refusal as refused:
        return _as_response(refused_reply(refused, call), call)
    try:
        await asyncio.sleep(seconds)
        return _as_response(answer_call(data, call, path, caller, request.scope), call)
    finally:
        limits.leave(data, caller.object_id)


def answer_call(
    data: EnvironmentData, call: Call, path: str, caller: Caller | None, scope: MutableMapping[str, Any]
) -> Reply:
    """The answer to one request, refusals included. A batch stores in `scope` its data for the request log."""
    headers: dict[str, str] = {}
    try:
        match = _PATH.fullmatch(path)
        if match is None:
            raise no_segment(path.rstrip("/").rpartition("/")[2] or path)
        call.root = call.root.replace("/v9.2/", f"/{match.group(1)}/")
        call.path = match.group(2) or ""
        jobs.advance(data)
        if caller is not None:
            gates.require_open(data, call, caller)
        principal = _principal(data, call, caller)
        if caller is not None:
            headers = limits.count(data, principal.caller_id or principal.id)
        session = Session(data, principal, call)
        if call.path.strip("/") == "$batch":
            require_a_role(session)
            reply = batch.respond(session, lambda inner: _respond(session, inner), scope)
        else:
            reply = _respond(session, call)
    except Refusal as refused:
        reply = refused_reply(refused, call)
    reply.headers = {**headers, **reply.headers}
    return reply


def _respond(session: Session, call: Call) -> Reply:
    return respond(Session(session.data, session.principal, call))


def refused_reply(refused: Refusal, call: Call) -> Reply:
    """A refusal as an answer."""
    return Reply(refused.status, refused.body(bool(call.annotations)), refused.headers)


def _principal(data: EnvironmentData, call: Call, caller: Caller | None) -> security.Principal:
    """The user of a token, or the user that it impersonates. Raises Refusal."""
    if caller is None:
        system = data.rows["systemuser"][data.fixed_id("SYSTEM")]
        return security.Principal(data, system, security.all_privileges(data.catalogue), 1)
    strong = call.headers.get("consistency", "").lower() == "strong"
    user = _member(data, caller)
    principal = security.principal(data, user, strong)
    on_behalf_of = call.headers.get("callerobjectid") or call.headers.get("mscrmcallerid")
    if not on_behalf_of:
        return principal
    principal.require_privilege("prvActOnBehalfOfAnotherUser")
    column = "azureactivedirectoryobjectid" if "callerobjectid" in call.headers else "systemuserid"
    other = next(iter(data.where("systemuser", **{column: guid(on_behalf_of)})), None)
    if other is None or other.get("deletedstate"):
        raise Refusal(403, "0x80072560", "The user is not a member of the organization.")
    _require_enabled(data, other)
    return security.impersonated(principal, other, strong)


def _member(data: EnvironmentData, caller: Caller) -> dict[str, Any]:
    index = data.scratch.setdefault("members", {})
    key = (caller.object_id if caller.is_user else caller.app_id, data.security_version)
    user = index.get(key)
    if user is None:
        column = "azureactivedirectoryobjectid" if caller.is_user else "applicationid"
        user = next((row for row in data.where("systemuser", **{column: key[0]}) if not row.get("deletedstate")), None)
        if user is None and caller.is_user and not data.where("systemuser", **{column: key[0]}):
            user = sync.at_first_call(data, caller.object_id)
        if user is None:
            raise Refusal(403, "0x80072560", "The user is not a member of the organization.")
        if len(index) > 1000:
            index.clear()
        index[key] = user
    _require_enabled(data, user)
    return user  # type: ignore[no-any-return]


def _require_enabled(data: EnvironmentData, user: dict[str, Any]) -> None:
    if user.get("isdisabled"):
        raise Refusal(
            403,
            "0x80040225",
            f"The user with SystemUserId={user['systemuserid']} in OrganizationContext={data.organization_id} "
            "is disabled",
        )


def _unauthorized(environment: Environment, reason: str) -> Response:
    """401 with the tenant's sign-in address, by which a client finds the tenant of an environment."""
    tenant = environment.tenant
    challenge = (
        f"Bearer authorization_uri=https://{tenant.cloud.login_hosts[0]}/{tenant.id}/oauth2/authorize, "
        f"resource_id={environment.url}/"
    )
    if reason:
        challenge += f', error=invalid_token, error_description="{reason}"'
    return Response(b"", 401, {"WWW-Authenticate": challenge, "REQ_ID": str(uuid.uuid4()), **_ALWAYS})


_SERVER = uuid.uuid5(uuid.NAMESPACE_DNS, "simulator").hex * 2
_ALWAYS = {
    "OData-Version": "4.0",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Cache-Control": "no-cache",
    "x-ms-dop-hint": "4",
}


def _as_response(reply: Reply, call: Call) -> Response:
    body = reply.payload()
    request_id = str(uuid.uuid4())
    headers = {
        **_ALWAYS,
        "REQ_ID": request_id,
        "x-ms-service-request-id": request_id,
        "AuthActivityId": str(uuid.uuid4()),
        # Which web server answered; clients that keep this cookie stay with that server.
        "Set-Cookie": f"ARRAffinity={_SERVER};Path=/;HttpOnly;Secure;Domain={call.root.split('/')[2]}",
        **reply.headers,
    }
    if body and "Content-Type" not in headers:
        headers["Content-Type"] = "application/json; odata.metadata=minimal"
    return Response(body if call.method != "HEAD" else b"", reply.status, headers)
