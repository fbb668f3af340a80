# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which licenses allow writing leads: the service plans in a product decide, not the product's name.

Source of the names: Microsoft's "Product names and service plan identifiers for licensing", edition of July 2026. That
each of these plans allows writing leads is inferred from their names.
"""

from __future__ import annotations

from collections.abc import Iterable

LEAD_PLANS = (
    "DYN365_ENTERPRISE_SALES",
    "DYN365_SALES_PRO",
    "DYN365_ENTERPRISE_P1",
    "DYN365_ENTERPRISE_SALES_GOV",
    "DYN365_SALES_PRO_GOV",
    "D365_SALES_ENT_ATTACH",
    "D365_SALES_PRO_ATTACH",
    "DYN365_SALES_ENTERPRISE_VIRAL_TRIAL",
)
"""Service plans by name, the preferred ones first: an attached license needs a license of another product, and a trial
ends."""

_RANKS = {name: rank for rank, name in enumerate(LEAD_PLANS)}


def lead_rank(plans: Iterable[str]) -> int | None:
    """Return how suitable a product with these service plans is for writing leads, 0 for best; None if it is not."""
    return min((_RANKS[name.upper()] for name in plans if name.upper() in _RANKS), default=None)
