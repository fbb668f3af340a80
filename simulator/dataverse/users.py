# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of users: application users and people, their business unit, their deletion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import people, sync
from .calls import Session
from .errors import Refusal, duplicate_row
from .rules import Rules
from .schema import Table

_NOT_DELETED, _SOFT_DELETED = 0, 1
NON_INTERACTIVE = 4


class UserRules(Rules):
    """Users come from the directory; the environment has its own data about them (contract: users)."""

    def create(self, session: Session, table: Table, values: dict[str, Any]) -> dict[str, Any]:
        """Add an application user, or a person of the directory."""
        session.principal.require("Create", table)
        unit = values.get("_businessunitid_value")
        if unit is None:
            raise Refusal(
                400,
                "0x80040530",
                "Unable to retrieve attribute=businessunitid for entityLogicalName=systemuser with no id. "
                "Entity Image in the pipeline has no such attribute.",
            )
        identifier = values.pop("systemuserid", None) or session.data.world.new_guid()
        session.principal.require("Create", table, {"systemuserid": identifier, "_businessunitid_value": unit})
        known = self._application(session, values) if values.get("applicationid") else self._person(session, values)
        for name in ("_businessunitid_value", "deletedstate"):
            values.pop(name, None)
        return people.add_user(
            session.data,
            businessunit=unit,
            **{
                "systemuserid": identifier,
                "_createdby_value": session.user_id,
                "_modifiedby_value": session.user_id,
                **values,
                **known,
            },
        )

    def _application(self, session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
        data, application = session.data, values["applicationid"]
        if data.where("systemuser", applicationid=application):
            # A soft-deleted row also blocks.
            raise duplicate_row()
        principal = data.tenant.directory.service_principal_by_app_id(application, as_seen_by="dataverse")
        if principal is None:
            raise Refusal(
                400,
                "0x8004f510",
                f"We didn't find that application ID {application} in your Azure Active Directory (Azure AD). Make "
                "sure your application is registered.",
            )
        known = {"accessmode": NON_INTERACTIVE, "azureactivedirectoryobjectid": principal["id"]}
        written = people.names_from_directory(principal["displayName"], application, data.tenant.domain)
        if data.environment.spec.options.get("platform_writes_names", True):
            return known | written
        return known | {name: value for name, value in written.items() if not values.get(name)} | _full_name(values)

    def _person(self, session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
        data, name = session.data, values.get("domainname") or values.get("internalemailaddress") or ""
        user = data.tenant.directory.user_by_principal_name(name, as_seen_by="dataverse") if name else None
        if user is None:
            raise Refusal(
                400,
                "0x80041d28",
                "The user's directory object id was not found in Microsoft Entra ID; users come from the directory.",
            )
        if data.where("systemuser", azureactivedirectoryobjectid=user["id"]):
            raise Refusal(400, "0x80041d2c", f"A user with the name {name} already exists.")
        return sync.person_columns(user)

    def changing(self, session: Session, table: Table, row: Mapping[str, Any], changes: dict[str, Any]) -> None:
        """Refuse forbidden changes of an application user; move a user between business units."""
        if row.get("deletedstate", _NOT_DELETED) == _SOFT_DELETED and "isdisabled" in changes:
            raise Refusal(400, "0x80048357", f"The user with id {row['systemuserid']} is deleted and stays disabled.")
        if row.get("applicationid"):
            if "applicationid" in changes and changes["applicationid"] != row["applicationid"]:
                raise Refusal(400, "0x80041d48", "The user representing an OAuth application cannot not be updated")
            if "accessmode" in changes and changes["accessmode"] != row.get("accessmode"):
                raise Refusal(400, "0x80040d40", "An application user's access mode cannot be changed.")
        elif changes.get("applicationid"):
            raise Refusal(400, "0x80041d48", "The user representing an OAuth application cannot not be updated")
        if "isdisabled" in changes and changes["isdisabled"] != row.get("isdisabled", False):
            self._enable_or_disable(session, row, changes["isdisabled"])
        if {"firstname", "lastname"} & changes.keys():
            changes |= _full_name({**row, **changes})
        unit = changes.get("_businessunitid_value")
        if unit is not None and unit != row["_businessunitid_value"]:
            session.principal.require_privilege("prvReparentUser")
            move(session, row["systemuserid"], unit)

    def _enable_or_disable(self, session: Session, row: Mapping[str, Any], disabled: bool) -> None:
        session.principal.require_privilege("prvDisableUser" if disabled else "prvEnableUser")
        person = not row.get("applicationid") and not row.get("isintegrationuser")
        if not disabled and person and not row.get("islicensed"):
            raise Refusal(
                400, "0x8004d24c", "User cannot be enabled because the user has no license; assign one and try again."
            )

    def delete(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """The first deletion hides a disabled user and removes all roles; the second one removes the row."""
        session.principal.require("Delete", table, row)
        identifier, data = row["systemuserid"], session.data
        if row.get("deletedstate", _NOT_DELETED) == _SOFT_DELETED:
            data.remove("systemuser", identifier)
            return
        if not row.get("isdisabled"):
            raise Refusal(400, "0x80048356", "The user must be disabled before it can be deleted.")
        if row.get("azureactivedirectoryobjectid") and not row.get("applicationid"):
            known = data.tenant.directory.user_by_id(row["azureactivedirectoryobjectid"], as_seen_by="dataverse")
            if known is not None:
                raise Refusal(
                    400,
                    "0x80048359",
                    f"User with SystemUserId={identifier} and AzureActiveDirectoryObjectId="
                    f"{row['azureactivedirectoryobjectid']} is present in Azure Active Directory with state Exists. "
                    "Please permanently delete user in Azure first.",
                )
        if _owns_rows(session, identifier):
            raise Refusal(
                400,
                "0x80048610",
                "Can't delete a user which owns records. Please reassign the records that the user owns and try again.",
            )
        for role in data.rights("systemuserroles", identifier):
            data.unlink("systemuserroles", identifier, role)
        for team in data.lefts("teammembership", identifier):
            data.unlink("teammembership", team, identifier)
        data.change("systemuser", row, {"deletedstate": _SOFT_DELETED, "modifiedon": data.stamp()})


def move(session: Session, user_id: str, business_unit: str) -> None:
    """Move a user to another business unit: directly assigned roles are lost (contract: moving a user)."""
    data = session.data
    for role in data.rights("systemuserroles", user_id):
        data.unlink("systemuserroles", user_id, role)
    people.join_default_team(data, user_id, business_unit)


def _full_name(values: Mapping[str, Any]) -> dict[str, Any]:
    name = " ".join(part for part in (values.get("firstname"), values.get("lastname")) if part)
    return {"fullname": name} if name else {}


def _owns_rows(session: Session, user_id: str) -> bool:
    data = session.data
    return any(
        row.get("_ownerid_value") == user_id
        for table in data.catalogue.tables.values()
        if table.ownership == "user" and table.logical != "asyncoperation"
        for row in data.all(table.logical)
    )


class BusinessUnitRules(Rules):
    """A new business unit gets its default team and a copy of each role of its parent."""

    def create(self, session: Session, table: Table, values: dict[str, Any]) -> dict[str, Any]:
        """Add a business unit below another."""
        session.principal.require("Create", table)
        data = session.data
        values.setdefault("businessunitid", data.world.new_guid())
        if not values.get("name"):
            raise Refusal(400, "0x80040203", "A business unit needs a name.")
        parent = values.pop("_parentbusinessunitid_value", None) or people.root_business_unit(data)
        if data.where("businessunit", name=values["name"], _parentbusinessunitid_value=parent):
            raise duplicate_row()
        return people.add_business_unit(data, values, parent)

    def deleting(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Only an empty, disabled child unit can be deleted."""
        data, identifier = session.data, row["businessunitid"]
        if row.get("_parentbusinessunitid_value") is None:
            raise Refusal(400, "0x80040203", "The root business unit cannot be deleted.")
        if not row.get("isdisabled"):
            raise Refusal(400, "0x80040203", "The business unit must be disabled before it can be deleted.")
        if data.where("systemuser", _businessunitid_value=identifier) or data.where(
            "businessunit", _parentbusinessunitid_value=identifier
        ):
            raise Refusal(405, "0x80040227", "The business unit has users or business units below it.")
        for role in data.where("role", _businessunitid_value=identifier):
            data.remove("role", role["roleid"])
        data.remove("team", people.default_team(data, identifier))
