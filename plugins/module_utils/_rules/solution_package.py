# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a solution package: its name, and the security roles that it brings.

A package is a zip with `solution.xml`, `customizations.xml` and `[Content_Types].xml` at its root; the names are
case-sensitive. Packages are untrusted, so XML with a document type (and with it every kind of entity) is refused, and
no file is unpacked beyond a size that no real package reaches.

Source: exported packages, and Microsoft's description of the solution file format.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from xml.etree import ElementTree

from .access_levels import AccessLevel, access_level
from .errors import InvalidInput
from .plain_xml import MALFORMED, DocumentTypeFound, plain_xml
from .solution_version import SolutionVersion

_LARGEST_DESCRIPTION = 256 * 1024 * 1024
"""Bytes of one unpacked XML file; the largest published solutions stay below a quarter of it."""

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
"""What the library raises for a zip file that is damaged, encrypted or not a zip file."""

_NAMED_SOLUTION = re.compile(r"(?P<name>\w+)(?:\s*\((?P<version>\d+(?:\.\d+){0,3})\))?")
_LAYERS = frozenset({"active", "system", "default"})


@dataclass(frozen=True)
class PackagedRole:
    """A security role inside a package. `privileges` are its levels by privilege name in lower case.

    `inherited` is None if the package does not say how members of a team get the role: the platform's default is not
    documented.
    """

    role_id: str
    name: str
    customizable: bool
    inherited: int | None
    privileges: dict[str, AccessLevel]


@dataclass(frozen=True)
class MissingDependency:
    """Something that a package needs and does not bring, with its solution if named."""

    required: str
    solution: str

    @property
    def named_solution(self) -> tuple[str, SolutionVersion] | None:
        """The unique name and the least version of the solution that has it, or None if the manifest names none.

        The layers of the platform itself (Active, System, Default) are not installable solutions.
        """
        found = _NAMED_SOLUTION.fullmatch(self.solution.strip())
        if found is None or found["name"].lower() in _LAYERS:
            return None
        return found["name"], SolutionVersion.parse(found["version"] or "0")

    def __str__(self) -> str:
        return f"{self.required} (from {self.solution})" if self.solution else self.required


@dataclass(frozen=True)
class SolutionPackage:
    """A solution package as its own manifest describes it; `content` is the whole zip."""

    unique_name: str
    version: SolutionVersion
    managed: bool
    friendly_name: str
    publisher: str
    roles: dict[str, PackagedRole]
    """Security roles by their name in lower case."""
    declared_dependencies: tuple[MissingDependency, ...]
    content: bytes

    @classmethod
    def read(cls, content: bytes, origin: str) -> SolutionPackage:
        """Read a package from the bytes of its zip. `origin` is the option and the place it came from.

        Raises InvalidInput, naming the origin, if it is not a valid and safe solution package.
        """
        try:
            archive = zipfile.ZipFile(io.BytesIO(content))
        except _DAMAGE as error:
            raise InvalidInput(
                f"{origin} is not a zip file: give the solution package as it was downloaded, without unpacking it."
            ) from error
        with archive:
            manifest = _description(archive, "solution.xml", origin).find("SolutionManifest")
            customizations = _description(archive, "customizations.xml", origin)
        if manifest is None:
            raise InvalidInput(f"{origin} has a solution.xml without SolutionManifest: export the solution again.")
        unique_name = (manifest.findtext("UniqueName") or "").strip()
        if not unique_name:
            raise InvalidInput(f"{origin} has a solution.xml without UniqueName: export the solution again.")
        try:
            version = SolutionVersion.parse(manifest.findtext("Version") or "")
            roles = {role.name.lower(): role for role in _roles(customizations)}
            dependencies = tuple(_dependencies(manifest))
        except InvalidInput as error:
            raise InvalidInput(f"{origin} is not as an export writes it, get it again: {error}") from error
        return cls(
            unique_name=unique_name,
            version=version,
            managed=(manifest.findtext("Managed") or "").strip() == "1",
            friendly_name=_localized(manifest) or unique_name,
            publisher=(manifest.findtext("Publisher/UniqueName") or "").strip(),
            roles=roles,
            declared_dependencies=dependencies,
            content=content,
        )


def _description(archive: zipfile.ZipFile, name: str, origin: str) -> ElementTree.Element:
    """Return the root element of one of the package's XML files."""
    try:
        entry = archive.getinfo(name)
    except KeyError as error:
        raise InvalidInput(_instead_of_a_package(archive.namelist(), name, origin)) from error
    size = entry.file_size
    if size > _LARGEST_DESCRIPTION:
        raise InvalidInput(f"{origin} has a {name} of {size} bytes, more than any real package: do not trust it.")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise InvalidInput(f"{origin} has a {name} compressed in a way that no export uses: get it again.")
    try:
        with archive.open(name) as file:
            # Read one byte more than the directory claims: zipfile's CRC detects a false size.
            text = file.read(size + 1)
        return plain_xml(text)
    except DocumentTypeFound as error:
        raise InvalidInput(
            f"{origin} has a {name} with a document type declaration, which no solution package has: do not trust it."
        ) from error
    except MALFORMED as error:
        raise InvalidInput(f"{origin} has a {name} that is not well-formed XML ({error}): get it again.") from error
    except _DAMAGE as error:
        raise InvalidInput(f"{origin} is damaged or encrypted at {name} ({error}): get it again.") from error


def _instead_of_a_package(members: list[str], name: str, origin: str) -> str:
    """Say what a zip seems to be that lacks one of a package's files."""
    packages = [each for each in members if each.lower().endswith(".zip")]
    folders = {each.partition("/")[0].lower() for each in members if "/" in each}
    if any(each.lower().rpartition("/")[2] == "solution.xml" for each in members if each != "solution.xml"):
        return f"{origin} holds the unpacked source of a solution: pack it with pac solution pack, and give that zip."
    if "microsoft.flow" in folders:
        return f"{origin} is an export of flows, not of a solution: give a solution package."
    if packages:
        return (
            f"{origin} holds other packages ({', '.join(sorted(packages)[:5])}): take the solution package out of it, "
            "and give that zip."
        )
    return (
        f"{origin} has no {name} at its root, so it is not a solution package: "
        "give the zip that a Dynamics 365 environment exported or that Microsoft published."
    )


def _localized(manifest: ElementTree.Element) -> str:
    name = manifest.find("LocalizedNames/LocalizedName")
    return (name.get("description") or "").strip() if name is not None else ""


def _roles(customizations: ElementTree.Element) -> list[PackagedRole]:
    roles = []
    for role in customizations.findall("Roles/Role"):
        privileges = {}
        for privilege in role.findall("RolePrivileges/RolePrivilege"):
            privileges[(privilege.get("name") or "").lower()] = access_level(privilege.get("level") or "", "level")
        roles.append(
            PackagedRole(
                role_id=(role.get("id") or "").strip("{}").lower(),
                name=role.get("name") or "",
                customizable=(role.findtext("IsCustomizable") or "1").strip() == "1",
                inherited={"0": 0, "1": 1}.get(role.get("isinherited") or ""),
                privileges=privileges,
            )
        )
    return roles


def _dependencies(manifest: ElementTree.Element) -> list[MissingDependency]:
    found = []
    for dependency in manifest.findall("MissingDependencies/MissingDependency"):
        required = dependency.find("Required")
        if required is not None:
            name = required.get("displayName") or required.get("schemaName") or required.get("id") or "a component"
            found.append(MissingDependency(name, required.get("solution") or ""))
    return found
