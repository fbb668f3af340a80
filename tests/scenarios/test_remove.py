# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removal: all that the role created, nothing that others created, and not while leads still arrive."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from packages.build import package

from .cloud import Ansible, Cloud, Run
from .configure import Configure, Made
from .people import CLOUD as PEOPLE
from .people import NAME

PLAYBOOK = "marketplace_leads.dynamics365.remove"
HOST = "contoso_prod"
ROLE = "Microsoft Marketplace Lead Writer"


class Remove:
    """Runs the playbook remove with the variables of configure."""

    def __init__(self, ansible: Ansible, configure: Configure) -> None:
        self._ansible = ansible
        self._configure = configure

    def __call__(self, *arguments: str, limit: str | None = "all", **options: Any) -> Run:
        extra = {"lead_writer_store_directory": str(self._configure.store), **options.pop("variables", {})}
        given = ["-e", yaml.safe_dump(extra, default_flow_style=True, width=10**6), *arguments]
        # No vault password: removal does not need one.
        return self._ansible.playbook(PLAYBOOK, *given, *(["--limit", limit] if limit else []), **options)


def own_lead(cloud: Cloud, user_id: str) -> None:
    """Give a user a lead, because Dataverse does not delete a user that owns records."""
    owner = {"ownerid@odata.bind": f"/systemusers({user_id})"}
    cloud.web_api(cloud.contoso, "POST", "leads", {"subject": "x", "lastname": "y", **owner})


def one_user(cloud: Cloud, user_id: str) -> dict[str, Any]:
    """A user with its roles."""
    (found,) = cloud.rows(
        cloud.contoso, f"systemusers?$filter=systemuserid eq {user_id}&$expand=systemuserroles_association"
    )
    return found


@pytest.fixture
def remove(ansible: Ansible, configure: Configure) -> Remove:
    return Remove(ansible, configure)


@pytest.mark.cloud("--tenants", "1")
def test_full_removal_then_a_second_run_writes_nothing(cloud: Cloud, configure: Configure, remove: Remove) -> None:
    tenant = cloud.contoso
    configure.package.write_bytes(package(variant="locked-role"))
    set_up = configure(rehearse=False)
    assert set_up.status == 0, set_up.output
    application = Made(cloud, tenant).application

    unnamed = remove(limit=None, rehearse=False)
    assert "name them with --limit" in unnamed.failure(HOST)
    assert cloud.writes_since(unnamed.mark) == []

    run = remove()
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["application_user", "companion_role", "application", "stored_secret", "handover"]
    assert cloud.rows(tenant, f"systemusers?$filter=applicationid eq {application['appId']}") == []
    assert cloud.rows(tenant, f"roles?$filter=name eq '{ROLE} (companion)'") == []
    assert application["appId"] not in str(cloud.graph(tenant, "GET", "/applications"))
    assert application["appId"] not in str(cloud.graph(tenant, "GET", "/servicePrincipals"))
    assert configure.store.is_dir()
    assert list(configure.store.iterdir()) == []
    # Others may use the solution, so it still exists.
    assert Made(cloud, tenant).solution["version"] == "1.0.0.0"

    again = remove(rehearse=False)
    assert again.changed_hosts() == set(), again.output
    assert cloud.writes_since(again.mark) == []

    with_solution = remove(variables={"lead_writer_remove_solution": True}, rehearse=False)
    assert with_solution.changes(HOST) == ["solution"], with_solution.output
    back = configure(rehearse=False)
    assert back.status == 0, back.output
    assert Made(cloud, tenant).application["appId"] == application["appId"]


@pytest.mark.cloud("--tenants", "1")
def test_a_redirected_removal_of_the_user_stops_the_run(cloud: Cloud, configure: Configure, remove: Remove) -> None:
    tenant = cloud.contoso
    assert configure(rehearse=False).status == 0
    application = Made(cloud, tenant).application
    user = f"systemusers?$filter=applicationid eq {application['appId']}"
    before = sorted(path.name for path in configure.store.iterdir())
    redirect = {"status": 302, "body": "empty", "headers": {"Location": "https://login.guest.example/"}}
    cloud.fault(route=r"/systemusers\(", method="DELETE", count=0, **redirect)

    run = remove(rehearse=False)
    assert run.status != 0, run.output
    assert "answered with 302, a redirect to another address, which is never followed" in run.failure(HOST)
    assert Made(cloud, tenant).application["appId"] == application["appId"]
    assert sorted(path.name for path in configure.store.iterdir()) == before

    cloud.control("DELETE", "/faults")
    again = remove(rehearse=False)
    assert again.status == 0, again.output
    assert cloud.rows(tenant, user) == []


