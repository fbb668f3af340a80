# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a new secret could be revealed: every keyword of a task that shows or stores results, one by one."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from .cloud import Ansible, Cloud, Run, task
from .people import CLOUD, NAME

pytestmark = pytest.mark.cloud("--config", CLOUD)

HOST = "contoso_prod"
SECRET = {"name": "leads"}
APPLICATION = task("aad_app", name="Lead Writer", unique_name="leads", secret=SECRET)
USER = task("aad_user", user_principal_name=NAME, display_name="Lead Writer", usage_location="SE")
EACH = pytest.mark.parametrize("one", [APPLICATION, USER], ids=["secret", "password"])


class Searched:
    """Runs tasks at the highest verbosity with a log, and searches all their output for secrets of the cloud."""

    def __init__(self, cloud: Cloud, ansible: Ansible, folder: Path) -> None:
        self._cloud = cloud
        self._ansible = ansible
        self._folder = folder

    def __call__(self, *tasks: dict[str, Any], in_process: str = "1", hosts: str = HOST) -> Run:
        """Run tasks, and fail if a secret is in the output or in a file other than those with the runner's own."""
        log = self._folder / "ansible.log"
        given = self._files()
        run = self._ansible.tasks(
            *tasks,
            hosts=hosts,
            rehearse=False,
            verbosity=5,
            environment={"ANSIBLE_LOG_PATH": str(log), "MARKETPLACE_LEADS_IN_PROCESS": in_process},
        )
        assert "PLAY RECAP" in log.read_text(encoding="utf-8")
        left = {path: path.read_text(encoding="utf-8", errors="replace") for path in self._files() - given}
        for secret in self.secrets():
            assert secret not in run.output
            assert [str(path) for path, text in left.items() if secret in text] == []
        return run

    def _files(self) -> set[Path]:
        return {path for path in self._folder.rglob("*") if path.is_file() and path.name != "playbook0.yml"}

    def secrets(self) -> set[str]:
        """Every client secret and password that the cloud knows."""
        state = json.dumps(self._cloud.control("GET", "/state"))
        return set(re.findall(r'"_(?:secret|password)": "([^"]+)"', state))


@pytest.fixture
def searched(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> Searched:
    return Searched(cloud, ansible, tmp_path)


@pytest.mark.parametrize("keywords", [{"poll": 1}, {"poll": 0}, {"poll": 1, "no_log": True}], ids=str)
@EACH
def test_async_job_that_would_store_a_secret_is_refused_first(
    cloud: Cloud, searched: Searched, one: dict[str, Any], keywords: dict[str, Any]
) -> None:
    before = searched.secrets()
    run = searched({**one, "async": 60, **keywords})
    assert run.status != 0
    assert cloud.requests_since(run.mark) == []
    assert searched.secrets() == before


@EACH
def test_the_refusal_of_a_job_names_its_cure(searched: Searched, one: dict[str, Any]) -> None:
    message = searched({**one, "async": 60}).failure(HOST)
    assert message == (
        f"marketplace_leads.dynamics365.{one['name']} may return a new secret, which async would write into the file "
        "of the job and show: remove async and poll from the task."
    )


@pytest.mark.parametrize(
    "one",
    [
        task("aad_app", name="Lead Writer", unique_name="leads"),
        task("aad_app", name="Lead Writer", unique_name="leads", secret={**SECRET, "state": "absent"}),
        task("aad_app", unique_name="leads", secret=SECRET, state="absent"),
        task("aad_user", user_principal_name=NAME, state="absent"),
        task("aad_user", user_principal_name=NAME, display_name="Leads", password="A-password-0f-the-caller"),
        task("aad_app_info", unique_name="leads"),
    ],
    ids=["no-secret", "secret-absent", "application-absent", "user-absent", "own-password", "info"],
)
def test_async_job_that_returns_no_secret_is_run(ansible: Ansible, one: dict[str, Any]) -> None:
    run = ansible.tasks({**one, "async": 60, "poll": 1}, hosts=HOST, rehearse=False)
    assert run.status == 0, run.output


KEYWORDS: list[dict[str, Any]] = [
    {"loop": ["a", "b"]},
    {"until": False, "retries": 1, "delay": 0},
    {"failed_when": True},
    {"delegate_to": "localhost"},
    {"diff": True},
]


@pytest.mark.parametrize("in_process", ["1", "0"])
@EACH
def test_no_keyword_of_a_task_reveals_a_secret(searched: Searched, one: dict[str, Any], in_process: str) -> None:
    before = searched.secrets()
    made = {"aad_app": {"unique_name": "{}"}, "aad_user": {"user_principal_name": "{}@contoso.onmicrosoft.com"}}
    tasks = []
    for number, keywords in enumerate(KEYWORDS):
        ((option, text),) = made[one["name"]].items()
        options = {**one[f"marketplace_leads.dynamics365.{one['name']}"], option: text.format(f"leads{number}")}
        each = task(one["name"], register=f"made{number}", **options)
        tasks.append({**each, "ignore_errors": True, **keywords})
    run = searched(*tasks, in_process=in_process)
    assert len(searched.secrets() - before) >= len(KEYWORDS), run.output


def test_malformed_result_that_may_hold_a_secret_is_omitted(cloud: Cloud, searched: Searched, tmp_path: Path) -> None:
    # Something between the module and Ansible that cuts off the end of the result.
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{sys.executable} \"$@\" | sed 's/}}$//'\n", encoding="utf-8")
    python.chmod(0o755)
    noisy = {**APPLICATION, "vars": {"ansible_python_interpreter": str(python)}}
    before = searched.secrets()
    run = searched(noisy, in_process="0")
    assert searched.secrets() > before, run.output
    assert "(left out, because it may hold a new secret)" in run.output
