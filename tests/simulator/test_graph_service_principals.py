# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service principals, consent and application permissions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from simulator.graph.grants import grant_id
from simulator.spec import RUNNER_PERMISSIONS, RunnerSpec, generated_tenant

from .running import Graph, RunningCloud, error_of

NewCloud = Callable[..., RunningCloud]
DYNAMICS_CRM = "00000007-0000-0000-c000-000000000000"
UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
CREATE_IF_MISSING = {"Prefer": "create-if-missing"}


def with_permissions(*permissions: str, dynamics_crm: bool = True):  # type: ignore[no-untyped-def]
    """Contoso with a runner that has `permissions`."""
    runner = RunnerSpec(permissions=permissions)
    return dataclasses.replace(generated_tenant(1), runner=runner, dynamics_crm=dynamics_crm)


def test_a_second_service_principal_is_refused(graph: Graph) -> None:
    app = graph.create_application()
    body = {"appId": app["appId"], "tags": ["WindowsAzureActiveDirectoryIntegratedApp"]}
    made = graph("POST", "/servicePrincipals", body)
    assert made.status_code == 201
    assert made.json()["servicePrincipalNames"] == [app["appId"]]
    second = graph("POST", "/servicePrincipals", body)
    assert error_of(second) == (409, "Request_MultipleObjectsWithSameKeyValue")
    assert f"{app['appId']} is already in use" in second.json()["error"]["message"]


def test_an_upsert_by_client_id_creates_once(graph: Graph) -> None:
    path = f"/servicePrincipals(appId='{graph.create_application()['appId']}')"
    assert graph("PATCH", path, {"notes": "a"}).status_code == 404
    assert graph("PATCH", path, {"notes": "a"}, **CREATE_IF_MISSING).status_code == 201
    assert graph("PATCH", path, {"notes": "b"}, **CREATE_IF_MISSING).status_code == 204
    assert graph.get(path)["notes"] == "b"


def test_an_unknown_application_has_none(new_cloud: NewCloud) -> None:
    graph = new_cloud(with_permissions("Application.ReadWrite.All")).graph()
    refused = graph("POST", "/servicePrincipals", {"appId": UNKNOWN_ID})
    assert error_of(refused) == (400, "Request_BadRequest")
    assert refused.json()["error"]["details"][0]["code"] == "NoBackingApplicationObject"


def test_owned_by_permission_does_not_cover_foreign_applications(graph: Graph) -> None:
    refused = graph("POST", "/servicePrincipals", {"appId": UNKNOWN_ID})
    assert error_of(refused) == (403, "Authorization_RequestDenied")
    assert "must in the local tenant" in refused.json()["error"]["message"]


def test_a_new_application_may_not_be_found_yet(new_cloud: NewCloud) -> None:
    cloud = new_cloud(replication_seconds=30)
    graph = cloud.graph()
    app = graph.create_application()
    seen = {error_of(graph("POST", "/servicePrincipals", {"appId": app["appId"]})) for _turn in range(3)}
    assert seen == {(400, "Request_BadRequest"), (403, "Authorization_RequestDenied")}
    cloud.world.clock.jump(31)
    assert cloud.graph()("POST", "/servicePrincipals", {"appId": app["appId"]}).status_code == 201


def test_dynamics_crm_exists_with_its_one_permission(graph: Graph) -> None:
    found = graph.get(f"/servicePrincipals(appId='{DYNAMICS_CRM}')?$select=id,appId,displayName,oauth2PermissionScopes")
    assert [scope["value"] for scope in found["oauth2PermissionScopes"]] == ["user_impersonation"]
    context = "https://graph.microsoft.com/v1.0/$metadata#servicePrincipals"
    assert found["@odata.context"] == f"{context}(id,appId,displayName,oauth2PermissionScopes)/$entity"


def test_a_tenant_may_lack_dynamics_crm(new_cloud: NewCloud) -> None:
    cloud = new_cloud(with_permissions("Application.ReadWrite.All", dynamics_crm=False))
    graph = cloud.graph()
    assert graph("GET", f"/servicePrincipals(appId='{DYNAMICS_CRM}')").status_code == 404
    assert cloud.sign_in("https://contoso.crm4.dynamics.com")["error_codes"] == [500011]
    assert graph("POST", "/servicePrincipals", {"appId": DYNAMICS_CRM}).status_code == 201
    assert "access_token" in cloud.sign_in("https://contoso.crm4.dynamics.com")


