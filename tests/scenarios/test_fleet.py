# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task plans all environments of a play, wherever the role is used: each has its own plan and outcome."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from .cloud import Ansible, Cloud, Run
from .configure import FRESH, Configure

ONE = pytest.mark.cloud("--tenants", "1")
HOST = "contoso_prod"
ROLE = "marketplace_leads.dynamics365.lead_writer"


def play(configure: Configure, ansible: Ansible, *tasks: dict[str, Any], check: bool = False, **play: Any) -> Run:
    """Run tasks in a separate play, with the variables of configure."""
    variables = {
        "lead_writer_solution_path": str(configure.package),
        "lead_writer_store_directory": str(configure.store),
    }
    content = [{"hosts": "all", "gather_facts": False, "vars": variables, "tasks": list(tasks), **play}]
    return ansible.play(content, check=check, arguments=("--vault-password-file", str(configure.password)))


def role(how: str = "import_role", **keywords: Any) -> dict[str, Any]:
    return {"name": "The role", f"ansible.builtin.{how}": {"name": ROLE}, **keywords}


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_hosts_not_planned_together_plan_individually(
    cloud: Cloud, ansible: Ansible, configure: Configure, strategy: str
) -> None:
    run = play(configure, ansible, role(), strategy=strategy)
    assert run.status == 0, run.output
    for tenant in cloud.tenants.values():
        assert run.changes(tenant.host) == FRESH
    again = play(configure, ansible, role(), strategy=strategy)
    assert again.changed_hosts() == set(), again.output


def test_hosts_of_a_dynamic_include_are_planned_together(ansible: Ansible, configure: Configure) -> None:
    run = play(configure, ansible, role("include_role", when="inventory_hostname != 'fabrikam_prod'"), check=True)
    assert run.status == 0, run.output
    (planned,) = [each for each in run.outcomes if each.action.endswith("_fleet")]
    assert set(planned.result["environments"]) == {"contoso_prod", "northwind_prod"}


def test_a_condition_of_the_role_leaves_hosts_out(ansible: Ansible, configure: Configure) -> None:
    run = play(configure, ansible, role(when="inventory_hostname != 'fabrikam_prod'"), check=True)
    assert run.status == 0, run.output
    assert run.changed_hosts() == {"contoso_prod", "northwind_prod"}


def test_condition_may_exclude_the_first_host(ansible: Ansible, configure: Configure) -> None:
    run = play(configure, ansible, role(when="inventory_hostname != 'contoso_prod'"), check=True)
    assert run.status == 0, run.output
    assert run.changed_hosts() == {"fabrikam_prod", "northwind_prod"}


def test_keywords_of_the_role_do_not_stop_the_plan(ansible: Ansible, configure: Configure) -> None:
    run = play(configure, ansible, role(delegate_to="localhost", throttle=1), check=True)
    assert run.status == 0, run.output
    assert run.changed_hosts() == {"contoso_prod", "fabrikam_prod", "northwind_prod"}


def test_one_host_can_set_up_several_environments_in_a_loop(
    cloud: Cloud, ansible: Ansible, configure: Configure
) -> None:
    names = ("contoso", "northwind")
    variables = {
        "lead_writer_tenant_id": "{{ each.tenant_id }}",
        "lead_writer_client_id": "{{ each.client_id }}",
        "lead_writer_client_secret": "{{ each.client_secret }}",
        "lead_writer_environment_url": "{{ each.url }}",
    }
    tenants = [cloud.tenants[name] for name in names]
    several = [
        {"tenant_id": t.tenant_id, "client_id": t.client_id, "client_secret": t.client_secret, "url": t.environment_url}
        for t in tenants
    ]
    cloud.inventory.write_text(yaml.safe_dump({"all": {"hosts": {"control": {}}}}), encoding="utf-8")
    loop = {"loop": several, "loop_control": {"loop_var": "each"}, "no_log": False}
    run = play(configure, ansible, role("include_role", vars=variables, **loop))
    assert run.status == 0, run.output
    assert run.changes("control") == FRESH * 2
    assert sorted(each.name for each in configure.store.glob("*.yml")) == sorted(
        f"{tenant.environment_host}.yml" for tenant in tenants
    )
    assert not any(
        tenant.client_secret in str(each.result)
        for tenant in tenants
        for each in run.outcomes
        if each.action.endswith("_fleet")
    )


