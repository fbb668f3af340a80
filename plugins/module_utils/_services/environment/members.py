# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A member of an environment, and its privileges from any source."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..._rules.access_levels import AccessLevel
from ..._rules.guids import is_guid
from ..._rules.odata import query
from ..._transport.errors import CallFailed
from .client import EnvironmentClient
from .roles import Roles, read_privileges


@dataclass(frozen=True)
class Member:
    """A user of the environment. `roles` are the names of those it holds directly; teams may give it others."""

    user_id: str
    business_unit_id: str
    roles: tuple[str, ...]


class Members:
    """Reads the users of one environment."""

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
        """Return which of the privileges `names` a user has by all its roles and teams, by name in lower case.

        Raises CallFailed.
        """
        try:
            held = self._set_by_names(user_id, names)
        except CallFailed as failed:
            if failed.status not in (400, 404):
                raise
            # Not every environment knows the function, or every name. What comes through a team is Basic here.
            path = f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges"
            held = _levels(self._environment.get(path))
        if held and all(is_guid(name) for name in held):
            # Environments before 9.2 leave the names out.
            known = Roles(self._environment).known_privileges(names)
            return {name: held[each.privilege_id] for name, each in known.items() if each.privilege_id in held}
        return held

    def _set_by_names(self, user_id: str, names: list[str]) -> dict[str, AccessLevel]:
        held: dict[str, AccessLevel] = {}
        spelled = [self._spelled(name) for name in names]
        # In batches, so that the URL stays well below its limit.
        for start in range(0, len(spelled), 40):
            function = "Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames(PrivilegeNames=@p)"
            given = query({"@p": json.dumps(spelled[start : start + 40])})
            held.update(_levels(self._environment.get(f"systemusers({user_id})/{function}{given}")))
        return held

    def _spelled(self, name: str) -> str:
        """A privilege's name as the environment spells it, if that was read before."""
        known = self._environment.recall("privilege", name.lower())
        return str(known[1]) if known else name


def _levels(answer: dict[str, Any]) -> dict[str, AccessLevel]:
    return {name: level for name, (_id, level) in read_privileges(answer).items()}
