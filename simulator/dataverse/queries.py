# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries over the rows of an environment that the caller may read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..odata.filters import Dialect, Evaluate, Expression, comparable
from ..odata.model import EntityType, Navigation, QueryRefused, Row
from ..odata.options import QueryOptions
from ..odata.query import matching
from . import messages
from .calls import Session
from .catalogue import DEPTHS
from .errors import bad_query
from .schema import NAMESPACE, Column, Table
from .security import grants_of


def _values_test(test: Callable[[Any, list[Any]], bool]) -> Callable[[Expression, list[Any]], Evaluate]:
    def build(target: Expression, values: list[Any]) -> Evaluate:
        wanted = [comparable(value) for value in values]
        return lambda rows: test(comparable(_as_text(target.evaluate(rows), wanted)), wanted)

    return build


def _as_text(value: Any, wanted: list[Any]) -> Any:
    """The values of these functions are texts, whatever the column's type."""
    if value is None or not wanted or not isinstance(wanted[0], str) or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)


DIALECT = Dialect(
    functions=frozenset({"contains", "startswith", "endswith"}),
    in_operator=False,
    query_functions={
        f"{NAMESPACE}.In": _values_test(lambda value, wanted: value in wanted),
        f"{NAMESPACE}.NotIn": _values_test(lambda value, wanted: value not in wanted),
        f"{NAMESPACE}.Between": _values_test(
            lambda value, wanted: value is not None and len(wanted) == 2 and wanted[0] <= value <= wanted[1]
        ),
        f"{NAMESPACE}.NotBetween": _values_test(
            lambda value, wanted: value is not None and len(wanted) == 2 and not wanted[0] <= value <= wanted[1]
        ),
    },
)


class View:
    """The rows a caller may read; the model that filters and expansions walk over."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._data = session.data

    def entity_type(self, name: str) -> EntityType:
        """The table of that logical name. Raises QueryRefused if it does not exist."""
        table = self._data.catalogue.tables.get(name)
        if table is None:
            raise QueryRefused(f"Resource not found for the segment '{name}'.")
        return table

    def rows(self, table: Table) -> Iterable[Row]:
        """The rows of a table that the caller may read.

        Raises Refusal if the caller may read none of them in principle.
        """
        principal = self._session.principal
        principal.require("Read", table)
        level = principal.level("Read", table)
        stored = self.stored(table)
        if level is None or level == DEPTHS.index("Global"):
            return stored
        return [row for row in stored if principal.reaches(level, table, row)]

    def stored(self, table: Table) -> Iterable[Row]:
        """All rows of a table, including computed ones."""
        if table.logical == "privilege":
            return self._data.catalogue.rows
        if table.logical == "roleprivileges":
            return self._role_privileges()
        if table.logical in messages.TABLES:
            return [*messages.rows(self._data, table.logical).values(), *self._data.all(table.logical)]
        return self._data.all(table.logical)

    def find(self, table: Table, identifier: str) -> Row | None:
        """The row with that id, whether or not the caller may read it."""
        if table.logical == "privilege":
            privilege = self._data.catalogue.privileges.get(identifier)
            return None if privilege is None else privilege.row
        if table.logical == "roleprivileges":
            return next((row for row in self._role_privileges() if row["roleprivilegeid"] == identifier), None)
        if table.logical in messages.TABLES and (row := messages.rows(self._data, table.logical).get(identifier)):
            return row
        return self._data.get(table.logical, identifier)

    def _role_privileges(self) -> Iterable[Row]:
        for role in self._data.all("role"):
            for privilege, level in grants_of(self._data, role["roleid"]).items():
                yield {
                    "roleprivilegeid": self._data.fixed_id("roleprivilege", role["roleid"], privilege),
                    "roleid": role["roleid"],
                    "privilegeid": privilege,
                    "privilegedepthmask": 1 << level,
                    "ismanaged": role.get("ismanaged", False),
                    "versionnumber": role["versionnumber"],
                }

    def related(self, entity: EntityType, row: Row, navigation: Navigation) -> Iterable[Row]:
        """The rows that a navigation property leads to and that the caller may read."""
        assert isinstance(entity, Table)
        if not navigation.collection:
            column = entity.column(navigation.name)
            assert column is not None
            targets = column.targets if column.name == navigation.name else (navigation.target,)
            return self._looked_up(targets, row.get(column.wire))
        relation = entity.relations[navigation.name]
        target = self._data.catalogue.tables.get(relation.target)
        if target is None:
            return ()
        identifier = row[entity.id_column]
        found: Iterable[Row | None]
        if relation.lookup is not None:
            found = [item for item in self._data.all(target.logical) if item.get(relation.lookup) == identifier]
        elif relation.intersect == "roleprivileges":
            found = self._linked_privileges(entity, identifier)
        elif relation.left:
            found = [
                self._data.get(target.logical, item) for item in self._data.rights(relation.intersect or "", identifier)
            ]
        else:
            found = [
                self._data.get(target.logical, item) for item in self._data.lefts(relation.intersect or "", identifier)
            ]
        principal = self._session.principal
        return [item for item in found if item is not None and principal.may("Read", target, item)]

    def _linked_privileges(self, entity: Table, identifier: str) -> Iterable[Row]:
        if entity.logical == "role":
            known = self._data.catalogue.privileges
            return [known[key].row for key in grants_of(self._data, identifier) if key in known]
        return [row for row in self._data.all("role") if identifier in grants_of(self._data, row["roleid"])]

    def _looked_up(self, targets: Iterable[str], identifier: str | None) -> Iterable[Row]:
        if identifier is None:
            return ()
        for logical in targets:
            table = self._data.catalogue.tables.get(logical)
            row = self.find(table, identifier) if table is not None else None
            if table is not None and row is not None:
                return (row,) if self._session.principal.may("Read", table, row) else ()
        return ()

    def table_of(self, column: Column, identifier: str) -> str:
        """The logical name of the table a lookup points to."""
        return next((name for name in column.targets if self._data.get(name, identifier)), column.targets[0])

    def name_of(self, column: Column, identifier: str) -> str | None:
        """The name of the row a lookup points to."""
        logical = self.table_of(column, identifier)
        row = self.find(self._data.table(logical), identifier)
        return None if row is None else row.get(self._data.table(logical).name_column)

    def matching(self, rows: Iterable[Row], options: QueryOptions, table: Table) -> list[Row]:
        """The rows that match a query's filter, in its order. Raises Refusal."""
        try:
            return matching(rows, options, table, self, DIALECT)
        except QueryRefused as refused:
            raise bad_query(str(refused)) from None
