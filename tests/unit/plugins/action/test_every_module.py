# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that each module needs. Without them a module works, but slowly or without its credentials."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[4]
PLUGINS = "ansible_collections.marketplace_leads.dynamics365.plugins"
MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")
# They are run by actions that do all of the work, and sign in nowhere.
WITHOUT_CODE = {"lead_writer_fleet", "lead_writer_handover", "lead_writer_summary", "offer_claims", "secret_store_file"}
SIGNING_IN = sorted(set(MODULES) - WITHOUT_CODE)


def test_exactly_the_modules_have_an_action() -> None:
    assert sorted(path.stem for path in (ROOT / "plugins/action").glob("*.py")) == MODULES


@pytest.mark.parametrize("module", SIGNING_IN)
def test_the_action_of_a_module_runs_it_in_process(module: str) -> None:
    action = import_module(f"{PLUGINS}.action.{module}").ActionModule
    in_process = import_module(f"{PLUGINS}.plugin_utils._in_process")
    assert issubclass(action, in_process.InProcess)
    assert module in in_process.MODULES


def test_the_actions_do_not_share_a_class() -> None:
    # Ansible writes the name of the plugin into its class.
    actions = {import_module(f"{PLUGINS}.action.{module}").ActionModule for module in MODULES}
    assert len(actions) == len(MODULES)


def test_every_module_that_signs_in_is_in_the_action_group() -> None:
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text("utf-8"))
    assert runtime["action_groups"] == {"all": SIGNING_IN}


def test_nothing_is_routed_to_another_name() -> None:
    # ansible-lint treats a redirect as a rename, and changes users' playbooks to its target.
    assert "plugin_routing" not in yaml.safe_load((ROOT / "meta/runtime.yml").read_text("utf-8"))


@pytest.mark.parametrize("module", ["aad_app", "lead_writer_plan"])
def test_loading_an_action_loads_all_that_its_workers_use(module: str) -> None:
    wanted = f"{{'msal', 'requests', '{PLUGINS}.modules.{module}'}}"
    program = f"import sys, {PLUGINS}.action.{module}; assert {wanted} <= set(sys.modules)"
    # The program must find the collection where pytest found it.
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", program], env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", SIGNING_IN)
def test_module_with_a_secret_result_lists_its_options(module: str) -> None:
    code = import_module(f"{PLUGINS}.modules.{module}")
    options = {"secret": {"name": "leads"}, "user_principal_name": "leads@contoso.com"}
    assert code.ARGUMENTS.may_return_secret(options) == ("contains_secret" in yaml.safe_load(code.RETURN))
