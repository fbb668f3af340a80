# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in with msal."""

from __future__ import annotations

import base64
import dataclasses
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import jwt
import msal
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from simulator.directory import DYNAMICS_CRM_APP_ID, GRAPH_APP_ID
from simulator.entra import TokenRefused, verify
from simulator.spec import RunnerSpec, generated_tenant

from .running import Graph, RunningCloud, error_of

GRAPH = "https://graph.microsoft.com"
ENVIRONMENT = "https://contoso.crm4.dynamics.com"
NewCloud = Callable[..., RunningCloud]
RECORD: dict[str, Any] = {
    "name": "pipeline",
    "issuer": "https://pipelines.example",
    "subject": "repo:contoso/leads:ref:main",
    "audiences": ["api://AzureADTokenExchange"],
}


def test_a_secret_signs_in_and_the_token_names_the_runner(cloud: RunningCloud) -> None:
    result = cloud.sign_in(GRAPH)
    claims = jwt.decode(result["access_token"], options={"verify_signature": False})
    runner = cloud.tenant().runner
    assert (claims["aud"], claims["appid"], claims["oid"]) == (GRAPH, runner.app_id, runner.service_principal_id)
    assert claims["iss"] == f"https://sts.windows.net/{cloud.tenant().id}/"
    assert claims["idtyp"] == "app"
    assert "Application.ReadWrite.OwnedBy" in claims["roles"]
    assert claims["wids"] == ["0997a1d0-0d1d-4acb-b408-d5ca73121e90"]
    assert result["expires_in"] == 3599


