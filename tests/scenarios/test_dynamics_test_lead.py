# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test lead: it arrives, or the result names the cause."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .cloud import Ansible, Cloud, Run, Tenant, task
from .configure import Configure, Made

HOST = "contoso_prod"
PLAYBOOK = "marketplace_leads.dynamics365.validate"
MODULE = "dynamics_test_lead"


class Validate:
    """Runs the playbook validate with the store and the vault password of configure."""

    def __init__(self, ansible: Ansible, configure: Configure) -> None:
        self._ansible = ansible
        self._configure = configure

    def __call__(self, *arguments: str, **options: Any) -> Run:
        """Run the playbook."""
        store, password = self._configure.store, self._configure.password
        given = ["-e", f"lead_writer_store_directory={store}", "--vault-password-file", str(password)]
        return self._ansible.playbook(PLAYBOOK, *given, *arguments, **options)


@pytest.fixture
def validate(ansible: Ansible, configure: Configure) -> Validate:
    """Runs the playbook validate."""
    return Validate(ansible, configure)


class LeadService:
    """The simulator's lead service, with any connection; only the public cloud has Partner Center."""

    def __init__(self, cloud: Cloud, tenant: Tenant) -> None:
        self._cloud = cloud
        self._tenant = tenant

    def __call__(self, **connection: Any) -> str | None:
        """Return why a lead does not arrive by this connection, or None if it arrives."""
        leads = {"leadDestination": "dynamics", "dynamicsLeadConfiguration": connection}
        offer = f"/tenants/{self._tenant.name}/offers/{self._tenant.name}-offer"
        self._cloud.control("PATCH", offer, {"resource": "customer-leads", "target": "live", "changes": leads})
        answer = self._cloud.control(
            "POST", f"/tenants/{self._tenant.name}/leads", {"offer": f"{self._tenant.name}-offer"}
        )
        error: str | None = answer["error"]
        assert answer["delivered"] == (error is None)
        return error