class TestConsent:
    """oauth2PermissionGrants."""

    @pytest.fixture
    def body(self, graph: Graph) -> dict[str, str]:
        app = graph.create_application()
        client = graph("POST", "/servicePrincipals", {"appId": app["appId"]}).json()["id"]
        resource = graph.get(f"/servicePrincipals(appId='{DYNAMICS_CRM}')")["id"]
        return {
            "clientId": client,
            "consentType": "AllPrincipals",
            "resourceId": resource,
            "scope": "user_impersonation",
        }

    def test_consent_is_granted_once(self, graph: Graph, body: dict[str, str]) -> None:
        made = graph("POST", "/oauth2PermissionGrants", body)
        assert made.status_code == 201
        assert made.json()["principalId"] is None
        again = graph("POST", "/oauth2PermissionGrants", body)
        assert error_of(again) == (409, "Request_MultipleObjectsWithSameKeyValue")
        assert again.json()["error"]["message"] == "Permission entry already exists."

    def test_a_second_consent_may_be_a_bad_request(self, new_cloud: NewCloud) -> None:
        graph = new_cloud(graph_consent_conflict_is_400=True).graph()
        app = graph.create_application()
        client = graph("POST", "/servicePrincipals", {"appId": app["appId"]}).json()["id"]
        resource = graph.get(f"/servicePrincipals(appId='{DYNAMICS_CRM}')")["id"]
        body = {"clientId": client, "consentType": "AllPrincipals", "resourceId": resource, "scope": "x"}
        graph("POST", "/oauth2PermissionGrants", body)
        again = graph("POST", "/oauth2PermissionGrants", body)
        assert error_of(again) == (400, "Request_BadRequest")
        assert again.json()["error"]["message"] == "Permission entry already exists."

    def test_consent_is_read_changed_and_removed(self, graph: Graph, body: dict[str, str]) -> None:
        made = graph("POST", "/oauth2PermissionGrants", body).json()
        query = f"clientId eq '{body['clientId']}' and consentType eq 'AllPrincipals'"
        assert [row["id"] for row in graph.get(f"/oauth2PermissionGrants?$filter={query}")["value"]] == [made["id"]]
        assert graph.get(f"/servicePrincipals/{body['clientId']}/oauth2PermissionGrants")["value"]
        path = f"/oauth2PermissionGrants/{made['id']}"
        assert graph("PATCH", path, {"scope": "a b"}).status_code == 204
        assert graph.get(path)["scope"] == "a b"
        refused = graph("PATCH", path, {"principalId": UNKNOWN_ID})
        assert refused.json()["error"]["message"] == "Property cannot be updated."
        assert graph("DELETE", path).status_code == 204
        assert graph("GET", path).status_code == 404

    def test_it_names_service_principals_not_client_ids(self, graph: Graph, body: dict[str, str]) -> None:
        refused = graph("POST", "/oauth2PermissionGrants", {**body, "resourceId": DYNAMICS_CRM})
        assert error_of(refused) == (404, "Request_ResourceNotFound")

    def test_the_id_of_a_grant_joins_both_ids(self) -> None:
        client, resource = "59e617e5-e447-4adc-8b88-00af644d7c92", "3f6b2a10-5b1e-4a8e-9d5e-0c1d2e3f4a5b"
        assert grant_id(client, resource, None) == "5RfmWUfk3EqLiACvZE18khAqaz8eW45KnV4MHS4_Sls"
        assert len(grant_id(client, resource, client)) == 64


def test_application_permissions_appear_in_the_next_token(new_cloud: NewCloud) -> None:
    cloud = new_cloud(with_permissions(*RUNNER_PERMISSIONS, "AppRoleAssignment.ReadWrite.All"))
    graph = cloud.graph()
    resource = graph.get("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
    role = next(item["id"] for item in resource["appRoles"] if item["value"] == "Domain.Read.All")
    assert graph("GET", "/domains").status_code == 403
    runner = cloud.tenant().runner.service_principal_id
    body = {"principalId": runner, "resourceId": resource["id"], "appRoleId": role}
    made = graph("POST", f"/servicePrincipals/{resource['id']}/appRoleAssignedTo", body)
    assert made.status_code == 201
    assert made.json()["principalType"] == "ServicePrincipal"
    again = graph("POST", f"/servicePrincipals/{runner}/appRoleAssignments", body)
    assert again.json()["error"]["message"] == "Permission being assigned already exists on the object"
    assert graph("GET", "/domains").status_code == 403, "a token keeps the permissions that it was issued with"
    assert cloud.graph()("GET", "/domains").status_code == 200
    path = f"/servicePrincipals/{runner}/appRoleAssignments/{made.json()['id']}"
    assert graph.get(path)["appRoleId"] == role
    assert graph("DELETE", path).status_code == 204
    assert cloud.graph()("GET", "/domains").status_code == 403
