# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copies of security roles that a user holds, and those that it can hold: of its own business unit.

Copies are distinguished by their ids: if business units are modern, a user may hold several copies of one role.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._desired_state.plan import Plan
from ..._rules.errors import InvalidInput
from ..._services.environment.roles import HeldRole, Roles, SecurityRole
from ..solution.package import PendingRoles


@dataclass(frozen=True)
class RoleChange:
    """The changes to a user's roles: the names of those it lacks, and the copies to remove."""

    held: tuple[HeldRole, ...]
    missing: tuple[str, ...]
    surplus: tuple[HeldRole, ...]

    @property
    def before(self) -> list[str]:
        """The names of the roles that are held, a name for each copy."""
        return names_of(self.held)

    @property
    def after(self) -> list[str]:
        """The names of the roles that will be held."""
        return sorted([*names_of(self.kept), *self.missing])

    @property
    def kept(self) -> tuple[HeldRole, ...]:
        """The copies that stay."""
        return tuple(role for role in self.held if role not in self.surplus)


def change_of_roles(roles: Roles, held: tuple[HeldRole, ...], asked: Sequence[str], *, exact: bool) -> RoleChange:
    """Compare the roles that are `held` with those `asked` for: all others are surplus if `exact`."""
    spellings = {name.lower(): name for name in asked}
    found = {name: roles.held(name, held) for name in spellings.values()}
    kept = {role.root_id for role in found.values() if role is not None}
    surplus = tuple(role for role in held if exact and role.root_id not in kept)
    return RoleChange(held, tuple(name for name, role in found.items() if role is None), surplus)


def copies_of(held: tuple[HeldRole, ...], names: Sequence[str], roles: Roles) -> tuple[HeldRole, ...]:
    """Return every copy that is `held` of the roles of these names."""
    asked = {name.lower() for name in names}
    roots = {role.root_id for name in names for role in [roles.held(name, held)] if role is not None}
    return tuple(role for role in held if role.root_id in roots or role.name.lower() in asked)


def names_of(roles: Iterable[HeldRole]) -> list[str]:
    """Return the names of roles, sorted, a name for each copy."""
    return sorted(role.name for role in roles)


def shown_roles(roles: Iterable[HeldRole]) -> list[dict[str, Any]]:
    """Return roles as a module returns them."""
    ordered = sorted(roles, key=lambda role: (role.name, role.role_id))
    return [{"name": role.name, "roleid": role.role_id} for role in ordered]


def held_after(copies: Mapping[str, SecurityRole], kept: Iterable[HeldRole]) -> tuple[HeldRole, ...]:
    """Return the roles that a user holds after `copies` were assigned beside those `kept`."""
    new = [HeldRole(role.role_id, role.name, role.root_id) for role in copies.values()]
    return tuple({role.role_id: role for role in [*kept, *new]}.values())


def copies_to_assign(
    names: Sequence[str], found: Mapping[str, SecurityRole], pending_roles: PendingRoles, host: str, plan: Plan
) -> dict[str, SecurityRole]:
    """Return the role copies to assign, by name, out of the copies that were `found`.

    A role that does not exist but comes with a package makes the plan preview-only. Raises InvalidInput for any other.
    """
    unknown = [name for name in names if name.lower() not in found]
    coming = pending_roles() if unknown else {}
    for name in unknown:
        if name.lower() not in coming:
            raise InvalidInput(
                f"roles names {name!r}, but {host} has no such security role in the user's business unit: correct "
                "the name, or import the solution that brings it first."
            )
        plan.preview_only(f"The security role {name!r} comes with a solution that is not imported yet.")
    return {name: found[name.lower()] for name in names if name.lower() in found}
