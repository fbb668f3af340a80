# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: one copy for each business unit, with the privileges of the root copy.

Only root copies can be edited or deleted, and the copies follow (contract: roles). A role exists in the business unit
in which it was created and in its child units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .state import EnvironmentData


def managed_property(value: bool, name: str) -> dict[str, Any]:
    """A managed property as rows hold it."""
    return {"Value": value, "CanBeChanged": True, "ManagedPropertyLogicalName": name}


def add_role(
    data: EnvironmentData,
    values: dict[str, Any],
    business_unit: str,
    grants: Mapping[str, int],
    *,
    customizable: bool = True,
    deletable: bool = True,
) -> dict[str, Any]:
    """Store a role's root copy in a business unit, and its copies in all child units. `values` are columns."""
    root_id = values["roleid"]
    row = {
        "organizationid": data.organization_id,
        "roleidunique": data.fixed_id("roleidunique", root_id),
        "createdon": data.stamp(),
        "modifiedon": data.stamp(),
        "iscustomizable": managed_property(customizable, "iscustomizableanddeletable"),
        "canbedeleted": managed_property(deletable, "canbedeleted"),
        **{name: value for name, value in values.items() if value is not None},
        "_businessunitid_value": business_unit,
        "_parentrootroleid_value": root_id,
    }
    data.insert("role", row)
    data.set_grants(root_id, grants)
    _copy_below(data, row, business_unit)
    return row


def _copy_below(data: EnvironmentData, row: Mapping[str, Any], business_unit: str) -> None:
    for unit in data.where("businessunit", _parentbusinessunitid_value=business_unit):
        copy = _copy(data, row, unit["businessunitid"])
        _copy_below(data, copy, unit["businessunitid"])


def _copy(data: EnvironmentData, row: Mapping[str, Any], business_unit: str) -> dict[str, Any]:
    """The copy of a role in a child of its business unit."""
    root_id = row["_parentrootroleid_value"]
    identifier = data.fixed_id("role copy", root_id, business_unit)
    copy = {
        **row,
        "roleid": identifier,
        "roleidunique": data.fixed_id("roleidunique", identifier),
        "_businessunitid_value": business_unit,
        "_parentroleid_value": row["roleid"],
    }
    return data.insert("role", copy)


def copy_roles_of_parent(data: EnvironmentData, parent: str, business_unit: str) -> None:
    """Give a new business unit a copy of every role that its parent has."""
    for row in data.where("role", _businessunitid_value=parent):
        _copy(data, row, business_unit)


def copies(data: EnvironmentData, root_id: str) -> list[dict[str, Any]]:
    """Every copy of a role, the root copy included."""
    return data.where("role", _parentrootroleid_value=root_id)


def is_root_copy(row: Mapping[str, Any]) -> bool:
    """Whether a row is the root copy."""
    return bool(row["roleid"] == row["_parentrootroleid_value"])


def delete_role(data: EnvironmentData, root_id: str) -> None:
    """Delete a role: all copies and all assignments."""
    for copy in copies(data, root_id):
        data.remove("role", copy["roleid"])
    data.set_grants(root_id, None)
    data.managed_grants.pop(root_id, None)
