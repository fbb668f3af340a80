# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A licensed user in an environment: added without a first visit, with the roles that leads need."""

from __future__ import annotations

from typing import Any

import pytest

from .cloud import Ansible, Cloud, Run, Tenant, task
from .people import CLOUD, HOST, NAME, SALES_ID

pytestmark = pytest.mark.cloud("--config", CLOUD)
ROLE = "Basic User"
NIL = "00000000-0000-0000-0000-000000000000"


def made(cloud: Cloud, tenant: Tenant, name: str = NAME, *, licensed: bool = True) -> str:
    """Create a user by hand, and return its object ID."""
    body = {
        "accountEnabled": True,
        "displayName": "Lead Writer",
        "mailNickname": "leads",
        "userPrincipalName": name,
        "usageLocation": "SE",
        "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d", "forceChangePasswordNextSignIn": False},
    }
    user_id = str(cloud.graph(tenant, "POST", "/users", body)["id"])
    if licensed:
        cloud.set(usage_location_seconds=0)
        license_user(cloud, tenant, user_id)
    return user_id


def license_user(cloud: Cloud, tenant: Tenant, user_id: str, *, take: bool = False) -> None:
    body = {
        "addLicenses": [] if take else [{"skuId": SALES_ID, "disabledPlans": []}],
        "removeLicenses": [SALES_ID] if take else [],
    }
    cloud.control(
        "PATCH",
        f"/tenants/{tenant.tenant_id}/objects/user/{user_id}",
        {"_usage_location_usable_from": 0.0},
    )
    cloud.graph(tenant, "POST", f"/users/{user_id}/assignLicense", body)


def user_role(ansible: Ansible, user: str, *, check: bool = False, host: str = HOST, **options: Any) -> Run:
    given = {"roles": [ROLE], "sync_timeout": 20, **options}
    one = task("dynamics_user_role", environment_url="{{ lead_writer_environment_url }}", user=user, **given)
    return ansible.tasks({**one, "when": f"inventory_hostname == '{host}'"}, check=check)


def person(cloud: Cloud, user_id: str) -> dict[str, Any]:
    (found,) = cloud.rows(
        cloud.contoso,
        f"systemusers?$filter=azureactivedirectoryobjectid eq {user_id}&$expand=systemuserroles_association",
    )
    return found


def roles(cloud: Cloud, user_id: str) -> list[str]:
    return sorted(each["name"] for each in person(cloud, user_id)["systemuserroles_association"])


def test_user_is_added_without_a_visit_once_its_license_arrives(cloud: Cloud, ansible: Ansible) -> None:
    user_id = made(cloud, cloud.contoso, licensed=False)
    without = user_role(ansible, user_id, sync_timeout=2)
    assert f"contoso.crm4.dynamics.com does not know of a license of user {user_id} yet" in without.failure(HOST)

    license_user(cloud, cloud.contoso, user_id)
    first = user_role(ansible, NAME)
    assert first.status == 0, first.output
    assert first.changes(HOST) == ["environment_user", "environment_user.roles"]
    assert roles(cloud, user_id) == [ROLE]

    second = user_role(ansible, user_id)
    assert second.changed_hosts() == set(), second.output
    assert cloud.writes_since(second.mark) == []


def test_only_named_roles_of_the_own_business_unit_are_removed(cloud: Cloud, ansible: Ansible) -> None:
    user_id = made(cloud, cloud.contoso)
    user_role(ansible, user_id, roles=[ROLE, "Salesperson"])
    (unit,) = cloud.rows(cloud.contoso, "businessunits?$filter=name eq 'Sales'")
    moved = {"businessunitid@odata.bind": f"/businessunits({unit['businessunitid']})"}
    cloud.web_api(cloud.contoso, "PATCH", f"systemusers({person(cloud, user_id)['systemuserid']})", moved)
    again = user_role(ansible, user_id, roles=[ROLE, "Salesperson"])
    assert again.changes(HOST) == ["environment_user.roles"], again.output
    held = person(cloud, user_id)["systemuserroles_association"]
    assert {each["_businessunitid_value"] for each in held} == {unit["businessunitid"]}

    taken = user_role(ansible, user_id, state="absent")
    assert taken.changes(HOST) == ["environment_user.roles"], taken.output
    assert roles(cloud, user_id) == ["Salesperson"]
    assert user_role(ansible, user_id, state="absent").changed_hosts() == set()


