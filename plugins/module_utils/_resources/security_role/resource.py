# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The privileges of a security role, and of the companion role that carries them if the role may not be edited.

Privileges are edited on the role's copy in the root business unit; the platform copies them to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..._desired_state.plan import Plan
from ..._rules.access_levels import AccessLevel, access_level
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID
from ..._rules.privilege_names import ACCESS_RIGHTS, privilege_name
from ..._services.environment.client import EnvironmentClient
from ..._services.environment.roles import DIRECT_USER_AND_TEAM, TEAM_ONLY, Roles, SecurityRole
from ..._services.environment.settings import blocks_unmanaged_customizations
from ..solution.package import PendingRoles, no_coming_roles
from .companion_role import CompanionRole
from .companion_solution import CompanionSolution, is_brought_by_companion_solution
from .privilege_levels import Carrier, Levels, lacking, surplus

FAIL, COMPANION, COMPANION_SOLUTION = "fail", "companion", "companion_solution"
"""What to do about a locked role that lacks privileges."""

INHERITANCE = {"direct_user_and_team": DIRECT_USER_AND_TEAM, "team_only": TEAM_ONLY}

OPTIONS: dict[str, dict[str, Any]] = {
    "role": {"type": "str", "required": True},
    "privileges": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str"},
            "table": {"type": "str"},
            "access": {"type": "list", "elements": "str", "choices": list(ACCESS_RIGHTS)},
            "level": {"type": "str", "required": True},
        },
        "required_one_of": [("name", "table")],
        "mutually_exclusive": [("name", "table"), ("name", "access")],
        "required_together": [("table", "access")],
    },
    "mode": {"type": "str", "choices": ["at_least", "exact"], "default": "at_least"},
    "member_privilege_inheritance": {"type": "str", "choices": list(INHERITANCE)},
    "on_locked": {"type": "str", "choices": [FAIL, COMPANION, COMPANION_SOLUTION], "default": FAIL},
    "companion_role": {"type": "str"},
    "import_timeout": {"type": "int", "default": 3600},
}
"""The options of a role's privileges, also inside the plan of a whole environment."""


def companion_name(options: Mapping[str, Any]) -> str:
    """Return the name of the companion role. Raises InvalidInput when it is the role's own."""
    role, companion = str(options["role"]), str(options["companion_role"] or f"{options['role']} (companion)")
    if companion.lower() == role.lower():
        raise InvalidInput(f"companion_role {companion!r} is the role itself: give the companion a name of its own.")
    return companion


@dataclass(frozen=True)
class DesiredPrivileges:
    """What the caller asks for. `inheritance` None leaves it alone.

    `on_locked` says what to do if the role may not be edited, `companion` is the name of the second role then, and
    `import_timeout` how long the import of its solution may take, in seconds. `pending_roles` gives the roles that do
    not exist yet but will before this is executed.
    """

    role: str
    privileges: Levels
    exact: bool = False
    inheritance: int | None = None
    on_locked: str = FAIL
    companion: str = ""
    import_timeout: float = 3600.0
    pending_roles: PendingRoles = no_coming_roles

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], pending_roles: PendingRoles = no_coming_roles
    ) -> DesiredPrivileges:
        """Read the options of OPTIONS. Raises InvalidInput."""
        privileges: dict[str, AccessLevel] = {}
        for item in options["privileges"]:
            level = access_level(item["level"], "privileges.level")
            names = [item["name"]] if item.get("name") else [privilege_name(item["table"], r) for r in item["access"]]
            for name in names:
                # If a privilege is named twice, the wider level counts, as in a table of rights where one line applies
                # to all tables.
                privileges[name.lower()] = max(level, privileges.get(name.lower(), level))
        inheritance = options["member_privilege_inheritance"]
        return cls(
            role=options["role"],
            privileges=privileges,
            exact=options["mode"] == "exact",
            inheritance=INHERITANCE[inheritance] if inheritance else None,
            on_locked=options["on_locked"],
            companion=companion_name(options),
            import_timeout=float(options["import_timeout"]),
            pending_roles=pending_roles,
        )


