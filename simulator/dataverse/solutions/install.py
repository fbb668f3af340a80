# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The effects of an import, an upgrade and a removal on an environment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import people, roles
from ..catalogue import Privilege, invalid_depth
from ..standard_roles import with_baseline
from ..state import EnvironmentData
from .dependencies import as_text, dependants, installed, missing_dependencies
from .package import ROLE, TABLE, Package, version_key

HOLDING_SUFFIX = "_Upgrade"


class ImportFailed(Exception):
    """An operation that a job reports as failed. `early`: it failed before any component, so there is no import job."""

    def __init__(self, code: str, message: str, *, early: bool = True) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.early = early


def check(data: EnvironmentData, package: Package, *, holding: bool, upgrade: bool) -> None:
    """Check a package before anything is written. Raises ImportFailed."""
    row = installed(data, package.unique_name)
    if row is not None and row["ismanaged"] != package.managed:
        if package.managed:
            raise ImportFailed(
                "0x80048040",
                f"The solution '{package.unique_name}' is already installed on this system as an unmanaged solution "
                "and the package supplied is attempting to install it in managed mode. Import can only update "
                "solutions when the modes match.",
            )
        raise ImportFailed(
            "0x80048041",
            f"The solution '{package.unique_name}' is already installed on this system as a managed solution and the "
            "package supplied is attempting to install it in unmanaged mode. Import can only update solutions when the "
            "modes match.",
        )
    if (holding or upgrade) and row is not None and version_key(package.version) <= version_key(row["version"]):
        raise ImportFailed(
            "0x80048541",
            f"Solution '{package.unique_name}' import: the version {package.version} must be a higher version than the "
            f"existing solution it is upgrading, {row['version']}.",
        )
    if holding and installed(data, package.unique_name + HOLDING_SUFFIX) is not None:
        raise ImportFailed(
            "0x8004f046", f"An upgrade of the solution '{package.unique_name}' is waiting to be applied."
        )
    missing = missing_dependencies(data, package)
    if missing:
        raise ImportFailed(
            "0x8004801d",
            f"The following solution cannot be imported: {package.unique_name}. Some dependencies are missing. "
            f"The missing dependencies are : {as_text(missing)}",
        )


def install(
    data: EnvironmentData, package: Package, user_id: str, *, holding: bool = False, overwrite: bool = False
) -> str:
    """Import a package; returns the id of the solution's row.

    Raises ImportFailed, and then nothing is changed. `overwrite` removes manual changes to the package's components.
    """
    with data.transaction():
        grants = _role_grants(data, package)
        publisher = _publisher(data, package, user_id)
        solution = _solution_row(data, package, publisher, user_id, holding=holding)
        identifier: str = solution["solutionid"]
        tables = _tables(data, package)
        if tables:
            # They may add privileges that the roles name.
            grants = _role_grants(data, package)
        older = {role["id"]: data.managed_grants.get(role["id"], {}) for role in package.roles}
        for role in package.roles:
            _role(data, package, role, grants[role["id"]], identifier, overwrite=overwrite)
        _components(data, package, identifier)
        before = data.packages.get(identifier, {})
        data.packages[identifier] = {
            "tables": sorted({*before.get("tables", ()), *tables}),
            "roles": sorted({*before.get("roles", ()), *(role["id"] for role in package.roles)}),
            "missing": package.missing,
            "current_tables": [table["schema"].lower() for table in package.tables],
            "older_grants": older,
        }
    return identifier


def promote(data: EnvironmentData, unique_name: str) -> str:
    """Replace a solution by its holding solution; returns its id."""
    old, new = installed(data, unique_name), installed(data, unique_name + HOLDING_SUFFIX)
    assert new is not None, "the caller has looked whether there is an upgrade to apply"
    name = unique_name if old is None else old["uniquename"]
    now_has = data.packages.get(new["solutionid"], {})
    if old is not None:
        had = data.packages.pop(old["solutionid"], {})
        keep = set(now_has.get("roles", ())), set(now_has.get("current_tables", ()))
        _remove_parts(data, had, old["solutionid"], keep_roles=keep[0], keep_tables=keep[1])
        now_has["tables"] = sorted({*now_has.get("tables", ()), *(set(had.get("tables", ())) & keep[1])})
        data.remove("solution", old["solutionid"])
    for role_id in now_has.get("roles", ()):
        _forget_old_privileges(data, role_id, now_has.get("older_grants", {}).get(role_id, {}))
    data.change("solution", new, {"uniquename": name, "modifiedon": data.stamp(), "updatedon": data.stamp()})
    return str(new["solutionid"])


def upgrade(data: EnvironmentData, package: Package, user_id: str, *, overwrite: bool = False) -> str:
    """Import a package and remove components that only the older version had; returns the solution's id."""
    if installed(data, package.unique_name) is None:
        return install(data, package, user_id)
    install(data, package, user_id, holding=True, overwrite=overwrite)
    return promote(data, package.unique_name)


