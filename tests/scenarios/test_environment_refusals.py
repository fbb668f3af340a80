# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The effect of an environment's gates and states on a run: an explanation, a wait, or a retry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .cloud import Ansible, Cloud, Run, Simulator, task
from .configure import Configure, Made
from .conftest import QUICK

HOST = "contoso_prod"
EXPLAINED = {
    "0x80095ffe": "blocks requests from this machine's address (IP firewall)",
    "0x80095ffc": "(application access control): allow it and the application",
    "0x80072042": "blocks unmanaged customizations",
    "0x8004a104": "is disabled: enable it",
    "0x8004a113": "is in administration mode, in which leads are refused too",
    "0x8004b044": "is being set up or moved by Microsoft",
    "0x8004d253": "is being set up or moved by Microsoft",
    "0x80072561": "from this location: allow it in the conditional access policies",
    "0x80072325": "is full: free some storage or buy more",
    "0x80090477": "like all environments of Dataverse for Teams",
    "0x80072560": "if that was done a minute ago, run again",
    "0x80042f09": "has no security role in",
    "0x8004f026": "set on_locked to companion",
    "0x8004f027": "set on_locked to companion",
    "0x8004f032": "set on_locked to companion",
    "0x80044152": "set on_locked to companion",
    "0x8004f012": "set on_locked to companion",
    "0x8004f013": "set on_locked to companion",
    "0x80041d31": "name another role",
    "0x80041408": "privileges of the security role that it listed itself",
    "0x800404ce": "privileges of the security role that it listed itself",
    "0x8004140f": "privileges of the security role that it listed itself",
    "0x80040231": "assign it a security role that has them",
    "0x80040530": "create the application user in the Power Platform admin center",
    "0x80041d4f": "belongs to an earlier service principal of the same application",
    "0x80041d2c": "exists in",
    "0x80041d65": "remove the directory role from the user first",
    "0x8004d24b": "The user has no license in",
    "0x8004d24c": "The user has no license in",
    "0x80041d66": "The user has no license in",
    "0x80042f14": "The user has no license in",
    "0x80040d39": "does not remove its last administrator",
    "0x80041d2f": "does not remove its last administrator",
    "0x80041d30": "does not remove its last administrator",
}
PASSING = [
    *("0x80072323", "0x80072324", "0x80048544", "0x80044151", "0x8004ed47", "0x8004026c", "0x80048554", "0x80048560"),
    *("0x80048542", "0x80154b53", "0x80048543", "0x80041d50", "0x80041d52", "0x8004a102"),
]
NOT_IN_THE_DIRECTORY_YET = [
    *("0x8004f510", "0x8004f512", "0x80041d54", "0x80041d37"),
    *("0x80072559", "0x80041d49", "0x80041d28", "0x80041d4b", "0x80041d2a"),
]


@pytest.fixture
def gated(tmp_path: Path, simulators: Callable[..., Simulator], collections: Path) -> Callable[..., Run]:
    """For each code, reads the solutions of a tenant whose environment has a gate with that code."""

    def run(codes: list[str], **gate: Any) -> Run:
        tenants = [
            {
                "name": f"t{code}",
                "environments": [{"name": f"t{code}_prod", "options": {"gates": [{"code": code, **gate}]}}],
            }
            for code in codes
        ]
        (tmp_path / "cloud.yml").write_text(yaml.safe_dump({"tenants": tenants}), encoding="utf-8")
        cloud = Cloud(tmp_path, simulators(*QUICK, "--config", str(tmp_path / "cloud.yml")))
        one = task("dynamics_solution_info", environment_url="{{ lead_writer_environment_url }}")
        return Ansible(cloud, collections, tmp_path).tasks(one, rehearse=False)

    return run


def test_every_gate_is_explained(gated: Callable[..., Run]) -> None:
    # With a status after which no request is sent again: the code alone has to explain it.
    run = gated([*EXPLAINED], status=403)
    told = {code: run.failure(f"t{code}_prod") for code in EXPLAINED}
    assert [code for code, sentence in EXPLAINED.items() if sentence not in told[code]] == [], told


def test_temporary_refusals_are_retried(gated: Callable[..., Run]) -> None:
    run = gated(PASSING, times=1)
    assert run.status == 0, run.output


@pytest.mark.parametrize("code", NOT_IN_THE_DIRECTORY_YET)
@pytest.mark.cloud("--tenants", "1")
def test_run_waits_for_a_service_principal_not_visible_yet(cloud: Cloud, ansible: Ansible, code: str) -> None:
    made = cloud.graph(cloud.contoso, "POST", "/applications", {"displayName": "Leads"})
    cloud.graph(cloud.contoso, "POST", "/servicePrincipals", {"appId": made["appId"]})
    cloud.traits(cloud.contoso, gates=[{"code": code, "methods": ["POST"], "times": 1, "status": 400}])
    one = task("dynamics_app_user", environment_url=cloud.contoso.environment_url, application_id=made["appId"])
    run = ansible.tasks(one, rehearse=False)
    assert run.status == 0, run.output


@pytest.mark.cloud("--tenants", "1", "--set", "dataverse_lag_seconds=8")
def test_run_waits_for_an_environment_behind_the_directory(cloud: Cloud, configure: Configure) -> None:
    run = configure(rehearse=False)
    assert run.status == 0, run.output
    answers = [
        entry["status"]
        for entry in cloud.requests_since(run.mark)
        if entry["method"] == "POST" and entry["path"].endswith("/systemusers")
    ]
    assert len(answers) > 1 and answers[-1] == 201, answers


@pytest.mark.cloud("--tenants", "1")
def test_run_waits_for_disabled_background_operations(cloud: Cloud, configure: Configure) -> None:
    off = {"code": "0x80040216", "message": "Async operations are currently disabled for this organization."}
    gate = {**off, "methods": ["POST"], "path": "ImportSolutionAsync", "times": 1}
    cloud.traits(cloud.contoso, gates=[gate])
    run = configure(rehearse=False)
    assert run.status == 0, run.output


VALIDATE = "marketplace_leads.dynamics365.validate"


@pytest.mark.cloud("--tenants", "1")
@pytest.mark.parametrize("methods", [["GET"], ["POST"]])
def test_gate_that_blocks_only_the_lead_service_is_named(
    cloud: Cloud, configure: Configure, methods: list[str]
) -> None:
    assert configure(rehearse=False).status == 0
    application_id = Made(cloud, cloud.contoso).application["appId"]
    gate = {"code": "0x80095ffc", "callers": [application_id], "methods": methods}
    cloud.traits(cloud.contoso, gates=[gate])
    run = configure(playbook=VALIDATE, rehearse=False)
    told = run.failure(HOST)
    assert "The environment blocks the lead service" in told
    assert f"blocks application {application_id} (application access control)" in told


@pytest.mark.cloud("--tenants", "1")
def test_settings_that_cannot_be_read_stop_nothing(cloud: Cloud, configure: Configure) -> None:
    cloud.traits(cloud.contoso, gates=[{"code": "0x80040220", "path": "^organizations"}])
    run = configure(check=True)
    assert run.status == 0, run.output
