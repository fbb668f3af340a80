# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications and their secrets."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from simulator.spec import RUNNER_PERMISSIONS, RunnerSpec, generated_tenant

from .running import Graph, RunningCloud, error_of

NewCloud = Callable[..., RunningCloud]
DYNAMICS_CRM = "00000007-0000-0000-c000-000000000000"
USER_IMPERSONATION = "78ce3f0f-a1ce-49c2-8cde-64b5c0896db4"
OWN = "22222222-2222-4222-8222-222222222222"
CREATE_IF_MISSING = {"Prefer": "create-if-missing"}


def details(response: Any) -> dict[str, str]:
    """The first detail of a refusal."""
    first: dict[str, str] = response.json()["error"]["details"][0]
    return first


def test_a_new_application_has_no_service_principal(graph: Graph) -> None:
    access = {"resourceAppId": DYNAMICS_CRM, "resourceAccess": [{"id": USER_IMPERSONATION, "type": "Scope"}]}
    app = graph.create_application(
        web={"redirectUris": ["https://contosoapp1/auth"]}, tags=["ansible"], requiredResourceAccess=[access]
    )
    assert app["@odata.context"] == "https://graph.microsoft.com/v1.0/$metadata#applications/$entity"
    assert app["signInAudience"] == "AzureADMyOrg"
    assert app["publisherDomain"] == "contoso.onmicrosoft.com"
    assert app["web"]["redirectUriSettings"] == [{"uri": "https://contosoapp1/auth", "index": None}]
    assert app["requiredResourceAccess"] == [access]
    assert graph("GET", f"/servicePrincipals(appId='{app['appId']}')").status_code == 404


def test_two_posts_of_one_name_create_two_applications(graph: Graph) -> None:
    first, second = graph.create_application("Twin"), graph.create_application("Twin")
    assert first["id"] != second["id"]
    assert len(graph.get("/applications?$filter=displayName eq 'twin'")["value"]) == 2


def test_an_application_is_found_by_each_of_its_keys(graph: Graph) -> None:
    app = graph.create_application(uniqueName="it's")
    for address in (app["id"], f"(appId='{app['appId']}')", "(uniqueName='it''s')", "(uniqueName='it%27%27s')"):
        path = address if address.startswith("(") else f"/{address}"
        assert graph.get(f"/applications{path}")["id"] == app["id"]
    assert error_of(graph("GET", f"/applications/{app['appId']}")) == (404, "Request_ResourceNotFound")


def test_change_tracking_is_refused(graph: Graph) -> None:
    graph.conforming = False
    for path in ("/applications/delta", "/users/delta?$select=id"):
        answer = graph("GET", path)
        assert error_of(answer) == (501, "NotImplemented")
        assert "delta" in answer.json()["error"]["message"]


def test_doubled_slashes_are_taken_as_one(graph: Graph) -> None:
    graph.conforming = False
    assert graph.get("//applications")["value"]


