# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When an application needs a new client secret, and which of its old ones go.

Nobody can read a secret's value back, so whether the caller still has it is known only by its key id:

- A caller that keeps no record has the dates alone to go by.
- A caller that keeps one says which secret it holds. If that one is not alive, all the live ones are orphans: their
  values are in nobody's store. If it is alive but due, those that are younger are orphans too, left by a run that
  ended before it could store the value; the older ones were rotated.

Whoever was given a rotated secret goes on using it until they have taken over the new one: the marketplace signs in
with what was handed over before an offer was last published. So a rotated secret stays until the caller says that the
new one is in use, and for a span of overlap beyond that. What is removed is always decided together with what is made.
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

    A secret is due C(rotate_before_days) before its end and, where it is given, C(rotate_after_days) after its start.

    C(known_key_id) is the secret that the caller's store holds: None when it keeps no record, an empty string when
    the store is empty. C(in_use_key_id) is the one that everybody uses by now, since C(in_use_since) (else since its
    start); C(overlap_days) later the others of the name go, or never when it is None. C(unknown_in_use) says that
    somebody may use secrets that the store does not hold, so they are no orphans.

    C(absent_key_ids) are secrets that the caller wants removed. Where C(present) is false no secret is made: those
    that are named go, and all of the name when none is named.
    """

    name: str
    valid_days: int
    rotate_before_days: int
    rotate_after_days: int | None = None
    known_key_id: str | None = None
    overlap_days: int | None = None
    in_use_key_id: str | None = None
    in_use_since: datetime | None = None
    unknown_in_use: bool = False
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
        if self.overlap_days is not None and self.overlap_days < 0:
            raise InvalidInput(f"secret.overlap_days must be 0 or more, not {self.overlap_days}.")
        if self.rotate_after_days is not None and self.rotate_after_days < 0:
            raise InvalidInput(f"secret.rotate_after_days must be 0 or more, not {self.rotate_after_days}.")

    def due(self, secret: Secret, now: datetime) -> bool:
        """Say whether C(secret) is to be replaced at the time C(now)."""
        if not secret.ends_after(now + timedelta(days=self.rotate_before_days)):
            return True
        if self.rotate_after_days is None or secret.start is None:
            return False
        return secret.start + timedelta(days=self.rotate_after_days) <= now

    def overlap_over(self, secret: Secret, now: datetime) -> bool:
        """Say whether everybody has used C(secret), and no older one, for the span of overlap."""
        since = self.in_use_since or secret.start
        if self.overlap_days is None or secret.key_id != self.in_use_key_id or since is None:
            return False
        return since + timedelta(days=self.overlap_days) <= now


@dataclass(frozen=True)
class Decision:
    """What to do. C(current) is the secret in use as far as is known, also when a new one is to replace it.

    C(create) says that a new secret is needed. C(remove) are the secrets to remove; where a new one is needed, only
    after that one works. Two kinds of live ones are left alone: C(rotated), which were rotated and may still be in
    use, and C(unclaimed), younger ones that the caller does not know of.
    """

    create: bool
    current: Secret | None
    remove: tuple[Secret, ...]
    rotated: tuple[Secret, ...] = ()
    unclaimed: tuple[Secret, ...] = ()


def decide(secrets: Sequence[Secret], schedule: Schedule, now: datetime) -> Decision:
    """Decide about the C(secrets) that an application has at the time C(now)."""
    refused = tuple(secret for secret in secrets if secret.key_id in schedule.absent_key_ids)
    named = [secret for secret in secrets if secret.name == schedule.name and secret not in refused]
    if not schedule.present:
        return Decision(False, None, refused if schedule.absent_key_ids else tuple(named))
    live = [secret for secret in named if secret.ends_after(now)]
    current = _current(live, schedule)
    younger = [secret for secret in live if current is not None and _younger(secret, current)]
    others = [secret for secret in live if secret is not current and secret not in younger]
    create = current is None or schedule.due(current, now)
    remove = [*refused]
    if current is not None and schedule.overlap_over(current, now):
        remove += others
        others = []
        # One that another run is about to store is that young.
        stale = [secret for secret in younger if _made_before(secret, now - timedelta(days=schedule.overlap_days or 0))]
        remove += stale
        younger = [secret for secret in younger if secret not in stale]
    if create:
        if current is None and schedule.known_key_id is not None and not schedule.unknown_in_use:
            remove, others = [*remove, *others], []
        # What has expired can do nothing any more; it goes along, so that rotation leaves no pile behind.
        expired = [secret for secret in named if secret not in live]
        return Decision(True, current, (*remove, *(younger if schedule.known_key_id else ()), *expired), tuple(others))
    if schedule.known_key_id is None:
        younger = []
    return Decision(False, current, tuple(remove), tuple(others), tuple(younger))


def _current(live: list[Secret], schedule: Schedule) -> Secret | None:
    """The secret that the caller holds: the known one or, where no record is kept, the one that is valid longest."""
    if schedule.known_key_id is None:
        return _longest(live)
    return next((secret for secret in live if secret.key_id == schedule.known_key_id), None)


def _longest(secrets: list[Secret]) -> Secret | None:
    """The secret that is valid longest."""
    return max(secrets, key=lambda secret: (secret.end or _NEVER, secret.key_id), default=None)


def _younger(secret: Secret, other: Secret) -> bool:
    return secret.start is not None and other.start is not None and secret.start > other.start


def _made_before(secret: Secret, moment: datetime) -> bool:
    return secret.start is not None and secret.start < moment
