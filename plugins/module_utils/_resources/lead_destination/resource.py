# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An offer's lead destination: handed over to the draft, and published if the caller wants that.

Customers see the live offer, so a handover takes effect only when the offer is published again. Secrets are read as
asterisks; only the caller that handed one over knows which it is, by its key id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from ..._desired_state.plan import Plan, Postponed
from ..._rules.customer_leads import (
    DYNAMICS,
    NONE,
    Connection,
    mask_of,
    plain,
    resource_with,
    without_secrets,
)
from ..._rules.errors import InvalidInput
from ..._rules.guids import KNOWN_AFTER_APPLY, NIL_GUID
from ..._rules.words import snake_case
from ..._services.partner_center.client import PartnerCenterClient
from ..._services.partner_center.offers import DRAFT, LIVE, PREVIEW, Offer, State, Submission, read_draft, read_offer
from ..._services.partner_center.publication import OfferChanges, Publication, PublicationFailed, StillLocked
from ..._transport.errors import CallFailed
from .options import OPTIONS, DesiredLeadDestination, DesiredSecret
from .publication import (
    FAILED,
    HELD,
    WAITING,
    Progress,
    Publications,
    is_live,
    why_not_published,
    write_moment,
)
from .publication import NONE as NOT_PUBLISHED

__all__ = ["OPTIONS", "DesiredLeadDestination", "DesiredSecret", "LeadDestinationResource"]


