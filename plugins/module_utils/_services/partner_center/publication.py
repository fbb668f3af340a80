# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changing an offer: its draft, and its publication to preview and to live."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..._transport.errors import CallFailed, TimedOut
from ..._transport.waiting import pauses, wait_for
from .client import JOBS_VERSION, PartnerCenterClient
from .jobs import Jobs, Outcome, passing_over
from .offers import LIVE, PREVIEW, Offer, Submission, read_submissions

_SCHEMA = f"https://schema.mp.microsoft.com/schema/submission/{JOBS_VERSION}"
_REQUEST = "POST configure"
_LOST_FOR = 60.0
"""Seconds for which a publication is looked for whose answer was lost."""


class OfferChanges:
    """Makes changes to one offer."""

    def __init__(
        self,
        client: PartnerCenterClient,
        offer: Offer,
        *,
        configure_timeout: float,
        publish_timeout: float,
        tell: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """The timeouts are in seconds: for one job, and for one publication or for waiting for somebody else's."""
        self._client = client
        self._offer = offer
        self._jobs = Jobs(client, configure_timeout)
        self._publish_timeout = publish_timeout
        self._tell = tell

    def write_leads(self, resource: Mapping[str, Any]) -> datetime:
        """Write the draft's lead destination, and return by the service's clock when it was there.

        The same resource may be posted again, so a lost answer costs nothing. Raises CallFailed telling item by item
        what is wrong with it.
        """
        outcome = self._insist(lambda: self._jobs.configure([resource], repeatable=True))
        self._check(outcome, "refused the lead destination")
        return outcome.ended or self._client.service_time()

    def publish_to_preview(self) -> Submission:
        """Publish the whole draft to preview and return the publication when it is there."""
        return self._publish(PREVIEW, None)

    def publish_to_live(self, preview: Submission) -> Submission:
        """Make what is in preview live, and return the publication when it is."""
        return self._publish(LIVE, preview.submission_id)

    def _publish(self, target: str, preview_id: str | None) -> Submission:
        resource = {
            "$schema": _SCHEMA,
            **({"id": preview_id} if preview_id else {}),
            "product": f"product/{self._offer.product_id}",
            "target": {"targetType": target},
        }
        before = {each.key for each in self.wait_until_unlocked()}

        def send() -> Outcome:
            try:
                return self._jobs.configure([resource], repeatable=False)
            except CallFailed as failed:
                if not failed.maybe_applied:
                    raise
                # Publishing is never asked for twice: whether it has begun is looked for instead.
                self._look_for_lost(target, before, failed)
                return Outcome("succeeded")

        self._check(self._insist(send), f"refused to publish to {target} the draft")
        self._tell(f"{self._offer.external_id}: is being published to {target}.")
        done = self._wait_for(target, before)
        if not done.succeeded:
            raise CallFailed(
                f"The publication of offer {self._offer.external_id!r} to {target} failed: "
                f"{_listed(done.problems) or 'no reason given, see the offer in Partner Center'}.",
                request=_REQUEST,
                code=done.result,
                message=_listed(done.problems),
            )
        return done

    def _insist(self, send: Callable[[], Outcome]) -> Outcome:
        """Send until the offer is not locked, for a job that met the lock has done nothing. Raises TimedOut."""
        end = time.monotonic() + self._publish_timeout
        for pause in pauses(1.0, 30.0):
            outcome = send()
            if not outcome.locked:
                return outcome
            if time.monotonic() + pause > end:
                raise TimedOut(
                    f"Offer {self._offer.external_id!r} was locked for {self._publish_timeout:.0f} s "
                    f"({_listed(outcome.problems)}): run again later, or raise publish_timeout."
                )
            self._tell(f"{self._offer.external_id}: waiting for a publication to end, which locks the offer.")
            time.sleep(pause)
            self.wait_until_unlocked()
        raise AssertionError("pauses never end")

    def wait_until_unlocked(self) -> tuple[Submission, ...]:
        """Wait until nothing of the offer is being published, and return its publications. Raises TimedOut."""

        def describe(seen: tuple[Submission, ...] | None) -> str:
            running = next((each for each in seen or () if each.running), None)
            where = f" to {running.target} by {running.submission_id}" if running else ""
            return (
                f"offer {self._offer.external_id!r} is still being published{where}: run again when that has ended, "
                "or raise publish_timeout."
            )

        return (
            wait_for(
                lambda: passing_over(self._submissions, None),
                lambda seen: seen is not None and not any(each.running for each in seen),
                timeout=self._publish_timeout,
                describe=describe,
                first_pause=1.0,
                longest_pause=30.0,
            )
            or ()
        )

    def _check(self, outcome: Outcome, what: str) -> None:
        if outcome.result != "succeeded":
            raise CallFailed(
                f"Partner Center {what} of offer {self._offer.external_id!r}: "
                f"{_listed(outcome.problems) or f'the job ended as {outcome.result}'}.",
                request=_REQUEST,
                code=next(iter(sorted(outcome.codes)), ""),
                message=_listed(outcome.problems),
            )

    def _submissions(self) -> tuple[Submission, ...] | None:
        return read_submissions(self._client, self._offer.product_id)

    def _new(self, target: str, before: set[Any]) -> Submission | None:
        """Return the publication that was not there before."""
        listed = passing_over(self._submissions, None) or ()
        return next((each for each in listed if each.target == target and each.key not in before), None)

    def _look_for_lost(self, target: str, before: set[Any], failed: CallFailed) -> None:
        """Look for a publication whose answer was lost. Raises the failure when none shows up."""
        try:
            wait_for(
                lambda: self._new(target, before),
                lambda found: found is not None,
                timeout=min(_LOST_FOR, self._jobs.timeout),
                describe=lambda found: "",
                first_pause=1.0,
            )
        except TimedOut:
            raise failed from None

    def _wait_for(self, target: str, before: set[Any]) -> Submission:
        found = wait_for(
            lambda: self._new(target, before),
            lambda found: found is not None and not found.running,
            timeout=self._publish_timeout,
            describe=lambda found: (
                f"offer {self._offer.external_id!r} is not published to {target} yet and goes on there: run again to "
                "wait for its end, or raise publish_timeout."
            ),
            first_pause=1.0,
            longest_pause=30.0,
        )
        if found is None:
            raise AssertionError("waited until there was one")
        return found


def _listed(problems: tuple[str, ...]) -> str:
    return "; ".join(problems)
