# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application: registered once by hand in the portal, and maintained from then on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from .applications import ALL_OPTIONS, CRM, HOST, UNIQUE_NAME, Directory
from .cloud import Ansible, Cloud, Run, task

pytestmark = pytest.mark.cloud("--tenants", "1")
GRAPH = "00000003-0000-0000-c000-000000000000"


@pytest.fixture
def directory(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> Directory:
    return Directory(cloud, ansible, tmp_path)


def graph_requests(cloud: Cloud, run: Run) -> list[str]:
    """The requests to Graph, without their queries."""
    return [
        f"{entry['method']} {urlsplit(entry['path']).path}"
        for entry in cloud.requests_since(run.mark)
        if entry["host"].startswith("graph.")
    ]


def test_second_run_of_a_registration_costs_four_reads(directory: Directory) -> None:
    first = directory.run(**ALL_OPTIONS)
    assert directory.changes(first) == ["application", "service_principal", "admin_consent"], first.output
    application = directory.application()
    assert application["displayName"] == "Marketplace Lead Writer"
    assert application["signInAudience"] == "AzureADMyOrg"
    assert application["web"]["redirectUris"] == ["https://contosoapp1/auth"]
    assert [(each["resourceAppId"], len(each["resourceAccess"])) for each in application["requiredResourceAccess"]] == [
        (CRM, 1)
    ]
    assert directory.principal(application["appId"])["tags"] == ["WindowsAzureActiveDirectoryIntegratedApp"]
    assert [grant["scope"] for grant in directory.grants(application["appId"])] == ["user_impersonation"]
    result = first.result(HOST, "aad_app")
    assert result["application"]["app_id"] == application["appId"]
    assert result["directory_id"] == directory.tenant.tenant_id

    second = directory.run(**ALL_OPTIONS)
    assert second.status == 0, second.output
    assert second.changed_hosts() == set()
    assert graph_requests(directory.cloud, second) == [
        f"GET /v1.0/applications(uniqueName='{UNIQUE_NAME}')",
        f"GET /v1.0/servicePrincipals(appId='{CRM}')",
        f"GET /v1.0/servicePrincipals(appId='{application['appId']}')",
        "GET /v1.0/oauth2PermissionGrants",
    ]


def test_dry_run_on_an_untouched_tenant_has_ids_known_after_apply(directory: Directory) -> None:
    run = directory.ansible.tasks(task("aad_app", **ALL_OPTIONS, secret={"name": "leads"}), check=True)
    result = run.result(HOST, "aad_app")
    assert result["application"]["app_id"] == "00000000-0000-0000-0000-000000000000"
    assert result["secret"]["key_id"] == "00000000-0000-0000-0000-000000000000"
    assert result["changes"] == ["application", "service_principal", "admin_consent", "application.secret"]


DRIFT: dict[str, tuple[dict[str, Any], str]] = {
    "application.displayName": ({"displayName": "Renamed"}, "PATCH /v1.0/applications/{id}"),
    "application.signInAudience": ({"signInAudience": "AzureADMultipleOrgs"}, "PATCH /v1.0/applications/{id}"),
    "application.notes": ({"notes": "Do not touch"}, "PATCH /v1.0/applications/{id}"),
    "application.web.redirectUris": (
        {"web": {"redirectUris": ["https://elsewhere/auth"]}},
        "PATCH /v1.0/applications/{id}",
    ),
    "application.requiredResourceAccess": ({"requiredResourceAccess": []}, "PATCH /v1.0/applications/{id}"),
    "service_principal.tags": ({"tags": ["HideApp"]}, "PATCH /v1.0/servicePrincipals/{id}"),
    "service_principal.accountEnabled": ({"accountEnabled": False}, "PATCH /v1.0/servicePrincipals/{id}"),
    "admin_consent": ({"scope": "  "}, "PATCH /v1.0/oauth2PermissionGrants/{id}"),
}


def test_only_properties_changed_by_hand_are_restored(directory: Directory) -> None:
    directory.run(**ALL_OPTIONS, rehearse=False)
    before = directory.application()
    ids = {
        "application": f"/applications/{before['id']}",
        "service_principal": f"/servicePrincipals/{directory.principal(before['appId'])['id']}",
        "admin_consent": f"/oauth2PermissionGrants/{directory.grants(before['appId'])[0]['id']}",
    }
    for change, (by_hand, write) in DRIFT.items():
        path = ids[change.partition(".")[0]]
        directory.graph("PATCH", path, by_hand)
        run = directory.run(**ALL_OPTIONS)
        assert directory.changes(run) == [change], run.output
        expected = write.replace("{id}", path.rpartition("/")[2])
        assert directory.cloud.writes_since(run.mark) == [expected.replace(" ", " graph.microsoft.com", 1)]
    after = directory.application()
    assert after == before
    principal = directory.principal(before["appId"])
    assert (principal["accountEnabled"], sorted(principal["tags"])) == (
        True,
        ["HideApp", "WindowsAzureActiveDirectoryIntegratedApp"],
    )
    assert directory.grants(before["appId"])[0]["scope"] == "user_impersonation"


@pytest.mark.parametrize("merges", [True, False])
def test_properties_not_specified_are_left_unchanged(directory: Directory, merges: bool) -> None:
    directory.cloud.set(graph_update_merges_objects=merges)
    other = {"resourceAppId": "00000003-0000-0000-c000-000000000000"}
    other["resourceAccess"] = [{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"}]  # type: ignore[assignment]
    web = {"redirectUris": ["https://portal/auth"], "homePageUrl": "https://portal"}
    made = directory.make(displayName="By hand", notes="keep", web=web, requiredResourceAccess=[other])
    run = directory.run(
        application_id=made["appId"], redirect_uris=["https://new/auth"], api_permissions=ALL_OPTIONS["api_permissions"]
    )
    assert directory.changes(run) == [
        "application.web.redirectUris",
        "application.requiredResourceAccess",
        "service_principal.tags",
    ], run.output
    after = directory.graph("GET", f"/applications/{made['id']}")
    assert (after["displayName"], after["notes"]) == ("By hand", "keep")
    assert (after["web"]["homePageUrl"], after["web"]["redirectUris"]) == ("https://portal", ["https://new/auth"])
    assert [each["resourceAppId"] for each in after["requiredResourceAccess"]] == [other["resourceAppId"], CRM]


def test_portal_application_is_adopted_by_id_and_can_be_named_once(directory: Directory) -> None:
    made = directory.make(displayName="By hand")
    adopted = directory.run(application_id=made["appId"], unique_name=UNIQUE_NAME)
    assert directory.changes(adopted) == ["application.uniqueName", "service_principal.tags"], adopted.output
    assert directory.application()["id"] == made["id"]

    again = directory.run(name="By hand", unique_name=UNIQUE_NAME)
    assert again.changed_hosts() == set(), again.output

    renamed = directory.run(application_id=made["appId"], unique_name="another", rehearse=False)
    assert f"'{UNIQUE_NAME}', which cannot be changed" in renamed.failure(HOST)

    twin = directory.make(displayName="Twin")
    stolen = directory.run(application_id=twin["appId"], unique_name=UNIQUE_NAME, rehearse=False)
    assert "belongs to another application" in stolen.failure(HOST)
    assert directory.cloud.writes_since(stolen.mark) == []


def test_application_with_the_same_display_name_is_never_adopted(directory: Directory) -> None:
    twin = directory.make(displayName=ALL_OPTIONS["name"])
    run = directory.run(**ALL_OPTIONS)
    assert run.status == 0, run.output
    assert directory.graph("GET", f"/applications/{twin['id']}") == {**twin, "@odata.context": twin["@odata.context"]}
    assert len(directory.applications()) == 2


@pytest.mark.parametrize("conflict_is_400", [False, True])
def test_lost_response_at_any_step_creates_no_second_object(directory: Directory, conflict_is_400: bool) -> None:
    directory.cloud.set(graph_consent_conflict_is_400=conflict_is_400)
    for route, method in (("/applications$", "POST"), ("/servicePrincipals$", "POST"), ("Grants$", "POST")):
        directory.cloud.fault(route=route, method=method, reset=True, applied=True)
    run = directory.run(**ALL_OPTIONS)
    assert run.status == 0, run.output
    (application,) = directory.applications()
    assert len(directory.grants(application["appId"])) == 1
    assert directory.cloud.control("GET", "/faults")["waiting"] == 0
    assert directory.run(**ALL_OPTIONS).changed_hosts() == set()


def test_applied_write_with_an_error_response_is_not_repeated_blindly(
    directory: Directory,
) -> None:
    for route, method in (("/applications$", "POST"), ("/servicePrincipals$", "POST"), ("addPassword$", "POST")):
        directory.cloud.fault(
            route=route, method=method, status=404, code="Directory_ObjectNotFound", body="json", applied=True
        )
    run = directory.run(**ALL_OPTIONS, secret={"name": "leads"})
    assert run.status == 0, run.output
    (application,) = directory.applications()
    assert directory.key_ids() == [directory.secret_of(run)["key_id"]]
    assert directory.signs_in(application["appId"], directory.stored_value)


@pytest.mark.cloud("--tenants", "1", "--replication-seconds", "3")
def test_run_waits_for_a_slow_directory(directory: Directory) -> None:
    options = {**ALL_OPTIONS, "secret": {"name": "leads", "stored_key_id": ""}}
    first = directory.run(**options, rehearse=False)
    known = {"name": "leads", "stored_key_id": directory.secret_of(first)["key_id"]}
    second = directory.run(**{**options, "secret": known}, rehearse=False)
    assert second.changed_hosts() == set(), second.output


@pytest.mark.parametrize("brings_principal", [False, True])
def test_deleted_application_is_restored_as_the_same_one(directory: Directory, brings_principal: bool) -> None:
    directory.cloud.set(graph_restore_brings_principal=brings_principal)
    directory.run(**ALL_OPTIONS, secret={"name": "leads"}, rehearse=False)
    before = directory.application()
    directory.graph("DELETE", f"/applications/{before['id']}")
    run = directory.run(**ALL_OPTIONS, secret={"name": "leads"})
    assert directory.changes(run) == ["application.restored", "service_principal", "admin_consent"], run.output
    assert directory.application()["appId"] == before["appId"]
    assert directory.principal(before["appId"])["accountEnabled"]
    assert directory.run(**ALL_OPTIONS, secret={"name": "leads"}).changed_hosts() == set()


def test_removal_deletes_only_the_named_application(directory: Directory) -> None:
    directory.run(**ALL_OPTIONS, rehearse=False)
    twin = directory.make(displayName=ALL_OPTIONS["name"])
    removed = directory.run(unique_name=UNIQUE_NAME, state="absent")
    assert directory.changes(removed) == ["application"], removed.output
    assert [one["id"] for one in directory.applications()] == [twin["id"]]

    again = directory.run(unique_name=UNIQUE_NAME, state="absent")
    assert again.changed_hosts() == set()
    kept = directory.graph("GET", "/directory/deletedItems/microsoft.graph.application")["value"]
    assert [one["uniqueName"] for one in kept] == [UNIQUE_NAME]

    purged = directory.run(unique_name=UNIQUE_NAME, state="absent", purge=True)
    assert directory.changes(purged) == ["application.purged"], purged.output
    assert directory.graph("GET", "/directory/deletedItems/microsoft.graph.application")["value"] == []
    assert directory.run(unique_name=UNIQUE_NAME, state="absent", purge=True).changed_hosts() == set()


def test_application_can_be_removed_permanently_in_one_run(directory: Directory) -> None:
    directory.run(**ALL_OPTIONS, rehearse=False)
    run = directory.run(unique_name=UNIQUE_NAME, state="absent", purge=True)
    assert directory.changes(run) == ["application", "application.purged"], run.output
    assert directory.run(**ALL_OPTIONS).status == 0


def test_name_full_of_quotes_is_used_literally(directory: Directory) -> None:
    options = {**ALL_OPTIONS, "name": "O'Brien's \"leads\" & más", "unique_name": "o'brien's/leads & (co)"}
    first = directory.run(**options, secret={"name": "it's a secret"})
    assert first.status == 0, first.output
    assert directory.application("o'brien's/leads & (co)")["displayName"] == options["name"]
    assert directory.run(**options, secret={"name": "it's a secret"}).changed_hosts() == set()
    found = directory.ansible.tasks(task("aad_app_info", display_name=options["name"]))
    assert len(found.result(HOST, "aad_app_info")["applications"]) == 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"name": "Leads"}, "unique_name is missing"),
        ({"unique_name": "new-one"}, "name is missing"),
        ({"application_id": "22222222-2222-2222-2222-222222222222"}, "is not an application registered in tenant"),
        ({"application_id": "leads"}, "application_id must be a GUID"),
        ({**ALL_OPTIONS, "redirect_uris": ["http://contoso.com"]}, "redirect_uris names 'http://contoso.com'"),
        ({**ALL_OPTIONS, "api_permissions": None}, "admin_consent is true, but api_permissions names nothing"),
        (
            {**ALL_OPTIONS, "api_permissions": [{"scopes": ["user_imersonation"]}]},
            "api_permissions names 'user_imersonation', which",
        ),
        (
            {**ALL_OPTIONS, "api_permissions": [{"api": "22222222-2222-2222-2222-222222222222", "scopes": ["x"]}]},
            "has no service principal in tenant",
        ),
        ({**ALL_OPTIONS, "secret": {"name": "x", "valid_days": 3000}}, "secret.valid_days must be from 1 to 730"),
        ({**ALL_OPTIONS, "secret": {"name": "x", "rotate_before_days": 400}}, "every run would make a new secret"),
        ({**ALL_OPTIONS, "purge": True}, "set state to absent, or leave purge out"),
    ],
)
def test_invalid_input_is_one_message_and_changes_nothing(
    directory: Directory, options: dict[str, Any], sentence: str
) -> None:
    run = directory.run(**options, rehearse=False)
    assert sentence in run.failure(HOST)
    assert directory.cloud.writes_since(run.mark) == []


