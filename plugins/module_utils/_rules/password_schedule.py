# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When the password of a user is replaced.

A password cannot be read back, so only the time of its last change shows whether the caller still has it: the caller
stores that time with the password. A user has one password. A new one invalidates the old one at once, so users of the
old one are locked out until they get the new one; that is why a caller may forbid it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from .errors import InvalidInput
from .timestamps import whole_days

DEFAULT_VALIDITY_DAYS = 90
"""Days that a password is valid if the domain does not say (source: Microsoft Graph, "domain resource type")."""

NEVER_EXPIRES_DAYS = 2147483647
"""The number of days by which a domain says that passwords never expire."""

NEVER_EXPIRES_POLICY = "DisablePasswordExpiration"


@dataclass(frozen=True)
class PasswordSchedule:
    """What the caller asks for.

    `keeps_record` says that the caller stores passwords, and `known_changed` when the one in its store was set, None
    when the store is empty. `renew_before_days` is how long before its end a password is replaced, and
    `renew_after_days` how long after it was set, None for never. `may_renew` is false if a new password could not be
    handed over now.
    """

    keeps_record: bool = False
    known_changed: datetime | None = None
    renew_before_days: int | None = None
    renew_after_days: int | None = None
    may_renew: bool = True

    def validate(self) -> None:
        """Raise InvalidInput when the schedule cannot be kept."""
        if self.renew_before_days is not None and not 0 <= self.renew_before_days < DEFAULT_VALIDITY_DAYS:
            raise InvalidInput(
                f"password_renew_before_days must be from 0 to less than {DEFAULT_VALIDITY_DAYS}, not "
                f"{self.renew_before_days}: every run would set a new password."
            )
        if self.renew_after_days is not None and self.renew_after_days < 1:
            raise InvalidInput(
                f"password_renew_after_days must be at least 1, not {self.renew_after_days}: every run would set a new "
                "password."
            )

    def due(self, password: Password, now: datetime) -> bool:
        """Say whether a password is due for replacement."""
        by_age = by_end = None
        if self.renew_after_days is not None and password.changed is not None:
            by_age = password.changed + timedelta(days=self.renew_after_days)
        if self.renew_before_days is not None and password.end is not None:
            by_end = password.end - timedelta(days=self.renew_before_days)
        return any(moment is not None and moment <= now for moment in (by_age, by_end))


@dataclass(frozen=True)
class Password:
    """What can be known of a password: when it was set, and when it ends (None for never or unknown)."""

    changed: datetime | None
    end: datetime | None = None


@dataclass(frozen=True)
class PasswordDecision:
    """What to do. `reason` is why a new password is needed (`unknown`, `due` or `expired`), or None.

    `days_left` are the whole days until the password ends, negative when it has ended, None when it does not.
    """

    reason: str | None
    days_left: int | None


def password_end(changed: datetime | None, validity_days: int | None, policies: frozenset[str]) -> datetime | None:
    """Return when a password ends, or None when it never does.

    `validity_days` is what the domain says, None when it says nothing. `policies` are the user's password policies.
    """
    days = DEFAULT_VALIDITY_DAYS if validity_days is None else validity_days
    if changed is None or days >= NEVER_EXPIRES_DAYS or NEVER_EXPIRES_POLICY in policies:
        return None
    return changed + timedelta(days=days)


def decide_password(password: Password, schedule: PasswordSchedule, now: datetime) -> PasswordDecision:
    """Decide about the password that a user has at the time `now`."""
    days_left = None if password.end is None else whole_days(password.end - now)
    if schedule.keeps_record and (schedule.known_changed is None or schedule.known_changed != password.changed):
        return PasswordDecision("unknown", days_left)
    due = schedule.due(password, now)
    if due and password.end is not None and password.end <= now:
        return PasswordDecision("expired", days_left)
    return PasswordDecision("due" if due else None, days_left)