def test_an_update_merges_objects_but_not_collections(graph: Graph) -> None:
    app = graph.create_application(web={"redirectUris": ["https://a/x", "https://a/y"], "homePageUrl": "https://a"})
    response = graph("PATCH", f"/applications/{app['id']}", {"web": {"redirectUris": ["https://b/z"]}, "tags": ["t"]})
    assert (response.status_code, response.content) == (204, b"")
    changed = graph.get(f"/applications/{app['id']}")
    assert changed["web"]["homePageUrl"] == "https://a"
    assert changed["web"]["redirectUris"] == ["https://b/z"]
    assert changed["tags"] == ["t"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "Request_BadRequest"),
        ({"displayName": ""}, "Request_BadRequest"),
        ({"displayName": 5}, "BadRequest"),
        ({"displayName": "x", "shoeSize": 43}, "BadRequest"),
        ({"displayName": "x", "appId": DYNAMICS_CRM}, "Request_BadRequest"),
        ({"displayName": "x" * 257}, "Request_BadRequest"),
        ({"displayName": "x", "signInAudience": "Everybody"}, "Request_BadRequest"),
        ({"displayName": "x", "web": {"redirectUris": ["http://contosoapp1/auth"]}}, "Request_BadRequest"),
        ({"displayName": "x", "web": {"redirectUris": ["https://a"] * 2}}, "Request_BadRequest"),
        ({"displayName": "x", "requiredResourceAccess": [{"resourceAppId": "x"}]}, "Request_BadRequest"),
        ({"displayName": "x", "passwordCredentials": [{"secretText": "mine"}]}, "Request_BadRequest"),
        ({"displayName": "x", "keyCredentials": [{"type": "AsymmetricX509Cert", "key": "AAAA"}]}, "Request_BadRequest"),
        (["displayName"], "Request_BadRequest"),
    ],
)
def test_an_invalid_body_is_refused(graph: Graph, body: Any, code: str) -> None:
    before = len(graph.get("/applications")["value"])
    assert error_of(graph("POST", "/applications", body)) == (400, code)
    assert len(graph.get("/applications")["value"]) == before


def test_an_update_may_replace_objects(new_cloud: NewCloud) -> None:
    graph = new_cloud(graph_update_merges_objects=False).graph()
    app = graph.create_application(web={"homePageUrl": "https://a.example", "redirectUris": ["https://a.example/x"]})
    assert graph("PATCH", f"/applications/{app['id']}", {"web": {"redirectUris": []}}).status_code == 204
    web = graph.get(f"/applications/{app['id']}")["web"]
    assert (web["homePageUrl"], web["redirectUris"]) == (None, [])


class TestUpsert:
    """PATCH by unique name."""

    PATH = "/applications(uniqueName='lead-writer')"

    def test_it_creates_once_and_then_updates(self, graph: Graph) -> None:
        created = graph("PATCH", self.PATH, {"displayName": "A"}, **CREATE_IF_MISSING)
        assert created.status_code == 201
        assert created.json()["uniqueName"] == "lead-writer"
        updated = graph("PATCH", self.PATH, {"displayName": "B"}, **CREATE_IF_MISSING)
        assert (updated.status_code, updated.content) == (204, b"")
        assert graph.get(self.PATH)["displayName"] == "B"
        assert graph.get(self.PATH)["id"] == created.json()["id"]

    def test_without_the_header_nothing_is_created(self, graph: Graph) -> None:
        assert error_of(graph("PATCH", self.PATH, {"displayName": "A"})) == (404, "Request_ResourceNotFound")

    def test_slow_replicas_never_create_duplicates(self, new_cloud: NewCloud) -> None:
        graph = new_cloud(replication_seconds=60).graph()
        statuses = [
            graph("PATCH", self.PATH, {"displayName": "A"}, **CREATE_IF_MISSING).status_code for _turn in range(4)
        ]
        assert statuses == [201, 204, 204, 204]

    def test_a_post_gives_a_unique_name_once(self, graph: Graph) -> None:
        graph.create_application(uniqueName="leads")
        again = graph("POST", "/applications", {"displayName": "Leads", "uniqueName": "leads"})
        assert again.status_code == 400
        assert "uniqueName already exists" in again.json()["error"]["message"]

    def test_a_post_may_ignore_the_unique_name(self, new_cloud: NewCloud) -> None:
        graph = new_cloud(graph_post_sets_unique_name=False).graph()
        assert graph.create_application(uniqueName="leads")["uniqueName"] is None

    @pytest.mark.parametrize("makes_owner", [True, False])
    def test_an_upsert_may_make_no_owner(self, new_cloud: NewCloud, makes_owner: bool) -> None:
        cloud = new_cloud(graph_upsert_makes_owner=makes_owner)
        graph = cloud.graph()
        path = "/applications(uniqueName='leads')"
        made = graph("PATCH", path, {"displayName": "Leads"}, **CREATE_IF_MISSING).json()
        owners = [row["id"] for row in graph.get(f"/applications/{made['id']}/owners")["value"]]
        assert owners == [cloud.tenant().runner.service_principal_id] * makes_owner
        renamed = graph("PATCH", f"/applications/{made['id']}", {"displayName": "New"})
        assert renamed.status_code == (204 if makes_owner else 403)

    def test_an_upsert_may_need_the_permission_to_write_all(self, new_cloud: NewCloud) -> None:
        graph = new_cloud(graph_upsert_takes_owned_by=False).graph()
        refused = graph("PATCH", "/applications(uniqueName='lead-writer')", {"displayName": "x"}, **CREATE_IF_MISSING)
        assert error_of(refused) == (403, "Authorization_RequestDenied")

    def test_a_name_is_kept_by_the_recycle_bin(self, graph: Graph) -> None:
        app = graph("PATCH", self.PATH, {"displayName": "A"}, **CREATE_IF_MISSING).json()
        assert graph("DELETE", f"/applications/{app['id']}").status_code == 204
        again = graph("PATCH", self.PATH, {"displayName": "A"}, **CREATE_IF_MISSING)
        assert error_of(again) == (400, "Request_BadRequest")
        assert "uniqueName already exists" in again.json()["error"]["message"]
        assert graph("DELETE", f"/directory/deletedItems/{app['id']}").status_code == 204
        assert graph("PATCH", self.PATH, {"displayName": "A"}, **CREATE_IF_MISSING).status_code == 201

    def test_a_unique_name_cannot_be_changed(self, graph: Graph) -> None:
        app = graph.create_application()
        assert graph("PATCH", f"/applications/{app['id']}", {"uniqueName": "one"}).status_code == 204
        assert graph("PATCH", f"/applications/{app['id']}", {"uniqueName": "two"}).status_code == 400
        other = graph.create_application()
        assert graph("PATCH", f"/applications/{other['id']}", {"uniqueName": "one"}).status_code == 400


