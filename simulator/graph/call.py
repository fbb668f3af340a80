# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One parsed call to Graph: caller, directory, target and options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from ..directory import Directory
from ..entra import Caller
from ..world import Tenant, World
from .errors import bad_request

_KEYED = re.compile(r"^([^()]+)\((.*)\)$", re.DOTALL)
_NAMED_KEY = re.compile(r"^([A-Za-z0-9]+)=(.*)$", re.DOTALL)


@dataclass(frozen=True)
class Key:
    """How a URL addresses one object: by `id`, or by an alternate key such as `appId` or `uniqueName`."""

    name: str
    value: str


@dataclass
class Call:
    """A call that passed authentication."""

    world: World
    tenant: Tenant
    caller: Caller
    method: str
    url: str  # without the query
    query: dict[str, str]  # system query options without the "$", other options unchanged
    headers: Mapping[str, str]
    body: Any = None
    keys: tuple[Key, ...] = field(default=())
    base: str = ""  # "https://graph.microsoft.com/v1.0"
    admin_override: bool = False  # an admin override: permissions do not matter

    @property
    def directory(self) -> Directory:
        """The caller's directory."""
        return self.tenant.directory

    @property
    def now(self) -> float:
        """The simulated time in seconds since 1970."""
        return self.world.clock.now().timestamp()

    def may(self, *permissions: str) -> bool:
        """Whether the caller has any of `permissions`."""
        return self.admin_override or any(
            name in self.caller.roles or name in self.caller.scopes for name in permissions
        )

    def prefers(self, preference: str) -> bool:
        """Whether the `Prefer` header names `preference`."""
        return preference in [item.strip().lower() for item in self.headers.get("prefer", "").split(",")]

    @property
    def eventual(self) -> bool:
        """Whether `ConsistencyLevel: eventual` was sent, which advanced queries need."""
        return self.headers.get("consistencylevel", "").strip().lower() == "eventual"

    def json_object(self) -> dict[str, Any]:
        """The body, which must be a JSON object. Raises GraphError."""
        if not isinstance(self.body, dict):
            raise bad_request("A JSON object is expected in the request body.")
        return self.body

    def context(self, fragment: str) -> str:
        """The `@odata.context` for `fragment`."""
        return f"{self.base}/$metadata#{fragment}"


@dataclass
class Answer:
    """A handler's result: the status and the body, if there is one."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None  # instead of `body` if the service returns plain text


def segments_of(raw_path: str) -> list[str | Key]:
    """The path below the version, split at slashes that are not within quotes, keys in parentheses extracted.

    `/applications(uniqueName='a''b')/owners` returns `["applications", Key("uniqueName", "a'b"), "owners"]`. Double
    slashes count as one, as in the service. Raises GraphError for a malformed key.
    """
    path = unquote(raw_path)
    pieces: list[str | Key] = []
    for piece in re.findall(r"(?:'[^']*'|[^/'])+", path):
        keyed = _KEYED.match(piece)
        if keyed is None:
            pieces.append(piece)
            continue
        pieces.append(keyed[1])
        if keyed[2]:
            named = _NAMED_KEY.match(keyed[2])
            pieces.append(Key(named[1], _key_value(named[2])) if named else Key("id", _key_value(keyed[2])))
    return pieces


def _key_value(text: str) -> str:
    if not text.startswith("'"):
        return text
    if len(text) < 2 or not text.endswith("'") or text[1:-1].replace("''", "").count("'"):
        raise bad_request(f"Invalid key value {text}.")
    return text[1:-1].replace("''", "'")
