# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether an environment blocks unmanaged customizations: yes, no, or unknown."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.environment import settings
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.environment.client import (
    EnvironmentClient,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.run_cache import RunCache
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import (
    CLIENTS,
    Network,
    answer,
)

LOCKDOWN = "IsLockdownOfUnmanagedCustomizationEnabled"
DENIED = {"error": {"code": "0x80040220", "message": "Principal user is missing prvReadOrganization privilege"}}


def environment(network: Network) -> EnvironmentClient:
    return cast(EnvironmentClient, CLIENTS["environment"](network))


def organization(text: str | None) -> dict[str, Any]:
    return {"value": [{"orgdborgsettings": text}]}


@pytest.mark.parametrize(
    ("said", "blocks"),
    [
        (organization(f"<OrgSettings><{LOCKDOWN}>true</{LOCKDOWN}></OrgSettings>"), True),
        (organization(f"<OrgSettings><{LOCKDOWN}> 1 </{LOCKDOWN}></OrgSettings>"), True),
        (organization(f"<OrgSettings><{LOCKDOWN}>false</{LOCKDOWN}></OrgSettings>"), False),
        (organization("<OrgSettings><Other>true</Other></OrgSettings>"), False),
        (organization(None), False),
        (organization("<OrgSettings>"), None),
        (organization("<!DOCTYPE x><OrgSettings />"), None),
        ({"value": []}, None),
    ],
)
def test_the_setting_is_read_from_the_organization(said: dict[str, Any], blocks: bool | None) -> None:
    assert settings.blocks_unmanaged_customizations(environment(Network(said))) is blocks


def test_setting_is_unknown_to_a_runner_who_cannot_read_it() -> None:
    assert settings.blocks_unmanaged_customizations(environment(Network(answer(DENIED, 403)))) is None


@pytest.mark.parametrize("said", [organization("<OrgSettings />"), organization("<broken")])
def test_the_setting_is_read_once_in_a_run(said: dict[str, Any], tmp_path: Path) -> None:
    network = Network(said)
    client = environment(network)
    client.sign_in.cache = RunCache(str(tmp_path))
    first, second = (settings.blocks_unmanaged_customizations(client) for _time in range(2))
    assert first is second
    assert len(network.sent) == 1


def test_failure_of_the_service_is_not_an_answer() -> None:
    with pytest.raises(CallFailed):
        settings.blocks_unmanaged_customizations(environment(Network(answer("", 500))))
