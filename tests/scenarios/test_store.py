# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The store: a missing store is not an empty one, and no run removes a secret that may be in use."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from .cloud import Cloud, Run
from .configure import Configure, Made

HOST = "contoso_prod"
OFFER = "contoso-offer"
DAY = 86400
PACE = ("--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4")
ONE = pytest.mark.cloud("--tenants", "1")
ONE_OFFER = pytest.mark.cloud("--tenants", "1", "--offers", "1", *PACE)
ROTATE = "marketplace_leads.dynamics365.rotate_secrets"
LIVE = {"lead_writer_publish": "live"}


def succeeded(run: Run) -> Run:
    assert run.status == 0, run.output
    return run


def alive(cloud: Cloud) -> list[str]:
    """The key IDs of the application's secrets, the oldest first."""
    secrets = Made(cloud, cloud.contoso).secrets
    return [each["keyId"] for each in sorted(secrets, key=lambda each: str(each["startDateTime"]))]


def assert_a_lead_arrives(cloud: Cloud) -> None:
    told = cloud.control("POST", "/tenants/contoso/leads", {"offer": OFFER})
    assert told["delivered"], told


def in_another_store(configure: Configure, name: str = "elsewhere", **variables: Any) -> dict[str, Any]:
    return {"lead_writer_store_directory": str(configure.store.parent / name), **variables}


# --- a store in another place


@ONE
def test_a_run_that_does_not_find_the_store_changes_nothing(cloud: Cloud, configure: Configure) -> None:
    succeeded(configure(rehearse=False))
    before = alive(cloud)
    for check in (True, False):
        run = configure(variables=in_another_store(configure), rehearse=False, check=check)
        message = run.failure(HOST)
        assert cloud.writes_since(run.mark) == []
        assert before[0] in message
        assert str(configure.store.parent / "elsewhere") in message
        assert "lead_writer_store_directory" in message
    assert alive(cloud) == before


@ONE
def test_store_in_the_working_directory_is_named(cloud: Cloud, configure: Configure) -> None:
    succeeded(configure(rehearse=False))
    # The harness runs Ansible in the folder above the store.
    wanted = configure.store.parent / "beside" / configure.store.name
    run = configure(variables={"lead_writer_store_directory": str(wanted)}, rehearse=False)
    assert f"set lead_writer_store_directory to {configure.store}, which has a record of it" in run.failure(HOST)
    assert cloud.writes_since(run.mark) == []


@ONE
def test_default_store_is_beside_the_inventory_wherever_ansible_runs(
    cloud: Cloud, configure: Configure, tmp_path: Path
) -> None:
    inventories = tmp_path / "inventories"
    inventories.mkdir()
    shutil.move(cloud.inventory, inventories / "hosts.yml")
    cloud.inventory = inventories / "hosts.yml"
    default = {"lead_writer_store_directory": None}
    succeeded(configure(variables=default, rehearse=False))
    assert (inventories / "lead_writer_store" / f"{cloud.contoso.environment_host}.yml").exists()

    # A folder as an inventory includes all its files, so the store must not be inside.
    shutil.move(inventories / "lead_writer_store", tmp_path / "lead_writer_store")
    cloud.inventory = inventories
    again = succeeded(configure(variables=default))
    assert again.changed_hosts() == set(), again.output


@ONE
def test_lost_store_gets_another_secret_and_keeps_the_old_one(cloud: Cloud, configure: Configure) -> None:
    succeeded(configure(rehearse=False))
    (lost,) = alive(cloud)
    shutil.rmtree(configure.store)
    run = succeeded(configure(variables={"lead_writer_store_lost": True}))
    assert alive(cloud) == [lost, configure.stored(cloud.contoso)["key_id"]]
    assert "The secrets of the lost store stay until the handover of the new one is confirmed" in run.output

    confirmed = {"lead_writer_secret_in_use": True, "lead_writer_secret_overlap_days": 0}
    succeeded(configure(variables=confirmed))
    assert alive(cloud) == [configure.stored(cloud.contoso)["key_id"]]


@ONE_OFFER
def test_a_stale_copy_of_the_store_hands_nothing_over(cloud: Cloud, configure: Configure) -> None:
    succeeded(configure(variables=LIVE, rehearse=False))
    stale = configure.store.parent / "stale"
    shutil.copytree(configure.store, stale)
    cloud.jump(2 * DAY)
    succeeded(configure(playbook=ROTATE, variables=LIVE, rehearse=False))
    before = alive(cloud)

    # Without its record of the handover the copy would hand over the older secret again.
    (stale / f"{cloud.contoso.environment_host}.handover.json").unlink()
    run = configure(variables=in_another_store(configure, "stale", **LIVE), rehearse=False)
    assert "handing over the stored one could cut leads" in run.failure(HOST)
    assert cloud.writes_since(run.mark) == []
    cloud.jump(9 * DAY)
    succeeded(configure(variables=LIVE, rehearse=False))
    assert alive(cloud) == before[1:]
    assert_a_lead_arrives(cloud)


