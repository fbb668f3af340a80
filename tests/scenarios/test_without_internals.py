# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection with an ansible-core that lacks an internal interface that the collection uses."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.vars import clean

from .cloud import Ansible, Cloud, Run, task
from .configure import Configure

pytestmark = pytest.mark.cloud("--tenants", "1")

ENVIRONMENT = {"environment_url": "{{ lead_writer_environment_url }}"}
OWN_ID = {"application_id": "{{ lead_writer_client_id }}"}
ACTION = "ansible.plugins.action:ActionBase."
FOR_MODULES = [
    "ansible.module_utils.basic:_ANSIBLE_ARGS",
    "ansible.module_utils.basic:_ANSIBLE_PROFILE",
    "ansible.module_utils.common.json:get_module_encoder",
    "ansible.module_utils.common.json:Direction",
    f"{ACTION}_update_module_args",
    f"{ACTION}_compute_environment_string",
    f"{ACTION}_parse_returned_data",
    # Until ansible-core 2.20.
    *(["ansible.vars.clean:remove_internal_keys"] if hasattr(clean, "remove_internal_keys") else []),
]
FOR_ARGUMENTS = [
    f"{ACTION}finalize_task_arg",
    "ansible.errors:AnsibleValueOmittedError",
    "ansible.parsing.vault:EncryptedString",
    "ansible.template:is_trusted_as_template",
]


def without(*hidden: str) -> dict[str, str]:
    """The environment of a run whose ansible-core lacks these places."""
    folders = os.pathsep.join(str(Path(__file__).parent / each) for each in ("callback_plugins", "hiding_plugins"))
    enabled = {"ANSIBLE_CALLBACK_PLUGINS": folders, "ANSIBLE_CALLBACKS_ENABLED": "recorder,hider"}
    return {**enabled, "HIDDEN": " ".join(hidden)}


def warnings_in(run: Run) -> list[str]:
    """The warnings about ansible-core that a user sees."""
    return re.findall(r"\[WARNING\]: (ansible-core .+? names\.)", " ".join(run.output.split()))


def named(hidden: str) -> str:
    """The last part of a place's name, which a warning shows."""
    return hidden.rpartition(":")[2].rpartition(".")[2]


@pytest.mark.parametrize("hidden", FOR_MODULES + FOR_ARGUMENTS, ids=named)
def test_module_works_without_an_interface_with_one_warning(ansible: Ansible, hidden: str) -> None:
    one = task("dynamics_app_user", **ENVIRONMENT, **OWN_ID, roles=["System Administrator"], business_unit="{{ omit }}")
    run = ansible.tasks(one, one, rehearse=False, environment=without(hidden))
    assert run.status == 0, run.output
    assert [outcome.result["changed"] for outcome in run.outcomes] == [False, False]
    (warning,) = warnings_in(run)
    assert named(hidden).replace("Direction", "get_module_encoder") in warning


@pytest.mark.parametrize(
    "hidden", [f"{ACTION}_parse_returned_data", "ansible.module_utils.basic:_ANSIBLE_ARGS"], ids=named
)
def test_without_an_interface_a_module_is_executed_once(cloud: Cloud, ansible: Ansible, hidden: str) -> None:
    one = task("aad_app", name="Lead Writer", unique_name="leads")
    run = ansible.tasks(one, rehearse=False, environment=without(hidden))
    assert run.status == 0, run.output
    made = [
        write
        for write in cloud.writes_since(run.mark)
        if write.startswith("POST graph.microsoft.com/v1.0/applications") and write.endswith("/applications")
    ]
    assert len(made) == 1


def test_all_interfaces_missing_gives_one_warning_and_the_same_result(cloud: Cloud, configure: Configure) -> None:
    run = configure(rehearse=False, environment=without(*FOR_MODULES, *FOR_ARGUMENTS))
    assert run.status == 0, run.output
    assert len(warnings_in(run)) == 1
    again = configure(rehearse=False)
    assert cloud.writes_since(again.mark) == []


def test_unreachable_vault_is_named_before_a_secret_is_created(cloud: Cloud, configure: Configure) -> None:
    run = configure(rehearse=False, environment=without("ansible.parsing.dataloader:DataLoader._vault"))
    assert run.status != 0
    assert cloud.writes_since(run.mark) == []
    assert " ".join(run.output.split()).count("The vault passwords of this run cannot be reached") == 1


def test_a_stored_secret_is_not_decrypted_without_the_vault(configure: Configure) -> None:
    assert configure(rehearse=False).status == 0
    run = configure(
        playbook="marketplace_leads.dynamics365.validate",
        rehearse=False,
        environment=without("ansible.parsing.dataloader:DataLoader._vault"),
    )
    (message,) = {outcome.result["msg"] for outcome in run.outcomes if outcome.outcome == "failed"}
    assert "lacks DataLoader._vault: update the collection" in message


@pytest.mark.parametrize("hidden", ["_variable_manager", "_inventory"])
def test_offers_are_compared_without_the_variable_manager(cloud: Cloud, ansible: Ansible, hidden: str) -> None:
    name_offers(cloud, ["contoso-app"])
    claims: dict[str, Any] = {"marketplace_leads.dynamics365.offer_claims": {}, "run_once": True}
    run = ansible.tasks(claims, rehearse=False, environment=without(f"ansible.vars.hostvars:HostVars.{hidden}"))
    assert run.status == 0, run.output
    (outcome,) = run.outcomes
    assert list(outcome.result["claimed_twice"]) == ["contoso-app"]
    assert "only offers that the inventory names were compared" in outcome.result["warnings"][0]


def name_offers(cloud: Cloud, offers: list[str]) -> None:
    """Let two hosts of the inventory name the same offers."""
    inventory = yaml.safe_load(cloud.inventory.read_text(encoding="utf-8"))
    (group,) = inventory["all"]["children"].values()
    (first,) = group["hosts"].values()
    first["lead_writer_offers"] = offers
    group["hosts"]["another"] = {
        "lead_writer_environment_url": "https://b.crm.dynamics.com",
        "lead_writer_offers": offers,
    }
    cloud.inventory.write_text(yaml.safe_dump(inventory), encoding="utf-8")
