# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A runner that may write only its own applications: which it owns, and what it reports about others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .applications import ALL_OPTIONS, HOST, UNIQUE_NAME, Directory
from .cloud import Ansible, Cloud, task
from .configure import Configure, Made

pytestmark = pytest.mark.cloud("--tenants", "1")
FRESH = {**ALL_OPTIONS, "secret": {"name": "leads"}}


@pytest.fixture
def directory(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> Directory:
    return Directory(cloud, ansible, tmp_path)


def runner_id(directory: Directory) -> str:
    """The object id of the runner's service principal."""
    return str(directory.principal(directory.tenant.client_id)["id"])


def own(directory: Directory, application: dict[str, Any]) -> None:
    """Make the runner an owner, as the message asks an administrator to do."""
    owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{runner_id(directory)}"}
    directory.graph("POST", f"/applications/{application['id']}/owners/$ref", owner)


# --- an existing application


def test_application_not_owned_stops_the_role_before_any_write(directory: Directory, configure: Configure) -> None:
    made = directory.make(displayName="Made by a person", owned=False)
    run = configure("-e", f"lead_writer_application_id={made['appId']}", rehearse=False)
    cure = f"az ad app owner add --id {made['appId']} --owner-object-id {runner_id(directory)}"
    assert cure in run.failure(HOST)
    assert directory.cloud.writes_since(run.mark) == []


def test_application_not_owned_fails_the_dry_run_of_the_role(directory: Directory, configure: Configure) -> None:
    made = directory.make(displayName="Made by a person", owned=False)
    run = configure("-e", f"lead_writer_application_id={made['appId']}", check=True)
    assert "Application.ReadWrite.OwnedBy covers only applications that it owns" in run.failure(HOST)


@pytest.mark.parametrize("options", [{"name": "Mine"}, {"state": "absent"}, {"secret": {"name": "leads"}}])
def test_application_not_owned_fails_the_dry_run_of_the_module(directory: Directory, options: dict[str, Any]) -> None:
    made = directory.make(displayName="Made by a person", owned=False)
    run = directory.ansible.tasks(task("aad_app", application_id=made["appId"], **options), check=True)
    assert "does not own application" in run.failure(HOST)


def test_application_not_owned_may_stay_unchanged(directory: Directory) -> None:
    made = directory.make(displayName="Made by a person", owned=False)
    tags = {"tags": ["WindowsAzureActiveDirectoryIntegratedApp"]}
    directory.graph("PATCH", f"/servicePrincipals(appId='{made['appId']}')", tags)
    run = directory.run(application_id=made["appId"], name="Made by a person")
    assert run.changed_hosts() == set(), run.output


def test_application_is_adopted_once_owned(directory: Directory) -> None:
    made = directory.make(displayName="Made by a person", owned=False)
    own(directory, made)
    run = directory.run(application_id=made["appId"], name="Mine", secret={"name": "leads"})
    assert run.status == 0, run.output


# --- an application that the runner creates


def test_created_application_is_owned_although_upsert_sets_no_owner(directory: Directory, configure: Configure) -> None:
    directory.cloud.set(graph_upsert_makes_owner=False)
    run = configure()
    assert run.status == 0, run.output
    assert Made(directory.cloud, directory.tenant).application["uniqueName"].startswith("marketplace-lead-writer")


def test_lost_response_to_creation_creates_no_second_application(directory: Directory) -> None:
    directory.cloud.set(graph_upsert_makes_owner=False, replication_seconds=2)
    directory.cloud.fault(route="/applications$", method="POST", reset=True, applied=True)
    run = directory.run(**FRESH, rehearse=False)
    assert run.status == 0, run.output
    assert directory.cloud.control("GET", "/faults")["waiting"] == 0
    assert len(directory.applications()) == 1


def test_refused_but_applied_creation_creates_no_second_application(directory: Directory) -> None:
    fault = {"status": 404, "code": "Directory_ObjectNotFound", "body": "json", "applied": True}
    directory.cloud.fault(route="/applications$", method="POST", **fault)
    run = directory.run(**FRESH, rehearse=False)
    assert run.status == 0, run.output
    assert directory.cloud.control("GET", "/faults")["waiting"] == 0
    assert len(directory.applications()) == 1


def test_unique_name_that_creation_omits_is_set_immediately(directory: Directory) -> None:
    directory.cloud.set(graph_post_sets_unique_name=False)
    run = directory.run(**FRESH)
    assert run.status == 0, run.output
    assert directory.application()["uniqueName"] == UNIQUE_NAME


def test_application_is_upserted_if_creation_takes_no_unique_name(directory: Directory) -> None:
    message = "Property 'uniqueName' is read-only and cannot be set."
    directory.cloud.fault(route="/applications$", method="POST", status=400, code="Request_BadRequest", message=message)
    run = directory.run(**FRESH)
    assert run.status == 0, run.output
    assert len(directory.applications()) == 1


def test_created_application_not_owned_is_reported_with_the_cure(directory: Directory) -> None:
    message = "Property 'uniqueName' is read-only and cannot be set."
    directory.cloud.set(graph_upsert_makes_owner=False)
    directory.cloud.fault(route="/applications$", method="POST", status=400, code="Request_BadRequest", message=message)
    run = directory.run(**FRESH, rehearse=False)
    made = directory.application()
    cure = f"az ad app owner add --id {made['appId']} --owner-object-id {runner_id(directory)}"
    assert "was made, but Microsoft Graph did not make the runner its owner" in run.failure(HOST)
    assert cure in run.failure(HOST)
    own(directory, made)
    again = directory.run(**FRESH)
    assert again.status == 0, again.output
    assert len(directory.applications()) == 1


def test_run_waits_until_the_owner_is_visible_everywhere(directory: Directory) -> None:
    denied = {"status": 403, "code": "Authorization_RequestDenied", "message": "Insufficient privileges."}
    directory.cloud.fault(route="addPassword$", method="POST", **denied)
    run = directory.run(**FRESH)
    assert run.status == 0, run.output
    assert len(directory.key_ids()) == 1


def test_runner_that_may_write_every_application_needs_no_ownership(directory: Directory) -> None:
    graph_id = directory.principal("00000003-0000-0000-c000-000000000000")
    role = next(each["id"] for each in graph_id["appRoles"] if each["value"] == "Application.ReadWrite.All")
    body = {"principalId": runner_id(directory), "resourceId": graph_id["id"], "appRoleId": role}
    directory.graph("POST", f"/servicePrincipals/{graph_id['id']}/appRoleAssignedTo", body)
    made = directory.make(displayName="Made by a person", owned=False)
    run = directory.run(application_id=made["appId"], name="Mine")
    assert run.status == 0, run.output
    assert not [each for each in directory.cloud.requests_since(run.mark) if "/owners" in each["path"]]
