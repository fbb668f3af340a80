# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users and business units of one environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..._rules.environment_refusals import Answer, codes_of
from ..._rules.odata import query, text_literal
from ..._transport.errors import CallFailed
from ..._transport.waiting import wait_for
from .client import DUPLICATE_RECORD, USER_DISABLED, USER_EXISTS, USER_OWNS_RECORDS, EnvironmentClient
from .roles import HELD_ROLES, HeldRole

NON_INTERACTIVE = 4
"""The access mode of application users; it cannot be changed later."""

_TAKEN = (DUPLICATE_RECORD, USER_EXISTS)
"""Refusals that say that the application already has a user, live or only marked as deleted."""

_NOT_REPLICATED = codes_of(Answer.WAIT_FOR_DIRECTORY)


@dataclass(frozen=True)
class BusinessUnit:
    """A business unit; the root one has no parent."""

    business_unit_id: str
    name: str


@dataclass(frozen=True)
class ApplicationUser:
    """The user of an application in an environment."""

    user_id: str
    application_id: str
    disabled: bool
    business_unit_id: str
    full_name: str | None = None
    user_name: str | None = None
    email: str | None = None
    service_principal_id: str | None = None
    roles: tuple[HeldRole, ...] = ()
    """The copies of roles that it holds directly; several of one role if business units are modern."""


