# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole cloud as one ASGI application, which routes each request to a service by its host name."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from . import control, services
from .clock import graph_time_precise
from .clouds import CONTROL_HOST
from .delivery import deliver, status_for_log
from .entra import managed_identity
from .web import json_response
from .world import World
from .writes import is_write, refusal_body

_OWN_ADDRESSES = frozenset({b"127.0.0.1", b"localhost"})
ADMIN_OVERRIDE_HEADER = b"x-simulator-admin-override"


class CloudApp:
    """Answers for every simulated host, logs each request, and applies the requested faults."""

    def __init__(self, world: World) -> None:
        self.world = world

    def knows_host(self, host: str) -> bool:
        """Whether `host` is simulated."""
        return self.service_of(host) != ""

    def service_of(self, host: str, path: str = "") -> str:
        """The name of the service behind `host`, empty for a host that is not simulated."""
        if host == CONTROL_HOST:
            return "control"
        service = services.service_of(self.world, host, path)
        return service.name if service is not None else ""

    async def __call__(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[..., Awaitable[None]]
    ) -> None:
        """Answer one HTTP request."""
        # Only the control API may set the admin override.
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name != ADMIN_OVERRIDE_HEADER]
        _name_the_host_of_the_tunnel(scope)
        request = Request(scope, receive)
        host = request.headers.get("host", "").partition(":")[0].lower()
        path = scope["raw_path"].decode("latin-1").partition("?")[0]
        service = self.service_of(host, path)
        if service == "control":
            await (await control.answer(request, self.world))(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        target = f"{path}?{query}" if query else path
        write = is_write(service, request.method, path)
        refused = write and self.world.settings.refuse_writes
        fault = self.world.faults.next(request.method, host + target)
        if fault is not None and fault.clock_jump_seconds:
            self.world.clock.jump(fault.clock_jump_seconds)
        if refused:
            response: Response | None = json_response(refusal_body(), 403)
        elif fault is not None and fault.replaces_answer and not fault.applied:
            response = None
        else:
            response = await services.answer(request, self.world, host)
        entry = self._log(request, host, target, service, write, refused)
        entry["status"] = status_for_log(response, fault)
        if fault is not None:
            entry["fault"] = True
        # Before the answer is sent, so that its receiver finds the request in the log.
        self.world.log.add(entry)
        await deliver(response, fault, self.world.clock.now(), scope, receive, send)

    def plain(self, target: str, headers: dict[str, str]) -> tuple[int, bytes] | None:
        """Answer a plain request outside any tunnel; only managed identities send such requests."""
        url = urlsplit(target)
        if url.path != managed_identity.PATH:
            return None
        status, body = managed_identity.answer(self.world, dict(parse_qsl(url.query)), headers)
        self.world.log.add(
            {
                "time": graph_time_precise(self.world.clock.now()),
                "host": url.hostname or headers.get("host", ""),
                "method": "GET",
                "path": f"{url.path}?{url.query}",
                "status": status,
                "write": False,
                "service": "managed_identity",
                "tenant": None,
                "caller": body.get("client_id"),
            }
        )
        return status, json.dumps(body).encode()

    def _log(
        self, request: Request, host: str, target: str, service: str, write: bool, refused: bool
    ) -> dict[str, Any]:
        caller = request.scope.get("simulator.caller")
        entry: dict[str, Any] = {
            "time": graph_time_precise(self.world.clock.now()),
            "host": host,
            "method": request.method,
            "path": target,
            "status": 0,
            "write": request.scope.get("simulator.write", write),
            "service": service,
            "tenant": caller.tenant_id if caller else None,
            "caller": caller.app_id if caller else None,
        }
        if refused or request.scope.get("simulator.refused"):
            entry["refused"] = True
        return entry


def _name_the_host_of_the_tunnel(scope: Any) -> None:
    """Replace the proxy's own address by the tunnel's host, because an npm client sends it as `Host`.

    Any other host in the header is kept.
    """
    tunnel = scope.get("extensions", {}).get("simulator.tunnel", {}).get("host")
    if not tunnel:
        return
    scope["headers"] = [
        (name, tunnel.encode() if name == b"host" and value.partition(b":")[0] in _OWN_ADDRESSES else value)
        for name, value in scope["headers"]
    ]