class TestRecycleBin:
    """Deleted applications are kept for thirty days."""

    def test_deleting_an_application_deletes_its_service_principal(self, graph: Graph) -> None:
        app = graph.create_application()
        principal = graph("POST", "/servicePrincipals", {"appId": app["appId"]}).json()
        graph("DELETE", f"/applications/{app['id']}")
        assert graph("GET", f"/applications/{app['id']}").status_code == 404
        assert graph("GET", f"/servicePrincipals/{principal['id']}").status_code == 404
        deleted = graph.get("/directory/deletedItems/microsoft.graph.application")["value"]
        assert [item["id"] for item in deleted] == [app["id"]]
        assert deleted[0]["deletedDateTime"] is not None
        restored = graph("POST", f"/directory/deletedItems/{app['id']}/restore")
        assert (restored.status_code, restored.json()["deletedDateTime"]) == (200, None)
        assert graph("GET", f"/applications/{app['id']}").status_code == 200
        assert graph("GET", f"/servicePrincipals/{principal['id']}").status_code == 404

    @pytest.mark.parametrize(("brings", "status"), [(True, 200), (False, 404)])
    def test_restoring_an_application_may_restore_its_principal(
        self, new_cloud: NewCloud, brings: bool, status: int
    ) -> None:
        graph = new_cloud(graph_restore_brings_principal=brings).graph()
        app = graph.create_application()
        graph("POST", "/servicePrincipals", {"appId": app["appId"]})
        graph("DELETE", f"/applications/{app['id']}")
        assert graph("POST", f"/directory/deletedItems/{app['id']}/restore", {}).status_code == 200
        assert graph("GET", f"/servicePrincipals(appId='{app['appId']}')").status_code == status

    def test_it_is_purged_after_thirty_days(self, cloud: RunningCloud, graph: Graph) -> None:
        app = graph.create_application()
        graph("DELETE", f"/applications/{app['id']}")
        cloud.world.clock.jump(31 * 86400)
        assert cloud.graph().get("/directory/deletedItems/microsoft.graph.application")["value"] == []

    def test_the_recycle_bin_counts_toward_the_quota(self, new_cloud: NewCloud) -> None:
        graph = new_cloud(dataclasses.replace(generated_tenant(1), application_quota=2)).graph()
        app = graph.create_application()
        graph("DELETE", f"/applications/{app['id']}")
        refused = graph("POST", "/applications", {"displayName": "one too many"})
        assert error_of(refused) == (403, "Directory_QuotaExceeded")


