# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where offers send their leads, and which of them send them to one environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._rules.offers import offer_id
from ..._services.partner_center.client import PartnerCenterClient
from ..._services.partner_center.offers import Offer, read_offers
from .resource import goes_to, shown_state

OPTIONS: dict[str, dict[str, Any]] = {
    "offers": {"type": "list", "elements": "str", "required": True},
    "environment_url": {"type": "str"},
    "api_version": {"type": "str"},
}


def lead_destinations(client: PartnerCenterClient, names: Sequence[str], url: str | None) -> dict[str, Any]:
    """Return where each offer sends its leads, and which send them to the environment at `url` if that is given.

    Raises InvalidInput, CallFailed or SignInFailed.
    """
    offers = [*read_offers(client, [offer_id(name, "offers") for name in names]).values()]
    return {
        "lead_destinations": [_described(offer) for offer in offers],
        "live_here": [offer.external_id for offer in offers if url and goes_to(offer.live_connection, url)],
        "draft_here": [offer.external_id for offer in offers if url and goes_to(offer.connection, url)],
    }


def _described(offer: Offer) -> dict[str, Any]:
    return {
        "offer": offer.external_id,
        "product_id": offer.product_id,
        "draft": shown_state(offer.draft),
        "live": shown_state(offer.live),
    }
