# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application user, which an administrator would otherwise create in the admin center."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .cloud import Ansible, Cloud, Run, task

pytestmark = pytest.mark.cloud("--tenants", "1")
ROLE = "Basic User"


@pytest.fixture
def application_id(cloud: Cloud) -> str:
    """An application with a service principal, made by hand."""
    made = cloud.graph(cloud.contoso, "POST", "/applications", {"displayName": "Leads"})
    cloud.graph(cloud.contoso, "POST", "/servicePrincipals", {"appId": made["appId"]})
    return str(made["appId"])


def app_user(ansible: Ansible, application_id: str, **options: Any) -> Run:
    return ansible.tasks(
        task(
            "dynamics_app_user",
            environment_url="{{ lead_writer_environment_url }}",
            application_id=application_id,
            **options,
        )
    )


def test_new_user_gets_its_role_and_a_second_run_writes_nothing(
    cloud: Cloud, ansible: Ansible, application_id: str
) -> None:
    first = app_user(ansible, application_id, roles=[ROLE])
    assert first.status == 0, first.output
    assert first.changes("contoso_prod") == ["application_user", "application_user.roles"]
    user = cloud.rows(
        cloud.contoso, f"systemusers?$filter=applicationid eq {application_id}&$expand=systemuserroles_association"
    )
    assert [role["name"] for role in user[0]["systemuserroles_association"]] == [ROLE]

    second = app_user(ansible, application_id, roles=[ROLE])
    assert second.changed_hosts() == set()
    assert cloud.writes_since(second.mark) == []


def test_a_redirected_assignment_of_the_role_is_a_failure(cloud: Cloud, ansible: Ansible, application_id: str) -> None:
    redirect = {"status": 302, "body": "empty", "headers": {"Location": "https://login.guest.example/"}}
    cloud.fault(route=r"systemuserroles_association/\$ref", method="POST", count=0, **redirect)
    run = app_user(ansible, application_id, roles=[ROLE])
    assert run.status != 0, run.output
    assert "answered with 302, a redirect to another address, which is never followed" in run.failure("contoso_prod")

    cloud.control("DELETE", "/faults")
    again = app_user(ansible, application_id, roles=[ROLE])
    assert again.changes("contoso_prod") == ["application_user.roles"]


@pytest.mark.parametrize("link", ["https://leads.example/next", "https://contoso.crm4.dynamics.com@leads.example/next"])
def test_a_next_link_to_another_host_is_a_failure(
    cloud: Cloud, ansible: Ansible, application_id: str, link: str
) -> None:
    page = {"value": [], "@odata.nextLink": link}
    cloud.fault(route="/systemusers", method="GET", status=200, content=json.dumps(page), count=0)
    run = app_user(ansible, application_id, roles=[ROLE])
    assert "would continue at https://leads.example, which is not contoso.crm4" in run.failure("contoso_prod")
    assert cloud.writes_since(run.mark) == []


@pytest.mark.parametrize(
    ("route", "content"),
    [("/systemusers", [{"systemuserid": "1"}]), ("/roles", [{"roleid": 7}])],
)
def test_malformed_rows_are_one_message(
    cloud: Cloud, ansible: Ansible, application_id: str, route: str, content: list[dict[str, Any]]
) -> None:
    cloud.fault(route=route, method="GET", status=200, content=json.dumps({"value": content}), count=0)
    run = app_user(ansible, application_id, roles=[ROLE])
    assert "An answer does not have the expected form" in run.failure("contoso_prod")
    assert "Traceback" not in run.output


def test_misspelled_role_is_reported_before_any_write(cloud: Cloud, ansible: Ansible, application_id: str) -> None:
    run = app_user(ansible, application_id, roles=["Basc User"])
    assert "roles names 'Basc User'" in run.failure("contoso_prod")
    assert cloud.writes_since(run.mark) == []


class Copies:
    """An application user that holds two copies of one role: the root unit's and its own business unit's."""

    def __init__(self, cloud: Cloud, ansible: Ansible, application_id: str) -> None:
        self._cloud = cloud
        self._filter = f"systemusers?$filter=applicationid eq {application_id}"
        tenant = cloud.contoso
        cloud.traits(tenant, modern_business_units=True)
        cloud.web_api(tenant, "POST", "businessunits", {"name": "Sweden"})
        assert app_user(ansible, application_id, business_unit="Sweden", roles=[ROLE]).status == 0
        root = f"roles?$filter=name eq '{ROLE}' and _parentroleid_value eq null"
        (role,), (user,) = cloud.rows(tenant, root), cloud.rows(tenant, self._filter)
        body = {"@odata.id": f"{tenant.environment_url}/api/data/v9.2/roles({role['roleid']})"}
        cloud.web_api(tenant, "POST", f"systemusers({user['systemuserid']})/systemuserroles_association/$ref", body)
        assert self.held == 2

    @property
    def held(self) -> int:
        """The number of copies that the user holds."""
        (user,) = self._cloud.rows(self._cloud.contoso, f"{self._filter}&$expand=systemuserroles_association")
        return len(user["systemuserroles_association"])


def test_removal_unassigns_every_copy_of_a_role(cloud: Cloud, ansible: Ansible, application_id: str) -> None:
    copies = Copies(cloud, ansible, application_id)
    run = app_user(ansible, application_id, roles=[ROLE], roles_only=True, state="absent")
    assert run.status == 0, run.output
    assert copies.held == 0


def test_mode_exact_unassigns_every_copy_of_a_role(cloud: Cloud, ansible: Ansible, application_id: str) -> None:
    copies = Copies(cloud, ansible, application_id)
    run = app_user(ansible, application_id, roles=[], roles_mode="exact")
    assert run.status == 0, run.output
    assert copies.held == 0


def test_every_copy_of_a_role_is_returned(cloud: Cloud, ansible: Ansible, application_id: str) -> None:
    Copies(cloud, ansible, application_id)
    run = app_user(ansible, application_id, roles=[ROLE])
    told = run.result("contoso_prod", "dynamics_app_user")["application_user"]["roles"]
    assert [role["name"] for role in told] == [ROLE, ROLE]
