# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Security roles and privileges of one environment.

The platform keeps one copy of every role per business unit: a user holds the copy of its own business unit, and
privileges are edited on the root copy, from which the platform copies them to the others.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._rules.access_levels import AccessLevel
from ..._rules.errors import InvalidInput
from ..._rules.odata import any_of, query, text_literal
from ..._transport.errors import CallFailed
from ..client import Expect
from .client import DUPLICATE_RECORD, ROLE_EXISTS, EnvironmentClient

IMMOVABLE = frozenset(
    {"prvreadsharepointdata", "prvwritesharepointdata", "prvcreatesharepointdata", "prvreadsharepointdocument"}
)
"""Privileges, in lower case, that the platform keeps in every role."""

CREATE_LEAD = "prvcreatelead"
"""The privilege to create leads, in lower case; an environment without the table for leads does not have it."""

DIRECT_USER_AND_TEAM = 1
TEAM_ONLY = 0
"""A role's `isinherited`: whether members of a team get its User-level privileges as their own."""


_OWN_ROLES = uuid.UUID("9b0c6c0e-52f5-4f0a-8c2e-0c6a5d3f7e41")
"""The name space of the ids of roles that are created here."""

DEPTHS = {spelling: level for level in AccessLevel for spelling in (level.api_name, str(int(level)))}
"""Access levels by the enumeration's names as the service sends them; older versions send the ordinal."""


@dataclass(frozen=True)
class SecurityRole:
    """One copy of a security role. `customizable` says whether the managed property allows edits."""

    role_id: str
    name: str
    business_unit_id: str
    managed: bool
    customizable: bool
    inherited: int
    """DIRECT_USER_AND_TEAM or TEAM_ONLY."""
    root_id: str = ""
    """The id of the copy in the root business unit: a package's role has the same one in every environment."""


@dataclass(frozen=True)
class HeldRole:
    """A copy of a role that a user holds directly. `root_id` is the id of the role's copy in the root unit."""

    role_id: str
    name: str
    root_id: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> HeldRole:
        """Read one of the rows that HELD_ROLES expands."""
        role_id = str(row["roleid"]).lower()
        return cls(role_id, str(row["name"]), str(row.get("_parentrootroleid_value") or role_id).lower())


HELD_ROLES = "systemuserroles_association($select=roleid,name,_parentrootroleid_value)"
"""What expands a user's row by the roles that it holds directly."""


@dataclass(frozen=True)
class Privilege:
    """A privilege that the environment knows, with the access levels it can have."""

    privilege_id: str
    name: str
    levels: frozenset[AccessLevel]


@dataclass(frozen=True)
class RoleHolder:
    """A user or a team (`kind`) that holds a copy of a role.

    `marks` identify a user, in lower case: its application id and its user name.
    """

    kind: str
    holder_id: str
    name: str
    marks: frozenset[str]
    copy_id: str


