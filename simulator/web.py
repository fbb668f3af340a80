# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every service needs to answer over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with `body` as JSON."""
    return Response(json.dumps(body), status, headers, media_type="application/json; charset=utf-8")
