# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A request and its answer, independent of HTTP; batches use them as well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..odata.options import parse_query_string
from .errors import bad_payload

if TYPE_CHECKING:
    from .security import Principal
    from .state import EnvironmentData

#: The longest address: of a plain request, and of one inside a batch.
MAX_ADDRESS, MAX_ADDRESS_IN_BATCH = 32_768, 65_536
MAX_PAGE_SIZE = 5000


@dataclass
class Reply:
    """An answer. `body` is a JSON value, a text, or None for an empty answer."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """The body as bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, str):
            return self.body.encode()
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass
class Call:
    """A request.

    path: what follows `/api/data/v9.2/`, still percent-encoded; root: what precedes it, with host and final slash;
    query: the raw query string; headers: by lower-case name.
    """

    method: str
    root: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes = b""
    in_batch: bool = False

    @cached_property
    def options(self) -> dict[str, str]:
        """The query string, decoded."""
        return parse_query_string(self.query)

    @cached_property
    def preferences(self) -> dict[str, str]:
        """The values of `Prefer` by lower-case name."""
        found: dict[str, str] = {}
        for piece in _split_preferences(self.headers.get("prefer", "")):
            name, _equals, value = piece.partition("=")
            found[name.strip().lower()] = value.strip().strip('"')
        return found

    @property
    def page_size(self) -> int | None:
        """The page size the caller prefers."""
        wanted = self.preferences.get("odata.maxpagesize", "")
        return max(1, min(int(wanted), MAX_PAGE_SIZE)) if wanted.isdigit() and int(wanted) else None

    @property
    def wants_representation(self) -> bool:
        """Whether a write should answer with the row."""
        return self.preferences.get("return", "").lower() == "representation"

    @property
    def annotations(self) -> str:
        """Which annotations the caller requests: `*`, a comma-separated list of names, or nothing."""
        return self.preferences.get("odata.include-annotations", "")

    def payload(self, entity_set: str, *, empty: bool = False) -> dict[str, Any]:
        """The body, a JSON object; `empty` allows it to be missing. Raises Refusal."""
        if not self.body.strip():
            if empty:
                return {}
            raise bad_payload(entity_set, "A non-empty payload is expected for this request.")
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise bad_payload(entity_set, "Invalid JSON. The payload could not be read.") from None
        if not isinstance(value, dict):
            raise bad_payload(entity_set, "A JSON object is expected as the payload of this request.")
        return value


def _split_preferences(text: str) -> list[str]:
    """Split at commas outside quotes."""
    pieces, start, quoted = [], 0, False
    for position, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            pieces.append(text[start:position])
            start = position + 1
    return [piece for piece in [*pieces, text[start:]] if piece.strip()]


@dataclass
class Session:
    """A request with its caller and the data it works on."""

    data: EnvironmentData
    principal: Principal
    call: Call

    @property
    def user_id(self) -> str:
        """The id of the user the request is made for."""
        return self.principal.id

    def address(self, entity_set: str, identifier: str) -> str:
        """The address of a row, as answers write it."""
        return f"{self.call.root}{entity_set}({identifier})"

    def context(self, fragment: str) -> str:
        """The value of `@odata.context`."""
        return f"{self.call.root}$metadata#{fragment}"