class TestSecrets:
    """addPassword and removePassword."""

    def test_the_value_is_shown_once(self, graph: Graph) -> None:
        app = graph.create_application()
        body = {"passwordCredential": {"displayName": "lead", "endDateTime": "2027-05-21T00:00:00Z"}}
        response = graph("POST", f"/applications/{app['id']}/addPassword", body)
        made = response.json()
        assert response.status_code == 200
        assert len(made["secretText"]) == 40
        assert made["hint"] == made["secretText"][:3]
        assert len(made["startDateTime"].split(".")[1]) == 8
        kept = graph.get(f"/applications/{app['id']}?$select=passwordCredentials")["passwordCredentials"]
        assert kept == [{**{name: made[name] for name in kept[0]}, "secretText": None}]
        assert made["secretText"] not in graph("GET", f"/applications/{app['id']}").text

    def test_a_secret_is_valid_for_two_years_by_default(self, cloud: RunningCloud, graph: Graph) -> None:
        app = graph.create_application()
        made = graph("POST", f"/applications(appId='{app['appId']}')/addPassword").json()
        assert made["endDateTime"][:4] == str(cloud.world.clock.now().year + 2)

    def test_a_secret_is_removed_once(self, graph: Graph) -> None:
        app = graph.create_application()
        key_id = graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["keyId"]
        assert graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": key_id}).status_code == 204
        again = graph("POST", f"/applications/{app['id']}/removePassword", {"keyId": key_id})
        assert error_of(again) == (400, "Request_BadRequest")
        assert again.json()["error"]["message"] == "No password credential found with keyId."

    def test_a_secret_cannot_be_chosen(self, graph: Graph) -> None:
        app = graph.create_application()
        for name, value in (("secretText", "mine"), ("keyId", DYNAMICS_CRM), ("customKeyIdentifier", "eA==")):
            refused = graph("POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": {name: value}})
            assert refused.status_code == 400
        refused = graph("PATCH", f"/applications/{app['id']}", {"passwordCredentials": [{"displayName": "x"}]})
        assert "service actions" in refused.json()["error"]["message"]

    def test_a_secret_can_be_created_with_an_application(self, graph: Graph) -> None:
        app = graph.create_application(passwordCredentials=[{"displayName": "first"}])
        assert app["passwordCredentials"][0]["secretText"]
        assert graph.get(f"/applications/{app['id']}")["passwordCredentials"][0]["secretText"] is None


