# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The problems that Partner Center reports, item by item: in jobs, in submissions and in refusals."""

from __future__ import annotations

from typing import Any


def problems_in(items: Any) -> tuple[str, ...]:
    """Return the problems, item by item with all inner ones, in the service's wording; anything but a list has no
    items."""
    told: list[str] = []
    for item in _objects(items):
        where = item.get("resourceId")
        place = f" for {where}" if isinstance(where, str) and where else ""
        told.append(f"{item.get('code', 'error')}{place}: {str(item.get('message') or 'no reason given').rstrip('.')}")
        told += problems_in(item.get("details"))
    return tuple(told)


def codes_in(items: Any) -> list[str]:
    """Return the codes of all items, including inner ones."""
    return [code for item in _objects(items) for code in [str(item.get("code", "")), *codes_in(item.get("details"))]]


def _objects(items: Any) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
