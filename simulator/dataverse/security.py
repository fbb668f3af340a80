# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security: the caller of a request, its effective privileges, and all checks of them.

A privilege has an access level; Basic covers the rows that the user owns, Local those of the user's business unit, Deep
also those of its child units, Global all (contract: access levels).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .catalogue import BASIC, DEEP, GLOBAL, LOCAL, Catalogue, Privilege
from .errors import Refusal, signed
from .schema import Table
from .state import SYSTEM_ADMINISTRATOR_TEMPLATE, EnvironmentData

_ACCESS_DENIED = "0x80040220"
_ACCESS_CHECK_FAILED = signed("0x80040206")


@dataclass(slots=True)
class Principal:
    """A user of the environment, with its privileges.

    privileges: privilege id to access level, the widest over all roles.
    """

    data: EnvironmentData = field(repr=False)
    user: Mapping[str, Any]
    privileges: Mapping[str, int]
    role_count: int
    #: The user who sent the request, if it impersonates another one.
    caller_id: str = ""
    _below: frozenset[str] | None = None

    @property
    def id(self) -> str:
        """The user's id."""
        return str(self.user["systemuserid"])

    @property
    def business_unit(self) -> str:
        """The id of the user's business unit."""
        return str(self.user["_businessunitid_value"])

    @property
    def catalogue(self) -> Catalogue:
        """The environment's tables and privileges."""
        return self.data.catalogue

    # Checks that raise

    def require(self, right: str, table: Table, row: Mapping[str, Any] | None = None) -> None:
        """Require a right on a table, and on one of its rows if given. Raises Refusal."""
        privilege = self.catalogue.privilege_for(right, table)
        if privilege is None:
            return
        level = self.privileges.get(privilege.id)
        if level is None:
            raise self.missing(privilege, table)
        if row is not None and not self.reaches(level, table, row):
            raise self._out_of_reach(right, table, row)

    def require_privilege(self, name: str) -> int:
        """Require a privilege by name; returns its level. Raises Refusal."""
        privilege = self.catalogue.by_name[name.lower()]
        level = self.privileges.get(privilege.id)
        if level is None:
            table = self.catalogue.tables.get(privilege.table or "")
            raise self.missing(privilege, table)
        return level

    def require_reach(self, privilege_name: str, table: Table, row: Mapping[str, Any]) -> None:
        """Require a privilege that belongs to no table, for one row. Raises Refusal."""
        level = self.require_privilege(privilege_name)
        if not self.reaches(level, table, row):
            raise self._out_of_reach(privilege_name.removeprefix("prv"), table, row)

    def missing(self, privilege: Privilege, table: Table | None) -> Refusal:
        """The refusal that names the missing privilege."""
        return Refusal(403, _ACCESS_DENIED, self.missing_text(privilege, table))

    def missing_text(self, privilege: Privilege, table: Table | None) -> str:
        """Its message."""
        where = f" on OTC={table.type_code} for entity '{table.logical}'" if table is not None else ""
        return (
            f"Principal user (Id={self.id}, type=8, roleCount={self.role_count}, "
            f"privilegeCount={len(self.privileges)}, accessMode={self.user.get('accessmode', 0)}), is missing "
            f"{privilege.name} privilege (Id={privilege.id}){where}. context.Caller={self.caller_id or self.id}"
        )

    def _out_of_reach(self, right: str, table: Table, row: Mapping[str, Any]) -> Refusal:
        owner, unit = _home(table, row)
        return Refusal(
            403,
            _ACCESS_DENIED,
            f"SecLib::AccessCheckEx failed. Returned hr = {_ACCESS_CHECK_FAILED}, ObjectID: {row[table.id_column]}, "
            f"OwnerId: {owner},  OwnerIdType: 8 and CallingUser: {self.id}. ObjectTypeCode: {table.type_code}, "
            f"objectBusinessUnitId: {unit}, AccessRights: {right}Access",
        )

    # Questions

    def level(self, right: str, table: Table) -> int | None:
        """The access level of a right on a table; None without it, Global if no privilege is needed."""
        privilege = self.catalogue.privilege_for(right, table)
        return GLOBAL if privilege is None else self.privileges.get(privilege.id)

    def may(self, right: str, table: Table, row: Mapping[str, Any]) -> bool:
        """Whether the user has a right on a row."""
        level = self.level(right, table)
        return level is not None and self.reaches(level, table, row)

    def reaches(self, level: int, table: Table, row: Mapping[str, Any]) -> bool:
        """Whether an access level covers a row."""
        if level >= GLOBAL or table.ownership in ("organization", "none"):
            return True
        owner, unit = _home(table, row)
        if owner == self.id or owner in self.data.lefts("teammembership", self.id):
            return True
        if level == BASIC:
            return False
        if unit == self.business_unit:
            return True
        return level == DEEP and unit in self._units_below()

    def _units_below(self) -> frozenset[str]:
        if self._below is None:
            self._below = frozenset(units_below(self.data, self.business_unit))
        return self._below


