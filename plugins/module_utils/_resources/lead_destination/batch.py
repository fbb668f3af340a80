# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The offers that send their leads to one environment: read before the application is planned, planned after it.

The secret that the published offers sign in with decides which old secrets may be removed; the application's secret
then decides what is handed over.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._desired_state.plan import Plan
from ..._rules.customer_leads import DYNAMICS, Connection
from ..._rules.errors import InvalidInput
from ..._rules.offers import offer_id
from ..._rules.secret_in_use import OfferUse, SecretInUse, secret_in_use
from ..._rules.timestamps import read_timestamp
from ..._services.partner_center.client import PartnerCenterClient
from ..._services.partner_center.offers import Offer, State, read_offers
from .resource import DesiredLeadDestination, LeadDestinationResource

OPTIONS: dict[str, dict[str, Any]] = {
    "offers": {"type": "list", "elements": "str", "default": []},
    "contact_emails": {"type": "list", "elements": "str"},
    "publish": {"type": "str", "choices": ["never", "preview", "live"], "default": "never"},
    "publish_other_changes": {"type": "bool", "default": False},
    "publish_again": {"type": "bool", "default": False},
    "publish_timeout": {"type": "int", "default": 60},
    "api_version": {"type": "str"},
    "replace_other_destination": {"type": "bool", "default": False},
    "handed_over": {"type": "dict", "default": {}},
    "secret_in_use_key_id": {"type": "str", "no_log": False},
    "refusal": {"type": "str"},
}
"""The options of an environment's offers inside the plan of the whole environment."""


_OFFERS_OPTION = "lead_destinations.offers (lead_writer_offers in the role)"


class LeadDestinations:
    """Plans the lead destinations of an environment's offers."""

    def __init__(
        self,
        open_client: Callable[[], PartnerCenterClient],
        options: Mapping[str, Any],
        environment_url: str,
        options_of_one: Callable[[Mapping[str, Any]], dict[str, Any]],
    ) -> None:
        """`options` are those of OPTIONS; `options_of_one` checks the options of one offer's destination."""
        self._open_client = open_client
        self._options = options
        self._environment_url = environment_url
        self._options_of_one = options_of_one
        self._offers: dict[str, Offer] = {}
        self._client: PartnerCenterClient | None = None
        self._states: list[dict[str, Any]] = []

    def read(self) -> None:
        """Read all offers in parallel.

        Raises InvalidInput if another host of the inventory claims one of them, and the exceptions of reading.
        """
        if self._options["refusal"]:
            raise InvalidInput(str(self._options["refusal"]))
        names: Sequence[str] = self._options["offers"]
        if not names:
            return
        self._client = self._open_client()
        self._offers = read_offers(self._client, [offer_id(name, _OFFERS_OPTION) for name in names])

    @property
    def offers(self) -> list[Offer]:
        """The offers, after `read`."""
        return [*self._offers.values()]

    def in_use(self, stored_key_id: str) -> SecretInUse:
        """Return which secret of the application the offers sign in with. `stored_key_id` is the stored one."""
        uses = [self._use(name, offer) for name, offer in self._offers.items()]
        # Offers that are no longer named cannot be read; their record says whether they were live with the stored one.
        unseen = [self._record(name) for name in self._options["handed_over"] if name not in self._offers]
        unsure = [
            record
            for record in unseen
            if record.get("key_id") and not (record["key_id"] == stored_key_id and record.get("live_since"))
        ]
        confirmed = self._options["secret_in_use_key_id"] or ""
        return secret_in_use(uses, stored_key_id, confirmed, others_unsure=bool(unsure))

    def signed_in_as(self, user_name: str) -> bool:
        """Say whether a published offer writes its leads to the environment as a user."""
        wanted = Connection(DYNAMICS, {"instanceUrl": self._environment_url, "username": user_name})
        live = [offer.live_connection for offer in self._offers.values()]
        return any(each is not None and each.destination == DYNAMICS and not each.differing(wanted) for each in live)

    def password_may_change(self, user_name: str) -> bool:
        """Say whether a new password is safe, as far as the offers show.

        It takes effect at once, and published offers use the old one until they are published again. So either this run
        publishes them, or none of them signs in as that user. Without named offers, this is unknown.
        """
        if not self._offers:
            return False
        return not self.signed_in_as(user_name) or (
            self._options["publish"] == "live" and all(self._can_go_live(offer) for offer in self._offers.values())
        )

    def _can_go_live(self, offer: Offer) -> bool:
        """Say whether nothing is known that prevents this run from publishing an offer."""
        if offer.running is not None or offer.failure_since(None) is not None:
            return False
        return self._options["publish_other_changes"] or not offer.draft.differing(offer.live or State())

    def plan(self, details: Mapping[str, Any], key_id: str) -> Plan:
        """Plan the handover and the publication.

        `details` are application_id and directory_id, or user_name, with authentication. `key_id` says which secret is
        to be handed over; it is the nil GUID until that secret exists.
        """
        plan = Plan()
        for name, offer in self._offers.items():
            given = {
                "offer": name,
                "environment_url": self._environment_url,
                "secret_key_id": key_id,
                "handed_over_key_id": self._record(name).get("key_id") or "",
                "handed_over_at": self._record(name).get("handed_over_at"),
                "publication_job_id": self._record(name).get("job_id") or "",
                **{
                    option: self._options[option]
                    for option in (
                        *("contact_emails", "publish", "publish_other_changes", "publish_again", "publish_timeout"),
                        "replace_other_destination",
                    )
                },
                **details,
            }
            wanted = DesiredLeadDestination.from_options(self._options_of_one(given))
            if self._client is None:
                raise AssertionError("offers are planned after they were read")
            resource = LeadDestinationResource(self._client, wanted, offer)
            plan += resource.plan()
            self._states.append(resource.state()["lead_destination"])
        return plan

    def state(self) -> list[dict[str, Any]]:
        """Return the lead destination of each offer, after `plan`."""
        return self._states

    def _use(self, name: str, offer: Offer) -> OfferUse:
        live, here = offer.live_connection, Connection(DYNAMICS, {"instanceUrl": self._environment_url})
        record = self._record(name)
        # A later change of the published destination may have changed its secret too.
        unchanged = live is not None and not live.differing(offer.connection)
        at = read_timestamp(record.get("handed_over_at")) if unchanged else None
        return OfferUse(
            live_here=live is not None and live.destination == DYNAMICS and not live.differing(here),
            handed_over=str(record.get("key_id") or ""),
            live_since=offer.published_since("live", at),
        )

    def _record(self, name: str) -> Mapping[str, Any]:
        record = self._options["handed_over"].get(name) or {}
        return record if isinstance(record, Mapping) else {}