class ByHand:
    """Breaks the set-up of one tenant, like a person in a portal."""

    def __init__(self, cloud: Cloud, tenant: Tenant) -> None:
        self._cloud = cloud
        self._tenant = tenant
        self._made = Made(cloud, tenant)

    def leave_it(self) -> None:
        """Break nothing."""

    # --- the application

    def delete_the_application(self) -> None:
        self._graph("DELETE", f"/applications/{self._made.application['id']}")

    def delete_the_service_principal(self) -> None:
        self._graph("DELETE", f"/servicePrincipals/{self._made.service_principals[0]['id']}")

    def disable_the_service_principal(self) -> None:
        self._graph("PATCH", f"/servicePrincipals/{self._made.service_principals[0]['id']}", {"accountEnabled": False})

    def deactivate_the_application(self) -> None:
        self._graph("PATCH", f"/applications/{self._made.application['id']}", {"isDisabled": True})

    def deactivate_the_service_principal(self) -> None:
        self._graph("PATCH", f"/servicePrincipals/{self._made.service_principals[0]['id']}", {"isDisabled": True})

    def have_microsoft_disable_it(self) -> None:
        path = f"/tenants/{self._tenant.name}/objects/application/{self._made.application['id']}"
        status = {"disabledByMicrosoftStatus": "DisabledDueToViolationOfServicesAgreement"}
        self._cloud.control("PATCH", path, status)

    # --- the secret

    def let_the_secret_expire(self) -> None:
        path = f"/tenants/{self._tenant.name}/objects/application/{self._made.application['id']}"
        secrets = self._cloud.control("PATCH", path, {})["passwordCredentials"]
        ended = [{**secret, "endDateTime": "2020-01-01T00:00:00Z"} for secret in secrets]
        self._cloud.control("PATCH", path, {"passwordCredentials": ended})

    def remove_the_secret(self) -> None:
        path = f"/applications/{self._made.application['id']}/removePassword"
        self._graph("POST", path, {"keyId": self._made.secrets[0]["keyId"]})

    def replace_the_secret(self) -> None:
        self._graph("POST", f"/applications/{self._made.application['id']}/addPassword", {})
        self.remove_the_secret()

    def replace_the_secret_and_blind_the_runner(self) -> None:
        self.replace_the_secret()
        runner = f"/servicePrincipals(appId='{self._tenant.client_id}')/appRoleAssignments"
        for grant in self._cloud.graph(self._tenant, "GET", runner)["value"]:
            self._graph("DELETE", f"{runner}/{grant['id']}")

    # --- the user and its role

    def disable_the_user(self) -> None:
        self._web_api("PATCH", self._user, {"isdisabled": True})

    def delete_the_user(self) -> None:
        user = self._user
        self._web_api("PATCH", user, {"isdisabled": True})
        self._web_api("DELETE", user)

    def take_the_role(self) -> None:
        (role,) = self._made.users[0]["systemuserroles_association"]
        self._web_api("DELETE", f"{self._user}/systemuserroles_association({role['roleid']})/$ref")

    def give_another_role_instead(self) -> None:
        self.take_the_role()
        assign_role(self._cloud, self._tenant, self._made.users[0]["systemuserid"], "Basic User")

    def take_creating_leads(self) -> None:
        self._take_privilege("prvCreateLead")

    def take_reading_system_jobs(self) -> None:
        self._take_privilege("prvReadAsyncOperation")

    def narrow_writing_system_jobs(self) -> None:
        body = {"Privileges": [{"PrivilegeId": self._privilege("prvWriteAsyncOperation"), "Depth": "Basic"}]}
        self._web_api("POST", f"roles({self._made.role['roleid']})/Microsoft.Dynamics.CRM.AddPrivilegesRole", body)

    def take_reading_interface_settings(self) -> None:
        self._take_privilege("prvReadUserEntityUISettings")

    # --- the test lead

    @property
    def _user(self) -> str:
        return f"systemusers({self._made.users[0]['systemuserid']})"

    def _privilege(self, name: str) -> str:
        (row,) = self._cloud.rows(self._tenant, f"privileges?$filter=name eq '{name}'")
        return str(row["privilegeid"])

    def _take_privilege(self, name: str) -> None:
        body = {"PrivilegeId": self._privilege(name)}
        self._web_api("POST", f"roles({self._made.role['roleid']})/Microsoft.Dynamics.CRM.RemovePrivilegeRole", body)

    def _web_api(self, method: str, path: str, body: object = None) -> None:
        self._cloud.web_api(self._tenant, method, path, body)

    def _graph(self, method: str, path: str, body: object = None) -> None:
        self._cloud.graph(self._tenant, method, path, body)


