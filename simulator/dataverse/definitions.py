# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions by address: of tables with their columns and relationships, of relationships, of global option sets.

Every user with a role may read them; they cannot be changed (contract: definitions).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from ..odata.model import Kind, Navigation, Property, QueryRefused, Row
from ..odata.options import Expansion, QueryOptions, parse_options, selected_properties
from ..odata.query import matching
from . import shapes
from .calls import Reply, Session
from .catalogue import standard_catalogue
from .errors import Refusal, bad_query, method_not_allowed, no_segment
from .paths import Segment, arguments, text_value
from .queries import DIALECT
from .schema import NAMESPACE, Table
from .shapes import Definition

_CAST = f"{NAMESPACE}."
_KINDS: Mapping[type, Kind] = {bool: "bool", int: "int", float: "double", dict: "complex", list: "complex"}


class _DefinitionType:
    """Definitions of one type, as queries see them; the base type has the properties that all of them have."""

    def __init__(self, name: str, navigations: tuple[str, ...] = ()) -> None:
        self.type_name = f"{_CAST}{name}"
        self._navigations = navigations
        self._kinds = _kinds(name)

    def property(self, name: str) -> Property | None:
        kind = self._kinds.get(name)
        return None if kind is None else Property(name, kind)

    def navigation(self, name: str) -> Navigation | None:
        return Navigation(name, "", True) if name in self._navigations else None

    def value_property(self, navigation: str) -> str | None:
        del navigation
        return None

    def entity_type(self, name: str) -> _DefinitionType:
        raise QueryRefused(f"The definitions under '{name}' cannot be queried.")

    def related(self, entity: Any, row: Row, navigation: Navigation) -> Iterable[Row]:
        raise QueryRefused(f"The definitions under '{navigation.name}' cannot be queried.")


def _every(family: str) -> Iterable[Definition]:
    """All definitions of a family of types in a new environment."""
    catalogue = standard_catalogue(True)
    tables = catalogue.tables.values()
    if family == "EntityMetadata":
        return [shapes.table(catalogue, table) for table in tables]
    if family == "AttributeMetadata":
        return [column for table in tables for column in shapes.columns(table)]
    if family == "EntityKeyMetadata":
        return [key for table in tables for key in shapes.keys(table)]
    return shapes.global_option_sets() if family.startswith("OptionSet") else shapes.relationships_in(catalogue)


#: The families of types, by the suffix of their type names.
_FAMILIES = (
    "EntityMetadata",
    "AttributeMetadata",
    "EntityKeyMetadata",
    "RelationshipMetadata",
    "RelationshipMetadataBase",
    "OptionSetMetadata",
    "OptionSetMetadataBase",
)


@cache
def _kinds(name: str) -> Mapping[str, Kind]:
    """The properties that definitions of a type have, each with its kind."""
    family = next(family for family in _FAMILIES if name.endswith(family))
    every = list(_every(family))
    own = [each for each in every if str(each.get("@odata.type", "")).endswith(f".{name}")]
    found = own or every
    # The common type has the properties that all classes share.
    common = set().union(*own) if own else set.intersection(*(set(each) for each in every))
    kinds: dict[str, Kind] = {}
    for definition in found:
        for key, value in ((key, value) for key, value in definition.items() if key in common):
            if not key.startswith("@") and (key not in kinds or value is not None):
                kinds[key] = _KINDS.get(type(value), "guid" if key == "MetadataId" else "string")
    return kinds


def respond(session: Session, first: Segment, rest: list[Segment]) -> Reply:
    """The answer to a request for definitions. Raises Refusal."""
    if session.call.method != "GET":
        raise method_not_allowed(session.call.method)
    try:
        return SETS[first.name](session, first, rest)
    except QueryRefused as refused:
        raise bad_query(str(refused)) from None


# Tables


