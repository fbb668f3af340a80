# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API, with which tests inspect the simulator, add faults and change data by hand.

It answers on `https://control.simulator.test`, through the proxy like all hosts, and its requests are not logged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from . import partnercenter, services
from .directory.store import Object
from .entra import federation
from .faults import Fault
from .partnercenter import delivery as lead_service
from .partnercenter import offers as partner_center
from .web import json_response
from .world import Prepared, Tenant, World


class _Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def answer(request: Request, world: World) -> Response:
    """Answer one request to the control host."""
    path = unquote(request.scope["raw_path"].decode("latin-1").partition("?")[0])
    try:
        for method, pattern, handler in _ROUTES:
            found = pattern.fullmatch(path)
            if found is not None and method in (request.method, "*"):
                return await handler(request, world, *found.groups())
        raise _Refused(404, f"The control API has no {request.method} {path}.")
    except _Refused as refusal:
        return json_response({"error": {"code": "ControlRefused", "message": str(refusal)}}, refusal.status)


async def _get_requests(request: Request, world: World) -> Response:
    since = request.query_params.get("since", "0")
    if not since.isdigit():
        raise _Refused(400, "since is not a number: use 'next' from an earlier answer.")
    entries = world.log.entries
    return json_response({"requests": entries[int(since) :], "next": len(entries)})


async def _forget_requests(_request: Request, world: World) -> Response:
    world.log.entries.clear()
    return json_response({})


async def _get_exchanges(_request: Request, world: World) -> Response:
    return json_response({"exchanges": world.exchanges.kept})


async def _set_writes(request: Request, world: World) -> Response:
    world.settings.refuse_writes = bool((await _body(request)).get("refuse"))
    return json_response({"refuse": world.settings.refuse_writes})


async def _get_settings(_request: Request, world: World) -> Response:
    return json_response(vars(world.settings))


async def _patch_settings(request: Request, world: World) -> Response:
    try:
        world.settings.update(await _body(request))
    except ValueError as error:
        raise _Refused(400, str(error)) from error
    return json_response(vars(world.settings))


async def _add_faults(request: Request, world: World) -> Response:
    body = await _any_body(request)
    try:
        for record in body if isinstance(body, list) else [body]:
            world.faults.add(Fault.parse(record))
    except (TypeError, ValueError) as error:
        raise _Refused(400, str(error)) from error
    return json_response({"waiting": len(world.faults)})


async def _get_faults(_request: Request, world: World) -> Response:
    return json_response({"waiting": len(world.faults)})


async def _clear_faults(_request: Request, world: World) -> Response:
    world.faults.clear()
    return json_response({"waiting": 0})


async def _jump(request: Request, world: World) -> Response:
    try:
        world.clock.jump(float((await _body(request)).get("jump_seconds", 0)))
    except (OverflowError, TypeError, ValueError) as error:
        raise _Refused(400, "jump_seconds is not a number of seconds within the years 1 to 9999.") from error
    return json_response({"now": world.clock.now().isoformat(), "offset_seconds": world.clock.offset_seconds})


async def _get_state(_request: Request, world: World) -> Response:
    return json_response(world.dump())


async def _put_state(request: Request, world: World) -> Response:
    state = await _body(request)
    try:
        World().load(state)  # a rehearsal: an invalid state changes nothing
        world.load(state)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _Refused(400, f"The body is not a state of the simulator: {error}.") from error
    return json_response({})


async def _issue_token(request: Request, world: World) -> Response:
    """Issue a token of another identity provider: `{"issuer", "subject"}`, optionally `audience` and `seconds`."""
    body = await _body(request)
    try:
        token = federation.issue(world, **body)
    except TypeError as error:
        raise _Refused(400, "The token request is invalid: give 'issuer' and 'subject'.") from error
    return json_response({"token": token})


async def _get_tenants(_request: Request, world: World) -> Response:
    return json_response({"tenants": [_described(tenant) for tenant in world.tenants.values()]})


async def _patch_object(request: Request, world: World, name: str, kind: str, object_id: str) -> Response:
    """Change any property of a directory object, including hidden ones, on all replicas immediately."""
    store = _tenant(world, name).directory.store
    found = store.get(kind, object_id)
    if found is None:
        raise _Refused(404, f"Tenant {name!r} has no {kind} {object_id!r}.")
    changed: Object = {**found, **await _body(request)}
    store.put(kind, changed, since_ever=True)
    return json_response(changed)


async def _patch_tenant(request: Request, world: World, name: str) -> Response:
    """Change properties of a tenant: `app_management_policy` in Graph's format."""
    body = await _body(request)
    directory = _tenant(world, name).directory
    if set(body) != {"app_management_policy"}:
        raise _Refused(400, "The change of the tenant is invalid: only 'app_management_policy' can be changed.")
    directory.app_management_policy = body["app_management_policy"]
    return json_response({})


async def _customer_lead(request: Request, world: World, name: str) -> Response:
    """Deliver a customer's lead: `{"offer": external id}`; the lead service uses the offer's live connection."""
    body, tenant = await _body(request), _tenant(world, name)
    partnercenter.advance(world)
    resource = partner_center.live_leads(world, tenant, str(body.get("offer", "")))
    if resource is None:
        raise _Refused(404, f"Tenant {name!r} has no offer {body.get('offer')!r}.")
    error = lead_service.deliver(world, resource, lead_service.test_lead(world)) if resource else _NOT_LIVE
    return json_response({"delivered": error is None, "error": error})


