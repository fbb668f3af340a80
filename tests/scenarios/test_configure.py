# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole set-up of an environment, run by a consultant with many tenants."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import yaml

from .cloud import Cloud
from .configure import FRESH, Configure, Made

ONE = pytest.mark.cloud("--tenants", "1")
HOST = "contoso_prod"


def test_second_run_over_three_set_up_tenants_writes_nothing(cloud: Cloud, configure: Configure) -> None:
    first = configure()
    assert first.status == 0, first.output
    for tenant in cloud.tenants.values():
        assert first.changes(tenant.host) == FRESH, tenant.name
        made = Made(cloud, tenant)
        assert made.solution["version"] == "1.0.0.0"
        assert len(made.service_principals) == 1
        assert [secret["displayName"] for secret in made.secrets] == ["marketplace-lead-writer"]
        (user,) = made.users
        assert [role["name"] for role in user["systemuserroles_association"]] == ["Microsoft Marketplace Lead Writer"]
        assert made.role["isinherited"] == 1
        assert made.privileges["prvReadAsyncOperation"] == "Global"
        assert made.privileges["prvCreateUserEntityUISettings"] == "Basic"
        stored = configure.stored(tenant)
        assert stored["key_id"] == made.secrets[0]["keyId"]
        assert stored["directory_id"] == tenant.tenant_id
        assert stored["application_id"] == made.application["appId"]
        assert stored["secret"].startswith(made.secrets[0]["hint"])

    second = configure()
    assert second.status == 0, second.output
    assert second.changed_hosts() == set()
    assert cloud.writes_since(second.mark) == []
    for tenant in cloud.tenants.values():
        assert second.after_plan(tenant.host) == [], "the role went on after its plan"


@ONE
def test_an_environment_costs_no_more_requests_than_promised(cloud: Cloud, configure: Configure) -> None:
    cloud.set(import_seconds=0, replication_seconds=0, secret_activation_seconds=0)
    fresh = configure(rehearse=False)
    asked = [f"{each['method']} {each['host']}{each['path']}" for each in cloud.requests_since(fresh.mark)]
    # Polling excluded: reading the same object again immediately is waiting for it.
    looks = [one for one, _again in itertools.groupby(asked)]
    # One of them reads whether the environment blocks unmanaged customizations, before the first write.
    assert len(looks) <= 33, looks
    again = configure(rehearse=False)
    requests = cloud.requests_since(again.mark)
    assert len(requests) <= 12, [f"{each['method']} {each['path']}" for each in requests]


def test_one_tenant_with_a_wrong_secret_does_not_stop_the_others(cloud: Cloud, configure: Configure) -> None:
    inventory = cloud.inventory.read_text(encoding="utf-8")
    secret = cloud.tenants["fabrikam"].client_secret
    cloud.inventory.write_text(inventory.replace(secret, "wrong"), encoding="utf-8")
    run = configure()
    assert run.status != 0
    assert "client_secret is not valid for application" in run.failure("fabrikam_prod")
    assert "AADSTS7000215" in run.failure("fabrikam_prod")
    for host in ("contoso_prod", "northwind_prod"):
        assert run.changes(host) == FRESH
    assert not [write for write in cloud.writes_since(run.mark) if "fabrikam" in write or ".us" in write]


def test_cache_of_one_tenant_is_never_used_for_another(cloud: Cloud, configure: Configure) -> None:
    # contoso and northwind are in the same cloud, so Graph has the same address for both.
    variables = {"lead_writer_admin_consent": True}
    run = configure("--limit", "contoso_prod,northwind_prod", "--forks", "1", variables=variables)
    assert run.status == 0, run.output
    for name in ("contoso", "northwind"):
        tenant = cloud.tenants[name]
        grants = cloud.graph(tenant, "GET", "/oauth2PermissionGrants")["value"]
        (principal,) = Made(cloud, tenant).service_principals
        (grant,) = [each for each in grants if each["clientId"] == principal["id"]]
        api = cloud.graph(tenant, "GET", f"/servicePrincipals/{grant['resourceId']}")
        assert api["appId"] == "00000007-0000-0000-c000-000000000000"


@ONE
def test_no_secret_is_in_any_output_at_the_highest_verbosity(cloud: Cloud, configure: Configure) -> None:
    run = configure(verbosity=4)
    assert run.status == 0, run.output
    assert configure.stored(cloud.contoso)["secret"] not in run.output
    assert cloud.contoso.client_secret not in run.output
    assert "a-password-for-tests" not in run.output


@ONE
def test_without_a_vault_password_nothing_is_written(cloud: Cloud, configure: Configure) -> None:
    run = configure(vault=False)
    assert "there is no vault password" in run.failure(HOST)
    assert cloud.writes_since(run.mark) == []
    assert not (configure.store / f"{cloud.contoso.environment_host}.yml").exists()


@ONE
def test_secret_that_cannot_be_stored_is_removed(cloud: Cloud, configure: Configure, tmp_path: Path) -> None:
    write = tmp_path / "write.yml"
    refuse = {"name": "Refuse", "ansible.builtin.fail": {}, "when": "lead_writer_store_entry.secret | length > 0"}
    write.write_text(yaml.safe_dump([refuse]), encoding="utf-8")
    own_store = {
        "lead_writer_store_write_tasks": str(write),
        "lead_writer_stored": {"key_id": "", "can_encrypt": True},
        "lead_writer_stored_value": "",
    }
    run = configure(variables=own_store, rehearse=False)
    assert run.status != 0
    assert Made(cloud, cloud.contoso).secrets == []

    run = configure()
    assert run.status == 0, run.output
    made = Made(cloud, cloud.contoso)
    assert [secret["keyId"] for secret in made.secrets] == [configure.stored(cloud.contoso)["key_id"]]


