# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, business units and their default teams, as rows."""

from __future__ import annotations

from typing import Any

from .roles import copy_roles_of_parent
from .state import EnvironmentData

#: Columns of a new user that are not null, but not by the column's default.
_NEW_USER = {
    "address1_addresstypecode": 1,
    "address1_shippingmethodcode": 1,
    "address2_addresstypecode": 1,
    "address2_shippingmethodcode": 1,
    "emailrouteraccessapproval": 2,
}


def add_user(data: EnvironmentData, *, businessunit: str, systemmanaged: bool = False, **values: Any) -> dict[str, Any]:
    """Store a user; `values` are columns. The user joins the default team of the business unit."""
    identifier = values["systemuserid"]
    row: dict[str, Any] = {
        **_NEW_USER,
        "_businessunitid_value": businessunit,
        "organizationid": data.organization_id,
        "ownerid": identifier,
        "identityid": len(data.rows.get("systemuser", ())) + 1,
        "address1_addressid": data.fixed_id("address1", identifier),
        "address2_addressid": data.fixed_id("address2", identifier),
        "_calendarid_value": data.fixed_id("calendar", identifier),
        "_defaultmailbox_value": data.fixed_id("mailbox", identifier),
        "_queueid_value": data.fixed_id("queue", identifier),
        "createdon": data.stamp(),
        "modifiedon": data.stamp(),
        "yomifullname": values.get("fullname"),
        **values,
    }
    if systemmanaged:
        row["issyncwithdirectory"] = False
    data.insert("systemuser", {name: value for name, value in row.items() if value is not None})
    join_default_team(data, identifier, businessunit)
    return data.rows["systemuser"][identifier]


def names_from_directory(display_name: str, application_id: str, domain: str) -> dict[str, Any]:
    """The columns that the platform writes for an application user, overriding the caller's values (contract)."""
    return {
        "firstname": "#",
        "lastname": display_name,
        "fullname": f"# {display_name}",
        "domainname": f"{display_name.replace(' ', '')}_{application_id}@{domain}",
        "internalemailaddress": f"{display_name.replace(' ', '')}_{application_id}@{domain}",
    }


def add_business_unit(data: EnvironmentData, values: dict[str, Any], parent: str | None) -> dict[str, Any]:
    """Store a business unit with its default team, and a copy of every role of its parent."""
    identifier = values["businessunitid"]
    row = {
        "_organizationid_value": data.organization_id,
        "address1_addressid": data.fixed_id("address1", identifier),
        "address2_addressid": data.fixed_id("address2", identifier),
        "createdon": data.stamp(),
        "modifiedon": data.stamp(),
        **values,
    }
    if parent is not None:
        row["_parentbusinessunitid_value"] = parent
    data.insert("businessunit", row)
    data.insert(
        "team",
        {
            "teamid": default_team(data, identifier),
            "name": values["name"],
            "_businessunitid_value": identifier,
            "isdefault": True,
            "organizationid": data.organization_id,
            "createdon": data.stamp(),
            "modifiedon": data.stamp(),
        },
    )
    if parent is not None:
        copy_roles_of_parent(data, parent, identifier)
    return row


def default_team(data: EnvironmentData, business_unit: str) -> str:
    """The id of the business unit's default team, which includes all of its users."""
    return data.fixed_id("default team", business_unit)


def join_default_team(data: EnvironmentData, user: str, business_unit: str) -> None:
    """Move a user to the default team of a business unit."""
    for team in data.lefts("teammembership", user):
        row = data.get("team", team)
        if row is not None and row.get("isdefault"):
            data.unlink("teammembership", team, user)
    data.link("teammembership", default_team(data, business_unit), user)


def root_business_unit(data: EnvironmentData) -> str:
    """The id of the business unit without a parent."""
    return next(
        identifier
        for identifier, row in data.rows["businessunit"].items()
        if row.get("_parentbusinessunitid_value") is None
    )
