# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A licensed user of the directory as a user of one environment, and the security roles it holds there.

The platform adds licensed users automatically, but only at their first visit, which is too late for the lead service.
So a user that the environment does not know yet is added through the Power Platform admin API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._desired_state.plan import Plan
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID, is_guid
from ..._services.environment.client import EnvironmentClient
from ..._services.environment.people import NON_INTERACTIVE, READ_WRITE, People, Person
from ..._services.environment.roles import HeldRole, Roles, SecurityRole
from ..._services.environment.users import Users
from ..._services.graph.client import GraphClient
from ..._services.graph.replication import Replication
from ..._services.graph.users import DirectoryUsers
from ..._services.power_platform.client import PowerPlatformClient
from ..._services.power_platform.environments import AdminEnvironments
from ..._transport.waiting import wait_for
from ..solution.package import PendingRoles, no_coming_roles
from .role_copies import RoleChange, change_of_roles, copies_of, copies_to_assign, held_after, shown_roles

OPTIONS: dict[str, dict[str, Any]] = {
    "user": {"type": "str", "required": True},
    "roles": {"type": "list", "elements": "str", "default": []},
    "roles_mode": {"type": "str", "choices": ["at_least", "exact"], "default": "at_least"},
    "sync_timeout": {"type": "int", "default": 600},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
"""The options of a licensed user, also inside the plan of a whole environment."""


@dataclass(frozen=True)
class DesiredEnvironmentUser:
    """What the caller asks for. `user` is an object id or a user principal name; `sync_timeout` is in seconds.

    `pending_roles` gives the roles that do not exist yet but will before this is executed.
    """

    user: str
    roles: tuple[str, ...] = ()
    exact_roles: bool = False
    pending_roles: PendingRoles = no_coming_roles
    present: bool = True
    sync_timeout: float = 600.0

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], pending_roles: PendingRoles = no_coming_roles
    ) -> DesiredEnvironmentUser:
        """Read the options of OPTIONS. Raises InvalidInput."""
        user = options["user"].strip()
        if not (is_guid(user) or "@" in user):
            raise InvalidInput(
                "user must be a user principal name, such as leads@contoso.com, or the object id of a user, not "
                f"{user!r}."
            )
        if options["state"] == "absent" and not options["roles"]:
            raise InvalidInput("roles is empty, but state is absent: name the security roles to remove.")
        return cls(
            user=user.lower() if is_guid(user) else user,
            roles=tuple(dict.fromkeys(options["roles"])),
            exact_roles=options["roles_mode"] == "exact",
            pending_roles=pending_roles,
            present=options["state"] == "present",
            sync_timeout=float(options["sync_timeout"]),
        )


