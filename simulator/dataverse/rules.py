# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for creating, changing and deleting rows, shared by all tables; individual tables may override them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import security
from .calls import Session
from .errors import Refusal, bad_query, duplicate_row
from .schema import Table

#: Lookups that the platform sets or that have a special meaning; they need no right to append.
_NOT_APPENDED = frozenset({"ownerid", "businessunitid", "parentbusinessunitid", "transactioncurrencyid"})


class Rules:
    """The rules of plain tables."""

    def create(self, session: Session, table: Table, values: dict[str, Any]) -> dict[str, Any]:
        """Create a row from the caller's values; returns the stored row. Raises Refusal."""
        self._writable(session, table, "Create")
        session.principal.require("Create", table)
        row = self._new_row(session, table, values)
        if table.ownership == "user":
            self._give_owner(session, table, row)
        self._require_append(session, table, row, values)
        self.prepare(session, table, row)
        if session.data.get(table.logical, row[table.id_column]) is not None:
            raise duplicate_row()
        _require_free_keys(session, table, row)
        self.unique(session, table, row)
        stored = session.data.insert(table.logical, {name: value for name, value in row.items() if value is not None})
        self.created(session, table, stored)
        return stored

    def update(self, session: Session, table: Table, row: dict[str, Any], changes: dict[str, Any]) -> None:
        """Change a row. Raises Refusal."""
        self._writable(session, table, "Write")
        session.principal.require("Write", table, row)
        changes.pop(table.id_column, None)
        if "_ownerid_value" in changes and changes["_ownerid_value"] != row.get("_ownerid_value"):
            session.principal.require("Assign", table, row)
            changes |= _ownership(session, changes["_ownerid_value"])
        self._require_append(session, table, row, changes)
        _require_free_keys(session, table, {**row, **changes})
        self.changing(session, table, row, changes)
        stamp = {"modifiedon": session.data.stamp(), "_modifiedby_value": session.user_id}
        session.data.change(
            table.logical,
            row,
            {
                **changes,
                **_in_base_currency(table, changes),
                **{key: value for key, value in stamp.items() if key in table.columns},
            },
        )
        self.changed(session, table, row)

    def delete(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Delete a row. Raises Refusal."""
        self._writable(session, table, "Delete")
        session.principal.require("Delete", table, row)
        self.deleting(session, table, row)
        session.data.remove(table.logical, row[table.id_column])

    # Overridable by individual tables

    def prepare(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Complete a row that is about to be stored."""

    def unique(self, session: Session, table: Table, row: Mapping[str, Any]) -> None:
        """Refuse a row whose key exists."""

    def created(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Handle the consequences of a new row."""

    def changing(self, session: Session, table: Table, row: Mapping[str, Any], changes: dict[str, Any]) -> None:
        """Check and complete changes that are about to be written."""

    def changed(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Handle the consequences of a change."""

    def deleting(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Refuse a deletion, or prepare it."""

    # Shared

    def _writable(self, session: Session, table: Table, right: str) -> None:
        """Check that the platform has this right; no one can do what no privilege allows."""
        if not table.writable or session.data.catalogue.privilege_for(right, table) is None:
            raise bad_query(f"The entity '{table.logical}' does not support the requested operation.")

    def _new_row(self, session: Session, table: Table, values: dict[str, Any]) -> dict[str, Any]:
        data = session.data
        row: dict[str, Any] = {table.id_column: data.world.new_guid()}
        standard = {
            "createdon": data.stamp(),
            "modifiedon": data.stamp(),
            "_createdby_value": session.user_id,
            "_modifiedby_value": session.user_id,
            "_organizationid_value": data.organization_id,
            "organizationid": data.organization_id,
        }
        if session.principal.caller_id:
            standard["_createdonbehalfby_value"] = session.principal.caller_id
        row |= {name: value for name, value in standard.items() if name in table.columns}
        for number in (1, 2, 3):
            name = f"address{number}_addressid"
            if name in table.columns:
                row[name] = data.world.new_guid()
        given = {name: value for name, value in values.items() if value is not None}
        return {**row, **given, **_in_base_currency(table, given)}

    def _give_owner(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Set the owner to the caller or the named user.

        The owner must be allowed to read the row (contract: the owner's read check).
        """
        owner_id = row.setdefault("_ownerid_value", session.user_id)
        row |= _ownership(session, owner_id)
        if owner_id != session.user_id:
            session.principal.require("Assign", table, row)
        if not session.principal.may("Create", table, row):
            session.principal.require("Create", table, row)
        owner = session.data.get("systemuser", owner_id)
        if owner is None:
            return
        holder = session.principal if owner_id == session.user_id else security.principal(session.data, owner)
        privilege = session.data.catalogue.privilege_for("Read", table)
        if privilege is not None and privilege.id not in holder.privileges:
            text = security.Principal(
                session.data, owner, holder.privileges, holder.role_count, caller_id=session.user_id
            ).missing_text(privilege, table)
            raise Refusal(403, "0x80040220", f"Read Privilege Check For Owner failed with exception: {text}")

    def _require_append(
        self, session: Session, table: Table, row: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> None:
        """Setting a lookup appends this row to the other one, which needs both rights."""
        for wire, identifier in changes.items():
            column = table.columns[wire]
            if column.kind != "lookup" or identifier is None or column.name in _NOT_APPENDED:
                continue
            session.principal.require("Append", table, row)
            for logical in column.targets:
                target = session.data.get(logical, identifier)
                if target is not None:
                    session.principal.require("AppendTo", session.data.table(logical), target)


def _in_base_currency(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy amounts of money to their base-currency columns; there is only one currency."""
    return {f"{name}_base": value for name, value in values.items() if f"{name}_base" in table.columns}


def _require_free_keys(session: Session, table: Table, row: Mapping[str, Any]) -> None:
    """Check that no other row has the same alternate key. Raises Refusal."""
    for key in table.keys:
        values = [row.get(name) for name in key]
        if None in values:
            continue
        for other in session.data.where(table.logical, **dict(zip(key, values, strict=True))):
            if other[table.id_column] != row[table.id_column]:
                raise Refusal(
                    412,
                    "0x80060892",
                    f"A record that has the attribute values {', '.join(key)} already exists. The entity key {key[0]} "
                    "requires that this set of attributes contains unique values. Select unique values and try again.",
                )


def _ownership(session: Session, owner_id: str | None) -> dict[str, Any]:
    """The columns derived from the owner."""
    if owner_id is None:
        raise Refusal(400, "0x80040203", "The owner of a record cannot be null.")
    user = session.data.get("systemuser", owner_id)
    if user is not None:
        return {
            "_owninguser_value": owner_id,
            "_owningteam_value": None,
            "_owningbusinessunit_value": user["_businessunitid_value"],
        }
    team = session.data.get("team", owner_id)
    assert team is not None, "a lookup to an owner was resolved to a user or a team before"
    return {
        "_owninguser_value": None,
        "_owningteam_value": owner_id,
        "_owningbusinessunit_value": team["_businessunitid_value"],
    }
