# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changing an offer: its draft, and its publication to preview and to live."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from ..._transport.errors import CallFailed, TimedOut
from ..._transport.waiting import pauses, wait_for
from .client import PartnerCenterClient, schema
from .jobs import Jobs, Outcome, Started, passing_over
from .offers import LIVE, PREVIEW, Offer, Submission, read_submissions

_REQUEST = "POST configure"
_SHOWN_WITHIN = 60.0
"""Seconds in which a requested publication must appear: its identity must be known to find it again."""


class StillLocked(TimedOut):
    """An offer is being published, and the caller no longer waits."""


class PublicationFailed(CallFailed):
    """A publication was refused or has failed; `publication` is what is known about it."""

    def __init__(self, offer: str, publication: Publication) -> None:
        told, outcome = _listed(publication.problems), publication.outcome
        super().__init__(
            f"The publication of offer {offer!r} to {publication.target} failed: "
            f"{told or 'no reason given, see the offer in Partner Center'}.",
            request=_REQUEST,
            code=next(iter(sorted(outcome.codes)), "") if outcome else "",
            message=told,
        )
        self.publication = publication


class _Locking(Protocol):
    @property
    def locked(self) -> bool:
        """Whether it was refused because the offer is locked."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What was wrong."""


Sent = TypeVar("Sent", bound=_Locking)


@dataclass(frozen=True)
class Publication:
    """A requested publication and its progress.

    Its job may run as long as the certification, which takes up to days (contract: publication). `outcome` is None
    until the job has ended, `submission` until the offer shows it.
    """

    target: str
    job_id: str = ""
    outcome: Outcome | None = None
    submission: Submission | None = None

    @property
    def locked(self) -> bool:
        """Whether nothing was done because the offer was being published already."""
        return self.outcome is not None and self.outcome.locked

    @property
    def done(self) -> bool:
        """Whether the offer has reached the target."""
        return self.submission is not None and self.submission.succeeded

    @property
    def failed(self) -> bool:
        """Whether the publication has failed."""
        refused = self.outcome is not None and self.outcome.result != "succeeded"
        return refused or (self.submission is not None and self.submission.failed)

    @property
    def problems(self) -> tuple[str, ...]:
        """The problems, item by item, from the job and the submission."""
        told = (
            *(self.outcome.problems if self.outcome else ()),
            *(self.submission.problems if self.submission else ()),
        )
        return tuple(dict.fromkeys(told))

    @property
    def over(self) -> bool:
        """Whether no more news is expected: the job explains a failed submission."""
        return self.locked or self.done or (self.failed and (self.outcome is not None or not self.job_id))


