# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the service tells of itself: its entity sets, its tables' definitions, its schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from xml.sax.saxutils import quoteattr

from .. import seeded
from ..odata.model import EDM_TYPES, Kind, Navigation, Property, QueryRefused, Row
from ..odata.options import parse_options, selected_properties
from ..odata.query import matching
from .calls import Reply, Session
from .catalogue import Catalogue
from .errors import Refusal, bad_query, method_not_allowed, no_segment
from .operations import ACTIONS, BOUND, FUNCTIONS
from .paths import Segment, arguments, text_value
from .queries import DIALECT
from .schema import NAMESPACE, Table

DEFINITION_SETS = frozenset({"EntityDefinitions"})
_OWNERSHIP = {
    "user": "UserOwned",
    "business": "BusinessOwned",
    "organization": "OrganizationOwned",
    "none": "None",
}


def service_document(session: Session) -> Reply:
    """The list of entity sets."""
    if session.call.method != "GET":
        raise method_not_allowed(session.call.method)
    sets = [{"name": name, "kind": "EntitySet", "url": name} for name in sorted(session.data.catalogue.by_entity_set)]
    return Reply(200, {"@odata.context": f"{session.call.root}$metadata", "value": sets})


def document(session: Session) -> Reply:
    """``$metadata``: the schema in CSDL, as XML and only so."""
    if session.call.method != "GET":
        raise method_not_allowed(session.call.method)
    accepted = session.call.headers.get("accept", "*/*")
    if "json" in accepted and "xml" not in accepted and "*/*" not in accepted:
        raise Refusal(415, "0x80060888", "A supported MIME type could not be found that matches the content type.")
    return Reply(200, _document(session.data.catalogue), {"Content-Type": "application/xml"})


_DOCUMENTS: dict[int, tuple[Catalogue, str]] = {}


def _document(catalogue: Catalogue) -> str:
    known = _DOCUMENTS.get(id(catalogue))
    if known is None or known[0] is not catalogue:
        if len(_DOCUMENTS) > 8:
            _DOCUMENTS.clear()
        known = _DOCUMENTS[id(catalogue)] = (catalogue, _written(catalogue))
    return known[1]


def _written(catalogue: Catalogue) -> str:
    types = "".join(_entity_type(table, catalogue) for table in catalogue.tables.values())
    sets = "".join(
        f"<EntitySet Name={quoteattr(table.entity_set)} EntityType={quoteattr(table.type_name)} />"
        for table in catalogue.tables.values()
    )
    operations = "".join(_function(name, parameters) for name, (parameters, _handler) in FUNCTIONS.items())
    operations += "".join(f'<Action Name="{name}" />' for name in ACTIONS)
    operations += "".join(
        f'<{"Function" if is_function else "Action"} Name="{name}" IsBound="true">'
        f'<Parameter Name="entity" Type="mscrm.{table}" Nullable="false" />'
        + ('<ReturnType Type="Edm.Untyped" /></Function>' if is_function else "</Action>")
        for (table, name), (is_function, _handler) in BOUND.items()
    )
    imports = "".join(f'<FunctionImport Name="{name}" Function="{NAMESPACE}.{name}" />' for name in FUNCTIONS)
    imports += "".join(f'<ActionImport Name="{name}" Action="{NAMESPACE}.{name}" />' for name in ACTIONS)
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="{NAMESPACE}" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        '<EntityType Name="crmbaseentity" Abstract="true" />'
        '<ComplexType Name="BooleanManagedProperty"><Property Name="Value" Type="Edm.Boolean" />'
        '<Property Name="CanBeChanged" Type="Edm.Boolean" />'
        '<Property Name="ManagedPropertyLogicalName" Type="Edm.String" /></ComplexType>'
        f'{types}{operations}<EntityContainer Name="System">{sets}{imports}</EntityContainer>'
        "</Schema></edmx:DataServices></edmx:Edmx>"
    )