def test_environment_variables_of_a_play_belong_to_their_host(
    cloud: Cloud, ansible: Ansible, configure: Configure
) -> None:
    content = yaml.safe_load(cloud.inventory.read_text(encoding="utf-8"))
    for group in content["all"]["children"].values():
        for name in ("tenant_id", "client_id", "client_secret"):
            group["vars"][f"own_{name}"] = group["vars"].pop(f"lead_writer_{name}")
    cloud.inventory.write_text(yaml.safe_dump(content), encoding="utf-8")
    names = ("tenant_id", "client_id", "client_secret")
    environment = {f"AZURE_{name.upper()}": f"{{{{ own_{name} }}}}" for name in names}
    run = play(configure, ansible, role(), check=True, environment=environment)
    assert run.status == 0, run.output
    assert run.changed_hosts() == {"contoso_prod", "fabrikam_prod", "northwind_prod"}


@ONE
def test_a_run_that_starts_later_plans_first(configure: Configure) -> None:
    run = configure("--start-at-task", "Take the plan of this environment")
    assert run.status == 0, run.output
    assert run.changes(HOST) == FRESH


@ONE
def test_a_run_that_starts_after_the_plan_is_refused(configure: Configure) -> None:
    run = configure("--start-at-task", "Register the application, its service principal and its secret", rehearse=False)
    assert run.status != 0
    assert "The plan of the environment is missing: run from the start, without --start-at-task." in run.failure(HOST)


@ONE
def test_a_dry_run_shows_only_the_selected_steps(configure: Configure) -> None:
    run = configure("--tags", "lead_writer_application,lead_writer_offers", check=True)
    assert run.changes(HOST) == ["application", "service_principal", "application.secret", "stored_secret", "handover"]
    run = configure("--skip-tags", "lead_writer_user,lead_writer_offers", check=True)
    assert run.changes(HOST) == ["solution", "application", "service_principal", "application.secret", "stored_secret"]


@ONE
@pytest.mark.parametrize("check", [True, False], ids=["dry run", "run"])
def test_tags_that_leave_out_what_a_step_needs_are_refused(cloud: Cloud, configure: Configure, check: bool) -> None:
    run = configure("--tags", "lead_writer_user", check=check, rehearse=check)
    assert "The step role_privileges needs the solution, which does not exist yet" in run.failure(HOST)
    assert "The step application_user needs the application" in run.failure(HOST)
    assert cloud.writes_since(run.mark) == []


@ONE
def test_all_steps_of_a_dry_run_predict_what_the_plan_does(configure: Configure) -> None:
    planned = configure(check=True)
    stepwise = configure(check=True, variables={"lead_writer_end_early": False})
    modules = [
        change
        for each in stepwise.of(HOST)
        if each.result.get("changed") and not each.action.endswith("_fleet")
        for change in each.result.get("changes", [])
    ]
    assert modules == planned.changes(HOST)


@ONE
def test_the_plan_is_the_same_as_an_ordinary_module(configure: Configure) -> None:
    here = configure(check=True)
    ordinary = configure(check=True, environment={"MARKETPLACE_LEADS_IN_PROCESS": "0"})
    assert ordinary.status == 0, ordinary.output
    assert ordinary.changes(HOST) == here.changes(HOST) == FRESH


@ONE
def test_no_variable_of_a_host_reaches_the_result(cloud: Cloud, configure: Configure) -> None:
    run = configure(check=True, verbosity=4, variables={"lead_writer_offers": ["an-offer"]})
    assert run.status != 0
    planned = [str(each.result) for each in run.outcomes if "environments" in each.result]
    assert planned
    assert cloud.contoso.client_secret not in "".join(planned)
    assert cloud.contoso.client_secret not in run.output


@pytest.mark.parametrize("playbook", ["configure", "rotate_secrets"])
def test_hosts_of_a_playbook_can_be_listed(configure: Configure, playbook: str) -> None:
    run = configure("--list-hosts", playbook=f"marketplace_leads.dynamics365.{playbook}", rehearse=False)
    assert run.status == 0, run.output
    assert "fabrikam_prod" in run.output


@ONE
def test_two_playbooks_in_one_run_do_not_mix_their_hosts(configure: Configure) -> None:
    first, second = (f"marketplace_leads.dynamics365.{name}" for name in ("configure", "rotate_secrets"))
    run = configure(first, playbook=second, rehearse=False)
    assert run.status == 0, run.output
    assert "the secret was not rotated, because it was created 0 hours ago" in run.output
    assert [each.task for each in run.of(HOST) if "Rotate" in each.task] == []
