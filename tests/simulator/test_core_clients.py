# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that others wrote work unmodified: only the proxy's and the certificate bundle's variables are set."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.spec import RunnerSpec, generated_tenant

from .running import RunningCloud

azure_identity = pytest.importorskip("azure.identity", reason="azure-identity is not installed")
msgraph_core = pytest.importorskip("msgraph_core", reason="msgraph-core is not installed")

NewCloud = Callable[..., RunningCloud]
GRAPH = "https://graph.microsoft.com/v1.0"
SCOPE = "https://graph.microsoft.com/.default"


@pytest.fixture
def cloud(new_cloud: NewCloud, monkeypatch: pytest.MonkeyPatch) -> RunningCloud:
    """Contoso with a runner that also has a certificate, in this process's environment variables."""
    cloud = new_cloud(dataclasses.replace(generated_tenant(1), runner=RunnerSpec(certificate=True)))
    for name, value in cloud.variables.items():
        monkeypatch.setenv(name, value)
    return cloud


@pytest.fixture(params=["secret", "certificate"])
def credential(request: pytest.FixtureRequest, cloud: RunningCloud, tmp_path: Path) -> Any:
    """A credential of Microsoft's identity library, of either kind."""
    tenant = cloud.tenant()
    if request.param == "secret":
        return azure_identity.ClientSecretCredential(tenant.id, tenant.runner.app_id, tenant.runner.secret)
    path = tmp_path / "runner.pem"
    path.write_text(tenant.directory.runner_certificate_pem())
    return azure_identity.CertificateCredential(tenant.id, tenant.runner.app_id, str(path))


def test_microsofts_identity_library_and_graph_client_do_real_work(credential: Any) -> None:
    asyncio.run(real_work(credential))


async def real_work(credential: Any) -> None:
    """List with every option, create, update, act, batch and delete with the Graph client."""
    headers = {"Authorization": f"Bearer {credential.get_token(SCOPE).token}"}
    eventual = {**headers, "ConsistencyLevel": "eventual"}
    async with msgraph_core.GraphClientFactory.create_with_default_middleware() as client:
        client.headers.update(headers)
        made = []
        for name in ("Alpha", "Beta", "Gamma"):
            response = await client.post(f"{GRAPH}/applications", json={"displayName": name})
            assert response.status_code == 201
            made.append(response.json())
        query = "$filter=startswith(displayName,'a') or displayName eq 'beta'&$orderby=displayName desc&$count=true"
        listed = await client.get(f"{GRAPH}/applications?{query}&$select=displayName&$expand=owners", headers=eventual)
        assert [item["displayName"] for item in listed.json()["value"]] == ["Beta", "Alpha"]
        url, names = f"{GRAPH}/applications?$top=2", []
        while url:
            page = (await client.get(url)).json()
            names += [item["displayName"] for item in page["value"]]
            url = page.get("@odata.nextLink")
        assert names[-3:] == ["Alpha", "Beta", "Gamma"]
        one = f"{GRAPH}/applications/{made[0]['id']}"
        assert (await client.patch(one, json={"notes": "changed"})).status_code == 204
        secret = await client.post(f"{one}/addPassword", json={"passwordCredential": {"displayName": "x"}})
        assert secret.json()["secretText"]
        batch = {"requests": [{"id": "1", "method": "GET", "url": f"/applications/{made[0]['id']}?$select=notes"}]}
        answers = (await client.post(f"{GRAPH}/$batch", json=batch)).json()["responses"]
        assert answers[0]["body"]["notes"] == "changed"
        assert (await client.delete(one)).status_code == 204
        assert (await client.get(one)).status_code == 404
