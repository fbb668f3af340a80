# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as answers: all columns or the selected ones, expanded rows, ETags, and the requested annotations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..odata.model import Navigation, QueryRefused, Row
from ..odata.options import Expansion, QueryOptions, expanded_navigation, selected_properties
from .calls import Session
from .errors import bad_query
from .queries import View
from .schema import Column, Table

_FORMATTED = "OData.Community.Display.V1.FormattedValue"
_LOOKUP_NAME = "Microsoft.Dynamics.CRM.lookuplogicalname"
_NAVIGATION = "Microsoft.Dynamics.CRM.associatednavigationproperty"


class Shape:
    """The format of the rows of one table for one query."""

    def __init__(self, session: Session, table: Table, options: QueryOptions) -> None:
        self._session = session
        self._table = table
        self._view = View(session)
        try:
            names = selected_properties(table, options.select)
            self._expansions = [self._expansion(item) for item in options.expand]
        except QueryRefused as refused:
            raise bad_query(str(refused)) from None
        self._columns = list(table.columns.values()) if names is None else [table.columns[name] for name in names]
        if names is not None and not any(column.wire == table.id_column for column in self._columns):
            # The id is always included.
            self._columns.append(table.columns[table.id_column])
        self.fragment = self._fragment(names)

    def _expansion(self, item: Expansion) -> tuple[Expansion, Navigation, Shape]:
        navigation = expanded_navigation(self._table, item.name)
        target = self._view.entity_type(navigation.target)
        assert isinstance(target, Table)
        return item, navigation, Shape(self._session, target, item.options)

    def _fragment(self, names: list[str] | None) -> str:
        """The part of `@odata.context` in parentheses, such as `(name,publisherid())`."""
        parts = list(names or ())
        for item, _navigation, shape in self._expansions:
            parts.append(f"{item.name}{shape.fragment or '()'}")
        return f"({','.join(parts)})" if parts else ""

    def write(self, row: Row) -> dict[str, Any]:
        """A row as JSON."""
        written: dict[str, Any] = {}
        if self._table.versioned:
            written["@odata.etag"] = etag(row)
        wanted = self._session.call.annotations
        for column in self._columns:
            value = row.get(column.wire, column.default)
            written[column.wire] = value
            if wanted and value is not None:
                self._annotate(written, column, value, wanted)
        for item, navigation, shape in self._expansions:
            written[item.name] = self._expanded(row, item, navigation, shape)
        return written

    def _expanded(self, row: Row, item: Expansion, navigation: Navigation, shape: Shape) -> Any:
        related = self._view.related(self._table, row, navigation)
        if not navigation.collection:
            found = next(iter(related), None)
            return None if found is None else shape.write(found)
        target = self._session.data.table(navigation.target)
        rows = self._view.matching(related, item.options, target)
        if item.options.top is not None:
            rows = rows[: item.options.top]
        return [shape.write(found) for found in rows]

    def _annotate(self, written: dict[str, Any], column: Column, value: Any, wanted: str) -> None:
        formatted = self._formatted(column, value)
        if formatted is not None and _asked(_FORMATTED, wanted):
            written[f"{column.wire}@{_FORMATTED}"] = formatted
        if column.kind == "lookup":
            target = self._view.table_of(column, value)
            if _asked(_LOOKUP_NAME, wanted):
                written[f"{column.wire}@{_LOOKUP_NAME}"] = target
            if _asked(_NAVIGATION, wanted):
                written[f"{column.wire}@{_NAVIGATION}"] = column.name

    def _formatted(self, column: Column, value: Any) -> str | None:
        if column.kind == "lookup":
            return self._view.name_of(column, value)
        if column.options is not None:
            return column.options.get(value)
        if column.kind == "bool":
            return "Yes" if value else "No"
        if column.kind == "datetime":
            return _short_time(value)
        if column.kind in ("int", "long", "picklist"):
            return f"{value:,}"
        if column.kind in ("double", "decimal"):
            return f"{value:,.2f}"
        return None


def etag(row: Mapping[str, Any]) -> str:
    """The ETag of a row."""
    return f'W/"{row.get("versionnumber", 0)}"'


def _asked(name: str, wanted: str) -> bool:
    return any(
        pattern == "*" or pattern == name or (pattern.endswith("*") and name.startswith(pattern[:-1]))
        for pattern in (piece.strip() for piece in wanted.split(","))
    )


def _short_time(text: str) -> str:
    """`2023-10-17T11:02:55Z` as a reader in the United States sees it: `10/17/2023 11:02 AM`."""
    year, month, day, hour, minute = text[0:4], text[5:7], text[8:10], int(text[11:13]), text[14:16]
    return f"{int(month)}/{int(day)}/{year} {(hour + 11) % 12 + 1}:{minute} {'AM' if hour < 12 else 'PM'}"


def collection(session: Session, fragment: str, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The envelope of a list."""
    return {"@odata.context": session.context(fragment), "value": list(rows)}
