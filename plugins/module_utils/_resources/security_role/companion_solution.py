# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The companion role that a managed solution brings, for an environment in which no role can be created or edited.

The solution's package is built here and imported like any other one. The role has exactly the requested privileges: a
change of privileges makes another package with a higher version, which is imported as an upgrade.

Source: Power Platform, "Block unmanaged customizations in Dataverse environments": what a managed solution brings is
no unmanaged customization.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..._desired_state.plan import Plan
from ..._rules.access_levels import AccessLevel
from ..._rules.companion_package import CompanionPackage, companion_role_id, companion_unique_name
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID
from ..._rules.solution_package import SolutionPackage
from ..._services.environment.client import EnvironmentClient
from ..._services.environment.roles import IMMOVABLE, RoleHolder, Roles, SecurityRole
from ..._services.environment.runner import privileges_missing
from ..._services.environment.solutions import HOLDING_SUFFIX, Solution, Solutions
from ..._services.environment.users import Users
from ..._transport.errors import CallFailed
from ..solution.options import DesiredSolution
from ..solution.resource import SolutionResource
from .privilege_levels import Levels, lacking, resolve, shown

IMPORT_RIGHT = "prvImportCustomization"
_REMOVE_RIGHT = "prvDeleteSolution"

ReportProgress = Callable[[str], None]


def is_brought_by_companion_solution(role: SecurityRole, name: str) -> bool:
    """Say whether a role is the one that the companion solution for this `name` brings."""
    return role.managed and role.root_id == companion_role_id(name)


class CompanionSolution:
    """Plans the managed solution that brings a companion role."""

    def __init__(
        self,
        environment: EnvironmentClient,
        roles: Roles,
        name: str,
        import_timeout: float,
        report_progress: ReportProgress = lambda sentence: None,
    ) -> None:
        """`name` is the companion role's; `import_timeout` is in seconds."""
        self._environment = environment
        self._host = environment.address.host
        self._roles = roles
        self._name = name
        self._import_timeout = import_timeout
        self._report_progress = report_progress
        self._role_id = NIL_GUID

    def plan(self, needed: Levels, *, inheritance: int) -> Plan:
        """Plan a solution that brings the role with just the privileges `needed`. Raises InvalidInput.

        `inheritance` is how members of a team get them.
        """
        role = self._roles.root_copy(self._name)
        self._refuse_other(role)
        asked = CompanionPackage(self._name, needed, inheritance)
        found = Solutions(self._environment).named([asked.unique_name, asked.unique_name + HOLDING_SUFFIX])
        installed = found.get(asked.unique_name.lower())
        pending = found.get((asked.unique_name + HOLDING_SUFFIX).lower())
        held: dict[str, AccessLevel] = {}
        if role is not None:
            self._role_id = role.role_id
            held = {name: level for name, (_id, level) in self._roles.privileges_of(role.role_id).items()}
        plan = Plan()
        as_asked = all(held.get(name) == level for name, level in needed.items())
        if as_asked and installed and not pending and asked.is_content_of(installed.version):
            return plan
        names, _ids = resolve(self._roles, self._host, needed)
        spelled = CompanionPackage(self._name, {names[name]: level for name, level in needed.items()}, inheritance)
        package, resources = self._steps(spelled, installed, pending)
        first = resources[0].plan()
        plan.warnings += first.warnings
        plan.blockers += rights_lacking(self._environment, IMPORT_RIGHT)

        def apply() -> None:
            first.execute()
            # The steps after the removal of a pending upgrade cannot be planned while it exists.
            later = [resource.plan() for resource in resources[1:]]
            for step in later:
                step.execute()
            seen = [warning for step in (first, *later) for warning in step.warnings]
            plan.warnings += [warning for warning in seen if warning not in plan.warnings]
            self._read_back(asked)

        touched = [name for name in sorted({*needed, *held} - IMMOVABLE) if held.get(name) != needed.get(name)]
        levels_before, levels_after = (
            {names.get(name, name): shown(levels.get(name)) for name in touched} for levels in (held, needed)
        )
        after: dict[str, Any] = {"version": str(package.version), "privileges": levels_after}
        if installed is None:
            identity = {"uniquename": asked.unique_name, "ismanaged": True, "role": self._name}
            plan.add("companion_solution", None, {**identity, "isinherited": inheritance, **after}, apply)
        else:
            before = {"version": str(installed.version), "privileges": levels_before}
            plan.add("companion_solution", before, after, apply)
        return plan

    def state(self) -> dict[str, Any]:
        """Return the companion role, as it is now or as planned."""
        return {"roleid": self._role_id, "name": self._name}

    def _refuse_other(self, role: SecurityRole | None) -> None:
        """Refuse another role of this name, which the solution's role cannot overwrite."""
        if role is None or is_brought_by_companion_solution(role, self._name):
            return
        if role.managed:
            raise InvalidInput(
                f"companion_role {self._name!r} belongs to a managed solution in {self._host}: choose another name for "
                "the companion role."
            )
        raise InvalidInput(
            f"companion_role {self._name!r} is an unmanaged role in {self._host}, which the companion solution cannot "
            "overwrite: set on_locked to companion to keep using that role, or choose another name for the companion "
            "role."
        )

    def _steps(
        self, asked: CompanionPackage, installed: Solution | None, pending: Solution | None
    ) -> tuple[SolutionPackage, list[SolutionResource]]:
        """Return the package, and the steps for the solutions in order.

        An upgrade that was imported but never applied is applied if it is the requested one, and otherwise removed.
        """
        version = asked.version_after(installed.version if installed else None)
        goes_on = installed is not None and pending is not None and asked.is_content_of(pending.version)
        if goes_on and pending is not None:
            version = pending.version
        origin = f"The companion solution {asked.unique_name}"
        package = SolutionPackage.read(asked.content(version), origin)
        wanted = DesiredSolution(
            unique_name=asked.unique_name,
            package=package,
            origin=origin,
            roles=(asked.role_name,),
            upgrade=True,
            overwrite=True,
            publish_workflows=False,
            import_timeout=self._import_timeout,
        )
        bring = SolutionResource(self._environment, wanted, self._report_progress)
        if pending is None or goes_on:
            return package, [bring]
        gone = DesiredSolution(pending.unique_name, present=False, import_timeout=self._import_timeout)
        return package, [SolutionResource(self._environment, gone, self._report_progress), bring]

    def _read_back(self, asked: CompanionPackage) -> None:
        """Check that the role has the package's privileges. Raises CallFailed if it does not."""
        self._role_id = asked.role_id
        held = self._roles.privileges_of(asked.role_id)
        missing = lacking(asked.privileges, {name: level for name, (_id, level) in held.items()})
        if missing:
            raise CallFailed(
                f"{self._host} imported the companion solution {asked.unique_name}, but its role lacks "
                f"{', '.join(sorted(missing))}: remove the companion role (state absent), and run again.",
                request="GET RetrieveRolePrivilegesRole",
            )


