# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A solution package, read from its zip file: `solution.xml` and `customizations.xml` (contract: solution zip)."""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
import zipfile
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any
from xml.etree import ElementTree
from xml.parsers import expat

from ..errors import Refusal

_LARGEST_FILE = 200 * 2**20
_LEVELS = {"Basic": 0, "Local": 1, "Deep": 2, "Global": 3}
_NUMBERS = re.compile(r"\d+(\.\d+)*")
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TABLE, ROLE = 1, 20


class BadPackage(Exception):
    """A file that is not a solution package, with the platform's code for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def refusal(self) -> Refusal:
        """As a request's answer."""
        return Refusal(400, self.code, self.message)


@dataclass
class Package:
    """The content of a package.

    publisher: columns of the publisher's row;
    roles: `{id, name, customizable, inherited, privileges: {name: level}}`;
    tables: `{schema, entity_set, label, columns}`; missing: `{required: {...}, dependent: {...}}` with the
    attributes of the two elements; components: `{type, id, schemaName, behavior}`.
    """

    unique_name: str
    version: str
    managed: bool
    friendly_name: str
    description: str
    package_version: str
    publisher: dict[str, Any]
    components: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    variables: list[dict[str, Any]] = field(default_factory=list)
    values: list[dict[str, Any]] = field(default_factory=list)
    connections: list[dict[str, Any]] = field(default_factory=list)

    def dump(self) -> dict[str, Any]:
        """Plain JSON types, for `load`."""
        return asdict(self)

    @staticmethod
    def load(dumped: dict[str, Any]) -> Package:
        """The package from `dump`."""
        return Package(**dumped)


def version_key(version: str) -> tuple[int, ...]:
    """A comparable version: four numbers, missing ones are 0."""
    numbers = [int(part) for part in version.split(".") if part.isdigit()]
    return tuple((*numbers, 0, 0, 0, 0)[:4])


