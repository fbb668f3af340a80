# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far an offer's draft has been published, and what blocks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ..._services.partner_center.client import PartnerCenterClient
from ..._services.partner_center.jobs import Jobs, Outcome
from ..._services.partner_center.offers import LIVE, PREVIEW, Offer, State, Submission, read_preview
from ..._transport.errors import CallFailed
from .options import DesiredLeadDestination

NONE, WAITING, HELD, FAILED = "none", "waiting", "held", "failed"
"""Besides `preview` and `live`: nothing was published, a publication is under way, other people's changes would be
published too, and the last publication failed. The last two wait for a person."""

_SHOWN = 5
"""How many of other people's changes a sentence names."""


@dataclass(frozen=True)
class Progress:
    """How far an offer has come. `held` are the resources that other people have changed.

    `state` is one of the words above. `submission` is the publication that says so, `job_id` the job of the one that
    was begun by this collection, `problems` what was wrong with it.
    """

    state: str
    submission: Submission | None = None
    job_id: str = ""
    problems: tuple[str, ...] = ()
    held: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """Return it for a module's result. `since` is a time in UTC to the microsecond."""
        found = self.submission
        return {
            "state": self.state,
            "target": found.target if found else "",
            "submission_id": found.submission_id if found else "",
            "job_id": "" if self.state in (LIVE, PREVIEW) else self.job_id,
            "since": write_moment(found.created) if found else None,
        }


class Publications:
    """Determines how far one offer has been published."""

    def __init__(self, client: PartnerCenterClient, wanted: DesiredLeadDestination) -> None:
        """`wanted` says how far the offer is to be published, and which job an earlier run started."""
        self._client = client
        self._wanted = wanted

    def progress(self, offer: Offer, handed_over_at: datetime | None, *, pending: bool = False) -> Progress:
        """Say how far the handover of that time has been published; `pending` says that the draft is still to be
        changed.

        Raises CallFailed.
        """
        job_id = self._wanted.publication_job_id
        if not pending and is_live(offer, handed_over_at):
            return Progress(LIVE, offer.newest(LIVE))
        if offer.running is not None:
            return Progress(WAITING, offer.running, job_id)
        if pending:
            return self._held(Progress(NONE), offer, offer.draft)
        preview = self._preview(offer, handed_over_at)
        found = self._failure(offer, handed_over_at, preview is not None)
        if found is not None:
            return found
        if preview is None:
            return self._held(Progress(NONE, job_id=job_id), offer, offer.draft)
        found = Progress(PREVIEW, offer.newest(PREVIEW), job_id)
        return found if self._wanted.publish == PREVIEW else self._held(found, offer, preview)

    def preview_of(self, offer: Offer) -> State:
        """Return what is in preview, nothing if the offer was never published there."""
        return read_preview(self._client, offer) or State()

    def others(self, offer: Offer, source: State) -> tuple[str, ...]:
        """Return what publishing `source` would publish besides the lead destination, unless the caller allows it."""
        if self._wanted.publish_other_changes:
            return ()
        return tuple(source.differing(offer.live or State()))

    def patience(self, running: Submission) -> float:
        """Return for how many more seconds to wait for a publication in progress."""
        if not self._wanted.publish_timeout:
            return 0.0
        age = (self._client.service_time() - running.created).total_seconds() if running.created else 0.0
        return max(0.0, self._wanted.publish_timeout - age)

    def _preview(self, offer: Offer, handed_over_at: datetime | None) -> State | None:
        """Return what is in preview if that is what the draft holds. It is read only if something depends on it."""
        if offer.newest(PREVIEW) is None:
            return None
        if handed_over_at is not None and offer.published_since(PREVIEW, handed_over_at) is None:
            return None
        if self._wanted.publish == "never":
            return offer.draft if handed_over_at is not None else None
        preview = self.preview_of(offer)
        return None if preview.connection.differing(offer.connection) else preview

    def _failure(self, offer: Offer, handed_over_at: datetime | None, in_preview: bool) -> Progress | None:
        """Return the failure of the last publication, if it is one that the caller has not said to try again."""
        if self._wanted.publish == "never" or self._wanted.publish_again:
            return None
        failed = offer.failure_since(handed_over_at)
        if in_preview and (self._wanted.publish == PREVIEW or (failed is not None and failed.target != LIVE)):
            return None
        job_id = self._wanted.publication_job_id
        running, outcome = self._job(job_id)
        if running:
            return Progress(WAITING, failed, job_id)
        refused = outcome is not None and outcome.result != "succeeded" and not outcome.locked
        if failed is None and (not refused or _is_older(outcome, offer.newest(PREVIEW))):
            return None
        told = (*(outcome.problems if outcome else ()), *(failed.problems if failed else ()))
        return Progress(FAILED, failed, job_id, tuple(dict.fromkeys(told)))

    def _job(self, job_id: str) -> tuple[bool, Outcome | None]:
        """Say whether a job is in progress, and how it ended; the service may no longer know it."""
        if not job_id:
            return False, None
        try:
            outcome = Jobs(self._client, self._wanted.configure_timeout).look(job_id)
        except CallFailed as failed:
            if failed.status in (400, 404):
                return False, None
            raise
        return outcome is None, outcome

    def _held(self, found: Progress, offer: Offer, source: State) -> Progress:
        others = self.others(offer, source) if self._wanted.publish != "never" else ()
        return Progress(HELD, found.submission, found.job_id, held=others) if others else found


def _is_older(outcome: Outcome | None, preview: Submission | None) -> bool:
    """Say whether a job had ended before what is in preview now was published there."""
    if outcome is None or outcome.ended is None or preview is None or preview.created is None:
        return False
    return outcome.ended < preview.created


def is_live(offer: Offer, handed_over_at: datetime | None) -> bool:
    """Say whether what the draft holds is live, with the secret that was handed over then."""
    live = offer.live_connection
    if live is None or live.differing(offer.connection):
        return False
    return handed_over_at is None or offer.published_since(LIVE, handed_over_at) is not None


def write_moment(moment: datetime | None) -> str | None:
    """Write a time to the microsecond, in UTC: a publication may follow within a second."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment is not None else None


def why_not_published(name: str, found: Progress, *, never_live: bool) -> str:
    """Return the sentence about an offer that is not published (further), with the cure."""
    if found.state == HELD and never_live:
        return (
            f"Offer {name!r} has never been published, and publishing it would publish all of it: publish it in "
            "Partner Center, or set publish_other_changes (lead_writer_publish_other_changes in the role) to true."
        )
    if found.state == HELD:
        more = f" and {len(found.held) - _SHOWN} more" if len(found.held) > _SHOWN else ""
        return (
            f"Offer {name!r} has changes by other people that are not live ({', '.join(found.held[:_SHOWN])}{more}), "
            "and publishing it would publish them too: publish or undo them, or set publish_other_changes "
            "(lead_writer_publish_other_changes in the role) to true."
        )
    target = f" to {found.submission.target}" if found.submission else ""
    if found.state == FAILED:
        return (
            f"The last publication of offer {name!r}{target} failed "
            f"({'; '.join(found.problems) or 'no reason given, see the offer in Partner Center'}): correct that, and "
            "publish it in Partner Center, or set publish_again (lead_writer_publish_again in the role) to true for "
            "one run."
        )
    since = f" since {write_moment(found.submission.created)}" if found.submission and found.submission.created else ""
    return f"Offer {name!r} is being published{target}{since}, which may take days: run again when that has ended."