class Roles:
    """Reads and edits security roles."""

    def __init__(self, environment: EnvironmentClient, packaged_ids: Mapping[str, str] | None = None) -> None:
        """`packaged_ids` are the ids of roles, by their names in lower case, as a solution package has them.

        A role of the package is found by its id, even if it was renamed.
        """
        self._environment = environment
        self._packaged_ids = packaged_ids or {}
        self._root_copies: dict[str, SecurityRole | None] = {}

    def in_business_unit(self, names: Collection[str], business_unit_id: str) -> dict[str, SecurityRole]:
        """Return the copies that belong to a business unit, by the requested names in lower case."""
        if not names:
            return {}
        return self._find(names, f"_businessunitid_value eq {business_unit_id}")

    def root_copy(self, name: str) -> SecurityRole | None:
        """Return the copy of a role in the root business unit, or None."""
        return self.root_copies([name]).get(name.lower())

    def root_copies(self, names: Collection[str]) -> dict[str, SecurityRole]:
        """Return the copies in the root business unit, by the requested names in lower case.

        Raises InvalidInput if several roles have a name and nothing decides between them. Each role is read once: an
        object is used for one pass over an environment.
        """
        unasked = [name for name in names if name.lower() not in self._root_copies]
        if unasked:
            found = self._find(unasked, "_parentroleid_value eq null")
            self._root_copies.update({name.lower(): found.get(name.lower()) for name in unasked})
        known = {name.lower(): self._root_copies[name.lower()] for name in names}
        return {name: role for name, role in known.items() if role is not None}

    def privileges_of(self, role_id: str) -> dict[str, tuple[str, AccessLevel]]:
        """Return a role's privileges as `lower-case name: (privilege id, level)`."""
        return read_privileges(self._environment.get(f"RetrieveRolePrivilegesRole(RoleId={role_id})"))

    def known_privileges(self, names: list[str]) -> dict[str, Privilege]:
        """Return the privileges of these names that the environment knows, by their names in lower case.

        They cannot change within a run, so each is read once, and the one to create leads with the first others,
        because it shows whether the environment has the table for leads.
        """
        wanted = {name.lower() for name in names}
        known = {name: self._environment.recall("privilege", name) for name in wanted | {CREATE_LEAD}}
        if any(known[name] is None for name in wanted):
            unasked = sorted(name for name, row in known.items() if row is None)
            for row in self._read_privileges(unasked):
                known[row[1].lower()] = row
                self._environment.remember(row, "privilege", row[1].lower())
        return {
            name: Privilege(row[0], row[1], frozenset(AccessLevel(level) for level in row[2]))
            for name, row in known.items()
            if row is not None and name in wanted
        }

    def _read_privileges(self, names: list[str]) -> list[tuple[str, str, list[int]]]:
        columns = ("privilegeid", "name", "canbebasic", "canbelocal", "canbedeep", "canbeglobal")
        found = []
        # In batches, so that the URL stays well below its limit of 32 768 characters.
        for start in range(0, len(names), 100):
            named = any_of([f"name eq {text_literal(name)}" for name in names[start : start + 100]])
            for row in self._environment.list("privileges", select=columns, filter=named):
                levels = [int(level) for level in AccessLevel if row.get(f"canbe{level.name.lower()}")]
                found.append((row["privilegeid"].lower(), row["name"], levels))
        return found

    def add_privileges(self, role_id: str, privileges: list[tuple[str, AccessLevel]]) -> None:
        """Add privileges to a role by id and level; an existing one gets the new level."""
        rows = [{"PrivilegeId": privilege_id, "Depth": level.api_name} for privilege_id, level in privileges]
        # Adding a privilege twice has no further effect, so this may be repeated.
        self._environment.call(
            "POST",
            f"roles({role_id})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
            expect=Expect.NOTHING,
            body={"Privileges": rows},
            repeatable=True,
        )

    def replace_privileges(self, role_id: str, privileges: list[tuple[str, AccessLevel]]) -> None:
        """Give a role exactly these privileges, besides the baseline that the platform keeps in every role."""
        rows = [{"PrivilegeId": privilege_id, "Depth": level.api_name} for privilege_id, level in privileges]
        self._environment.call(
            "POST",
            f"roles({role_id})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole",
            expect=Expect.NOTHING,
            body={"Privileges": rows},
            repeatable=True,
        )

    def set_inheritance(self, role_id: str, inherited: int) -> None:
        """Set how members of a team inherit the role's privileges (DIRECT_USER_AND_TEAM or TEAM_ONLY)."""
        self._environment.update("roles", role_id, {"isinherited": inherited})

    def create(self, name: str, business_unit_id: str, inherited: int) -> str:
        """Create an unmanaged role and return the id of its root copy.

        The id is derived from the name, so that the role is never created twice. If the answer is lost, or says that
        the role exists already, the role is looked up: it may be this one. Raises InvalidInput if the role has been
        renamed.
        """
        row = {
            "roleid": str(uuid.uuid5(_OWN_ROLES, name.lower())),
            "name": name,
            "isinherited": inherited,
            "businessunitid@odata.bind": f"/businessunits({business_unit_id})",
        }
        try:
            return str(self._environment.create("roles", row)["roleid"]).lower()
        except CallFailed as failed:
            if not (failed.maybe_applied or failed.has_code(DUPLICATE_RECORD, ROLE_EXISTS)):
                raise
            found = self.in_business_unit([name], business_unit_id).get(name.lower())
            if found is None:
                self._refuse_renamed(str(row["roleid"]), name)
                raise
            return found.role_id

    def _refuse_renamed(self, role_id: str, name: str) -> None:
        row = self._environment.find(f"roles({role_id}){query({'$select': 'name'})}")
        if row is not None:
            raise InvalidInput(
                f"The security role {name!r} is named {row['name']!r} in {self._environment.address.host}: rename it, "
                "or delete it."
            )

    def holders(self, role_id: str) -> list[RoleHolder]:
        """Return the users and teams that hold any copy of a role, given the id of its root copy."""
        expand = (
            "systemuserroles_association($select=systemuserid,fullname,domainname,applicationid),"
            "teamroles_association($select=teamid,name)"
        )
        condition = f"_parentrootroleid_value eq {role_id}"
        holders = []
        for copy in self._environment.list("roles", select=("roleid",), filter=condition, expand=expand):
            copy_id = copy["roleid"].lower()
            for user in copy.get("systemuserroles_association") or []:
                marks = {str(user.get(name) or "").lower() for name in ("applicationid", "domainname")} - {""}
                shown = str(user.get("fullname") or user.get("domainname") or user["systemuserid"])
                holders.append(RoleHolder("user", user["systemuserid"].lower(), shown, frozenset(marks), copy_id))
            for team in copy.get("teamroles_association") or []:
                shown = str(team.get("name") or team["teamid"])
                holders.append(RoleHolder("team", team["teamid"].lower(), shown, frozenset(), copy_id))
        return holders

    def delete(self, role_id: str) -> None:
        """Delete an unmanaged role by the id of its root copy; the platform deletes the other copies."""
        self._environment.delete("roles", role_id)

    def held(self, name: str, roles: Iterable[HeldRole]) -> HeldRole | None:
        """Return which of a user's `roles` has the `name`, as far as is known without a request.

        A role of the package has the package's id; any other one is identified only by its name.
        """
        packaged_id = self._packaged_ids.get(name.lower())
        if packaged_id is not None:
            return next((role for role in roles if role.root_id == packaged_id), None)
        return next((role for role in roles if role.name.lower() == name.lower()), None)

    def is_packaged(self, name: str) -> bool:
        """Say whether the package has a role of the `name`."""
        return name.lower() in self._packaged_ids

    def is_foreign(self, name: str, role: SecurityRole) -> bool:
        """Say whether a role with the `name` differs from the package's role of this name."""
        return self._packaged_ids.get(name.lower(), role.root_id) != role.root_id

    def _find(self, names: Collection[str], where: str) -> dict[str, SecurityRole]:
        """Return one copy for each name that has any, among the copies that match the filter `where`."""
        ids = {name.lower(): self._packaged_ids.get(name.lower()) for name in names}
        alternatives = [f"name eq {text_literal(name)}" for name in names]
        alternatives += [f"_parentrootroleid_value eq {each}" for each in ids.values() if each is not None]
        columns = (*_ROLE_COLUMNS, "_parentrootroleid_value")
        rows = self._environment.list("roles", select=columns, filter=f"({any_of(alternatives)}) and {where}")
        found = {}
        for name, packaged_id in ids.items():
            own = [_role(row) for row in rows if _is(row, name, packaged_id)]
            if own:
                found[name] = self._the_one(own, packaged_id)
        return found

    def _the_one(self, candidates: list[SecurityRole], packaged_id: str | None) -> SecurityRole:
        """Return the package's own role, else the managed one. Raises InvalidInput if neither decides."""
        for chosen in (
            [role for role in candidates if role.root_id == packaged_id],
            candidates,
            [role for role in candidates if role.managed],
        ):
            if len(chosen) == 1:
                return chosen[0]
        raise InvalidInput(
            f"{self._environment.address.host} has {len(candidates)} security roles named {candidates[0].name!r} "
            f"({', '.join(sorted(role.root_id for role in candidates))}): rename or delete the ones that you do not "
            "want to use."
        )


