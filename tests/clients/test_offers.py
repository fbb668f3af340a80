# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lead destinations and publications of an offer, with the client that Red Hat uses to publish its offers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from simulator.spec import generated_tenant

from ..simulator.running import RunningCloud
from .conftest import Runner


@pytest.fixture
def cloud(new_cloud: Callable[..., RunningCloud]) -> RunningCloud:
    """Contoso with an offer, whose jobs take no time."""
    spec = dataclasses.replace(generated_tenant(1), offers=("contoso-offer",))
    return new_cloud(spec, configure_seconds=0.0, publish_seconds=0.5, partner_center_needs_test_lead=False)


@pytest.mark.client("cloudpub")
def test_cloudpub_hands_a_destination_over_and_publishes_to_live(
    runner: Runner, sign_in: dict[str, str], cloud: RunningCloud
) -> None:
    handed_over = {
        "instanceUrl": "https://fabrikam.crm4.dynamics.com",
        "authentication": "azureAD",
        "applicationId": sign_in["client"],
        "applicationKey": sign_in["secret"],
        "directoryId": sign_in["tenant"],
    }
    changes = {"leadDestination": "dynamics", "dynamicsLeadConfiguration": handed_over}
    offer = "/tenants/contoso/offers/contoso-offer"
    cloud.control("PATCH", offer, {"resource": "customer-leads", "changes": changes})

    url = cloud.tenant().environments[0].url
    did = runner.program("cloudpub_live.py", **sign_in, publisher="contoso", offer="contoso-offer", instance_url=url)

    assert did == {
        "products": ["contoso-offer"],
        "configured": "succeeded",
        "targets": ["draft", "live", "preview"],
        "preview": "succeeded",
        "live": "succeeded",
        "destination": "dynamics",
        "state": "completed",
    }
    leads = cloud.tenant().environments[0].data.rows["lead"]
    before = len(leads)  # a publication writes a test lead
    assert cloud.control("POST", "/tenants/contoso/leads", {"offer": "contoso-offer"})["delivered"]
    assert (before > 0, len(leads) - before) == (True, 1)