def test_tenant_without_dynamics_differs_from_a_typing_error(directory: Directory) -> None:
    directory.graph("DELETE", f"/servicePrincipals/{directory.principal(CRM)['id']}")
    run = directory.run(**ALL_OPTIONS, rehearse=False)
    assert "has no Dynamics CRM: check that tenant_id is the tenant of the environment" in run.failure(HOST)


def test_missing_permission_is_named_in_the_message(directory: Directory) -> None:
    denied = {"status": 403, "code": "Authorization_RequestDenied", "message": "Insufficient privileges."}
    directory.cloud.fault(route="/applications$", method="POST", **denied)
    run = directory.run(**ALL_OPTIONS)
    assert "grant it Application.ReadWrite.OwnedBy" in run.failure(HOST)
    assert "Application.ReadWrite.All for an application that it does not own" in run.failure(HOST)


@pytest.mark.parametrize("audience", ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"])
def test_application_for_personal_accounts_requests_version_2_tokens(directory: Directory, audience: str) -> None:
    run = directory.run(**{**ALL_OPTIONS, "sign_in_audience": audience})
    assert run.status == 0, run.output
    assert directory.application()["api"]["requestedAccessTokenVersion"] == 2
    assert directory.run(**{**ALL_OPTIONS, "sign_in_audience": audience}).changed_hosts() == set()


@pytest.mark.parametrize("merges", [True, False])
def test_opening_to_personal_accounts_keeps_the_other_api_properties(directory: Directory, merges: bool) -> None:
    directory.cloud.set(graph_update_merges_objects=merges)
    scope = {"id": "33333333-3333-4333-8333-333333333333", "value": "read", "type": "User", "isEnabled": True}
    made = directory.make(displayName="Older", api={"oauth2PermissionScopes": [scope]})
    options = {"application_id": made["appId"], "sign_in_audience": "AzureADandPersonalMicrosoftAccount"}
    run = directory.run(**options)
    assert directory.changes(run)[:2] == ["application.api.requestedAccessTokenVersion", "application.signInAudience"]
    api = directory.graph("GET", f"/applications/{made['id']}")["api"]
    assert (api["requestedAccessTokenVersion"], len(api["oauth2PermissionScopes"])) == (2, 1)
    assert directory.run(**options).changed_hosts() == set()


def test_third_secret_for_personal_accounts_stops_before_any_write(directory: Directory) -> None:
    audience: dict[str, Any] = {
        "signInAudience": "AzureADandPersonalMicrosoftAccount",
        "api": {"requestedAccessTokenVersion": 2},
    }
    made = directory.make(displayName="Older", **audience)
    for _one in range(2):
        directory.graph("POST", f"/applications/{made['id']}/addPassword", {})
    run = directory.run(application_id=made["appId"], secret={"name": "leads"})
    assert "has two secrets, the most that it can have" in run.failure(HOST)
    assert directory.cloud.writes_since(run.mark) == []


def test_application_id_uri_of_another_domain_has_its_own_cure(directory: Directory) -> None:
    made = directory.make(displayName="Older")
    path = f"/tenants/contoso/objects/application/{made['id']}"
    directory.cloud.control("PATCH", path, {"identifierUris": ["https://sign.fabrikam.example/x"]})
    run = directory.run(application_id=made["appId"], sign_in_audience="AzureADMultipleOrgs")
    assert "The Application ID URI of the application is not in a verified domain" in run.failure(HOST)
    assert "redirect_uris" not in run.failure(HOST)


def test_required_asset_management_reference_is_named(directory: Directory) -> None:
    message = "ServiceManagementReference field is required for Create, but is missing in the request."
    refusal = {"status": 400, "code": "ServiceTreeValueMissing", "message": message}
    directory.cloud.fault(route="/applications$", method="POST", **refusal)
    run = directory.run(**ALL_OPTIONS)
    assert "lead_writer_service_management_reference" in run.failure(HOST)


def test_application_disabled_by_microsoft_is_reported(directory: Directory) -> None:
    made = directory.make(displayName="Older")
    path = f"/tenants/contoso/objects/application/{made['id']}"
    status = {"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}
    directory.cloud.control("PATCH", path, status)
    run = directory.run(application_id=made["appId"])
    assert "is disabled by Microsoft (disabledByMicrosoftStatus): ask Microsoft support" in run.failure(HOST)
    gone = directory.run(application_id=made["appId"], state="absent")
    assert gone.status == 0, gone.output


def test_gateway_page_creates_no_second_application(directory: Directory) -> None:
    directory.run(**ALL_OPTIONS, rehearse=False)
    directory.cloud.fault(route="/applications", method="GET", status=404, body="html")
    run = directory.run(**ALL_OPTIONS, rehearse=False)
    assert "check for a proxy or gateway" in run.failure(HOST)
    assert directory.cloud.writes_since(run.mark) == []


def test_directory_id_is_found_from_the_tenants_domain(directory: Directory) -> None:
    tenants = directory.cloud.control("GET", "/tenants")["tenants"]
    run = directory.run(**ALL_OPTIONS, secret={"name": "leads"}, tenant_id=tenants[0]["domain"])
    assert run.status == 0, run.output
    assert "GET /v1.0/organization" not in graph_requests(directory.cloud, run)


def test_info_module_gets_the_directory_id_from_sign_in(directory: Directory) -> None:
    (tenant, *_others) = directory.cloud.control("GET", "/tenants")["tenants"]
    run = directory.ansible.tasks(task("aad_app_info", unique_name="unknown", tenant_id=tenant["domain"]))
    assert run.result(HOST, "aad_app_info")["directory_id"] == directory.tenant.tenant_id
    assert "GET /v1.0/organization" not in graph_requests(directory.cloud, run)


def test_runner_that_may_write_only_its_own_needs_no_other_permission(directory: Directory) -> None:
    runner = f"/servicePrincipals(appId='{directory.tenant.client_id}')/appRoleAssignments"
    roles = {each["id"]: each["value"] for each in directory.principal(GRAPH)["appRoles"]}
    for each in directory.graph("GET", runner)["value"]:
        if roles[each["appRoleId"]] != "Application.ReadWrite.OwnedBy":
            directory.graph("DELETE", f"{runner}/{each['id']}")
    options = {**ALL_OPTIONS, "admin_consent": False, "secret": {"name": "leads"}}
    run = directory.run(**options)
    assert run.status == 0, run.output
    assert directory.run(**options).changed_hosts() == set()


def test_info_module_returns_an_application(directory: Directory) -> None:
    directory.run(**ALL_OPTIONS, secret={"name": "leads", "valid_days": 100}, rehearse=False)
    run = directory.ansible.tasks(task("aad_app_info", unique_name=UNIQUE_NAME))
    (found,) = run.result(HOST, "aad_app_info")["applications"]
    assert (found["unique_name"], found["consent"]) == (UNIQUE_NAME, {CRM: ["user_impersonation"]})
    assert [secret["days_left"] for secret in found["password_credentials"]] == [99]
    assert found["service_principal"]["account_enabled"]
    assert run.result(HOST, "aad_app_info")["directory_id"] == directory.tenant.tenant_id
    nothing = directory.ansible.tasks(task("aad_app_info", unique_name="unknown"))
    assert nothing.result(HOST, "aad_app_info")["applications"] == []
