# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes to an environment for the control API: its options, and rows regardless of the rules."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..web import json_response
from . import gates, roles
from .initial_state import organization_settings

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..world import Environment

_ROW = re.compile("/rows/([a-z]+)(?:/([0-9a-fA-F-]{36}))?")


async def control(request: Request, environment: Environment, rest: str) -> Response:
    """`PATCH /options`: change options. `POST /rows/TABLE`: store a row. `DELETE /rows/TABLE/ID`: remove one."""
    raw = await request.body()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return _refused("The body is not a JSON object.", 400)
    if rest == "/options" and request.method == "PATCH":
        return _options(environment, body)
    found = _ROW.fullmatch(rest)
    if found is None or found[1] not in environment.data.catalogue.tables:
        return _refused("The address is unknown: use /options or /rows/TABLE.", 404)
    if request.method == "POST" and found[2] is None:
        return json_response(environment.data.insert(found[1], body))
    if request.method == "DELETE" and found[2] is not None:
        _forget(environment, found[1], found[2].lower())
        return json_response({})
    return _refused(f"A row does not support {request.method}.", 405)


def _options(environment: Environment, body: dict[str, Any]) -> Response:
    """Change options; null restores the default."""
    try:
        gates.check(body.get("gates") or [])
    except ValueError as error:
        return _refused(str(error), 400)
    options = environment.spec.options
    for name, value in body.items():
        if value is None:
            options.pop(name, None)
        else:
            options[name] = value
    data = environment.data
    data.change(
        "organization",
        data.rows["organization"][data.organization_id],
        {"orgdborgsettings": organization_settings(data)},
    )
    return json_response(options)


def _forget(environment: Environment, logical: str, identifier: str) -> None:
    if logical == "role":
        roles.delete_role(environment.data, identifier)
    else:
        environment.data.remove(logical, identifier)


def _refused(message: str, status: int) -> Response:
    return json_response({"error": {"code": "ControlRefused", "message": message}}, status)
