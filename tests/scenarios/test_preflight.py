# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blockers of a run are reported before its first write, with the cure."""

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


BY_VARIABLES: dict[str, dict[str, Any]] = {
    "misspelled": {"lead_writer_publsh": "live"},
    "unwritable": {"lead_writer_store_directory": "/proc/no_store"},
    "wrong_secret": {"lead_writer_client_secret": "wrong"},
    "no_package": {"lead_writer_solution_path": "/nowhere.zip"},
    "wrong_tasks": {"lead_writer_store_write_tasks": "/nowhere.yml"},
    "wrong_role": {"lead_writer_role": "Microsoft Marketplace Leed Writer"},
    "no_publisher": {"lead_writer_offers": ["an-offer"]},
}
"""Healthy tenants, with variables of their host that stop a run."""


class Broken:
    """The broken tenants, and some healthy ones."""

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


def test_blockers_are_reported_with_their_cure_before_any_write(broken: Broken) -> None:
    run = broken.run("--limit", ",".join(f"tenant_{each['name']}" for each in TENANTS))
    told = {each["name"]: run.failure(f"{each['name']}_prod") for each in TENANTS}
    assert broken.cloud.writes_since(run.mark) == []
    assert "lacks the application permission Application.ReadWrite.OwnedBy" in told["reader"]
    assert "pac admin assign-user --environment https://" in told["stranger"]
    assert "lacks the privilege prvAssignRole" in told["customizer"]
    assert "has no table for leads: install an app that brings it" in told["salesless"]
    assert "limits secrets to 180 days, but lead_writer_secret_valid_days is 365: lower it." in told["capped"]
    assert "forbids client secrets: ask its administrator to exempt the runner" in told["secretless"]
    assert "lead_writer_application_id" in told["secretless"]
    assert "forbids the sign-in audience AzureADMultipleOrgs: set lead_writer_sign_in_audience" in told["narrow"]
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
    """Leave the runner of one tenant with a role that may customize, but not manage users."""
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
def test_wrong_clock_is_reported(cloud: Cloud, configure: Configure) -> None:
    cloud.jump(1200)
    run = configure(check=True)
    assert run.status == 0, run.output
    assert "The clock of this machine is 20 minutes behind Microsoft's" in run.output


def test_a_warning_names_all_environments_it_is_about(cloud: Cloud, configure: Configure) -> None:
    cloud.jump(1200)
    run = configure(check=True)
    output = " ".join(run.output.split())
    assert "contoso_prod, fabrikam_prod, northwind_prod: The clock of this machine is 20 minutes behind" in output


@pytest.mark.cloud("--tenants", "1")
def test_runner_that_is_administrator_through_a_team_is_accepted(cloud: Cloud, configure: Configure) -> None:
    tenant = cloud.contoso
    (user,) = cloud.rows(
        tenant, f"systemusers?$filter=applicationid eq {tenant.client_id}&$expand=systemuserroles_association"
    )
    base = f"{tenant.environment_url}/api/data/v9.2/"
    (role,) = user["systemuserroles_association"]
    unit = {"businessunitid@odata.bind": f"/businessunits({user['_businessunitid_value']})"}
    cloud.web_api(tenant, "POST", "teams", {"name": "Administrators", **unit})
    (team,) = cloud.rows(tenant, "teams?$filter=name eq 'Administrators'")
    one = f"teams({team['teamid']})"
    member = {"@odata.id": f"{base}systemusers({user['systemuserid']})"}
    cloud.web_api(tenant, "POST", f"{one}/teammembership_association/$ref", member)
    cloud.web_api(tenant, "POST", f"{one}/teamroles_association/$ref", {"@odata.id": f"{base}roles({role['roleid']})"})
    held = f"systemusers({user['systemuserid']})/systemuserroles_association({role['roleid']})/$ref"
    cloud.web_api(tenant, "DELETE", held)
    run = configure(rehearse=False)
    assert run.status == 0, run.output


@pytest.mark.cloud("--tenants", "1")
def test_address_with_a_wrong_port_has_its_message(cloud: Cloud, configure: Configure) -> None:
    wrong = {"lead_writer_environment_url": "https://contoso.crm4.dynamics.com:abc"}
    told = configure(rehearse=False, variables=wrong).failure(cloud.contoso.host)
    assert "write https://contoso.crm4.dynamics.com instead" in told