@pytest.mark.cloud("--tenants", "2")
def test_lead_arrives_and_a_bare_environment_names_configure(
    cloud: Cloud, ansible: Ansible, configure: Configure, validate: Validate
) -> None:
    contoso, bare = cloud.contoso, cloud.tenants["fabrikam"]
    assert configure("--limit", HOST, rehearse=False).status == 0
    secret = configure.stored(contoso)["secret"]

    run = validate("--limit", HOST, verbosity=3)
    assert run.status == 0, run.output
    result = run.result(HOST, MODULE)
    assert result["changed"] and result["test_lead"]["removed"] and result["test_lead"]["differences"] == {}
    assert re.fullmatch(r"MSFT_TEST_\d{18}", result["test_lead"]["lastname"])
    assert result["newest_lead"] is None
    assert cloud.rows(contoso, "leads") == []
    writes = [entry for entry in cloud.requests_since(run.mark) if entry["write"]]
    as_lead_service = Made(cloud, contoso).application["appId"]
    assert [(entry["method"], entry["caller"]) for entry in writes] == [
        ("POST", as_lead_service),
        ("DELETE", contoso.client_id),
    ]
    assert secret not in run.output

    # A customer's lead three days ago, one from another source, and Microsoft's test leads since.
    cloud.web_api(contoso, "POST", "leads", {"lastname": "Ågren", "subject": "AzurePortal-Create|contoso.app"})
    cloud.web_api(contoso, "POST", "leads", {"lastname": "Walk-in"})
    cloud.jump(3 * 86400 + 60)
    assert LeadService(cloud, contoso)(**handed_over(configure.stored(contoso))) is None
    cloud.fault(route=r"leads\(", method="DELETE", status=403, code="0x80040220", message="is missing prvDeleteLead")
    run = validate("-f", "2", rehearse=False)
    assert run.failure(bare.host) == (
        f"Nothing is stored for {bare.environment_url}: run the playbook marketplace_leads.dynamics365.configure for "
        "it first, or correct lead_writer_store_directory."
    )
    result = run.result(HOST, MODULE)
    assert result["newest_lead"]["age_days"] == 3
    assert not result["test_lead"]["removed"]
    (left,) = [lead for lead in cloud.rows(contoso, "leads") if lead["lastname"] == result["test_lead"]["lastname"]]
    assert left["leadid"] in str(result["warnings"])

    # Effects of an environment's plug-in on a new lead, and a response that is lost after the lead was written.
    cloud.fault(route="/leads$", method="POST", reset=True, applied=True)
    denied = "Principal user is missing prvWriteContact privilege"
    cloud.fault(route="/leads$", method="POST", status=403, code="0x80040220", message=denied)
    cloud.fault(route="/leads$", method="POST", status=400, code="0x80040265", message="No phone, no lead")
    cloud.fault(route=r"leads\(", method="GET", skip=1, status=404, code="0x80040217", message="Does Not Exist")
    before = len(cloud.rows(contoso, "leads"))
    four = [trial(handed_over(configure.stored(contoso)))] * 4
    results = [one.result for one in ansible.tasks(*four, hosts=HOST, rehearse=False).of(HOST, MODULE)]
    assert [each.get("cause") for each in results] == [None, "privilege_missing", "plug_in_refused", "lead_unreadable"]
    assert results[0]["test_lead"]["removed"] and "prvWriteContact" in results[1]["msg"]
    assert "No phone, no lead" in results[2]["msg"]
    assert len(cloud.rows(contoso, "leads")) == before, "none stays"

    configure.password.write_text("another password", encoding="utf-8")
    run = validate("--limit", HOST, "--check", rehearse=False)
    assert "cannot be decrypted: run with the vault password that encrypted it" in run.output


REFUSED = {
    "0x80040231": "owner_privileges_missing",
    "0x8004431a": "option_missing",
    "0x80040333": "duplicate_refused",
    "0x80040224": "plug_in_refused",
    "0x80040265": "plug_in_refused",
    "0x80044171": "plug_in_unfinished",
    "0x80044172": "plug_in_unfinished",
    "0x80044173": "plug_in_unfinished",
    "0x80044174": "plug_in_unfinished",
    "0x8004418d": "plug_in_unfinished",
    "0x8004418e": "plug_in_unfinished",
    "0x80081111": "plug_in_unfinished",
}
"""The codes with which an environment's customizations reject a lead, with the cause of each."""


def test_customization_that_rejects_leads_is_reported_by_cause(
    cloud: Cloud, ansible: Ansible, configure: Configure
) -> None:
    assert configure("--limit", HOST, rehearse=False).status == 0
    for code in REFUSED:
        cloud.fault(route="/leads$", method="POST", status=400, code=code, message="As the customer wants it", count=1)
    trials = [trial(handed_over(configure.stored(cloud.contoso)))] * len(REFUSED)
    results = [one.result for one in ansible.tasks(*trials, hosts=HOST, rehearse=False).of(HOST, MODULE)]
    assert [each.get("cause") for each in results] == [*REFUSED.values()]
    assert all("As the customer wants it" in each["msg"] for each in results)


