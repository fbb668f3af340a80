# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides which requests change state: all except those that only read."""

from __future__ import annotations

import re
from typing import Any

_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# (service, method, path) of requests that use a writing method but change nothing. A $batch is judged by its individual
# requests.
_READING_REQUESTS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("entra", "POST", re.compile(r"/oauth2/(v2\.0/)?(token|devicecode)$")),
    ("graph", "POST", re.compile(r"/\$batch$")),
    ("dataverse", "POST", re.compile(r"/\$batch$")),
    ("control", "POST", re.compile(r"")),
    ("control", "PUT", re.compile(r"")),
    ("control", "DELETE", re.compile(r"")),
)


def is_write(service: str, method: str, path: str) -> bool:
    """Whether this request would change state. `service` is "entra", "graph", "dataverse", ...

    `path` has no query.
    """
    if method in _READING_METHODS:
        return False
    return not any(
        service == known and method == its_method and pattern.search(path)
        for known, its_method, pattern in _READING_REQUESTS
    )


def refusal_body() -> dict[str, Any]:
    """The answer, with status 403, to a change while changes are refused."""
    return {"error": {"code": "SimulatorRefusesWrites", "message": "The simulator refuses every change."}}
