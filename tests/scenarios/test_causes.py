# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Failures to read or write files: the reason once, although ansible-core adds the message of each cause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .cloud import Ansible

pytestmark = pytest.mark.cloud("--tenants", "1")
HOST = "contoso_prod"
NAMESPACE = "marketplace_leads.dynamics365"
NOWHERE = "/proc/nothing/contoso.json"


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file that is neither JSON nor YAML."""
    path = tmp_path / "broken.json"
    path.write_text("{[", encoding="utf-8")
    return path


def looked_up(lookup: str, path: str) -> dict[str, Any]:
    return {"ansible.builtin.debug": {"msg": f"{{{{ lookup('{NAMESPACE}.{lookup}', '{path}') }}}}"}}


@pytest.mark.parametrize("module", ["secret_store_file", "lead_writer_handover"])
def test_action_reports_an_unreadable_file_once(ansible: Ansible, broken: Path, module: str) -> None:
    run = ansible.tasks({f"{NAMESPACE}.{module}": {"path": str(broken), "state": "absent"}}, rehearse=False)
    assert run.failure(HOST).count("cannot be read") == 1


def test_action_reports_an_unwritable_file_once(ansible: Ansible) -> None:
    options = {"path": NOWHERE, "environment_url": "https://contoso.crm4.dynamics.com"}
    run = ansible.tasks({f"{NAMESPACE}.lead_writer_handover": options}, rehearse=False)
    assert run.failure(HOST).count("cannot be written") == 1
    assert run.failure(HOST).count("No such file") == 1


@pytest.mark.parametrize("lookup", ["handover", "stored_secret"])
def test_lookup_reports_an_unreadable_file_once(ansible: Ansible, broken: Path, lookup: str) -> None:
    run = ansible.tasks(looked_up(lookup, str(broken)), rehearse=False)
    assert run.failure(HOST).count("cannot be read") == 1