class LicensedUserResource:
    """Plans one person in one environment."""

    def __init__(
        self,
        environment: EnvironmentClient,
        power_platform: PowerPlatformClient,
        graph: GraphClient,
        wanted: DesiredEnvironmentUser,
        roles: Roles | None = None,
    ) -> None:
        """`graph` is asked only for a user that is given by name and not in the environment yet.

        `roles` may be shared with other resources that are planned at the same time.
        """
        self._environment = environment
        self._admin = AdminEnvironments(power_platform)
        self._directory = DirectoryUsers(graph, Replication(0.0))
        self._people = People(environment)
        self._users = Users(environment)
        self._roles = roles or Roles(environment)
        self._wanted = wanted
        self._object_id = wanted.user if is_guid(wanted.user) else NIL_GUID
        self._person: Person | None = None
        self._unit_id = NIL_GUID

    def plan(self) -> Plan:
        """Plan to add the user to the environment, enable it and assign its roles, or to remove these."""
        self._person = self._find()
        if not self._wanted.present:
            return self._plan_absent()
        return self._plan_new() if self._person is None else self._plan_existing(self._person)

    def state(self) -> dict[str, Any]:
        """Return the user as it is in the environment now; an empty one if it does not exist."""
        person = self._person
        if person is None and not self._wanted.present:
            return {"environment_user": {}}
        if person is None:
            name = None if is_guid(self._wanted.user) else self._wanted.user
            person = Person(NIL_GUID, self._object_id, self._unit_id, user_name=name)
        return {
            "environment_user": {
                "systemuserid": person.user_id,
                "azureactivedirectoryobjectid": person.object_id,
                "fullname": person.full_name,
                "domainname": person.user_name,
                "internalemailaddress": person.email,
                "isdisabled": person.disabled,
                "islicensed": person.licensed,
                "accessmode": person.access_mode,
                "businessunitid": person.business_unit_id,
                "roles": shown_roles(person.roles),
            }
        }

    def _find(self) -> Person | None:
        if not is_guid(self._wanted.user):
            return self._people.by_name(self._wanted.user)
        # A user that does not exist yet is in no environment.
        return None if self._object_id == NIL_GUID else self._people.by_object_id(self._object_id)

    def _plan_new(self) -> Plan:
        plan = Plan()
        wanted = self._wanted
        if wanted.user == NIL_GUID:
            plan.preview_only("user is the nil GUID, which stands for a user that does not exist yet.")
        elif not is_guid(wanted.user):
            self._look_up(plan)
        self._check_administration()
        plan.add("environment_user", None, {"user": wanted.user}, self._bring_in)
        # The platform puts people into the root business unit, whose copies of the roles also identify it.
        found = self._roles.root_copies(wanted.roles)
        self._unit_id = next((role.business_unit_id for role in found.values()), NIL_GUID)
        copies = copies_to_assign(wanted.roles, found, wanted.pending_roles, self._environment.address.host, plan)
        plan.add("environment_user.roles", [], sorted(wanted.roles), lambda: self._assign(copies))
        return plan

    def _look_up(self, plan: Plan) -> None:
        """Learn the object id of the user from its name."""
        found = self._directory.by_name(self._wanted.user)
        if found is None:
            sentence = (
                f"user {self._wanted.user} does not exist in the tenant of {self._environment.address.host}: correct "
                "the name, or create the user first."
            )
            plan.preview_only(sentence)
            plan.warnings.append(sentence)
            return
        self._object_id = found.object_id

    def _plan_existing(self, person: Person) -> Plan:
        plan = Plan()
        self._object_id, self._unit_id = person.object_id, person.business_unit_id
        if person.access_mode not in (READ_WRITE, NON_INTERACTIVE):
            plan.warnings.append(
                f"user {person.user_name} has the access mode {person.access_mode} in "
                f"{self._environment.address.host}, which prevents it from writing leads: set it to Read-Write there."
            )
        if person.disabled:
            self._check_administration()
        plan.add("environment_user.isdisabled", person.disabled, False, lambda: self._enable(person))
        change = change_of_roles(self._roles, person.roles, self._wanted.roles, exact=self._wanted.exact_roles)
        found = self._roles.in_business_unit(change.missing, self._unit_id)
        host = self._environment.address.host
        copies = copies_to_assign(change.missing, found, self._wanted.pending_roles, host, plan)
        plan.add("environment_user.roles", change.before, change.after, lambda: self._assign(copies, change.surplus))
        return plan

    def _check_administration(self) -> None:
        """Check that the admin API, which adds the user, knows the caller and the environment.

        Raises CallFailed; before anything is written, because only an administrator can register the caller there.
        """
        self._admin.id_of(self._environment.address)

    def _plan_absent(self) -> Plan:
        plan = Plan()
        person = self._person
        if person is not None:
            change = RoleChange(person.roles, (), copies_of(person.roles, self._wanted.roles, self._roles))
            plan.add("environment_user.roles", change.before, change.after, lambda: self._assign({}, change.surplus))
        return plan

    # --- acts

    def _bring_in(self) -> None:
        self._person = self._synchronized(lambda person: True)

    def _enable(self, person: Person) -> None:
        """The platform disables users without a license, and enables them when one arrives; the rest is done here."""
        seen = self._synchronized(lambda seen: seen.licensed)
        if seen.disabled:
            self._people.enable(seen)
        self._person = replace(seen, disabled=False)

    def _synchronized(self, done: Callable[[Person], bool]) -> Person:
        """Have the environment add the user from the directory, and return it once `done` says so.

        A license takes minutes to take effect there. Raises CallFailed or TimedOut.
        """
        host = self._environment.address.host
        environment_id = self._admin.id_of(self._environment.address)
        license_seen = False

        def look() -> Person | None:
            nonlocal license_seen
            license_seen = license_seen or self._admin.add_user(environment_id, self._object_id)
            return self._people.by_object_id(self._object_id) if license_seen else None

        def describe(_seen: Person | None) -> str:
            if not license_seen:
                return (
                    f"{host} does not know of a license of user {self._wanted.user} yet: make sure that it has one for "
                    "Dynamics 365, then run again or raise sync_timeout."
                )
            return f"user {self._wanted.user} is not synchronized to {host} yet: run again, or raise sync_timeout."

        found = wait_for(
            look,
            lambda seen: seen is not None and done(seen),
            timeout=self._wanted.sync_timeout,
            describe=describe,
            first_pause=1.0,
        )
        if found is None:
            raise AssertionError("waiting ends with a user or an error")
        return found

    def _assign(self, copies: Mapping[str, SecurityRole], surplus: Sequence[HeldRole] = ()) -> None:
        person = self._person
        if person is None:
            raise AssertionError("roles are assigned after the user came in")
        if copies and person.business_unit_id != self._unit_id:
            # It was added to a different business unit than usual.
            found = self._roles.in_business_unit([*copies], person.business_unit_id)
            host = self._environment.address.host
            copies = copies_to_assign([*copies], found, no_coming_roles, host, Plan())
        held = {role.role_id for role in person.roles}
        for role in copies.values():
            if role.role_id not in held:
                self._users.assign_role(person.user_id, role.role_id)
        for surplus_role in surplus:
            self._users.remove_role(person.user_id, surplus_role.role_id)
        kept = [role for role in person.roles if role not in surplus]
        self._person = replace(person, roles=held_after(copies, kept))
