# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application user: an application's identity inside one environment, and the security roles it holds.

The platform writes names, user name and email from the directory if it can, so the caller's values are sent at creation
and never count as drift afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..._desired_state.plan import Plan
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID, guid, is_guid
from ..._services.environment.client import EnvironmentClient
from ..._services.environment.leads import Leads
from ..._services.environment.roles import HeldRole, Roles, SecurityRole
from ..._services.environment.users import ApplicationUser, Users
from ..._transport.errors import TimedOut
from ..solution.package import PendingRoles, no_coming_roles
from .role_copies import RoleChange, change_of_roles, copies_of, copies_to_assign, held_after, names_of, shown_roles

OPTIONS: dict[str, dict[str, Any]] = {
    "application_id": {"type": "str", "required": True},
    "business_unit": {"type": "str"},
    "full_name": {"type": "str"},
    "user_name": {"type": "str"},
    "email": {"type": "str"},
    "roles": {"type": "list", "elements": "str", "default": []},
    "roles_mode": {"type": "str", "choices": ["at_least", "exact"], "default": "at_least"},
    "roles_only": {"type": "bool", "default": False},
    "on_owned_records": {"type": "str", "choices": ["fail", "disable"], "default": "fail"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
"""The options of an application user, also inside the plan of a whole environment."""


@dataclass(frozen=True)
class DesiredApplicationUser:
    """What the caller asks for; None leaves a property alone.

    `names` are firstname, lastname, domainname and internalemailaddress as the service calls them. `pending_roles`
    gives the roles that do not exist yet but will before this is executed.
    """

    application_id: str
    business_unit: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()
    exact_roles: bool = False
    pending_roles: PendingRoles = no_coming_roles
    present: bool = True
    roles_only: bool = False
    keep_owner: bool = False

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], pending_roles: PendingRoles = no_coming_roles
    ) -> DesiredApplicationUser:
        """Read the options of OPTIONS. Raises InvalidInput."""
        names = {
            "lastname": options["full_name"],
            "domainname": options["user_name"],
            "internalemailaddress": options["email"],
        }
        return cls(
            application_id=guid(options["application_id"], "application_id"),
            business_unit=options["business_unit"] or None,
            names={name: value for name, value in names.items() if value},
            roles=tuple(dict.fromkeys(options["roles"])),
            exact_roles=options["roles_mode"] == "exact",
            pending_roles=pending_roles,
            present=options["state"] == "present",
            roles_only=options["roles_only"],
            keep_owner=options["on_owned_records"] == "disable",
        )


