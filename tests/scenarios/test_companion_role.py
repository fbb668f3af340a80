# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant whose managed role cannot be edited: a companion role has exactly the privileges that it lacks."""

from __future__ import annotations

from typing import Any

import pytest

from packages.build import package

from .cloud import Ansible, Cloud, Run, Tenant, task
from .configure import FRESH, Configure, Made

ROLE = "Microsoft Marketplace Lead Writer"
COMPANION = f"{ROLE} (companion)"
MISSING = {
    "prvCreateUserEntityUISettings": "Basic",
    "prvReadUserEntityUISettings": "Basic",
    "prvWriteUserEntityUISettings": "Basic",
    "prvReadAsyncOperation": "Global",
    "prvWriteAsyncOperation": "Global",
    "prvAppendToAsyncOperation": "Global",
}
FRESH_LOCKED = [
    change
    for step in FRESH
    for change in (["companion_role", "companion_role.privileges"] if step == "role.privileges" else [step])
    if change != "role.isinherited"
]


class Roles:
    """Reads a tenant's roles and changes them by hand."""

    def __init__(self, cloud: Cloud, tenant: Tenant) -> None:
        self._cloud = cloud
        self._tenant = tenant

    def root(self, name: str = COMPANION) -> dict[str, Any]:
        (found,) = self.copies(name, " and _parentroleid_value eq null")
        return found

    def copies(self, name: str = COMPANION, condition: str = "") -> list[dict[str, Any]]:
        return self._cloud.rows(self._tenant, f"roles?$filter=name eq '{name}'{condition}")

    def privileges(self, name: str = COMPANION) -> dict[str, str]:
        """A role's privileges without the platform's baseline: levels by name."""
        path = f"RetrieveRolePrivilegesRole(RoleId={self.root(name)['roleid']})"
        rows = self._cloud.web_api(self._tenant, "GET", path)["RolePrivileges"]
        return {row["PrivilegeName"]: row["Depth"] for row in rows if "SharePoint" not in row["PrivilegeName"]}

    def take(self, privilege: str, name: str = COMPANION) -> None:
        body = {"PrivilegeId": self._privilege(privilege)}
        self._act(f"roles({self.root(name)['roleid']})/Microsoft.Dynamics.CRM.RemovePrivilegeRole", body)

    def give(self, privilege: str, depth: str, name: str = COMPANION) -> None:
        body = {"Privileges": [{"PrivilegeId": self._privilege(privilege), "Depth": depth}]}
        self._act(f"roles({self.root(name)['roleid']})/Microsoft.Dynamics.CRM.AddPrivilegesRole", body)

    def inherit(self, inherited: int) -> None:
        self._cloud.web_api(self._tenant, "PATCH", f"roles({self.root()['roleid']})", {"isinherited": inherited})

    def delete(self) -> None:
        self._cloud.web_api(self._tenant, "DELETE", f"roles({self.root()['roleid']})")

    def assign(self, user_id: str) -> None:
        host = self._tenant.environment_host
        body = {"@odata.id": f"https://{host}/api/data/v9.2/roles({self.root()['roleid']})"}
        self._act(f"systemusers({user_id})/systemuserroles_association/$ref", body)

    def _privilege(self, name: str) -> str:
        (row,) = self._cloud.rows(self._tenant, f"privileges?$filter=name eq '{name}'")
        return str(row["privilegeid"])

    def _act(self, path: str, body: Any) -> None:
        self._cloud.web_api(self._tenant, "POST", path, body)


@pytest.fixture
def locked(configure: Configure) -> Configure:
    """Configure with a package whose role is locked."""
    configure.package.write_bytes(package(variant="locked-role"))
    return configure


def held_roles(cloud: Cloud, tenant: Tenant) -> list[str]:
    (user,) = Made(cloud, tenant).users
    return sorted(role["name"] for role in user["systemuserroles_association"])


