# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The system query options of a request, parsed: `$select`, `$expand` with its own options, `$orderby`, ..."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote_plus

from .model import EntityType, Navigation, NotSupported, QueryRefused, SyntaxRefused, UnknownProperty


@dataclass(frozen=True, slots=True)
class Ordering:
    """One key of `$orderby`."""

    path: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Expansion:
    """One navigation property of `$expand`, with the options inside its parentheses."""

    name: str
    options: QueryOptions


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """The options of a query, or of one expanded navigation property. None means: not given."""

    select: tuple[str, ...] | None = None
    expand: tuple[Expansion, ...] = ()
    filter: str | None = None
    orderby: tuple[Ordering, ...] = ()
    top: int | None = None
    count: bool = False
    skiptoken: str | None = None
    apply: str | None = None
    #: Parameter aliases (`@name`) and options that are not OData's own, by name.
    others: dict[str, str] = field(default_factory=dict)


#: Options that are allowed in an expansion's parentheses.
_NESTED = frozenset({"$select", "$expand", "$filter", "$orderby", "$top", "$count"})


def parse_query_string(text: str) -> dict[str, str]:
    """Split a raw query string into decoded names and values; if a name is given twice, the last one counts."""
    pairs = (piece.partition("=") for piece in text.split("&") if piece)
    return {unquote_plus(name): unquote_plus(value) for name, _equals, value in pairs}


def parse_options(query: dict[str, str], nested: bool = False) -> QueryOptions:
    """Read the options by name. Raises QueryRefused for invalid or unsupported options."""
    if "$skip" in query:
        raise NotSupported("Skip Clause is not supported in CRM")
    if nested and (strange := next((name for name in query if name not in _NESTED), None)):
        raise QueryRefused(f"Term '{strange}' is not valid in a $select or $expand expression.")
    for name in query:
        if name.startswith("$") and name not in _KNOWN:
            raise QueryRefused(
                f"The query parameter '{name}' is not supported."
                if name in _UNSUPPORTED
                else f"Custom query options that start with '$' are reserved: '{name}'."
            )
    return QueryOptions(
        select=_select(query["$select"]) if query.get("$select", "").strip() else None,
        expand=_expand(query.get("$expand", "")),
        filter=query.get("$filter"),
        orderby=_orderby(query.get("$orderby", "")),
        top=_top(query["$top"]) if "$top" in query else None,
        count=_boolean("$count", query.get("$count", "false")),
        skiptoken=query.get("$skiptoken"),
        apply=query.get("$apply"),
        others={name: value for name, value in query.items() if not name.startswith("$")},
    )


_KNOWN = frozenset(
    {"$select", "$expand", "$filter", "$orderby", "$top", "$count", "$skiptoken", "$apply", "$id", "$format"}
)
_UNSUPPORTED = frozenset({"$search", "$compute", "$deltatoken", "$levels", "$index"})


def _select(text: str) -> tuple[str, ...]:
    names = tuple(piece.strip() for piece in text.split(","))
    if not all(names):
        raise SyntaxRefused(len(text), text)
    return names


def _top(text: str) -> int:
    if not text.strip().isdigit():
        raise QueryRefused(
            f"Invalid value '{text}' for $top query option found. The $top query option requires a non-negative "
            "integer value."
        )
    return int(text)


def _boolean(name: str, text: str) -> bool:
    if text.strip().lower() not in ("true", "false"):
        raise QueryRefused(f"Invalid value '{text}' for {name} query option found. Valid values are 'true' or 'false'.")
    return text.strip().lower() == "true"


def _orderby(text: str) -> tuple[Ordering, ...]:
    if not text.strip():
        return ()
    orderings = []
    for piece in text.split(","):
        words = piece.split()
        if not 1 <= len(words) <= 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise SyntaxRefused(len(piece), text)
        orderings.append(Ordering(words[0], len(words) == 2 and words[1].lower() == "desc"))
    return tuple(orderings)


def _expand(text: str) -> tuple[Expansion, ...]:
    if not text.strip():
        return ()
    expansions = []
    for piece in _split_outside(text, ","):
        name, bracket, rest = piece.strip().partition("(")
        if not name.strip() or (bracket and not rest.endswith(")")):
            raise SyntaxRefused(len(piece), text)
        inner: dict[str, str] = {}
        for option in _split_outside(rest[:-1], ";") if bracket else []:
            key, equals, value = option.partition("=")
            if not equals:
                raise SyntaxRefused(text.find(option), text)
            inner[key.strip()] = value
        expansions.append(Expansion(name.strip(), parse_options(inner, nested=True)))
    return tuple(expansions)


def _split_outside(text: str, separator: str) -> list[str]:
    """Split at separators outside parentheses and quoted texts. Raises SyntaxRefused if those do not match."""
    pieces, start, depth, quoted = [], 0, 0, False
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth < 0:
                raise SyntaxRefused(position, text)
        elif character == separator and depth == 0:
            pieces.append(text[start:position])
            start = position + 1
    if depth or quoted:
        raise SyntaxRefused(len(text), text)
    pieces.append(text[start:])
    return [piece for piece in pieces if piece.strip()]


def selected_properties(entity: EntityType, select: tuple[str, ...] | None) -> list[str] | None:
    """The property names in `$select`, in its order; None for all. Raises UnknownProperty."""
    if select is None or "*" in select:
        return None
    names: list[str] = []
    for name in select:
        found = entity.property(name)
        if found is None and (behind := entity.value_property(name)):
            found = entity.property(behind)
        if found is None:
            raise UnknownProperty(name, entity.type_name)
        if found.name not in names:
            names.append(found.name)
    return names


def expanded_navigation(entity: EntityType, name: str) -> Navigation:
    """The navigation property of an expansion. Raises UnknownProperty, or QueryRefused for a plain property."""
    navigation = entity.navigation(name)
    if navigation is None:
        if entity.property(name) is not None:
            raise QueryRefused(
                f"Property '{name}' on type '{entity.type_name}' is not a navigation property or complex property. "
                "Only navigation properties can be expanded."
            )
        raise UnknownProperty(name, entity.type_name)
    return navigation
