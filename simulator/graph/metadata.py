# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`GET /v1.0/$metadata`: the entity model, generated from the contract file."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from . import schema

_CONTRACT = Path(__file__).parents[1] / "contract" / "graph.openapi.yaml"
_EDMX = "http://docs.oasis-open.org/odata/ns/edmx"
_EDM = "http://docs.oasis-open.org/odata/ns/edm"
_FORMATS = {"uuid": "Edm.Guid", "date-time": "Edm.DateTimeOffset"}
_TYPES = {"string": "Edm.String", "boolean": "Edm.Boolean", "integer": "Edm.Int32"}
_ENVELOPES = ("Collection", "Request", "Requests", "Response", "Responses", "rror", "errorDetail", "innerError")
_ENTITIES = {
    "application": schema.APPLICATIONS,
    "servicePrincipal": schema.SERVICE_PRINCIPALS,
    "user": schema.USERS,
    "oAuth2PermissionGrant": schema.GRANTS,
    "organization": schema.ORGANIZATION,
    "domain": schema.DOMAINS,
    "subscribedSku": schema.SKUS,
}
_CONTAINED = (
    "appRoleAssignment",
    "directoryObject",
    "federatedIdentityCredential",
    "licenseDetails",
    "appManagementPolicy",
    "conditionalAccessPolicy",
    "identitySecurityDefaultsEnforcementPolicy",
)


@functools.cache
def document() -> bytes:
    """The model as XML."""
    contract = yaml.safe_load(_CONTRACT.read_text(encoding="utf-8"))
    edmx = ElementTree.Element(f"{{{_EDMX}}}Edmx", Version="4.0")
    services = ElementTree.SubElement(edmx, f"{{{_EDMX}}}DataServices")
    model = ElementTree.SubElement(services, f"{{{_EDM}}}Schema", Namespace="microsoft.graph")
    for name, described in contract["components"]["schemas"].items():
        if not name.endswith(_ENVELOPES):
            _add_type(model, name, described)
    container = ElementTree.SubElement(model, f"{{{_EDM}}}EntityContainer", Name="GraphService")
    for name, collection in _ENTITIES.items():
        ElementTree.SubElement(
            container, f"{{{_EDM}}}EntitySet", Name=collection.name, EntityType=f"microsoft.graph.{name}"
        )
    ElementTree.register_namespace("edmx", _EDMX)
    ElementTree.register_namespace("", _EDM)
    written: bytes = ElementTree.tostring(edmx, encoding="utf-8", xml_declaration=True)
    return written


def _add_type(model: ElementTree.Element, name: str, described: dict[str, Any]) -> None:
    is_entity = name in _ENTITIES or name in _CONTAINED
    element = ElementTree.SubElement(model, f"{{{_EDM}}}{'EntityType' if is_entity else 'ComplexType'}", Name=name)
    if is_entity:
        key = ElementTree.SubElement(element, f"{{{_EDM}}}Key")
        ElementTree.SubElement(key, f"{{{_EDM}}}PropertyRef", Name="id")
    for property_name, kind in described["properties"].items():
        if not property_name.startswith("@"):
            edm, nullable = _edm_type(kind)
            attributes = {"Name": property_name, "Type": edm} | ({} if nullable else {"Nullable": "false"})
            ElementTree.SubElement(element, f"{{{_EDM}}}Property", attributes)


def _edm_type(kind: dict[str, Any]) -> tuple[str, bool]:
    """The Edm type of a described value, and whether it may be null."""
    if "$ref" in kind:
        return f"microsoft.graph.{kind['$ref'].rpartition('/')[2]}", False
    for combined in ("oneOf", "allOf"):
        if combined in kind:
            return _edm_type(kind[combined][0])[0], {"type": "null"} in kind[combined]
    if kind.get("type") == "array":
        return f"Collection({_edm_type(kind['items'])[0]})", False
    if "enum" in kind:
        return "Edm.String", None in kind["enum"]
    if "type" not in kind:
        return "Edm.Untyped", True
    names = kind["type"] if isinstance(kind["type"], list) else [kind["type"]]
    return _FORMATS.get(kind.get("format", ""), _TYPES[names[0]]), "null" in names