@pytest.mark.cloud("--tenants", "1")
def test_companion_has_exactly_what_the_locked_role_lacks(cloud: Cloud, locked: Configure) -> None:
    tenant, roles = cloud.contoso, Roles(cloud, cloud.contoso)
    first = locked()
    assert first.status == 0, first.output
    assert first.changes(tenant.host) == FRESH_LOCKED
    assert roles.privileges() == MISSING
    assert roles.root()["ismanaged"] is False
    assert roles.root()["isinherited"] == 1
    assert "prvReadAsyncOperation" not in roles.privileges(ROLE)
    assert held_roles(cloud, tenant) == [ROLE, COMPANION]

    converged = locked(rehearse=False)
    assert converged.changed_hosts() == set(), converged.output
    assert cloud.writes_since(converged.mark) == []
    assert converged.after_plan(tenant.host) == [], "the role went on after its plan"

    def spoil() -> None:
        roles.take("prvReadAsyncOperation")
        roles.give("prvWriteAsyncOperation", "Basic")
        roles.inherit(0)

    for undo, changes in (
        (spoil, ["companion_role.privileges", "companion_role.isinherited"]),
        (roles.delete, ["companion_role", "companion_role.privileges", "application_user.roles"]),
    ):
        undo()
        run = locked()
        assert run.status == 0, run.output
        assert run.changes(tenant.host) == changes
        assert roles.privileges() == MISSING
        assert roles.root()["isinherited"] == 1
        assert held_roles(cloud, tenant) == [ROLE, COMPANION]


def test_user_of_a_lower_business_unit_holds_both_of_its_copies(cloud: Cloud, locked: Configure) -> None:
    tenant = cloud.tenants["northwind"]
    variables = {"lead_writer_business_unit": "Sweden"}
    run = locked("--limit", tenant.host, variables=variables)
    assert run.status == 0, run.output
    assert run.changes(tenant.host) == FRESH_LOCKED
    (user,) = Made(cloud, tenant).users
    held = user["systemuserroles_association"]
    assert sorted(role["name"] for role in held) == [ROLE, COMPANION]
    assert {role["_businessunitid_value"] for role in held} == {user["_businessunitid_value"]}
    again = locked("--limit", tenant.host, variables=variables, rehearse=False)
    assert cloud.writes_since(again.mark) == []


def privileges(ansible: Ansible, rehearse: bool = True, **options: Any) -> Run:
    given = {"environment_url": "{{ lead_writer_environment_url }}", "role": ROLE, **options}
    return ansible.tasks(task("dynamics_role_privilege", **given), rehearse=rehearse)


SYSTEM_JOBS = {"table": "asyncoperation", "access": ["read", "write"], "level": "organization"}
READ_JOBS = {"name": "prvReadAsyncOperation", "level": "organization"}


@pytest.fixture
def imported(cloud: Cloud, ansible: Ansible, locked: Configure) -> Roles:
    """The tenant's roles, with the solution whose role is locked imported."""
    given = {"environment_url": "{{ lead_writer_environment_url }}", "path": str(locked.package)}
    assert ansible.tasks(task("dynamics_solution", **given), rehearse=False).status == 0
    return Roles(cloud, cloud.contoso)


