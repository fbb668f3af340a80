# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Timestamps of Microsoft Graph: more digits than older Pythons can parse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.timestamps import (
    read_http_date,
    read_timestamp,
    whole_days,
    write_timestamp,
)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-22T15:00:00Z", 0),
        ("2026-11-22T15:00:00.3Z", 300000),
        ("2026-11-22T15:00:00.3086381Z", 308638),
        ("2026-11-22T15:00:00", 0),
        ("2026-11-22T17:00:00+02:00", 0),
    ],
)
def test_every_spelling_of_a_moment_is_read(text: str, microsecond: int) -> None:
    assert read_timestamp(text) == datetime(2026, 11, 22, 15, 0, 0, microsecond, tzinfo=UTC)


def test_empty_timestamp_is_none_and_an_invalid_one_is_refused() -> None:
    assert read_timestamp(None) is None
    assert read_timestamp("") is None
    with pytest.raises(ValueError, match="tomorrow"):
        read_timestamp("tomorrow")


def test_a_moment_is_written_in_utc_and_whole_seconds() -> None:
    moment = datetime(2026, 11, 22, 17, 0, 0, 999, tzinfo=timezone(timedelta(hours=2)))
    assert write_timestamp(moment) == "2026-11-22T15:00:00Z"


def test_date_header_is_parsed_and_other_text_is_none() -> None:
    assert read_http_date("Sun, 22 Nov 2026 15:00:00 GMT") == datetime(2026, 11, 22, 15, tzinfo=UTC)
    assert read_http_date("") is None
    assert read_http_date("soon") is None


def test_days_left_are_whole_and_negative_once_expired() -> None:
    assert whole_days(timedelta(days=2, hours=23)) == 2
    assert whole_days(timedelta(hours=-1)) == -1
