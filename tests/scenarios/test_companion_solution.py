# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An environment that blocks creating and editing roles: a managed solution brings the second role."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

import pytest

from packages.build import package, zipped

from .cloud import Ansible, Cloud, Run, Tenant, task
from .configure import FRESH, Configure
from .test_companion_role import COMPANION, MISSING, ROLE, Roles, held_roles
from .test_remove import Remove

ONE = pytest.mark.cloud("--tenants", "1")
VALIDATE = "marketplace_leads.dynamics365.validate"
HOST = "contoso_prod"
FRESH_BLOCKED = [
    "companion_solution" if change == "role.privileges" else change for change in FRESH if change != "role.isinherited"
]
ROLE_EDITS = ("/roles", "PrivilegesRole", "PrivilegeRole")


@pytest.fixture
def blocked(cloud: Cloud, configure: Configure) -> Configure:
    """Configure for an environment that blocks unmanaged customizations."""
    cloud.traits(cloud.contoso, block_unmanaged_customizations=True)
    return configure


@pytest.fixture
def remove(ansible: Ansible, configure: Configure) -> Remove:
    return Remove(ansible, configure)


def solutions(cloud: Cloud) -> list[dict[str, Any]]:
    """The companion solutions of the environment, including those of pending upgrades."""
    return cloud.rows(cloud.contoso, "solutions?$filter=startswith(uniquename,'MarketplaceLeadsCompanion')")


def version(cloud: Cloud) -> str:
    (solution,) = solutions(cloud)
    assert solution["ismanaged"] is True
    return str(solution["version"])


def role_edits(cloud: Cloud, run: Run) -> list[str]:
    """The writes, and attempts to write, of a run to roles themselves, without assignments."""
    return [
        write
        for write in cloud.writes_since(run.mark)
        if any(edit in write.partition("/v9.2")[2] for edit in ROLE_EDITS) and "systemuserroles" not in write
    ]


def starts(cloud: Cloud, run: Run) -> int:
    """The number of solution operations that a run started."""
    return sum("SolutionAsync" in write or "UpgradeAsync" in write for write in cloud.writes_since(run.mark))


def imported_by_hand(cloud: Cloud, privileges: dict[str, str], asked_version: str, **parameters: Any) -> None:
    """Import other content of the companion solution, without the collection."""
    (solution,), role_id = solutions(cloud), Roles(cloud, cloud.contoso).root()["roleid"]
    rows = "".join(f'<RolePrivilege name="{name}" level="{level}" />' for name, level in privileges.items())
    members = {
        "[Content_Types].xml": "<Types />",
        "customizations.xml": f'<ImportExportXml><Roles><Role id="{{{role_id}}}" name="{COMPANION}" isinherited="1">'
        f"<IsCustomizable>0</IsCustomizable><RolePrivileges>{rows}</RolePrivileges></Role></Roles></ImportExportXml>",
        "solution.xml": "<ImportExportXml><SolutionManifest>"
        f"<UniqueName>{solution['uniquename']}</UniqueName><Version>{asked_version}</Version><Managed>1</Managed>"
        "<Publisher><UniqueName>marketplaceleadsdynamics365</UniqueName></Publisher><RootComponents>"
        f'<RootComponent type="20" id="{{{role_id}}}" /></RootComponents></SolutionManifest></ImportExportXml>',
    }
    content = zipped({name: text.encode() for name, text in members.items()})
    flags = {"OverwriteUnmanagedCustomizations": True, "PublishWorkflows": False, **parameters}
    body = {**flags, "CustomizationFile": base64.b64encode(content).decode()}
    cloud.web_api(cloud.contoso, "POST", "ImportSolutionAsync", body)
    time.sleep(0.5)


@ONE
def test_leads_arrive_where_customizations_are_blocked(cloud: Cloud, blocked: Configure) -> None:
    tenant, roles = cloud.contoso, Roles(cloud, cloud.contoso)
    dry = blocked(check=True)
    assert dry.status == 0, dry.output
    assert "companion_solution: the role of the solution cannot be edited" in dry.output
    assert '"prvReadAsyncOperation": "Global"' in dry.output

    first = blocked()
    assert first.status == 0, first.output
    assert first.changes(HOST) == FRESH_BLOCKED
    assert role_edits(cloud, first) == []
    assert roles.privileges() == MISSING
    assert (roles.root()["ismanaged"], roles.root()["isinherited"]) == (True, 1)
    assert roles.root()["iscustomizable"]["Value"] is False
    assert held_roles(cloud, tenant) == [ROLE, COMPANION]

    converged = blocked(rehearse=False)
    assert converged.changed_hosts() == set(), converged.output
    assert cloud.writes_since(converged.mark) == []
    assert converged.after_plan(HOST) == [], "the role went on after its plan"

    arrives = blocked(playbook=VALIDATE, rehearse=False)
    assert arrives.status == 0, arrives.output


