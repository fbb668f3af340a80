# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A playbook of ansible.builtin.uri tasks that makes the requests of a list, as written without the role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from .request_log import Step


def inventory(
    steps: Mapping[str, Sequence[Step]], credentials: Mapping[str, Mapping[str, str]], ca_bundle: str
) -> dict[str, Any]:
    """Return an inventory of the environments by name, each with its requests and the runner's credentials."""
    return {
        "all": {
            "vars": {"ca_bundle": ca_bundle},
            "hosts": {
                name: {**credentials[name], "steps": [asdict(step) for step in its_steps]}
                for name, its_steps in steps.items()
            },
        }
    }


def playbook(steps: Sequence[Step], in_all: int) -> list[dict[str, Any]]:
    """Return a play with a task for each request.

    `steps` are those of an environment with the longest list; the others have the same kinds of request in the same
    places, and at least `in_all` of them.
    """
    # The variable that keeps each host's token, by the place of the host in this environment's list.
    variables = {step.token_for: f"token_{number}" for number, step in enumerate(steps) if step.token_for}
    return [
        {
            "name": "Make the same requests",
            "hosts": "all",
            "gather_facts": False,
            "connection": "local",
            "tasks": [
                # A condition only where needed, because it costs time as well.
                _task(number, step, variables) | ({"when": f"steps | length > {number}"} if number >= in_all else {})
                for number, step in enumerate(steps)
            ],
        }
    ]


def _task(number: int, step: Step, variables: Mapping[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "url": f"{{{{ steps[{number}].url }}}}",
        "method": step.method,
        "status_code": f"{{{{ steps[{number}].status }}}}",
        "return_content": True,
        # uri follows the usual variables for proxies, but not those for trusted certificates.
        "ca_path": "{{ ca_bundle }}",
    }
    task: dict[str, Any] = {"name": f"Request {number + 1}", "ansible.builtin.uri": options}
    if step.token_for:
        options["body_format"] = "form-urlencoded"
        options["body"] = {
            "grant_type": "client_credentials",
            "client_id": "{{ client_id }}",
            "client_secret": "{{ client_secret }}",
            "scope": f"https://{{{{ steps[{number}].token_for }}}}/.default",
        }
        task["register"] = variables[step.token_for]
    elif step.token_of:
        options["headers"] = {"Authorization": f"Bearer {{{{ {variables[step.token_of]}.json.access_token }}}}"}
    return task