@ONE
def test_a_warning_of_a_step_names_its_environment(cloud: Cloud, configure: Configure) -> None:
    succeeded(configure(rehearse=False))
    (first,) = alive(cloud)
    cloud.fault(route="removePassword$", status=403, count=0)
    run = succeeded(configure(variables={"lead_writer_secret_absent_key_ids": [first]}, rehearse=False))
    assert f"{HOST}: The new secret works, but a later step failed" in " ".join(run.output.split())


# --- interrupted runs


@ONE_OFFER
def test_secret_of_a_killed_rotation_is_removed_by_configure(cloud: Cloud, configure: Configure) -> None:
    succeeded(configure(variables=LIVE, rehearse=False))
    (first,) = alive(cloud)
    cloud.jump(2 * DAY)
    cloud.fault(route="/addPassword", applied=True, count=1, latency_seconds=20)
    configure(playbook=ROTATE, rehearse=False, killed_when=lambda: cloud.control("GET", "/faults")["waiting"] == 0)
    assert len(alive(cloud)) == 2
    run = succeeded(configure(variables=LIVE))
    assert run.changes(HOST) == ["application.secret.lost"]
    assert alive(cloud) == [first]
    assert_a_lead_arrives(cloud)


# --- passwords of the store


@ONE
def test_rotation_with_another_vault_password_creates_no_secret(
    cloud: Cloud, configure: Configure, tmp_path: Path
) -> None:
    succeeded(configure(rehearse=False))
    before = alive(cloud)
    cloud.jump(2 * DAY)
    configure.password.write_text("a-mistyped-password", encoding="utf-8")
    for check in (True, False):
        run = configure(playbook=ROTATE, rehearse=False, check=check)
        assert "cannot be decrypted: run with the vault password that encrypted it" in run.failure(HOST)
        assert cloud.writes_since(run.mark) == []
    assert alive(cloud) == before


@ONE
def test_a_store_that_cannot_be_written_stops_the_run_first(cloud: Cloud, configure: Configure) -> None:
    # No user can create a folder there.
    for check in (True, False):
        run = configure(variables={"lead_writer_store_directory": "/proc/no_store"}, rehearse=False, check=check)
        assert "/proc/no_store" in run.failure(HOST)
        assert cloud.writes_since(run.mark) == []


# --- two runs at once


class Meanwhile:
    """Another run, delayed while it creates its secret."""

    def __init__(self, cloud: Cloud, start: Any) -> None:
        cloud.fault(route="/addPassword", applied=True, count=1, latency_seconds=15)
        self._runs: list[Run] = []
        self._thread = threading.Thread(target=lambda: self._runs.append(start()))
        self._thread.start()
        while cloud.control("GET", "/faults")["waiting"] != 0:
            assert self._thread.is_alive(), self._runs[0].output
            self._thread.join(0.1)

    def end(self) -> Run:
        """Wait for its end, and return it."""
        self._thread.join()
        return self._runs[0]


@ONE
def test_the_second_of_two_runs_over_one_store_changes_nothing(cloud: Cloud, configure: Configure) -> None:
    first = Meanwhile(cloud, lambda: configure(rehearse=False))
    mark = cloud.mark()
    second = configure(rehearse=False)
    assert "Another run is about to store a secret" in second.failure(HOST)
    first_run = succeeded(first.end())
    assert not [each for each in cloud.writes_since(mark) if "addPassword" in each]
    assert first_run.changes(HOST)
    assert alive(cloud) == [configure.stored(cloud.contoso)["key_id"]]


@pytest.mark.torture
@ONE
def test_second_of_two_runs_over_two_stores_creates_no_secret(cloud: Cloud, configure: Configure) -> None:
    first = Meanwhile(cloud, lambda: configure(rehearse=False))
    second = configure(variables=in_another_store(configure), rehearse=False)
    message = second.failure(HOST)
    assert "live secrets that may be in use" in message or "Another run has made" in message
    succeeded(first.end())
    assert alive(cloud) == [configure.stored(cloud.contoso)["key_id"]]


