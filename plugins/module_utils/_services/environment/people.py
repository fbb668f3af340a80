# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""People as users of one environment: the platform creates them from licensed users of the directory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..._rules.odata import query, text_literal
from .client import EnvironmentClient
from .roles import HELD_ROLES, HeldRole

READ_WRITE = 0
"""The access mode of people who may work with rows; the others are for administration, support and the like."""

NON_INTERACTIVE = 4
"""The access mode of accounts that only programs use."""


@dataclass(frozen=True)
class Person:
    """The environment's user for a person of the directory. `object_id` is its id in the directory."""

    user_id: str
    object_id: str
    business_unit_id: str
    disabled: bool = False
    licensed: bool = True
    access_mode: int = READ_WRITE
    full_name: str | None = None
    user_name: str | None = None
    email: str | None = None
    roles: tuple[HeldRole, ...] = ()
    """The copies of roles that it holds directly; several of one role if business units are modern."""


class People:
    """Reads and enables the people of one environment."""

    def __init__(self, environment: EnvironmentClient) -> None:
        self._environment = environment

    def by_object_id(self, object_id: str) -> Person | None:
        """Return the user of a person, by the id in the directory, or None."""
        return self._find(f"azureactivedirectoryobjectid eq {object_id}")

    def by_name(self, user_principal_name: str) -> Person | None:
        """Return the user of a person, by the user principal name, or None."""
        return self._find(f"domainname eq {text_literal(user_principal_name)}")

    def enable(self, person: Person) -> None:
        """Enable a person; the platform allows it only with a license."""
        self._environment.update("systemusers", person.user_id, {"isdisabled": False})

    def _find(self, condition: str) -> Person | None:
        columns = (
            "systemuserid,azureactivedirectoryobjectid,fullname,domainname,internalemailaddress,isdisabled,islicensed,"
            "accessmode,deletedstate,applicationid,_businessunitid_value"
        )
        options = {
            "$select": columns,
            "$expand": HELD_ROLES,
            "$filter": condition,
        }
        rows = [*self._environment.rows("systemusers" + query(options))]
        live = [row for row in rows if not row.get("deletedstate") and not row.get("applicationid")]
        return _person(live[0]) if live else None


def _person(row: dict[str, Any]) -> Person:
    return Person(
        user_id=row["systemuserid"].lower(),
        object_id=str(row.get("azureactivedirectoryobjectid") or "").lower(),
        business_unit_id=row["_businessunitid_value"].lower(),
        disabled=bool(row.get("isdisabled")),
        licensed=row.get("islicensed") is not False,
        access_mode=int(row.get("accessmode") or READ_WRITE),
        full_name=row.get("fullname"),
        user_name=row.get("domainname"),
        email=row.get("internalemailaddress"),
        roles=tuple(HeldRole.from_row(each) for each in row.get("systemuserroles_association") or []),
    )