def _tables(session: Session, first: Segment, rest: list[Segment]) -> Reply:
    catalogue = session.data.catalogue
    found = [shapes.table(catalogue, table) for table in catalogue.tables.values()]
    if rest and first.inside is None:
        raise no_segment(rest[0].name)
    if rest:
        return _beyond_table(session, _named(found, session, str(first.inside), "entity"), rest)
    return _reply(session, first, found, "EntityMetadata", _expand_table, tuple(_BEYOND_TABLE), kind="entity")


def _expand_table(session: Session, row: Row, expansion: Expansion) -> Any:
    table = session.data.catalogue.tables[row["LogicalName"]]
    found, name = _BEYOND_TABLE[expansion.name](session, table)
    return _written(session, found, expansion.options, _DefinitionType(name))


def _beyond_table(session: Session, row: Definition, rest: list[Segment]) -> Reply:
    """`EntityDefinitions(…)/Attributes`, all of them or those of one class, its relationships, one property."""
    name, table = rest[0].name, session.data.catalogue.tables[row["LogicalName"]]
    context = f"EntityDefinitions({row['MetadataId']})/{name}"
    if name in _BEYOND_TABLE:
        found, type_name = _BEYOND_TABLE[name](session, table)
        return _part(session, context, found, type_name, rest)
    if len(rest) > 1 or rest[0].inside is not None or name not in row:
        raise no_segment(rest[-1].name)
    return Reply(200, {"@odata.context": session.context(context), "value": row[name]})


def _part(session: Session, context: str, found: list[Definition], type_name: str, rest: list[Segment]) -> Reply:
    """Definitions below a table: all, those of one class, or one."""
    tail, seen_as = rest[1:], type_name
    if tail and tail[0].name.startswith(_CAST) and tail[0].name.endswith(type_name):
        wanted = f"#{tail[0].name}"
        seen_as = tail.pop(0).name.removeprefix(_CAST)
        found = [item for item in found if item["@odata.type"] == wanted]
    if tail:
        raise no_segment(tail[0].name)
    options = parse_options(session.call.options)
    navigations = ("OptionSet", "GlobalOptionSet") if type_name == "AttributeMetadata" else ()
    if rest[0].inside is not None:
        kind = "attribute" if type_name == "AttributeMetadata" else "relationship"
        found = [_named(found, session, rest[0].inside, kind)]
    written = _written(session, found, options, _DefinitionType(seen_as, navigations), _expand_column)
    if rest[0].inside is None:
        return Reply(200, {"@odata.context": session.context(context), "value": written})
    return Reply(200, {"@odata.context": f"{session.context(context)}/$entity", **written[0]})


def _expand_column(session: Session, row: Row, expansion: Expansion) -> Any:
    options = shapes.option_set(session.data.catalogue.tables[row["EntityLogicalName"]], row["LogicalName"])
    shared = options is not None and options["IsGlobal"]
    return options if (expansion.name == "GlobalOptionSet") == shared else None


def _columns(session: Session, table: Table) -> tuple[list[Definition], str]:
    del session
    return list(shapes.columns(table)), "AttributeMetadata"


def _keys(session: Session, table: Table) -> tuple[list[Definition], str]:
    del session
    return shapes.keys(table), "EntityKeyMetadata"


def _relationships_of(kind: str, *ends: str) -> Callable[[Session, Table], tuple[list[Definition], str]]:
    """The relationships of one kind in which a table is at one of these ends."""

    def find(session: Session, table: Table) -> tuple[list[Definition], str]:
        every = shapes.relationships(session.data)
        found = [
            item
            for item in every
            if item["RelationshipType"] == kind and any(item[end] == table.logical for end in ends)
        ]
        return found, f"{kind}Metadata"

    return find


_BEYOND_TABLE: Mapping[str, Callable[[Session, Table], tuple[list[Definition], str]]] = {
    "Attributes": _columns,
    "Keys": _keys,
    "OneToManyRelationships": _relationships_of(shapes.ONE_TO_MANY, "ReferencedEntity"),
    "ManyToOneRelationships": _relationships_of(shapes.ONE_TO_MANY, "ReferencingEntity"),
    "ManyToManyRelationships": _relationships_of(shapes.MANY_TO_MANY, "Entity1LogicalName", "Entity2LogicalName"),
}


