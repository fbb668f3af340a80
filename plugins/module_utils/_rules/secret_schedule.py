# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When an application needs a new client secret, and which of its old ones go.

Nobody can read a secret's value back, so whether the caller still has it is known only by its key id:

- A caller that keeps no record has the dates alone to go by.
- A caller that keeps one says which secret it holds. If that one is not alive, all the live ones are orphans: their
  values are in nobody's store. If it is alive but due, those that are younger are orphans too, left by a run that
  ended before it could store the value; the older ones were rotated and may still be in use, so they stay.

What is removed is always decided together with what is made. A span of overlap, after which rotated secrets go,
would be one more contribution to C(Decision.remove).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from .errors import InvalidInput

LONGEST_VALID_DAYS = 730
"""Days: the portal offers at most 24 months, and "never" no longer."""

_NEVER = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Secret:
    """What can be known of a client secret that exists; never its value. C(hint) is how the value begins."""

    key_id: str
    name: str | None
    start: datetime | None
    end: datetime | None
    hint: str | None = None

    def ends_after(self, moment: datetime) -> bool:
        """Say whether the secret is valid beyond C(moment); one without an end is."""
        return self.end is None or self.end > moment


@dataclass(frozen=True)
class Schedule:
    """What the caller asks for. Names tell the caller's secrets from others, and spans are in days.

    C(known_key_id) is the secret that the caller's store holds: None when it keeps no record, an empty string when
    the store is empty. C(absent_key_ids) are secrets that the caller wants removed. Where C(present) is false no
    secret is made: those that are named go, and all of the name when none is named.
    """

    name: str
    valid_days: int
    rotate_before_days: int
    known_key_id: str | None = None
    absent_key_ids: frozenset[str] = frozenset()
    present: bool = True

    def validate(self) -> None:
        """Raise InvalidInput when no secret could satisfy the schedule."""
        if not self.name.strip():
            raise InvalidInput("secret.name is empty: give the name by which the secret is recognised.")
        if not 1 <= self.valid_days <= LONGEST_VALID_DAYS:
            raise InvalidInput(f"secret.valid_days must be from 1 to {LONGEST_VALID_DAYS}, not {self.valid_days}.")
        if not 0 <= self.rotate_before_days < self.valid_days:
            raise InvalidInput(
                f"secret.rotate_before_days must be from 0 to less than secret.valid_days ({self.valid_days}), not "
                f"{self.rotate_before_days}: every run would make a new secret."
            )


@dataclass(frozen=True)
class Decision:
    """What to do. C(current) is the secret in use as far as is known, also when a new one is to replace it.

    C(create) says that a new secret is needed. C(remove) are the secrets to remove; where a new one is needed, only
    after that one works. C(unclaimed) are live ones of the caller's name that the caller does not know of, left alone.
    """

    create: bool
    current: Secret | None
    remove: tuple[Secret, ...]
    unclaimed: tuple[Secret, ...] = ()


def decide(secrets: Sequence[Secret], schedule: Schedule, now: datetime) -> Decision:
    """Decide about the C(secrets) that an application has at the time C(now)."""
    refused = tuple(secret for secret in secrets if secret.key_id in schedule.absent_key_ids)
    named = [secret for secret in secrets if secret.name == schedule.name and secret not in refused]
    if not schedule.present:
        return Decision(False, None, refused if schedule.absent_key_ids else tuple(named))
    live = [secret for secret in named if secret.ends_after(now)]
    if schedule.known_key_id is None:
        current, orphans = _longest(live), []
    else:
        current = next((secret for secret in live if secret.key_id == schedule.known_key_id), None)
        orphans = live if current is None else [secret for secret in live if _younger(secret, current)]
    due_by = now + timedelta(days=schedule.rotate_before_days)
    if current is not None and current.ends_after(due_by):
        return Decision(False, current, refused, tuple(orphans))
    # What has expired can do nothing any more; it goes along, so that rotation leaves no pile behind.
    expired = [secret for secret in named if secret not in live]
    return Decision(True, current, (*refused, *orphans, *expired))


def _longest(secrets: list[Secret]) -> Secret | None:
    """The secret that is valid longest."""
    return max(secrets, key=lambda secret: (secret.end or _NEVER, secret.key_id), default=None)


def _younger(secret: Secret, other: Secret) -> bool:
    return secret.start is not None and other.start is not None and secret.start > other.start