def test_a_token_names_the_directory_roles_of_the_application(new_cloud: NewCloud) -> None:
    spec = dataclasses.replace(generated_tenant(1), runner=RunnerSpec(directory_roles=("User Administrator",)))
    token = new_cloud(spec).sign_in(GRAPH)["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["wids"] == ["fe930be7-5e62-47db-91af-98c3a49a38b1"]


def test_a_token_for_an_environment_carries_no_graph_permissions(cloud: RunningCloud) -> None:
    token = cloud.sign_in(ENVIRONMENT)["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == ENVIRONMENT
    assert "roles" not in claims


@pytest.mark.parametrize(
    ("host", "accepted"), [("contoso.crm4.dynamics.com", True), ("fabrikam.crm4.dynamics.com", False)]
)
def test_a_token_is_valid_only_for_its_resource(cloud: RunningCloud, host: str, accepted: bool) -> None:
    header = f"Bearer {cloud.sign_in(ENVIRONMENT)['access_token']}"
    if accepted:
        assert verify(header, (host,), cloud.world, DYNAMICS_CRM_APP_ID).tenant_id == cloud.tenant().id
    else:
        with pytest.raises(TokenRefused, match="audience"):
            verify(header, (host,), cloud.world, DYNAMICS_CRM_APP_ID)


def test_a_token_expires(cloud: RunningCloud, graph: Graph) -> None:
    assert graph("GET", "/organization").status_code == 200
    cloud.world.clock.jump(3600)
    response = graph("GET", "/organization")
    assert error_of(response) == (401, "InvalidAuthenticationToken")
    assert "expired" in response.json()["error"]["message"]
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("header", ["", "Bearer ", "Basic abc", "Bearer abc", "Bearer a.b.c"])
def test_a_forged_or_missing_token_is_refused(cloud: RunningCloud, header: str) -> None:
    response = cloud.session().get(f"{GRAPH}/v1.0/organization", headers={"Authorization": header})
    assert error_of(response) == (401, "InvalidAuthenticationToken")


def test_a_token_may_be_unreadable_for_clients(new_cloud: NewCloud) -> None:
    cloud = new_cloud(entra_tokens_readable=False)
    with pytest.raises(jwt.InvalidTokenError):
        jwt.decode(cloud.sign_in(GRAPH)["access_token"], options={"verify_signature": False})
    assert cloud.graph()("GET", "/applications").status_code == 200


def test_a_token_of_another_signer_is_refused(cloud: RunningCloud) -> None:
    claims = jwt.decode(cloud.sign_in(GRAPH)["access_token"], options={"verify_signature": False})
    forged = jwt.encode(claims, "x" * 32, algorithm="HS256")
    with pytest.raises(TokenRefused):
        verify(f"Bearer {forged}", ("graph.microsoft.com",), cloud.world, GRAPH_APP_ID)


@pytest.mark.parametrize(
    ("form", "status", "number", "error"),
    [
        ({"client_secret": "wrong"}, 401, 7000215, "invalid_client"),
        ({}, 401, 7000216, "invalid_client"),
        ({"client_secret": "right", "scope": f"{GRAPH}/User.Read"}, 400, 1002012, "invalid_scope"),
        ({"client_secret": "right", "scope": "nonsense"}, 400, 70011, "invalid_scope"),
        (
            {"client_secret": "right", "scope": "https://nowhere.crm4.dynamics.com/.default"},
            400,
            500011,
            "invalid_resource",
        ),
        (
            {"client_secret": "right", "client_id": "11111111-1111-4111-8111-111111111111"},
            400,
            700016,
            "unauthorized_client",
        ),
        ({"client_secret": "right", "grant_type": "magic"}, 400, 70003, "unsupported_grant_type"),
    ],
)
def test_each_mistake_at_sign_in_has_its_number(
    cloud: RunningCloud, form: dict[str, str], status: int, number: int, error: str
) -> None:
    runner = cloud.tenant().runner
    form = {"client_id": runner.app_id, "grant_type": "client_credentials", "scope": f"{GRAPH}/.default", **form}
    form = {name: runner.secret if value == "right" else value for name, value in form.items()}
    response = cloud.session().post(
        f"https://login.microsoftonline.com/{cloud.tenant().id}/oauth2/v2.0/token",
        data=form,
        headers={"client-request-id": "3d0f8d5e-0000-4000-8000-000000000001"},
    )
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert body["correlation_id"] == "3d0f8d5e-0000-4000-8000-000000000001"
    assert body["error_uri"] == f"https://login.microsoftonline.com/error?code={number}"


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("application", {"isDisabled": True}),
        ("application", {"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}),
        ("servicePrincipal", {"isDisabled": True}),
        ("servicePrincipal", {"accountEnabled": False}),
    ],
)
def test_disabled_applications_get_no_token(cloud: RunningCloud, kind: str, change: dict[str, Any]) -> None:
    runner = cloud.tenant().runner
    object_id = runner.object_id if kind == "application" else runner.service_principal_id
    cloud.control("PATCH", f"/tenants/contoso/objects/{kind}/{object_id}", change)
    assert cloud.sign_in(GRAPH)["error_codes"] == [7000112]


def token_with_basic(cloud: RunningCloud, user: str, password: str, **form: str) -> requests.Response:
    """Request a token with the client's credential in the header, as discovery allows."""
    return cloud.session().post(
        f"https://login.microsoftonline.com/{cloud.tenant().id}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": f"{GRAPH}/.default", **form},
        auth=(quote(user, safe=""), quote(password, safe="")),
    )


@pytest.mark.parametrize("number", [530032, 530035, 65001])
def test_a_test_can_force_any_sign_in_refusal(cloud: RunningCloud, number: int) -> None:
    path = f"/tenants/contoso/objects/servicePrincipal/{cloud.tenant().runner.service_principal_id}"
    cloud.control("PATCH", path, {"_refused_with": number})
    assert cloud.sign_in(GRAPH)["error_codes"] == [number]


def test_an_unknown_tenant_is_refused_at_the_token_endpoint_too(cloud: RunningCloud) -> None:
    response = cloud.session().post(
        "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": f"{GRAPH}/.default", "client_id": "x", "client_secret": "x"},
    )
    body = response.json()
    assert (response.status_code, body["error"], body["error_codes"]) == (400, "invalid_request", [90002])


