# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients of others work unmodified: only the variables for proxy and certificate bundle are set.

At least two clients do each kind of work. Microsoft's pipeline for Azure and its adapter for generated clients do all
of it with Graph and with an environment; Graph's core library and, in another file, the client for environments do most
of it. Each signs in by itself, with a secret and with a certificate.
"""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simulator.spec import RunnerSpec, generated_tenant

from .office import package
from .published import GENERIC, Answer, Client, azure_identity
from .running import RunningCloud

msgraph_core = pytest.importorskip("msgraph_core", reason="msgraph-core is not installed")

NewCloud = Callable[..., RunningCloud]
GRAPH = "https://graph.microsoft.com/v1.0"
SCOPE = "https://graph.microsoft.com/.default"
ENVIRONMENT = "https://contoso.crm4.dynamics.com"


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


def test_microsofts_identity_library_works_with_its_graph_client(credential: Any) -> None:
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


@pytest.mark.parametrize("kind", GENERIC)
def test_other_clients_work_with_graph(credential: Any, kind: Callable[[Any, str], Client]) -> None:
    client = kind(credential, SCOPE)
    made = [done(client("POST", f"{GRAPH}/applications", {"displayName": name}), 201) for name in ("One", "Two", "Six")]
    one = f"{GRAPH}/applications/{made[0]['id']}"
    query = "$filter=displayName%20ne%20'Six'%20and%20startswith(displayName,'T')&$select=id,displayName&$expand=owners"
    listed = done(client("GET", f"{GRAPH}/applications?{query}&$count=true", ConsistencyLevel="eventual"))
    assert [item["displayName"] for item in listed["value"]] == ["Two"]
    ordered = done(client("GET", f"{GRAPH}/applications?$orderby=displayName&$select=displayName"))
    assert [item["displayName"] for item in ordered["value"]] == ["One", "Set-up runner", "Six", "Two"]
    assert followed(client, f"{GRAPH}/applications?$top=3&$select=displayName") == [3, 1]

    done(client("PATCH", one, {"notes": "changed"}), 204)
    secret = done(client("POST", f"{one}/addPassword", {"passwordCredential": {"displayName": "x"}}))
    done(client("POST", f"{one}/removePassword", {"keyId": secret["keyId"]}), 204)
    reads = {"id": "1", "method": "GET", "url": f"/applications/{made[0]['id']}?$select=notes"}
    assert done(client("POST", f"{GRAPH}/$batch", {"requests": [reads]}))["responses"][0]["body"]["notes"] == "changed"
    done(client("DELETE", one), 204)
    assert client("GET", one).status == 404


@pytest.mark.parametrize("kind", GENERIC)
def test_other_clients_work_with_an_environment(credential: Any, kind: Callable[[Any, str], Client]) -> None:
    base, client = f"{ENVIRONMENT}/api/data/v9.2", kind(credential, f"{ENVIRONMENT}/.default")
    made = [
        done(client("POST", f"{base}/leads", {"lastname": name}, Prefer="return=representation"), 201)
        for name in ("Doe", "Roe", "Poe")
    ]
    one = f"{base}/leads({made[0]['leadid']})"
    query = (
        "$select=lastname&$filter=lastname%20ne%20'Doe'&$orderby=lastname%20desc&$expand=owninguser($select=fullname)"
    )
    listed = done(client("GET", f"{base}/leads?{query}"))["value"]
    assert [(row["lastname"], row["owninguser"]["fullname"]) for row in listed] == [
        ("Roe", "# Set-up runner"),
        ("Poe", "# Set-up runner"),
    ]
    assert followed(client, f"{base}/leads?$select=lastname", Prefer="odata.maxpagesize=2") == [2, 1]
    done(client("PATCH", one, {"firstname": "Jane"}, If_Match="*"), 204)
    assert done(client("GET", one))["fullname"] == "Jane Doe"

    me = done(client("GET", f"{base}/WhoAmI"))  # an unbound function, and one bound to a row
    mine = done(client("GET", f"{base}/systemusers({me['UserId']})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges"))
    held = {item["PrivilegeName"]: item["PrivilegeId"] for item in mine["RolePrivileges"]}
    unit = {"businessunitid@odata.bind": f"/businessunits({me['BusinessUnitId']})"}
    role = done(client("POST", f"{base}/roles", {"name": "Readers", **unit}, Prefer="return=representation"), 201)
    grant = {"Privileges": [{"PrivilegeId": held["prvReadLead"], "Depth": "Global"}]}
    done(client("POST", f"{base}/roles({role['roleid']})/Microsoft.Dynamics.CRM.AddPrivilegesRole", grant), 204)
    read = done(client("GET", f"{base}/RetrieveRolePrivilegesRole(RoleId=@r)?@r={role['roleid']}"))["RolePrivileges"]
    assert {"PrivilegeName": "prvReadLead", "Depth": "Global"}.items() <= {
        key: value for item in read if item["PrivilegeName"] == "prvReadLead" for key, value in item.items()
    }.items()
    packed = {"CustomizationFile": base64.b64encode(package()).decode()}  # an unbound action
    assert (
        done(client("POST", f"{base}/StageSolution", packed))["StageSolutionResults"]["StageSolutionStatus"] == "Passed"
    )

    assert batched(client, base, one, f"{base}/leads?$filter=firstname%20eq%20'Batch'") == (["204", "200"], "Batch Doe")
    done(client("DELETE", one), 204)
    assert client("GET", one).status == 404


@pytest.mark.parametrize("kind", GENERIC)
def test_other_clients_retry_after_the_time_to_wait(cloud: RunningCloud, kind: Callable[[Any, str], Client]) -> None:
    runner = cloud.tenant().runner
    credential = azure_identity.ClientSecretCredential(cloud.tenant().id, runner.app_id, runner.secret)
    cloud.control(
        "POST", "/faults", {"route": "graph.microsoft.com/v1.0/organization", "status": 429, "retry_after": 1}
    )
    assert len(done(kind(credential, SCOPE)("GET", f"{GRAPH}/organization"))["value"]) == 1


def done(answer: Answer, status: int = 200) -> Any:
    """The body of an answer that has that status."""
    assert answer.status == status, answer.content
    return answer.json if answer.content else None


def followed(client: Client, url: str, **headers: str) -> list[int]:
    """How many rows each page of a list holds."""
    sizes = []
    while url:
        page = done(client("GET", url, **headers))
        sizes.append(len(page["value"]))
        url = page.get("@odata.nextLink", "")
    return sizes


def batched(client: Client, base: str, one: str, found: str) -> tuple[list[str], str]:
    """Change a lead in a change set and query it, in one batch; returns the statuses and the name."""
    batch, changes = f"batch_{uuid.uuid4()}", f"changeset_{uuid.uuid4()}"
    part = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
    body = (
        f'--{batch}\r\nContent-Type: multipart/mixed; boundary="{changes}"\r\n\r\n'
        f"--{changes}\r\n{part}Content-ID: 1\r\n\r\n"
        f"PATCH {one.removeprefix(ENVIRONMENT)} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n"
        f'{{"firstname": "Batch"}}\r\n--{changes}--\r\n'
        f"--{batch}\r\n{part}\r\nGET {found.removeprefix(ENVIRONMENT)} HTTP/1.1\r\nAccept: application/json\r\n\r\n"
        f"\r\n--{batch}--\r\n"
    )
    answer = client("POST", f"{base}/$batch", body.encode(), Content_Type=f'multipart/mixed; boundary="{batch}"')
    assert answer.status == 200, answer.content
    text = answer.content.decode()
    statuses = [line.split(" ")[1] for line in text.splitlines() if line.startswith("HTTP/1.1 ")]
    return statuses, text.partition('"fullname":"')[2].partition('"')[0]
