# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directory work with clients of Graph that share no code: from npm, from PyPI, and a command line."""

from __future__ import annotations

from typing import Any

import pytest

from ..simulator.running import RunningCloud
from .conftest import Runner


@pytest.mark.client("Office365-REST-Python-Client")
def test_python_client_registers_and_deletes_an_application(runner: Runner, sign_in: dict[str, str]) -> None:
    did = runner.program("office365_graph.py", **sign_in)

    assert did == {
        "found": ["Office365 app"],
        "notes": "changed",
        "owners": 1,
        "principal_of": did["app_id"],
        "secret": True,
        "listed_by_pages_of_one": 3,
        "left": 1,
        "app_id": did["app_id"],
    }


@pytest.mark.client("@microsoft/microsoft-graph-client")
def test_javascript_client_registers_and_deletes_an_application(runner: Runner, sign_in: dict[str, str]) -> None:
    did = runner.program("graph_client.cjs", **sign_in)

    assert did == {
        "listed": ["JavaScript 2", "JavaScript 1"],
        "counted": 2,
        "pages": 3,
        "notes": "changed",
        "secret": True,
        "batched": [200, 404],
        "left": 404,
    }


@pytest.mark.client("@pnp/cli-microsoft365")
def test_cli_for_microsoft_365_registers_and_removes_an_application(
    runner: Runner, sign_in: dict[str, str], cloud: RunningCloud
) -> None:
    def m365(*arguments: str) -> Any:
        return runner.json(runner.client.command("m365"), *arguments, "--output", "json")

    signed_in = m365(
        "login", "--authType", "secret", "--appId", sign_in["client"], "--tenant", sign_in["tenant"],
        "--secret", sign_in["secret"],
    )  # fmt: skip
    assert (signed_in["connectedAs"], signed_in["appTenant"]) == ("Set-up runner", sign_in["tenant"])
    scope = "https://graph.microsoft.com/User.Read"
    app = m365(
        "entra", "app", "add", "--name", "Lead", "--withSecret", "--platform", "web",
        "--redirectUris", "https://contoso.example/one", "--apisDelegated", scope, "--grantAdminConsent",
    )  # fmt: skip
    named = ("--appId", app["appId"])
    m365("entra", "app", "set", *named, "--platform", "web", "--redirectUris", "https://contoso.example/two")
    m365("entra", "app", "role", "add", *named, "--name", "Reader", "--description", "Reads", "--claim", "Reader",
         "--allowedMembers", "applications")  # fmt: skip

    assert [item["permission"] for item in m365("entra", "app", "permission", "list", *named)] == ["User.Read"]
    assert [item["value"] for item in m365("entra", "app", "role", "list", *named)] == ["Reader"]
    shown = m365("entra", "app", "get", *named)
    assert set(shown["web"]["redirectUris"]) == {"https://contoso.example/one", "https://contoso.example/two"}
    grants = cloud.admin_override().get(
        f"/oauth2PermissionGrants?$filter=clientId eq '{_principal(cloud, app['appId'])}'"
    )
    assert [grant["scope"] for grant in grants["value"]] == ["User.Read"]
    assert "access_token" in cloud.sign_in(
        "https://graph.microsoft.com", credential=app["secrets"][0]["value"], client_id=app["appId"]
    )

    m365("entra", "app", "remove", *named, "--force")
    assert app["appId"] not in {item["appId"] for item in m365("entra", "app", "list")}


@pytest.mark.client("@pnp/cli-microsoft365")
def test_cli_for_microsoft_365_signs_in_with_a_certificate(
    runner: Runner, sign_in: dict[str, str], cloud: RunningCloud
) -> None:
    m365 = runner.client.command("m365")
    pem = runner.home / "runner.pem"
    pem.write_text(cloud.tenant().directory.runner_certificate_pem())
    runner.run(
        m365, "login", "--authType", "certificate", "--appId", sign_in["client"], "--tenant", sign_in["tenant"],
        "--certificateFile", str(pem),
    )  # fmt: skip
    url = cloud.tenant().environments[0].url
    api = f"{url}/api/data/v9.2"

    me = runner.json(m365, "request", "--url", f"{api}/WhoAmI", "--resource", url, "--output", "json")
    body = '{"lastname": "Doe"}'
    runner.run(
        m365, "request", "--method", "post", "--url", f"{api}/leads", "--resource", url, "--body", body,
        "--content-type", "application/json",
    )  # fmt: skip

    assert me["OrganizationId"] == cloud.tenant().environments[0].organization_id
    found = runner.json(m365, "request", "--url", f"{api}/leads?$select=lastname", "--resource", url, "-o", "json")
    assert [row["lastname"] for row in found["value"]] == ["Doe"]


def _principal(cloud: RunningCloud, app_id: str) -> str:
    found: str = cloud.admin_override().get(f"/servicePrincipals(appId='{app_id}')")["id"]
    return found