def _home(table: Table, row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The owner and the business unit of a row."""
    if table.logical == "systemuser":
        return row["systemuserid"], row.get("_businessunitid_value")
    if table.logical == "businessunit":
        return None, row["businessunitid"]
    if table.ownership == "business":
        return None, row.get("_businessunitid_value")
    return row.get("_ownerid_value"), row.get("_owningbusinessunit_value")


def units_below(data: EnvironmentData, unit: str) -> list[str]:
    """The ids of all business units below one."""
    children = [row["businessunitid"] for row in data.where("businessunit", _parentbusinessunitid_value=unit)]
    return children + [below for child in children for below in units_below(data, child)]


def principal(data: EnvironmentData, user: Mapping[str, Any], strong: bool = False) -> Principal:
    """The user with its effective privileges.

    The platform caches them: a change takes effect for a cached user only after `settings.privilege_cache_seconds`,
    unless the request requires strong consistency (contract: Consistency).
    """
    cache: dict[str, tuple[int, Mapping[str, int], int]] = data.scratch.setdefault("privileges", {})
    known = cache.get(user["systemuserid"])
    if known is not None and (known[0] == data.security_version or (not strong and _still_stale(data))):
        return Principal(data, user, known[1], known[2])
    roles = roles_of(data, user["systemuserid"])
    privileges = effective_privileges(data, user["systemuserid"])
    cache[user["systemuserid"]] = (data.security_version, privileges, len(roles))
    return Principal(data, user, privileges, len(roles))


def _still_stale(data: EnvironmentData) -> bool:
    seconds = data.world.settings.privilege_cache_seconds
    return 0 <= data.now().timestamp() - data.security_changed_at < seconds


def impersonated(by: Principal, user: Mapping[str, Any], strong: bool = False) -> Principal:
    """The impersonated user: both users need a privilege, and the narrower level counts."""
    wanted = principal(by.data, user, strong)
    both = {key: min(level, by.privileges[key]) for key, level in wanted.privileges.items() if key in by.privileges}
    return Principal(by.data, user, both, wanted.role_count, caller_id=by.id)


def roles_of(data: EnvironmentData, user_id: str) -> list[str]:
    """The ids of the roles (copies) of a user, directly or through teams."""
    roles = dict.fromkeys(data.rights("systemuserroles", user_id))
    for team in data.lefts("teammembership", user_id):
        roles.update(dict.fromkeys(data.rights("teamroles", team)))
    return list(roles)


def effective_privileges(data: EnvironmentData, user_id: str, *, as_shown: bool = False) -> Mapping[str, int]:
    """The privileges of all roles of a user: privilege id to the widest access level.

    `as_shown`: as RetrieveUserPrivileges returns them, where privileges from a team are Basic, whatever their level.
    """
    effective: dict[str, int] = {}
    direct = data.rights("systemuserroles", user_id)
    for role_id in roles_of(data, user_id):
        grants = grants_of(data, role_id)
        if len(direct) == 1 and role_id == direct[0] and not effective:
            effective = dict(grants)
            continue
        for key, level in grants.items():
            level = BASIC if as_shown and role_id not in direct else level
            if effective.get(key, -1) < level:
                effective[key] = level
    return effective


def grants_of(data: EnvironmentData, role_id: str) -> Mapping[str, int]:
    """The privileges of a role: privilege id to access level. A copy has those of its root copy."""
    row = data.get("role", role_id)
    if row is None:
        return {}
    if row.get("_roletemplateid_value") == SYSTEM_ADMINISTRATOR_TEMPLATE:
        return _everything(data)
    return data.grants.get(row["_parentrootroleid_value"], {})


def _everything(data: EnvironmentData) -> Mapping[str, int]:
    catalogue = data.catalogue
    known = data.scratch.get("everything")
    if known is None or known[0] is not catalogue:
        known = (catalogue, all_privileges(catalogue))
        data.scratch["everything"] = known
    return known[1]


_ALL_PRIVILEGES: dict[int, tuple[Catalogue, Mapping[str, int]]] = {}


def all_privileges(catalogue: Catalogue) -> Mapping[str, int]:
    """Every privilege at its widest level; environments with the same catalogue share one mapping."""
    found = _ALL_PRIVILEGES.get(id(catalogue))
    if found is None or found[0] is not catalogue:
        found = (catalogue, {item.id: item.widest for item in catalogue.privileges.values()})
        if len(_ALL_PRIVILEGES) > 64:
            _ALL_PRIVILEGES.clear()
        _ALL_PRIVILEGES[id(catalogue)] = found
    return found[1]


__all__ = ["BASIC", "DEEP", "GLOBAL", "LOCAL", "Principal", "effective_privileges", "grants_of", "principal"]
