# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record exchanges between clients and the simulator, as the collection does, for the check of the facts.

Only if the variable MARKETPLACE_LEADS_RECORDINGS names a folder. Answers from faults and admin overrides are not
behavior of a service and are not recorded.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.recorded_exchange import (
    Received,
    Sent,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.recording import Recorder

from simulator.app import CloudApp
from simulator.world import Settings
from tests.gates.recorded_facts import flipped

Scope = dict[str, Any]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[CloudApp, Scope, Receive, Send], Awaitable[None]]

_NOT_SERVICES = ("control.simulator.test",)
_USUAL = Settings()
_FLIPPED_SETTINGS, _FLIPPED_OPTIONS = flipped("settings"), flipped("environment")


def recording(application: Application, directory: str) -> Application:
    """Return the simulator's application, which also keeps one file for each different exchange in a folder."""
    recorder = Recorder(directory)
    recorder.open()

    async def call(self: CloudApp, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_genuine(self, scope):
            await application(self, scope, receive, send)
            return
        asked, answered = bytearray(), bytearray()
        start: Message = {}

        async def hear() -> Message:
            message = await receive()
            asked.extend(message.get("body", b""))
            return message

        async def say(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                answered.extend(message.get("body", b""))
            await send(message)

        await application(self, scope, hear, say)
        if start:
            recorder.note_answer(_sent(scope, bytes(asked)), _received(start, bytes(answered)))

    return call


def _is_genuine(app: CloudApp, scope: Scope) -> bool:
    """Whether the exchange shows a service as in the facts: without faults, other worlds or admin overrides."""
    host = _headers(scope).get("host", "")
    if host in _NOT_SERVICES or scope.get("simulator.admin_override") or len(app.world.faults):
        return False
    if any(getattr(app.world.settings, name) != getattr(_USUAL, name) for name in _FLIPPED_SETTINGS):
        return False
    environment = app.world.environment_by_host(host)
    return environment is None or not _FLIPPED_OPTIONS & environment.spec.options.keys()


def _sent(scope: Scope, body: bytes) -> Sent:
    headers = _headers(scope)
    query = scope["query_string"].decode("latin-1")
    path = scope["raw_path"].decode("latin-1").partition("?")[0]
    url = f"https://{headers.get('host', '')}{path}{'?' if query else ''}{query}"
    if "form-urlencoded" in headers.get("content-type", ""):
        return Sent(scope["method"], url, headers, dict(parse_qsl(body.decode("latin-1"))))
    return Sent(scope["method"], url, headers, _content(body))


def _received(start: Message, body: bytes) -> Received:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in start.get("headers", ())}
    return Received(start["status"], headers, _content(body), body.decode("utf-8", "replace"))


def _headers(scope: Scope) -> Mapping[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _content(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
