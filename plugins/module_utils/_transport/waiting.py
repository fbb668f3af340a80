# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a service: by a monotonic clock, with growing pauses, and with the last state in the error."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from .errors import TimedOut

Seen = TypeVar("Seen")


def pauses(first: float, longest: float, growth: float = 1.6) -> Iterator[float]:
    """Yield pauses in seconds that grow from `first` to `longest`, each with a little jitter.

    The jitter prevents many tenants of one run from sending requests at the same time.
    """
    pause = first
    while True:
        yield pause * random.uniform(0.85, 1.15)  # not a secret, only a pause
        pause = min(longest, pause * growth)


def wait_for(
    look: Callable[[], Seen],
    done: Callable[[Seen], bool],
    *,
    timeout: float,
    describe: Callable[[Seen], str],
    first_pause: float = 0.5,
    longest_pause: float = 10.0,
    sleep: Callable[[float], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Seen:
    """Look until `done` says so, and return what was seen then.

    `timeout` and the pauses are in seconds. Raises TimedOut with `describe` of the last state seen.
    """
    end = clock() + timeout
    for pause in pauses(first_pause, longest_pause):
        seen = look()
        if done(seen):
            return seen
        left = end - clock()
        if left <= 0:
            raise TimedOut(f"Gave up after {timeout:.0f} s: {describe(seen)}")
        (sleep or time.sleep)(min(pause, left))
    raise AssertionError("pauses never end")
