# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries over rows: filter, order, cut into pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from .filters import Dialect, comparable, compile_filter
from .model import EntityType, Model, NotSupported, QueryRefused, Row, UnknownProperty
from .options import Ordering, QueryOptions

_COOKIE = re.compile(r"""<cookie pagenumber="(\d{1,9})" pagingcookie="([^"<>]*)" istracking="False" />""")
_AGGREGATE_COUNT = re.compile(r"aggregate\(\s*\$count\s+as\s+([A-Za-z_]\w*)\s*\)")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer.

    rows: the rows of this page; total: how many rows match in all; next_token: the opaque token of the next page,
    None on the last one.
    """

    rows: list[Row]
    total: int
    next_token: str | None


def matching(
    rows: Iterable[Row], options: QueryOptions, entity: EntityType, model: Model, dialect: Dialect
) -> list[Row]:
    """The rows that match `$filter`, in the order of `$orderby`. Raises QueryRefused."""
    found = list(rows)
    if options.filter is not None and options.filter.strip():
        keep = compile_filter(options.filter, entity, model, dialect)
        found = [row for row in found if keep(row)]
    for ordering in reversed(options.orderby):
        found.sort(key=_sort_key(ordering, entity, model), reverse=ordering.descending)
    return found


def _sort_key(ordering: Ordering, entity: EntityType, model: Model) -> Any:
    *navigations, name = ordering.path.split("/")
    steps = []
    for step in navigations:
        navigation = entity.navigation(step)
        if navigation is None or navigation.collection:
            raise UnknownProperty(step, entity.type_name)
        steps.append((entity, navigation))
        entity = model.entity_type(navigation.target)
    column = entity.property(name)
    if column is None and (behind := entity.value_property(name)):
        column = entity.property(behind)
    if column is None:
        raise UnknownProperty(name, entity.type_name)
    if column.kind in ("complex", "binary"):
        raise NotSupported(f"Ordering by the property '{name}' is not supported.")
    column_name, default = column.name, column.default

    def key(row: Row) -> tuple[bool, Any]:
        at = row
        for of, navigation in steps:
            found = next(iter(model.related(of, at, navigation)), None)
            if found is None:
                return (False, 0)
            at = found
        value = at.get(column_name, default)
        return (value is not None, comparable(value) if value is not None else 0)

    return key


def cut(rows: Sequence[Row], key: str, options: QueryOptions, page_size: int) -> Page:
    """The page that the options request.

    `$top` and paging exclude each other: with `$top` there is never a next page. Raises QueryRefused for an unknown
    token.
    """
    if options.top is not None:
        return Page(list(rows[: min(options.top, page_size)]), len(rows), None)
    start, number = 0, 1
    if options.skiptoken is not None:
        number, last = _read_token(options.skiptoken)
        after = next((index for index, row in enumerate(rows) if row.get(key) == last), None)
        start = after + 1 if after is not None else (number - 1) * page_size
    page = list(rows[start : start + page_size])
    more = start + page_size < len(rows)
    return Page(page, len(rows), _write_token(number + 1, str(page[-1][key])) if more and page else None)


def _write_token(number: int, last: str) -> str:
    """A token in the shape of the service's own paging cookie: page number, and the last returned row."""
    return quote(f'<cookie pagenumber="{number}" pagingcookie="{quote(last)}" istracking="False" />', safe="")


def _read_token(token: str) -> tuple[int, str]:
    match = _COOKIE.fullmatch(unquote(token) if token.startswith("%") else token)
    if match is None:
        raise QueryRefused("Malformed XML in the Paging Cookie")
    return int(match.group(1)), unquote(match.group(2))


def aggregated_count(apply: str) -> str:
    """The name for the number of rows in `$apply=aggregate($count as name)`. Raises NotSupported otherwise."""
    match = _AGGREGATE_COUNT.fullmatch(apply.strip())
    if match is None:
        raise NotSupported("The $apply expression is not supported; only aggregate($count as name) is.")
    return match.group(1)
