# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requested privileges, looked up in an environment before anything is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..._desired_state.plan import Plan
from ..._rules.access_levels import AccessLevel
from ..._rules.errors import InvalidInput
from ..._services.environment.roles import IMMOVABLE, Roles

Levels = Mapping[str, AccessLevel]
"""Access levels by the privilege's name in lower case."""


def lacking(wanted: Levels, held: Levels) -> dict[str, AccessLevel]:
    """Return the desired privileges that are missing or held at a narrower level."""
    return {name: level for name, level in wanted.items() if held.get(name, -1) < level}


def resolve(roles: Roles, host: str, asked: Levels) -> tuple[dict[str, str], dict[str, str]]:
    """Return the proper names and the ids of privileges, after checking that each may have its level.

    Raises InvalidInput naming what `host` does not know, or does not allow.
    """
    known = roles.known_privileges(sorted(asked)) if asked else {}
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise InvalidInput(
            f"privileges names {_listed(unknown)}, which {host} does not know: "
            "correct the table or the name, or install the app that brings the table."
        )
    for name, level in asked.items():
        if level not in known[name].levels:
            allowed = _listed(each.api_name for each in sorted(known[name].levels))
            raise InvalidInput(
                f"privileges asks for {known[name].name} at level {level.api_name}, but this privilege can only "
                f"have {allowed}: change its level."
            )
    names = {name: privilege.name for name, privilege in known.items()}
    return names, {name: privilege.privilege_id for name, privilege in known.items()}


def surplus(wanted: Levels, held: Levels) -> list[str]:
    """Return the privileges that exact mode removes: never those of the platform's baseline."""
    return sorted(name for name in held if name not in wanted and name not in IMMOVABLE)


@dataclass(frozen=True)
class Carrier:
    """A role whose privileges are planned. Its id is asked for when it is changed, as it may not exist before."""

    roles: Roles
    host: str
    path: str
    held: Levels
    ids: Mapping[str, str]
    role_id: Callable[[], str]

    def plan(self, plan: Plan, wanted: Levels, *, exact: bool) -> dict[str, AccessLevel]:
        """Add to a plan that the role gets at least the `wanted` privileges, or (`exact`) no others.

        Return those that it gets. Raises InvalidInput for a privilege that the host does not know or allow.
        """
        different = lacking(wanted, self.held)
        if exact:
            different = {name: level for name, level in wanted.items() if self.held.get(name) != level}
        names, found = resolve(self.roles, self.host, different)
        ids = {**self.ids, **found}

        def apply() -> None:
            if exact:
                # The fixed baseline is included, so that the service leaves nothing out silently.
                kept = {name: level for name, level in self.held.items() if name in IMMOVABLE}
                rows = [(ids[name], level) for name, level in {**kept, **wanted}.items()]
                self.roles.replace_privileges(self.role_id(), rows)
            else:
                give(self.roles, self.role_id(), different, self.held, ids)

        touched = [*different, *(surplus(wanted, self.held) if exact else ())]
        plan.add(
            self.path,
            {names.get(name, name): shown(self.held.get(name)) for name in touched},
            {names.get(name, name): shown(different.get(name)) for name in touched},
            apply,
        )
        return different


def give(roles: Roles, role_id: str, different: Levels, held: Levels, ids: Mapping[str, str]) -> None:
    """Give a role the privileges that are `different` from what it held.

    Adding an existing privilege probably sets the new level, but this is not certain. So in that case the role is read
    back, and all of its privileges are set again if the level did not change.
    """
    roles.add_privileges(role_id, [(ids[name], level) for name, level in different.items()])
    if not any(name in held for name in different):
        return
    now = roles.privileges_of(role_id)
    if lacking(different, {name: level for name, (_id, level) in now.items()}):
        wanted = {**now, **{name: (ids[name], level) for name, level in different.items()}}
        roles.replace_privileges(role_id, [*wanted.values()])


def shown(level: AccessLevel | None) -> str | None:
    """Return a level as a diff shows it."""
    return None if level is None else level.api_name


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
