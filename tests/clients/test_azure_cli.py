# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Azure CLI signs in with its defaults, works on directory and environment, and serves the role."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from packages.build import package
from simulator.spec import RunnerSpec, generated_tenant

from ..simulator.running import RunningCloud
from .conftest import Runner

pytestmark = pytest.mark.client("azure-cli")
URL = "https://contoso.crm4.dynamics.com"
GRAPH = "https://graph.microsoft.com"


@pytest.fixture
def cloud(new_cloud: Callable[..., RunningCloud]) -> RunningCloud:
    """Contoso with a runner that also has a certificate."""
    return new_cloud(dataclasses.replace(generated_tenant(1), runner=RunnerSpec(certificate=True)))


class Az:
    """The command with a separate configuration."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self.variables = {
            "AZURE_CONFIG_DIR": str(runner.home / "azure"),
            "AZURE_CORE_COLLECT_TELEMETRY": "no",
            "AZURE_CORE_NO_COLOR": "yes",
        }

    def __call__(self, *arguments: str, status: int = 0) -> Any:
        """Return the JSON output of a command."""
        command = self._runner.client.command("az")
        ended = self._runner.run(command, *arguments, "--output", "json", status=status, variables=self.variables)
        return json.loads(ended.stdout) if ended.stdout.strip() else ended.stderr


@pytest.fixture
def az(runner: Runner) -> Az:
    """The command, not signed in."""
    return Az(runner)


@pytest.fixture
def signed_in(az: Az, sign_in: dict[str, str]) -> Az:
    """The command, signed in with the runner's secret."""
    az(
        "login", "--service-principal", "--allow-no-subscriptions", "--username", sign_in["client"],
        "--password", sign_in["secret"], "--tenant", sign_in["tenant"],
    )  # fmt: skip
    return az


@pytest.mark.parametrize("credential", ["secret", "certificate"])
def test_az_signs_in_without_any_subscription(
    az: Az, sign_in: dict[str, str], cloud: RunningCloud, tmp_path: Path, credential: str
) -> None:
    if credential == "certificate":
        pem = tmp_path / "runner.pem"
        pem.write_text(cloud.tenant().directory.runner_certificate_pem())
        given = ["--certificate", str(pem)]
    else:
        given = ["--password", sign_in["secret"]]
    accounts = az(
        "login", "--service-principal", "--allow-no-subscriptions", "--username", sign_in["client"], *given,
        "--tenant", sign_in["tenant"],
    )  # fmt: skip

    assert [(item["tenantId"], item["user"]["type"]) for item in accounts] == [(sign_in["tenant"], "servicePrincipal")]
    assert az("account", "get-access-token", "--scope", f"{URL}/.default")["tenant"] == sign_in["tenant"]


def test_az_refuses_a_wrong_secret(az: Az, sign_in: dict[str, str]) -> None:
    said = az(
        "login", "--service-principal", "--allow-no-subscriptions", "--username", sign_in["client"],
        "--password", "wrong", "--tenant", sign_in["tenant"], status=1,
    )  # fmt: skip

    assert "AADSTS7000215" in said


def test_az_registers_uses_and_deletes_an_application(signed_in: Az, cloud: RunningCloud) -> None:
    az = signed_in
    made = az("ad", "app", "create", "--display-name", "Lead", "--web-redirect-uris", "https://contoso.example/one")
    named = ("--id", made["appId"])
    again = az("ad", "app", "create", "--display-name", "Lead", "--web-redirect-uris", "https://contoso.example/two")
    assert again["appId"] == made["appId"]  # az searches for one with that name and changes it
    az("ad", "app", "update", *named, "--set", "notes=changed")
    shown = az("ad", "app", "show", *named)
    assert (shown["notes"], shown["web"]["redirectUris"]) == ("changed", ["https://contoso.example/two"])
    assert [item["appId"] for item in az("ad", "app", "list", "--display-name", "Lead")] == [made["appId"]]
    principal = az("ad", "sp", "create", *named)
    assert az("ad", "sp", "show", *named)["id"] == principal["id"]
    secret = az("ad", "app", "credential", "reset", *named, "--display-name", "leads", "--years", "1")
    assert [item["displayName"] for item in az("ad", "app", "credential", "list", *named)] == ["leads"]
    assert "access_token" in cloud.sign_in(GRAPH, credential=secret["password"], client_id=made["appId"])
    az("ad", "app", "permission", "add", *named, "--api", "00000007-0000-0000-c000-000000000000",
       "--api-permissions", "78ce3f0f-a1ce-49c2-8cde-64b5c0896db4=Scope")  # fmt: skip
    az("ad", "app", "permission", "grant", *named, "--api", "00000007-0000-0000-c000-000000000000",
       "--scope", "user_impersonation")  # fmt: skip
    grants = az("ad", "app", "permission", "list-grants", *named)
    assert [item["scope"] for item in grants] == ["user_impersonation"]
    az("ad", "app", "delete", *named)
    assert az("ad", "app", "list", "--display-name", "Lead") == []


def test_az_rest_calls_an_environment_and_graph(signed_in: Az, sign_in: dict[str, str]) -> None:
    az, api = signed_in, f"{URL}/api/data/v9.2"

    me = az("rest", "--url", f"{api}/WhoAmI", "--resource", URL)
    az("rest", "--method", "post", "--url", f"{api}/leads", "--resource", URL, "--body", '{"lastname": "Doe"}')
    leads = az("rest", "--url", f"{api}/leads?$select=lastname", "--resource", URL)
    organization = az("rest", "--url", f"{api}/RetrieveCurrentOrganization(AccessType=@p)?@p='Default'",
                      "--resource", URL)  # fmt: skip
    tenant = az("rest", "--url", f"{GRAPH}/v1.0/organization?$select=id")

    assert me["OrganizationId"] == organization["Detail"]["OrganizationId"]
    assert [row["lastname"] for row in leads["value"]] == ["Doe"]
    assert [row["id"] for row in tenant["value"]] == [sign_in["tenant"]]


def test_the_role_sets_up_an_environment_with_the_sign_in_of_az(
    signed_in: Az, runner: Runner, cloud: RunningCloud
) -> None:
    for name, content in {"package.zip": package(), "password": b"a-password-for-tests"}.items():
        (runner.home / name).write_bytes(content)
    variables = {
        "lead_writer_environment_url": URL,
        "lead_writer_azure_cli": True,
        "lead_writer_solution_path": str(runner.home / "package.zip"),
        "lead_writer_store_directory": str(runner.home / "store"),
    }
    inventory = runner.home / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"contoso_prod": variables}}}))
    bin_folder = str(Path(runner.client.command("az")).parent)
    given = {
        **signed_in.variables,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        **{name: os.environ[name] for name in ("ANSIBLE_COLLECTIONS_PATH", "PYTHONPATH") if name in os.environ},
    }

    def configure(*arguments: str) -> str:
        return runner.run(
            sys.executable, "-m", "ansible", "playbook", "-i", str(inventory), "--vault-password-file",
            str(runner.home / "password"), "marketplace_leads.dynamics365.configure", *arguments, variables=given,
        ).stdout  # fmt: skip

    assert re.search(r"changed=[1-9]", configure("--check"))
    assert re.search(r"changed=[1-9]", configure())
    assert re.search(r"changed=0\b", configure())
    users = cloud.tenant().environments[0].data.where("systemuser", isdisabled=False)
    assert any("Lead Writer" in (user.get("fullname") or "") for user in users)
