# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Offers: since when leads reach the right destination, by the dates of publications."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.customer_leads import Connection
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.partner_center.offers import (
    Offer,
    State,
    Submission,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.partner_center.problems import (
    problems_in,
)

HANDED_OVER = datetime(2026, 5, 1, 12, tzinfo=UTC)
BEFORE, AFTER, LATER = (HANDED_OVER + timedelta(hours=hours) for hours in (-1, 1, 2))
DETAILS = {"instanceUrl": "https://contoso.crm4.dynamics.com", "authentication": "azureAD"}
WANTED = Connection("dynamics", DETAILS)
LEADS = {"id": "customer-leads/1", "leadDestination": "dynamics", "dynamicsLeadConfiguration": DETAILS}
NOWHERE = {"id": "customer-leads/1", "leadDestination": "none"}


def submission(target: str, created: datetime | None, number: int = 1, result: str = "succeeded") -> Submission:
    return Submission(f"submission/1/{number}", target, "completed", result, created)


def offer(*submissions: Submission, live: dict[str, Any] | str | None = "as the draft") -> Offer:
    state = None if live is None else State({"customer-leads/1": LEADS if isinstance(live, str) else live})
    return Offer("an-offer", "1", State({"customer-leads/1": LEADS}), state, submissions)


@pytest.mark.parametrize(
    ("read", "since"),
    [
        (offer(submission("live", AFTER)), AFTER),
        (offer(submission("live", AFTER), submission("live", LATER, 2)), LATER),
        (offer(submission("live", BEFORE)), None),
        (offer(submission("live", HANDED_OVER)), None),
        (offer(submission("live", AFTER, result="failed")), None),
        (offer(submission("preview", AFTER)), None),
        (offer(submission("live", None)), None),
        (offer(submission("live", AFTER), live=NOWHERE), None),
        (offer(live=None), None),
        # It went live after the handover, but with the preview from before it.
        (offer(submission("preview", BEFORE), submission("live", AFTER)), None),
        (offer(submission("preview", AFTER), submission("live", LATER)), LATER),
        (offer(submission("preview", BEFORE, 1), submission("live", AFTER, 2)), AFTER),
    ],
)
def test_secret_is_live_only_by_a_publication_that_can_hold_it(read: Offer, since: datetime | None) -> None:
    assert read.live_since(HANDED_OVER, WANTED) == since


def test_without_the_handover_time_nothing_is_known_to_be_live() -> None:
    assert offer(submission("live", AFTER)).live_since(None, WANTED) is None


def test_lead_destination_and_service_fields_are_not_others_changes() -> None:
    listing = {"id": "listing/1", "title": "A title", "$schema": "https://old.example/schema/listing/1"}
    shown = {**listing, "$schema": "https://new.example/schema/listing/1", "validations": [], "resourceName": "x"}
    draft = State({"customer-leads/1": LEADS, "listing/1": shown})
    live = State({"customer-leads/1": NOWHERE, "listing/1": listing})
    assert draft.differing(live) == []
    assert State({"listing/1": {**listing, "title": "Another"}, "plan/1": {}}).differing(live) == ["listing/1"]
    assert draft.differing(State()) == ["listing/1"]


def test_addresses_of_uploads_are_not_changes_of_others() -> None:
    def state(signature: str, name: str = "logo.png") -> State:
        image = {"fileName": name, "url": f"https://files.example/logo?{signature}"}
        return State({"listing-asset/1": image, "listing-trailer/1": {"assets": {"en-us": {"imageList": [image]}}}})

    assert state("first").differing(state("second")) == []
    assert state("first").differing(state("first", "other.png")) == ["listing-asset/1", "listing-trailer/1"]


def test_nested_problems_are_reported_completely() -> None:
    items = [
        {
            "code": "businessValidationError",
            "resourceId": "customer-leads/1",
            "message": "No.",
            "details": [{"code": "invalidState", "message": None, "resourceId": {"externalId": "x"}}],
        }
    ]
    assert problems_in(items) == (
        "businessValidationError for customer-leads/1: No",
        "invalidState: no reason given",
    )
