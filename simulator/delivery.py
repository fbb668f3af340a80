# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends an answer, unchanged or altered by a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from starlette.responses import Response

from .faults import Fault

Send = Callable[..., Awaitable[None]]
Receive = Callable[[], Awaitable[Any]]


def status_for_log(response: Response | None, fault: Fault | None) -> int:
    """The status that :func:`deliver` will send; 0 if the connection will break."""
    if fault is not None and (fault.reset or fault.truncate == "connection"):
        return 0
    if fault is not None and fault.status:
        return fault.status
    assert response is not None
    return response.status_code


async def deliver(
    response: Response | None, fault: Fault | None, now: datetime, scope: Any, receive: Receive, send: Send
) -> None:
    """Send `response` as `fault` alters it.

    `response` is None if the fault replaces it before the request did its work.
    """
    if fault is not None and fault.latency_seconds:
        await asyncio.sleep(fault.latency_seconds)
    if fault is not None and fault.reset:
        await _break(scope, receive)
        return
    if fault is not None and fault.status:
        status, headers, body = fault.answer()
        response = Response(body, status, headers)
    assert response is not None
    response.headers["Date"] = format_datetime(now, usegmt=True)
    body = bytes(response.body)
    if fault is not None and fault.truncate:
        await _truncated(response, body, fault.truncate, scope, receive, send)
    else:
        await response(scope, receive, send)


async def _truncated(response: Response, body: bytes, how: str, scope: Any, receive: Receive, send: Send) -> None:
    half = body[: len(body) // 2]
    if how == "body":
        response.headers["Content-Length"] = str(len(half))
    await send({"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers})
    await send({"type": "http.response.body", "body": half, "more_body": how == "connection"})
    if how == "connection":
        scope["extensions"]["simulator.close"]["call"]()
        await _gone(receive)


async def _break(scope: Any, receive: Receive) -> None:
    scope["extensions"]["simulator.abort"]["call"]()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Wait until the server has noticed that the connection is closed; otherwise it would answer 500."""
    while (await receive())["type"] != "http.disconnect":
        pass
