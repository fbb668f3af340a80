# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Partner Center says is wrong, item by item: in jobs, in submissions and in refusals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def problems_in(items: Iterable[Any]) -> tuple[str, ...]:
    """Return what is wrong, item by item and to the bottom, as the service puts it."""
    told: list[str] = []
    for item in items:
        if not isinstance(item, dict):
            continue
        where = item.get("resourceId")
        place = f" for {where}" if isinstance(where, str) and where else ""
        told.append(f"{item.get('code', 'error')}{place}: {str(item.get('message') or 'no reason given').rstrip('.')}")
        told += problems_in(item.get("details") or [])
    return tuple(told)


def codes_in(items: Iterable[Any]) -> list[str]:
    """Return the codes of all items, also inner ones."""
    return [
        code
        for item in items
        if isinstance(item, dict)
        for code in [str(item.get("code", "")), *codes_in(item.get("details") or [])]
    ]
