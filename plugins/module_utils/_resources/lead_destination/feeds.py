# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The offers that feed an environment already: by which connection, and since when.

The secret of an offer cannot be read. So the caller says which one it is, and the publication shows since when: what is
live was handed over before the publication began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..._rules.customer_leads import AZURE_AD, Connection
from ..._rules.timestamps import read_timestamp, write_exact_timestamp
from ..._services.partner_center.offers import LIVE, Offer
from .resource import goes_to

_JUST_BEFORE = timedelta(seconds=1)


@dataclass(frozen=True)
class Feed:
    """An offer that sends its leads to the environment by `connection`.

    That is the live one, or the draft's if customers' leads do not arrive here yet (`is_live` is false then).
    """

    offer: Offer
    connection: Connection
    is_live: bool

    @property
    def application_id(self) -> str:
        """The application that signs in, an empty string where it is a user."""
        return application_of(self.connection)

    @property
    def user_name(self) -> str:
        """The user that signs in, an empty string where it is an application."""
        return "" if self.application_id else self.connection.details.get("username", "")

    @property
    def directory_id(self) -> str:
        """The directory that it signs in to, an empty string where it names none."""
        return self.connection.details.get("directoryId", "").lower()

    def record(self, key_id: str, known: Mapping[str, Any], now: datetime) -> dict[str, str]:
        """Return the record that the offer holds the secret `key_id`, as the handover file keeps it.

        `known` is what the file says already; its time is kept if it is for the same secret. `now` is the handover time
        of an offer that is not live yet.
        """
        if known.get("key_id") == key_id:
            at = read_timestamp(known.get("handed_over_at") or None)
        else:
            at = told_before_publication(self.offer) if self.is_live else now
        since = self.offer.live_since(at, self.connection)
        published = self.offer.newest(LIVE) if since else None
        return {
            "key_id": key_id,
            "handed_over_at": write_exact_timestamp(at) if at else "",
            "live_since": write_exact_timestamp(since) if since else "",
            "publication": LIVE if published else "",
            "publication_since": write_exact_timestamp(published.created) if published and published.created else "",
            "submission_id": published.submission_id if published else "",
            "job_id": "",
        }


def feeds_of(offers: Iterable[Offer], url: str) -> list[Feed]:
    """Return how offers send their leads to the environment at `url`; those that do not are left out."""
    found = []
    for offer in offers:
        live, draft = offer.live_connection, offer.connection
        if live is not None and goes_to(live, url):
            found.append(Feed(offer, live, True))
        elif goes_to(draft, url):
            found.append(Feed(offer, draft, False))
    return found


def told_before_publication(offer: Offer) -> datetime | None:
    """Return a time before which the live offer got its connection; None if no publication shows one.

    What is live was in the draft when its publication began (contract: publication).
    """
    found = offer.newest(LIVE)
    if found is None:
        return None
    same = [each.created for each in offer.submissions if each.submission_id == found.submission_id and each.created]
    return min(same) - _JUST_BEFORE if same else None


def application_of(connection: Connection | None) -> str:
    """Return the application by which a connection signs in, an empty string if there is none."""
    if connection is None or connection.details.get("authentication") != AZURE_AD:
        return ""
    return connection.details.get("applicationId", "").lower()
