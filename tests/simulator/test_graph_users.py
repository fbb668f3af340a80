# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and licenses, as "Office 365" authentication needs them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from simulator.spec import LicenseSpec, RunnerSpec, generated_tenant

from .running import Graph, RunningCloud, error_of

NewCloud = Callable[..., RunningCloud]
NAME = "leadwriter@contoso.onmicrosoft.com"
SALES = "1e1a282c-9c54-43a2-9310-98ef728faace"
PERMISSIONS = ("User.ReadWrite.All", "LicenseAssignment.ReadWrite.All", "Domain.Read.All", "Organization.Read.All")
BODY: dict[str, Any] = {
    "accountEnabled": True,
    "displayName": "Marketplace Lead Writer",
    "mailNickname": "leadwriter",
    "userPrincipalName": NAME,
    "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d", "forceChangePasswordNextSignIn": False},
}

NEW_PASSWORD = {"passwordProfile": {"password": "another-Pass-w0rd", "forceChangePasswordNextSignIn": False}}


def contoso(roles: tuple[str, ...] = (), licenses: tuple[LicenseSpec, ...] | None = None, **more: Any) -> Any:
    """Contoso with a runner that manages users."""
    runner = RunnerSpec(permissions=PERMISSIONS, directory_roles=roles)
    spec = dataclasses.replace(generated_tenant(1), runner=runner, **more)
    return spec if licenses is None else dataclasses.replace(spec, licenses=licenses)


@pytest.fixture
def users(new_cloud: NewCloud) -> Graph:
    return new_cloud(contoso()).graph()


def adding_license(sku: str = SALES, **more: Any) -> dict[str, Any]:
    """A body for assignLicense that adds one."""
    return {"addLicenses": [{"skuId": sku, "disabledPlans": [], **more}], "removeLicenses": []}


def test_a_new_user_shows_the_default_properties_only(users: Graph) -> None:
    created = users("POST", "/users", {**BODY, "usageLocation": "SE"})
    assert created.status_code == 201
    assert set(created.json()) == {
        "@odata.context",
        "id",
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    }
    more = users.get(f"/users/{NAME}?$select=usageLocation,passwordProfile,accountEnabled")
    assert (more["usageLocation"], more["passwordProfile"], more["accountEnabled"]) == ("SE", None, True)


@pytest.mark.parametrize("missing", sorted(BODY))
def test_refusals_name_what_is_missing(users: Graph, missing: str) -> None:
    body = {name: value for name, value in BODY.items() if name != missing}
    response = users("POST", "/users", body)
    assert error_of(response) == (400, "Request_BadRequest")
    assert f"'{missing}'" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"userPrincipalName": "x@fabrikam.example"}, "domain portion"),
        ({"passwordProfile": {"password": "short"}}, "password complexity"),
        ({"passwordProfile": {"password": "onlysmallletters"}}, "password complexity"),
        ({"passwordProfile": {"password": "Leadwriter2026!"}}, "password complexity"),
        ({"usageLocation": "Sweden"}, "usageLocation"),
        ({"passwordPolicies": "Whatever"}, "passwordPolicies"),
    ],
)
def test_invalid_values_are_refused(users: Graph, change: dict[str, Any], words: str) -> None:
    response = users("POST", "/users", {**BODY, **change})
    assert error_of(response) == (400, "Request_BadRequest")
    assert words in response.json()["error"]["message"]


def test_a_taken_name_is_a_conflict_in_the_details_not_a_409(users: Graph) -> None:
    users("POST", "/users", BODY)
    response = users("POST", "/users", {**BODY, "userPrincipalName": NAME.upper()})
    assert error_of(response) == (400, "Request_BadRequest")
    assert [item["code"] for item in response.json()["error"]["details"]] == ["ObjectConflict", "ConflictingObjects"]


def test_the_name_of_a_deleted_user_becomes_available(users: Graph) -> None:
    first = users("POST", "/users", BODY).json()
    assert users("DELETE", f"/users/{NAME}").status_code == 204
    assert users("GET", f"/users/{NAME}").status_code == 404
    assert users("POST", "/users", BODY).status_code == 201
    assert users.get("/directory/deletedItems/microsoft.graph.user")["value"][0]["id"] == first["id"]
    assert users("POST", f"/directory/deletedItems/{first['id']}/restore").status_code == 400