async def _patch_offer(request: Request, world: World, name: str, offer: str) -> Response:
    """Change an offer as the portal would: `{"resource": kind or id, "changes": {...}, "target": "draft"}`."""
    partnercenter.advance(world)
    body, account = await _body(request), partner_center.account_of(world, _tenant(world, name))
    found = None if account is None else partner_center.by_external_id(account, offer)
    target, changes = body.get("target", "draft"), body.get("changes")
    if found is None:
        raise _Refused(404, f"Tenant {name!r} has no offer {offer!r}.")
    if target not in partner_center.TARGETS or not isinstance(changes, dict):
        raise _Refused(400, "The change of the offer is invalid: give 'resource', 'changes' and a known 'target'.")
    changed = partner_center.change_by_hand(found[1], target, str(body.get("resource")), changes)
    if changed is None:
        raise _Refused(404, f"The offer {offer!r} has no {body.get('resource')!r}.")
    return json_response(changed)


async def _as_admin(request: Request, world: World, host: str, rest: str) -> Response:
    """Forward the request to `host` with all rights; it is neither counted nor refused.

    For Graph the header X-Simulator-Tenant names the tenant (by id, name or domain).
    """
    name = request.headers.get("x-simulator-tenant")
    environment = world.environment_by_host(host)
    if name is None and environment is not None:
        tenant = environment.tenant
    elif name is None:
        raise _Refused(400, "The tenant is missing: name it in the header X-Simulator-Tenant.")
    else:
        tenant = _tenant(world, name)
    raw_path = request.scope["raw_path"].partition(b"?")[0]
    prefix = f"/admin-override/{host}".encode()
    headers = [(key, value) for key, value in request.scope["headers"] if key not in (b"host", b"authorization")]
    scope = {
        **request.scope,
        "path": rest,
        "raw_path": raw_path[len(prefix) :] if raw_path.startswith(prefix) else quote(rest).encode(),
        "headers": [*headers, (b"host", host.encode()), (b"x-simulator-admin-override", b"true")],
        "simulator.admin_override": True,
    }
    return await services.answer(Request(scope, request.receive), world, host, tenant)


async def _environment(request: Request, world: World, host: str, rest: str) -> Response:
    """A manual change inside an environment, which `dataverse.control` handles."""
    from . import dataverse  # optional

    environment = world.environment_by_host(host)
    handler = getattr(dataverse, "control", None)
    if environment is None or handler is None:
        raise _Refused(404, f"There is no environment at {host!r}.")
    response: Response = await handler(request, environment, rest)
    return response


def _described(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "name": tenant.name,
        "domain": tenant.domain,
        "cloud": tenant.cloud.name,
        "runner": _credentials(tenant.runner),
        "publisher": None if tenant.publisher is None else _credentials(tenant.publisher),
        "offers": list(tenant.spec.offers),
        "environments": [
            {"name": item.name, "url": item.url, "id": item.id, "organization_id": item.organization_id}
            for item in tenant.environments
        ],
    }


def _credentials(application: Prepared) -> dict[str, str]:
    return {"client_id": application.app_id, "client_secret": application.secret}


def _tenant(world: World, name: str) -> Tenant:
    tenant = world.tenant_by_name_or_id(name)
    if tenant is None:
        raise _Refused(404, f"There is no tenant {name!r}.")
    return tenant


async def _any_body(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError as error:
        raise _Refused(400, "The body is not JSON.") from error


async def _body(request: Request) -> dict[str, Any]:
    body = await _any_body(request)
    if not isinstance(body, dict):
        raise _Refused(400, "The body is not a JSON object.")
    return body


_NOT_LIVE = "The offer is not live, so it has no customers."
_Handler = Callable[..., Awaitable[Response]]
_ROUTES: tuple[tuple[str, re.Pattern[str], _Handler], ...] = (
    ("POST", re.compile("/tenants/([^/]+)/leads"), _customer_lead),
    ("PATCH", re.compile("/tenants/([^/]+)/offers/([^/]+)"), _patch_offer),
    ("GET", re.compile("/requests"), _get_requests),
    ("DELETE", re.compile("/requests"), _forget_requests),
    ("GET", re.compile("/exchanges"), _get_exchanges),
    ("POST", re.compile("/writes"), _set_writes),
    ("GET", re.compile("/settings"), _get_settings),
    ("PATCH", re.compile("/settings"), _patch_settings),
    ("GET", re.compile("/faults"), _get_faults),
    ("POST", re.compile("/faults"), _add_faults),
    ("DELETE", re.compile("/faults"), _clear_faults),
    ("POST", re.compile("/clock"), _jump),
    ("GET", re.compile("/state"), _get_state),
    ("PUT", re.compile("/state"), _put_state),
    ("POST", re.compile("/federated-tokens"), _issue_token),
    ("GET", re.compile("/tenants"), _get_tenants),
    ("PATCH", re.compile("/tenants/([^/]+)"), _patch_tenant),
    ("PATCH", re.compile("/tenants/([^/]+)/objects/([^/]+)/([^/]+)"), _patch_object),
    ("*", re.compile("/admin-override/([^/]+)(/.*)"), _as_admin),
    ("*", re.compile("/environments/([^/]+)(/.*)"), _environment),
)