def test_the_credential_may_be_in_the_header(cloud: RunningCloud) -> None:
    runner = cloud.tenant().runner
    assert token_with_basic(cloud, runner.app_id, runner.secret).json()["token_type"] == "Bearer"
    assert token_with_basic(cloud, runner.app_id, "wrong~+/").json()["error_codes"] == [7000215]


def test_a_credential_in_two_places_is_refused(cloud: RunningCloud) -> None:
    runner = cloud.tenant().runner
    twice = token_with_basic(cloud, runner.app_id, runner.secret, client_secret=runner.secret)
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("resource", ["https://management.core.windows.net/", "https://management.azure.com"])
def test_a_tenant_has_no_azure_subscriptions(cloud: RunningCloud, resource: str) -> None:
    token = cloud.sign_in(resource)["access_token"]
    session = cloud.session()
    url = "https://management.azure.com/subscriptions?api-version=2022-12-01"
    assert session.get(url, headers={"Authorization": f"Bearer {token}"}).json()["value"] == []
    assert session.get(url).status_code == 401
    graph_token = cloud.sign_in(GRAPH)["access_token"]
    assert session.get(url, headers={"Authorization": f"Bearer {graph_token}"}).status_code == 401


def test_resource_manager_lists_only_the_tenant(cloud: RunningCloud) -> None:
    headers = {"Authorization": f"Bearer {cloud.sign_in('https://management.azure.com')['access_token']}"}
    (tenant,) = (
        cloud.session()
        .get("https://management.azure.com/tenants?api-version=2022-12-01", headers=headers)
        .json()["value"]
    )
    assert tenant["tenantId"] == cloud.tenant().id
    other = cloud.session().get("https://management.azure.com/providers?api-version=2022-12-01", headers=headers)
    assert other.status_code == 404
    bare = cloud.session().get("https://management.azure.com/subscriptions", headers=headers)
    assert bare.json()["error"]["code"] == "MissingApiVersionParameter"


def test_discovery_rejects_unknown_tenants(cloud: RunningCloud) -> None:
    response = cloud.session().get(
        "https://login.microsoftonline.com/unknown.example/v2.0/.well-known/openid-configuration"
    )
    assert (response.status_code, response.json()["error"]) == (400, "invalid_tenant")
    assert response.json()["error_codes"] == [90002]


def test_malformed_tenant_names_differ_from_unknown_tenants(cloud: RunningCloud) -> None:
    response = cloud.session().get("https://login.microsoftonline.com/nonsense/v2.0/.well-known/openid-configuration")
    assert (response.status_code, response.json()["error_codes"]) == (400, [900023])


def test_a_tenant_signs_in_only_at_hosts_of_its_cloud(new_cloud: NewCloud) -> None:
    cloud = new_cloud(generated_tenant(2))
    tenant = cloud.tenant("fabrikam")
    path = f"/{tenant.id}/v2.0/.well-known/openid-configuration"
    assert cloud.session().get(f"https://login.microsoftonline.com{path}").status_code == 400
    document = cloud.session().get(f"https://login.microsoftonline.us{path}").json()
    assert document["token_endpoint"] == f"https://login.microsoftonline.us/{tenant.id}/oauth2/v2.0/token"
    assert document["msgraph_host"] == "graph.microsoft.us"


def test_a_tenant_is_known_by_its_domain_too(cloud: RunningCloud) -> None:
    url = "https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration"
    assert cloud.tenant().id in cloud.session().get(url).json()["issuer"]