def check_removal(data: EnvironmentData, solution: Mapping[str, Any]) -> None:
    """Check that a solution can be removed. Raises ImportFailed."""
    blocking = dependants(data, solution)
    platform = solution["solutionid"] not in data.packages and solution.get("ismanaged")
    if blocking or platform:
        raise ImportFailed(
            "0x8004f01d",
            f"The solution '{solution['uniquename']}' cannot be deleted because other components depend on it: "
            f"{len(blocking) or 1} dependencies exist. Use RetrieveDependenciesForUninstall to see them.",
        )
    if solution["uniquename"] in ("Default", "Active"):
        raise ImportFailed("0x80040203", f"The solution '{solution['uniquename']}' cannot be deleted.")


def uninstall(data: EnvironmentData, solution: Mapping[str, Any]) -> None:
    """Remove a solution; a managed one with its components, including roles and their assignments."""
    identifier = solution["solutionid"]
    parts = data.packages.pop(identifier, {})
    if solution.get("ismanaged"):
        _remove_parts(data, parts, identifier, keep_roles=set(), keep_tables=set())
    for component in data.where("solutioncomponent", _solutionid_value=identifier):
        data.remove("solutioncomponent", component["solutioncomponentid"])
    data.remove("solution", identifier)


def _remove_parts(
    data: EnvironmentData, parts: Mapping[str, Any], solution_id: str, *, keep_roles: set[str], keep_tables: set[str]
) -> None:
    elsewhere = {role for other in data.packages.values() for role in other.get("roles", ())}
    for role_id in parts.get("roles", ()):
        row = data.get("role", role_id)
        if row is not None and role_id not in keep_roles and role_id not in elsewhere:
            roles.delete_role(data, role_id)
    for table in parts.get("tables", ()):
        if table not in keep_tables and table in data.custom_tables:
            data.drop_custom_table(table)
    for component in data.where("solutioncomponent", _solutionid_value=solution_id):
        data.remove("solutioncomponent", component["solutioncomponentid"])


# The parts of an import


def _publisher(data: EnvironmentData, package: Package, user_id: str) -> str:
    wanted = package.publisher
    known = next(
        (row for row in data.rows["publisher"].values() if row["uniquename"].lower() == wanted["uniquename"].lower()),
        None,
    )
    if known is not None:
        return str(known["publisherid"])
    identifier = data.world.new_guid()
    row = {
        "publisherid": identifier,
        **wanted,
        "isreadonly": package.managed,
        "_organizationid_value": data.organization_id,
        "address1_addressid": data.world.new_guid(),
        "address2_addressid": data.world.new_guid(),
        "_createdby_value": user_id,
        "_modifiedby_value": user_id,
        "createdon": data.stamp(),
        "modifiedon": data.stamp(),
    }
    data.insert("publisher", {name: value for name, value in row.items() if value is not None})
    return identifier


def _solution_row(
    data: EnvironmentData, package: Package, publisher: str, user_id: str, *, holding: bool
) -> dict[str, Any]:
    now = data.stamp()
    columns = {
        "friendlyname": package.friendly_name,
        "version": package.version,
        "description": package.description or None,
        "solutionpackageversion": package.package_version,
        "ismanaged": package.managed,
        "_publisherid_value": publisher,
        "modifiedon": now,
        "_modifiedby_value": user_id,
    }
    row = None if holding else installed(data, package.unique_name)
    if row is not None:
        data.change("solution", row, {**columns, "updatedon": now})
        return row
    return data.insert(
        "solution",
        {
            "solutionid": data.world.new_guid(),
            "uniquename": package.unique_name + (HOLDING_SUFFIX if holding else ""),
            "_organizationid_value": data.organization_id,
            "installedon": now,
            "createdon": now,
            "_createdby_value": user_id,
            **columns,
        },
    )


#: Column types of packages and their names in table definitions.
_COLUMN_KINDS = {
    "nvarchar": "string",
    "ntext": "memo",
    "int": "int",
    "bigint": "long",
    "float": "double",
    "decimal": "decimal",
    "money": "decimal",
    "bit": "bool",
    "datetime": "datetime",
    "uniqueidentifier": "guid",
    "picklist": "picklist",
}


def _tables(data: EnvironmentData, package: Package) -> list[str]:
    """Add the package's tables that the environment lacks; returns their logical names."""
    added = []
    for table in package.tables:
        logical = table["schema"].lower()
        if logical in data.catalogue.tables:
            continue
        code = 10_500 + len(data.custom_tables)
        columns = [
            f"{column['name']} {_COLUMN_KINDS[column['type']]}"
            for column in table["columns"]
            if column["type"] in _COLUMN_KINDS and column["name"].isidentifier() and column["name"] != f"{logical}id"
        ]
        data.add_custom_table(
            {
                "line": f"{logical} {table['schema']} {table['entity_set']} {code} {table['ownership']}",
                "columns": "\n".join(columns),
                "managed": package.managed,
            }
        )
        added.append(logical)
    return added


