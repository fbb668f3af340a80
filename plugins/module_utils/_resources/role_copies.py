# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copies of security roles that a user can hold: those of its own business unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .._desired_state.plan import Plan
from .._rules.errors import InvalidInput
from .._services.environment.roles import SecurityRole
from .package_source import ComingRoles


def copies_to_assign(
    names: Sequence[str], found: Mapping[str, SecurityRole], coming_roles: ComingRoles, host: str, plan: Plan
) -> dict[str, str]:
    """Return the ids of the role copies to assign, by name, out of the copies that were C(found).

    A role that is not there but will come with a package makes the plan one to show only. Raises InvalidInput for one
    that will not.
    """
    unknown = [name for name in names if name.lower() not in found]
    coming = coming_roles() if unknown else {}
    for name in unknown:
        if name.lower() not in coming:
            raise InvalidInput(
                f"roles names {name!r}, but {host} has no such security role in the user's business unit: correct "
                "the name, or import the solution that brings it first."
            )
        plan.shown_only(f"The security role {name!r} comes with a solution that is yet to be imported.")
    return {name: found[name.lower()].role_id for name in names if name.lower() in found}