class LeadDestinationResource:
    """Plans the lead destination of one offer."""

    def __init__(
        self,
        client: PartnerCenterClient,
        wanted: DesiredLeadDestination,
        offer: Offer | None = None,
        report_progress: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """`offer` is the offer if it has been read already; `report_progress` shows progress."""
        self._client = client
        self._wanted = wanted
        self._read = offer
        self._report_progress = report_progress
        self._publications = Publications(client, wanted)
        self._progress = Progress(NOT_PUBLISHED)
        self._plan = Plan()
        self._new_secret = False
        self._left_alone = False
        self._pending = False
        self._written = False
        self._begun = False
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

        An offer that other people have changed too is not published, unless the caller allows that. Raises InvalidInput
        when the draft sends leads to another kind of destination, unless the caller allows that as well.
        """
        plan = self._plan = Plan()
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
                "handed_over": {"key_id": self._handed_over_key_id, "at": write_moment(self._handed_over_at)},
                "live_since": write_moment(since),
                "publication": self._progress.shown(),
                "publish_needed": not self._left_alone and (self._pending or not is_live(offer, self._handed_over_at)),
                "handover": self._record(since),
            }
        }

    def _record(self, since: datetime | None) -> dict[str, str | None]:
        """Return what the handover files keep of the offer, as it is when all that was planned is done."""
        key_id, at = self._handed_over_key_id, write_moment(self._handed_over_at)
        live_since, publication = write_moment(since), self._progress.shown()
        planned = [] if self._begun else self._plan.paths
        if self._wanted.secret is not None and self._path("secret") in planned:
            key_id, at, live_since = self._wanted.secret.key_id, KNOWN_AFTER_APPLY, ""
        goes_live = self._wanted.publish == LIVE and self._path("published") in planned
        return {
            "key_id": KNOWN_AFTER_APPLY if key_id == NIL_GUID else key_id,
            "handed_over_at": at,
            "live_since": KNOWN_AFTER_APPLY if goes_live else live_since,
            "publication": publication["state"],
            "publication_since": publication["since"],
            "submission_id": publication["submission_id"],
            "job_id": publication["job_id"],
        }

    # --- planning

    def _is_none_of_ours(self) -> bool:
        """Say whether leads are to be redirected from an environment that this offer does not send them to."""
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
                "set replace_other_destination (lead_writer_replace_other_destination in the role) to true to replace "
                "that destination, or leave the offer out."
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
                    plan.preview_only(
                        f"{secret.option} is missing: offer {self.offer.external_id!r} needs the value of the secret "
                        "that is handed over."
                    )
        for option in wanted.unknown:
            plan.preview_only(f"{option} is the nil GUID, which stands for an application that does not exist yet.")
        if wanted.environment is not None and wanted.environment.cloud.name != "public":
            plan.warnings.append(
                f"{wanted.environment.host} is in the cloud {wanted.environment.cloud.name}, and Microsoft does not "
                "say whether the marketplace writes leads to environments outside of the public cloud: look for a "
                "test lead after the offer is published."
            )

    def _plan_publication(self, plan: Plan) -> None:
        offer, target = self.offer, self._wanted.publish
        pending = self._pending = len(plan) > 0
        if pending and self._returns_to_live():
            found = Progress(LIVE, offer.newest(LIVE))
        else:
            found = self._publications.progress(offer, self._handed_over_at, pending=pending)
        self._progress = found
        running = offer.running if found.state == WAITING else None
        patient = running is not None and target != "never" and self._publications.patience(running) > 0
        waits = found.state == WAITING and not patient
        if pending and running is not None and waits:
            plan.warnings.append(self._locked())
        elif found.state in (HELD, FAILED) or (waits and not pending):
            plan.warnings += self._told(found)
        elif found.state == LIVE:
            return
        elif target == "never" or found.state == target:
            plan.warnings.append(self._not_live_yet())
            return
        else:
            stands = DRAFT if found.state in (NOT_PUBLISHED, WAITING) else found.state
            plan.add(self._path("published"), stands, target, self._publish)
            if target == PREVIEW:
                plan.warnings.append(self._not_live_yet())

    def _told(self, found: Progress) -> list[str]:
        """Return the sentences about a blocked offer, and about what is lost meanwhile."""
        never_live = self.offer.live is None
        told = [why_not_published(self.offer.external_id, found, never_live=never_live)]
        return [*told, self._not_live_yet()] if self._breaks_the_live_one() else told

    def _locked(self) -> str:
        running = self.offer.running
        where = f" to {running.target}" if running else ""
        return (
            f"Offer {self.offer.external_id!r} is being published{where}, which locks it and may take days: run again "
            "after that to hand over the changes to its lead destination."
        )

    def _not_live_yet(self) -> str:
        where = "in preview" if self._wanted.publish == PREVIEW else "in the draft"
        name = self.offer.external_id
        if self._breaks_the_live_one():
            return (
                f"Offer {name!r}: the new password is handed over, but only {where}: leads are lost until the offer is "
                "live again, because the lead service still signs in with the old one. Publish the offer in Partner "
                "Center, or set publish (lead_writer_publish in the role) to live."
            )
        meanwhile = "no leads arrive" if self.offer.live is None else "leads arrive as before"
        return (
            f"Offer {name!r}: the lead destination is handed over, but only {where}: {meanwhile} until the offer is "
            "live. Publish the offer in Partner Center, or set publish (lead_writer_publish in the role) to live."
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

    def _kept_mask(self, secret: DesiredSecret) -> str | None:
        """The asterisks in the draft that stand for a secret of the desired application or user."""
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

    def _returns_to_live(self) -> bool:
        """Say whether the changes bring the draft back to what is live, so that there is nothing to publish."""
        live = self.offer.live_connection
        if live is None or self._new_secret or live.differing(self._wanted.connection):
            return False
        return self._handed_over_at is None or self.offer.published_since(LIVE, self._handed_over_at) is not None

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
            report_progress=self._report_progress,
        )

    def _write(self) -> None:
        """Hand everything over in one job, however many changes the plan shows."""
        if self._written:
            return
        self._begun = True
        wanted, secret, offer = self._wanted, self._wanted.secret, self.offer
        posted = None
        if secret is not None:
            posted = secret.value if self._new_secret or secret.is_same else self._kept_mask(secret)
        resource = resource_with(offer.leads, wanted.connection, secret.name if secret else None, posted)
        try:
            if offer.running is not None:
                self._wait_for(offer.running)
            moment = self._changes.write_leads(resource)
        except StillLocked:
            if self._locked() not in self._plan.warnings:
                self._plan.warnings.append(self._locked())
            raise Postponed from None
        self._written, self._pending = True, False
        if secret is not None and posted and not posted.strip("*"):
            self._plan.warnings.append(
                f"Offer {offer.external_id!r} was changed without the value of its secret, so asterisks were sent "
                f"back, which should keep it: give {secret.option} to be sure, or look for a test lead after the offer "
                "is published."
            )
        if secret is not None and self._new_secret:
            self._handed_over_key_id, self._handed_over_at = secret.key_id, moment
        self._read = read_draft(self._client, offer)
        if self._progress.state not in (HELD, LIVE):
            self._progress = Progress(NOT_PUBLISHED)
        left = self.offer.connection.differing(wanted.connection)
        if left:
            raise CallFailed(
                f"Partner Center reports that it accepted the lead destination of offer {offer.external_id!r}, but "
                f"shows other values for {', '.join(sorted(left))}: run again, and if it persists, check the offer in "
                "Partner Center.",
                request="POST configure",
                maybe_applied=True,
            )

    def _publish(self) -> None:
        """Publish from the current state when no other publication is running."""
        self._begun = True
        begun = self._go_on(self._until_unlocked())
        self._pending = False
        self._read = read_offer(self._client, self._wanted.offer)
        found = self._publications.progress(self._read, self._handed_over_at)
        job_id = begun.job_id if begun else self._wanted.publication_job_id
        self._progress = replace(found, job_id=job_id or found.job_id)
        if begun is not None and not begun.done and found.state not in (LIVE, WAITING):
            # It was accepted, but is not shown yet.
            self._progress = Progress(WAITING, begun.submission, begun.job_id)
        if self._progress.state in (WAITING, HELD, FAILED):
            self._plan.warnings += self._told(self._progress)
        if begun is None:
            raise Postponed

    def _until_unlocked(self) -> Offer:
        """Return the offer once it is not being published, or at once if the run does not wait for that."""
        running = self.offer.running
        try:
            if running is not None:
                self._wait_for(running)
        except StillLocked:
            pass
        return read_offer(self._client, self._wanted.offer)

    def _wait_for(self, running: Submission) -> None:
        """Wait for the end of a publication, for as long as the caller allows. Raises StillLocked."""
        patience = self._publications.patience(running)
        if patience:
            self._report_progress(f"{self.offer.external_id}: waiting for a publication to end, which locks the offer.")
        self._changes.wait_until_unlocked(patience)

    def _go_on(self, offer: Offer) -> Publication | None:
        """Publish an offer as far as desired; return the last publication that was started, None if there was none."""
        self._read = offer
        found = self._publications.progress(offer, self._handed_over_at)
        try:
            if found.state == PREVIEW and found.submission is not None and self._wanted.publish == LIVE:
                return self._changes.publish_to_live(found.submission)
            if found.state != NOT_PUBLISHED:
                return None
            preview = self._changes.publish_to_preview()
            if self._wanted.publish == PREVIEW or not preview.done or preview.submission is None:
                return preview
            self._read = read_offer(self._client, self._wanted.offer)
            # The preview may contain more than the draft did a moment ago.
            if self._publications.others(self._read, self._publications.preview_of(self._read)):
                return preview
            return self._changes.publish_to_live(preview.submission)
        except StillLocked:
            return None
        except CallFailed as failed:
            if isinstance(failed, PublicationFailed):
                told = failed.publication
                self._progress = Progress(FAILED, told.submission, told.job_id, told.problems)
            raise FailedAfterHandover(failed, self.state()) from failed


class FailedAfterHandover(CallFailed):
    """A publication failed after the handover of the lead destination: `answer` is what the caller has to remember."""

    def __init__(self, failed: CallFailed, answer: dict[str, Any]) -> None:
        super().__init__(
            str(failed),
            request=failed.request,
            status=failed.status,
            code=failed.code,
            message=failed.message,
            request_id=failed.request_id,
            details=failed.details,
            maybe_applied=failed.maybe_applied,
        )
        self.answer = answer


def goes_to(connection: Connection | None, url: str) -> bool:
    """Say whether leads go to the environment at `url`."""
    here = Connection(DYNAMICS, {"instanceUrl": url})
    return connection is not None and connection.destination == DYNAMICS and not connection.differing(here)


def shown_state(state: State | None) -> dict[str, Any]:
    """Return the lead destination of one state of an offer, without secrets; empty when there is none."""
    shown: dict[str, Any] = snake_case(plain(without_secrets(state.leads))) if state is not None else {}
    return shown
