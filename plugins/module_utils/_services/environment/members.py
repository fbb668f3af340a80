# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a member of an environment is and may do there, whichever way its privileges came to it."""

from __future__ import annotations

from dataclasses import dataclass

from ..._rules.access_levels import AccessLevel
from ..._rules.guids import is_guid
from ..._rules.odata import query
from .client import EnvironmentClient
from .roles import Roles, read_privileges


@dataclass(frozen=True)
class Member:
    """A user of the environment. C(roles) are the names of those it holds directly; teams may give it others."""

    user_id: str
    business_unit_id: str
    roles: tuple[str, ...]


class Members:
    """Looks at the users of one environment."""

    def __init__(self, environment: EnvironmentClient) -> None:
        self._environment = environment

    def by_id(self, user_id: str) -> Member:
        """Return a user by its id."""
        options = {
            "$select": "systemuserid,_businessunitid_value",
            "$expand": "systemuserroles_association($select=roleid,name)",
        }
        row = self._environment.get(f"systemusers({user_id}){query(options)}")
        return Member(
            user_id=str(row["systemuserid"]).lower(),
            business_unit_id=str(row["_businessunitid_value"]).lower(),
            roles=tuple(sorted(role["name"] for role in row.get("systemuserroles_association") or [])),
        )

    def privileges_of(self, user_id: str, names: list[str]) -> dict[str, AccessLevel]:
        """Return what a user may do by all its roles together, by the privileges' names in lower case.

        Where the environment leaves the names out, only the privileges of C(names) get theirs.
        """
        answer = self._environment.get(f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges")
        held = {name: level for name, (_id, level) in read_privileges(answer).items()}
        if held and all(is_guid(name) for name in held):
            known = Roles(self._environment).known_privileges(names)
            held.update({name: held[each.privilege_id] for name, each in known.items() if each.privilege_id in held})
        return held
