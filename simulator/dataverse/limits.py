# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service protection limits: one user's requests to an environment in five minutes (contract: throttling)."""

from __future__ import annotations

from collections import deque

from .errors import Refusal
from .state import EnvironmentData

_WINDOW_SECONDS = 300


class Usage:
    """One user's requests within the window, in whole seconds."""

    def __init__(self) -> None:
        self._seconds: deque[list[float]] = deque()
        self.requests = 0
        self.milliseconds = 0.0
        self.at_once = 0

    def forget_before(self, moment: float) -> None:
        """Drop entries outside the window."""
        while self._seconds and self._seconds[0][0] < moment:
            _second, requests, milliseconds = self._seconds.popleft()
            self.requests -= int(requests)
            self.milliseconds -= milliseconds

    def add(self, moment: float, milliseconds: float) -> None:
        """Count one request."""
        second = float(int(moment))
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0.0])
        self._seconds[-1][1] += 1
        self._seconds[-1][2] += milliseconds
        self.requests += 1
        self.milliseconds += milliseconds

    def seconds_until_room(self, moment: float) -> int:
        """How long until the oldest counted second leaves the window."""
        oldest = self._seconds[0][0] if self._seconds else moment
        return max(1, int(oldest + _WINDOW_SECONDS - moment) + 1)


def usage_of(data: EnvironmentData, user_id: str) -> Usage:
    """The usage of one user of one environment."""
    found: dict[str, Usage] = data.scratch.setdefault("usage", {})
    return found.setdefault(user_id, Usage())


def count(data: EnvironmentData, user_id: str) -> dict[str, str]:
    """Count a request and return the headers with the remaining limits.

    Raises Refusal with Retry-After over a limit.
    """
    settings = data.world.settings
    usage, now = usage_of(data, user_id), data.now().timestamp()
    usage.forget_before(now - _WINDOW_SECONDS)
    most_requests, most_seconds = settings.dataverse_limit_requests, settings.dataverse_limit_seconds
    if most_requests and usage.requests >= most_requests:
        raise _over(
            "0x80072322",
            f"Number of requests exceeded the limit of {most_requests} over time window of {_WINDOW_SECONDS} seconds.",
            usage.seconds_until_room(now),
        )
    if most_seconds and usage.milliseconds >= most_seconds * 1000:
        raise _over(
            "0x80072321",
            f"Combined execution time of incoming requests exceeded limit of {most_seconds * 1000:,.0f} milliseconds "
            f"over time window of {_WINDOW_SECONDS} seconds. Decrease number of concurrent requests or reduce the "
            "duration of requests and try again later.",
            usage.seconds_until_room(now),
        )
    usage.add(now, settings.dataverse_execution_milliseconds)
    requests_left = max(0, (most_requests or 6000) - usage.requests)
    seconds_left = max(0.0, (most_seconds or 1200) - usage.milliseconds / 1000)
    return {
        "x-ms-ratelimit-burst-remaining-xrm-requests": str(requests_left),
        "x-ms-ratelimit-time-remaining-xrm-requests": f"{seconds_left:,.2f}",
    }


def enter(data: EnvironmentData, user_id: str) -> None:
    """Note the start of a request. Raises Refusal if there are too many concurrent ones."""
    usage, most = usage_of(data, user_id), data.world.settings.dataverse_limit_concurrent
    if most and usage.at_once >= most:
        raise _over("0x80072326", f"Number of concurrent requests exceeded the limit of {most}.", 2)
    usage.at_once += 1


def leave(data: EnvironmentData, user_id: str) -> None:
    """Note the end of a request."""
    usage_of(data, user_id).at_once -= 1


def _over(code: str, message: str, retry_after: int) -> Refusal:
    return Refusal(429, code, message, {"Retry-After": str(retry_after)})