@pytest.mark.torture
@ONE_OFFER
def test_two_rotations_over_two_store_copies_lose_no_lead(cloud: Cloud, configure: Configure) -> None:
    succeeded(configure(variables=LIVE, rehearse=False))
    shutil.copytree(configure.store, configure.store.parent / "copy")
    cloud.jump(2 * DAY)
    first = Meanwhile(cloud, lambda: configure(playbook=ROTATE, variables=LIVE, rehearse=False))
    copy = in_another_store(configure, "copy", **LIVE)
    configure(playbook=ROTATE, variables=copy, rehearse=False)
    succeeded(first.end())
    assert_a_lead_arrives(cloud)
    for days in (1, 9):
        cloud.jump(days * DAY)
        for variables in (LIVE, copy):
            run = configure(variables=variables, rehearse=False)
            assert configure.stored(cloud.contoso)["key_id"] in alive(cloud), run.output
            assert_a_lead_arrives(cloud)


# --- custom stores


class OwnStore:
    """A custom store: a JSON file, read by a lookup and written by tasks."""

    def __init__(self, folder: Path, content: str = "{{ lead_writer_store_entry | to_json }}") -> None:
        self.file = folder / "own_store.json"
        write, remove = folder / "write.yml", folder / "remove.yml"
        copy = {"dest": str(self.file), "content": content, "mode": "0600"}
        write.write_text(yaml.safe_dump([{"name": "Store", "ansible.builtin.copy": copy, "no_log": True}]), "utf-8")
        gone = {"path": str(self.file), "state": "absent"}
        remove.write_text(yaml.safe_dump([{"name": "Remove", "ansible.builtin.file": gone}]), "utf-8")
        entry = f"(lookup('ansible.builtin.file', '{self.file}', errors='ignore') | default('{{}}', true) | from_json)"
        self.variables = {
            "lead_writer_store_write_tasks": str(write),
            "lead_writer_store_remove_tasks": str(remove),
            "lead_writer_stored": (
                "{{ {'key_id': '', 'can_encrypt': true} | combine("
                + entry
                + " | dict2items | rejectattr('key', 'equalto', 'secret') | items2dict) }}"
            ),
            "lead_writer_stored_value": "{{ " + entry + ".secret | default('') }}",
        }

    @property
    def entry(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.file.read_text(encoding="utf-8"))
        return found


@pytest.fixture
def own_store(tmp_path: Path) -> OwnStore:
    return OwnStore(tmp_path)


@ONE
def test_custom_store_keeps_the_secret_for_its_whole_life(
    cloud: Cloud, configure: Configure, own_store: OwnStore
) -> None:
    first = succeeded(configure(variables=own_store.variables, vault=False))
    (made,) = alive(cloud)
    assert own_store.entry["key_id"] == made
    assert own_store.entry["secret"] not in first.output
    assert succeeded(configure(variables=own_store.variables, vault=False)).changed_hosts() == set()

    cloud.jump(330 * DAY)
    succeeded(configure(variables=own_store.variables, vault=False))
    assert own_store.entry["previous_key_ids"] == made
    assert alive(cloud) == [made, own_store.entry["key_id"]]
    validate = "marketplace_leads.dynamics365.validate"
    succeeded(configure(variables=own_store.variables, vault=False, playbook=validate, rehearse=False))
    assert not configure.store.joinpath(f"{cloud.contoso.environment_host}.yml").exists()


@ONE
def test_killed_run_with_a_custom_store_is_repaired(cloud: Cloud, configure: Configure, own_store: OwnStore) -> None:
    cloud.fault(route="/addPassword", applied=True, count=1, latency_seconds=20)
    configure(
        variables=own_store.variables,
        rehearse=False,
        killed_when=lambda: cloud.control("GET", "/faults")["waiting"] == 0,
    )
    assert len(alive(cloud)) == 1
    succeeded(configure(variables=own_store.variables))
    assert alive(cloud) == [own_store.entry["key_id"]]


TEST_STORE = "marketplace_leads.dynamics365.test_store"


@ONE
def test_store_test_passes_a_correct_store(configure: Configure, own_store: OwnStore) -> None:
    succeeded(configure(variables=own_store.variables, playbook=TEST_STORE, rehearse=False))
    assert not own_store.file.exists()


@ONE
@pytest.mark.parametrize(
    "content",
    [
        pytest.param("{{ {'key_id': lead_writer_store_entry.key_id} | to_json }}", id="forgets the intention"),
        pytest.param("{{ lead_writer_store_entry | combine({'secret': 'x'}) | to_json }}", id="another secret"),
        pytest.param("{{ lead_writer_store_entry | combine({'secret': ''}) | to_json }}", id="no secret"),
    ],
)
def test_store_test_fails_a_faulty_store(configure: Configure, tmp_path: Path, content: str) -> None:
    store = OwnStore(tmp_path, content)
    run = configure(variables=store.variables, playbook=TEST_STORE, rehearse=False)
    assert "lead_writer_store_write_tasks stored last" in run.output or "censored" in run.output
    assert run.status != 0
