# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a member of an environment is and may do there, whichever way its privileges came to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..._rules.access_levels import AccessLevel
from ..._rules.odata import query, text_literal
from .client import EnvironmentClient
from .roles import read_privileges

_COLUMNS = {
    "$select": "systemuserid,isdisabled,islicensed,deletedstate,domainname,_businessunitid_value",
    "$expand": "systemuserroles_association($select=roleid,name)",
}


@dataclass(frozen=True)
class Member:
    """A user of the environment. C(roles) are the names of those it holds directly; teams may give it others."""

    user_id: str
    business_unit_id: str
    disabled: bool
    licensed: bool
    roles: tuple[str, ...]


class Members:
    """Looks at the users of one environment."""

    def __init__(self, environment: EnvironmentClient) -> None:
        self._environment = environment

    def by_id(self, user_id: str) -> Member:
        """Return a user by its id."""
        return _member(self._environment.get(f"systemusers({user_id}){query(_COLUMNS)}"))

    def of_person(self, user_name: str) -> Member | None:
        """Return the user that a person is, by the name of its account, or None."""
        options = {**_COLUMNS, "$filter": f"domainname eq {text_literal(user_name)}"}
        live = [row for row in self._environment.rows("systemusers" + query(options)) if not row.get("deletedstate")]
        return _member(live[0]) if live else None

    def privileges_of(self, user_id: str) -> dict[str, AccessLevel]:
        """Return what a user may do by all its roles together, by the privileges' names in lower case."""
        answer = self._environment.get(f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges")
        return {name: level for name, (_id, level) in read_privileges(answer).items()}


def _member(row: dict[str, Any]) -> Member:
    return Member(
        user_id=str(row["systemuserid"]).lower(),
        business_unit_id=str(row["_businessunitid_value"]).lower(),
        disabled=bool(row.get("isdisabled")),
        licensed=bool(row.get("islicensed")),
        roles=tuple(sorted(role["name"] for role in row.get("systemuserroles_association") or [])),
    )