def _entity_type(table: Table, catalogue: Catalogue) -> str:
    properties = []
    for column in table.columns.values():
        found = table.property(column.wire)
        assert found is not None
        edm = f"{NAMESPACE}.BooleanManagedProperty" if column.kind == "managed" else EDM_TYPES[found.kind]
        nullable = ' Nullable="false"' if column.wire == table.id_column else ""
        properties.append(f'<Property Name="{column.wire}" Type="{edm}"{nullable} />')
    for column in table.columns.values():
        if column.kind == "lookup" and column.targets[0] in catalogue.tables:
            target = "crmbaseentity" if len(column.targets) > 1 else column.targets[0]
            properties.append(
                f'<NavigationProperty Name="{column.name}" Type="mscrm.{target}">'
                f'<ReferentialConstraint Property="{column.wire}" ReferencedProperty="{column.targets[0]}id" />'
                "</NavigationProperty>"
            )
    properties += [
        f'<NavigationProperty Name="{name}" Type="Collection(mscrm.{relation.target})" />'
        for name, relation in table.relations.items()
        if relation.target in catalogue.tables
    ]
    return (
        f'<EntityType Name="{table.logical}" BaseType="mscrm.crmbaseentity">'
        f'<Key><PropertyRef Name="{table.id_column}" /></Key>{"".join(properties)}</EntityType>'
    )


def _function(name: str, parameters: tuple[str, ...]) -> str:
    written = "".join(
        f'<Parameter Name="{parameter}" Type="{"Edm.Guid" if parameter.endswith("Id") else "Edm.String"}" '
        'Nullable="false" />'
        for parameter in parameters
    )
    return f'<Function Name="{name}">{written}<ReturnType Type="Edm.Untyped" /></Function>'


# Definitions of tables


class _DefinitionType:
    """The definitions of tables, as queries see them."""

    type_name = f"{NAMESPACE}.EntityMetadata"

    _KINDS: Mapping[str, Kind] = {
        "MetadataId": "guid",
        "LogicalName": "string",
        "SchemaName": "string",
        "EntitySetName": "string",
        "LogicalCollectionName": "string",
        "ObjectTypeCode": "int",
        "OwnershipType": "string",
        "PrimaryIdAttribute": "string",
        "PrimaryNameAttribute": "string",
        "IsCustomEntity": "bool",
        "IsManaged": "bool",
        "IsIntersect": "bool",
        "IsPrivate": "bool",
        "IsValidForAdvancedFind": "bool",
        "IsActivity": "bool",
        "Privileges": "complex",
        "DisplayName": "complex",
    }

    def property(self, name: str) -> Property | None:
        kind = self._KINDS.get(name)
        return None if kind is None else Property(name, kind)

    def navigation(self, name: str) -> Navigation | None:
        return Navigation(name, "", True) if name in ("Attributes", "Keys") else None

    def value_property(self, navigation: str) -> str | None:
        del navigation
        return None

    def entity_type(self, name: str) -> _DefinitionType:
        raise QueryRefused(f"The definitions under '{name}' cannot be queried.")

    def related(self, entity: Any, row: Row, navigation: Navigation) -> Iterable[Row]:
        raise QueryRefused(f"The definitions under '{navigation.name}' cannot be queried.")


_DEFINITION = _DefinitionType()


def definitions(session: Session, first: Segment, rest: list[Segment]) -> Reply:
    """EntityDefinitions: the definitions of tables, all or one; every user with a role may read them."""
    if session.call.method != "GET":
        raise method_not_allowed(session.call.method)
    if rest and first.inside is not None:
        return _beyond(session, first.inside, rest)
    try:
        options = parse_options(session.call.options)
        names = selected_properties(_DEFINITION, options.select)
        expanded = [item.name for item in options.expand]
        strange = next((name for name in expanded if _DEFINITION.navigation(name) is None), None)
        if strange is not None:
            raise QueryRefused(f"Could not find a property named '{strange}' on type '{_DEFINITION.type_name}'.")
        found = [_definition(session.data.catalogue, table) for table in session.data.catalogue.tables.values()]
        if first.inside is None:
            listed = matching(found, options, _DEFINITION, _DEFINITION, DIALECT)
        else:
            listed = [_one(found, session, first.inside)]
    except QueryRefused as refused:
        raise bad_query(str(refused)) from None
    fragment = "EntityDefinitions" + (f"({','.join([*names, *(f'{n}()' for n in expanded)])})" if names else "")
    written = [_as_answer(session, row, names, expanded) for row in listed[: options.top]]
    if first.inside is None:
        if rest:
            raise no_segment(rest[0].name)
        return Reply(200, {"@odata.context": session.context(fragment), "value": written})
    return Reply(200, {"@odata.context": session.context(f"{fragment}/$entity"), **written[0]})


