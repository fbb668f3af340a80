# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The handover files for Partner Center: correct, without a secret, and rewritten if lost."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from .cloud import Cloud
from .configure import Configure, Made

HOST = "contoso_prod"


class Files:
    """The two files of one environment."""

    def __init__(self, store: Path, host: str) -> None:
        self.data = store / f"{host}.handover.json"
        self.sheet = store / f"{host}.handover.md"

    @property
    def content(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.data.read_text(encoding="utf-8"))
        return content

    def texts(self) -> tuple[str, str]:
        return self.data.read_text(encoding="utf-8"), self.sheet.read_text(encoding="utf-8")

    def command(self) -> list[str]:
        """The command of the sheet, as entered in a shell."""
        (block,) = re.findall(r"```shell\n(.*)\n```", self.sheet.read_text(encoding="utf-8"))
        return shlex.split(block)


@pytest.mark.cloud("--tenants", "1")
def test_sheet_suffices_to_type_and_its_command_shows_the_secret(cloud: Cloud, configure: Configure) -> None:
    tenant = cloud.contoso
    assert configure(rehearse=False).status == 0
    files = Files(configure.store, tenant.environment_host)
    made, secret = Made(cloud, tenant), configure.stored(tenant)["secret"]
    assert files.content["dynamicsLeadConfiguration"] == {
        "instanceUrl": tenant.environment_url,
        "authentication": "azureAD",
        "applicationId": made.application["appId"],
        "directoryId": tenant.tenant_id,
        "contactEmail": [],
    }
    assert files.content["secret"]["key_id"] == made.secrets[0]["keyId"]
    data, sheet = files.texts()
    assert secret not in data + sheet
    for typed in (tenant.environment_url, made.application["appId"], tenant.tenant_id):
        assert f"| {typed} |" in sheet
    assert made.secrets[0]["endDateTime"][:19] in sheet
    assert files.data.stat().st_mode & 0o077 == files.sheet.stat().st_mode & 0o077 == 0

    command = files.command()
    assert command[0] == "ansible"
    assert command[-1] == "--ask-vault-password"
    shown = subprocess.run(
        [sys.executable, "-m", "ansible", "adhoc", *command[1:-1], "--vault-password-file", str(configure.password)],
        cwd=files.sheet.parent,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_HOME": str(configure.store)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert secret in shown.stdout, shown.stdout + shown.stderr

    # A lost or edited file is restored, and that is the only change.
    files.sheet.unlink()
    run = configure()
    assert run.changes(HOST) == ["handover"], run.output
    assert files.texts() == (data, sheet)
    files.data.write_text("{}", encoding="utf-8")
    refused = configure(rehearse=False)
    assert "was not written by this collection: move it away" in refused.output
    assert cloud.writes_since(refused.mark) == []


def test_offer_of_two_environments_stops_just_these_before_any_write(cloud: Cloud, configure: Configure) -> None:
    inventory = yaml.safe_load(cloud.inventory.read_text(encoding="utf-8"))
    for name, offer in (("contoso", "leads-app"), ("fabrikam", "Leads-App")):
        group = inventory["all"]["children"][f"tenant_{name}"]
        group["hosts"][f"{name}_prod"]["lead_writer_offers"] = [offer]
    cloud.inventory.write_text(yaml.safe_dump(inventory), encoding="utf-8")
    run = configure(rehearse=False)
    assert "lead_writer_offers of contoso_prod names leads-app, and so does fabrikam_prod" in run.failure(HOST)
    assert "and so does contoso_prod" in run.failure("fabrikam_prod")
    assert not [write for write in cloud.writes_since(run.mark) if "northwind" not in write and "graph" not in write]
    for name in ("contoso", "fabrikam"):
        assert "marketplace-lead-writer" not in str(cloud.graph(cloud.tenants[name], "GET", "/applications"))
    assert Made(cloud, cloud.tenants["northwind"]).secrets, run.output
    # Also in a run of only one of them: the comparison uses the inventory.
    alone = configure("--limit", HOST, rehearse=False)
    assert "and so does fabrikam_prod" in alone.failure(HOST)