class OfferChanges:
    """Makes changes to one offer."""

    def __init__(
        self,
        client: PartnerCenterClient,
        offer: Offer,
        *,
        configure_timeout: float,
        publish_timeout: float,
        report_progress: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """The timeouts are in seconds: for one job, and for one publication or for waiting for another one."""
        self._client = client
        self._offer = offer
        self._jobs = Jobs(client, configure_timeout)
        self._publish_timeout = publish_timeout
        self._report_progress = report_progress

    def write_leads(self, resource: Mapping[str, Any]) -> datetime:
        """Write the draft's lead destination, and return the time of its end by the service's clock.

        The same resource may be posted again, so a lost answer is harmless. Raises CallFailed with the problems item by
        item, and StillLocked.
        """
        outcome = self._insist(lambda: self._jobs.configure([resource], repeatable=True))
        if outcome.result != "succeeded":
            raise CallFailed(
                f"Partner Center refused the lead destination of offer {self._offer.external_id!r}: "
                f"{_listed(outcome.problems) or f'the job ended as {outcome.result}'}.",
                request=_REQUEST,
                code=next(iter(sorted(outcome.codes)), ""),
                message=_listed(outcome.problems),
            )
        return outcome.ended or self._client.service_time()

    def publish_to_preview(self) -> Publication:
        """Publish the whole draft to preview and return its progress. Raises as `publish_to_live`."""
        return self._publish(PREVIEW, None)

    def publish_to_live(self, preview: Submission) -> Publication:
        """Make the preview live, and return its progress when the caller no longer waits.

        Raises CallFailed when the publication is refused or fails, and StillLocked.
        """
        return self._publish(LIVE, preview.submission_id)

    def _publish(self, target: str, preview_id: str | None) -> Publication:
        resource = {
            "$schema": schema("submission"),
            **({"id": preview_id} if preview_id else {}),
            "product": f"product/{self._offer.product_id}",
            "target": {"targetType": target},
        }
        found = self._insist(functools.partial(self._attempt, target, resource))
        if found.failed:
            raise PublicationFailed(self._offer.external_id, found)
        return found

    def _attempt(self, target: str, resource: Mapping[str, Any]) -> Publication:
        """Request a publication once, and follow it."""
        before = {each.key for each in self.wait_until_unlocked()}
        try:
            job = self._jobs.start([resource], repeatable=False)
        except CallFailed as failed:
            if not failed.maybe_applied:
                raise
            # Publishing is never requested twice: the run checks whether it has started instead.
            self._look_for_lost(target, before, failed)
            job = Started()
        self._report_progress(f"{self._offer.external_id}: is being published to {target}.")
        return self._follow(target, before, job)

    def _follow(self, target: str, before: set[Any], job: Started) -> Publication:
        """Follow a publication until it has ended, or until the caller no longer waits."""
        begun = time.monotonic()
        outcome = job.outcome
        for pause in pauses(0.5, 30.0):
            if outcome is None and job.job_id:
                outcome = passing_over(functools.partial(self._jobs.look, job.job_id), None)
            found = Publication(target, job.job_id, outcome, self._new(target, before))
            shown = found.submission is not None and not found.failed
            patience = max(self._publish_timeout, 0.0 if shown else min(_SHOWN_WITHIN, self._jobs.timeout))
            left = begun + patience - time.monotonic()
            if found.over or left <= 0:
                return found
            time.sleep(min(pause, left))
        raise AssertionError("pauses never end")

    def _insist(self, send: Callable[[], Sent]) -> Sent:
        """Send until the offer is not locked, because a job that met the lock has done nothing. Raises StillLocked."""
        end = time.monotonic() + self._publish_timeout
        for pause in pauses(1.0, 30.0):
            sent = send()
            if not sent.locked:
                return sent
            if time.monotonic() + pause > end:
                raise StillLocked(f"locked: {_listed(sent.problems)}")
            self._report_progress(
                f"{self._offer.external_id}: waiting for a publication to end, which locks the offer."
            )
            time.sleep(pause)
            self.wait_until_unlocked()
        raise AssertionError("pauses never end")

    def wait_until_unlocked(self, patience: float | None = None) -> tuple[Submission, ...]:
        """Wait until nothing of the offer is being published, and return its publications.

        `patience` is in seconds; the default is the one for an own publication. Raises StillLocked.
        """
        try:
            return (
                wait_for(
                    lambda: passing_over(self._submissions, None),
                    lambda seen: seen is not None and not any(each.running for each in seen),
                    timeout=self._publish_timeout if patience is None else patience,
                    describe=lambda seen: "locked",
                    first_pause=1.0,
                    longest_pause=30.0,
                )
                or ()
            )
        except TimedOut as late:
            raise StillLocked(str(late)) from late

    def _submissions(self) -> tuple[Submission, ...] | None:
        return read_submissions(self._client, self._offer.product_id)

    def _new(self, target: str, before: set[Any]) -> Submission | None:
        """Return the publication that did not exist before."""
        listed = passing_over(self._submissions, None) or ()
        return next((each for each in listed if each.target == target and each.key not in before), None)

    def _look_for_lost(self, target: str, before: set[Any], failed: CallFailed) -> None:
        """Look for a publication whose answer was lost. Raises the failure if none appears."""
        try:
            wait_for(
                lambda: self._new(target, before),
                lambda found: found is not None,
                timeout=min(_SHOWN_WITHIN, self._jobs.timeout),
                describe=lambda found: "",
                first_pause=1.0,
            )
        except TimedOut:
            raise failed from None


def _listed(problems: tuple[str, ...]) -> str:
    return "; ".join(problems)
