# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of Graph: each call, who may make it, and what answers it.

Permissions are application permissions on Microsoft Graph, least first; any one of them is enough (contract: least
privileged permissions). Further conditions, such as owning the application, are the handler's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import organization
from .call import Answer, Call, Key

Handler = Callable[[Call], Answer]

_READ_ORGANIZATION = (
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "Directory.Read.All",
    "Directory.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
)
_READ_DOMAINS = ("Domain.Read.All", "Directory.Read.All", "Directory.ReadWrite.All")


@dataclass(frozen=True)
class Route:
    """One kind of call: ``pattern`` is a path whose ``{...}`` stand for a key."""

    method: str
    pattern: str
    permissions: tuple[str, ...]
    handler: Handler

    @property
    def segments(self) -> tuple[str, ...]:
        """The pattern's segments."""
        return tuple(self.pattern.split("/"))


ROUTES: tuple[Route, ...] = (
    Route("GET", "organization", _READ_ORGANIZATION, organization.list_organizations),
    Route("GET", "organization/{id}", _READ_ORGANIZATION, organization.get_organization),
    Route("GET", "domains", _READ_DOMAINS, organization.list_domains),
    Route("GET", "domains/{id}", _READ_DOMAINS, organization.get_domain),
)


class Table:
    """The routes, found by the shape of the path."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self._by_length: dict[int, list[Route]] = {}
        for route in routes:
            self._by_length.setdefault(len(route.segments), []).append(route)

    def find(self, method: str, segments: list[str | Key]) -> tuple[Route | None, tuple[Key, ...], bool]:
        """The route, the keys in the path, and whether the path exists at all with some method."""
        path_exists = False
        for route in self._by_length.get(len(segments), ()):
            keys = _match(route.segments, segments)
            if keys is None:
                continue
            path_exists = True
            if route.method == method:
                return route, keys, True
        return None, (), path_exists


def _match(pattern: tuple[str, ...], segments: list[str | Key]) -> tuple[Key, ...] | None:
    keys: list[Key] = []
    for wanted, segment in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            if isinstance(segment, str) and (segment.startswith("$") or segment.startswith("microsoft.graph.")):
                return None
            keys.append(segment if isinstance(segment, Key) else Key("id", segment))
        elif wanted != segment:
            return None
    return tuple(keys)


TABLE = Table(ROUTES)