class TestAppManagementPolicy:
    """Policies of administrators."""

    @staticmethod
    def graph_with(new_cloud: NewCloud, *rules: dict[str, Any], enabled: bool = True) -> Graph:
        policy = {"isEnabled": enabled, "applicationRestrictions": {"passwordCredentials": list(rules)}}
        runner = RunnerSpec(permissions=(*RunnerSpec().permissions, "Policy.Read.All"))
        spec = dataclasses.replace(generated_tenant(1), app_management_policy=policy, runner=runner)
        return new_cloud(spec).graph()

    def test_a_lifetime_beyond_the_limit_is_refused(self, new_cloud: NewCloud) -> None:
        graph = self.graph_with(new_cloud, {"restrictionType": "passwordLifetime", "maxLifetime": "P90D"})
        app = graph.create_application()
        refused = graph("POST", f"/applications/{app['id']}/addPassword", {})
        assert error_of(refused) == (400, "CredentialInvalidLifetimeAsPerAppPolicy")
        policy = graph.get("/policies/defaultAppManagementPolicy")
        assert policy["applicationRestrictions"]["passwordCredentials"][0]["maxLifetime"] == "P90D"

    def test_a_forbidden_secret_is_refused(self, new_cloud: NewCloud) -> None:
        graph = self.graph_with(new_cloud, {"restrictionType": "passwordAddition"})
        app = graph.create_application()
        refused = graph("POST", f"/applications/{app['id']}/addPassword", {})
        assert error_of(refused) == (400, "CredentialTypeNotAllowedAsPerAppPolicy")

    def test_a_policy_of_its_own_overrides_the_tenants(self, new_cloud: NewCloud) -> None:
        rules = [{"restrictionType": "passwordAddition"}]
        policy: dict[str, Any] = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": rules}}
        cloud = new_cloud(dataclasses.replace(generated_tenant(1), app_management_policy=policy))
        graph = cloud.graph()
        app = graph.create_application()
        own = {"id": "own", "displayName": "Own", "isEnabled": True, "restrictions": {}, "appliesTo": [app["id"]]}
        cloud.control(
            "PATCH", "/tenants/contoso", {"app_management_policy": {**policy, "appManagementPolicies": [own]}}
        )
        assert graph("POST", f"/applications/{app['id']}/addPassword", {}).status_code == 200

    @pytest.mark.parametrize(("exempts", "status"), [(True, 200), (False, 400)])
    def test_a_policy_of_its_own_that_is_off_may_exempt(self, new_cloud: NewCloud, exempts: bool, status: int) -> None:
        graph, app = self.with_own_policy(new_cloud, enabled=False, graph_own_policy_off_exempts=exempts)
        assert graph("POST", f"/applications/{app['id']}/addPassword", {}).status_code == status

    @pytest.mark.parametrize(
        ("permissions", "status"),
        [
            (("Application.ReadWrite.OwnedBy", "Policy.Read.All"), 200),
            (("Application.ReadWrite.OwnedBy",), 403),
        ],
    )
    def test_a_policy_of_its_own_is_read_at_the_application(
        self, new_cloud: NewCloud, permissions: tuple[str, ...], status: int
    ) -> None:
        graph, app = self.with_own_policy(new_cloud, permissions=permissions)
        found = graph("GET", f"/applications/{app['id']}/appManagementPolicies")
        assert found.status_code == status
        if status == 200:
            assert [each["displayName"] for each in found.json()["value"]] == ["Own"]
            other = graph.create_application()
            assert graph.get(f"/applications/{other['id']}/appManagementPolicies")["value"] == []

    @staticmethod
    def with_own_policy(
        new_cloud: NewCloud, permissions: tuple[str, ...] = RUNNER_PERMISSIONS, enabled: bool = True, **settings: Any
    ) -> tuple[Graph, dict[str, Any]]:
        """A tenant that forbids secrets, and an application with its own policy without rules."""
        rules = [{"restrictionType": "passwordAddition"}]
        policy: dict[str, Any] = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": rules}}
        runner = RunnerSpec(permissions=permissions)
        cloud = new_cloud(
            dataclasses.replace(generated_tenant(1), app_management_policy=policy, runner=runner), **settings
        )
        graph = cloud.graph()
        app = graph.create_application()
        own = {"id": OWN, "displayName": "Own", "isEnabled": enabled, "restrictions": {}, "appliesTo": [app["id"]]}
        cloud.control(
            "PATCH", "/tenants/contoso", {"app_management_policy": {**policy, "appManagementPolicies": [own]}}
        )
        return graph, app

    def test_generated_secrets_are_not_custom_passwords(self, new_cloud: NewCloud) -> None:
        graph = self.graph_with(new_cloud, {"restrictionType": "customPasswordAddition"})
        app = graph.create_application()
        assert graph("POST", f"/applications/{app['id']}/addPassword", {}).status_code == 200

    @staticmethod
    def with_audiences(new_cloud: NewCloud, runner: RunnerSpec, **rules: dict[str, Any]) -> Graph:
        policy = {"isEnabled": True, "applicationRestrictions": {"audiences": rules}}
        spec = dataclasses.replace(generated_tenant(1), app_management_policy=policy, runner=runner)
        return new_cloud(spec).graph()

    @pytest.mark.parametrize(
        ("name", "forbidden"),
        [
            ("azureAdMultipleOrgs", {"AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"}),
            ("personalMicrosoftAccount", {"PersonalMicrosoftAccount", "AzureADandPersonalMicrosoftAccount"}),
        ],
    )
    def test_a_forbidden_audience_is_refused(self, new_cloud: NewCloud, name: str, forbidden: set[str]) -> None:
        graph = self.with_audiences(new_cloud, RunnerSpec(), **{name: {"state": "enabled"}})
        for audience in ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount"):
            body = {"displayName": "x", "signInAudience": audience, "api": {"requestedAccessTokenVersion": 2}}
            answer = graph("POST", "/applications", body)
            if audience in forbidden:
                assert error_of(answer) == (400, "SignInAudienceNotAllowedAsPerAppPolicy")
            else:
                assert answer.status_code == 201

    @pytest.mark.parametrize(("both", "status"), [(True, 400), (False, 201)])
    def test_an_audience_of_both_kinds_may_count_as_personal(
        self, new_cloud: NewCloud, both: bool, status: int
    ) -> None:
        policy = {
            "isEnabled": True,
            "applicationRestrictions": {"audiences": {"azureAdMultipleOrgs": {"state": "enabled"}}},
        }
        spec = dataclasses.replace(generated_tenant(1), app_management_policy=policy)
        graph = new_cloud(spec, graph_joint_audience_is_multiple_orgs=both).graph()
        body = {"signInAudience": "AzureADandPersonalMicrosoftAccount", "api": {"requestedAccessTokenVersion": 2}}
        assert graph("POST", "/applications", {"displayName": "x", **body}).status_code == status

    @pytest.mark.parametrize(
        "rule", [{"state": "disabled"}, {"restrictForAppsCreatedAfterDateTime": "2199-01-01T00:00:00Z"}]
    )
    def test_a_rule_on_audiences_that_does_not_apply_forbids_nothing(
        self, new_cloud: NewCloud, rule: dict[str, str]
    ) -> None:
        graph = self.with_audiences(new_cloud, RunnerSpec(), azureAdMultipleOrgs={"state": "enabled", **rule})
        assert graph.create_application(signInAudience="AzureADMultipleOrgs")

    @pytest.mark.parametrize(("value", "status"), [("runner", 201), (["other", "runner"], 201), ("other", 400)])
    def test_a_caller_with_the_attribute_is_exempt(self, new_cloud: NewCloud, value: Any, status: int) -> None:
        exempt = {"id": "LeadSetUp_Role", "operator": "equals", "value": "runner"}
        rule = {"state": "enabled", "excludeActors": {"customSecurityAttributes": [exempt]}}
        runner = RunnerSpec(custom_security_attributes={"LeadSetUp": {"Role": value}})
        graph = self.with_audiences(new_cloud, runner, azureAdMultipleOrgs=rule)
        body = {"displayName": "x", "signInAudience": "AzureADMultipleOrgs"}
        assert graph("POST", "/applications", body).status_code == status

    def test_only_beta_shows_forbidden_audiences(self, new_cloud: NewCloud) -> None:
        runner = RunnerSpec(permissions=("Policy.Read.All",))
        graph = self.with_audiences(new_cloud, runner, azureAdMultipleOrgs={"state": "enabled"})
        path = "/policies/defaultAppManagementPolicy"
        assert "audiences" not in graph.get(path)["applicationRestrictions"]
        graph.conforming = False
        beta = graph.get(f"https://graph.microsoft.com/beta{path}")
        assert beta["applicationRestrictions"]["audiences"] == {"azureAdMultipleOrgs": {"state": "enabled"}}
        assert beta["@odata.context"].startswith("https://graph.microsoft.com/beta/")
        assert graph("GET", "https://graph.microsoft.com/beta/applications").status_code == 400

    @pytest.mark.parametrize(
        "rule",
        [
            {"state": "disabled"},
            {"restrictForAppsCreatedAfterDateTime": "2199-01-01T00:00:00Z"},
        ],
    )
    def test_a_rule_that_does_not_apply_forbids_nothing(self, new_cloud: NewCloud, rule: dict[str, str]) -> None:
        graph = self.graph_with(new_cloud, {"restrictionType": "passwordAddition", **rule})
        app = graph.create_application()
        assert graph("POST", f"/applications/{app['id']}/addPassword", {}).status_code == 200

    def test_a_policy_that_is_off_forbids_nothing(self, new_cloud: NewCloud) -> None:
        graph = self.graph_with(new_cloud, {"restrictionType": "passwordAddition"}, enabled=False)
        app = graph.create_application()
        assert graph("POST", f"/applications/{app['id']}/addPassword", {}).status_code == 200