class RolePrivilegesResource:
    """Plans the privileges of one security role."""

    def __init__(
        self,
        environment: EnvironmentClient,
        wanted: DesiredPrivileges,
        roles: Roles | None = None,
        report_progress: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """`roles` may be shared with other resources that are planned at the same time.

        `report_progress` is given a sentence about the progress of an import now and then.
        """
        self._environment = environment
        self._roles = roles or Roles(environment)
        self._wanted = wanted
        self._role: SecurityRole | None = None
        self._report_progress = report_progress
        self._companion: CompanionRole | CompanionSolution | None = None
        self._after: dict[str, AccessLevel] = {}

    @property
    def roles_to_assign(self) -> list[str]:
        """The names of the roles that together carry the desired privileges; known after `plan`."""
        return [self._wanted.role, *([self._wanted.companion] if self._companion else [])]

    def plan(self) -> Plan:
        """Plan the privileges, and how members of a team inherit them."""
        wanted = self._wanted
        # Both in one request, even if the second is not needed: only the first one shows that.
        found = self._roles.root_copies([wanted.role, *([] if wanted.on_locked == FAIL else [wanted.companion])])
        self._role = found.get(wanted.role.lower())
        if self._role is None:
            return self._plan_coming()
        if self._roles.is_foreign(wanted.role, self._role):
            self._refuse_in_the_way(self._role)
        return self._plan_found(self._role)

    def _plan_found(self, role: SecurityRole) -> Plan:
        """Plan an existing role."""
        held = self._roles.privileges_of(role.role_id)
        levels = {name: level for name, (_id, level) in held.items()}
        plan = self._plan_role(role, levels, {name: each for name, (each, _level) in held.items()})
        if role.name.lower() != self._wanted.role.lower():
            plan.warnings.append(
                f"The security role {self._wanted.role!r} of the package is named {role.name!r} in "
                f"{self._environment.address.host}: it is used under that name."
            )
        return plan

    def _refuse_in_the_way(self, role: SecurityRole) -> None:
        """Refuse a role that has the package's name but is not the package's role, if the package is to be imported."""
        if self._wanted.role.lower() in self._wanted.pending_roles():
            raise InvalidInput(
                f"{self._environment.address.host} has a security role of its own that is named {role.name!r} "
                f"({role.root_id}), which the package's role cannot overwrite: rename or delete it."
            )

    def state(self) -> dict[str, Any]:
        """Return the role and its requested privileges, with the names of the roles to assign."""
        role = self._role
        return {
            "role": {
                "roleid": role.role_id if role else NIL_GUID,
                "name": role.name if role else self._wanted.role,
                "ismanaged": role.managed if role else True,
                "iscustomizable": role.customizable if role else True,
                "privileges": {name: level.api_name for name, level in sorted(self._after.items())},
            },
            "companion_role": self._companion.state() if self._companion else {},
            "roles_to_assign": self.roles_to_assign,
        }

    def _plan_role(self, role: SecurityRole, levels: Levels, ids: Mapping[str, str]) -> Plan:
        """Plan a role as its managed properties and the environment allow."""
        if role.managed and not role.customizable:
            return self._plan_locked(role, levels, blocked=False)
        # The environment is asked only if there is something that it could refuse.
        if self._differs(role, levels) and self._takes_no_edits:
            return self._plan_locked(role, levels, blocked=True)
        return self._plan_open(role, levels, ids)

    def _differs(self, role: SecurityRole, levels: Levels) -> bool:
        wanted = self._wanted
        narrower = wanted.exact and any(levels.get(name, level) > level for name, level in wanted.privileges.items())
        return bool(
            lacking(wanted.privileges, levels)
            or narrower
            or self._surplus(levels)
            or wanted.inheritance not in (None, role.inherited)
        )

    @cached_property
    def _takes_no_edits(self) -> bool:
        """Say whether the environment blocks unmanaged customizations.

        If that cannot be read, it counts as blocked for a caller that requests the companion solution.
        """
        blocks = blocks_unmanaged_customizations(self._environment)
        return self._wanted.on_locked == COMPANION_SOLUTION if blocks is None else blocks

    def _plan_open(self, role: SecurityRole, levels: Levels, ids: Mapping[str, str]) -> Plan:
        """Plan a role that can be edited."""
        plan = Plan()
        wanted = self._wanted
        different = Carrier(
            roles=self._roles,
            host=self._environment.address.host,
            path="role.privileges",
            held=levels,
            ids=ids,
            role_id=lambda: role.role_id,
        ).plan(plan, wanted.privileges, exact=wanted.exact)
        if wanted.inheritance is not None:
            inheritance = wanted.inheritance
            plan.add(
                "role.isinherited",
                role.inherited,
                inheritance,
                lambda: self._roles.set_inheritance(role.role_id, inheritance),
            )
        self._after = {name: different.get(name, levels.get(name, level)) for name, level in wanted.privileges.items()}
        return plan

    def _plan_locked(self, role: SecurityRole, levels: Levels, *, blocked: bool) -> Plan:
        """Plan what a locked role lacks: it fails, or a companion role carries exactly that.

        `blocked` says that the environment refuses edits, not the role's own managed property.
        """
        plan = Plan()
        wanted, host = self._wanted, self._environment.address.host
        # A companion can extend the locked role, never narrow it: privileges of roles add up.
        needed = lacking(wanted.privileges, levels)
        wider = [name for name, level in wanted.privileges.items() if levels.get(name, -1) > level]
        if wanted.exact and (wider or self._surplus(levels)):
            plan.warnings.append(
                f"role {wanted.role!r} cannot be edited in {host}, so the privileges that mode exact would remove stay."
            )
        if wanted.inheritance not in (None, role.inherited):
            plan.warnings.append(
                f"role {wanted.role!r} cannot be edited in {host}, so its member_privilege_inheritance stays."
            )
        self._after = {**{name: levels[name] for name in wanted.privileges if name in levels}, **needed}
        if not needed:
            return plan
        if wanted.on_locked == FAIL:
            raise InvalidInput(self._sentence_where_locked(needed, blocked=blocked))
        inheritance = DIRECT_USER_AND_TEAM if wanted.inheritance is None else wanted.inheritance
        companion = self._plan_companion(needed, inheritance)
        # The plan itself is returned, because its execution adds warnings.
        companion.warnings[:0] = plan.warnings
        return companion

    def _plan_companion(self, needed: Levels, inheritance: int) -> Plan:
        """Plan the role that carries the needed privileges: a managed solution brings it if no unmanaged role can be
        created."""
        wanted, host = self._wanted, self._environment.address.host
        there = self._roles.root_copy(wanted.companion)
        if self._is_for_solution(there):
            solution = CompanionSolution(
                self._environment, self._roles, wanted.companion, wanted.import_timeout, self._report_progress
            )
            self._companion = solution
            return solution.plan(needed, inheritance=inheritance)
        role = CompanionRole(self._environment, self._roles, wanted.companion)
        self._companion = role
        plan = role.plan(needed, exact=wanted.exact, inheritance=inheritance)
        if len(plan) and self._takes_no_edits:
            raise InvalidInput(
                f"companion_role {wanted.companion!r} is an unmanaged role in {host}, which blocks unmanaged "
                "customizations, so the missing privileges cannot be added to it: choose another name for the "
                "companion role, or turn that setting off in the Power Platform admin center, run again, and turn it "
                "on again."
            )
        return plan

    def _is_for_solution(self, there: SecurityRole | None) -> bool:
        """Say whether a solution brings the companion role; an existing role keeps its kind."""
        if self._wanted.on_locked == COMPANION_SOLUTION:
            return True
        if there is None:
            return self._takes_no_edits
        return is_brought_by_companion_solution(there, self._wanted.companion)

    def _plan_coming(self) -> Plan:
        """Plan a role that a package will bring, from the package's description."""
        packaged = self._wanted.pending_roles().get(self._wanted.role.lower())
        if packaged is None:
            raise InvalidInput(self._sentence_without_role())
        wanted = DIRECT_USER_AND_TEAM if self._wanted.inheritance is None else self._wanted.inheritance
        coming = SecurityRole(
            role_id=packaged.role_id or NIL_GUID,
            name=packaged.name,
            business_unit_id=NIL_GUID,
            managed=True,
            customizable=packaged.customizable,
            # What the package does not say is predicted as no change; the run will show.
            inherited=wanted if packaged.inherited is None else packaged.inherited,
        )
        plan = self._plan_role(coming, packaged.privileges, dict.fromkeys(packaged.privileges, NIL_GUID))
        plan.preview_only(f"The security role {packaged.name!r} comes with a solution that is not imported yet.")
        return plan

    def _sentence_where_locked(self, needed: Levels, *, blocked: bool) -> str:
        role, missing = self._wanted.role, ", ".join(sorted(needed))
        if blocked:
            return (
                f"role {role!r} lacks {missing}, but {self._environment.address.host} blocks unmanaged customizations: "
                "set on_locked to companion_solution to add them in a second role from a managed solution, or turn "
                "that setting off in the Power Platform admin center."
            )
        return (
            f"role {role!r} is locked by its managed solution and lacks {missing}: set on_locked to companion to add "
            "them in a second role."
        )

    def _sentence_without_role(self) -> str:
        host, role = self._environment.address.host, self._wanted.role
        if self._roles.is_packaged(role):
            return (
                f"role {role!r} does not exist in {host}, although the solution that brings it is installed: remove "
                "the solution, and run again to import it with its role."
            )
        return f"role {role!r} does not exist in {host}: correct the name, or import the solution that brings it first."

    def _surplus(self, levels: Levels) -> list[str]:
        """The privileges to remove, which only exact mode does."""
        return surplus(self._wanted.privileges, levels) if self._wanted.exact else []