@pytest.mark.cloud("--tenants", "1")
def test_companion_is_narrowed_on_request_and_removed_on_unlock(
    cloud: Cloud, ansible: Ansible, imported: Roles, locked: Configure
) -> None:
    host = cloud.contoso.host
    refused = privileges(ansible, rehearse=False, privileges=[SYSTEM_JOBS])
    assert "set on_locked to companion" in refused.failure(host)

    wide = privileges(ansible, privileges=[SYSTEM_JOBS], on_locked="companion")
    assert wide.result(host, "dynamics_role_privilege")["roles_to_assign"] == [ROLE, COMPANION]
    kept = privileges(ansible, privileges=[READ_JOBS], on_locked="companion", rehearse=False)
    assert kept.changes(host) == []
    assert imported.privileges() == {"prvReadAsyncOperation": "Global", "prvWriteAsyncOperation": "Global"}
    # A second role cannot narrow a level of the locked role, so the companion ignores wider levels.
    lead = {"name": "prvReadLead", "level": "user"}
    exact = privileges(ansible, privileges=[READ_JOBS, lead], on_locked="companion", mode="exact")
    assert exact.changes(host) == ["companion_role.privileges"]
    assert imported.privileges() == {"prvReadAsyncOperation": "Global"}
    assert "so the privileges that mode exact would remove stay" in exact.output

    # A newer package allows editing the role: the privileges belong there from now on.
    locked.package.write_bytes(package("1.1.0.0"))
    newer = {"environment_url": "{{ lead_writer_environment_url }}", "path": str(locked.package)}
    assert ansible.tasks(task("dynamics_solution", **newer), rehearse=False).status == 0
    unlocked = privileges(ansible, privileges=[SYSTEM_JOBS], on_locked="companion")
    assert unlocked.changes(host) == ["role.privileges"], unlocked.output
    assert unlocked.result(host, "dynamics_role_privilege")["roles_to_assign"] == [ROLE]
    gone = privileges(ansible, state="absent")
    assert gone.changes(host) == ["companion_role"]
    assert imported.copies() == []
    assert imported.privileges(ROLE)["prvWriteAsyncOperation"] == "Global"
    assert privileges(ansible, state="absent", rehearse=False).changes(host) == []


@pytest.mark.cloud("--tenants", "1")
def test_companion_in_use_or_from_a_solution_is_kept_with_a_warning(
    cloud: Cloud, ansible: Ansible, imported: Roles
) -> None:
    host = cloud.contoso.host
    assert privileges(ansible, privileges=[READ_JOBS], on_locked="companion", rehearse=False).status == 0
    users = cloud.rows(cloud.contoso, "systemusers?$filter=applicationid ne null")
    runner = next(user for user in users if user["applicationid"] == cloud.contoso.client_id)
    imported.assign(runner["systemuserid"])
    left = privileges(ansible, state="absent", rehearse=False)
    assert left.changes(host) == []
    assert "is still held by user" in left.output
    assert cloud.writes_since(left.mark) == []
    own = privileges(ansible, state="absent", held_by=[cloud.contoso.client_id.upper()])
    assert own.changes(host) == ["companion_role"], own.output
    assert imported.copies() == []

    managed = privileges(ansible, role="Companion", companion_role=ROLE, state="absent", rehearse=False)
    assert managed.changes(host) == []
    assert "belongs to a managed solution, so it is left as it is" in managed.output
    same = privileges(ansible, companion_role=ROLE.upper(), state="absent", rehearse=False)
    assert "is the role itself" in same.failure(host)


@pytest.mark.cloud("--tenants", "1")
def test_level_that_adding_cannot_change_is_replaced(cloud: Cloud, ansible: Ansible, configure: Configure) -> None:
    given = {"environment_url": "{{ lead_writer_environment_url }}", "path": str(configure.package)}
    assert ansible.tasks(task("dynamics_solution", **given), rehearse=False).status == 0
    roles = Roles(cloud, cloud.contoso)
    roles.give("prvReadAsyncOperation", "Basic", ROLE)
    before = roles.privileges(ROLE)
    cloud.traits(cloud.contoso, added_privileges_keep_level=True)
    run = privileges(ansible, privileges=[READ_JOBS], rehearse=False)
    assert run.status == 0, run.output
    assert roles.privileges(ROLE) == {**before, "prvReadAsyncOperation": "Global"}


@pytest.mark.cloud("--tenants", "1")
def test_renamed_companion_role_is_not_created_twice(cloud: Cloud, locked: Configure) -> None:
    assert locked(rehearse=False).status == 0
    roles = Roles(cloud, cloud.contoso)
    role_id = roles.root()["roleid"]
    cloud.web_api(cloud.contoso, "PATCH", f"roles({role_id})", {"name": "Lead helper"})
    run = locked(rehearse=False)
    assert f"The security role '{COMPANION}' is named 'Lead helper' in" in run.failure(cloud.contoso.host)
    assert roles.copies() == []
    cloud.web_api(cloud.contoso, "PATCH", f"roles({role_id})", {"name": COMPANION})
    assert locked(rehearse=False).status == 0
