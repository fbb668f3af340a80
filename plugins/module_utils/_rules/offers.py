# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Offers of the commercial marketplace: the form of their ids, and which types Partner Center's API serves."""

from __future__ import annotations

import re

from .errors import InvalidInput

NOT_SERVED = frozenset(
    {
        "azureApplication",
        "consultingService",
        "cosellOnly",
        "dynamics365BusinessCentral",
        "dynamics365ForCustomerEngagement",
        "dynamics365ForOperations",
        "iotEdgeModule",
        "managedService",
        "powerBiApp",
        "powerBiVisual",
    }
)
"""The types of products that the product ingestion API does not serve, as its own schema of a product names them.

It is documented for SaaS, virtual machines and containers (Microsoft's "Product Ingestion API"). A type that is not in
this list is tried: the service itself decides.
"""

_OFFER_ID = re.compile("[a-z0-9][a-z0-9-_]{2,49}")
"""Microsoft's schema of a product, `identity.externalId`."""
_TYPE_REFUSED = re.compile(r"\btype (\w+) is not supported", re.IGNORECASE)


def offer_id(text: str, option: str) -> str:
    """Return an offer id without surrounding spaces. Raises InvalidInput naming `option` if it is not one."""
    offer = text.strip()
    if not offer:
        raise InvalidInput(f"{option} is empty: give the offer id that Partner Center shows in the offer overview.")
    if _OFFER_ID.fullmatch(offer):
        return offer
    if _OFFER_ID.fullmatch(offer.lower()):
        raise InvalidInput(f"{option} names {offer!r}, but offer ids are in lower case: give {offer.lower()!r}.")
    raise InvalidInput(
        f"{option} names {offer!r}, which is no offer id (3 to 50 lower-case letters, digits, hyphens and "
        "underscores): give the offer id that Partner Center shows in the offer overview, not the alias."
    )


def type_refused(message: str) -> str:
    """Return the type of product that a refusal of the service says it does not serve, or an empty string."""
    found = _TYPE_REFUSED.search(message)
    return found.group(1) if found else ""


def not_served(offer: str, kind: str) -> str:
    """Return the sentence about an offer whose type, `kind`, the API does not serve."""
    return (
        f"Offer {offer!r} is of type {kind}, which Partner Center's API does not serve: leave it out (of "
        "lead_writer_offers in the role), and enter its lead destination in Partner Center from the sheet that "
        "the role writes for the environment."
    )
