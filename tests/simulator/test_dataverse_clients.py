# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's own client for environments works unmodified: only the variables for proxy and certificates are set."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.spec import RunnerSpec, generated_tenant

from .running import RunningCloud

azure_identity = pytest.importorskip("azure.identity", reason="azure-identity is not installed")
client_module = pytest.importorskip(
    "PowerPlatform.Dataverse.client", reason="PowerPlatform-Dataverse-Client is not installed"
)


@pytest.fixture(params=["secret", "certificate"])
def client(
    request: pytest.FixtureRequest,
    new_cloud: Callable[..., RunningCloud],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Any:
    """The client, signed in as contoso's runner by either kind of credential."""
    cloud = new_cloud(dataclasses.replace(generated_tenant(1), runner=RunnerSpec(certificate=True)))
    for name, value in cloud.variables.items():
        monkeypatch.setenv(name, value)
    tenant = cloud.tenant()
    if request.param == "secret":
        credential = azure_identity.ClientSecretCredential(tenant.id, tenant.runner.app_id, tenant.runner.secret)
    else:
        path = tmp_path / "runner.pem"
        path.write_text(tenant.directory.runner_certificate_pem())
        credential = azure_identity.CertificateCredential(tenant.id, tenant.runner.app_id, str(path))
    with client_module.DataverseClient(tenant.environments[0].url, credential) as found:
        yield found


def test_microsofts_client_does_all_row_operations(client: Any) -> None:
    records = client.records
    first = records.create("account", {"name": "Contoso", "telephone1": "1"})
    others = records.create("account", [{"name": f"A{number}"} for number in range(3)])
    records.update("account", first, {"name": "Changed"})
    records.update("account", others, [{"name": f"B{number}"} for number in range(3)])

    assert records.retrieve("account", first, select=["name"])["name"] == "Changed"
    found = records.list("account", select=["name"], filter="startswith(name,'B')", orderby=["name desc"])
    assert [row["name"] for row in found] == ["B2", "B1", "B0"]
    expanded = records.list("account", select=["name"], expand=["owninguser"], filter="name eq 'Changed'")
    assert [row["owninguser"]["fullname"] for row in expanded] == ["# Set-up runner"]
    assert [len(list(page)) for page in records.list_pages("account", select=["name"], page_size=3)] == [3, 1]
    for identifier in (first, *others):
        records.delete("account", identifier)
    assert list(records.list("account", select=["name"])) == []


def test_microsofts_client_sends_change_sets_with_references(client: Any) -> None:
    batch = client.batch.new()
    with batch.changeset() as changes:
        account = changes.records.create("account", {"name": "Made together"})
        changes.records.create("contact", {"lastname": "Doe", "parentcustomerid_account@odata.bind": account})
    batch.records.list("contact", select=["lastname", "_parentcustomerid_value"])

    answers = batch.execute().responses

    assert [answer.status_code for answer in answers] == [204, 204, 200]
    assert answers[2].data["value"][0]["_parentcustomerid_value"] == answers[0].entity_id


def test_microsofts_client_reads_table_definitions(client: Any) -> None:
    table = client.tables.get("lead")

    assert (table["entity_set_name"], table["primary_id_attribute"]) == ("leads", "leadid")
