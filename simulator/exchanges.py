# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exchanges between clients and Graph, to be checked against a contract.

Only the first exchange of each shape is kept, so that a long run uses little memory. Secrets are never kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

_SECRETS = frozenset({"secretText", "password", "key"})
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_QUOTED = re.compile(r"'(?:[^']|'')*'")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
_HEADERS = ("content-type", "consistencylevel", "prefer")


class Exchanges:
    """One exchange of each shape, by a digest of the shape."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def take(self, method: str, url: str, headers: Mapping[str, str], body: Any, status: int, answer: Any) -> None:
        """Keep an exchange if it is of a new shape.

        `url` is absolute; `body` and `answer` are parsed JSON, None if there is none; an answer in plain text is a
        text.
        """
        path, _mark, query = url.partition("?")
        shape = [
            method,
            _QUOTED.sub("''", _GUID.sub("{id}", path)),
            sorted(pair.partition("=")[0] for pair in query.split("&")),
            _shape(body),
            status,
            _shape(answer),
        ]
        digest = hashlib.sha256(json.dumps(shape).encode()).hexdigest()[:16]
        if digest not in self.kept:
            self.kept[digest] = {
                "method": method,
                "url": url,
                "headers": {name: headers[name] for name in _HEADERS if name in headers},
                "body": _without_secrets(body),
                "status": status,
                "answer": _without_secrets(answer),
            }


def _shape(value: Any) -> Any:
    """The shape of a value: names and types, and whether texts are ids or times."""
    match value:
        case dict():
            return {name: _shape(item) for name, item in sorted(value.items())}
        case list():
            return sorted({json.dumps(_shape(item)) for item in value})
        case str():
            return "guid" if _GUID.fullmatch(value) else "time" if _MOMENT.match(value) else "text"
        case _:
            return type(value).__name__


def _without_secrets(value: Any) -> Any:
    match value:
        case dict():
            return {
                name: "hidden" if name in _SECRETS and isinstance(item, str) else _without_secrets(item)
                for name, item in value.items()
            }
        case list():
            return [_without_secrets(item) for item in value]
        case _:
            return value