@pytest.mark.cloud("--tenants", "1")
def test_objects_of_others_are_left_unchanged(cloud: Cloud, configure: Configure, remove: Remove) -> None:
    tenant = cloud.contoso
    own = cloud.graph(tenant, "POST", "/applications", {"displayName": "Another user's"})
    cloud.graph(tenant, "POST", "/servicePrincipals", {"appId": own["appId"]})
    (runner,) = [
        each["id"]
        for each in cloud.graph(tenant, "GET", "/servicePrincipals")["value"]
        if each["appId"] == tenant.client_id
    ]
    owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{runner}"}
    cloud.graph(tenant, "POST", f"/applications/{own['id']}/owners/$ref", owner)
    path = f"/applications/{own['id']}/addPassword"
    theirs = cloud.graph(tenant, "POST", path, {"passwordCredential": {"displayName": "theirs"}})
    adopted = {"lead_writer_application_id": own["appId"], "lead_writer_application_unique_name": None}
    assert configure(variables=adopted, rehearse=False).status == 0
    (user,) = cloud.rows(tenant, f"systemusers?$filter=applicationid eq {own['appId']}")
    (basic,) = cloud.rows(tenant, "roles?$filter=name eq 'Basic User' and _parentroleid_value eq null")
    body = {"@odata.id": f"{tenant.environment_url}/api/data/v9.2/roles({basic['roleid']})"}
    cloud.web_api(tenant, "POST", f"systemusers({user['systemuserid']})/systemuserroles_association/$ref", body)
    (principal,) = [
        each for each in cloud.graph(tenant, "GET", "/servicePrincipals")["value"] if each["appId"] == own["appId"]
    ]
    cloud.graph(tenant, "PATCH", f"/servicePrincipals/{principal['id']}", {"accountEnabled": False})

    run = remove(variables={"lead_writer_application_id": own["appId"]})
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["application_user.roles", "application.secret.removed", "stored_secret", "handover"]
    left = cloud.graph(tenant, "GET", f"/applications/{own['id']}")
    assert [secret["keyId"] for secret in left["passwordCredentials"]] == [theirs["keyId"]]
    assert cloud.graph(tenant, "GET", f"/servicePrincipals/{principal['id']}")["accountEnabled"] is False
    (user,) = cloud.rows(
        tenant, f"systemusers?$filter=applicationid eq {own['appId']}&$expand=systemuserroles_association"
    )
    assert [role["name"] for role in user["systemuserroles_association"]] == ["Basic User"]
    again = remove(variables={"lead_writer_application_id": own["appId"]}, rehearse=False)
    assert cloud.writes_since(again.mark) == []


