# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shared by the scenarios about users: the playbook, and direct requests to the directory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from .cloud import Ansible, Cloud, Run, Tenant, task

CLOUD = str(Path(__file__).parent / "clouds" / "people.yml")
"""The tenants of these scenarios."""

HOST = "contoso_prod"
NAME = "leads@contoso.onmicrosoft.com"
SALES = "DYN365_ENTERPRISE_SALES"
SALES_ID = "1e1a282c-9c54-43a2-9310-98ef728faace"
DAY = 86400
_SAMPLE_CLIENT = "51f81489-12ee-4a9e-aaae-a2591f45987d"


@dataclass
class Person:
    """The user that writes leads in the first tenant, and the module that manages it."""

    cloud: Cloud
    ansible: Ansible
    folder: Path
    known: str = ""

    @property
    def tenant(self) -> Tenant:
        """The tenant."""
        return self.cloud.contoso

    def run(self, *, rehearse: bool = True, verbosity: int = 0, **options: Any) -> Run:
        """Run the module and store a new password like a playbook; the dry run must predict the changes."""
        value = self.folder / "password"
        wanted = {
            "user_principal_name": NAME,
            "display_name": "Lead Writer",
            "usage_location": "SE",
            "licenses": [SALES],
            "password_renew_before_days": 14,
            "known_password_changed": self.known,
            **options,
        }
        tasks = [
            task("aad_user", register="made", **{name: each for name, each in wanted.items() if each is not None}),
            {"name": "told", "ansible.builtin.debug": {"msg": "{{ made.changes }}"}},
            {
                "name": "store",
                "ansible.builtin.copy": {"content": "{{ made.password.value }}", "dest": str(value), "mode": "0600"},
                "when": "made.password.value is defined",
                "connection": "local",
                "no_log": True,
            },
            {
                "name": "password",
                "ansible.builtin.debug": {"msg": "{{ made.password | default({}) | combine({'value': ''}) }}"},
            },
        ]
        value.unlink(missing_ok=True)
        limit = ("--limit", HOST)
        foretold = self.changes(self._play(tasks, *limit, check=True)) if rehearse else None
        run = self._play(tasks, *limit, rehearse=False, verbosity=verbosity)
        if run.status == 0:
            assert foretold in (None, self.changes(run)), run.output
            self.known = self.told(run, "password").get("changed_date_time") or ""
        return run

    def _play(self, tasks: list[dict[str, Any]], *arguments: str, **options: Any) -> Run:
        path = self.folder / "user.yml"
        path.write_text(_playbook(tasks), encoding="utf-8")
        return self.ansible.playbook(str(path), *arguments, **options)

    def changes(self, run: Run) -> list[str]:
        """The changes that the module reported, or none if it failed."""
        return self.told(run, "told") or []

    def told(self, run: Run, name: str) -> Any:
        """The output of a task of the play."""
        return next((one.result["msg"] for one in run.of(HOST, "debug") if one.task == name), {})

    @property
    def password(self) -> str:
        """The password that the last run set; empty if it set none."""
        file = self.folder / "password"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    # --- the directory

    def graph(self, method: str, path: str, body: Any = None) -> Any:
        """Send a Graph request by hand."""
        return self.cloud.graph(self.tenant, method, path, body)

    def user(self) -> dict[str, Any]:
        """The user, with the properties that a plain read omits."""
        selected = "id,displayName,accountEnabled,usageLocation,assignedLicenses,lastPasswordChangeDateTime"
        found: dict[str, Any] = self.graph("GET", f"/users/{NAME}?$select={selected}")
        return found

    def users(self) -> list[dict[str, Any]]:
        """All users with that name."""
        found = self.graph("GET", "/users")["value"]
        return [one for one in found if one["userPrincipalName"] == NAME]

    def trait(self, **traits: Any) -> None:
        """Change hidden properties of the user, such as `_requires_mfa`."""
        path = f"/tenants/{self.tenant.tenant_id}/objects/user/{self.user()['id']}"
        self.cloud.control("PATCH", path, traits)

    def signs_in(self, password: str) -> bool:
        """Whether the lead service could sign in."""
        answer = requests.post(
            f"https://login.microsoftonline.com/{self.tenant.tenant_id}/oauth2/v2.0/token",
            data={
                "grant_type": "password",
                "client_id": _SAMPLE_CLIENT,
                "username": NAME,
                "password": password,
                "scope": f"{self.tenant.environment_url}/.default",
            },
            proxies={"https": self.cloud.variables["HTTPS_PROXY"]},
            verify=self.cloud.variables["REQUESTS_CA_BUNDLE"],
            timeout=30,
        )
        return answer.status_code == 200


def _playbook(tasks: list[dict[str, Any]]) -> str:
    return str(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}], sort_keys=False))
