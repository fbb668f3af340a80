# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shared by the scenarios about offers: the module for the publisher, and direct requests to the account."""

from __future__ import annotations

from typing import Any

import requests

from .cloud import CONTROL, Ansible, Cloud, Run, task

HOST = "contoso_prod"
OFFER = "contoso-offer"
SCHEMA = "https://schema.mp.microsoft.com/schema"
AS_PUBLISHER = {
    "tenant_id": "{{ lead_writer_publisher_tenant_id }}",
    "client_id": "{{ lead_writer_publisher_client_id }}",
    "client_secret": "{{ lead_writer_publisher_client_secret }}",
}


class Publisher:
    """The publisher's account of the first tenant, and the module that changes one of its offers.

    The application that writes leads is the tenant's runner, which has a secret that works and may write leads.
    """

    def __init__(self, cloud: Cloud, ansible: Ansible) -> None:
        self.cloud, self.ansible = cloud, ansible
        self.tenant = cloud.contoso
        self.handed_over: dict[str, Any] = {}

    # --- the module

    def task(self, **options: Any) -> dict[str, Any]:
        """The task that hands over the environment to the offer, with `options`; None omits an option."""
        handed_over = {f"handed_over_{name}": value for name, value in self.handed_over.items() if value is not None}
        given = {
            **AS_PUBLISHER,
            "offer": OFFER,
            "environment_url": self.tenant.environment_url,
            "application_id": self.tenant.client_id,
            "directory_id": self.tenant.tenant_id,
            "application_key": self.tenant.client_secret,
            "secret_key_id": "first",
            **handed_over,
            **options,
        }
        given = {name: value for name, value in given.items() if value is not None}
        return task("partner_center_lead_destination", **given)

    def run(
        self,
        *,
        rehearse: bool = True,
        check: bool = False,
        verbosity: int = 0,
        **options: Any,
    ) -> Run:
        """Run the module with the last handed over values; None omits an option."""
        run = self.ansible.tasks(self.task(**options), rehearse=rehearse, check=check, verbosity=verbosity)
        if run.status == 0 and not check:
            self.handed_over = self.told(run)["handed_over"]
        return run

    def told(self, run: Run) -> dict[str, Any]:
        """The lead destination that a run returned."""
        assert run.status == 0, run.output
        told: dict[str, Any] = run.result(HOST, "partner_center_lead_destination")["lead_destination"]
        return told

    def changes(self, run: Run) -> list[str]:
        """The changes of a run, without the start that all changes of the offer share."""
        assert run.status == 0, run.output
        return [each.removeprefix(f"lead_destination.{OFFER}.") for each in run.changes(HOST)]

    def configured(self, run: Run) -> int:
        """The number of change requests of a run to Partner Center."""
        return len([each for each in self.cloud.writes_since(run.mark) if "/configure" in each])

    # --- the account

    def by_hand(self, method: str, path: str, body: Any = None) -> Any:
        """Send any request to Partner Center by hand."""
        mark = "&" if "?" in path else "?"
        answer = requests.request(
            method,
            f"{CONTROL}/admin-override/graph.microsoft.com/rp/product-ingestion/{path}{mark}$version=2022-03-01-preview3",
            json=body,
            headers={"X-Simulator-Tenant": self.tenant.tenant_id},
            proxies={"https": self.cloud.variables["HTTPS_PROXY"]},
            verify=self.cloud.variables["REQUESTS_CA_BUNDLE"],
            timeout=30,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def product(self) -> str:
        """The id of the offer's product."""
        found = self.by_hand("GET", f"product?externalId={OFFER}")["value"][0]["id"]
        return str(found).removeprefix("product/")

    def leads(self, target: str = "draft") -> dict[str, Any]:
        """The lead destination in one state of the offer."""
        tree = self.by_hand("GET", f"resource-tree/product/{self.product}?targetType={target}")
        (found,) = [each for each in tree["resources"] if each["id"].startswith("customer-leads/")]
        one: dict[str, Any] = found
        return one

    def submissions(self, target: str) -> list[dict[str, Any]]:
        """All publications to a target, past and present."""
        found = self.by_hand("GET", f"submission/{self.product}?targetType={target}")["value"]
        return [each for each in found if each["target"]["targetType"] == target]

    def edit(self, resource: str, changes: dict[str, Any], target: str = "draft") -> None:
        """Change a resource of the offer like a person in the portal."""
        body = {"resource": resource, "changes": changes, "target": target}
        self.cloud.control("PATCH", f"/tenants/{self.tenant.tenant_id}/offers/{OFFER}", body)

    def begin_publication(self) -> None:
        """Publish the offer to preview like a person in the portal."""
        submission = {
            "$schema": f"{SCHEMA}/submission/2022-03-01-preview2",
            "product": f"product/{self.product}",
            "target": {"targetType": "preview"},
        }
        body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": [submission]}
        self.by_hand("POST", "configure", body)

    def a_customer_comes(self) -> str | None:
        """Let a customer use the offer; return why the lead did not arrive, None if it did."""
        answer = self.cloud.control("POST", f"/tenants/{self.tenant.tenant_id}/leads", {"offer": OFFER})
        error: str | None = answer["error"]
        return error
