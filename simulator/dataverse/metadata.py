# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service document and the schema."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from ..odata.model import EDM_TYPES
from .calls import Reply, Session
from .catalogue import Catalogue
from .errors import Refusal, method_not_allowed
from .operations import ACTIONS, BOUND, FUNCTIONS
from .schema import NAMESPACE, Table, ways


def service_document(session: Session) -> Reply:
    """The list of entity sets."""
    if session.call.method != "GET":
        raise method_not_allowed(session.call.method)
    sets = [{"name": name, "kind": "EntitySet", "url": name} for name in sorted(session.data.catalogue.by_entity_set)]
    return Reply(200, {"@odata.context": f"{session.call.root}$metadata", "value": sets})


def document(session: Session) -> Reply:
    """`$metadata`: the schema in CSDL, only as XML."""
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
        for name, targets in ways(column):
            if targets[0] in catalogue.tables:
                properties.append(
                    f'<NavigationProperty Name="{name}" '
                    f'Type="mscrm.{"crmbaseentity" if len(targets) > 1 else targets[0]}">'
                    f'<ReferentialConstraint Property="{column.wire}" ReferencedProperty="{targets[0]}id" />'
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
