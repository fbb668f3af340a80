# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An offer's lead destination: handed over to the draft, and published where the caller wants that.

Customers meet the live offer, so nothing that is handed over counts before the offer is published again. Secrets are
read as asterisks; which one the draft holds is known only to whoever handed it over, by its key id.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from .._desired_state.plan import Plan
from .._rules.customer_leads import (
    DYNAMICS,
    NONE,
    Connection,
    mask_of,
    plain,
    resource_with,
    without_secrets,
)
from .._rules.errors import InvalidInput
from .._rules.timestamps import write_exact_timestamp
from .._rules.words import snake_case
from .._services.partner_center.client import PartnerCenterClient
from .._services.partner_center.offers import DRAFT, LIVE, PREVIEW, Offer, State, newest, read_offer, read_state
from .._services.partner_center.publication import OfferChanges
from .._transport.errors import CallFailed
from .lead_destination_options import OPTIONS, SecretWanted, Wanted

__all__ = ["OPTIONS", "LeadDestinationResource", "SecretWanted", "Wanted"]

_SHOWN = 5
"""How many of other people's changes a sentence names."""


class LeadDestinationResource:
    """Plans the lead destination of one offer."""

    def __init__(
        self,
        client: PartnerCenterClient,
        wanted: Wanted,
        offer: Offer | None = None,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """C(offer) is the offer if it has been read already; C(tell) shows how far something long has come."""
        self._client = client
        self._wanted = wanted
        self._read = offer
        self._tell = tell
        self._new_secret = False
        self._left_alone = False
        self._pending = False
        self._written = False
        self._handed_over_key_id = wanted.secret.handed_over_key_id if wanted.secret else ""
        self._handed_over_at = wanted.secret.handed_over_at if wanted.secret else None

    @property
    def offer(self) -> Offer:
        """The offer as it was read last."""
        if self._read is None:
            self._read = read_offer(self._client, self._wanted.offer)
        return self._read

    def plan(self) -> Plan:
        """Plan what the draft lacks, the secret, and the publication.

        Raises InvalidInput when the draft sends leads to another kind of destination, or when publishing would publish
        what other people have changed, unless the caller allows that.
        """
        plan = Plan()
        self._left_alone = self._is_none_of_ours()
        if self._left_alone:
            return plan
        self._check_kind()
        self._plan_draft(plan)
        self._plan_publication(plan)
        return plan

    def state(self) -> dict[str, Any]:
        """Return where the offer sends its leads, as draft and live, and what of it is still to be published."""
        offer = self.offer
        since = self._live_since(offer)
        return {
            "lead_destination": {
                "offer": offer.external_id,
                "product_id": offer.product_id,
                "draft": shown_state(offer.draft),
                "live": shown_state(offer.live),
                "handed_over": {"key_id": self._handed_over_key_id, "at": _written(self._handed_over_at)},
                "live_since": _written(since),
                "publish_needed": not self._left_alone and (self._pending or self._stands(offer) != LIVE),
            }
        }

    # --- planning

    def _is_none_of_ours(self) -> bool:
        """Say whether leads are to be turned away from an environment that this offer does not send them to."""
        here = self._wanted.only_from
        return here is not None and not any(
            goes_to(connection, here) for connection in (self.offer.connection, self.offer.live_connection)
        )

    def _check_kind(self) -> None:
        now, wanted = self.offer.connection, self._wanted.connection
        mine = self._wanted.only_from is not None and goes_to(now, self._wanted.only_from)
        if (
            now.destination not in (wanted.destination, NONE)
            and not mine
            and not self._wanted.replace_other_destination
        ):
            raise InvalidInput(
                f"Offer {self.offer.external_id!r} sends its leads to {now.destination}, not to {wanted.destination}: "
                "set replace_other_destination to true to give that up, or leave the offer out."
            )

    def _plan_draft(self, plan: Plan) -> None:
        wanted, secret = self._wanted, self._wanted.secret
        for name, (before, after) in self.offer.connection.differing(wanted.connection).items():
            plan.add(self._path(name), before, after, self._write)
        if secret is not None:
            kept = self._kept_mask(secret) is not None
            self._new_secret = not kept or secret.is_new
            if self._new_secret:
                before = secret.handed_over_key_id if kept else None
                plan.add(self._path("secret"), before or None, secret.key_id or "handed over", self._write)
                if secret.value is None:
                    plan.shown_only(
                        f"{secret.option} is missing: offer {self.offer.external_id!r} needs the value of the secret "
                        "that is handed over."
                    )
        for option in wanted.unknown:
            plan.shown_only(f"{option} is the nil GUID, which stands for an application that is yet to be made.")
        if wanted.environment is not None and wanted.environment.cloud.name != "public":
            plan.findings.append(
                f"{wanted.environment.host} lies in the cloud {wanted.environment.cloud.name}, and Microsoft does not "
                "say whether the marketplace writes leads to environments outside of the public cloud: "
                "look for a test lead after the offer was published."
            )

    def _plan_publication(self, plan: Plan) -> None:
        offer, target = self.offer, self._wanted.publish
        pending = self._pending = len(plan) > 0
        stands = DRAFT if pending else self._stands(offer)
        if target == "never" or stands == LIVE:
            if stands != LIVE:
                plan.findings.append(self._not_live_yet())
            return
        source = offer.draft
        preview = None if pending else read_state(self._client, offer.product_id, PREVIEW)
        if preview is not None and self._is_in(offer, preview):
            stands, source = PREVIEW, preview
        if stands != target:
            self._refuse_other_changes(offer, source)
        plan.add(self._path("published"), stands, target, self._publish)
        if target == PREVIEW:
            plan.findings.append(self._not_live_yet())

    def _stands(self, offer: Offer) -> str:
        """Say whether what the draft holds is live, as far as can be known without a look at the preview."""
        live = offer.live_connection
        if live is None or live.differing(offer.connection):
            return DRAFT
        if self._handed_over_at is not None and offer.published_since(LIVE, self._handed_over_at) is None:
            return DRAFT
        return LIVE

    def _is_in(self, offer: Offer, preview: State) -> bool:
        """Say whether what the draft holds is in preview."""
        if newest(offer.submissions, PREVIEW) is None or preview.connection.differing(offer.connection):
            return False
        return self._handed_over_at is None or offer.published_since(PREVIEW, self._handed_over_at) is not None

    def _refuse_other_changes(self, offer: Offer, source: State) -> None:
        """Raise InvalidInput when publishing C(source) would publish more than the lead destination."""
        others = source.differing(offer.live or State())
        if others and not self._wanted.publish_other_changes:
            named = ", ".join(others[:_SHOWN]) + (f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else "")
            raise InvalidInput(
                f"Offer {offer.external_id!r} has changes of other people that are not live ({named}), and publishing "
                "it would publish them too: have them published or undone, or set publish_other_changes to true."
            )

    def _not_live_yet(self) -> str:
        where = "in preview" if self._wanted.publish == PREVIEW else "in the draft"
        name = self.offer.external_id
        if self._breaks_the_live_one():
            return (
                f"Offer {name!r}: the new password is handed over, but only {where}: leads are lost until the offer is "
                "live again, for the lead service still signs in with the old one. Publish the offer in Partner "
                "Center, or set publish to live."
            )
        meanwhile = "no leads come" if self.offer.live is None else "leads go on as before"
        return (
            f"Offer {name!r}: the lead destination is handed over, but only {where}: {meanwhile} until the offer is "
            "live. Publish the offer in Partner Center, or set publish to live."
        )

    def _breaks_the_live_one(self) -> bool:
        """Say whether the live offer signs in with a password that was renewed: passwords have no overlap."""
        live, secret = self.offer.live_connection, self._wanted.secret
        if live is None or secret is None or secret.option != "password":
            return False
        renewed = self._new_secret or (
            self._handed_over_at is not None and self.offer.published_since(LIVE, self._handed_over_at) is None
        )
        return renewed and live.signs_in_like(self._wanted.connection)

    def _kept_mask(self, secret: SecretWanted) -> str | None:
        """The asterisks in the draft that stand for a secret of the wanted application or user."""
        if not self.offer.connection.signs_in_like(self._wanted.connection):
            return None
        return mask_of(self.offer.leads, secret.name)

    def _live_since(self, offer: Offer) -> datetime | None:
        if self._left_alone:
            return None
        if self._wanted.secret is not None:
            return offer.live_since(self._handed_over_at, self._wanted.connection)
        live = offer.live_connection
        found = offer.newest(LIVE)
        return found.created if found and live and not live.differing(self._wanted.connection) else None

    def _path(self, name: str) -> str:
        return f"lead_destination.{self._wanted.offer}.{name}"

    # --- applying

    @property
    def _changes(self) -> OfferChanges:
        return OfferChanges(
            self._client,
            self.offer,
            configure_timeout=self._wanted.configure_timeout,
            publish_timeout=self._wanted.publish_timeout,
            tell=self._tell,
        )

    def _write(self) -> None:
        """Hand everything over in one job, however many changes the plan shows."""
        if self._written:
            return
        wanted, secret, offer = self._wanted, self._wanted.secret, self.offer
        posted = None
        if secret is not None:
            posted = secret.value if self._new_secret or secret.is_same else self._kept_mask(secret)
        resource = resource_with(offer.leads, wanted.connection, secret.name if secret else None, posted)
        moment = self._changes.write_leads(resource)
        self._written, self._pending = True, False
        if secret is not None and self._new_secret:
            self._handed_over_key_id, self._handed_over_at = secret.key_id, moment
        draft = read_state(self._client, offer.product_id, DRAFT) or State()
        self._read = Offer(offer.external_id, offer.product_id, draft, offer.live, offer.submissions)
        left = self.offer.connection.differing(wanted.connection)
        if left:
            raise CallFailed(
                f"Partner Center says that it took the lead destination of offer {offer.external_id!r}, but shows "
                f"other values for {', '.join(sorted(left))}: run again, and if it stays look at it in Partner Center.",
                request="POST configure",
                maybe_applied=True,
            )

    def _publish(self) -> None:
        """Publish from wherever it stands when nobody else publishes any more."""
        self._changes.wait_until_unlocked()
        offer = self._read = read_offer(self._client, self._wanted.offer)
        if self._stands(offer) == LIVE:
            return
        preview = read_state(self._client, offer.product_id, PREVIEW)
        submission = newest(offer.submissions, PREVIEW)
        if preview is None or submission is None or not self._is_in(offer, preview):
            self._refuse_other_changes(offer, offer.draft)
            submission = self._changes.publish_to_preview()
            preview = read_state(self._client, offer.product_id, PREVIEW) or State()
        if self._wanted.publish == LIVE:
            # What is in preview may be more than what was in the draft a moment ago.
            self._refuse_other_changes(offer, preview)
            self._changes.publish_to_live(submission)
        self._read = read_offer(self._client, self._wanted.offer)


def goes_to(connection: Connection | None, url: str) -> bool:
    """Say whether leads go to the environment at C(url)."""
    here = Connection(DYNAMICS, {"instanceUrl": url})
    return connection is not None and connection.destination == DYNAMICS and not connection.differing(here)


def shown_state(state: State | None) -> dict[str, Any]:
    """Return the lead destination of one state of an offer, without secrets; empty when there is none."""
    shown: dict[str, Any] = snake_case(plain(without_secrets(state.leads))) if state is not None else {}
    return shown


def _written(moment: datetime | None) -> str | None:
    return write_exact_timestamp(moment) if moment is not None else None