# Relationships and option sets


def _relationships(session: Session, first: Segment, rest: list[Segment]) -> Reply:
    found, name = _cast(shapes.relationships(session.data), rest, "RelationshipMetadataBase")
    return _reply(session, first, found, name, kind="relationship")


def _option_sets(session: Session, first: Segment, rest: list[Segment]) -> Reply:
    if "$filter" in session.call.options:
        raise bad_query("The query parameter $filter is not supported")
    found, name = _cast(shapes.global_option_sets(), rest, "OptionSetMetadataBase")
    return _reply(session, first, found, name, kind="option set")


def _cast(found: list[Definition], rest: list[Segment], name: str) -> tuple[list[Definition], str]:
    """Those of the class that a segment names."""
    if not rest:
        return found, name
    family = name.removesuffix("Base")
    if len(rest) > 1 or not rest[0].name.startswith(_CAST) or not rest[0].name.endswith(family):
        raise no_segment(rest[-1].name)
    wanted = rest[0].name
    return [item for item in found if item["@odata.type"] == f"#{wanted}"], wanted.removeprefix(_CAST)


# Shared

_Expand = Callable[[Session, Row, Expansion], Any]


def _reply(
    session: Session,
    first: Segment,
    found: list[Definition],
    type_name: str,
    expand: _Expand | None = None,
    navigations: tuple[str, ...] = (),
    *,
    kind: str,
) -> Reply:
    """All definitions of a set that the query asks for, or the one that the address names."""
    options = parse_options(session.call.options)
    seen_as = _DefinitionType(type_name, navigations)
    if first.inside is not None:
        found = [_named(found, session, first.inside, kind)]
    written = _written(session, found, options, seen_as, expand)
    parts = [*(selected_properties(seen_as, options.select) or ()), *(f"{item.name}()" for item in options.expand)]
    context = session.context(first.name + (f"({','.join(parts)})" if parts else ""))
    if first.inside is None:
        return Reply(200, {"@odata.context": context, "value": written})
    return Reply(200, {"@odata.context": f"{context}/$entity", **written[0]})


def _named(found: list[Definition], session: Session, inside: str, kind: str) -> Definition:
    """The definition that an address names in parentheses, by id or name. Raises Refusal."""
    given = arguments(inside, session.call.options) if "=" in inside else {"MetadataId": inside}
    wanted = {name: text_value(value).lower() for name, value in given.items()}
    for row in found:
        if all(str(row.get(name, "")).lower() == value for name, value in wanted.items()):
            return row
    name = next(iter(wanted.values()), "")
    raise Refusal(404, "0x80060888", f"The {kind} with a name = '{name}' was not found in the MetadataCache.")


def _written(
    session: Session,
    found: list[Definition],
    options: QueryOptions,
    seen_as: _DefinitionType,
    expand: _Expand | None = None,
) -> list[Definition]:
    """The definitions that match a filter, with the selected properties and expansions."""
    names = selected_properties(seen_as, options.select)
    strange = next((item.name for item in options.expand if seen_as.navigation(item.name) is None), None)
    if strange is not None:
        raise QueryRefused(f"Could not find a property named '{strange}' on type '{seen_as.type_name}'.")
    written = []
    for row in matching(found, options, seen_as, seen_as, DIALECT)[: options.top]:
        shown = dict(row)
        if names is not None:
            always = ["MetadataId", *(key for key in ("@odata.type",) if key in row)]
            shown = {name: row.get(name) for name in dict.fromkeys([*always, *names])}
        if expand is not None:
            shown |= {item.name: expand(session, row, item) for item in options.expand}
        written.append(shown)
    return written


#: The sets of definitions, each with its handler.
SETS: Mapping[str, Callable[[Session, Segment, list[Segment]], Reply]] = {
    "EntityDefinitions": _tables,
    "RelationshipDefinitions": _relationships,
    "GlobalOptionSetDefinitions": _option_sets,
}