@pytest.mark.cloud("--tenants", "1")
@pytest.mark.parametrize(("settings", "warned"), [({}, True), ({"allowapplicationuseraccess": True}, False)])
def test_firewall_that_may_block_the_lead_service_is_named(
    cloud: Cloud, configure: Configure, validate: Validate, settings: dict[str, bool], warned: bool
) -> None:
    assert configure(rehearse=False).status == 0
    (organization,) = cloud.rows(cloud.contoso, "organizations?$select=organizationid")
    firewall = {"enableipbasedfirewallrule": True, **settings}
    cloud.web_api(cloud.contoso, "PATCH", f"organizations({organization['organizationid']})", firewall)
    run = validate(rehearse=False)
    assert run.status == 0, run.output
    said = "does not show whether Microsoft's lead service is allowed" in " ".join(run.output.split())
    assert said is warned


@pytest.mark.cloud("--config", str(Path(__file__).parent / "clouds" / "short_columns.yml"))
def test_a_column_that_is_too_short_for_leads_is_named(configure: Configure, validate: Validate) -> None:
    assert configure(rehearse=False).status == 0
    run = validate(rehearse=False)
    assert "(subject 50 instead of 300)" in str(run.result(HOST, MODULE)["warnings"])
    assert run.result("fabrikam_prod", MODULE)["cause"] == "value_too_long"


Breakage = tuple[Callable[[ByHand], None], str | None, str | None]
"""How a tenant is broken, the cause that is reported, and part of the simulated lead service's message.

The second tenant is in a cloud without Partner Center, so the lead service is not called for it.
"""

BROKEN: list[Breakage] = [
    (ByHand.leave_it, None, None),
    (ByHand.disable_the_service_principal, "service_principal_disabled", None),
    (ByHand.deactivate_the_application, "application_deactivated", "AADSTS7000112"),
    (ByHand.deactivate_the_service_principal, "service_principal_deactivated", "AADSTS7000112"),
    (ByHand.have_microsoft_disable_it, "disabled_by_microsoft", "AADSTS7000112"),
    (ByHand.delete_the_service_principal, "service_principal_missing", "AADSTS7000229"),
    (ByHand.delete_the_application, "application_deleted", "AADSTS700016"),
    (ByHand.let_the_secret_expire, "secret_expired", "AADSTS7000222"),
    (ByHand.remove_the_secret, "secret_missing", "AADSTS7000215"),
    (ByHand.replace_the_secret, "secret_replaced", "AADSTS7000215"),
    (ByHand.replace_the_secret_and_blind_the_runner, "secret_invalid", "AADSTS7000215"),
    (ByHand.disable_the_user, "user_disabled", "is disabled"),
    (ByHand.delete_the_user, "user_missing", "not a member of the organization"),
    (ByHand.take_the_role, "no_role", "has not been assigned any roles"),
    (ByHand.give_another_role_instead, "role_missing", "missing prvCreateLead"),
    (ByHand.take_creating_leads, "lead_privileges_missing", "missing prvCreateLead"),
    (ByHand.take_reading_system_jobs, "system_job_privileges_missing", "missing prvReadAsyncOperation"),
    (ByHand.narrow_writing_system_jobs, "system_job_privileges_missing", "AccessCheckEx failed"),
    # The documented set-up requires it, although leads have been seen to arrive without it.
    (ByHand.take_reading_interface_settings, "user_interface_privileges_missing", None),
]

DOCUMENTED = {
    "service_principal_disabled": "Unable to sign in to Dynamics CRM",
    "application_deactivated": "Unable to sign in to Dynamics CRM",
    "service_principal_deactivated": "Unable to sign in to Dynamics CRM",
    "disabled_by_microsoft": "Unable to sign in to Dynamics CRM",
    "service_principal_missing": "Unable to sign in to Dynamics CRM",
    "application_deleted": "Application with identifier was not found",
    "secret_expired": "Invalid client secret",
    "secret_missing": "Invalid client secret",
    "secret_replaced": "Invalid client secret",
    "secret_invalid": "Invalid client secret",
    "user_disabled": "Unable to sign in to Dynamics CRM",
    "user_missing": "Unable to sign in to Dynamics CRM",
    "no_role": "no roles are assigned to user",
    "role_missing": "create permissions for the leadsourcecode attribute",
    "lead_privileges_missing": "create permissions for the leadsourcecode attribute",
}
"""Partner Center's message, by cause; Microsoft documents none for the others."""