def _role_grants(data: EnvironmentData, package: Package) -> dict[str, dict[str, int]]:
    """The privileges of each role of a package, by ids.

    Raises ImportFailed for an unknown privilege, or a name that another role has.
    """
    coming = {f"prv{right}{table['schema']}".lower() for table in package.tables for right in _TABLE_RIGHTS}
    found: dict[str, dict[str, int]] = {}
    root = people.root_business_unit(data)
    for role in package.roles:
        if data.get("role", role["id"]) is None and data.where("role", name=role["name"], _businessunitid_value=root):
            raise ImportFailed(
                "0x80048017",
                f"The role '{role['name']}' cannot be imported: another role of that name exists.",
                early=False,
            )
        grants: dict[str, int] = {}
        for name, level in role["privileges"].items():
            privilege = data.catalogue.by_name.get(name.lower())
            if privilege is not None:
                _require_possible(privilege, level, role["id"])
                grants[privilege.id] = level
            elif name.lower() not in coming:
                raise ImportFailed(
                    "0x80048058",
                    f"The role '{role['name']}' cannot be imported: the privilege '{name}' is not valid in this "
                    "organization.",
                    early=False,
                )
        found[role["id"]] = grants
    return found


_TABLE_RIGHTS = ("Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share")


def _require_possible(privilege: Privilege, level: int, role_id: str) -> None:
    """Check that a privilege supports a level (contract: Privileges). Raises ImportFailed."""
    if level not in privilege.levels:
        code, message = invalid_depth(privilege, level, role_id)
        raise ImportFailed(code, message, early=False)


def _role(
    data: EnvironmentData,
    package: Package,
    role: Mapping[str, Any],
    package_grants: Mapping[str, int],
    solution_id: str,
    *,
    overwrite: bool,
) -> None:
    """Create a role with its copies, or merge the privileges of an existing one.

    Manual additions stay, unless the import overwrites them (contract: solution actions).
    """
    row, root = data.get("role", role["id"]), people.root_business_unit(data)
    if row is None:
        values = {
            "roleid": role["id"],
            "name": role["name"],
            "ismanaged": package.managed,
            "isinherited": role["inherited"],
            "solutionid": solution_id,
        }
        baseline = with_baseline(package_grants, data.catalogue)
        roles.add_role(data, values, root, baseline, customizable=role["customizable"])
    else:
        had, current = data.managed_grants.get(role["id"], {}), data.grants.get(role["id"], {})
        by_hand = {key: level for key, level in current.items() if had.get(key) != level}
        if overwrite and package.managed:
            data.set_grants(role["id"], with_baseline(package_grants, data.catalogue))
        else:
            data.set_grants(role["id"], {**current, **package_grants, **by_hand})
        customizable = roles.managed_property(role["customizable"], "iscustomizableanddeletable")
        for copy in roles.copies(data, role["id"]):
            changes = {"name": role["name"], "solutionid": solution_id, "iscustomizable": customizable}
            if overwrite and package.managed:
                changes["isinherited"] = role["inherited"]
            data.change("role", copy, {**changes, "modifiedon": data.stamp()})
    data.managed_grants[role["id"]] = dict(package_grants)


def _forget_old_privileges(data: EnvironmentData, role_id: str, had: Mapping[str, int]) -> None:
    """Remove privileges that only the older package granted, unless they were changed by hand."""
    now = data.managed_grants.get(role_id, {})
    current = data.grants.get(role_id, {})
    gone = {key for key, level in had.items() if key not in now and current.get(key) == level}
    if gone:
        kept = {key: level for key, level in current.items() if key not in gone}
        data.set_grants(role_id, with_baseline(kept, data.catalogue))


def _components(data: EnvironmentData, package: Package, solution_id: str) -> None:
    for component in data.where("solutioncomponent", _solutionid_value=solution_id):
        data.remove("solutioncomponent", component["solutioncomponentid"])
    for object_id, component in _objects(data, package.components):
        identifier = data.fixed_id("solutioncomponent", solution_id, object_id)
        data.insert(
            "solutioncomponent",
            {
                "solutioncomponentid": identifier,
                "_solutionid_value": solution_id,
                "objectid": object_id,
                "componenttype": component["type"],
                "rootcomponentbehavior": component["behavior"],
                "ismetadata": component["type"] == TABLE,
                "createdon": data.stamp(),
                "modifiedon": data.stamp(),
            },
        )


def _objects(data: EnvironmentData, components: Iterable[dict[str, Any]]) -> Iterable[tuple[str, dict[str, Any]]]:
    for component in components:
        if component["type"] == ROLE or component["id"]:
            yield component["id"], component
        else:
            yield data.fixed_id("component", component["type"], component["schemaName"].lower()), component
