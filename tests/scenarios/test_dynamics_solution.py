# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Solutions: import, upgrade and removal, and that nothing is ever imported twice."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from packages.build import ROLE_NAME, UNIQUE_NAME, package

from .cloud import Ansible, Cloud, Run, task

pytestmark = pytest.mark.cloud("--tenants", "1")

HOST = "contoso_prod"
SECOND_ROLE = "Stand-in Lead Reader"
WITH_SLOW_IMPORTS = pytest.mark.cloud("--tenants", "1", "--import-seconds", "6")

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a package to a file and returns its path."""

    def write_package(version: str = "1.0.0.0", **made: Any) -> str:
        path = tmp_path / f"{version}{'-'.join(str(value) for value in made.values())}.zip"
        path.write_bytes(package(version, **made))
        return str(path)

    return write_package


def solution_task(**options: Any) -> dict[str, Any]:
    return task("dynamics_solution", environment_url="{{ lead_writer_environment_url }}", **options)


def solution(ansible: Ansible, rehearse: bool = True, check: bool = False, **options: Any) -> Run:
    return ansible.tasks(solution_task(**options), rehearse=rehearse, check=check)


def installed(cloud: Cloud, name: str = UNIQUE_NAME) -> dict[str, Any] | None:
    rows = cloud.rows(cloud.contoso, f"solutions?$filter=uniquename eq '{name}'")
    return rows[0] if rows else None


def role_is_there(cloud: Cloud, name: str = ROLE_NAME) -> bool:
    return bool(cloud.rows(cloud.contoso, f"roles?$select=roleid&$filter=name eq '{name}'"))


def import_by_hand(cloud: Cloud, content: bytes) -> None:
    file = base64.b64encode(content).decode()
    parameters = {"OverwriteUnmanagedCustomizations": False, "PublishWorkflows": True, "CustomizationFile": file}
    cloud.web_api(cloud.contoso, "POST", "ImportSolutionAsync", parameters)


def stage_upgrade(cloud: Cloud, content: bytes) -> None:
    """Import an upgrade by hand without applying it."""
    file = base64.b64encode(content).decode()
    holding = {"OverwriteUnmanagedCustomizations": False, "PublishWorkflows": True, "HoldingSolution": True}
    cloud.web_api(cloud.contoso, "POST", "ImportSolutionAsync", {**holding, "CustomizationFile": file})
    time.sleep(0.5)
    assert installed(cloud, UNIQUE_NAME + "_Upgrade") is not None


def requests_of(cloud: Cloud, run: Run) -> list[str]:
    """The requests to the environment except sign-ins and reads of jobs: METHOD and the last part of the path."""
    return [
        f"{entry['method']} {entry['path'].partition('?')[0].rpartition('/')[2].partition('(')[0]}"
        for entry in cloud.requests_since(run.mark)
        if "/api/data/" in entry["path"] and "/asyncoperations" not in entry["path"]
    ]


def starts(cloud: Cloud, mark: int) -> list[str]:
    """Imports, and attempts to start one."""
    return [line for line in cloud.writes_since(mark) if line.endswith(("ImportSolutionAsync", "StageAndUpgradeAsync"))]


# --- import, upgrade and removal


def test_installed_package_costs_one_request_in_later_runs(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    path = write()
    run = solution(ansible, path=path)
    assert run.changes(HOST) == ["solution"], run.output
    result = run.result(HOST, "dynamics_solution")
    row = installed(cloud)
    assert row is not None
    assert result["solution"]["solutionid"] == row["solutionid"]
    assert result["package"]["roles"] == [ROLE_NAME]
    assert role_is_there(cloud)
    assert requests_of(cloud, run) == [
        "GET solutions",
        "POST StageSolution",
        "POST ImportSolutionAsync",
        "GET importjobs",
        "GET solutions",
        "GET roles",
    ]

    again = solution(ansible, path=path, rehearse=False)
    assert again.changed_hosts() == set(), again.output
    assert requests_of(cloud, again) == ["GET solutions"]


def test_update_keeps_components_missing_from_the_newer_package(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    solution(ansible, path=write("1.0.0.9", variant="second-role"), rehearse=False)
    run = solution(ansible, path=write("1.0.0.10"))
    assert run.changes(HOST) == ["solution.version"], run.output
    assert run.result(HOST, "dynamics_solution")["solution"]["version"] == "1.0.0.10"
    assert role_is_there(cloud, SECOND_ROLE)


def test_upgrade_removes_components_missing_from_the_newer_package(
    cloud: Cloud, ansible: Ansible, write: Write
) -> None:
    solution(ansible, path=write(variant="second-role"), rehearse=False)
    run = solution(ansible, path=write("1.1.0.0"), upgrade="stage_and_upgrade")
    assert run.changes(HOST) == ["solution.version"], run.output
    assert role_is_there(cloud)
    assert not role_is_there(cloud, SECOND_ROLE)


def test_an_upgrade_that_was_imported_but_not_applied_is_applied(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    solution(ansible, path=write(), rehearse=False)
    stage_upgrade(cloud, package("1.1.0.0"))
    refused = solution(ansible, path=write("1.1.0.0"))
    assert "never applied" in refused.failure(HOST)
    run = solution(ansible, path=write("1.1.0.0"), upgrade="stage_and_upgrade")
    assert run.changes(HOST) == ["solution.version"], run.output
    assert starts(cloud, run.mark) == []
    row = installed(cloud)
    assert row is not None
    assert row["version"] == "1.1.0.0"


def test_newer_installation_is_kept_with_a_downgrade_hint(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    solution(ansible, path=write("1.1.0.0"), rehearse=False)
    run = solution(ansible, path=write())
    assert run.changed_hosts() == set(), run.output
    assert "1.1.0.0, which is newer than 1.0.0.0" in " ".join(run.output.split())
    refused = solution(ansible, path=write(), allow_downgrade=True)
    assert "remove the solution first" in refused.failure(HOST)
    assert cloud.writes_since(refused.mark) == []


def test_removed_unmanaged_solution_leaves_its_components(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    solution(ansible, path=write(managed=False), rehearse=False)
    run = solution(ansible, path=write(managed=False), state="absent")
    assert run.changes(HOST) == ["solution"], run.output
    assert installed(cloud) is None
    assert role_is_there(cloud)


def test_removed_solution_is_removed_with_its_role(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    solution(ansible, path=write(), rehearse=False)
    run = solution(ansible, unique_name=UNIQUE_NAME, state="absent")
    assert run.changes(HOST) == ["solution"], run.output
    assert installed(cloud) is None
    assert not role_is_there(cloud)
    again = solution(ansible, unique_name=UNIQUE_NAME, state="absent")
    assert again.changed_hosts() == set(), again.output


def test_removal_includes_a_pending_upgrade(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    assert solution(ansible, rehearse=False, path=write()).status == 0
    stage_upgrade(cloud, package("1.1.0.0"))
    run = solution(ansible, unique_name=UNIQUE_NAME, state="absent")
    assert run.changes(HOST) == ["solution.pending_upgrade", "solution"], run.output
    assert installed(cloud, f"{UNIQUE_NAME}_Upgrade") is None
    assert not role_is_there(cloud)
    again = solution(ansible, rehearse=False, unique_name=UNIQUE_NAME, state="absent")
    assert cloud.writes_since(again.mark) == []


def test_removal_blocked_by_dependents_names_them(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    base = write("1.2.0.0", unique_name="ContosoReferrals", variant="without-role")
    solution(ansible, path=base, rehearse=False)
    solution(ansible, path=write(variant="missing-dependency"), rehearse=False)
    run = solution(ansible, unique_name="ContosoReferrals", state="absent")
    assert f"because {UNIQUE_NAME} depends on its components" in run.failure(HOST)
    assert cloud.writes_since(run.mark) == []


def test_the_solutions_of_an_environment_can_be_read(ansible: Ansible, write: Write) -> None:
    solution(ansible, path=write(), rehearse=False)
    address = "{{ lead_writer_environment_url }}"
    run = ansible.tasks(
        task("dynamics_solution_info", environment_url=address, unique_name=UNIQUE_NAME.upper()),
        task("dynamics_solution_info", environment_url=address),
        task("dynamics_solution_info", environment_url=address, unique_name="O'Brien"),
    )
    one, every, none = (outcome.result["solutions"] for outcome in run.of(HOST, "dynamics_solution_info"))
    assert [(found["version"], found["publisher"]["uniquename"]) for found in one] == [("1.0.0.0", "leadwriterstandin")]
    assert one[0] in every
    assert none == []


# --- refusals, in one message and before anything is sent


def test_untrusted_or_unexpected_package_is_never_sent(
    cloud: Cloud, ansible: Ansible, write: Write, tmp_path: Path
) -> None:
    page = tmp_path / "page.zip"
    page.write_text("<html>The file has moved.</html>", encoding="utf-8")
    refused: dict[str, dict[str, Any]] = {
        "has a solution.xml with a document type declaration": {"path": write(variant="document-type")},
        "has a customizations.xml with a document type declaration": {"path": write(variant="entity-bomb")},
        "has no solution.xml at its root": {"path": write(variant="lacking-solution-xml")},
        "is not a zip file": {"path": str(page)},
        "not the one in checksum": {"path": write(), "checksum": "sha256:" + "0" * 64},
        "cannot be read (No such file or directory)": {"path": str(tmp_path / "none.zip")},
        "roles names Lead Riter": {"path": write(), "roles": ["Lead Riter"]},
        "unique_name is Leads": {"path": write(), "unique_name": "Leads"},
    }
    run = ansible.tasks(*({**solution_task(**options), "ignore_errors": True} for options in refused.values()))
    told = [str(outcome.result["msg"]) for outcome in run.of(HOST, "dynamics_solution")]
    assert len(told) == len(refused)
    for sentence, message in zip(refused, told, strict=True):
        assert sentence in message
        assert "\n" not in message
    assert requests_of(cloud, run) == []


@pytest.mark.parametrize("first_managed", [True, False])
def test_a_package_of_the_other_kind_is_refused(
    cloud: Cloud, ansible: Ansible, write: Write, first_managed: bool
) -> None:
    solution(ansible, path=write(managed=first_managed), rehearse=False)
    run = solution(ansible, path=write("1.1.0.0", managed=not first_managed))
    there, package_kind = ("managed", "an unmanaged") if first_managed else ("unmanaged", "a managed")
    assert f"is {package_kind} package, but" in run.failure(HOST)
    assert f"has the {there} solution {UNIQUE_NAME}" in run.failure(HOST)
    assert cloud.writes_since(run.mark) == []


def test_missing_dependencies_are_listed_in_dry_run_and_run(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    path = write(variant="missing-dependency")
    rehearsal = solution(ansible, path=path, check=True)
    assert "Referral (from ContosoReferrals (1.2.0.0))" in " ".join(rehearsal.output.split())
    run = solution(ansible, path=path)
    assert "does not have: Referral (from ContosoReferrals (1.2.0.0))" in run.failure(HOST)
    assert starts(cloud, run.mark) == []
    assert installed(cloud) is None


# --- jobs that fail


def test_failed_import_reports_cause_and_cure(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    run = solution(ansible, path=write(variant="unknown-privilege"))
    message = run.failure(HOST)
    assert "0x80048058" in message
    assert "prvWriteContosoReferral" in message
    assert "install the app whose tables the package's roles name" in message
    assert installed(cloud) is None
    cured = solution(ansible, path=write())
    assert cured.changes(HOST) == ["solution"], cured.output


def test_import_without_its_expected_role_fails(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    started = solution(ansible, path=write(), wait=False, rehearse=False).result(HOST, "dynamics_solution")
    time.sleep(0.5)
    (role,) = cloud.rows(cloud.contoso, f"roles?$select=roleid&$filter=name eq '{ROLE_NAME}'")
    cloud.in_environment(cloud.contoso, "DELETE", f"/rows/role/{role['roleid']}")
    run = solution(ansible, path=write(), operation_id=started["operation_id"])
    assert f"the security role {ROLE_NAME} did not come with it" in run.failure(HOST)


# --- jobs that already run, or whose start got no response


def test_import_started_earlier_can_be_awaited_as_one_change(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    path = write()
    start = {**solution_task(path=path, wait=False), "register": "started"}
    run = ansible.tasks(start, solution_task(path=path, operation_id="{{ started.operation_id }}"))
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["solution"]
    first, second = (outcome.result for outcome in run.of(HOST, "dynamics_solution"))
    assert first["solution"]["solutionid"] == "00000000-0000-0000-0000-000000000000"
    assert second["operation_id"] == first["operation_id"]
    assert second["solution"]["version"] == "1.0.0.0"
    assert role_is_there(cloud)


@WITH_SLOW_IMPORTS
def test_run_after_a_killed_one_waits_for_its_import(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    import_by_hand(cloud, package())
    run = solution(ansible, path=write(), rehearse=False)
    assert run.status == 0, run.output
    assert starts(cloud, run.mark) == []
    assert role_is_there(cloud)


@WITH_SLOW_IMPORTS
def test_run_waits_for_the_import_of_another_solution(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    import_by_hand(cloud, package(unique_name="ContosoReferrals", variant="without-role"))
    run = solution(ansible, path=write(), rehearse=False)
    assert run.status == 0, run.output
    assert len(starts(cloud, run.mark)) == 1
    assert installed(cloud) is not None


def test_run_waits_for_a_lock_that_no_job_shows(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    cloud.fault(route="ImportSolutionAsync", method="POST", status=429, code="0x80071151")
    run = solution(ansible, path=write(), rehearse=False)
    assert run.status == 0, run.output
    assert installed(cloud) is not None


def test_job_that_never_ends_does_not_block_an_import(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    old = "2026-01-01T00:00:00Z"
    row = {"asyncoperationid": "aaaaaaaa-0000-4000-8000-000000000001", "messagename": "ImportSolutionAsync"}
    states = {"statecode": 2, "statuscode": 20, "createdon": old, "modifiedon": old}
    cloud.in_environment(cloud.contoso, "POST", "/rows/asyncoperation", {**row, **states})
    run = solution(ansible, path=write(), import_timeout=10, rehearse=False)
    assert run.status == 0, run.output
    assert installed(cloud) is not None


@WITH_SLOW_IMPORTS
def test_timeout_is_reported_and_the_next_run_continues_waiting(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    run = solution(ansible, path=write(), import_timeout=1, rehearse=False)
    assert "continues there" in run.failure(HOST)
    again = solution(ansible, path=write(), rehearse=False)
    assert again.status == 0, again.output
    assert len(starts(cloud, run.mark)) == 1


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param({"applied": True, "reset": True}, id="broken connection"),
        pytest.param({"applied": True, "status": 502}, id="gateway"),
        pytest.param({"applied": True, "status": 500, "code": "0x80040216"}, id="unexpected error"),
        pytest.param({"truncate": "body"}, id="half an answer"),
        pytest.param({"applied": False, "reset": True}, id="nothing was started"),
    ],
)
def test_lost_response_to_the_start_causes_no_second_import(
    cloud: Cloud, ansible: Ansible, write: Write, failure: dict[str, Any]
) -> None:
    cloud.fault(route="ImportSolutionAsync", method="POST", **failure)
    run = solution(ansible, path=write(), rehearse=False)
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["solution"]
    jobs = cloud.rows(cloud.contoso, "asyncoperations?$filter=messagename eq 'ImportSolutionAsync'")
    assert len(jobs) == 1
    assert role_is_there(cloud)


def test_lost_response_to_the_removal_removes_once(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    solution(ansible, path=write(), rehearse=False)
    cloud.fault(route="UninstallSolutionAsync", method="POST", applied=True, reset=True)
    run = solution(ansible, unique_name=UNIQUE_NAME, state="absent", rehearse=False)
    assert run.status == 0, run.output
    assert installed(cloud) is None


def test_package_is_sent_with_the_import_if_staging_is_refused(cloud: Cloud, ansible: Ansible, write: Write) -> None:
    run = solution(ansible, path=write(), stage=False)
    assert run.changes(HOST) == ["solution"], run.output
    assert "POST StageSolution" not in requests_of(cloud, run)
    assert role_is_there(cloud)