def test_user_disabled_without_a_license_is_enabled_with_one(cloud: Cloud, ansible: Ansible) -> None:
    user_id = made(cloud, cloud.contoso)
    user_role(ansible, user_id)
    system_user = person(cloud, user_id)["systemuserid"]
    cloud.web_api(cloud.contoso, "PATCH", f"systemusers({system_user})", {"isdisabled": True})
    run = user_role(ansible, user_id)
    assert run.changes(HOST) == ["environment_user.isdisabled"], run.output
    assert person(cloud, user_id)["isdisabled"] is False


def test_blockers_name_the_one_manual_step(cloud: Cloud, ansible: Ansible) -> None:
    northwind = cloud.tenants["northwind"]
    user_id = made(cloud, northwind, "leads@northwind.onmicrosoft.com", licensed=False)
    run = user_role(ansible, user_id, host="northwind_prod")
    assert f"pac admin application register --application-id {northwind.client_id}" in run.failure("northwind_prod")

    misspelled = user_role(ansible, NIL, roles=["Basc User"], check=True)
    assert "roles names 'Basc User'" in misspelled.failure(HOST)
    yet_to_be_made = user_role(ansible, NIL, check=True)
    assert yet_to_be_made.changes(HOST) == ["environment_user", "environment_user.roles"], yet_to_be_made.output
    really = user_role(ansible, NIL)
    assert "user is the nil GUID" in really.failure(HOST)


def test_removal_unassigns_every_copy_of_a_role(cloud: Cloud, ansible: Ansible) -> None:
    tenant = cloud.contoso
    user_id = made(cloud, tenant)
    assert user_role(ansible, user_id).status == 0
    cloud.traits(tenant, modern_business_units=True)
    (copy,) = cloud.rows(tenant, f"roles?$filter=name eq '{ROLE}' and _parentroleid_value ne null")
    body = {"@odata.id": f"{tenant.environment_url}/api/data/v9.2/roles({copy['roleid']})"}
    held = f"systemusers({person(cloud, user_id)['systemuserid']})/systemuserroles_association/$ref"
    cloud.web_api(tenant, "POST", held, body)
    assert roles(cloud, user_id) == [ROLE, ROLE]
    run = user_role(ansible, user_id, state="absent")
    assert run.status == 0, run.output
    assert roles(cloud, user_id) == []


def test_message_about_a_disabled_user_does_not_blame_the_runner(cloud: Cloud, ansible: Ansible) -> None:
    tenant = cloud.contoso
    user_id = made(cloud, tenant)
    assert user_role(ansible, user_id).status == 0
    system_user = person(cloud, user_id)["systemuserid"]
    cloud.web_api(tenant, "PATCH", f"systemusers({system_user})", {"isdisabled": True})
    one = task("dynamics_user_role", environment_url=tenant.environment_url, user=user_id, roles=[ROLE], state="absent")
    told = ansible.tasks({**one, "when": f"inventory_hostname == '{HOST}'"}, rehearse=False).failure(HOST)
    assert told == (
        f"The user {system_user} is disabled in contoso.crm4.dynamics.com, so its security roles cannot be changed: "
        "enable it there and run again."
    )


def test_user_outside_the_security_group_is_reported(cloud: Cloud, ansible: Ansible) -> None:
    cloud.traits(cloud.contoso, security_group=[])
    user_id = made(cloud, cloud.contoso)
    one = task("dynamics_user_role", environment_url=cloud.contoso.environment_url, user=user_id, roles=[ROLE])
    told = ansible.tasks({**one, "when": f"inventory_hostname == '{HOST}'"}, rehearse=False).failure(HOST)
    assert f"User {user_id} is not in the security group of the environment" in told