def read_base64(text: Any) -> Package:
    """Read the package in a request's `CustomizationFile`. Raises BadPackage."""
    if not isinstance(text, str) or not text:
        raise BadPackage("0x80048000", "Invalid import file: the parameter 'CustomizationFile' holds no package.")
    try:
        return read(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise BadPackage(
            "0x80048000", "Invalid import file: the parameter 'CustomizationFile' is not base64."
        ) from None


def read(content: bytes) -> Package:
    """Read a package from the bytes of its zip file. Raises BadPackage."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        raise _not_a_package() from None
    with archive:
        names = set(archive.namelist())
        if not {"solution.xml", "customizations.xml", "[Content_Types].xml"} <= names:
            raise _not_a_package()
        solution = _xml(archive, "solution.xml")
        customizations = _xml(archive, "customizations.xml")
        definitions = sorted(name for name in names if name.endswith("/environmentvariabledefinition.xml"))
        variables = [_variable(_xml(archive, name)) for name in definitions]
        values = [_value(archive, name) for name in sorted(names) if name.endswith("/environmentvariablevalues.json")]
    manifest = solution.find("SolutionManifest")
    if manifest is None:
        raise BadPackage("0x8004802c", "solution.xml holds no SolutionManifest.")
    unique_name, version = _text(manifest, "UniqueName"), _text(manifest, "Version")
    if not unique_name or not _NUMBERS.fullmatch(version):
        raise BadPackage("0x8004802c", "The SolutionManifest names no valid UniqueName and Version.")
    return Package(
        unique_name=unique_name,
        version=version,
        managed=_text(manifest, "Managed") == "1",
        friendly_name=_label(manifest.find("LocalizedNames")) or unique_name,
        description=_label(manifest.find("Descriptions")),
        package_version=solution.get("SolutionPackageVersion", "9.0"),
        publisher=_publisher(manifest.find("Publisher")),
        components=[_component(item) for item in manifest.iterfind("RootComponents/RootComponent")],
        roles=[_role(item) for item in customizations.iterfind("Roles/Role")],
        tables=[table for item in customizations.iterfind("Entities/Entity") if (table := _table(item))],
        missing=[_dependency(item) for item in manifest.iterfind("MissingDependencies/MissingDependency")],
        variables=variables,
        values=[value for value in values if value],
        connections=[_connection(item) for item in customizations.iterfind("connectionreferences/connectionreference")],
    )


def _not_a_package() -> BadPackage:
    return BadPackage(
        "0x80048060",
        "Solution file is invalid. The compressed file must contain the following files at its root: solution.xml, "
        "customizations.xml, and [Content_Types].xml. Customization files exported from previous versions of Microsoft "
        "Dynamics 365 are not supported.",
    )


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    """A member of the zip, parsed. A document type is refused, because its declarations could do harm."""
    if archive.getinfo(name).file_size > _LARGEST_FILE:
        raise BadPackage("0x80048000", f"Invalid import file: {name} is too large.")
    try:
        content = archive.read(name)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError):
        raise _not_a_package() from None

    def refuse(*_declaration: object) -> None:
        raise BadPackage("0x8004802c", f"{name} declares a document type, which is not allowed.")

    scanner = expat.ParserCreate()
    scanner.StartDoctypeDeclHandler = refuse
    try:
        scanner.Parse(content, True)
        return ElementTree.fromstring(content)  # noqa: S314 - it has no document type, so no entities
    except (expat.ExpatError, ElementTree.ParseError, ValueError, LookupError):
        raise BadPackage("0x80048013", f"The import file is not well formed: {name} is not valid XML.") from None


def _text(element: ElementTree.Element | None, path: str) -> str:
    return ("" if element is None else element.findtext(path) or "").strip()


def _label(element: ElementTree.Element | None) -> str:
    found = None if element is None else next(iter(element), None)
    return "" if found is None else found.get("description", "")


def _guid(text: str | None) -> str:
    return (text or "").strip("{} ").lower()


def _publisher(element: ElementTree.Element | None) -> dict[str, Any]:
    if element is None or not _text(element, "UniqueName"):
        raise BadPackage("0x8004802c", "The SolutionManifest names no Publisher.")

    def value(path: str) -> str | None:
        found = element.find(path)
        return None if found is None or found.get(_NIL) == "true" else (found.text or None)

    option = value("CustomizationOptionValuePrefix") or ""
    return {
        "uniquename": _text(element, "UniqueName"),
        "friendlyname": _label(element.find("LocalizedNames")) or _text(element, "UniqueName"),
        "description": _label(element.find("Descriptions")) or None,
        "emailaddress": value("EMailAddress"),
        "supportingwebsiteurl": value("SupportingWebsiteUrl"),
        "customizationprefix": value("CustomizationPrefix"),
        "customizationoptionvalueprefix": int(option) if option.isdigit() else None,
    }


def _component(element: ElementTree.Element) -> dict[str, Any]:
    kind = element.get("type", "")
    return {
        "type": int(kind) if kind.isdigit() else 0,
        "id": _guid(element.get("id")),
        "schemaName": element.get("schemaName", ""),
        "behavior": int(element.get("behavior") or 0) if (element.get("behavior") or "0").isdigit() else 0,
    }


def _role(element: ElementTree.Element) -> dict[str, Any]:
    return {
        "id": _guid(element.get("id")),
        "name": element.get("name", ""),
        "customizable": _text(element, "IsCustomizable") != "0",
        "inherited": int(element.get("isinherited", "1") == "1"),
        "privileges": {
            item.get("name", ""): _LEVELS.get(item.get("level", ""), 0)
            for item in element.iterfind("RolePrivileges/RolePrivilege")
        },
    }


def _table(element: ElementTree.Element) -> dict[str, Any] | None:
    """A table that the package defines; None if it only refers to one."""
    entity = element.find("EntityInfo/entity")
    if entity is None or not entity.get("Name"):
        return None
    schema = str(entity.get("Name"))
    set_name = _text(entity, "EntitySetName")
    return {
        "schema": schema,
        "entity_set": (set_name or f"{schema}s").lower(),
        "label": _label(entity.find("LocalizedNames")) or schema,
        "ownership": "o" if _text(entity, "OwnershipTypeMask") == "OrgOwned" else "u",
        "columns": [
            {"name": _text(item, "LogicalName"), "type": _text(item, "Type"), "length": _text(item, "Length")}
            for item in entity.iterfind("attributes/attribute")
            if _text(item, "IsCustomField") == "1"
        ],
    }


def _dependency(element: ElementTree.Element) -> dict[str, Any]:
    required, dependent = element.find("Required"), element.find("Dependent")
    return {
        "required": {} if required is None else dict(required.attrib),
        "dependent": {} if dependent is None else dict(dependent.attrib),
    }


def _variable(element: ElementTree.Element) -> dict[str, Any]:
    return {
        "schemaname": element.get("schemaname", ""),
        "displayname": _text(element, "displayname/label") or _label(element.find("displayname")),
        "description": _text(element, "description/label") or _label(element.find("description")),
        "type": _text(element, "type"),
        "defaultvalue": _text(element, "defaultvalue"),
        "isrequired": "true" if _text(element, "isrequired") == "1" else "false",
        "parameterkey": _text(element, "parameterkey"),
        "parentdefinitionid": _text(element, "parentdefinitionid/schemaname"),
        "apiid": _text(element, "apiid"),
    }


def _value(archive: zipfile.ZipFile, name: str) -> dict[str, Any] | None:
    """The value of an environment variable; its folder has the variable's name."""
    try:
        content = json.loads(archive.read(name))["environmentvariablevalues"]["environmentvariablevalue"]
        return {
            "schemaname": name.split("/")[-2],
            "environmentvariablevalueid": str(content["@environmentvariablevalueid"]),
            "value": str(content["value"]),
        }
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile, zlib.error):
        return None


def _connection(element: ElementTree.Element) -> dict[str, Any]:
    return {
        "connectorid": _text(element, "connectorid"),
        "connectionreferencelogicalname": element.get("connectionreferencelogicalname", ""),
        "connectionreferencedisplayname": _text(element, "connectionreferencedisplayname"),
        "description": _text(element, "description"),
    }