@pytest.mark.cloud("--tenants", str(len(BROKEN)))
def test_broken_tenant_has_its_cause_and_stops_no_other(cloud: Cloud, configure: Configure, validate: Validate) -> None:
    assert configure("-f", "7", rehearse=False).status == 0
    tenants = dict(zip(cloud.tenants.values(), BROKEN, strict=True))
    for tenant, (break_it, _cause, _words) in tenants.items():
        break_it(ByHand(cloud, tenant))
    run = validate("-f", "7", rehearse=False)
    for tenant, (break_it, cause, words) in tenants.items():
        result = run.result(tenant.host, MODULE)
        assert result.get("cause") == cause, (break_it.__name__, result.get("msg"))
        assert DOCUMENTED.get(cause or "", "") in (result.get("documented_error") or ""), break_it.__name__
        if words or cause is None:
            said = LeadService(cloud, tenant)(**handed_over(configure.stored(tenant)))
            assert (words or "") in (said or "") and bool(words) == bool(said), (break_it.__name__, said)
    assert "prvWriteAsyncOperation" in run.failure(list(tenants)[-2].host)


def handed_over(stored: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The connection as in Partner Center's form, from the store's content, with changes."""
    return {
        "authentication": "azureAD",
        "instanceUrl": stored["environment_url"],
        "directoryId": stored["directory_id"],
        "applicationId": stored["application_id"],
        "applicationKey": stored["secret"],
        **changes,
    }


def test_wrong_handover_detail_is_reported_without_the_secret(
    cloud: Cloud, ansible: Ansible, configure: Configure
) -> None:
    lead_service = LeadService(cloud, cloud.contoso)
    take_sales_away(cloud, "northwind")
    assert configure("--limit", HOST, rehearse=False).status == 0
    stored = configure.stored(cloud.contoso)
    application, secret = Made(cloud, cloud.contoso).application, stored["secret"]
    no_application, invalid_secret = "Application with identifier was not found", "Invalid client secret"
    silent = "The request channel timed out while waiting for a reply"
    details: list[tuple[str, str, str, str, str]] = [
        ("directoryId", "contoso", "directory_id_malformed", "Requested tenant identifier is not valid", "AADSTS90002"),
        ("directoryId", str(uuid.uuid4()), "directory_unknown", "Tenant not found", "AADSTS90002"),
        (
            *("directoryId", cloud.tenants["northwind"].tenant_id),
            *("directory_of_another", no_application, "AADSTS700016"),
        ),
        ("applicationId", "lead writer", "application_id_malformed", no_application, "AADSTS700016"),
        ("applicationId", application["id"], "object_id_given", no_application, "AADSTS700016"),
        ("applicationId", str(uuid.uuid4()), "application_unknown", no_application, "AADSTS700016"),
        ("applicationKey", stored["key_id"], "secret_id_given", invalid_secret, "AADSTS7000215"),
        ("applicationKey", secret[:-1], "secret_mistyped", invalid_secret, "AADSTS7000215"),
        ("instanceUrl", "https://contoso.crm4.dynamics.com/main.aspx", "address_malformed", silent, silent),
        ("instanceUrl", "https://nowhere.crm4.dynamics.com", "address_silent", silent, silent),
    ]
    tasks = [trial(handed_over(stored, **{field: value})) for field, value, *_told in details]
    run = ansible.tasks(*tasks, hosts=HOST, rehearse=False, verbosity=3)
    results = [outcome.result for outcome in run.of(HOST, MODULE)]
    for (field, value, cause, documented, words), result in zip(details, results, strict=True):
        assert result.get("cause") == cause, (field, result.get("msg"))
        assert documented in result["documented_error"]
        assert words in (lead_service(**handed_over(stored, **{field: value})) or ""), field
    assert application["appId"] in results[4]["msg"]
    assert secret[:-1] not in run.output

    salesless = cloud.tenants["northwind"]
    run = ansible.tasks(
        trial(handed_over(member_without_leads(cloud, salesless))), hosts=salesless.host, rehearse=False
    )
    assert run.result(salesless.host, MODULE)["cause"] == "lead_table_missing"


def take_sales_away(cloud: Cloud, name: str) -> None:
    """Make a tenant's environment one that was created without Dynamics 365 Sales."""
    state = cloud.control("GET", "/state")
    (tenant,) = [each for each in state["tenants"] if each["name"] == name]
    tenant["environments"][0]["sales"] = False
    cloud.control("PUT", "/state", state)


def member_without_leads(cloud: Cloud, tenant: Tenant) -> dict[str, Any]:
    """Create an application with a secret and its environment user by hand; return the content of a store."""
    cloud.set(replication_seconds=0, secret_activation_seconds=0)
    made = cloud.graph(tenant, "POST", "/applications", {"displayName": "Leads"})
    cloud.graph(tenant, "POST", "/servicePrincipals", {"appId": made["appId"]})
    secret = cloud.graph(tenant, "POST", f"/applications/{made['id']}/addPassword", {})
    (root,) = cloud.rows(tenant, "businessunits?$filter=parentbusinessunitid eq null")
    unit = {"businessunitid@odata.bind": f"/businessunits({root['businessunitid']})"}
    cloud.web_api(tenant, "POST", "systemusers", {"applicationid": made["appId"], "accessmode": 4, **unit})
    (user,) = cloud.rows(tenant, f"systemusers?$filter=applicationid eq {made['appId']}")
    assign_role(cloud, tenant, user["systemuserid"], "Basic User")
    return {
        "environment_url": tenant.environment_url,
        "directory_id": tenant.tenant_id,
        "application_id": made["appId"],
        "secret": secret["secretText"],
    }


def assign_role(cloud: Cloud, tenant: Tenant, user_id: str, name: str) -> None:
    """Assign a role to a user of the root business unit."""
    (role,) = cloud.rows(tenant, f"roles?$filter=name eq '{name}' and _parentroleid_value eq null")
    link = {"@odata.id": f"{tenant.environment_url}/api/data/v9.2/roles({role['roleid']})"}
    cloud.web_api(tenant, "POST", f"systemusers({user_id})/systemuserroles_association/$ref", link)


def trial(connection: dict[str, Any], **options: Any) -> dict[str, Any]:
    """A task that tests a connection given as in Partner Center's form, and continues if it fails."""
    names = {
        "directoryId": "directory_id",
        "applicationId": "application_id",
        "applicationKey": "application_key",
        "username": "user_name",
        "password": "password",
        "instanceUrl": "environment_url",
    }
    by_user = connection["authentication"] == "office365"
    given = {names[field]: value for field, value in connection.items() if field in names}
    made = task(MODULE, authentication="office365" if by_user else "azure_ad", **given, **options)
    return {**made, "ignore_errors": True}


PASSWORD = "Lead-3481-writer"
ROLES = ("Microsoft Marketplace Lead Writer",)


def person(cloud: Cloud, tenant: Tenant, name: str, *, licensed: bool = True, roles: tuple[str, ...] = ROLES) -> str:
    """Create a person in the directory and, with a license, in the environment; return the account's name."""
    account = f"{name}@{tenant.name}.onmicrosoft.com"
    made = cloud.graph(
        tenant,
        "POST",
        "/users",
        {
            "accountEnabled": True,
            "displayName": name,
            "mailNickname": name,
            "userPrincipalName": account,
            "usageLocation": "SE",
            "passwordProfile": {"password": PASSWORD, "forceChangePasswordNextSignIn": False},
        },
    )
    if licensed:
        (sku, *_others) = cloud.graph(tenant, "GET", "/subscribedSkus")["value"]
        add = {"addLicenses": [{"skuId": sku["skuId"], "disabledPlans": []}], "removeLicenses": []}
        cloud.graph(tenant, "POST", f"/users/{made['id']}/assignLicense", add)
    if roles:
        (root,) = cloud.rows(tenant, "businessunits?$filter=parentbusinessunitid eq null")
        unit = {"businessunitid@odata.bind": f"/businessunits({root['businessunitid']})"}
        cloud.web_api(tenant, "POST", "systemusers", {"domainname": account, **unit})
        (user,) = cloud.rows(tenant, f"systemusers?$filter=domainname eq '{account}'")
        for role in roles:
            assign_role(cloud, tenant, user["systemuserid"], role)
    return account


@pytest.mark.cloud("--tenants", "1")
def test_handed_over_person_gets_leads_or_the_cause(cloud: Cloud, ansible: Ansible, configure: Configure) -> None:
    tenant = cloud.contoso
    assert configure(rehearse=False).status == 0
    cloud.set(replication_seconds=0, usage_location_seconds=0)
    change = {
        "mfa": {"_requires_mfa": True},
        "blocked": {"_blocked_by_conditional_access": True},
        "disabled": {"accountEnabled": False},
        "expired": {"lastPasswordChangeDateTime": "2020-01-01T00:00:00Z"},
        "temporary": {"_must_change_password": True},
    }
    people = {name: person(cloud, tenant, name) for name in ("good", "off")}
    people["newcomer"] = person(cloud, tenant, "newcomer", roles=())
    for name in ("wrong", "unlicensed", *change):
        people[name] = person(cloud, tenant, name, licensed=False, roles=())
    people["stranger"] = f"stranger@{tenant.name}.onmicrosoft.com"
    for name, values in change.items():
        user = cloud.graph(tenant, "GET", f"/users/{people[name]}")
        cloud.control("PATCH", f"/tenants/{tenant.name}/objects/user/{user['id']}", values)
    (off,) = cloud.rows(tenant, f"systemusers?$filter=domainname eq '{people['off']}'")
    cloud.web_api(tenant, "PATCH", f"systemusers({off['systemuserid']})", {"isdisabled": True})
    let_the_runner_read_people(cloud, tenant)

    causes = {
        "good": None,
        "wrong": "password_wrong",
        "off": "user_disabled",
        "mfa": "more_than_a_password",
        "blocked": "conditional_access",
        "disabled": "account_disabled",
        "expired": "password_expired",
        "temporary": "password_expired",
        "newcomer": "no_role",
        "unlicensed": "license_missing",
        "stranger": "user_unknown",
    }
    connections = {
        name: {
            "authentication": "office365",
            "instanceUrl": tenant.environment_url,
            "username": account,
            "password": "Not-this-1" if name == "wrong" else PASSWORD,
        }
        for name, account in people.items()
    }
    no_public_client = trial(connections["good"], public_client_id=tenant.client_id)
    trials = [*(trial(connections[name]) for name in causes), no_public_client]
    run = ansible.tasks(*trials, rehearse=False, verbosity=3)
    results = [outcome.result for outcome in run.of(HOST, MODULE)]
    assert results.pop()["cause"] == "public_client_refused"
    for (name, cause), result in zip(causes.items(), results, strict=True):
        assert result.get("cause") == cause, (name, result.get("msg"))
        said = LeadService(cloud, tenant)(**connections[name])
        assert (said is None) == (cause is None), (name, said)
    assert results[0]["lead_service_user"]["user_name"] == people["good"]
    assert PASSWORD not in run.output


def let_the_runner_read_people(cloud: Cloud, tenant: Tenant) -> None:
    """Grant the runner User.Read.All."""
    runner = cloud.graph(tenant, "GET", f"/servicePrincipals(appId='{tenant.client_id}')")
    graph = cloud.graph(tenant, "GET", "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
    (role,) = [each for each in graph["appRoles"] if each["value"] == "User.Read.All"]
    grant = {"principalId": runner["id"], "resourceId": graph["id"], "appRoleId": role["id"]}
    cloud.graph(tenant, "POST", f"/servicePrincipals/{runner['id']}/appRoleAssignments", grant)