_ROLE_COLUMNS = ("roleid", "name", "ismanaged", "iscustomizable", "isinherited", "_businessunitid_value")


def _is(row: Mapping[str, Any], name: str, packaged_id: str | None) -> bool:
    return str(row["name"]).lower() == name or str(row.get("_parentrootroleid_value") or "").lower() == packaged_id


def read_privileges(answer: dict[str, Any]) -> dict[str, tuple[str, AccessLevel]]:
    """Read an answer about privileges into `lower-case name: (privilege id, level)`.

    A privilege limited by a record filter (depth 4) has no access level and is left out: it is not one that can be set
    in the role's form. A privilege that is listed twice, such as from several roles, has the wider level.
    """
    held: dict[str, tuple[str, AccessLevel]] = {}
    for row in answer.get("RolePrivileges", []):
        level = DEPTHS.get(str(row["Depth"]))
        if level is not None:
            # Environments before 9.2 leave the name out: then the id replaces it.
            name = str(row.get("PrivilegeName") or row["PrivilegeId"]).lower()
            known = held.get(name)
            if known is None or known[1] < level:
                held[name] = (str(row["PrivilegeId"]).lower(), level)
    return held


def _role(row: dict[str, Any]) -> SecurityRole:
    customizable = row.get("iscustomizable") or {}
    return SecurityRole(
        role_id=row["roleid"].lower(),
        name=row["name"],
        business_unit_id=row["_businessunitid_value"].lower(),
        managed=bool(row.get("ismanaged")),
        customizable=bool(customizable.get("Value", True)),
        inherited=int(row.get("isinherited") or 0),
        root_id=str(row.get("_parentrootroleid_value") or row["roleid"]).lower(),
    )