@pytest.mark.parametrize("how", ["sha256", "sha1 with x5c", "sha1"])
def test_a_certificate_signs_in_in_each_way_of_msal(new_cloud: NewCloud, how: str) -> None:
    spec = dataclasses.replace(generated_tenant(1), runner=RunnerSpec(certificate=True))
    cloud = new_cloud(spec)
    directory = cloud.tenant().directory
    pem = directory.runner_certificate_pem()
    key, certificate = pem.split("-----BEGIN CERTIFICATE-----")
    credential: dict[str, Any] = {"private_key": key}
    if how != "sha1":
        credential["public_certificate"] = f"-----BEGIN CERTIFICATE-----{certificate}"
    if how != "sha256":
        application = directory.application_by_app_id(cloud.tenant().runner.app_id)
        assert application is not None
        credential["thumbprint"] = application["keyCredentials"][0]["customKeyIdentifier"]
    assert "access_token" in cloud.sign_in(GRAPH, credential=credential)


def test_a_certificate_that_is_not_registered_does_not_sign_in(new_cloud: NewCloud) -> None:
    with_certificate = dataclasses.replace(generated_tenant(1), runner=RunnerSpec(certificate=True))
    other = new_cloud(with_certificate).tenant().directory.runner_certificate_pem()
    key, certificate = other.split("-----BEGIN CERTIFICATE-----")
    credential = {"private_key": key, "public_certificate": f"-----BEGIN CERTIFICATE-----{certificate}"}
    result = new_cloud().sign_in(GRAPH, credential=credential)
    assert (result["error"], result["error_codes"]) == ("invalid_client", [700027])


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"aud": "https://login.microsoftonline.com/common/oauth2/v2.0/token/x"}, 700023),
        ({"iss": "11111111-1111-4111-8111-111111111111"}, 700021),
        ({"exp": 1_000_000_000, "nbf": 999_999_000}, 700024),
    ],
)
def test_an_assertion_that_does_not_fit_has_its_number(
    new_cloud: NewCloud, change: dict[str, Any], number: int
) -> None:
    cloud = new_cloud(dataclasses.replace(generated_tenant(1), runner=RunnerSpec(certificate=True)))
    tenant, now = cloud.tenant(), time.time()
    pem = tenant.directory.runner_certificate_pem()
    key, certificate = pem.split("-----BEGIN CERTIFICATE-----")
    loaded = x509.load_pem_x509_certificate(f"-----BEGIN CERTIFICATE-----{certificate}".encode())
    digest = base64.urlsafe_b64encode(loaded.fingerprint(hashes.SHA256())).decode().rstrip("=")
    endpoint = f"https://login.microsoftonline.com/{tenant.id}/oauth2/v2.0/token"
    app_id = tenant.runner.app_id
    claims = {"aud": endpoint, "iss": app_id, "sub": app_id, "exp": now + 300, "nbf": now - 5, **change}
    assertion = jwt.encode(claims, key, algorithm="PS256", headers={"x5t#S256": digest})
    form = {
        "client_id": app_id,
        "grant_type": "client_credentials",
        "scope": f"{GRAPH}/.default",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
    response = cloud.session().post(endpoint, data=form)
    assert (response.status_code, response.json()["error_codes"]) == (401, [number])


def test_an_expired_certificate_does_not_sign_in(new_cloud: NewCloud) -> None:
    cloud = new_cloud(dataclasses.replace(generated_tenant(1), runner=RunnerSpec(certificate=True)))
    key, certificate = cloud.tenant().directory.runner_certificate_pem().split("-----BEGIN CERTIFICATE-----")
    cloud.world.clock.jump(366 * 86400)
    credential = {"private_key": key, "public_certificate": f"-----BEGIN CERTIFICATE-----{certificate}"}
    assert cloud.sign_in(GRAPH, credential=credential)["error_codes"] == [1000502]


def test_a_new_secret_signs_in_only_after_seconds(new_cloud: NewCloud) -> None:
    cloud = new_cloud(secret_activation_seconds=10)
    graph = cloud.graph()
    app = graph.create_application()
    graph("POST", "/servicePrincipals", {"appId": app["appId"]})
    secret = graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
    assert cloud.sign_in(GRAPH, credential=secret, client_id=app["appId"])["error_codes"] == [7000215]
    cloud.world.clock.jump(11)
    assert "access_token" in cloud.sign_in(GRAPH, credential=secret, client_id=app["appId"])


def test_an_expired_secret_differs_from_a_wrong_one(cloud: RunningCloud) -> None:
    cloud.world.clock.jump(800 * 86400)
    assert cloud.sign_in(GRAPH)["error_codes"] == [7000222]


def test_an_application_without_service_principal_cannot_sign_in(cloud: RunningCloud, graph: Graph) -> None:
    app = graph.create_application()
    secret = graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
    refused = cloud.sign_in(GRAPH, credential=secret, client_id=app["appId"])
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [7000229])