class ApplicationUserResource:
    """Plans the application user of one application."""

    def __init__(
        self, environment: EnvironmentClient, wanted: DesiredApplicationUser, roles: Roles | None = None
    ) -> None:
        """`roles` may be shared with other resources that are planned at the same time."""
        self._environment = environment
        self._users = Users(environment)
        self._roles = roles or Roles(environment)
        self._wanted = wanted
        self._user: ApplicationUser | None = None
        self._unit_id = NIL_GUID

    def plan(self) -> Plan:
        """Plan creation, enabling, the business unit and the roles, or the removal."""
        # An application that does not exist yet has no user, and no service knows its id.
        if self._wanted.application_id != NIL_GUID:
            self._user = self._users.application_user(self._wanted.application_id)
        return self._plan_present() if self._wanted.present else self._plan_absent()

    def state(self) -> dict[str, Any]:
        """Return the application user as it is now; an empty one when there is none."""
        user = self._user
        if user is None and not self._wanted.present:
            return {"application_user": {}}
        if user is None:
            user = ApplicationUser(NIL_GUID, self._wanted.application_id, False, self._unit_id)
        return {
            "application_user": {
                "systemuserid": user.user_id,
                "applicationid": user.application_id,
                "azureactivedirectoryobjectid": user.service_principal_id,
                "fullname": user.full_name,
                "domainname": user.user_name,
                "internalemailaddress": user.email,
                "isdisabled": user.disabled,
                "businessunitid": user.business_unit_id,
                "roles": shown_roles(user.roles),
            }
        }

    def _plan_present(self) -> Plan:
        return self._plan_new() if self._user is None else self._plan_existing(self._user)

    def _plan_new(self) -> Plan:
        plan = Plan()
        wanted = self._wanted
        if wanted.application_id == NIL_GUID:
            plan.preview_only(
                "application_id is the nil GUID, which stands for an application that does not exist yet."
            )
        plan.add("application_user", None, {"applicationid": wanted.application_id}, self._create)
        unit_id = self._wanted_unit()
        if unit_id is None:
            # The root copies of the roles also identify the root business unit.
            found = self._roles.root_copies(wanted.roles)
            unit_id = next((role.business_unit_id for role in found.values()), None)
        else:
            found = self._roles.in_business_unit([*wanted.roles], unit_id)
        self._unit_id = unit_id or NIL_GUID
        copies = self._copies(wanted.roles, found, plan)
        plan.add("application_user.roles", [], sorted(wanted.roles), lambda: self._assign(copies))
        return plan

    def _plan_existing(self, user: ApplicationUser) -> Plan:
        plan = Plan()
        self._unit_id = self._wanted_unit() or user.business_unit_id
        plan.add("application_user.isdisabled", user.disabled, False, lambda: self._users.enable(user))
        plan.add("application_user.businessunitid", user.business_unit_id, self._unit_id, self._move)
        change = self._role_change(user)
        copies = self._copies(change.missing, self._roles.in_business_unit(change.missing, self._unit_id), plan)
        plan.add("application_user.roles", change.before, change.after, lambda: self._assign(copies, change.surplus))
        return plan

    def _role_change(self, user: ApplicationUser) -> RoleChange:
        change = change_of_roles(self._roles, user.roles, self._wanted.roles, exact=self._wanted.exact_roles)
        if user.business_unit_id == self._unit_id:
            return change
        # A user that moves loses its roles, so all of them are assigned again, from the new business unit.
        again = {name.lower(): name for name in [*names_of(change.kept), *change.missing]}
        return RoleChange((), tuple(again.values()), ())

    def _plan_absent(self) -> Plan:
        """Plan to delete the user, to remove the given roles, or to disable it if it owns leads."""
        plan = Plan()
        user = self._user
        if user is not None and self._wanted.roles_only:
            change = RoleChange(user.roles, (), copies_of(user.roles, self._wanted.roles, self._roles))
            plan.add("application_user.roles", change.before, change.after, lambda: self._assign({}, change.surplus))
        elif user is not None and Leads(self._environment).owned_by(user.user_id):
            if not self._wanted.keep_owner:
                raise InvalidInput(
                    f"application user {user.application_id} owns leads in {self._environment.address.host}, so it "
                    "cannot be removed: assign them to another user first, or set on_owned_records to disable."
                )
            plan.warnings.append(self._still_owner(user))
            # In this order: the roles of a disabled user cannot be removed.
            plan.add("application_user.roles", names_of(user.roles), [], self._take_roles)
            plan.add("application_user.isdisabled", user.disabled, True, self._disable)
        elif user is not None:
            before = {"applicationid": user.application_id, "roles": names_of(user.roles)}
            plan.add("application_user", before, None, lambda: self._delete(user, plan))
        return plan

    def _still_owner(self, user: ApplicationUser) -> str:
        return (
            f"Application user {user.application_id} owns records in {self._environment.address.host}, so it is "
            "disabled and loses its security roles, but stays: assign its leads to another user and run again to "
            "remove it."
        )

    def _wanted_unit(self) -> str | None:
        """The id of the business unit the caller names, by name or by id."""
        name = self._wanted.business_unit
        if name is None:
            return None
        if is_guid(name):
            return name.lower()
        unit = self._users.business_unit(name)
        if unit is None:
            raise InvalidInput(
                f"business_unit {name!r} does not exist in {self._environment.address.host}: give the name or the id "
                "of one that does, or leave it out to use the root business unit."
            )
        return unit.business_unit_id

    def _copies(self, names: Sequence[str], found: Mapping[str, SecurityRole], plan: Plan) -> dict[str, SecurityRole]:
        """Return the role copies to assign, by name, out of the copies that were `found`."""
        return copies_to_assign(names, found, self._wanted.pending_roles, self._environment.address.host, plan)

    def _create(self) -> None:
        if self._unit_id == NIL_GUID:
            self._unit_id = self._users.root_business_unit().business_unit_id
        self._user = self._users.create_application_user(
            self._wanted.application_id, self._unit_id, dict(self._wanted.names)
        )

    def _move(self) -> None:
        if self._user is not None:
            self._users.move(self._user, self._unit_id)

    def _assign(self, copies: Mapping[str, SecurityRole], surplus: Sequence[HeldRole] = ()) -> None:
        user = self._user
        if user is None:
            raise AssertionError("roles are assigned after the user was made")
        moved = self._wanted.present and user.business_unit_id != self._unit_id
        held = {role.role_id for role in user.roles if not moved}
        for role in copies.values():
            if role.role_id not in held:
                self._users.assign_role(user.user_id, role.role_id)
        for surplus_role in surplus:
            self._users.remove_role(user.user_id, surplus_role.role_id)
        kept = [role for role in user.roles if role not in surplus and not moved]
        roles = held_after(copies, kept)
        unit = self._unit_id if self._wanted.present else user.business_unit_id
        self._user = ApplicationUser(**{**user.__dict__, "roles": roles, "business_unit_id": unit})

    def _take_roles(self) -> None:
        if self._user is not None:
            self._users.remove_all_roles(self._user)
            self._user = replace(self._user, roles=())

    def _disable(self) -> None:
        if self._user is not None:
            self._users.disable(self._user)
            self._user = replace(self._user, disabled=True)

    def _delete(self, user: ApplicationUser, plan: Plan) -> None:
        if not user.disabled:
            # If it owns records it cannot be deleted, and then it must be left without roles.
            self._take_roles()
        try:
            self._users.delete_application_user(user)
        except TimedOut:
            # It owns records other than leads. It is disabled by now.
            if not self._wanted.keep_owner:
                raise
            self._user = replace(self._user or user, disabled=True)
            self._take_roles()
            plan.warnings.append(self._still_owner(user))
            return
        self._user = None