def test_runner_exempt_from_policies_gets_a_warning(
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


class Ruled:
    """A tenant that forbids client secrets, and an application in it that its runner owns."""

    def __init__(
        self,
        folder: Path,
        simulators: Callable[..., Simulator],
        collections: Path,
        *settings: str,
        rule: dict[str, Any] | None = None,
    ) -> None:
        self.rules = [{"restrictionType": "passwordAddition", "state": "enabled", **(rule or {})}]
        self.tenant = _ruled("ruled", passwordCredentials=self.rules)
        (folder / "cloud.yml").write_text(
            yaml.safe_dump({"tenants": [_with_an_environment(self.tenant)]}), encoding="utf-8"
        )
        options = [word for each in settings for word in ("--set", each)]
        self.cloud = Cloud(folder, simulators(*QUICK, *options, "--config", str(folder / "cloud.yml")))
        self.configure = Configure(self.cloud, Ansible(self.cloud, collections, folder), folder)
        one = self.cloud.tenants["ruled"]
        self.application = self.cloud.graph(one, "POST", "/applications", {"displayName": "Made by an administrator"})
        runner = self.cloud.graph(one, "GET", f"/servicePrincipals(appId='{one.client_id}')")["id"]
        owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{runner}"}
        self.cloud.graph(one, "POST", f"/applications/{self.application['id']}/owners/$ref", owner)

    def give(self, restrictions: dict[str, Any], *, enabled: bool = True) -> None:
        """Give the application its own policy."""
        own = {
            "id": "22222222-2222-4222-8222-222222222222",
            "displayName": "Own",
            "isEnabled": enabled,
            "restrictions": restrictions,
            "appliesTo": [self.application["id"]],
        }
        policy = {**self.tenant["app_management_policy"], "appManagementPolicies": [own]}
        self.cloud.control("PATCH", "/tenants/ruled", {"app_management_policy": policy})

    def run(self, **options: Any) -> Run:
        """Run configure for that application."""
        return self.configure("-e", f"lead_writer_application_id={self.application['appId']}", **options)


@pytest.fixture
def ruled(tmp_path: Path, simulators: Callable[..., Simulator], collections: Path) -> Callable[..., Ruled]:
    return lambda *settings, **more: Ruled(tmp_path, simulators, collections, *settings, **more)


def test_tenant_policy_stops_an_application_without_its_own(ruled: Callable[..., Ruled]) -> None:
    world = ruled()
    run = world.run(rehearse=False)
    assert "or to give this application a policy of its own that allows them." in run.failure("ruled_prod")
    assert world.cloud.writes_since(run.mark) == []


def test_own_policy_stops_before_the_first_write(ruled: Callable[..., Ruled]) -> None:
    world = ruled()
    audiences = {"applicationRestrictions": {"audiences": {"azureAdMultipleOrgs": FORBIDDEN}}}
    world.give({"passwordCredentials": [{"restrictionType": "passwordLifetime", "maxLifetime": "P90D"}], **audiences})
    run = world.run(rehearse=False, variables={"lead_writer_sign_in_audience": "AzureADMultipleOrgs"})
    told = run.failure("ruled_prod")
    assert "The application's app management policy limits secrets to 90 days" in told
    assert "The application's app management policy forbids the sign-in audience AzureADMultipleOrgs" in told
    assert world.cloud.writes_since(run.mark) == []


def test_policy_for_newer_applications_does_not_stop_an_older_one(ruled: Callable[..., Ruled]) -> None:
    world = ruled(rule={"restrictForAppsCreatedAfterDateTime": "2199-01-01T00:00:00Z"})
    run = world.run()
    assert run.status == 0, run.output
    assert "forbids client secrets" not in run.output


@pytest.mark.parametrize(("exempts", "status"), [("true", 0), ("false", 2)])
def test_own_policy_that_is_off_causes_a_warning(ruled: Callable[..., Ruled], exempts: str, status: int) -> None:
    world = ruled(f"graph_own_policy_off_exempts={exempts}")
    world.give({}, enabled=False)
    run = world.run(rehearse=False)
    assert run.status == status, run.output
    assert "forbids client secrets" in run.output


def test_own_policy_that_cannot_be_read_causes_a_warning(ruled: Callable[..., Ruled]) -> None:
    world = ruled()
    world.give({})
    world.cloud.fault(route="/applications/[^/]+/appManagementPolicies", status=403, count=0)
    run = world.run()
    assert run.status == 0, run.output
    assert "forbids client secrets" in run.output


@pytest.mark.parametrize(("forbidden", "status"), [(True, 2), (False, 0)])
def test_audience_of_both_kinds_causes_a_warning(
    tmp_path: Path,
    simulators: Callable[..., Simulator],
    collections: Path,
    forbidden: bool,
    status: int,
) -> None:
    tenant = _ruled("narrow", audiences={"azureAdMultipleOrgs": FORBIDDEN})
    cloud, configure = _configured(tmp_path, simulators, collections, tenant)
    cloud.set(graph_joint_audience_is_multiple_orgs=forbidden)
    both = {"lead_writer_sign_in_audience": "AzureADandPersonalMicrosoftAccount"}
    run = configure(variables=both, rehearse=False)
    assert run.status == status, run.output
    assert "forbids the sign-in audience AzureADandPersonalMicrosoftAccount" in run.output
    if forbidden:
        assert "does not allow this" in run.failure("narrow_prod")


def test_cure_for_forbidden_secrets_works(ruled: Callable[..., Ruled]) -> None:
    world = ruled()
    world.give({})
    run = world.run()
    assert run.status == 0, run.output
    assert "forbids client secrets" not in run.output