class TestOtherProviders:
    """Workload identity: another provider's token instead of a secret."""

    def sign_in(self, cloud: RunningCloud, **claims: str) -> dict[str, Any]:
        wanted = {"issuer": RECORD["issuer"], "subject": RECORD["subject"], **claims}
        token = cloud.control("POST", "/federated-tokens", wanted)["token"]
        return cloud.sign_in(GRAPH, credential={"client_assertion": lambda: token})

    def test_a_matching_token_of_another_provider_signs_in(self, cloud: RunningCloud) -> None:
        path = f"/applications/{cloud.tenant().runner.object_id}/federatedIdentityCredentials"
        assert self.sign_in(cloud)["error_codes"] == [700211]
        assert cloud.admin_override()("POST", path, RECORD).status_code == 201
        assert "access_token" in self.sign_in(cloud)
        assert self.sign_in(cloud, subject="repo:Contoso/leads:ref:main")["error_codes"] == [700213]
        assert self.sign_in(cloud, audience="api://other")["error_codes"] == [700212]
        assert self.sign_in(cloud, issuer="https://other.example")["error_codes"] == [700211]
        assert cloud.admin_override()("DELETE", f"{path}/pipeline").status_code == 204
        assert self.sign_in(cloud)["error_codes"] == [700211]

    def test_federated_credentials_are_managed_on_the_application(self, graph: Graph) -> None:
        path = f"/applications/{graph.create_application()['id']}/federatedIdentityCredentials"
        made = graph("POST", path, RECORD).json()
        assert graph.get(path)["value"][0]["id"] == made["id"]
        assert error_of(graph("POST", path, RECORD))[0] == 409
        assert error_of(graph("POST", path, {**RECORD, "name": "b", "subject": "b", "audiences": []}))[0] == 400
        assert graph("PATCH", f"{path}/{made['id']}", {"subject": "other"}).status_code == 204
        assert graph.get(f"{path}/pipeline")["subject"] == "other"
        assert graph("GET", f"{path}/nothing").status_code == 404


class TestManagedIdentity:
    """A managed identity, over plain HTTP."""

    def token(self, identity: Any, resource: str) -> dict[str, Any]:
        client = msal.ManagedIdentityClient(identity, http_client=requests.Session())
        result: dict[str, Any] = client.acquire_token_for_client(resource=resource)
        return result

    @pytest.fixture(autouse=True)
    def address(self, cloud: RunningCloud, monkeypatch: pytest.MonkeyPatch) -> None:
        name = "AZURE_POD_IDENTITY_AUTHORITY_HOST"
        monkeypatch.setenv(name, cloud.variables[name])
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def test_a_managed_identity_needs_no_credential(self, cloud: RunningCloud) -> None:
        token = self.token(msal.SystemAssignedManagedIdentity(), GRAPH)["access_token"]
        caller = verify(f"Bearer {token}", ("graph.microsoft.com",), cloud.world, GRAPH_APP_ID)
        assert caller.app_id == cloud.tenant().runner.app_id
        assert "Application.Read.All" in caller.roles

    def test_it_may_be_named_by_its_client_id(self, cloud: RunningCloud) -> None:
        identity = msal.UserAssignedManagedIdentity(client_id=cloud.tenant().runner.app_id)
        assert "access_token" in self.token(identity, ENVIRONMENT)
        unknown = msal.UserAssignedManagedIdentity(client_id="11111111-1111-4111-8111-111111111111")
        assert self.token(unknown, ENVIRONMENT)["error"] == "invalid_request"

    def test_an_unknown_resource_is_refused(self) -> None:
        result = self.token(msal.SystemAssignedManagedIdentity(), "https://nowhere.crm4.dynamics.com")
        assert result["error"] == "invalid_resource"