class CompanionSolutionRemoval:
    """Plans to remove the companion solution: its role is removed from its holders, then it is uninstalled."""

    def __init__(
        self,
        environment: EnvironmentClient,
        name: str,
        import_timeout: float,
        report_progress: ReportProgress = lambda sentence: None,
    ) -> None:
        """`name` is the companion role's; `import_timeout` is in seconds."""
        self._environment = environment
        self._name = name
        wanted = DesiredSolution(companion_unique_name(name), present=False, import_timeout=import_timeout)
        self._solution = SolutionResource(environment, wanted, report_progress)

    def plan(self, holders: Sequence[RoleHolder], forget: Callable[[], None] = lambda: None) -> Plan:
        """Plan the removal, which first removes the role from its `holders`; nothing if it is not installed.

        `forget` is called when it is done.
        """
        plan = Plan()
        removal = self._solution.plan()
        if not len(removal):
            return plan
        plan.blockers += rights_lacking(self._environment, _REMOVE_RIGHT)
        plan.warnings += removal.warnings
        solution = self._solution.state()["solution"]

        def apply() -> None:
            users = Users(self._environment)
            for holder in holders:
                users.remove_role(holder.holder_id, holder.copy_id)
            removal.execute()
            forget()

        before = {
            **{column: solution[column] for column in ("uniquename", "version") if column in solution},
            "role": self._name,
            "held_by": sorted(holder.name for holder in holders),
        }
        plan.add("companion_solution", before, None, apply)
        return plan


def rights_lacking(environment: EnvironmentClient, *names: str) -> list[str]:
    """Return a sentence for each of the privileges of these `names` that the runner lacks."""
    needed = dict.fromkeys(names, AccessLevel.GLOBAL)
    return [environment.lacks(name) for name in privileges_missing(environment, needed)]
