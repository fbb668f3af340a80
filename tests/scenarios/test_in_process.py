# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same tasks both ways: in the worker, and as ordinary modules, with the same results."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .cloud import Ansible, Cloud, Run, credentials, task

pytestmark = pytest.mark.cloud("--tenants", "1")

ENVIRONMENT = {"environment_url": "{{ lead_writer_environment_url }}"}
OWN_ID = {"application_id": "{{ lead_writer_client_id }}"}


def ignoring(one: dict[str, Any], **keywords: Any) -> dict[str, Any]:
    return {**one, "ignore_errors": True, **keywords}


TASKS = [
    ignoring(task("dynamics_app_user", **ENVIRONMENT, **OWN_ID, roles=["System Administrator"])),
    ignoring(task("dynamics_app_user", **ENVIRONMENT, **OWN_ID, roles=["Basic User"]), check_mode=True, diff=True),
    ignoring(task("dynamics_app_user", **ENVIRONMENT, **OWN_ID, roles=["No Such Role"])),
    ignoring(task("dynamics_app_user", **ENVIRONMENT, **OWN_ID, rolez=["No Such Role"])),
    ignoring(task("dynamics_app_user", **ENVIRONMENT)),
    ignoring(task("dynamics_app_user", **ENVIRONMENT, application_id="x", roles_mode="nearly")),
    ignoring(task("dynamics_app_user", **ENVIRONMENT, **OWN_ID, client_secret="a-very-wrong-secret")),
    ignoring(task("dynamics_app_user", **ENVIRONMENT, **OWN_ID, timeout="soon")),
    ignoring(task("dynamics_app_user", environment_url="https://contoso.crm4.dynamics.com/main.aspx", **OWN_ID)),
    ignoring(
        {
            "name": "a loop",
            "marketplace_leads.dynamics365.dynamics_app_user": {
                **credentials(),
                **ENVIRONMENT,
                "application_id": "{{ item }}",
                "state": "absent",
            },
            "connection": "local",
            "loop": ["11111111-1111-1111-1111-111111111111", "nonsense"],
        }
    ),
    ignoring(
        {
            "name": "credentials of the environment",
            "marketplace_leads.dynamics365.dynamics_app_user": {**ENVIRONMENT, **OWN_ID},
            "connection": "local",
            "environment": {
                "AZURE_CLIENT_ID": "{{ lead_writer_client_id }}",
                "AZURE_CLIENT_SECRET": "{{ lead_writer_client_secret }}",
            },
        }
    ),
]


def told(run: Run) -> list[str]:
    """The results that callbacks received, without what may differ between any two runs."""
    return [
        scrubbed(f"{o.task}: {o.outcome} {json.dumps({**o.result, 'exception': None}, sort_keys=True)}")
        for o in run.outcomes
    ]


def lines(run: Run) -> list[str]:
    """The output without the lines about how a module was executed."""
    own = re.compile(r"^<|Using module file|^redirecting|^task path|playbook\d|^Loading|^\s*$|DEPRECATED")
    return [scrubbed(line) for line in run.output.splitlines() if not own.search(line)]


def scrubbed(text: str) -> str:
    """`text` without the IDs and times that the service creates for every request."""
    text = re.sub(r"(Trace ID|Correlation ID): [0-9a-f-]{36}|\"request_id\": \"[0-9a-f-]{36}\"", "id", text)
    return re.sub(r"Timestamp: \S+ \S+", "time", text)


def test_in_process_and_ordinary_execution_report_the_same(cloud: Cloud, ansible: Ansible) -> None:
    here = ansible.tasks(*TASKS, rehearse=False, verbosity=3)
    ordinary = ansible.tasks(*TASKS, rehearse=False, verbosity=3, environment={"MARKETPLACE_LEADS_IN_PROCESS": "0"})
    assert told(here) == told(ordinary)
    assert lines(here) == lines(ordinary)
    assert len(here.outcomes) > len(TASKS)
    assert "a-very-wrong-secret" not in here.output + ordinary.output
    # For the ordinary way only callback results: Ansible prints the shell command of a task with `environment:`.
    assert cloud.contoso.client_secret not in here.output + "".join(told(ordinary))


def test_delegated_or_async_module_is_executed_the_ordinary_way(ansible: Ansible) -> None:
    later = {**task("dynamics_app_user", **ENVIRONMENT, **OWN_ID), "async": 60, "poll": 1}
    run = ansible.tasks(later, rehearse=False)
    assert run.status == 0, run.output
    assert any(outcome.result.get("ansible_job_id") for outcome in run.outcomes)