def test_a_deleted_users_name_may_be_prefixed_with_its_id(new_cloud: NewCloud) -> None:
    users = new_cloud(contoso(), graph_deleted_users_renamed=True).graph()
    made = users("POST", "/users", BODY).json()
    users("DELETE", f"/users/{NAME}")
    (deleted,) = users.get("/directory/deletedItems/microsoft.graph.user")["value"]
    assert deleted["userPrincipalName"] == made["id"].replace("-", "") + NAME
    assert users("POST", f"/directory/deletedItems/{made['id']}/restore").status_code == 200
    assert users.get(f"/users/{NAME}")["id"] == made["id"]


class TestPasswordReset:
    """The permission alone is not enough."""

    def test_a_password_reset_needs_a_directory_role(self, users: Graph) -> None:
        users("POST", "/users", BODY)
        refused = users("PATCH", f"/users/{NAME}", {**NEW_PASSWORD, "jobTitle": "x"})
        assert error_of(refused) == (403, "Authorization_RequestDenied")
        assert users.get(f"/users/{NAME}")["jobTitle"] is None

    def test_a_user_administrator_resets_users_but_not_administrators(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(contoso(roles=("User Administrator",)))
        users = cloud.graph()
        users("POST", "/users", BODY)
        before = users.get(f"/users/{NAME}?$select=lastPasswordChangeDateTime")["lastPasswordChangeDateTime"]
        cloud.world.clock.jump(60)
        assert users("PATCH", f"/users/{NAME}", NEW_PASSWORD).status_code == 204
        after = users.get(f"/users/{NAME}?$select=lastPasswordChangeDateTime")["lastPasswordChangeDateTime"]
        assert after > before
        assert users("PATCH", "/users/admin@contoso.onmicrosoft.com", NEW_PASSWORD).status_code == 403


class TestLicenses:
    """assignLicense and its errors."""

    def test_a_license_uses_a_seat(self, users: Graph) -> None:
        users("POST", "/users", {**BODY, "usageLocation": "SE"})
        before = users.get("/subscribedSkus")["value"][0]
        assert before["skuPartNumber"] == "DYN365_ENTERPRISE_SALES"
        assert users("POST", f"/users/{NAME}/assignLicense", adding_license()).status_code == 200
        assert users("POST", f"/users/{NAME}/assignLicense", adding_license()).status_code == 200
        assert users.get("/subscribedSkus")["value"][0]["consumedUnits"] == before["consumedUnits"] + 1
        user = users.get(f"/users/{NAME}?$select=id,assignedLicenses,licenseAssignmentStates")
        assert user["assignedLicenses"] == [{"disabledPlans": [], "skuId": SALES}]
        assert user["licenseAssignmentStates"][0]["assignedByGroup"] is None
        details = users.get(f"/users/{NAME}/licenseDetails")["value"]
        assert [item["skuPartNumber"] for item in details] == ["DYN365_ENTERPRISE_SALES"]
        taken = {"addLicenses": [], "removeLicenses": [SALES]}
        assert users("POST", f"/users/{NAME}/assignLicense", taken).status_code == 200
        assert users.get(f"/users/{NAME}?$select=assignedLicenses")["assignedLicenses"] == []

    @pytest.mark.parametrize(
        ("body", "words"),
        [
            ({"addLicenses": []}, "missing parameters are: removeLicenses"),
            (adding_license("11111111-1111-4111-8111-111111111111"), "does not correspond to a valid company License"),
            ({"addLicenses": [], "removeLicenses": [SALES]}, "does not have a corresponding license"),
            (adding_license(disabledPlans=[SALES]), "service plans"),
        ],
    )
    def test_invalid_license_changes_are_refused(self, users: Graph, body: dict[str, Any], words: str) -> None:
        users("POST", "/users", {**BODY, "usageLocation": "SE"})
        response = users("POST", f"/users/{NAME}/assignLicense", body)
        assert error_of(response) == (400, "Request_BadRequest")
        assert words in response.json()["error"]["message"]

    def test_licenses_run_out(self, new_cloud: NewCloud) -> None:
        users = new_cloud(contoso(licenses=(LicenseSpec("DYN365_ENTERPRISE_SALES", 1, 1),))).graph()
        users("POST", "/users", {**BODY, "usageLocation": "SE"})
        response = users("POST", f"/users/{NAME}/assignLicense", adding_license())
        assert f"SKU {SALES} does not have any available licenses" in response.json()["error"]["message"]

    def test_a_usage_location_takes_effect_late(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(contoso(), usage_location_seconds=20)
        users = cloud.graph()
        users("POST", "/users", BODY)
        for _attempt in range(2):
            response = users("POST", f"/users/{NAME}/assignLicense", adding_license())
            assert "invalid usage location" in response.json()["error"]["message"]
            users("PATCH", f"/users/{NAME}", {"usageLocation": "SE"})
        cloud.world.clock.jump(21)
        assert users("POST", f"/users/{NAME}/assignLicense", adding_license()).status_code == 200

    def test_a_license_of_a_group_cannot_be_removed_from_a_user(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(contoso())
        users = cloud.graph()
        user = users("POST", "/users", {**BODY, "usageLocation": "SE"}).json()
        users("POST", f"/users/{NAME}/assignLicense", adding_license())
        state = {"skuId": SALES, "assignedByGroup": "11111111-1111-4111-8111-111111111111", "disabledPlans": []}
        cloud.control("PATCH", f"/tenants/contoso/objects/user/{user['id']}", {"licenseAssignmentStates": [state]})
        response = users("POST", f"/users/{NAME}/assignLicense", {"addLicenses": [], "removeLicenses": [SALES]})
        assert "inherited from a group" in response.json()["error"]["message"]

    def test_subscriptions_take_no_filter(self, users: Graph) -> None:
        assert users("GET", "/subscribedSkus?$filter=skuPartNumber eq 'x'").status_code == 400


def test_a_domain_has_its_password_validity(new_cloud: NewCloud) -> None:
    graph = new_cloud(contoso(password_validity_days=2147483647, domains=("contoso.com",))).graph()
    domains = graph.get("/domains")["value"]
    assert [(item["id"], item["isInitial"]) for item in domains] == [
        ("contoso.onmicrosoft.com", True),
        ("contoso.com", False),
    ]
    assert graph.get("/domains/contoso.com")["passwordValidityPeriodInDays"] == 2147483647
    assert graph("GET", "/domains/fabrikam.com").status_code == 404
    organization = graph.get("/organization")["value"][0]
    assert [item["name"] for item in organization["verifiedDomains"]] == ["contoso.onmicrosoft.com", "contoso.com"]


def test_policies_are_read_as_they_were_set(new_cloud: NewCloud) -> None:
    permissions = ("Policy.Read.All", "Policy.ReadWrite.SecurityDefaults", "Policy.ReadWrite.ConditionalAccess")
    graph = new_cloud(dataclasses.replace(generated_tenant(1), runner=RunnerSpec(permissions=permissions))).graph()
    defaults, access = "/policies/identitySecurityDefaultsEnforcementPolicy", "/identity/conditionalAccess/policies"
    assert graph.get(defaults)["isEnabled"] is False
    assert graph.get(access)["value"] == []

    assert graph("PATCH", defaults, {"isEnabled": True}).status_code == 204
    policy = {"displayName": "Factor", "state": "enabled", "conditions": {"users": {"includeUsers": ["All"]}}}
    assert graph("POST", access, policy).status_code == 201

    assert graph.get(defaults)["isEnabled"] is True
    shown = graph.get(f"{access}?$select=displayName,state")["value"]
    assert shown == [{"displayName": "Factor", "state": "enabled"}]
    assert (
        error_of(graph("POST", access, {**policy, "state": "disabled", "conditions": {}, "displayName": ""}))[0] == 400
    )


@pytest.mark.parametrize(
    ("permission", "name"), [("User.Read.All", None), ("Directory.Read.All", "Global Administrator")]
)
def test_directory_roles_are_returned_with_read_permission(
    new_cloud: NewCloud, permission: str, name: str | None
) -> None:
    graph = new_cloud(dataclasses.replace(generated_tenant(1), runner=RunnerSpec(permissions=(permission,)))).graph()
    roles = graph.get("/users/admin@contoso.onmicrosoft.com/transitiveMemberOf?$select=id,displayName")["value"]
    assert [(role["@odata.type"], role["displayName"]) for role in roles] == [("#microsoft.graph.directoryRole", name)]