def policy(control: str, state: str = "enabled", **applications: list[str]) -> dict[str, Any]:
    """A conditional access policy with this requirement for all users."""
    return {
        "displayName": control,
        "state": state,
        "conditions": {
            "users": {"includeUsers": ["All"]},
            "applications": applications or {"includeApplications": ["All"]},
        },
        "grantControls": {"operator": "OR", "builtInControls": [control]},
    }


class TestPasswordGrant:
    """The lead service's sign-in for Office 365: a user's name and password."""

    CLIENT = "51f81489-12ee-4a9e-aaae-a2591f45987d"
    NAME = "leadwriter@contoso.onmicrosoft.com"
    PASSWORD = "xWwvJ]6NMw+bWH-d"

    def make_user(self, cloud: RunningCloud, **more: Any) -> str:
        body = {
            "accountEnabled": True,
            "displayName": "Lead Writer",
            "mailNickname": "leadwriter",
            "userPrincipalName": self.NAME,
            "passwordProfile": {"password": self.PASSWORD, "forceChangePasswordNextSignIn": False},
            **more,
        }
        response = cloud.admin_override()("POST", "/users", body)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def sign_in(self, cloud: RunningCloud, password: str = PASSWORD) -> dict[str, Any]:
        application = msal.PublicClientApplication(
            self.CLIENT,
            authority=f"https://login.microsoftonline.com/{cloud.tenant().id}",
            http_client=cloud.session(),
        )
        with pytest.warns(DeprecationWarning):
            result: dict[str, Any] = application.acquire_token_by_username_password(
                self.NAME, password, [f"{ENVIRONMENT}/.default"]
            )
        return result

    def test_name_and_password_give_a_delegated_token(self, cloud: RunningCloud) -> None:
        user_id = self.make_user(cloud)
        token = self.sign_in(cloud)["access_token"]
        caller = verify(f"Bearer {token}", ("contoso.crm4.dynamics.com",), cloud.world, DYNAMICS_CRM_APP_ID)
        assert (caller.is_user, caller.object_id, caller.upn) == (True, user_id, self.NAME)
        assert caller.scopes == {"user_impersonation"}

    @pytest.mark.parametrize("name", ["common", "organizations", "contoso.onmicrosoft.com"])
    def test_a_user_name_identifies_the_tenant(self, cloud: RunningCloud, name: str) -> None:
        user_id = self.make_user(cloud)
        authority = f"https://login.microsoftonline.com/{name}"
        application = msal.PublicClientApplication(self.CLIENT, authority=authority, http_client=cloud.session())
        with pytest.warns(DeprecationWarning):
            result = application.acquire_token_by_username_password(
                self.NAME, self.PASSWORD, [f"{ENVIRONMENT}/.default"]
            )
        claims = jwt.decode(result["access_token"], options={"verify_signature": False})
        assert (claims["tid"], claims["oid"]) == (cloud.tenant().id, user_id)

    def test_a_licensed_person_reaches_the_environment(self, cloud: RunningCloud) -> None:
        admin_override, user_id = cloud.admin_override(), self.make_user(cloud, usageLocation="SE")
        headers = {"Authorization": f"Bearer {self.sign_in(cloud)['access_token']}"}
        url = f"{ENVIRONMENT}/api/data/v9.2/WhoAmI"
        assert error_of(cloud.session().get(url, headers=headers)) == (403, "0x80072560")
        sku = admin_override.get("/subscribedSkus")["value"][0]["skuId"]
        licenses = {"addLicenses": [{"skuId": sku, "disabledPlans": []}], "removeLicenses": []}
        assert admin_override("POST", f"/users/{user_id}/assignLicense", licenses).status_code == 200
        assert cloud.session().get(url, headers=headers).json()["UserId"]

    def test_a_wrong_password_is_refused(self, cloud: RunningCloud) -> None:
        self.make_user(cloud)
        assert self.sign_in(cloud, "wrong")["error_codes"] == [50126]

    def test_an_unknown_user_is_refused(self, cloud: RunningCloud) -> None:
        assert self.sign_in(cloud)["error_codes"] == [50034]

    def test_a_password_to_be_changed_first_does_not_sign_in(self, cloud: RunningCloud) -> None:
        self.make_user(cloud, passwordProfile={"password": self.PASSWORD})
        assert self.sign_in(cloud)["error_codes"] == [50055]

    def test_a_password_expires_after_ninety_days_by_default(self, cloud: RunningCloud) -> None:
        self.make_user(cloud)
        cloud.world.clock.jump(91 * 86400)
        assert self.sign_in(cloud)["error_codes"] == [50055]
        cloud.admin_override()("PATCH", f"/users/{self.NAME}", {"passwordPolicies": "DisablePasswordExpiration"})
        assert "access_token" in self.sign_in(cloud)

    @pytest.mark.parametrize(("trait", "number"), [("_requires_mfa", 50076), ("_blocked_by_conditional_access", 53003)])
    def test_requirements_that_programs_cannot_meet_are_reported(
        self, cloud: RunningCloud, trait: str, number: int
    ) -> None:
        user_id = self.make_user(cloud)
        cloud.control("PATCH", f"/tenants/contoso/objects/user/{user_id}", {trait: True})
        assert self.sign_in(cloud)["error_codes"] == [number]

    @pytest.mark.parametrize(
        ("path", "body", "number"),
        [
            ("policies/identitySecurityDefaultsEnforcementPolicy", {"isEnabled": True}, 50079),
            ("identity/conditionalAccess/policies", policy("block"), 53003),
            ("identity/conditionalAccess/policies", policy("mfa"), 50076),
            ("identity/conditionalAccess/policies", policy("mfa", includeApplications=[DYNAMICS_CRM_APP_ID]), 50076),
            ("identity/conditionalAccess/policies", policy("mfa", includeApplications=[GRAPH_APP_ID]), None),
            ("identity/conditionalAccess/policies", policy("block", state="enabledForReportingButNotEnforced"), None),
        ],
    )
    def test_tenant_policies_block_name_and_password(
        self, cloud: RunningCloud, path: str, body: dict[str, Any], number: int | None
    ) -> None:
        self.make_user(cloud)
        method = "PATCH" if path.startswith("policies/") else "POST"
        assert cloud.admin_override()(method, f"/{path}", body).ok
        assert self.sign_in(cloud).get("error_codes") == (None if number is None else [number])

    def test_a_policy_exempts_excluded_callers(self, cloud: RunningCloud) -> None:
        excluded = {"users": {"includeUsers": ["All"], "excludeUsers": [self.make_user(cloud)]}}
        body = policy("block")
        body["conditions"] |= excluded
        assert cloud.admin_override()("POST", "/identity/conditionalAccess/policies", body).status_code == 201
        assert "access_token" in self.sign_in(cloud)

    def test_a_disabled_user_does_not_sign_in(self, cloud: RunningCloud) -> None:
        self.make_user(cloud, accountEnabled=False)
        assert self.sign_in(cloud)["error_codes"] == [50057]
