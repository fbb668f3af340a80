# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows and definitions of an environment with clients that share no code: from npm and from PyPI."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ..simulator.running import CONTROL, RunningCloud
from .conftest import Runner

URL = "https://contoso.crm4.dynamics.com"


@pytest.mark.client("dynamics-web-api")
def test_the_javascript_helper_writes_rows_references_and_batches(runner: Runner, sign_in: dict[str, str]) -> None:
    did = runner.program("dynamics_web_api.cjs", **sign_in, url=URL)

    assert did == {
        "associated": ["Doe"],
        "disassociated": [],
        "looked_up": True,
        "property": "2",
        "emptied": None,
        "changed": ["Two", ["accepted", False]],  # how this client reports that another version exists
        "batch": 2,
        "failed_batch": ["batch", [404]],
        "listed": [1, ["Batch"]],
        "organization": True,
        "me": True,
        "tables": ["account"],
        "relationships": ["contact_customer_accounts"],
        "columns": True,
        "option_sets": ["componentstate"],
        "left": 404,
    }


@pytest.mark.client("dataverse-api")
def test_a_client_that_reads_definitions_first_writes_many_rows(runner: Runner, sign_in: dict[str, str]) -> None:
    did = runner.program("many_rows.py", **sign_in, url=URL)

    assert did == {
        "schema": "Account",
        "languages": [1033],
        "multiple": [True, True],
        "ways": True,
        "created": ["Account 0", "Account 1", "Account 2"],
        "emptied": ["Account 1", "Account 2", "Changed"],
        "left": ["Changed"],
    }


@pytest.mark.client("dynamics-client")
def test_a_client_that_signs_in_by_the_basic_header_works(runner: Runner, sign_in: dict[str, str]) -> None:
    did = runner.program("basic_header.py", **sign_in, url=URL)

    assert did == {
        "me": True,
        "listed": [["Doe", "# Set-up runner"], ["Poe", "# Set-up runner"], ["Roe", "# Set-up runner"]],
        "changed": "Jane Doe",
        "left": ["Poe", "Roe"],
    }


@pytest.mark.client("airbyte-source-microsoft-dataverse")
def test_airbytes_source_discovers_every_table_and_reads_rows(
    runner: Runner, sign_in: dict[str, str], cloud: RunningCloud
) -> None:
    for number in range(5):
        made = cloud.session().post(
            f"{CONTROL}/admin-override/{URL.removeprefix('https://')}/api/data/v9.2/contacts",
            json={"lastname": f"Doe {number}", "birthdate": "2001-02-03T00:00:00Z"},
            timeout=10,
        )
        assert made.status_code == 204
    config, catalog = runner.home / "config.json", runner.home / "catalog.json"
    given = {"url": URL, "tenant_id": sign_in["tenant"], "client_id": sign_in["client"], "odata_maxpagesize": 2}
    config.write_text(json.dumps({**given, "client_secret_value": sign_in["secret"]}))
    source = runner.client.command("source-microsoft-dataverse")

    def messages(kind: str, *arguments: str) -> list[dict[str, Any]]:
        lines = runner.run(source, *arguments, "--config", str(config)).stdout.splitlines()
        return [message for message in map(json.loads, lines) if message["type"] == kind]

    assert messages("CONNECTION_STATUS", "check")[0]["connectionStatus"]["status"] == "SUCCEEDED"
    streams = {item["name"]: item for item in messages("CATALOG", "discover")[0]["catalog"]["streams"]}
    assert len(streams) == len(cloud.tenant().environments[0].data.catalogue.tables)
    contact = streams["contact"]
    assert contact["json_schema"]["properties"]["birthdate"]["format"] == "date"
    assert contact["json_schema"]["properties"]["createdon"]["format"] == "date-time"
    wanted = {"stream": contact, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    catalog.write_text(json.dumps({"streams": [wanted]}))

    read = messages("RECORD", "read", "--catalog", str(catalog))

    assert sorted(item["record"]["data"]["lastname"] for item in read) == [f"Doe {number}" for number in range(5)]
