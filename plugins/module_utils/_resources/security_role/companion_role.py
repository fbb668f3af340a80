# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The companion role: a second role that carries the privileges that a locked role lacks.

Here it is unmanaged, and identified by its name; if the environment blocks unmanaged customizations, a managed solution
brings it. A role of its name that belongs to another managed solution is never touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._desired_state.plan import Plan
from ..._rules.access_levels import AccessLevel
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID
from ..._services.environment.client import EnvironmentClient
from ..._services.environment.roles import RoleHolder, Roles, SecurityRole
from ..._services.environment.settings import blocks_unmanaged_customizations
from ..._services.environment.users import Users
from .companion_solution import CompanionSolutionRemoval, ReportProgress, is_brought_by_companion_solution
from .privilege_levels import Carrier, Levels

REMOVAL_OPTIONS: dict[str, dict[str, Any]] = {
    "held_by": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class CompanionRole:
    """Plans what the companion role carries."""

    def __init__(self, environment: EnvironmentClient, roles: Roles, name: str) -> None:
        self._environment = environment
        self._roles = roles
        self._name = name
        self._role: SecurityRole | None = None

    def plan(self, needed: Levels, *, exact: bool, inheritance: int) -> Plan:
        """Plan a companion with the privileges `needed`, at least those or (`exact`) no others.

        `inheritance` is how members of a team get them. Raises InvalidInput.
        """
        plan = Plan()
        self._role = role = self._roles.root_copy(self._name)
        held: dict[str, tuple[str, AccessLevel]] = {}
        if role is None:
            plan.add("companion_role", None, {"name": self._name}, lambda: self._create(inheritance))
        elif role.managed:
            raise InvalidInput(
                f"companion_role {self._name!r} belongs to a managed solution in {self._environment.address.host}: "
                "choose another name for the companion role."
            )
        else:
            held = self._roles.privileges_of(role.role_id)
        Carrier(
            roles=self._roles,
            host=self._environment.address.host,
            path="companion_role.privileges",
            held={name: level for name, (_id, level) in held.items()},
            ids={name: each for name, (each, _level) in held.items()},
            role_id=lambda: self._role_id,
        ).plan(plan, needed, exact=exact)
        if role is not None:
            plan.add("companion_role.isinherited", role.inherited, inheritance, lambda: self._inherit(inheritance))
        return plan

    def state(self) -> dict[str, Any]:
        """Return the companion role, as it is now or as planned."""
        return {"roleid": self._role.role_id if self._role else NIL_GUID, "name": self._name}

    @property
    def _role_id(self) -> str:
        if self._role is None:
            raise AssertionError("the companion role is made before it is given anything")
        return self._role.role_id

    def _create(self, inheritance: int) -> None:
        unit = Users(self._environment).root_business_unit().business_unit_id
        role_id = self._roles.create(self._name, unit, inheritance)
        self._role = SecurityRole(role_id, self._name, unit, managed=False, customizable=True, inherited=inheritance)

    def _inherit(self, inheritance: int) -> None:
        self._roles.set_inheritance(self._role_id, inheritance)


class CompanionRoleRemoval:
    """Plans to remove the companion role; the role that it accompanies stays unchanged."""

    def __init__(
        self,
        environment: EnvironmentClient,
        name: str,
        held_by: Sequence[str],
        import_timeout: float = 3600.0,
        report_progress: ReportProgress = lambda sentence: None,
    ) -> None:
        """`held_by` are application ids and user names of those who may still hold it.

        `import_timeout` is how long the removal of its solution may take, in seconds, if a solution brought it.
        """
        self._environment = environment
        self._roles = Roles(environment)
        self._name = name
        self._own = {holder.strip().strip("{}").lower() for holder in held_by}
        self._solution = CompanionSolutionRemoval(environment, name, import_timeout, report_progress)
        self._role: SecurityRole | None = None

    def plan(self) -> Plan:
        """Plan the removal, unless the collection did not make the role or others hold it."""
        plan = Plan()
        self._role = role = self._roles.root_copy(self._name)
        if role is None:
            return self._solution.plan([])
        if role.managed and not is_brought_by_companion_solution(role, self._name):
            plan.warnings.append(f"The role {self._name!r} belongs to a managed solution, so it is left as it is.")
            return plan
        holders = self._roles.holders(role.role_id)
        others = [holder for holder in holders if not holder.marks & self._own]
        if others:
            named = ", ".join(sorted(f"{holder.kind} {holder.name!r}" for holder in others))
            plan.warnings.append(
                f"The companion role {self._name!r} is still held by {named}, so it is left as it is: remove it from "
                "them and run again, or keep it."
            )
            return plan
        if role.managed:
            return self._solution.plan(holders, self._forget)
        if blocks_unmanaged_customizations(self._environment):
            plan.warnings.append(
                f"The companion role {self._name!r} is an unmanaged role in {self._environment.address.host}, which "
                "blocks unmanaged customizations, so it is left as it is: turn that setting off in the Power Platform "
                "admin center, run again, and turn it on again."
            )
            return plan
        before = {"name": role.name, "held_by": sorted(holder.name for holder in holders)}
        plan.add("companion_role", before, None, lambda: self._remove(role, holders))
        return plan

    def state(self) -> dict[str, Any]:
        """Return the companion role as it is now, or an empty one."""
        return {"companion_role": {"roleid": self._role.role_id, "name": self._role.name} if self._role else {}}

    def _remove(self, role: SecurityRole, holders: Sequence[RoleHolder]) -> None:
        users = Users(self._environment)
        for holder in holders:
            users.remove_role(holder.holder_id, holder.copy_id)
        self._roles.delete(role.role_id)
        self._forget()

    def _forget(self) -> None:
        self._role = None