PERSONAL: dict[str, Any] = {
    "signInAudience": "AzureADandPersonalMicrosoftAccount",
    "api": {"requestedAccessTokenVersion": 2},
}


def test_personal_accounts_need_tokens_of_version_2(graph: Graph) -> None:
    refused = graph("POST", "/applications", {"displayName": "x", **PERSONAL, "api": {}})
    assert "api.requestedAccessTokenVersion" in refused.json()["error"]["message"]
    app = graph.create_application()
    assert (
        graph("PATCH", f"/applications/{app['id']}", {"signInAudience": PERSONAL["signInAudience"]}).status_code == 400
    )
    assert graph("PATCH", f"/applications/{app['id']}", PERSONAL).status_code == 204


def test_personal_accounts_allow_two_secrets(graph: Graph) -> None:
    app = graph.create_application(**PERSONAL)
    path = f"/applications/{app['id']}/addPassword"
    assert [graph("POST", path, {}).status_code for _one in range(3)] == [200, 200, 400]


def test_custom_security_attributes_come_only_when_selected(new_cloud: NewCloud) -> None:
    held = {"LeadSetUp": {"Role": "runner"}}
    spec = dataclasses.replace(generated_tenant(1), runner=RunnerSpec(custom_security_attributes=held))
    cloud = new_cloud(spec)
    path = f"/servicePrincipals(appId='{cloud.tenant().runner.app_id}')"
    assert "customSecurityAttributes" not in cloud.graph().get(path)
    assert cloud.graph().get(f"{path}?$select=customSecurityAttributes")["customSecurityAttributes"] == held


def test_owners_are_added_and_removed(cloud: RunningCloud, graph: Graph) -> None:
    app = graph.create_application()
    runner = cloud.tenant().runner.service_principal_id
    assert [item["id"] for item in graph.get(f"/applications/{app['id']}/owners")["value"]] == [runner]
    admin = cloud.admin_override().get("/users/admin@contoso.onmicrosoft.com")["id"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{admin}"}
    assert graph("POST", f"/applications/{app['id']}/owners/$ref", reference).status_code == 204
    assert graph("POST", f"/applications/{app['id']}/owners/$ref", reference).status_code == 400
    expanded = graph.get(f"/applications/{app['id']}?$expand=owners")["owners"]
    assert {item["@odata.type"] for item in expanded} == {"#microsoft.graph.user", "#microsoft.graph.servicePrincipal"}
    assert graph("DELETE", f"/applications/{app['id']}/owners/{admin}/$ref").status_code == 204