@ONE
def test_lost_privileges_of_a_companion_are_restored(cloud: Cloud, blocked: Configure) -> None:
    assert blocked(rehearse=False).status == 0
    roles, before = Roles(cloud, cloud.contoso), version(cloud)
    spoiled = {**MISSING, "prvWriteAsyncOperation": "Basic"}
    del spoiled["prvReadAsyncOperation"]
    imported_by_hand(cloud, spoiled, before)
    assert roles.privileges() == spoiled
    run = blocked()
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["companion_solution"]
    assert roles.privileges() == MISSING
    assert version(cloud) != before
    assert held_roles(cloud, cloud.contoso) == [ROLE, COMPANION]
    assert cloud.writes_since(blocked(rehearse=False).mark) == []


@ONE
def test_removal_leaves_nothing_of_a_companion_solution(cloud: Cloud, blocked: Configure, remove: Remove) -> None:
    named = {"lead_writer_companion_role": "Leads & <System Jobs>"}
    assert blocked(variables=named, rehearse=False).status == 0
    assert len(solutions(cloud)) == 1
    run = remove(variables=named)
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["application_user", "companion_solution", "application", "stored_secret", "handover"]
    assert solutions(cloud) == []
    assert cloud.rows(cloud.contoso, "roles?$filter=startswith(name,'Leads')") == []
    again = remove(variables=named, rehearse=False)
    assert again.changed_hosts() == set(), again.output
    assert cloud.writes_since(again.mark) == []


@ONE
def test_run_after_a_killed_import_creates_one_role(cloud: Cloud, blocked: Configure) -> None:
    # The first start belongs to the Lead Writer solution itself.
    cloud.fault(route="ImportSolutionAsync", method="POST", skip=1, applied=True, count=1, latency_seconds=20)
    killed = blocked(rehearse=False, killed_when=lambda: cloud.control("GET", "/faults")["waiting"] == 0)
    assert killed.status != 0
    run = blocked()
    assert run.status == 0, run.output
    assert starts(cloud, run) == 0
    assert Roles(cloud, cloud.contoso).privileges() == MISSING
    assert version(cloud).startswith("1.1.")
    assert held_roles(cloud, cloud.contoso) == [ROLE, COMPANION]


def privileges(ansible: Ansible, *asked: str, dry: bool = False, rehearse: bool = True, **options: Any) -> Run:
    given = {"environment_url": "{{ lead_writer_environment_url }}", "role": ROLE, "on_locked": "companion_solution"}
    wanted = [{"name": name, "level": "organization"} for name in asked]
    one = task("dynamics_role_privilege", **{**given, "privileges": wanted, **options})
    return ansible.tasks(one, check=dry, rehearse=rehearse)


