# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Dependencies of a package, the missing ones, and the dependents of an installed solution."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..state import EnvironmentData
from .package import ROLE, TABLE, Package, version_key

_NAMED_SOLUTION = re.compile(r"(?P<name>[^()]+?)\s*\((?P<version>[\d.]+)\)")

#: Solutions of the platform: their components exist if the table exists.
_PLATFORM = frozenset({"active", "system", "default"})


def installed(data: EnvironmentData, unique_name: str) -> dict[str, Any] | None:
    """The row of an installed solution; case does not matter."""
    wanted = unique_name.lower()
    return next((row for row in data.rows["solution"].values() if row["uniquename"].lower() == wanted), None)


def missing_dependencies(data: EnvironmentData, package: Package) -> list[dict[str, Any]]:
    """Those of a package's dependencies that this environment does not satisfy."""
    return [item for item in package.missing if not _satisfied(data, item["required"])]


def _satisfied(data: EnvironmentData, required: Mapping[str, str]) -> bool:
    name, version = named_solution(required.get("solution", ""))
    if name and name.lower() not in _PLATFORM:
        row = installed(data, name)
        if row is not None:
            return version_key(row["version"]) >= version_key(version)
    kind = required.get("type", "")
    if kind == str(TABLE):
        return required.get("schemaName", "").lower() in data.catalogue.tables
    if kind == str(ROLE):
        return data.get("role", required.get("id", "").strip("{}").lower()) is not None
    parent = required.get("parentSchemaName", "")
    if parent and name.lower() in _PLATFORM:
        return parent.lower() in data.catalogue.tables
    return False


def named_solution(text: str) -> tuple[str, str]:
    """Name and version in `Name (1.0.0.0)`; the version may be missing."""
    match = _NAMED_SOLUTION.fullmatch(text.strip())
    return (match.group("name"), match.group("version")) if match else (text.strip(), "0")


def described(item: Mapping[str, Any]) -> dict[str, Any]:
    """A missing dependency as StageSolution answers it."""
    required, dependent = item["required"], item["dependent"]

    def side(name: str, attributes: Mapping[str, str]) -> dict[str, Any]:
        return {
            f"{name}ComponentSchemaName": attributes.get("schemaName"),
            f"{name}ComponentDisplayName": attributes.get("displayName"),
            f"{name}ComponentParentSchemaName": attributes.get("parentSchemaName"),
            f"{name}ComponentParentDisplayName": attributes.get("parentDisplayName"),
            f"{name}ComponentId": attributes.get("id", "").strip("{}") or None,
            f"{name}ComponentType": attributes.get("type"),
        }

    return {
        **side("Required", required),
        "RequiredSolutionName": required.get("solution"),
        **side("Dependent", dependent),
    }


def as_text(items: list[dict[str, Any]]) -> str:
    """Missing dependencies as the platform writes them into a failure."""

    def element(name: str, attributes: Mapping[str, str]) -> str:
        written = " ".join(f'{key}="{value}"' for key, value in attributes.items())
        return f"<{name} {written} />"

    inside = "".join(
        f"<MissingDependency>{element('Required', item['required'])}{element('Dependent', item['dependent'])}"
        "</MissingDependency>"
        for item in items
    )
    return f"<MissingDependencies>{inside}</MissingDependencies>"


def dependants(data: EnvironmentData, solution: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The dependents of a solution, as rows of the dependency table."""
    own = data.packages.get(solution["solutionid"], {})
    tables = {name.lower(): name for name in own.get("tables", ())}
    found = []
    for other_id, other in data.packages.items():
        if other_id == solution["solutionid"]:
            continue
        for number, item in enumerate(other.get("missing", ())):
            required = item["required"]
            name, _version = named_solution(required.get("solution", ""))
            schema = required.get("schemaName", "").lower()
            if name.lower() == solution["uniquename"].lower() or schema in tables:
                found.append(_dependency_row(data, solution, other_id, number, item))
    return found


def _dependency_row(
    data: EnvironmentData, solution: Mapping[str, Any], other_id: str, number: int, item: Mapping[str, Any]
) -> dict[str, Any]:
    required, dependent = item["required"], item["dependent"]

    def object_id(attributes: Mapping[str, str]) -> str:
        given = attributes.get("id", "").strip("{}").lower()
        return given or data.fixed_id("component", attributes.get("type"), attributes.get("schemaName"))

    def kind(attributes: Mapping[str, str]) -> int:
        return int(attributes["type"]) if attributes.get("type", "").isdigit() else 0

    return {
        "dependencyid": data.fixed_id("dependency", solution["solutionid"], other_id, number),
        "dependencytype": 2,
        "dependentcomponentbasesolutionid": other_id,
        "dependentcomponentobjectid": object_id(dependent),
        "dependentcomponenttype": kind(dependent),
        "requiredcomponentbasesolutionid": solution["solutionid"],
        "requiredcomponentobjectid": object_id(required),
        "requiredcomponenttype": kind(required),
        "versionnumber": solution.get("versionnumber", 0),
    }
