# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Points in time as the services write them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?")


def read_timestamp(text: str | None) -> datetime | None:
    """Return an ISO 8601 timestamp as a time with a zone, UTC where it names none; None for no text.

    Microsoft Graph writes up to seven digits of a second, more than the standard library of older Pythons reads.
    Raises ValueError for anything else.
    """
    if not text:
        return None
    found = _ISO.fullmatch(text)
    if found is None:
        raise ValueError(f"not a timestamp: {text!r}")
    seconds, fraction, zone = found.groups()
    offset = "+00:00" if zone in (None, "Z") else zone
    return datetime.fromisoformat(f"{seconds}.{(fraction or '')[:6]:0<6}{offset}")


def write_timestamp(moment: datetime) -> str:
    """Return a time with a zone as Microsoft Graph accepts it, in UTC and whole seconds."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def write_exact_timestamp(moment: datetime) -> str:
    """Return a time with a zone to the microsecond, in UTC: a publication may follow a handover within a second."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_http_date(text: str) -> datetime | None:
    """Return the time of an HTTP Date header, or None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def whole_days(span: timedelta) -> int:
    """Return how many whole days are in a span; negative if it is in the past."""
    return span // timedelta(days=1)
