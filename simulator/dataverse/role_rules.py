# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of roles: their privileges, and who may assign them to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from . import gates, people, roles, security
from .calls import Reply, Session
from .catalogue import DEPTHS, SHAREPOINT_BASELINE, Privilege, invalid_depth
from .errors import Refusal, bad_payload, duplicate_row, no_row
from .paths import guid
from .rules import Rules
from .schema import Table
from .standard_roles import with_baseline

_NIL = "00000000-0000-0000-0000-000000000000"


class RoleRules(Rules):
    """Only root copies can be edited, and only if the managed properties allow it."""

    def create(self, session: Session, table: Table, values: dict[str, Any]) -> dict[str, Any]:
        """Add a role to a business unit and, as copies, to its child units."""
        session.principal.require("Create", table)
        gates.require_customizable(session.data)
        data = session.data
        unit = values.pop("_businessunitid_value", None) or people.root_business_unit(data)
        if not values.get("name"):
            raise Refusal(400, "0x80040203", "A role needs a name.")
        values.setdefault("roleid", data.world.new_guid())
        same = data.where("role", name=values["name"], _businessunitid_value=unit)
        if same:
            raise Refusal(
                400,
                "0x80041403",
                f"The role named {values['name']} exists already in this business unit. Role id: {same[0]['roleid']}",
            )
        if data.get("role", values["roleid"]):
            raise duplicate_row()
        session.principal.require("Create", table, {"roleid": values["roleid"], "_businessunitid_value": unit})
        given = {
            "solutionid": "fd140aae-4df4-11dd-bd17-0019b9312238",
            "_createdby_value": session.user_id,
            "_modifiedby_value": session.user_id,
        }
        return roles.add_role(data, {**given, **values}, unit, with_baseline({}, data.catalogue))

    def changing(self, session: Session, table: Table, row: Mapping[str, Any], changes: dict[str, Any]) -> None:
        """The copies follow the root copy."""
        require_editable(session, row)
        for copy in roles.copies(session.data, row["roleid"]):
            if copy is not row:
                session.data.change("role", copy, changes)

    def delete(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Delete a role with all its copies and assignments."""
        session.principal.require("Delete", table, row)
        if not roles.is_root_copy(row):
            raise Refusal(400, "0x8004140c", "Cannot delete a role that is inherited from parent business.")
        gates.require_customizable(session.data)
        if row.get("ismanaged") or not row.get("canbedeleted", {}).get("Value", True):
            raise Refusal(
                400,
                "0x8004f032",
                f"The 'Delete' operation on the current component(name='Role', id='{row['roleid']}') failed during "
                "managed property evaluation of condition: 'Managed Property Name: iscustomizableanddeletable; "
                "Component Name: Role; Attribute Name: canbedeleted;'",
            )
        roles.delete_role(session.data, row["roleid"])


def _require_root(row: Mapping[str, Any]) -> None:
    if not roles.is_root_copy(row):
        raise Refusal(400, "0x80044152", "An inherited role cannot be changed; change it in its own business unit.")


def require_editable(session: Session, row: Mapping[str, Any]) -> None:
    """Check that a role can be edited: it is the root copy, and its managed properties do not lock it.

    Raises Refusal.
    """
    session.principal.require("Write", session.data.table("role"), row)
    _require_root(row)
    gates.require_customizable(session.data)
    if row.get("ismanaged") and not row.get("iscustomizable", {}).get("Value", True):
        raise Refusal(
            400,
            "0x8004f026",
            f"The evaluation of the current component(name=Role, id={row['roleid']}) in the current operation (Update) "
            "failed during managed property evaluation of condition: 'Managed Property Name: "
            "iscustomizableanddeletable; Component Name: Role; Attribute Name: iscustomizable;'",
        )


# Privileges of a role


def add_privileges(session: Session, row: dict[str, Any], payload: Mapping[str, Any]) -> Reply:
    """AddPrivilegesRole: grant privileges, or change the level of those granted."""
    require_editable(session, row)
    wanted = _wanted(session, row, payload)
    _require_held(session, wanted)
    granted = security.grants_of(session.data, row["roleid"])
    if session.data.environment.spec.options.get("added_privileges_keep_level", False):
        wanted = {key: level for key, level in wanted.items() if key not in granted}
    _write_grants(session, row, {**granted, **wanted})
    return Reply(204)


def replace_privileges(session: Session, row: dict[str, Any], payload: Mapping[str, Any]) -> Reply:
    """ReplacePrivilegesRole: grant only these privileges and the immovable baseline."""
    require_editable(session, row)
    wanted = _wanted(session, row, payload)
    _require_held(session, wanted)
    _write_grants(session, row, with_baseline(wanted, session.data.catalogue))
    return Reply(204)


def remove_privilege(session: Session, row: dict[str, Any], payload: Mapping[str, Any]) -> Reply:
    """RemovePrivilegeRole: remove one privilege; one of the immovable baseline stays."""
    require_editable(session, row)
    if payload.keys() != {"PrivilegeId"}:
        raise bad_payload("RemovePrivilegeRole", "The parameter 'PrivilegeId' is expected, and no other.")
    privilege = _privilege(session, {"PrivilegeId": payload["PrivilegeId"]})
    if privilege.name in SHAREPOINT_BASELINE:
        return Reply(204)
    grants = dict(security.grants_of(session.data, row["roleid"]))
    grants.pop(privilege.id, None)
    _write_grants(session, row, grants)
    return Reply(204)


def _write_grants(session: Session, row: dict[str, Any], grants: Mapping[str, int]) -> None:
    data = session.data
    data.set_grants(row["roleid"], grants)
    for copy in roles.copies(data, row["roleid"]):
        data.change("role", copy, {"modifiedon": data.stamp(), "_modifiedby_value": session.user_id})


def _wanted(session: Session, row: Mapping[str, Any], payload: Mapping[str, Any]) -> dict[str, int]:
    listed = payload.get("Privileges")
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise bad_payload("AddPrivilegesRole", "The parameter 'Privileges' is expected to be a collection.")
    wanted: dict[str, int] = {}
    for item in listed:
        privilege, level = _privilege(session, item), _level(item.get("Depth"))
        if level not in privilege.levels:
            raise Refusal(400, *invalid_depth(privilege, level, row["roleid"]))
        if privilege.id in wanted:
            raise Refusal(400, "0x8004140f", f"Privilege {privilege.name} is duplicated.")
        wanted[privilege.id] = level
    return wanted


def _privilege(session: Session, item: Mapping[str, Any]) -> Privilege:
    catalogue, given = session.data.catalogue, item.get("PrivilegeId")
    if given is None and isinstance(item.get("PrivilegeName"), str):
        named = catalogue.by_name.get(item["PrivilegeName"].lower())
        if named is not None:
            return named
        raise no_row("Privilege", item["PrivilegeName"])
    identifier = guid(given) if isinstance(given, str) else None
    if identifier is None or identifier == _NIL:
        raise Refusal(400, "0x80041408", "The privilege ID was unexpectedly missing.")
    privilege = catalogue.privileges.get(identifier)
    if privilege is None:
        raise Refusal(400, "0x800404ce", f"The privilege id is invalid or missing: {identifier}.")
    return privilege


def _level(given: Any) -> int:
    """An access level by the name or the number of PrivilegeDepth. Raises Refusal."""
    if given in DEPTHS:
        return DEPTHS.index(given)
    text = str(given)
    if not isinstance(given, bool) and text.isdigit() and int(text) < len(DEPTHS):
        return int(text)
    raise bad_payload(
        "AddPrivilegesRole",
        f"Cannot convert the literal '{text[:50]}' to the expected type 'Microsoft.Dynamics.CRM.PrivilegeDepth'.",
    )


def _require_held(session: Session, wanted: Mapping[str, int]) -> None:
    """Check that the caller has the privileges that it grants (contract: roles). Raises Refusal."""
    held, catalogue = session.principal.privileges, session.data.catalogue
    for identifier, level in wanted.items():
        privilege = catalogue.privileges.get(identifier)
        if privilege is not None and held.get(identifier, -1) < level:
            raise session.principal.missing(privilege, catalogue.tables.get(privilege.table or ""))


def role_privileges(session: Session, role_id: str) -> list[dict[str, Any]]:
    """The privileges of a role, as RetrieveRolePrivilegesRole returns them. Raises Refusal for an unknown role."""
    row = session.data.get("role", role_id)
    if row is None:
        raise no_row("Role", role_id)
    session.principal.require("Read", session.data.table("role"), row)
    return _as_answer(session, security.grants_of(session.data, role_id), row["_businessunitid_value"])


def user_privileges(session: Session, user: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A user's privileges from all roles, as RetrieveUserPrivileges returns them."""
    session.principal.require("Read", session.data.table("systemuser"), user)
    granted = security.effective_privileges(session.data, user["systemuserid"], as_shown=True)
    return _as_answer(session, granted, user["_businessunitid_value"])


def user_privileges_by_names(session: Session, user: Mapping[str, Any], names: Iterable[str]) -> list[dict[str, Any]]:
    """Some privileges of a user, as RetrieveUserSetOfPrivilegesByNames returns them."""
    session.principal.require("Read", session.data.table("systemuser"), user)
    granted = security.effective_privileges(session.data, user["systemuserid"])
    by_name = session.data.catalogue.by_name
    wanted = {by_name[name.lower()].id for name in names if name.lower() in by_name}
    asked = {identifier: level for identifier, level in granted.items() if identifier in wanted}
    return _as_answer(session, asked, user["_businessunitid_value"])


def _as_answer(session: Session, grants: Mapping[str, int], business_unit: str) -> list[dict[str, Any]]:
    known = session.data.catalogue.privileges
    return [
        {
            "Depth": DEPTHS[level],
            "PrivilegeId": identifier,
            "BusinessUnitId": business_unit,
            "PrivilegeName": known[identifier].name,
            "RecordFilterId": _NIL,
            "RecordFilterUniqueName": "",
        }
        for identifier, level in grants.items()
        if identifier in known
    ]


# Assignments


def assign(session: Session, table: Table, holder: Mapping[str, Any], role: Mapping[str, Any]) -> None:
    """Assign a role to a user or a team. Raises Refusal."""
    data, holder_id = session.data, holder[table.id_column]
    intersect = "systemuserroles" if table.logical == "systemuser" else "teamroles"
    _require_may_assign(session, table, holder, role)
    if holder.get("deletedstate"):
        raise no_row("SystemUser", holder_id)
    if holder["_businessunitid_value"] != role["_businessunitid_value"] and not data.environment.spec.options.get(
        "modern_business_units", False
    ):
        raise Refusal(
            403,
            "0x80041409",
            "Cannot associate security role because the security role's Business Unit is not the same as the user's "
            f"Business Unit. Details: userid={holder_id}, userBU={holder['_businessunitid_value']}, "
            f"roleId={role['roleid']}, roleBU={role['_businessunitid_value']}",
        )
    _require_held(session, security.grants_of(data, role["roleid"]))
    _require_enabled(session, holder)
    data.link(intersect, holder_id, role["roleid"])


def unassign(session: Session, table: Table, holder: Mapping[str, Any], role: Mapping[str, Any]) -> None:
    """Remove a role from a user or a team. Raises Refusal."""
    _require_may_assign(session, table, holder, role)
    _require_enabled(session, holder)
    intersect = "systemuserroles" if table.logical == "systemuser" else "teamroles"
    session.data.unlink(intersect, holder[table.id_column], role["roleid"])


def _require_enabled(session: Session, holder: Mapping[str, Any]) -> None:
    """Check that the user is enabled, or the environment allows role changes of disabled users. Raises Refusal."""
    allowed = session.data.environment.spec.options.get("roles_on_disabled_users", False)
    if holder.get("isdisabled") and not allowed:
        raise Refusal(
            403,
            "0x80040225",
            f"The specified user(Id = {holder['systemuserid']}) is disabled. Consider enabling this user.",
        )


def _require_may_assign(session: Session, table: Table, holder: Mapping[str, Any], role: Mapping[str, Any]) -> None:
    session.principal.require("Read", session.data.table("role"), role)
    session.principal.require_reach("prvAssignRole", table, holder)