def _one(found: list[dict[str, Any]], session: Session, inside: str) -> dict[str, Any]:
    given = arguments(inside, session.call.options) if "=" in inside else {"MetadataId": inside}
    wanted = {name: text_value(value) for name, value in given.items()}
    row = next((row for row in found if all(row.get(name) == value for name, value in wanted.items())), None)
    if row is None:
        name = next(iter(wanted.values()), "")
        raise Refusal(
            404,
            "0x80060888",
            f"The entity with a name = '{name}' with namemapping = 'Logical' was not found in the MetadataCache.",
        )
    return row


@lru_cache(maxsize=2048)
def _definition_of(table: Table) -> dict[str, Any]:
    return {
        "MetadataId": _metadata_id(table),
        "LogicalName": table.logical,
        "SchemaName": table.schema,
        "EntitySetName": table.entity_set,
        "LogicalCollectionName": table.entity_set,
        "ObjectTypeCode": table.type_code,
        "OwnershipType": _OWNERSHIP[table.ownership],
        "PrimaryIdAttribute": table.id_column,
        "PrimaryNameAttribute": table.name_column,
        "IsCustomEntity": table.custom,
        "IsManaged": table.managed,
        "IsIntersect": False,
        "IsPrivate": False,
        "IsValidForAdvancedFind": True,
        "IsActivity": False,
        "DisplayName": _label(table.schema),
    }


def _definition(catalogue: Catalogue, table: Table) -> dict[str, Any]:
    row = dict(_definition_of(table))
    row["Privileges"] = [
        {
            "CanBeBasic": 0 in item.levels,
            "CanBeLocal": 1 in item.levels,
            "CanBeDeep": 2 in item.levels,
            "CanBeGlobal": 3 in item.levels,
            "CanBeEntityReference": True,
            "CanBeParentEntityReference": False,
            "Name": item.name,
            "PrivilegeId": item.id,
            "PrivilegeType": right,
        }
        for right in table.rights
        if (item := catalogue.privilege_for(right, table)) is not None
    ]
    return row


def _metadata_id(table: Table) -> str:
    return seeded.guid("table", table.logical)


def _label(text: str) -> dict[str, Any]:
    label = {"Label": text, "LanguageCode": 1033, "IsManaged": True, "MetadataId": None, "HasChanged": None}
    return {"LocalizedLabels": [label], "UserLocalizedLabel": label}


def _as_answer(session: Session, row: Row, names: list[str] | None, expanded: list[str]) -> dict[str, Any]:
    written = dict(row) if names is None else {name: row[name] for name in [*names, "MetadataId"]}
    table = session.data.catalogue.tables[row["LogicalName"]]
    return written | {name: _attributes(table) if name == "Attributes" else [] for name in expanded}


_ATTRIBUTE_TYPES = {
    "string": "String",
    "memo": "Memo",
    "int": "Integer",
    "long": "BigInt",
    "double": "Double",
    "decimal": "Decimal",
    "bool": "Boolean",
    "datetime": "DateTime",
    "guid": "Uniqueidentifier",
    "picklist": "Picklist",
    "lookup": "Lookup",
    "managed": "ManagedProperty",
    "binary": "Virtual",
}


def _attributes(table: Table) -> list[dict[str, Any]]:
    return [
        {
            "LogicalName": column.name,
            "SchemaName": column.name,
            "AttributeType": _ATTRIBUTE_TYPES[column.kind],
            "IsPrimaryId": column.wire == table.id_column,
            "IsPrimaryName": column.wire == table.name_column,
            "IsValidForCreate": column.creatable,
            "IsValidForUpdate": column.updatable,
            "IsValidForRead": True,
            "EntityLogicalName": table.logical,
            "MetadataId": _attribute_id(table, column.name),
        }
        for column in table.columns.values()
    ]


def _max_length(table: Table, name: str) -> int:
    column = table.column(name)
    return column.max_length if column is not None else 0


def _attribute_id(table: Table, name: str) -> str:
    return seeded.guid("column", table.logical, name)