@ONE
def test_run_killed_before_storing_the_secret_is_repaired_by_the_next(cloud: Cloud, configure: Configure) -> None:
    cloud.fault(route="/addPassword", applied=True, count=1, latency_seconds=20)
    killed = configure(rehearse=False, killed_when=lambda: cloud.control("GET", "/faults")["waiting"] == 0)
    assert killed.status != 0
    orphan = [secret["keyId"] for secret in Made(cloud, cloud.contoso).secrets]
    assert len(orphan) == 1

    run = configure()
    assert run.status == 0, run.output
    alive = [secret["keyId"] for secret in Made(cloud, cloud.contoso).secrets]
    assert alive == [configure.stored(cloud.contoso)["key_id"]]
    assert alive != orphan


@ONE
def test_play_without_a_local_connection_does_not_use_ssh(
    configure: Configure,
) -> None:
    run = configure("-e", "ansible_user=root ansible_host=contoso.invalid")
    assert run.status == 0, run.output
    assert run.changes(HOST) == FRESH


@ONE
def test_dry_run_of_an_empty_tenant_fails_only_for_a_misspelled_role(
    configure: Configure,
) -> None:
    rehearsal = configure(check=True)
    assert rehearsal.status == 0, rehearsal.output
    assert rehearsal.changes(HOST) == FRESH
    misspelled = configure(check=True, variables={"lead_writer_role": "Microsoft Marketplace Leed Writer"})
    assert "role 'Microsoft Marketplace Leed Writer' is not in path" in misspelled.failure(HOST)


@ONE
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"lead_writer_client_secret": "wrong"}, "client_secret is not valid for application"),
        ({"lead_writer_client_id": "11111111-1111-1111-1111-111111111111"}, "client_id names no application known"),
        ({"lead_writer_tenant_id": "nowhere.onmicrosoft.com"}, "tenant_id nowhere.onmicrosoft.com is not known to"),
        (
            {"lead_writer_tenant_id": "11111111-1111-1111-1111-111111111111"},
            "tenant_id is 11111111-1111-1111-1111-111111111111, but contoso.crm4.dynamics.com belongs to tenant",
        ),
        (
            {"lead_writer_environment_url": "https://contoso.crm4.dynamics.com/main.aspx"},
            "write https://contoso.crm4.dynamics.com instead",
        ),
        ({"lead_writer_environment_url": "https://contoso.example.com"}, "not the host of an environment"),
        (
            {"lead_writer_cloud": "gcc_high"},
            "lead_writer_cloud is gcc_high, but lead_writer_environment_url contoso.crm4.dynamics.com is in",
        ),
        ({"lead_writer_solution_path": "/dev/null"}, "path /dev/null is not a zip file"),
        (
            {"lead_writer_solution_path": None},
            "lead_writer_solution_path or lead_writer_solution_url is needed to import a solution",
        ),
        (
            {"lead_writer_privileges": [{"name": "prvReadEverything", "level": "user"}]},
            "privileges names prvreadeverything, which contoso.crm4.dynamics.com does not know",
        ),
        (
            {"lead_writer_privileges": [{"name": "prvReadUserEntityUISettings", "level": "organization"}]},
            "this privilege can only have Basic",
        ),
        ({"lead_writer_privileges": [{"name": "prvReadLead", "level": "all"}]}, "privileges.level must be one of user"),
        ({"lead_writer_role": "O'Brien's \"role\""}, "role 'O\\'Brien\\'s \"role\"' is not in path"),
    ],
)
def test_invalid_input_is_one_message_with_the_cure(
    cloud: Cloud, configure: Configure, variables: dict[str, object], sentence: str
) -> None:
    run = configure(variables=variables, rehearse=False)
    assert run.status != 0
    assert sentence in run.failure(HOST)
    assert "Traceback" not in run.output
    assert cloud.writes_since(run.mark) == []


def test_limits_and_tags_select_as_usual(configure: Configure) -> None:
    limited = configure("--limit", "tenant_northwind")
    assert {outcome.host for outcome in limited.outcomes} == {"northwind_prod"}
    tagged = configure("--limit", "contoso_prod", "--tags", "lead_writer_solution")
    assert tagged.status == 0, tagged.output
    assert tagged.changes(HOST) == ["solution"]


def test_batches_run_one_after_the_other(configure: Configure) -> None:
    run = configure(variables={"lead_writer_serial": 1}, rehearse=False)
    assert run.status == 0, run.output
    hosts = [outcome.host for outcome in run.outcomes]
    assert hosts == sorted(hosts, key=hosts.index)
    assert len([1 for before, after in itertools.pairwise(hosts) if before != after]) == 2


@ONE
@pytest.mark.parametrize(
    "fault",
    [
        {"route": "/applications", "truncate": "body"},
        {"route": "/solutions", "truncate": "body"},
        {"route": "/roles", "status": 200, "body": "html"},
        {"route": "/oauth2/v2.0/token", "status": 200, "body": "html"},
    ],
    ids=["half a JSON from Graph", "half a JSON from the environment", "HTML as an answer", "HTML instead of a token"],
)
def test_malformed_response_is_one_message_and_changes_nothing(
    cloud: Cloud, configure: Configure, fault: dict[str, object]
) -> None:
    cloud.fault(count=0, **fault)
    run = configure(rehearse=False)
    assert run.status != 0
    assert "intercepts the request" in run.failure(HOST)
    assert "Traceback" not in run.output
    assert cloud.writes_since(run.mark) == []
