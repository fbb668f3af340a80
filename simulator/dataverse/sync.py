# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""People of the directory as users: the platform adds licensed people and keeps them up to date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import people
from .state import EnvironmentData


def person_columns(user: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that the platform writes for a person of the directory."""
    licensed = bool(user.get("assignedLicenses"))
    named = user.get("givenName") or user.get("surname")
    return {
        "azureactivedirectoryobjectid": user["id"],
        "domainname": user["userPrincipalName"],
        "internalemailaddress": user.get("mail") or user["userPrincipalName"],
        "windowsliveid": user["userPrincipalName"],
        "firstname": user.get("givenName") or "#",
        "lastname": user.get("surname") or user["displayName"],
        "fullname": user["displayName"] if named else f"# {user['displayName']}",
        "islicensed": licensed,
        "issyncwithdirectory": True,
        "accessmode": 0,
        "caltype": 7 if licensed else 0,
        "isdisabled": not licensed or not user.get("accountEnabled", True),
    }


def person(data: EnvironmentData, user: Mapping[str, Any]) -> dict[str, Any]:
    """The environment's user for a person of the directory, added or updated."""
    columns = person_columns(user)
    known = next(iter(data.where("systemuser", azureactivedirectoryobjectid=user["id"])), None)
    if known is not None:
        data.change("systemuser", known, {**columns, "modifiedon": data.stamp()})
        return known
    unit = people.root_business_unit(data)
    return people.add_user(data, systemuserid=data.world.new_guid(), businessunit=unit, userlicensetype=38, **columns)


def at_first_call(data: EnvironmentData, object_id: str) -> dict[str, Any] | None:
    """The user that a licensed person becomes at the first request; None for anyone else."""
    user = data.tenant.directory.user_by_id(object_id, as_seen_by="dataverse")
    if user is None or not user.get("assignedLicenses"):
        return None
    return person(data, user)
