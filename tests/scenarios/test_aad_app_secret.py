# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client secret: created when needed, handed over once, shown nowhere, and never lost or duplicated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .applications import HOST, UNIQUE_NAME, Directory
from .cloud import Ansible, Cloud, Run

pytestmark = pytest.mark.cloud("--tenants", "1")
DAY = 86400
UNKNOWN_ID = "33333333-3333-3333-3333-333333333333"


@pytest.fixture
def directory(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> Directory:
    return Directory(cloud, ansible, tmp_path)


def with_secret(directory: Directory, *, rehearse: bool = True, verbosity: int = 0, **secret: Any) -> Run:
    """Run the module for an application with a secret."""
    return directory.run(
        name="Lead Writer",
        unique_name=UNIQUE_NAME,
        secret={"name": "leads", **secret},
        rehearse=rehearse,
        verbosity=verbosity,
    )


def first_secret(directory: Directory) -> str:
    """Create the application with its secret, and return the key ID."""
    return str(directory.secret_of(with_secret(directory, stored_key_id="", rehearse=False))["key_id"])


def test_new_secret_works_after_the_run_and_is_kept_by_the_next(directory: Directory) -> None:
    first = with_secret(directory, stored_key_id="")
    assert directory.changes(first) == ["application", "service_principal", "application.secret"], first.output
    secret = directory.secret_of(first)
    assert directory.signs_in(directory.application()["appId"], directory.stored_value)
    assert directory.stored_value.startswith(secret["hint"])

    second = with_secret(directory, stored_key_id=secret["key_id"])
    assert second.changed_hosts() == set(), second.output
    assert directory.cloud.writes_since(second.mark) == []
    assert directory.secret_of(second)["end_date_time"] == secret["end_date_time"]
    assert directory.stored_value == ""

    no_record = with_secret(directory)
    assert no_record.changed_hosts() == set(), no_record.output


@pytest.mark.parametrize("in_process", ["1", "0"])
def test_no_secret_value_is_shown_at_the_highest_verbosity(
    directory: Directory, monkeypatch: pytest.MonkeyPatch, in_process: str
) -> None:
    monkeypatch.setenv("MARKETPLACE_LEADS_IN_PROCESS", in_process)
    run = with_secret(directory, verbosity=5)
    value = directory.stored_value
    assert len(value) > 16, run.output
    assert value not in run.output
    records = "".join(path.read_text(encoding="utf-8") for path in directory.folder.glob("record*.jsonl"))
    assert value not in records


@pytest.mark.parametrize(
    "fault",
    [
        {"reset": True},
        {"truncate": "body"},
        {"truncate": "connection"},
        {"status": 500},
        {"status": 502},
    ],
    ids=lambda fault: "-".join(str(each) for each in fault.values()),
)
def test_secret_with_a_lost_value_is_removed_before_the_next_one(directory: Directory, fault: dict[str, Any]) -> None:
    directory.cloud.fault(route="addPassword$", applied=True, **fault)
    run = with_secret(directory)
    assert directory.key_ids() == [directory.secret_of(run)["key_id"]]
    assert directory.signs_in(directory.application()["appId"], directory.stored_value)


def test_repeatedly_lost_responses_leave_no_secret_behind(directory: Directory) -> None:
    directory.cloud.fault(route="addPassword$", applied=True, reset=True, count=0)
    run = with_secret(directory)
    assert run.status != 0
    assert "addPassword got no answer" in run.failure(HOST)
    assert directory.key_ids() == []


def test_due_secret_stays_beside_its_successor(directory: Directory) -> None:
    old = first_secret(directory)
    directory.cloud.jump(321 * DAY)
    run = with_secret(directory, stored_key_id=old)
    assert directory.changes(run) == ["application.secret"], run.output
    new = directory.secret_of(run)["key_id"]
    assert set(directory.key_ids()) == {old, new}

    after = with_secret(directory, stored_key_id=new)
    assert after.changed_hosts() == set(), after.output

    directory.cloud.jump(330 * DAY)
    next_one = with_secret(directory, stored_key_id=new)
    assert directory.changes(next_one) == ["application.secret", "application.secret.removed"], next_one.output
    assert set(directory.key_ids()) == {new, directory.secret_of(next_one)["key_id"]}


@pytest.mark.parametrize("known", ["", UNKNOWN_ID])
def test_live_secret_missing_from_the_store_is_kept(directory: Directory, known: str) -> None:
    unknown = first_secret(directory)
    run = with_secret(directory, stored_key_id=known, store_lost=True)
    assert directory.changes(run) == ["application.secret"], run.output
    assert set(directory.key_ids()) == {unknown, directory.secret_of(run)["key_id"]}
    assert directory.signs_in(directory.application()["appId"], directory.stored_value)


def test_an_empty_record_beside_a_live_secret_changes_nothing(directory: Directory) -> None:
    unknown = first_secret(directory)
    run = with_secret(directory, stored_key_id="")
    assert "secret.stored_key_id is empty, but the application has live secrets" in run.failure(HOST)
    assert directory.cloud.writes_since(run.mark) == []
    assert directory.key_ids() == [unknown]


def test_secret_of_an_interrupted_run_is_recognized_by_its_expiry(directory: Directory) -> None:
    old = first_secret(directory)
    directory.cloud.jump(330 * DAY)
    chosen = "2028-06-01T10:20:30Z"
    with_secret(directory, stored_key_id=old, end_date_time=chosen, rehearse=False)
    run = with_secret(directory, stored_key_id=old, intended_end_date_times=[chosen])
    assert directory.changes(run) == ["application.secret.lost", "application.secret"], run.output
    assert set(directory.key_ids()) == {old, directory.secret_of(run)["key_id"]}


def test_only_the_secret_named_for_removal_is_removed(directory: Directory) -> None:
    old = first_secret(directory)
    directory.cloud.jump(330 * DAY)
    new = directory.secret_of(with_secret(directory, stored_key_id=old, rehearse=False))["key_id"]
    run = with_secret(directory, stored_key_id=new, absent_key_ids=[old, UNKNOWN_ID])
    assert directory.changes(run) == ["application.secret.removed"], run.output
    assert directory.key_ids() == [new]
    assert with_secret(directory, stored_key_id=new, absent_key_ids=[old]).changed_hosts() == set()


def test_orphan_that_cannot_be_removed_does_not_lose_the_new_value(directory: Directory) -> None:
    orphan = first_secret(directory)
    directory.cloud.fault(route="removePassword$", status=500, count=0)
    run = with_secret(directory, stored_key_id="", absent_key_ids=[orphan])
    assert run.status == 0, run.output
    assert "The new secret works, but a later step failed" in run.output
    assert directory.signs_in(directory.application()["appId"], directory.stored_value)
    assert set(directory.key_ids()) == {orphan, directory.secret_of(run)["key_id"]}


@pytest.mark.cloud("--tenants", "1", "--secret-activation-seconds", "600")
def test_secret_that_does_not_sign_in_is_removed(directory: Directory) -> None:
    run = directory.run(
        name="Lead Writer",
        unique_name=UNIQUE_NAME,
        secret={"name": "leads"},
        replication_timeout=3,
        rehearse=False,
    )
    assert "does not sign in yet (AADSTS7000215)" in run.failure(HOST)
    assert "The new secret was removed again." in run.failure(HOST)
    assert directory.key_ids() == []


@pytest.mark.parametrize(
    ("restriction", "sentence"),
    [
        ({"restrictionType": "passwordLifetime", "maxLifetime": "P90D"}, "lower secret.valid_days"),
        ({"restrictionType": "passwordAddition"}, "forbids client secrets: ask its administrator to exempt"),
    ],
)
def test_tenant_policy_against_secrets_is_explained(
    directory: Directory, restriction: dict[str, Any], sentence: str
) -> None:
    policy = {
        "isEnabled": True,
        "applicationRestrictions": {"passwordCredentials": [{"state": "enabled", **restriction}]},
    }
    directory.cloud.control("PATCH", f"/tenants/{directory.tenant.tenant_id}", {"app_management_policy": policy})
    run = with_secret(directory)
    assert sentence in run.failure(HOST)
    assert directory.key_ids() == []
    failed = run.result(HOST, "aad_app")
    assert failed["failure"]["code"].endswith("AsPerAppPolicy")
    assert failed["changes"] == ["application", "service_principal"]
