# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs: how Partner Center accepts a change of an offer, performs it and reports problems."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from ..._rules.timestamps import read_timestamp
from ..._transport.errors import CallFailed, TimedOut
from ..._transport.waiting import pauses
from ..client import Expect
from .client import LOCKED, PartnerCenterClient, schema, versioned
from .problems import codes_in, problems_in

Seen = TypeVar("Seen")

_TRIES = 3
"""The maximum number of times that the same resources are sent after lost answers."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended. `problems` say what was wrong, item by item; `codes` are the service's own, including inner
    ones.

    `ended` is None if the service returns no readable time.
    """

    result: str
    problems: tuple[str, ...] = ()
    codes: frozenset[str] = frozenset()
    ended: datetime | None = None

    @property
    def locked(self) -> bool:
        """Whether nothing was done because the offer is being published."""
        return bool(self.codes & set(LOCKED))


@dataclass(frozen=True)
class Started:
    """A job that Partner Center has accepted. `outcome` is None until it has ended.

    `job_id` is empty if no job was created, or if its answer was lost.
    """

    job_id: str = ""
    outcome: Outcome | None = None


class Jobs:
    """Sends changes to offers and waits for them, for `timeout` seconds each."""

    def __init__(self, client: PartnerCenterClient, timeout: float) -> None:
        self._partner_center = client
        self.timeout = timeout

    def configure(self, resources: Sequence[Mapping[str, Any]], *, repeatable: bool) -> Outcome:
        """Send resources and wait for the end of the job.

        `repeatable` says that the same resources may be sent again after a lost answer. A locked offer is an outcome
        too, however it is reported. Raises CallFailed or TimedOut.
        """
        lost: CallFailed | None = None
        for _try in range(_TRIES if repeatable else 1):
            ended = self._attempt(resources, repeatable)
            if isinstance(ended, Outcome):
                return ended
            lost = ended
        if lost is None:
            raise AssertionError("there is at least one try")
        raise lost

    def _attempt(self, resources: Sequence[Mapping[str, Any]], repeatable: bool) -> Outcome | CallFailed:
        """Send resources once and wait for the end, or return the failure that leaves open whether they were
        accepted."""
        try:
            return self._ended(self.start(resources, repeatable=repeatable))
        except CallFailed as failed:
            if not failed.maybe_applied:
                raise
            return failed

    def start(self, resources: Sequence[Mapping[str, Any]], *, repeatable: bool) -> Started:
        """Send resources and return the job, without waiting for its end.

        A refusal because the offer is locked is an outcome. Raises CallFailed; `maybe_applied` marks one that leaves
        open whether the resources were accepted.
        """
        try:
            answer = self._start(resources, repeatable)
        except CallFailed as failed:
            if not failed.has_code(*LOCKED):
                raise
            return Started("", Outcome("failed", (f"{failed.code}: {failed.message}",), frozenset({failed.code})))
        return Started(_job_id(answer), _outcome(answer))

    def look(self, job_id: str) -> Outcome | None:
        """Return how a job ended, or None while it is running. Raises CallFailed, also if there is no such job."""
        return _outcome(self._partner_center.get(versioned(f"configure/{job_id}/status")))

    def _start(self, resources: Sequence[Mapping[str, Any]], repeatable: bool) -> dict[str, Any]:
        body = {"$schema": schema("configure"), "resources": [dict(each) for each in resources]}
        path = versioned("configure")
        return self._partner_center.call(
            "POST", path, expect=Expect.OBJECT, body=body, repeatable=repeatable, own_codes=LOCKED
        ).body

    def _ended(self, job: Started) -> Outcome:
        """Wait for the end of a job. A failed read says nothing about the job."""
        end = time.monotonic() + self.timeout
        outcome = job.outcome
        for pause in pauses(0.5, 10.0):
            if outcome is not None:
                return outcome
            if time.monotonic() + pause > end:
                raise TimedOut(
                    f"Partner Center did not finish job {job.job_id} within {self.timeout:.0f} s: run again, or raise "
                    "configure_timeout (lead_writer_configure_timeout in the role)."
                )
            time.sleep(pause)
            outcome = passing_over(functools.partial(self.look, job.job_id), outcome)
        raise AssertionError("pauses never end")


def passing_over(look: Callable[[], Seen], before: Seen) -> Seen:
    """Return the current result, or the one of `before` if the service is temporarily unavailable."""
    try:
        return look()
    except CallFailed as failed:
        if failed.status is not None and 400 <= failed.status < 500:
            raise
        return before


def _job_id(answer: Mapping[str, Any]) -> str:
    """The id of a job; the documentation and the service spell its name differently."""
    found = answer.get("jobId") or answer.get("jobID")
    if not found:
        raise CallFailed(
            "Partner Center accepted the change, but its answer names no job: run again.",
            request="POST configure",
            maybe_applied=True,
        )
    return str(found)


def _outcome(status: Mapping[str, Any]) -> Outcome | None:
    """Read how a job ended; None while it is running."""
    if status.get("jobStatus") != "completed":
        return None
    errors = status.get("errors") or []
    try:
        ended = read_timestamp(status.get("jobEnd"))
    except ValueError:
        ended = None
    return Outcome(
        str(status.get("jobResult", "")),
        problems_in(errors),
        frozenset(codes_in(errors)),
        ended if ended is not None and ended.year > 1 else None,
    )
