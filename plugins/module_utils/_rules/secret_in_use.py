# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which secret the marketplace signs in with, as far as its offers show.

An offer signs in with the secret that was handed over before its last publication. So a secret is the one in use when
every offer that sends its leads to the environment has gone live since that secret was handed over to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class OfferUse:
    """How one offer uses an environment.

    `live_here` says that the published offer sends its leads there, `handed_over` which secret was handed over last (an
    empty string when that is not known), and `live_since` since when the offer is live with it, or None.
    """

    live_here: bool
    handed_over: str = ""
    live_since: datetime | None = None


@dataclass(frozen=True)
class SecretInUse:
    """The key ID of the secret that everything uses, and since when; empty and None if unknown."""

    key_id: str = ""
    since: datetime | None = None


def secret_in_use(
    offers: Sequence[OfferUse], stored: str, confirmed: str, *, others_unsure: bool = False
) -> SecretInUse:
    """Return which secret is in use.

    `stored` is the one in the caller's store. `confirmed` is the one that the caller says is in use; it counts if no
    offer shows it: if none is named, and if none of them is live here, because then another one may be. `others_unsure`
    says that offers that cannot be read were given a secret, and may be live with an older one.
    """
    using = [offer for offer in offers if offer.live_here]
    if not using or others_unsure:
        contradicted = any(offer.handed_over != stored for offer in using)
        return SecretInUse() if contradicted else SecretInUse(confirmed)
    if all(offer.live_since is not None and offer.handed_over == stored for offer in using):
        return SecretInUse(stored, max(offer.live_since for offer in using if offer.live_since is not None))
    return SecretInUse()
