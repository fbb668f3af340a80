# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The companion role as a managed solution: what identifies it, its version, and the bytes of its package.

Everything is derived from the request, so that any control node builds the same package: the ids of the solution and of
the role from the role's name, the last two numbers of the version from the role's content.

Source of the form: packages that Dataverse environments export (a security role is a root component of type 20).
"""

from __future__ import annotations

import hashlib
import io
import re
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from xml.etree import ElementTree

from .access_levels import AccessLevel
from .errors import InvalidInput
from .solution_version import SolutionVersion

PUBLISHER = "marketplaceleadsdynamics365"
"""The unique name of the solution's publisher."""

_NAMESPACE = uuid.UUID("3c1b1f0e-7f5d-4b8e-9d0a-5a4c6f2e8b17")
"""Derives ids from names. With another value, no installed companion solution would be recognized."""

_PREFIX = "mpleads"
_OPTION_VALUE_PREFIX = "27365"
_ROLE_COMPONENT = "20"

_LONGEST_NAME = 100
"""Characters of a role's name (Microsoft: "Role table reference")."""

_NOT_IN_A_NAME = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u007f-\u009f]")
"""Characters that XML cannot hold (XML 1.0, production Char), and the other control characters."""

_FIRST = (1, 1)
_NUMBERS_OF_A_PART = 65535
"""Each number of a version stays below this, as those of .NET do."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_EMPTY_CUSTOMIZATIONS = ("Workflows", "FieldSecurityProfiles", "Templates", "EntityMaps", "EntityRelationships")
_ADDRESS = (
    *("AddressTypeCode", "City", "County", "Country", "Fax", "FreightTermsCode", "ImportSequenceNumber", "Latitude"),
    *("Line1", "Line2", "Line3", "Longitude", "Name", "PostalCode", "PostOfficeBox", "PrimaryContactName"),
    *("ShippingMethodCode", "StateOrProvince", "Telephone1", "Telephone2", "Telephone3"),
    *("TimeZoneRuleVersionNumber", "UPSZone", "UTCOffset", "UTCConversionTimeZoneCode"),
)


def companion_role_id(role_name: str) -> str:
    """Return the id of the role of this name where a companion solution brings it: the same in every environment."""
    return str(uuid.uuid5(_NAMESPACE, role_name.strip().lower()))


def companion_unique_name(role_name: str) -> str:
    """Return the unique name of the solution that brings the companion role of this name."""
    return f"MarketplaceLeadsCompanion_{companion_role_id(role_name).replace('-', '')[:16]}"


@dataclass(frozen=True)
class CompanionPackage:
    """A companion role that a managed solution brings.

    `privileges` are its levels by name; the spelling of the names does not change the content. `inherited` says how
    members of a team get them (1 direct user and team, 0 team only). Raises InvalidInput for a name that no role can
    have.
    """

    role_name: str
    privileges: Mapping[str, AccessLevel]
    inherited: int

    def __post_init__(self) -> None:
        if not 0 < len(self.role_name.strip()) <= _LONGEST_NAME or _NOT_IN_A_NAME.search(self.role_name):
            raise InvalidInput(
                f"companion_role {self.role_name!r} is not a valid role name: give 1 to {_LONGEST_NAME} characters "
                "without control characters."
            )

    @property
    def role_id(self) -> str:
        """The id of the role's copy in the root business unit."""
        return companion_role_id(self.role_name)

    @property
    def unique_name(self) -> str:
        """The solution's unique name."""
        return companion_unique_name(self.role_name)

    @cached_property
    def _mark(self) -> tuple[int, int]:
        """Two numbers that change with the content."""
        levels = sorted(f"{name.lower()}={level.api_name}" for name, level in self.privileges.items())
        content = "\n".join((self.role_name, str(self.inherited), *levels))
        digest = hashlib.sha256(content.encode("utf-8")).digest()
        return (
            int.from_bytes(digest[:4], "big") % _NUMBERS_OF_A_PART,
            int.from_bytes(digest[4:8], "big") % _NUMBERS_OF_A_PART,
        )

    def is_content_of(self, version: SolutionVersion) -> bool:
        """Say whether the package of this `version` has the same content."""
        return version.numbers[2:] == self._mark

    def version_after(self, installed: SolutionVersion | None) -> SolutionVersion:
        """Return the version of the package that is to be imported over the `installed` one: the next higher one."""
        major, minor = _FIRST if installed is None else (installed.numbers[0], installed.numbers[1] + 1)
        return SolutionVersion((major, minor, *self._mark))

    def content(self, version: SolutionVersion) -> bytes:
        """Return the bytes of the package, the same for the same content and version on every machine.

        Nothing is compressed, because the output of a compressor depends on its version.
        """
        members = {
            "[Content_Types].xml": _content_types(),
            "customizations.xml": self._customizations(),
            "solution.xml": self._solution(version),
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for name, root in members.items():
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.create_system = 0
                archive.writestr(entry, ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
        return buffer.getvalue()

    def _customizations(self) -> ElementTree.Element:
        root = ElementTree.Element("ImportExportXml")
        ElementTree.SubElement(root, "Entities")
        attributes = {"id": f"{{{self.role_id}}}", "name": self.role_name, "isinherited": str(self.inherited)}
        role = ElementTree.SubElement(ElementTree.SubElement(root, "Roles"), "Role", attributes)
        # Not customizable: it has exactly what was requested.
        ElementTree.SubElement(role, "IsCustomizable").text = "0"
        privileges = ElementTree.SubElement(role, "RolePrivileges")
        for name, level in sorted(self.privileges.items()):
            ElementTree.SubElement(privileges, "RolePrivilege", {"name": name, "level": level.api_name})
        for name in (*_EMPTY_CUSTOMIZATIONS, "OrganizationSettings", "optionsets"):
            ElementTree.SubElement(root, name)
        ElementTree.SubElement(ElementTree.SubElement(root, "Languages"), "Language").text = "1033"
        return root

    def _solution(self, version: SolutionVersion) -> ElementTree.Element:
        # The oldest form, so that it requires no platform version that an environment may not have yet.
        attributes = {"version": "9.0.0.0", "SolutionPackageVersion": "9.0", "languagecode": "1033"}
        root = ElementTree.Element("ImportExportXml", {**attributes, "generatedBy": "CrmLive"})
        manifest = ElementTree.SubElement(root, "SolutionManifest")
        _texts(manifest, {"UniqueName": self.unique_name})
        _localized(manifest, "LocalizedNames", "LocalizedName", self.role_name)
        description = "The security role that marketplace_leads.dynamics365 assigns beside one that may not be edited"
        _localized(manifest, "Descriptions", "Description", description)
        _texts(manifest, {"Version": str(version), "Managed": "1"})
        manifest.append(_publisher())
        component = {"type": _ROLE_COMPONENT, "id": f"{{{self.role_id}}}", "behavior": "0"}
        ElementTree.SubElement(ElementTree.SubElement(manifest, "RootComponents"), "RootComponent", component)
        ElementTree.SubElement(manifest, "MissingDependencies")
        return root


def _content_types() -> ElementTree.Element:
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    root = ElementTree.Element("Types", {"xmlns": types})
    ElementTree.SubElement(root, "Default", {"Extension": "xml", "ContentType": "application/octet-stream"})
    return root


def _publisher() -> ElementTree.Element:
    publisher = ElementTree.Element("Publisher")
    _texts(publisher, {"UniqueName": PUBLISHER})
    _localized(publisher, "LocalizedNames", "LocalizedName", "marketplace_leads.dynamics365")
    ElementTree.SubElement(publisher, "Descriptions")
    for name in ("EMailAddress", "SupportingWebsiteUrl"):
        ElementTree.SubElement(publisher, name, {_NIL: "true"})
    prefixes = {"CustomizationPrefix": _PREFIX, "CustomizationOptionValuePrefix": _OPTION_VALUE_PREFIX}
    _texts(publisher, prefixes)
    addresses = ElementTree.SubElement(publisher, "Addresses")
    for number in ("1", "2"):
        address = ElementTree.SubElement(addresses, "Address")
        _texts(address, {"AddressNumber": number})
        for name in _ADDRESS:
            ElementTree.SubElement(address, name, {_NIL: "true"})
    return publisher


def _texts(parent: ElementTree.Element, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(parent, name).text = text


def _localized(parent: ElementTree.Element, several: str, one: str, text: str) -> None:
    attributes = {"description": text, "languagecode": "1033"}
    ElementTree.SubElement(ElementTree.SubElement(parent, several), one, attributes)
