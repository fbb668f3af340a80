# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks and machines that are set up for other work: another user, another Python, a missing library."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .cloud import Ansible, Cloud, Run, task
from .configure import Configure

pytestmark = pytest.mark.cloud("--tenants", "1")

ROLE = "marketplace_leads.dynamics365.lead_writer"
HOST = "contoso_prod"
ENVIRONMENT = {"environment_url": "{{ lead_writer_environment_url }}"}
OWN_ID = {"application_id": "{{ lead_writer_client_id }}"}


@pytest.fixture
def no_become(tmp_path: Path) -> Path:
    """A program to become another user that refuses to do so."""
    return program(tmp_path / "no_become", "echo 'becoming another user was tried' >&2; exit 1")


@pytest.fixture
def no_python(tmp_path: Path) -> Path:
    """A Python that does not start, like a shim of pyenv for a version that is not selected."""
    return program(tmp_path / "python3.14", "echo 'pyenv: python3.14: command not found' >&2; exit 127")


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def set_in_inventory(cloud: Cloud, **variables: Any) -> None:
    inventory = yaml.safe_load(cloud.inventory.read_text(encoding="utf-8"))
    inventory["all"].setdefault("vars", {}).update(variables)
    cloud.inventory.write_text(yaml.safe_dump(inventory), encoding="utf-8")


def assert_set_up(run: Run) -> None:
    assert run.status == 0, run.output
    assert "application_user.roles" in run.changes(HOST)


@pytest.mark.parametrize("tasks", ["main", "rotate", "validate"])
def test_the_role_works_in_a_play_that_becomes_another_user(
    ansible: Ansible, configure: Configure, no_become: Path, tmp_path: Path, tasks: str
) -> None:
    if tasks != "main":
        assert configure(rehearse=False).status == 0
    play = {
        "hosts": "all",
        "gather_facts": False,
        "become": True,
        "become_user": "nobody",
        "vars": {"ansible_become_exe": str(no_become)},
        "tasks": [{"ansible.builtin.import_role": {"name": ROLE, "tasks_from": tasks}}],
    }
    path = tmp_path / "site.yml"
    path.write_text(yaml.safe_dump([play]), encoding="utf-8")
    rotate = {"lead_writer_secret_rotate_after_days": 1} if tasks == "rotate" else {}
    run = configure(playbook=str(path), rehearse=False, variables=rotate)
    assert run.status == 0, run.output


def test_the_role_works_with_an_inventory_that_becomes_another_user(
    cloud: Cloud, configure: Configure, no_become: Path
) -> None:
    set_in_inventory(cloud, ansible_become=True, ansible_become_user="nobody", ansible_become_exe=str(no_become))
    assert_set_up(configure())


def test_the_role_works_on_a_command_line_that_becomes_another_user(
    cloud: Cloud, configure: Configure, no_become: Path
) -> None:
    set_in_inventory(cloud, ansible_become_exe=str(no_become))
    assert_set_up(configure("--become", "--become-user", "nobody"))


@pytest.mark.parametrize("in_process", ["1", "0"])
def test_the_role_works_whichever_python_the_inventory_names(
    cloud: Cloud, configure: Configure, no_python: Path, in_process: str
) -> None:
    set_in_inventory(cloud, ansible_python_interpreter=str(no_python))
    assert_set_up(configure(rehearse=False, environment={"MARKETPLACE_LEADS_IN_PROCESS": in_process}))


def test_a_module_needs_no_other_python_on_the_control_node(ansible: Ansible, cloud: Cloud, no_python: Path) -> None:
    set_in_inventory(cloud, ansible_python_interpreter=str(no_python))
    run = ansible.tasks(task("dynamics_app_user", **ENVIRONMENT, **OWN_ID), rehearse=False)
    assert run.status == 0, run.output


# --- a missing library


@pytest.fixture(params=["msal", "requests"])
def lacking(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A library in the folder `libraries` that no Python of the run can import."""
    name = str(request.param)
    folder = tmp_path / "libraries"
    folder.mkdir()
    text = f"raise ModuleNotFoundError(\"No module named '{name}'\", name='{name}')\n"
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return name


def without_library(tmp_path: Path) -> dict[str, str]:
    """The environment of a run whose Pythons lack the library of the fixture `lacking`."""
    return {"PYTHONPATH": f"{tmp_path / 'libraries'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}


def test_a_missing_library_is_named_with_the_python_that_lacks_it(
    ansible: Ansible, tmp_path: Path, lacking: str
) -> None:
    one = task("dynamics_app_user", **ENVIRONMENT, **OWN_ID)
    run = ansible.tasks(one, rehearse=False, environment=without_library(tmp_path))
    assert run.failure(HOST) == (
        f"{sys.executable} cannot import the Python library {lacking} (No module named '{lacking}'): install it there, "
        "or set ansible_python_interpreter to a Python that has it."
    )


def test_the_role_names_the_library_that_its_python_lacks(
    cloud: Cloud, configure: Configure, tmp_path: Path, no_python: Path, lacking: str
) -> None:
    set_in_inventory(cloud, ansible_python_interpreter=str(no_python))
    run = configure(rehearse=False, environment=without_library(tmp_path))
    assert f"{sys.executable} cannot import the Python library {lacking} (" in run.failure(HOST)


def test_missing_library_message_names_the_python_that_fails_to_start(
    cloud: Cloud, ansible: Ansible, tmp_path: Path, no_python: Path, lacking: str
) -> None:
    set_in_inventory(cloud, ansible_python_interpreter=str(no_python))
    one = task("dynamics_app_user", **ENVIRONMENT, **OWN_ID)
    run = ansible.tasks(one, rehearse=False, environment=without_library(tmp_path))
    message = run.failure(HOST)
    assert f"{sys.executable} cannot import the Python library {lacking} (" in message
    assert "pyenv: python3.14: command not found" in message
    assert f"install the library with {sys.executable} -m pip" in message
    assert re.search("deserialization|No start of json", run.output) is None
