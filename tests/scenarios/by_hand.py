# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A set-up made by hand, following Microsoft's article, with plain requests and without the collection."""

from __future__ import annotations

import base64
from typing import Any

import requests

from packages.build import package

from .cloud import CONTROL, Cloud, Tenant
from .people import SALES_ID

CRM = "00000007-0000-0000-c000-000000000000"
USER_IMPERSONATION = "78ce3f0f-a1ce-49c2-8cde-64b5c0896db4"
SAMPLE_CLIENT = "51f81489-12ee-4a9e-aaae-a2591f45987d"
ROLE = "Microsoft Marketplace Lead Writer"
SCHEMA = "https://schema.mp.microsoft.com/schema"
REDIRECT = "https://contosoapp1/auth"
PRIVILEGES = {
    "prvCreateUserEntityUISettings": "Basic",
    "prvReadUserEntityUISettings": "Basic",
    "prvWriteUserEntityUISettings": "Basic",
    "prvReadAsyncOperation": "Global",
    "prvWriteAsyncOperation": "Global",
    "prvAppendToAsyncOperation": "Global",
}


class HandMade:
    """The set-up of one tenant's environment and one offer. `publisher` is the tenant whose offer it is."""

    def __init__(self, cloud: Cloud, tenant: Tenant, offer: str, publisher: Tenant | None = None) -> None:
        self.cloud, self.tenant, self.offer = cloud, tenant, offer
        self.publisher = publisher or tenant
        self.application: dict[str, Any] = {}
        self.secret: dict[str, Any] = {}

    def all_of_it(self, *, role: str = ROLE, privileges: dict[str, str] | None = None, publish: str = "live") -> None:
        """Follow the whole article."""
        self.import_solution()
        self.application = self.register("Contoso leads (by Mona)")
        self.secret = self.add_secret("leads", "2299-12-31T00:00:00Z")
        self.user = self.add_user()
        self.give(PRIVILEGES if privileges is None else privileges)
        self.assign(role)
        self.connect()
        self.publish(publish)

    # --- the directory

    def graph(self, method: str, path: str, body: Any = None) -> Any:
        """Send a Graph request as an administrator."""
        return self.cloud.graph(self.tenant, method, path, body)

    def register(self, name: str) -> dict[str, Any]:
        """Register an application like the portal; the runner becomes an owner, so that it may change it."""
        made: dict[str, Any] = self.graph(
            "POST",
            "/applications",
            {
                "displayName": name,
                "signInAudience": "AzureADMyOrg",
                "web": {"redirectUris": [REDIRECT]},
                "requiredResourceAccess": [
                    {"resourceAppId": CRM, "resourceAccess": [{"id": USER_IMPERSONATION, "type": "Scope"}]}
                ],
            },
        )
        tags = {"appId": made["appId"], "tags": ["WindowsAzureActiveDirectoryIntegratedApp"]}
        principal = self.graph("POST", "/servicePrincipals", tags)
        runner = self.graph("GET", f"/servicePrincipals(appId='{self.tenant.client_id}')")["id"]
        owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{runner}"}
        self.graph("POST", f"/applications/{made['id']}/owners/$ref", owner)
        self.graph("POST", f"/servicePrincipals/{principal['id']}/owners/$ref", owner)
        return made

    def add_secret(self, name: str, end: str, application: dict[str, Any] | None = None) -> dict[str, Any]:
        """Add a client secret and return it with its value."""
        path = f"/applications/{(application or self.application)['id']}/addPassword"
        body = {"passwordCredential": {"displayName": name, "endDateTime": end}}
        made: dict[str, Any] = self.graph("POST", path, body)
        return made

    def remove_secret(self, key_id: str) -> None:
        """Remove a client secret."""
        self.graph("POST", f"/applications/{self.application['id']}/removePassword", {"keyId": key_id})

    def seen(self) -> dict[str, Any]:
        """The current application."""
        found: dict[str, Any] = self.graph("GET", f"/applications/{self.application['id']}")
        return found

    def key_ids(self) -> set[str]:
        """The ids of its secrets."""
        return {each["keyId"] for each in self.seen()["passwordCredentials"]}

    def hidden(self) -> dict[str, Any]:
        """The application with its hidden properties."""
        return self.hide()

    def hide(self, **properties: Any) -> dict[str, Any]:
        """Change any property of the application immediately, even a hidden one, and return it."""
        path = f"/tenants/{self.tenant.tenant_id}/objects/application/{self.application['id']}"
        changed: dict[str, Any] = self.cloud.control("PATCH", path, properties)
        return changed

    # --- the environment

    def web_api(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to the environment as an administrator."""
        return self.cloud.web_api(self.tenant, method, path, body)

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return rows of the environment."""
        return self.cloud.rows(self.tenant, path)

    def import_solution(self) -> None:
        """Import the package immediately."""
        body = {
            "OverwriteUnmanagedCustomizations": False,
            "PublishWorkflows": True,
            "CustomizationFile": base64.b64encode(package()).decode(),
            "ImportJobId": "11111111-1111-4111-8111-111111111111",
        }
        self.web_api("POST", "ImportSolution", body)

    def add_user(self, unit: str | None = None, application: dict[str, Any] | None = None) -> dict[str, Any]:
        """Make an application a user of the environment, in the root business unit or in the named one."""
        condition = f"name eq '{unit}'" if unit else "parentbusinessunitid eq null"
        (found,) = self.rows(f"businessunits?$select=businessunitid&$filter={condition}")
        application_id = (application or self.application)["appId"]
        row = {
            "applicationid": application_id,
            "accessmode": 4,
            "businessunitid@odata.bind": f"/businessunits({found['businessunitid']})",
        }
        self.web_api("POST", "systemusers", row)
        (user,) = self.rows(f"systemusers?$filter=applicationid eq {application_id}")
        return user

    def add_person(self, name: str, password: str) -> dict[str, Any]:
        """Create a licensed user of the directory that has visited the environment once."""
        profile = {"password": password, "forceChangePasswordNextSignIn": False}
        row = {
            "accountEnabled": True,
            "displayName": "Leads (by Mona)",
            "mailNickname": "leads",
            "userPrincipalName": name,
            "usageLocation": "SE",
            "passwordProfile": profile,
        }
        made = self.graph("POST", "/users", row)
        self.cloud.jump(10)
        body = {"addLicenses": [{"skuId": SALES_ID, "disabledPlans": []}], "removeLicenses": []}
        self.graph("POST", f"/users/{made['id']}/assignLicense", body)
        self.cloud.jump(3600)
        through: Any = {
            "proxies": {"https": self.cloud.variables["HTTPS_PROXY"]},
            "verify": self.cloud.variables["REQUESTS_CA_BUNDLE"],
        }
        answer = requests.post(
            f"https://login.microsoftonline.com/{self.tenant.tenant_id}/oauth2/v2.0/token",
            data={
                "grant_type": "password",
                "client_id": SAMPLE_CLIENT,
                "username": name,
                "password": password,
                "scope": f"{self.tenant.environment_url}/.default",
            },
            timeout=30,
            **through,
        )
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        seen = requests.get(
            f"{self.tenant.environment_url}/api/data/v9.2/WhoAmI", headers=bearer, timeout=30, **through
        )
        assert seen.status_code in (200, 403), seen.text
        (user,) = self.rows(f"systemusers?$filter=azureactivedirectoryobjectid eq {made['id']}")
        return user

    def assign(self, role: str, user: dict[str, Any] | None = None) -> None:
        """Assign the user the copy of a role that belongs to its business unit."""
        user = user or self.user
        unit = user["_businessunitid_value"]
        (copy,) = self.rows(f"roles?$filter=name eq '{role}' and _businessunitid_value eq {unit}")
        body = {"@odata.id": f"{self.tenant.environment_url}/api/data/v9.2/roles({copy['roleid']})"}
        self.web_api("POST", f"systemusers({user['systemuserid']})/systemuserroles_association/$ref", body)

    def give(self, privileges: dict[str, str], role: str = ROLE) -> None:
        """Set a role's privileges."""
        (root,) = self.rows(f"roles?$filter=name eq '{role}' and _parentroleid_value eq null")
        named = " or ".join(f"name eq '{name}'" for name in privileges)
        found = (
            {each["name"]: each["privilegeid"] for each in self.rows(f"privileges?$filter={named}")} if named else {}
        )
        rows = [{"PrivilegeId": found[name], "Depth": depth} for name, depth in privileges.items()]
        path = f"roles({root['roleid']})/Microsoft.Dynamics.CRM.AddPrivilegesRole"
        if rows:
            self.web_api("POST", path, {"Privileges": rows})

    # --- Partner Center

    def partner_center(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request to Partner Center as a member of the publisher's account."""
        mark = "&" if "?" in path else "?"
        answer = requests.request(
            method,
            f"{CONTROL}/admin-override/graph.microsoft.com/rp/product-ingestion/{path}{mark}$version=2022-03-01-preview3",
            json=body,
            headers={"X-Simulator-Tenant": self.publisher.tenant_id},
            proxies={"https": self.cloud.variables["HTTPS_PROXY"]},
            verify=self.cloud.variables["REQUESTS_CA_BUNDLE"],
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def product(self) -> str:
        """The id of the offer's product."""
        found = self.partner_center("GET", f"product?externalId={self.offer}")["value"][0]["id"]
        return str(found).removeprefix("product/")

    def leads(self, target: str = "draft") -> dict[str, Any]:
        """The lead destination in one state of the offer."""
        tree = self.partner_center("GET", f"resource-tree/product/{self.product}?targetType={target}")
        (found,) = [each for each in tree["resources"] if each["id"].startswith("customer-leads/")]
        one: dict[str, Any] = found
        return one

    def connect(self, **details: str) -> None:
        """Enter the connection and save the draft."""
        resource = {name: value for name, value in self.leads().items() if name not in ("validations", "resourceName")}
        given = details or {
            "authentication": "azureAD",
            "applicationId": self.application["appId"],
            "applicationKey": self.secret["secretText"],
            "directoryId": self.tenant.tenant_id,
        }
        resource["leadDestination"] = "dynamics"
        resource["dynamicsLeadConfiguration"] = {
            "instanceUrl": self.tenant.environment_url,
            "contactEmail": ["mona@contoso.example"],
            **given,
        }
        self._configure(resource)

    def publish(self, target: str = "live") -> None:
        """Publish the offer, to preview first."""
        if target == "never":
            return
        first = self._submit({"product": f"product/{self.product}", "target": {"targetType": "preview"}})
        if target == "live":
            product = f"product/{self.product}"
            self._submit({"id": first["id"], "product": product, "target": {"targetType": "live"}})

    def _submit(self, submission: dict[str, Any]) -> dict[str, Any]:
        target = submission["target"]["targetType"]
        self._configure({"$schema": f"{SCHEMA}/submission/2022-03-01-preview2", **submission})
        for _again in range(100):
            found = self.partner_center("GET", f"submission/{self.product}?targetType={target}")["value"]
            mine = [each for each in found if each["target"]["targetType"] == target]
            if mine and mine[0]["status"] == "completed":
                assert mine[0]["result"] == "succeeded", mine
                done: dict[str, Any] = mine[0]
                return done
            self.cloud.jump(1)
        raise AssertionError("it is still being published")

    def _configure(self, resource: dict[str, Any]) -> None:
        body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": [resource]}
        job = self.partner_center("POST", "configure", body)
        for _again in range(100):
            status = self.partner_center("GET", f"configure/{job['jobId']}/status")
            if status["jobStatus"] == "completed":
                assert status["jobResult"] == "succeeded", status
                return
            self.cloud.jump(1)
        raise AssertionError("the job still runs")

    def a_lead_arrives(self) -> str | None:
        """Let a customer use the offer; return why the lead did not arrive, None if it did."""
        answer = self.cloud.control("POST", f"/tenants/{self.publisher.tenant_id}/leads", {"offer": self.offer})
        error: str | None = answer["error"]
        return error
