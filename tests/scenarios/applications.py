# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shared by the scenarios about applications: the playbook, and direct requests to the directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests

from .cloud import Ansible, Cloud, Run, Tenant, task

HOST = "contoso_prod"
UNIQUE_NAME = "lead-writer"
CRM = "00000007-0000-0000-c000-000000000000"
ALL_OPTIONS: dict[str, Any] = {
    "name": "Marketplace Lead Writer",
    "unique_name": UNIQUE_NAME,
    "sign_in_audience": "AzureADMyOrg",
    "redirect_uris": ["https://contosoapp1/auth"],
    "notes": "Made by Ansible",
    "api_permissions": [{"api": "dynamics_crm", "scopes": ["user_impersonation"]}],
    "admin_consent": True,
}


@dataclass
class Directory:
    """The directory of the first tenant, and the module that manages an application in it."""

    cloud: Cloud
    ansible: Ansible
    folder: Path

    @property
    def tenant(self) -> Tenant:
        """The tenant."""
        return self.cloud.contoso

    # --- the module

    def run(self, *, rehearse: bool = True, verbosity: int = 0, **options: Any) -> Run:
        """Run the module and store a new secret's value like a playbook; the dry run must predict the changes."""
        value = self.folder / "value"
        tasks = [
            task("aad_app", register="made", **options),
            {"name": "told", "ansible.builtin.debug": {"msg": "{{ made.changes }}"}},
            {
                "name": "store",
                "ansible.builtin.copy": {
                    "content": "{{ made.secret.value }}",
                    "dest": str(value),
                    "mode": "0600",
                },
                "when": "made.secret.value is defined",
                "connection": "local",
                "no_log": True,
            },
            {
                "name": "secret",
                "ansible.builtin.debug": {"msg": "{{ made.secret | default({}) | combine({'value': ''}) }}"},
            },
        ]
        value.unlink(missing_ok=True)
        foretold = self.changes(self.ansible.tasks(*tasks, check=True)) if rehearse else None
        run = self.ansible.tasks(*tasks, rehearse=False, verbosity=verbosity)
        if run.status == 0 and foretold is not None:
            assert foretold == self.changes(run), run.output
        return run

    def changes(self, run: Run) -> list[str]:
        """The changes that the module reported, or none if it failed."""
        return next((one.result["msg"] for one in run.of(HOST, "debug") if one.task == "told"), [])

    def secret_of(self, run: Run) -> dict[str, Any]:
        """The secret that the module returned, without its value."""
        assert run.status == 0, run.output
        return next(one.result["msg"] for one in run.of(HOST, "debug") if one.task == "secret")

    @property
    def stored_value(self) -> str:
        """The value of the secret that the last run created; empty if it created none."""
        file = self.folder / "value"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    # --- the directory

    def graph(self, method: str, path: str, body: Any = None) -> Any:
        """Send a Graph request by hand."""
        return self.cloud.graph(self.tenant, method, path, body)

    def application(self, unique_name: str = UNIQUE_NAME) -> dict[str, Any]:
        """The application with a unique name."""
        key = quote("'" + unique_name.replace("'", "''") + "'", safe="'")
        found: dict[str, Any] = self.graph("GET", f"/applications(uniqueName={key})")
        return found

    def applications(self, display_name: str = "Marketplace Lead Writer") -> list[dict[str, Any]]:
        """All applications with a display name."""
        found = self.graph("GET", "/applications")["value"]
        return [one for one in found if one["displayName"] == display_name]

    def principal(self, app_id: str) -> dict[str, Any]:
        """The service principal of an application."""
        found: dict[str, Any] = self.graph("GET", f"/servicePrincipals(appId='{app_id}')")
        return found

    def grants(self, app_id: str) -> list[dict[str, Any]]:
        """The grants of an application."""
        object_id = self.principal(app_id)["id"]
        return [one for one in self.graph("GET", "/oauth2PermissionGrants")["value"] if one["clientId"] == object_id]

    def key_ids(self, unique_name: str = UNIQUE_NAME) -> list[str]:
        """The ids of the application's secrets."""
        return [one["keyId"] for one in self.application(unique_name)["passwordCredentials"]]

    def make(self, owned: bool = True, **properties: Any) -> dict[str, Any]:
        """Create an application and its service principal by hand, with or without the runner as an owner."""
        made: dict[str, Any] = self.graph("POST", "/applications", properties)
        principal = self.graph("POST", "/servicePrincipals", {"appId": made["appId"]})
        if owned:
            runner = self.principal(self.tenant.client_id)["id"]
            owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{runner}"}
            self.graph("POST", f"/applications/{made['id']}/owners/$ref", owner)
            self.graph("POST", f"/servicePrincipals/{principal['id']}/owners/$ref", owner)
        return made

    def signs_in(self, app_id: str, value: str) -> bool:
        """Whether the lead service could sign in with a secret."""
        answer = requests.post(
            f"https://login.microsoftonline.com/{self.tenant.tenant_id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": app_id,
                "client_secret": value,
                "scope": f"{self.tenant.environment_url}/.default",
            },
            proxies={"https": self.cloud.variables["HTTPS_PROXY"]},
            verify=self.cloud.variables["REQUESTS_CA_BUNDLE"],
            timeout=30,
        )
        return answer.status_code == 200