class _AttributeType(_DefinitionType):
    """The definitions of columns, as queries see them."""

    type_name = f"{NAMESPACE}.AttributeMetadata"

    _KINDS: Mapping[str, Kind] = {
        "MetadataId": "guid",
        "LogicalName": "string",
        "SchemaName": "string",
        "AttributeType": "string",
        "EntityLogicalName": "string",
        "IsPrimaryId": "bool",
        "IsPrimaryName": "bool",
        "IsValidForCreate": "bool",
        "IsValidForUpdate": "bool",
        "IsValidForRead": "bool",
    }

    def navigation(self, name: str) -> Navigation | None:
        return Navigation(name, "", False) if name in ("OptionSet", "GlobalOptionSet") else None


class _TextAttributeType(_AttributeType):
    """The definitions of text columns, as queries see them."""

    _KINDS: Mapping[str, Kind] = {**_AttributeType._KINDS, "MaxLength": "int"}


_ATTRIBUTE = _AttributeType()
_TEXT_ATTRIBUTE = _TextAttributeType()


def _beyond(session: Session, inside: str, rest: list[Segment]) -> Reply:
    """``EntityDefinitions(…)/Attributes``, all of them or those of one type, ``…/Privileges``."""
    catalogue, name = session.data.catalogue, rest[0].name
    row = _one([_definition(catalogue, table) for table in catalogue.tables.values()], session, inside)
    table = catalogue.tables[row["LogicalName"]]
    context = session.context(f"EntityDefinitions({row['MetadataId']})/{name}")
    if name == "Attributes":
        return _attribute_reply(session, table, context, rest)
    if len(rest) > 1 or rest[0].inside is not None or name not in {**row, "Keys": []}:
        raise no_segment(rest[-1].name)
    return Reply(200, {"@odata.context": context, "value": row.get(name, [])})


def _attribute_reply(session: Session, table: Table, context: str, rest: list[Segment]) -> Reply:
    found, tail = _attributes(table), rest[1:]
    entity_type = _ATTRIBUTE
    try:
        options = parse_options(session.call.options)
        if tail and tail[0].name.startswith(f"{NAMESPACE}.") and tail[0].name.endswith("AttributeMetadata"):
            wanted = tail.pop(0).name.removeprefix(f"{NAMESPACE}.").removesuffix("AttributeMetadata")
            found = [item for item in found if item["AttributeType"] == wanted]
            if wanted in ("String", "Memo"):
                # Only the type of text columns has the property.
                entity_type = _TEXT_ATTRIBUTE
                found = [{**item, "MaxLength": _max_length(table, item["LogicalName"])} for item in found]
        if tail:
            raise no_segment(tail[0].name)
        names = selected_properties(entity_type, options.select)
        strange = next((item.name for item in options.expand if entity_type.navigation(item.name) is None), None)
        if strange is not None:
            raise QueryRefused(f"Could not find a property named '{strange}' on type '{entity_type.type_name}'.")
        listed = matching(found, options, entity_type, entity_type, DIALECT)
    except QueryRefused as refused:
        raise bad_query(str(refused)) from None
    written = []
    for item in listed:
        shown = dict(item) if names is None else {name: item[name] for name in dict.fromkeys([*names, "MetadataId"])}
        for expansion in options.expand:
            shown[expansion.name] = _option_set(table, item["LogicalName"]) if expansion.name == "OptionSet" else None
        written.append(shown)
    if rest[0].inside is None:
        return Reply(200, {"@odata.context": context, "value": written})
    one = text_value(arguments(rest[0].inside, session.call.options).get("LogicalName", ""))
    attribute = next((item for item, full in zip(written, listed, strict=True) if full["LogicalName"] == one), None)
    if attribute is None:
        raise Refusal(404, "0x80060888", f"The attribute with a name = '{one}' was not found in the MetadataCache.")
    return Reply(200, {"@odata.context": f"{context}/$entity", **attribute})


def _option_set(table: Table, name: str) -> dict[str, Any] | None:
    column = table.column(name)
    if column is None or column.kind != "picklist":
        return None
    options = column.options or {}
    return {
        "Name": f"{table.logical}_{name}",
        "IsGlobal": False,
        "OptionSetType": "Picklist",
        "MetadataId": seeded.guid("option set", table.logical, name),
        "Options": [{"Value": value, "Label": _label(label)} for value, label in options.items()],
    }