class Users:
    """Reads and edits application users."""

    def __init__(self, environment: EnvironmentClient, replication_timeout: float = 300.0) -> None:
        """`replication_timeout` is how many seconds a new service principal may take to appear here."""
        self._environment = environment
        self._replication_timeout = replication_timeout

    def root_business_unit(self) -> BusinessUnit:
        """Return the one business unit without a parent."""
        return self._business_unit("parentbusinessunitid eq null")

    def business_unit(self, name: str) -> BusinessUnit | None:
        """Return the business unit of a name, or None."""
        rows = self._environment.list(
            "businessunits", select=("businessunitid", "name"), filter=f"name eq {text_literal(name)}"
        )
        return BusinessUnit(rows[0]["businessunitid"].lower(), rows[0]["name"]) if rows else None

    def application_user(self, application_id: str) -> ApplicationUser | None:
        """Return the live user of an application, or None; rows that are only soft-deleted do not count."""
        live = [row for row in self._rows(application_id) if not row.get("deletedstate")]
        return _application_user(live[0]) if live else None

    def create_application_user(
        self, application_id: str, business_unit_id: str, names: dict[str, str]
    ) -> ApplicationUser:
        """Create the user of an application and return it as the platform stored it.

        `names` may hold firstname, lastname, domainname and internalemailaddress; the platform may write its own over
        them. Waits for a service principal that the environment does not see yet, and permanently removes soft-deleted
        rows of the same application, which block a new one. Raises CallFailed or TimedOut.
        """
        row = {
            "applicationid": application_id,
            "accessmode": NON_INTERACTIVE,
            "isdisabled": False,
            "businessunitid@odata.bind": f"/businessunits({business_unit_id})",
            **names,
        }
        refused: list[CallFailed] = []

        def try_create() -> ApplicationUser | None:
            try:
                return _application_user(self._environment.create("systemusers", row))
            except CallFailed as failed:
                if failed.has_code(*_TAKEN):
                    return self._make_room(application_id, refused, failed)
                if failed.maybe_applied:
                    # The answer was lost: a read shows whether the user exists.
                    return self.application_user(application_id)
                if not failed.has_code(*_NOT_REPLICATED):
                    raise
                refused.append(failed)
                return None

        made = wait_for(
            try_create,
            lambda user: user is not None,
            timeout=self._replication_timeout,
            describe=lambda user: (
                f"{self._environment.address.host} does not know the service principal of application {application_id} "
                f"yet ({refused[-1].message if refused else 'no answer'}): run again later, or check whether the "
                "application belongs to a different tenant than the environment."
            ),
            first_pause=2.0,
        )
        if made is None:
            raise AssertionError("waiting ends with a user or an error")
        return made

    def enable(self, user: ApplicationUser) -> None:
        """Enable an application user."""
        self._set_disabled(user, False)

    def disable(self, user: ApplicationUser) -> None:
        """Disable an application user."""
        self._set_disabled(user, True)

    def delete_application_user(self, user: ApplicationUser) -> None:
        """Disable and permanently delete an application user: the first deletion only marks the row."""
        if not user.disabled:
            self._set_disabled(user, True)

        def try_delete() -> bool:
            try:
                self._environment.delete("systemusers", user.user_id)
            except CallFailed as failed:
                # Right after other changes the user may briefly still own its own settings.
                if not failed.has_code(USER_OWNS_RECORDS):
                    raise
                return False
            return True

        for _round in ("marks the row", "removes it"):
            wait_for(
                try_delete,
                bool,
                timeout=60.0,
                describe=lambda done: f"application user {user.application_id} still owns records: reassign them.",
            )

    def move(self, user: ApplicationUser, business_unit_id: str) -> None:
        """Move a user to another business unit, which removes its roles in most environments."""
        values = {"businessunitid@odata.bind": f"/businessunits({business_unit_id})"}
        self._environment.update("systemusers", user.user_id, values)

    def assign_role(self, user_id: str, role_id: str) -> None:
        """Assign a user the copy of a role in its business unit."""
        self._environment.associate("systemusers", user_id, "systemuserroles_association", "roles", role_id)

    def remove_role(self, user_id: str, role_id: str) -> None:
        """Remove a role from a user."""
        self._environment.dissociate("systemusers", user_id, "systemuserroles_association", "roles", role_id)

    def remove_all_roles(self, user: ApplicationUser) -> None:
        """Remove every role from a user that will be deleted or left disabled.

        The roles of a disabled user cannot be removed in most environments, so it is enabled meanwhile.
        """
        try:
            self._remove_roles(user)
        except CallFailed as failed:
            if not (user.disabled and failed.has_code(USER_DISABLED)):
                raise
            self.enable(user)
            self._remove_roles(user)
            self.disable(user)

    def _remove_roles(self, user: ApplicationUser) -> None:
        for role in user.roles:
            self.remove_role(user.user_id, role.role_id)

    def _make_room(self, application_id: str, refused: list[CallFailed], failed: CallFailed) -> ApplicationUser | None:
        """After a collision: return the user if it exists, else purge soft-deleted rows, once."""
        rows = self._rows(application_id)
        live = [row for row in rows if not row.get("deletedstate")]
        if live:
            return _application_user(live[0])
        if refused and refused[-1].has_code(*_TAKEN):
            raise failed
        for row in rows:
            self._environment.delete("systemusers", row["systemuserid"])
        refused.append(failed)
        return None

    def _set_disabled(self, user: ApplicationUser, disabled: bool) -> None:
        # The application id is repeated, as in Microsoft's own provider.
        values = {"isdisabled": disabled, "applicationid": user.application_id}
        self._environment.update("systemusers", user.user_id, values)

    def _business_unit(self, condition: str) -> BusinessUnit:
        rows = self._environment.list("businessunits", select=("businessunitid", "name"), filter=condition)
        if len(rows) != 1:
            raise CallFailed(
                f"{self._environment.address.host} shows {len(rows)} root business units instead of one: "
                "check that the runner may read business units of the whole organization.",
                request="GET businessunits",
            )
        return BusinessUnit(rows[0]["businessunitid"].lower(), rows[0]["name"])

    def _rows(self, application_id: str) -> list[dict[str, Any]]:
        columns = (
            "systemuserid,applicationid,fullname,domainname,internalemailaddress,isdisabled,deletedstate,"
            "azureactivedirectoryobjectid,_businessunitid_value"
        )
        options = {
            "$select": columns,
            "$expand": HELD_ROLES,
            "$filter": f"applicationid eq {application_id}",
        }
        return [*self._environment.rows("systemusers" + query(options))]


def _application_user(row: dict[str, Any]) -> ApplicationUser:
    return ApplicationUser(
        user_id=row["systemuserid"].lower(),
        application_id=row["applicationid"].lower(),
        disabled=bool(row["isdisabled"]),
        business_unit_id=row["_businessunitid_value"].lower(),
        full_name=row.get("fullname"),
        user_name=row.get("domainname"),
        email=row.get("internalemailaddress"),
        service_principal_id=row.get("azureactivedirectoryobjectid"),
        roles=tuple(HeldRole.from_row(role) for role in row.get("systemuserroles_association") or []),
    )
