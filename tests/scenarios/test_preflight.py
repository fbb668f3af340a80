# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would stop a run is told before its first write, with the cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .cloud import Ansible, Cloud, Run, Simulator
from .configure import Configure
from .conftest import QUICK

READER = "Application.Read.All"
WRITER = "Application.ReadWrite.OwnedBy"
POLICY = {
    "isEnabled": True,
    "applicationRestrictions": {
        "passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P180D"}],
    },
}
TENANTS: list[dict[str, Any]] = [
    {"name": "reader", "runner": {"permissions": [READER]}},
    {"name": "stranger", "environments": [{"name": "stranger_prod", "options": {"runner": False}}]},
    {"name": "customizer"},
    {"name": "salesless", "environments": [{"name": "salesless_prod", "sales": False}]},
    {
        "name": "capped",
        "runner": {"permissions": [READER, WRITER, "Policy.Read.All"]},
        "app_management_policy": POLICY,
    },
    {"name": "unable", "runner": {"permissions": [READER, WRITER]}},
]


BY_VARIABLES: dict[str, dict[str, Any]] = {
    "misspelt": {"lead_writer_publsh": "live"},
    "unwritable": {"lead_writer_store_directory": "/proc/no_store"},
    "wrong_secret": {"lead_writer_client_secret": "wrong"},
    "no_package": {"lead_writer_solution_path": "/nowhere.zip"},
    "wrong_tasks": {"lead_writer_store_write_tasks": "/nowhere.yml"},
    "wrong_role": {"lead_writer_role": "Microsoft Marketplace Leed Writer"},
    "no_publisher": {"lead_writer_offers": ["an-offer"]},
}
"""Tenants in which all is well, with variables of their host that stop a run."""


class Broken:
    """The broken tenants, and some in which all is well."""

    def __init__(self, folder: Path, simulators: Callable[..., Simulator], collections: Path) -> None:
        tenants = [*TENANTS, *({"name": name.replace("_", "")} for name in BY_VARIABLES), {"name": "well"}]
        (folder / "cloud.yml").write_text(
            yaml.safe_dump({"tenants": [_with_an_environment(each) for each in tenants]}), encoding="utf-8"
        )
        self.cloud = Cloud(folder, simulators(*QUICK, "--config", str(folder / "cloud.yml")))
        self.configure = Configure(self.cloud, Ansible(self.cloud, collections, folder), folder)
        _take_administration(self.cloud)
        content = yaml.safe_load(self.cloud.inventory.read_text(encoding="utf-8"))
        content["all"]["vars"] = {
            "lead_writer_solution_path": str(self.configure.package),
            "lead_writer_store_directory": str(self.configure.store),
        }
        for name, variables in BY_VARIABLES.items():
            (host,) = content["all"]["children"][f"tenant_{name.replace('_', '')}"]["hosts"].values()
            host.update(variables)
        self.cloud.inventory.write_text(yaml.safe_dump(content), encoding="utf-8")

    def run(self, *arguments: str) -> Run:
        """Run configure with the variables of the inventory, which extra variables would hide."""
        own = {"lead_writer_solution_path": None, "lead_writer_store_directory": None}
        return self.configure(
            *("-f", "6", "-e", "{lead_writer_admin_consent: true}", *arguments), variables=own, rehearse=False
        )


@pytest.fixture
def broken(tmp_path: Path, simulators: Callable[..., Simulator], collections: Path) -> Broken:
    return Broken(tmp_path, simulators, collections)


def test_whatever_would_stop_a_run_is_told_with_its_cure_before_anything_is_written(broken: Broken) -> None:
    run = broken.run("--limit", ",".join(f"tenant_{each['name']}" for each in TENANTS))
    told = {each["name"]: run.failure(f"{each['name']}_prod") for each in TENANTS}
    assert broken.cloud.writes_since(run.mark) == []
    assert "lacks the application permission Application.ReadWrite.OwnedBy" in told["reader"]
    assert "pac admin assign-user --environment https://" in told["stranger"]
    assert "lacks the privilege prvAssignRole" in told["customizer"]
    assert "has no table for leads: install an app that brings it" in told["salesless"]
    assert "lets secrets live for 180 days, but lead_writer_secret_valid_days is 365: lower it." in told["capped"]
    assert "lacks the application permission DelegatedPermissionGrant.ReadWrite.All" in told["unable"]


def test_a_dry_run_and_a_run_fail_for_the_same_hosts(broken: Broken) -> None:
    dry, real = broken.run("--check"), broken.run()
    hosts = [tenant.host for tenant in broken.cloud.tenants.values()]
    failed = [host for host in hosts if host != "well_prod"]
    assert dry.status == real.status != 0
    assert {host: dry.failure(host) for host in failed} == {host: real.failure(host) for host in failed}
    assert [host for run in (dry, real) for host in run.failed_hosts() if host not in failed] == []
    assert real.changed_hosts() == {"well_prod"}
    assert {write.split("/")[0].split(" ")[-1] for write in broken.cloud.writes_since(real.mark)} <= {
        broken.cloud.tenants["well"].environment_host,
        "graph.microsoft.com",
    }


def _with_an_environment(tenant: dict[str, Any]) -> dict[str, Any]:
    return {"environments": [{"name": f"{tenant['name']}_prod"}], **tenant}


def _take_administration(cloud: Cloud) -> None:
    """Leave the runner of one tenant with a role that may customize, but not deal with users."""
    tenant = cloud.tenants["customizer"]
    (user,) = cloud.rows(
        tenant, f"systemusers?$filter=applicationid eq {tenant.client_id}&$expand=systemuserroles_association"
    )
    root = "_parentroleid_value eq null"
    (customizer,) = cloud.rows(tenant, f"roles?$filter=name eq 'System Customizer' and {root}")
    held = f"systemusers({user['systemuserid']})/systemuserroles_association"
    base = f"{tenant.environment_url}/api/data/v9.2/roles({customizer['roleid']})"
    cloud.web_api(tenant, "POST", f"{held}/$ref", {"@odata.id": base})
    for role in user["systemuserroles_association"]:
        cloud.web_api(tenant, "DELETE", f"{held}({role['roleid']})/$ref")


@pytest.mark.cloud("--tenants", "1")
def test_a_clock_that_is_wrong_is_told(cloud: Cloud, configure: Configure) -> None:
    cloud.jump(1200)
    run = configure(check=True)
    assert run.status == 0, run.output
    assert "The clock of this machine is 20 minutes behind Microsoft's" in run.output


def test_a_warning_names_all_environments_it_is_about(cloud: Cloud, configure: Configure) -> None:
    cloud.jump(1200)
    run = configure(check=True)
    output = " ".join(run.output.split())
    assert "contoso_prod, fabrikam_prod, northwind_prod: The clock of this machine is 20 minutes behind" in output