@pytest.fixture
def roles(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> Roles:
    """The roles of an environment that allows unmanaged customizations, with the solution whose role is locked."""
    path = tmp_path / "locked.zip"
    path.write_bytes(package(variant="locked-role"))
    given = {"environment_url": "{{ lead_writer_environment_url }}", "path": str(path)}
    assert ansible.tasks(task("dynamics_solution", **given), rehearse=False).status == 0
    return Roles(cloud, cloud.contoso)


READ, WRITE, APPEND = "prvReadAsyncOperation", "prvWriteAsyncOperation", "prvAppendToAsyncOperation"


@ONE
def test_companion_solution_has_exactly_the_requested_privileges(cloud: Cloud, ansible: Ansible, roles: Roles) -> None:
    first = privileges(ansible, READ)
    assert first.changes(HOST) == ["companion_solution"], first.output
    result = first.result(HOST, "dynamics_role_privilege")
    assert result["roles_to_assign"] == [ROLE, COMPANION]
    assert result["companion_role"]["roleid"] == roles.root()["roleid"]
    assert roles.privileges() == {READ: "Global"}

    more = privileges(ansible, READ, WRITE, APPEND)
    assert more.changes(HOST) == ["companion_solution"]
    assert roles.privileges() == {READ: "Global", WRITE: "Global", APPEND: "Global"}
    assert version(cloud).startswith("1.2.")

    fewer = privileges(ansible, WRITE)
    assert fewer.changes(HOST) == ["companion_solution"]
    assert roles.privileges() == {WRITE: "Global"}
    assert version(cloud).startswith("1.3.")

    same = privileges(ansible, WRITE, rehearse=False)
    assert cloud.writes_since(same.mark) == []
    # A companion keeps its kind, also for a caller who would create an unmanaged one.
    kept = privileges(ansible, WRITE, on_locked="companion", rehearse=False)
    assert cloud.writes_since(kept.mark) == []

    gone = privileges(ansible, state="absent")
    assert gone.changes(HOST) == ["companion_solution"]
    assert solutions(cloud) == []
    assert cloud.writes_since(privileges(ansible, state="absent", rehearse=False).mark) == []


@ONE
def test_companion_solution_used_by_another_user_is_kept(cloud: Cloud, ansible: Ansible, roles: Roles) -> None:
    assert privileges(ansible, READ, rehearse=False).status == 0
    users = cloud.rows(cloud.contoso, "systemusers?$filter=applicationid ne null")
    runner = next(user for user in users if user["applicationid"] == cloud.contoso.client_id)
    roles.assign(runner["systemuserid"])
    left = privileges(ansible, state="absent", rehearse=False)
    assert "is still held by user" in left.output
    assert cloud.writes_since(left.mark) == []
    own = privileges(ansible, state="absent", held_by=[cloud.contoso.client_id])
    assert own.changes(HOST) == ["companion_solution"], own.output
    (held,) = cloud.rows(
        cloud.contoso,
        f"systemusers?$filter=systemuserid eq {runner['systemuserid']}&$expand=systemuserroles_association",
    )
    assert COMPANION not in [role["name"] for role in held["systemuserroles_association"]]


@ONE
def test_run_after_a_failed_import_creates_the_role(cloud: Cloud, ansible: Ansible, roles: Roles) -> None:
    assert privileges(ansible, READ, rehearse=False).status == 0
    cloud.fault(route="StageAndUpgradeAsync", method="POST", status=400, code="0x80048033", count=1)
    failed = privileges(ansible, READ, WRITE, rehearse=False)
    assert failed.status != 0
    assert roles.privileges() == {READ: "Global"}
    again = privileges(ansible, READ, WRITE)
    assert again.changes(HOST) == ["companion_solution"], again.output
    assert roles.privileges() == {READ: "Global", WRITE: "Global"}


@ONE
@pytest.mark.parametrize("same", [pytest.param(True, marks=pytest.mark.torture), False])
def test_an_upgrade_that_was_never_applied_blocks_no_run(
    cloud: Cloud, ansible: Ansible, roles: Roles, same: bool
) -> None:
    assert privileges(ansible, READ, WRITE, rehearse=False).status == 0
    wanted = version(cloud).split(".")[2:]
    assert privileges(ansible, READ, rehearse=False).status == 0
    # The remainder of a run killed between the two steps of an upgrade: the requested version, or another one.
    waiting = ".".join(["1", "3", *(wanted if same else ["7", "7"])])
    imported_by_hand(cloud, {READ: "Global", WRITE: "Global"}, waiting, HoldingSolution=True)
    assert len(solutions(cloud)) == 2
    run = privileges(ansible, READ, WRITE)
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["companion_solution"]
    assert version(cloud) == ".".join(["1", "3", *wanted])
    assert roles.privileges() == {READ: "Global", WRITE: "Global"}


@ONE
def test_a_runner_without_the_right_fails_before_the_first_write(
    cloud: Cloud, ansible: Ansible, roles: Roles, blocked: Configure
) -> None:
    assert privileges(ansible, READ, rehearse=False).status == 0
    lose_administration(cloud, cloud.contoso)
    lacks = "lacks the privilege prvImportCustomization"
    for run in (privileges(ansible, WRITE, dry=True), privileges(ansible, WRITE, rehearse=False)):
        assert lacks in run.failure(HOST)
        assert cloud.writes_since(run.mark) == []
    removal = privileges(ansible, state="absent", rehearse=False)
    assert "lacks the privilege prvDeleteSolution" in removal.failure(HOST)
    assert cloud.writes_since(removal.mark) == []
    planned = blocked(rehearse=False)
    assert lacks in planned.failure(HOST)
    assert cloud.writes_since(planned.mark) == []


def lose_administration(cloud: Cloud, tenant: Tenant) -> None:
    """Leave the runner with a role that may read everything that a plan reads, and import nothing."""
    (user,) = cloud.rows(
        tenant, f"systemusers?$filter=applicationid eq {tenant.client_id}&$expand=systemuserroles_association"
    )
    (unit,) = cloud.rows(tenant, "businessunits?$filter=parentbusinessunitid eq null")
    bind = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    cloud.traits(tenant, block_unmanaged_customizations=False)
    cloud.web_api(tenant, "POST", "roles", {"name": "Reader", **bind})
    (role,) = cloud.rows(tenant, "roles?$filter=name eq 'Reader' and _parentroleid_value eq null")
    known = cloud.rows(tenant, "privileges?$filter=startswith(name,'prvRead') and canbeglobal eq true")
    given = [{"PrivilegeId": each["privilegeid"], "Depth": "Global"} for each in known]
    path = f"roles({role['roleid']})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
    cloud.web_api(tenant, "POST", path, {"Privileges": given})
    cloud.traits(tenant, block_unmanaged_customizations=True)
    held = f"systemusers({user['systemuserid']})/systemuserroles_association"
    reference = {"@odata.id": f"{tenant.environment_url}/api/data/v9.2/roles({role['roleid']})"}
    cloud.web_api(tenant, "POST", f"{held}/$ref", reference)
    for each in user["systemuserroles_association"]:
        cloud.web_api(tenant, "DELETE", f"{held}({each['roleid']})/$ref")


@ONE
def test_unmanaged_companion_is_kept_if_sufficient(cloud: Cloud, ansible: Ansible, roles: Roles) -> None:
    assert privileges(ansible, READ, on_locked="companion", rehearse=False).status == 0
    explicit = privileges(ansible, READ, rehearse=False)
    assert "set on_locked to companion to keep using that role" in explicit.failure(HOST)
    cloud.traits(cloud.contoso, block_unmanaged_customizations=True)
    enough = privileges(ansible, READ, on_locked="companion")
    assert enough.changes(HOST) == [], enough.output
    short = privileges(ansible, READ, WRITE, on_locked="companion", rehearse=False)
    assert "so the missing privileges cannot be added to it" in short.failure(HOST)
    removed = privileges(ansible, state="absent")
    assert removed.changes(HOST) == []
    assert "so it is left as it is: turn that setting off" in removed.output
    assert roles.root()["ismanaged"] is False
    beside = privileges(ansible, READ, WRITE, on_locked="companion", companion_role="Leads & <System Jobs>")
    assert beside.changes(HOST) == ["companion_solution"], beside.output
    assert roles.privileges("Leads %26 <System Jobs>") == {READ: "Global", WRITE: "Global"}


@ONE
def test_editable_role_is_edited_if_nothing_is_blocked(cloud: Cloud, ansible: Ansible, configure: Configure) -> None:
    given = {"environment_url": "{{ lead_writer_environment_url }}", "path": str(configure.package)}
    assert ansible.tasks(task("dynamics_solution", **given), rehearse=False).status == 0
    run = privileges(ansible, READ)
    assert run.changes(HOST) == ["role.privileges"], run.output
    assert solutions(cloud) == []
    # If the setting cannot be read, only the explicit choice works with either value.
    cloud.traits(
        cloud.contoso,
        block_unmanaged_customizations=True,
        gates=[{"code": "0x80040220", "path": "^organizations"}],
    )
    hidden = privileges(ansible, READ, WRITE)
    assert hidden.changes(HOST) == ["companion_solution"], hidden.output
    failed = privileges(ansible, APPEND, on_locked="fail", rehearse=False)
    assert "set on_locked to companion_solution if a role lacks privileges" in failed.failure(HOST)


@ONE
def test_run_without_a_companion_names_the_setting(cloud: Cloud, blocked: Configure) -> None:
    run = blocked(variables={"lead_writer_on_locked": "fail"}, rehearse=False)
    told = run.failure(HOST)
    assert "blocks unmanaged customizations: set lead_writer_on_locked to companion_solution" in told
    assert cloud.writes_since(run.mark) == []


@ONE
def test_an_unmanaged_package_is_refused_before_its_import(cloud: Cloud, ansible: Ansible, blocked: Configure) -> None:
    blocked.package.write_bytes(package(managed=False))
    given = {"environment_url": "{{ lead_writer_environment_url }}", "path": str(blocked.package)}
    run = ansible.tasks(task("dynamics_solution", **given), rehearse=False)
    assert "blocks unmanaged customizations: give the managed package" in run.failure(HOST)
    assert cloud.writes_since(run.mark) == []
