# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running the playbook configure, and undoing its changes by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from packages.build import file_name, package

from .cloud import Ansible, Cloud, Run, Tenant

PLAYBOOK = "marketplace_leads.dynamics365.configure"
VAULT_PASSWORD = "a-password-for-tests"
FRESH = [
    "solution",
    "application",
    "service_principal",
    "application.secret",
    "stored_secret",
    "role.privileges",
    "role.isinherited",
    "application_user",
    "application_user.roles",
    "handover",
]
"""The changes of a first run, in order."""


class Configure:
    """Runs configure for a cloud's tenants with one package, one store and one vault password."""

    def __init__(self, cloud: Cloud, ansible: Ansible, folder: Path) -> None:
        self._cloud = cloud
        self._ansible = ansible
        self.store = folder / "store"
        self.package = folder / file_name()
        self.package.write_bytes(package())
        self.password = folder / "vault_password"
        self.password.write_text(VAULT_PASSWORD, encoding="utf-8")

    def __call__(
        self,
        *arguments: str,
        vault: bool = True,
        variables: dict[str, Any] | None = None,
        playbook: str = PLAYBOOK,
        **options: Any,
    ) -> Run:
        """Run the playbook, or another one of the collection; `variables` are extra variables."""
        extra = {
            "lead_writer_solution_path": str(self.package),
            "lead_writer_store_directory": str(self.store),
            **(variables or {}),
        }
        given = [
            "-e",
            yaml.safe_dump({k: v for k, v in extra.items() if v is not None}, default_flow_style=True, width=10**6),
        ]
        secret = ["--vault-password-file", str(self.password)] if vault else []
        return self._ansible.playbook(playbook, *given, *secret, *arguments, **options)

    def stored(self, tenant: Tenant) -> dict[str, Any]:
        """Return the store's file of a tenant's environment, with the secret decrypted."""
        from ansible.parsing.vault import VaultLib, VaultSecret

        vault = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])

        class Loader(yaml.SafeLoader):
            pass

        Loader.add_constructor("!vault", lambda loader, node: vault.decrypt(node.value.encode()).decode())
        text = (self.store / f"{tenant.environment_host}.yml").read_text(encoding="utf-8")
        content: dict[str, Any] = yaml.load(text, Loader=Loader)  # noqa: S506  # a safe loader that knows one tag more
        return content


class Made:
    """The objects that configure created for one tenant, read by hand."""

    def __init__(self, cloud: Cloud, tenant: Tenant) -> None:
        self._cloud = cloud
        self._tenant = tenant

    @property
    def application(self) -> dict[str, Any]:
        """The one application of the environment."""
        every = self._cloud.graph(self._tenant, "GET", "/applications")["value"]
        (found,) = [each for each in every if (each["uniqueName"] or "").startswith("marketplace-lead-writer")]
        one: dict[str, Any] = found
        return one

    @property
    def service_principals(self) -> list[dict[str, Any]]:
        """The service principals of that application."""
        every = self._cloud.graph(self._tenant, "GET", "/servicePrincipals")["value"]
        return [each for each in every if each["appId"] == self.application["appId"]]

    @property
    def secrets(self) -> list[dict[str, Any]]:
        """The readable properties of its secrets."""
        found: list[dict[str, Any]] = self.application["passwordCredentials"]
        return found

    @property
    def users(self) -> list[dict[str, Any]]:
        """The application users of that application, with their roles."""
        return self._cloud.rows(
            self._tenant,
            f"systemusers?$filter=applicationid eq {self.application['appId']}&$expand=systemuserroles_association",
        )

    @property
    def role(self) -> dict[str, Any]:
        """The root copy of the security role."""
        (found,) = self._cloud.rows(
            self._tenant, "roles?$filter=name eq 'Microsoft Marketplace Lead Writer' and _parentroleid_value eq null"
        )
        return found

    @property
    def privileges(self) -> dict[str, str]:
        """The role's privileges: levels by name."""
        path = f"RetrieveRolePrivilegesRole(RoleId={self.role['roleid']})"
        rows = self._cloud.web_api(self._tenant, "GET", path)["RolePrivileges"]
        return {row["PrivilegeName"]: row["Depth"] for row in rows}

    @property
    def solution(self) -> dict[str, Any]:
        """The solution."""
        (found,) = self._cloud.rows(
            self._tenant, "solutions?$filter=uniquename eq 'MicrosoftMarketplacesLeadIntegrationSolution'"
        )
        return found
