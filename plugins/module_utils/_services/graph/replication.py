# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting until the directory's replicas agree.

The directory guarantees neither how long that takes nor that an object that was read once is found the next time
(contract: consistency). So a new object counts as available once it was read several times in a row, and a request that
names it is sent again as long as it is refused as by a replica that does not have it yet.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from ..._transport.errors import CallFailed
from ..._transport.waiting import pauses, wait_for
from .client import DIRECTORY_NOT_READ

Seen = TypeVar("Seen")

TIMES_IN_A_ROW = 3
"""How many reads in a row must find something until it counts as available everywhere."""


def not_there_yet(failed: CallFailed) -> bool:
    """Say whether a refusal can come from a replica that lacks what was just written."""
    return failed.has_code("Request_ResourceNotFound", DIRECTORY_NOT_READ, "NoBackingApplicationObject")


class Replication:
    """Waits for replicas, each time for `timeout` seconds at most."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout

    def wait_until_consistent(self, look: Callable[[], Seen], done: Callable[[Seen], bool], what: str) -> Seen:
        """Read until `done` is true several times in a row, and return the last result.

        `what` ends the sentence of a TimedOut, as in "the application is not visible everywhere".
        """
        in_a_row = 0

        def enough(seen: Seen) -> bool:
            nonlocal in_a_row
            in_a_row = in_a_row + 1 if done(seen) else 0
            return in_a_row >= TIMES_IN_A_ROW

        return wait_for(
            look,
            enough,
            timeout=self.timeout,
            describe=lambda seen: f"{what} yet: run again, or raise replication_timeout.",
            first_pause=0.2,
            longest_pause=5.0,
        )

    def retry(self, send: Callable[[], Seen], passing: Callable[[CallFailed], bool] = not_there_yet) -> Seen:
        """Send a request that may be repeated until it is not refused for a reason that is `passing`.

        Raises the last refusal when the time is up.
        """
        end = time.monotonic() + self.timeout
        for pause in pauses(0.3, 10.0):
            try:
                return send()
            except CallFailed as failed:
                if not passing(failed) or time.monotonic() + pause > end:
                    raise
            time.sleep(pause)
        raise AssertionError("pauses never end")

    def samples(self, look: Callable[[], Seen]) -> list[Seen]:
        """Read several times, far enough apart to reach several replicas, and return all results."""
        seen = [look()]
        for pause, _time in zip(pauses(0.3, 2.0), range(TIMES_IN_A_ROW - 1)):
            time.sleep(pause)
            seen.append(look())
        return seen
