# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A new password is set if the stored one does not work or is about to expire, and otherwise never."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.password_schedule import (
    DEFAULT_VALIDITY_DAYS,
    NEVER_EXPIRES_DAYS,
    NEVER_EXPIRES_POLICY,
    Password,
    PasswordSchedule,
    decide_password,
    password_end,
)

CHANGED = datetime(2026, 1, 1, tzinfo=UTC)
END = CHANGED + timedelta(days=90)
PASSWORD = Password(CHANGED, END)
RENEWING = PasswordSchedule(renew_before_days=14)
ONE = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("validity_days", "policies", "days"),
    [
        (None, frozenset(), DEFAULT_VALIDITY_DAYS),
        (30, frozenset({"DisableStrongPassword"}), 30),
        (30, frozenset({NEVER_EXPIRES_POLICY}), None),
        (NEVER_EXPIRES_DAYS, frozenset(), None),
    ],
)
def test_password_expires_by_its_domain_and_user(
    validity_days: int | None, policies: frozenset[str], days: int | None
) -> None:
    end = None if days is None else CHANGED + timedelta(days=days)
    assert password_end(CHANGED, validity_days, policies) == end
    assert password_end(None, validity_days, policies) is None


@pytest.mark.parametrize(
    ("now", "reason", "days_left"),
    [
        (END - timedelta(days=14) - ONE, None, 14),
        (END - timedelta(days=14), "due", 14),
        (END - ONE, "due", 0),
        (END, "expired", 0),
        (END + ONE, "expired", -1),
    ],
)
def test_a_password_is_renewed_before_it_ends_and_not_sooner(now: datetime, reason: str | None, days_left: int) -> None:
    decision = decide_password(PASSWORD, RENEWING, now)
    assert (decision.reason, decision.days_left) == (reason, days_left)


def test_password_is_renewed_by_age_only_on_request() -> None:
    assert decide_password(PASSWORD, PasswordSchedule(), END + timedelta(days=1)).reason is None
    assert decide_password(Password(CHANGED), RENEWING, END + timedelta(days=1)).reason is None


@pytest.mark.parametrize(
    ("known", "reason"),
    [(None, "unknown"), (CHANGED - ONE, "unknown"), (CHANGED + ONE, "unknown"), (CHANGED, None)],
)
def test_password_missing_from_the_store_must_be_renewed(known: datetime | None, reason: str | None) -> None:
    schedule = PasswordSchedule(keeps_record=True, known_changed=known, renew_before_days=14)
    assert decide_password(PASSWORD, schedule, CHANGED).reason == reason
    assert decide_password(Password(None), schedule, CHANGED).reason == "unknown"


@pytest.mark.parametrize("days", [-1, DEFAULT_VALIDITY_DAYS])
def test_a_span_that_would_renew_at_every_run_is_refused(days: int) -> None:
    with pytest.raises(InvalidInput, match="password_renew_before_days must be from 0 to less than 90"):
        PasswordSchedule(renew_before_days=days).validate()


@pytest.mark.parametrize(("age", "reason"), [(timedelta(days=30) - ONE, None), (timedelta(days=30), "due")])
def test_password_that_never_expires_can_be_renewed_by_age(age: timedelta, reason: str | None) -> None:
    schedule = PasswordSchedule(renew_after_days=30)
    assert decide_password(Password(CHANGED), schedule, CHANGED + age).reason == reason
    with pytest.raises(InvalidInput, match="password_renew_after_days must be at least 1"):
        PasswordSchedule(renew_after_days=0).validate()