@pytest.mark.cloud("--tenants", "1", "--offers", "1", "--set", "configure_seconds=0.1", "--set", "publish_seconds=0.2")
def test_nothing_is_removed_while_leads_still_arrive(cloud: Cloud, configure: Configure, remove: Remove) -> None:
    offers = {"lead_writer_offers": ["contoso-offer"]}
    published = configure(variables={**offers, "lead_writer_publish": "live"}, rehearse=False)
    assert published.status == 0, published.output

    # The offer is no longer named, but the handover file still records it.
    stopped = remove(rehearse=False)
    assert "Leads of contoso-offer still come to https://contoso.crm4.dynamics.com" in stopped.failure(HOST)
    assert cloud.writes_since(stopped.mark) == []
    unknown = remove(variables={"lead_writer_publisher_client_id": ""}, rehearse=False)
    assert "It is unknown whether the leads of contoso-offer still come" in unknown.failure(HOST)
    assert cloud.writes_since(unknown.mark) == []

    lost = {"lead_writer_publisher_client_id": "", "lead_writer_remove_while_live": True}
    meant = remove(variables=lost)
    assert meant.status == 0, meant.output
    # Publishing wrote a test lead. Its owner cannot be deleted, and the role must not delete the lead.
    disabled = ["application_user.roles", "application_user.isdisabled"]
    assert meant.changes(HOST) == [*disabled, "application", "handover"]
    assert "assign its leads to another user and run again" in " ".join(meant.output.split())
    (lead,) = cloud.rows(cloud.contoso, "leads")
    (user,) = cloud.rows(cloud.contoso, f"systemusers?$filter=systemuserid eq {lead['_ownerid_value']}")
    assert user["isdisabled"] is True

    # Once the lead has another owner, the next run finds the user from the store and removes both.
    again = remove(variables=lost, rehearse=False)
    assert again.status == 0, again.output
    assert cloud.writes_since(again.mark) == []
    (other,) = cloud.rows(cloud.contoso, f"systemusers?$filter=applicationid eq {cloud.contoso.client_id}")
    owner = {"ownerid@odata.bind": f"/systemusers({other['systemuserid']})"}
    cloud.web_api(cloud.contoso, "PATCH", f"leads({lead['leadid']})", owner)
    rest = remove(variables=lost)
    assert rest.changes(HOST) == ["application_user", "stored_secret"], rest.output


@pytest.mark.cloud("--tenants", "1")
def test_interrupted_or_partly_manual_removal_is_completed(cloud: Cloud, configure: Configure, remove: Remove) -> None:
    tenant = cloud.contoso
    assert configure(rehearse=False).status == 0
    made = Made(cloud, tenant)
    application_id = made.application["appId"]
    # The application was removed by hand; its user in the environment remains, and the store still records it.
    cloud.graph(tenant, "DELETE", f"/applications/{made.application['id']}")
    run = remove(rehearse=False)
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["application_user", "stored_secret", "handover"]
    assert cloud.rows(tenant, f"systemusers?$filter=applicationid eq {application_id}") == []


@pytest.mark.cloud("--tenants", "1")
def test_disabled_user_loses_its_roles(cloud: Cloud, configure: Configure, remove: Remove) -> None:
    tenant = cloud.contoso
    assert configure(rehearse=False).status == 0
    (user,) = Made(cloud, tenant).users
    own_lead(cloud, user["systemuserid"])
    cloud.web_api(tenant, "PATCH", f"systemusers({user['systemuserid']})", {"isdisabled": True})
    run = remove(rehearse=False)
    assert run.status == 0, run.output
    left = one_user(cloud, user["systemuserid"])
    assert left["systemuserroles_association"] == []
    assert left["isdisabled"] is True
    again = remove(rehearse=False)
    assert cloud.writes_since(again.mark) == [], again.output


@pytest.mark.cloud("--config", PEOPLE, "--set", "usage_location_seconds=0.3")
def test_user_is_removed_only_on_request(cloud: Cloud, configure: Configure, remove: Remove) -> None:
    user = {"lead_writer_authentication": "office365", "lead_writer_user_name": NAME, "lead_writer_offers": []}
    set_up = configure("--limit", HOST, variables={**user, "lead_writer_user_usage_location": "SE"}, rehearse=False)
    assert set_up.status == 0, set_up.output
    run = remove(limit=HOST, variables=user)
    assert run.status == 0, run.output
    assert run.changes(HOST) == ["environment_user.roles", "stored_secret", "handover"]
    everybody = cloud.graph(cloud.contoso, "GET", "/users")["value"]
    assert NAME in [each["userPrincipalName"] for each in everybody]
    again = remove(limit=HOST, variables=user, rehearse=False)
    assert cloud.writes_since(again.mark) == []
    whole = remove(limit=HOST, variables={**user, "lead_writer_remove_user": True}, rehearse=False)
    assert whole.changes(HOST) == ["user"], whole.output
    gone = remove(limit=HOST, variables={**user, "lead_writer_remove_user": True}, rehearse=False)
    assert gone.status == 0, gone.output
    assert gone.changed_hosts() == set()
