# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test lead: it arrives, and whatever keeps it from arriving is told by its cause."""

from __future__ import annotations

from typing import Any

import pytest

from .cloud import Ansible, Cloud, Run
from .configure import VAULT_PASSWORD, Configure

HOST = "contoso_prod"
PLAYBOOK = "marketplace_leads.dynamics365.validate"


def validate(ansible: Ansible, configure: Configure, *arguments: str, **options: Any) -> Run:
    """Run the playbook with the store and the vault password of configure."""
    given = ["-e", f"lead_writer_store_directory={configure.store}", "--vault-password-file", str(configure.password)]
    return ansible.playbook(PLAYBOOK, *given, *arguments, **options)


@pytest.mark.cloud("--tenants", "2")
def test_a_lead_arrives_in_what_is_configured_and_an_environment_that_is_not_says_so(
    cloud: Cloud, ansible: Ansible, configure: Configure
) -> None:
    assert configure("--limit", HOST, rehearse=False).status == 0
    run = validate(ansible, configure, verbosity=3)
    result = run.result(HOST, "dynamics_test_lead")
    assert result.get("test_lead"), run.output
    assert VAULT_PASSWORD not in run.output
