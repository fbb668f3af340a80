# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Power Platform admin API: environments and their users."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.directory.directory import USER
from simulator.directory.shapes import new_user
from simulator.spec import TenantSpec, generated_tenant

from .running import RunningCloud

BASE = "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments"
VERSION = "?api-version=2023-06-01"


class Admin:
    """Calls of a tenant's runner to the admin API of its cloud, and to its environment."""

    def __init__(self, cloud: RunningCloud, name: str = "contoso") -> None:
        self.cloud, self.tenant = cloud, cloud.tenant(name)
        self.environment = self.tenant.environments[0]
        self.host = self.tenant.cloud.power_platform_host
        token = cloud.sign_in(self.tenant.cloud.power_apps_resource.rstrip("/"), name)
        self.headers = {"Authorization": f"Bearer {token['access_token']}"}
        self.session = cloud.session()

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        url = f"https://{self.host}{path}"
        return self.session.request(method, url, json=body, headers=self.headers, timeout=10)

    def users(self, filter_: str) -> list[dict[str, Any]]:
        """Users of the environment."""
        url = f"https://control.simulator.test/admin-override/{self.environment.host}/api/data/v9.2/systemusers"
        options = {"$filter": filter_, "$expand": "systemuserroles_association"}
        found: list[dict[str, Any]] = self.session.get(url, params=options, timeout=10).json()["value"]
        return found

    def person(self, *, licensed: bool) -> str:
        """A new person of the directory; returns the object id."""
        identifier = self.cloud.world.new_guid()
        user = new_user(identifier, f"lead@{self.tenant.domain}", "Lead Writer", "2026-01-01T00:00:00Z")
        if licensed:
            user["assignedLicenses"] = [{"disabledPlans": [], "skuId": self.cloud.world.new_guid()}]
        self.tenant.directory.store.put(USER, user)
        return identifier


@pytest.fixture
def admin(cloud: RunningCloud) -> Admin:
    return Admin(cloud)


def test_environments_are_listed_with_their_addresses(admin: Admin) -> None:
    listed = admin("GET", BASE + VERSION).json()["value"]

    assert [item["name"] for item in listed] == [admin.environment.id]
    properties = listed[0]["properties"]
    assert properties["tenantId"] == admin.tenant.id
    linked = properties["linkedEnvironmentMetadata"]
    assert linked["instanceUrl"] == f"{admin.environment.url}/"
    assert linked["instanceApiUrl"] == "https://contoso.api.crm4.dynamics.com"
    assert linked["resourceId"] == admin.environment.organization_id
    assert admin("GET", f"{BASE}/{admin.environment.id}{VERSION}").json() == listed[0]


def test_another_cloud_has_its_own_host(new_cloud: Callable[..., RunningCloud]) -> None:
    cloud = new_cloud(generated_tenant(1), generated_tenant(2))

    admin = Admin(cloud, "fabrikam")

    assert admin.host == "high.api.bap.microsoft.us"
    assert [item["properties"]["tenantId"] for item in admin("GET", BASE + VERSION).json()["value"]] == [
        admin.tenant.id
    ]


def test_a_token_of_another_service_is_refused(admin: Admin) -> None:
    graph = admin.cloud.sign_in("https://graph.microsoft.com")
    admin.headers = {"Authorization": f"Bearer {graph['access_token']}"}

    assert admin("GET", BASE + VERSION).status_code == 401


def test_an_unregistered_application_is_refused(new_cloud: Callable[..., RunningCloud]) -> None:
    spec = TenantSpec.parse(
        {"name": "contoso", "runner": {"power_platform_admin": False}, "environments": [{"name": "contoso_prod"}]}
    )
    admin = Admin(new_cloud(spec))

    answer = admin("GET", BASE + VERSION)

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Forbidden")
    register = f"/providers/Microsoft.BusinessAppPlatform/adminApplications/{admin.tenant.runner.app_id}"
    assert admin("PUT", register + "?api-version=2020-10-01").status_code == 403


def test_an_unknown_environment_is_named_in_the_error(admin: Admin) -> None:
    answer = admin("GET", f"{BASE}/11111111-1111-1111-1111-111111111111{VERSION}")

    assert answer.status_code == 404
    assert answer.json() == {
        "error": {
            "code": "EnvironmentNotFound",
            "message": "The environment '11111111-1111-1111-1111-111111111111' could not be found in the tenant.",
            "detailUrlType": "NotSpecified",
        }
    }


def test_the_version_of_the_api_must_be_named(admin: Admin) -> None:
    assert admin("GET", BASE).json()["error"]["code"] == "MissingApiVersionParameter"


def test_long_lists_come_in_pages(new_cloud: Callable[..., RunningCloud]) -> None:
    environments = [{"name": f"contoso_{number}"} for number in range(3)]
    spec = TenantSpec.parse({"name": "contoso", "environments": environments})
    admin = Admin(new_cloud(spec, power_platform_page_size=2))

    first = admin("GET", BASE + VERSION).json()
    second = admin("GET", first["nextLink"].removeprefix(f"https://{admin.host}")).json()

    assert (len(first["value"]), len(second["value"])) == (2, 1)
    assert "nextLink" not in second


def test_adding_an_application_makes_it_system_administrator(admin: Admin) -> None:
    app_id = admin.cloud.graph().create_application()["appId"]
    admin.cloud.graph()("POST", "/servicePrincipals", {"appId": app_id})
    path = f"{BASE}/{admin.environment.id}/addAppUser?api-version=2020-10-01"

    for _time in range(2):
        assert admin("POST", path, {"servicePrincipalAppId": app_id}).status_code == 200

    rows = admin.users(f"applicationid eq {app_id}")
    assert [[role["name"] for role in row["systemuserroles_association"]] for row in rows] == [["System Administrator"]]


def test_adding_a_missing_application_answers_200_without_effect(admin: Admin) -> None:
    unknown = admin.cloud.world.new_guid()
    path = f"{BASE}/{admin.environment.id}/addAppUser?api-version=2020-10-01"

    assert admin("POST", path, {"servicePrincipalAppId": unknown}).status_code == 200
    assert admin.users(f"applicationid eq {unknown}") == []


def test_a_person_is_added_only_with_a_license(admin: Admin) -> None:
    path = f"{BASE}/{admin.environment.id}/addUser{VERSION}"

    without = admin("POST", path, {"objectId": admin.person(licensed=False)})
    licensed = admin.person(licensed=True)
    with_license = admin("POST", path, {"objectId": licensed})

    assert without.status_code == 400
    assert "userNotLicensed" in without.text
    assert with_license.status_code == 200
    row = admin.users(f"azureactivedirectoryobjectid eq {licensed}")[0]
    assert (row["islicensed"], row["isdisabled"], row["accessmode"]) == (True, False, 0)
    assert row["systemuserroles_association"] == []
