# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one clock of the simulated cloud.

It can be moved, so that a test does not have to wait for a secret to expire.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset."""

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self._offset = timedelta(seconds=offset_seconds)

    def now(self) -> datetime:
        """The simulated time, timezone-aware, in UTC."""
        return datetime.now(UTC) + self._offset

    def jump(self, seconds: float) -> None:
        """Move the clock by `seconds`; a negative number moves it back. Raises OverflowError beyond the calendar."""
        offset = self._offset + timedelta(seconds=seconds)
        datetime.now(UTC) + offset  # raises OverflowError before anything is changed
        self._offset = offset

    @property
    def offset_seconds(self) -> float:
        """How far the clock is ahead of real time."""
        return self._offset.total_seconds()


def graph_time(moment: datetime) -> str:
    """`2026-11-22T15:00:00Z`, as Microsoft Graph writes most times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def graph_time_precise(moment: datetime) -> str:
    """`2026-11-22T15:00:00.3086381Z`: seven fractional digits, as Graph writes the start of a new credential."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "1Z"


def parse_time(text: str) -> datetime:
    """Parse an ISO 8601 time with up to seven fractional digits; without a zone it is UTC.

    Raises ValueError for anything else.
    """
    moment = datetime.fromisoformat(text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
