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

from .cloud import Ansible, Cloud, Simulator
from .configure import Configure
from .conftest import QUICK

READER = "Application.Read.All"
WRITER = "Application.ReadWrite.OwnedBy"


def _ruled(name: str, **rules: Any) -> dict[str, Any]:
    """A tenant with a policy for applications that its runner may read."""
    policy = {"isEnabled": True, "applicationRestrictions": rules}
    return {
        "name": name,
        "runner": {"permissions": [READER, WRITER, "Policy.Read.All"]},
        "app_management_policy": policy,
    }


POLICY = {
    "isEnabled": True,
    "applicationRestrictions": {
        "passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P180D"}],
    },
}
FORBIDDEN: dict[str, Any] = {"state": "enabled"}
EXEMPT = {"customSecurityAttributes": [{"id": "LeadSetUp_Role", "operator": "equals", "value": "runner"}]}
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
    _ruled("secretless", passwordCredentials=[{"restrictionType": "passwordAddition", "state": "enabled"}]),
    _ruled("narrow", audiences={"azureAdMultipleOrgs": FORBIDDEN}),
    {"name": "unable", "runner": {"permissions": [READER, WRITER]}},
]


def test_whatever_would_stop_a_run_is_told_with_its_cure_before_anything_is_written(
    tmp_path: Path, simulators: Callable[..., Simulator], collections: Path
) -> None:
    cloud, configure = _configured(tmp_path, simulators, collections, *TENANTS)
    _take_administration(cloud)
    run = configure("-f", "8", "-e", "{lead_writer_admin_consent: true}", rehearse=False)
    told = {name: run.failure(tenant.host) for name, tenant in cloud.tenants.items()}
    writes = cloud.writes_since(run.mark)
    assert writes == []
    assert "lacks the application permission Application.ReadWrite.OwnedBy" in told["reader"]
    assert "pac admin assign-user --environment https://" in told["stranger"]
    assert "lacks the privilege prvAssignRole" in told["customizer"]
    assert "has no table for leads: install an app that brings it" in told["salesless"]
    assert "lets secrets live for 180 days, but secret.valid_days is 365: lower it." in told["capped"]
    assert "forbids client secrets: ask its administrator to exempt the runner" in told["secretless"]
    assert "lead_writer_application_id" in told["secretless"]
    assert "forbids the sign-in audience AzureADMultipleOrgs: set sign_in_audience" in told["narrow"]
    assert "lead_writer_sign_in_audience" in told["narrow"]
    assert "lacks the application permission DelegatedPermissionGrant.ReadWrite.All" in told["unable"]


def _configured(
    folder: Path, simulators: Callable[..., Simulator], collections: Path, *tenants: dict[str, Any]
) -> tuple[Cloud, Configure]:
    """A cloud of these tenants, and the playbook for it."""
    (folder / "cloud.yml").write_text(
        yaml.safe_dump({"tenants": [_with_an_environment(each) for each in tenants]}), encoding="utf-8"
    )
    cloud = Cloud(folder, simulators(*QUICK, "--config", str(folder / "cloud.yml")))
    return cloud, Configure(cloud, Ansible(cloud, collections, folder), folder)


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


def test_a_runner_that_policies_exempt_is_warned_and_goes_on(
    tmp_path: Path, simulators: Callable[..., Simulator], collections: Path
) -> None:
    rule = {**FORBIDDEN, "excludeActors": EXEMPT}
    tenant = _ruled(
        "exempt",
        passwordCredentials=[{"restrictionType": "passwordAddition", **rule}],
        audiences={"azureAdMultipleOrgs": rule},
    )
    tenant["runner"]["custom_security_attributes"] = {"LeadSetUp": {"Role": "runner"}}
    cloud, configure = _configured(tmp_path, simulators, collections, tenant)
    run = configure()
    assert run.status == 0, run.output
    for words in ("forbids client secrets", "forbids the sign-in audience AzureADMultipleOrgs"):
        assert words in run.output
    assert cloud.tenants.keys() == {"exempt"}


def test_the_way_out_of_forbidden_secrets_works(
    tmp_path: Path, simulators: Callable[..., Simulator], collections: Path
) -> None:
    tenant = _ruled("secretless", passwordCredentials=[{"restrictionType": "passwordAddition", "state": "enabled"}])
    cloud, configure = _configured(tmp_path, simulators, collections, tenant)
    one = cloud.tenants["secretless"]
    made = cloud.graph(one, "POST", "/applications", {"displayName": "Made by an administrator"})
    runner = cloud.graph(one, "GET", f"/servicePrincipals(appId='{one.client_id}')")["id"]
    owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{runner}"}
    cloud.graph(one, "POST", f"/applications/{made['id']}/owners/$ref", owner)
    own = {"id": "own", "displayName": "Own", "isEnabled": True, "restrictions": {}, "appliesTo": [made["id"]]}
    policy = {**tenant["app_management_policy"], "appManagementPolicies": [own]}
    cloud.control("PATCH", "/tenants/secretless", {"app_management_policy": policy})
    run = configure("-e", f"lead_writer_application_id={made['appId']}")
    assert run.status == 0, run.output
