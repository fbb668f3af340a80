# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that replicate: a write becomes visible at different times in different places.

A directory has several replicas, and each kind of lookup has its own path to them. There is no guaranteed time
(contract: consistency). Here each replica and each kind of lookup lags by a fixed share of `replication_seconds`,
requests use the replicas in turn, and after `replication_seconds` all agree. So a read may find a new object, miss it,
and find it again, in an order that repeats. Environments have their own view, which lags by an additional
`dataverse_lag_seconds`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any

from ..clock import Clock

Object = dict[str, Any]


class View(Enum):
    """A kind of lookup. The value is the lag of each replica, as a share of `replication_seconds`."""

    LATEST = (0.0, 0.0, 0.0)  # the view of writes, which decides uniqueness
    BY_ID = (0.0, 0.3, 0.8)
    BY_APP_ID = (0.1, 0.5, 0.9)
    BY_UNIQUE_NAME = (0.1, 0.4, 1.0)
    LIST = (0.3, 0.6, 1.0)
    SEARCH = (0.6, 1.0, 1.0)  # the separate index of advanced queries
    REFERENCE = (0.2, 0.5, 0.9)  # one object named in a write to another
    SIGN_IN = (0.2, 0.2, 0.6)
    DATAVERSE = (0.3, 0.7, 1.0)


class _Entry:
    __slots__ = ("versions",)

    def __init__(self, moment: float, content: Object | None) -> None:
        self.versions: list[tuple[float, Object | None]] = [(moment, content)]  # oldest first


class Store:
    """All objects of one directory by kind and id, each with the versions that some replica may still return.

    Objects are never changed in place: a write stores a new one.
    """

    def __init__(
        self,
        clock: Callable[[], Clock],
        lag_seconds: Callable[[], float],
        dataverse_lag_seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._clock = clock
        self._lag_seconds = lag_seconds
        self._dataverse_lag_seconds = dataverse_lag_seconds
        self._entries: dict[str, dict[str, _Entry]] = {}
        self._indexes: dict[tuple[str, str], dict[str, list[str]]] = {}
        self._reads = 0

    def index(self, kind: str, name: str) -> None:
        """Keep objects of `kind` findable by the text property `name`, ignoring case."""
        self._indexes[kind, name] = {}

    def next_request(self) -> None:
        """Use the next replica for the next reads."""
        self._reads += 1

    def put(self, kind: str, content: Object, *, since_ever: bool = False) -> None:
        """Write `content`, which has an `id`. `since_ever` makes it visible on all replicas immediately."""
        moment = 0.0 if since_ever else self._now()
        entries = self._entries.setdefault(kind, {})
        object_id = content["id"].lower()
        entry = entries.get(object_id)
        if entry is None:
            entries[object_id] = _Entry(moment, content)
        else:
            entry.versions.append((moment, content))
        for (indexed_kind, name), index in self._indexes.items():
            value = content.get(name)
            if indexed_kind == kind and isinstance(value, str):
                ids = index.setdefault(value.lower(), [])
                if object_id not in ids:
                    ids.append(object_id)

    def remove(self, kind: str, object_id: str) -> None:
        """Remove the object permanently; replicas return it a while longer."""
        entry = self._entries.get(kind, {}).get(object_id.lower())
        if entry is not None:
            entry.versions.append((self._now(), None))

    def get(self, kind: str, object_id: str, view: View = View.LATEST) -> Object | None:
        """The object with this id, as this request's replica returns it in `view`."""
        entry = self._entries.get(kind, {}).get(object_id.lower())
        return None if entry is None else self._shown(entry, view)

    def find(self, kind: str, name: str, value: str, view: View = View.LATEST) -> list[Object]:
        """The objects whose indexed property `name` is `value`, ignoring case."""
        ids = self._indexes[kind, name].get(value.lower(), ())
        found = (self.get(kind, object_id, view) for object_id in ids)
        return [item for item in found if item is not None and str(item.get(name)).lower() == value.lower()]

    def all(self, kind: str, view: View = View.LATEST) -> Iterator[Object]:
        """Every object of `kind` that this request's replica returns in `view`, oldest first."""
        for entry in list(self._entries.get(kind, {}).values()):
            shown = self._shown(entry, view)
            if shown is not None:
                yield shown

    def dump(self) -> dict[str, list[Object]]:
        """The newest version of everything, by kind."""
        return {kind: list(self.all(kind)) for kind in self._entries}

    def load(self, dumped: dict[str, list[Object]]) -> None:
        """Restore the objects from `dump`."""
        for kind, contents in dumped.items():
            for content in contents:
                self.put(kind, content, since_ever=True)

    def _now(self) -> float:
        return self._clock().now().timestamp()

    def _shown(self, entry: _Entry, view: View) -> Object | None:
        versions = entry.versions
        if (len(versions) == 1 and versions[0][0] == 0.0) or view is View.LATEST:
            return versions[-1][1]
        now, lag, more = self._now(), self._lag_seconds(), self._dataverse_lag_seconds()
        if versions[-1][0] + lag + more <= now:
            # Every replica has the newest version, so the older ones are no longer visible.
            entry.versions = [(0.0, versions[-1][1])]
            return versions[-1][1]
        behind = lag * view.value[self._reads % len(view.value)] + (more if view is View.DATAVERSE else 0.0)
        for moment, content in reversed(versions):
            if moment + behind <= now:
                return content
        return None
