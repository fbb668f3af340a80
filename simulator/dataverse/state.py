# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of one environment: rows, the links between them, the privileges of roles, and running jobs.

Rows are sparse: column defaults are not stored. Every change goes through this module, so that a change set of a batch
can be undone and the version numbers of ETags only increase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .. import seeded
from ..clock import graph_time
from .catalogue import Catalogue, standard_catalogue
from .schema import Table
from .tables.others import plain_table

if TYPE_CHECKING:
    from ..world import Environment, Tenant, World

#: The template of the role that has every privilege.
SYSTEM_ADMINISTRATOR_TEMPLATE = "627090ff-40a3-4053-8790-584edc5be201"

_FIRST_VERSION = 1_000_000


class EnvironmentData:
    """All data that the Web API of one environment reads and writes."""

    def __init__(self, world: World, tenant: Tenant, environment: Environment) -> None:
        self.world = world
        self.tenant = tenant
        self.environment = environment
        self.organization_id = environment.organization_id
        self.catalogue: Catalogue = self._standard_catalogue()
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}
        #: Intersect tables: left id to right ids, in the order they were linked.
        self.links: dict[str, dict[str, dict[str, None]]] = {}
        #: The privileges of each role, by the id of its root copy: privilege id to level.
        self.grants: dict[str, Mapping[str, int]] = {}
        #: The privileges from the managed solution, by the same id; all others were added by hand.
        self.managed_grants: dict[str, dict[str, int]] = {}
        #: Solution operations by the id of their system job, and staged packages by the id of their upload.
        self.operations: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        #: Solutions by id: data of their package for which there is no column.
        self.packages: dict[str, dict[str, Any]] = {}
        self.custom_tables: dict[str, dict[str, Any]] = {}
        self._version = _FIRST_VERSION
        #: Increases with every change that may affect users' privileges.
        self.security_version = 0
        self.security_changed_at = 0.0
        self._undo: list[Callable[[], None]] | None = None
        #: Caches and counters of other modules, by name; not part of the state.
        self.scratch: dict[str, Any] = {}

    # Time and ids

    def now(self) -> datetime:
        """The simulated time."""
        return self.world.clock.now()

    def stamp(self) -> str:
        """The simulated time as rows hold it."""
        return graph_time(self.now())

    def fixed_id(self, *names: object) -> str:
        """An id that depends only on this environment and `names`."""
        return seeded.guid(self.organization_id, *names)

    # Reading

    def table(self, logical: str) -> Table:
        """The table of that logical name, which must exist."""
        return self.catalogue.tables[logical]

    def all(self, logical: str) -> Iterable[Mapping[str, Any]]:
        """Every stored row of a table."""
        return self.rows.get(logical, {}).values()

    def get(self, logical: str, identifier: str) -> dict[str, Any] | None:
        """The stored row with that id."""
        return self.rows.get(logical, {}).get(identifier)

    def where(self, logical: str, **columns: Any) -> list[dict[str, Any]]:
        """The stored rows in which columns have these values."""
        return [
            row
            for row in self.rows.get(logical, {}).values()
            if all(row.get(name) == value for name, value in columns.items())
        ]

    def rights(self, intersect: str, left: str) -> list[str]:
        """The right sides linked to a left one."""
        return list(self.links.get(intersect, {}).get(left, ()))

    def lefts(self, intersect: str, right: str) -> list[str]:
        """The left sides linked to a right one."""
        return [left for left, linked in self.links.get(intersect, {}).items() if right in linked]

    # Writing

    def insert(self, logical: str, row: dict[str, Any]) -> dict[str, Any]:
        """Store a new row."""
        table = self.table(logical)
        identifier = row[table.id_column]
        if table.columns.get("versionnumber"):
            row["versionnumber"] = self.next_version()
        rows = self.rows.setdefault(logical, {})
        rows[identifier] = row
        self._remember(lambda: rows.pop(identifier, None))
        self._security_may_change(logical)
        return row

    def change(self, logical: str, row: dict[str, Any], changes: Mapping[str, Any]) -> None:
        """Write columns of a stored row."""
        before = dict(row)
        row.update(changes)
        if "versionnumber" in row:
            row["versionnumber"] = self.next_version()

        def undo() -> None:
            row.clear()
            row.update(before)

        self._remember(undo)
        self._security_may_change(logical)

    def remove(self, logical: str, identifier: str) -> None:
        """Delete a row and every link to it."""
        rows = self.rows.get(logical, {})
        row = rows.pop(identifier, None)
        if row is None:
            return
        self._remember(lambda: rows.update({identifier: row}))
        for intersect in list(self.links):
            for right in self.rights(intersect, identifier):
                self.unlink(intersect, identifier, right)
            for left in self.lefts(intersect, identifier):
                self.unlink(intersect, left, identifier)
        self._security_may_change(logical)

    def link(self, intersect: str, left: str, right: str) -> None:
        """Link two rows; an existing link is kept."""
        linked = self.links.setdefault(intersect, {}).setdefault(left, {})
        if right not in linked:
            linked[right] = None
            self._remember(lambda: linked.pop(right, None))
            self.security_changed()

    def unlink(self, intersect: str, left: str, right: str) -> bool:
        """Remove a link; returns whether it existed."""
        linked = self.links.get(intersect, {}).get(left, {})
        if right not in linked:
            return False
        del linked[right]
        self._remember(lambda: linked.update({right: None}))
        self.security_changed()
        return True

    def set_grants(self, root_role_id: str, grants: Mapping[str, int] | None) -> None:
        """Replace the privileges of a role; None deletes the role."""
        before = self.grants.get(root_role_id)

        def undo() -> None:
            if before is None:
                self.grants.pop(root_role_id, None)
            else:
                self.grants[root_role_id] = before

        if grants is None:
            self.grants.pop(root_role_id, None)
        else:
            self.grants[root_role_id] = grants
        self._remember(undo)
        self.security_changed()

    def next_version(self) -> int:
        """The next version number of the environment."""
        self._version += 1
        return self._version

    def security_changed(self) -> None:
        """Note that users' privileges may have changed."""
        self.security_version += 1
        self.security_changed_at = self.now().timestamp()

    def _security_may_change(self, logical: str) -> None:
        if logical in ("systemuser", "role", "team", "businessunit"):
            self.security_changed()

    # All or nothing

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A context whose changes are undone if an exception leaves it."""
        if self._undo is not None:
            yield
            return
        self._undo = []
        try:
            yield
        except BaseException:
            undo, self._undo = self._undo, None
            for step in reversed(undo):
                step()
            self.security_changed()
            raise
        finally:
            self._undo = None

    def _remember(self, undo: Callable[[], Any]) -> None:
        if self._undo is not None:
            self._undo.append(undo)

    # Tables of solutions

    def _standard_catalogue(self) -> Catalogue:
        """The initial catalogue. The option `lead_lengths` shortens text columns of leads."""
        base = standard_catalogue(self.environment.spec.sales)
        lengths = self.environment.spec.options.get("lead_lengths") or {}
        return base.with_tables([with_lengths(base.tables["lead"], lengths)]) if lengths else base

    def add_custom_table(self, definition: dict[str, Any]) -> None:
        """Add the table that `definition` describes: `{line, columns, managed}`."""
        table = custom_table(definition)
        self.custom_tables[table.logical] = definition
        self.catalogue = self.catalogue.with_tables([table])
        self.security_changed()

    def drop_custom_table(self, logical: str) -> None:
        """Remove a table, its rows and its privileges."""
        gone = {item.id for item in self.catalogue.privileges.values() if item.table == logical}
        del self.custom_tables[logical]
        self.rows.pop(logical, None)
        self.catalogue = self._standard_catalogue().with_tables(
            custom_table(item) for item in self.custom_tables.values()
        )
        for role, grants in self.grants.items():
            if gone & grants.keys():
                self.grants[role] = {key: level for key, level in grants.items() if key not in gone}
        self.security_changed()

    # Saving

    def dump(self) -> dict[str, Any]:
        """The state as plain JSON types."""
        return {
            "rows": {logical: list(rows.values()) for logical, rows in self.rows.items()},
            "links": {
                name: {left: list(rights) for left, rights in linked.items() if rights}
                for name, linked in self.links.items()
            },
            "grants": {role: dict(grants) for role, grants in self.grants.items()},
            "managed_grants": self.managed_grants,
            "operations": self.operations,
            "uploads": self.uploads,
            "packages": self.packages,
            "custom_tables": self.custom_tables,
            "version": self._version,
        }

    def restore(self, dumped: dict[str, Any]) -> None:
        """Restore the state from `dump`. Raises KeyError if it is not a dump."""
        self.custom_tables = dumped["custom_tables"]
        self.catalogue = self.catalogue.with_tables(custom_table(item) for item in self.custom_tables.values())
        self.rows = {
            logical: {row[self.table(logical).id_column]: row for row in rows}
            for logical, rows in dumped["rows"].items()
        }
        self.links = {
            name: {left: dict.fromkeys(rights) for left, rights in linked.items()}
            for name, linked in dumped["links"].items()
        }
        self.grants = dumped["grants"]
        self.managed_grants = dumped["managed_grants"]
        self.operations = dumped["operations"]
        self.uploads = dumped["uploads"]
        self.packages = dumped["packages"]
        self._version = dumped["version"]
        self.security_changed()


def with_lengths(table: Table, lengths: Mapping[str, int]) -> Table:
    """The table with other maximum lengths of its text columns, as customizations may set them."""
    columns = {
        name: replace(column, max_length=lengths[column.name]) if column.name in lengths else column
        for name, column in table.columns.items()
    }
    return replace(table, columns=columns)


def custom_table(definition: dict[str, Any]) -> Table:
    """The table of a solution's definition."""
    return plain_table(
        definition["line"], custom=True, managed=definition["managed"], extra_columns=definition["columns"]
    )
