# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When an application needs a new client secret, and which old ones are removed.

A secret's value cannot be read back, so only its key ID says whether the caller still has it:

- For a caller without a record, only the dates decide.
- A caller that keeps one says which secret its store holds, and which ones that secret has replaced.

A secret that may be in use is never removed. Its use cannot be seen from here: the marketplace signs in with what was
handed over before an offer was last published, a second store may hold a value of its own, and an administrator may
have made a secret manually. So a secret is removed only if the caller's own record says that it is the caller's: it was
replaced, and its successor has been in use everywhere for the overlap period; or an interrupted run made it and its
value was lost, which its expiry time shows, because every run chooses one and records it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum

from .errors import InvalidInput

LONGEST_VALID_DAYS = 730
"""Days: the portal offers at most 24 months, and "never" no longer."""


@dataclass(frozen=True)
class Secret:
    """What can be known about an existing client secret; never its value. `hint` is how the value begins."""

    key_id: str
    name: str | None
    start: datetime | None
    end: datetime | None
    hint: str | None = None

    def ends_after(self, moment: datetime) -> bool:
        """Say whether the secret is valid beyond `moment`; one without an end is."""
        return self.end is None or self.end > moment

    def younger_than(self, other: Secret) -> bool:
        """Say whether the secret was made after another one, as far as both say when they were made."""
        return self.start is not None and other.start is not None and self.start > other.start


@dataclass(frozen=True)
class Schedule:
    """What the caller asks for. Names distinguish the caller's secrets from others, and spans are in days.

    A secret is due `rotate_before_days` before its end and, if given, `rotate_after_days` after its start.

    The caller's record: `stored_key_id` is the secret that its store holds, None when it keeps no record, an empty
    string when the store is empty. `previous_key_ids` are those that it held before. `intended_ends` are the ends that
    runs chose for a secret before they made it. `store_lost` says that the values of all secrets are lost.
    `adopted_key_id` is a secret that was made by hand and taken over: it is used, and never removed.

    `in_use_key_id` is the secret that everything uses by now, since `in_use_since` (else since its start);
    `overlap_days` later the previous ones are removed, or never if it is None.

    `absent_key_ids` are secrets that the caller wants removed. If `present` is false no secret is made: the named ones
    are removed, or all with the name if none is named. `new_end` is when a new secret ends, None for `valid_days` from
    now. `expected_key_ids` are the live secrets that the caller has seen; None when it does not say.
    """

    name: str
    valid_days: int
    rotate_before_days: int
    rotate_after_days: int | None = None
    stored_key_id: str | None = None
    previous_key_ids: frozenset[str] = frozenset()
    intended_ends: frozenset[datetime] = frozenset()
    adopted_key_id: str | None = None
    store_lost: bool = False
    overlap_days: int | None = None
    in_use_key_id: str | None = None
    in_use_since: datetime | None = None
    absent_key_ids: frozenset[str] = frozenset()
    present: bool = True
    new_end: datetime | None = None
    expected_key_ids: frozenset[str] | None = None

    def validate(self) -> None:
        """Raise InvalidInput when no secret could satisfy the schedule."""
        if not self.name.strip():
            raise InvalidInput("secret.name is empty: give the name that identifies the secret.")
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

    @property
    def keeps_record(self) -> bool:
        """Say whether the caller has a store."""
        return self.stored_key_id is not None

    @property
    def record_is_empty(self) -> bool:
        """Say whether the caller has a store that knows nothing of any secret."""
        return self.stored_key_id == "" and not self.previous_key_ids and not self.intended_ends

    def due(self, secret: Secret, now: datetime) -> bool:
        """Say whether `secret` is to be replaced at the time `now`."""
        if not secret.ends_after(now + timedelta(days=self.rotate_before_days)):
            return True
        if self.rotate_after_days is None or secret.start is None:
            return False
        return secret.start + timedelta(days=self.rotate_after_days) <= now

    def overlap_over(self, secret: Secret, now: datetime) -> bool:
        """Say whether everything has used `secret`, and no older one, for the overlap period."""
        since = self.in_use_since or secret.start
        if self.overlap_days is None or secret.key_id != self.in_use_key_id or since is None:
            return False
        return since + timedelta(days=self.overlap_days) <= now


class Standing(Enum):
    """What a secret is to the caller."""

    REFUSED = "the caller wants it removed"
    CURRENT = "the caller's store holds it"
    LOST = "an interrupted run made it, and no one has its value"
    PREVIOUS = "the caller's store held it before"
    EXPIRED = "it has the caller's name and signs in no longer"
    FOREIGN = "it has the caller's name, and another store or an administrator made it"
    OTHER = "it has another name or was taken over, so it is left alone"


@dataclass(frozen=True)
class Decision:
    """What to do. `current` is the secret in use as far as is known, even if a new one will replace it.

    `create` says that a new secret is needed. `lost` are removed first, `remove` last; if a new one is needed, only
    after that one works. Live ones that stay are `previous`, which may still be in use, and `foreign`, which the caller
    has no record of. `outdated` says that one of those was made after the one in the caller's store.
    """

    create: bool
    current: Secret | None
    remove: tuple[Secret, ...] = ()
    lost: tuple[Secret, ...] = ()
    previous: tuple[Secret, ...] = ()
    foreign: tuple[Secret, ...] = ()
    outdated: bool = False


def decide(secrets: Sequence[Secret], schedule: Schedule, now: datetime) -> Decision:
    """Decide about the `secrets` that an application has at the time `now`."""
    current = _current(secrets, schedule, now)
    by: dict[Standing, list[Secret]] = {standing: [] for standing in Standing}
    for secret in secrets:
        by[_standing(secret, current, schedule, now)].append(secret)
    refused, previous = by[Standing.REFUSED], by[Standing.PREVIOUS]
    if not schedule.present:
        named = [secret for secret in secrets if secret.name == schedule.name]
        return Decision(False, None, tuple(refused if schedule.absent_key_ids else named))
    foreign = by[Standing.FOREIGN]
    # A younger secret of unknown origin may have been handed over since then: the secret in use is unknown.
    outdated = schedule.keeps_record and current is not None and any(each.younger_than(current) for each in foreign)
    remove = [*refused]
    if current is not None and schedule.overlap_over(current, now) and not outdated:
        remove, previous = [*remove, *previous], []
    create = current is None or schedule.due(current, now)
    if create:
        # Expired secrets are removed too, so that rotation does not accumulate them.
        remove += by[Standing.EXPIRED]
    return Decision(create, current, tuple(remove), tuple(by[Standing.LOST]), tuple(previous), tuple(foreign), outdated)


def _current(secrets: Sequence[Secret], schedule: Schedule, now: datetime) -> Secret | None:
    """The secret that the caller holds: the stored one or, where no record is kept, the one that is valid longest."""
    live = [each for each in secrets if each.ends_after(now) and each.key_id not in schedule.absent_key_ids]
    if schedule.keeps_record:
        # The stored one counts regardless of its name: a secret that was made manually can have any name.
        return next((each for each in live if each.key_id == schedule.stored_key_id), None)
    named = [each for each in live if each.name == schedule.name]
    return max(named, key=lambda each: (each.end or _NEVER, each.key_id), default=None)


def _standing(secret: Secret, current: Secret | None, schedule: Schedule, now: datetime) -> Standing:
    """Return what a secret is to the caller."""
    key_id = secret.key_id
    if key_id in schedule.absent_key_ids:
        return Standing.REFUSED
    if current is not None and key_id == current.key_id:
        return Standing.CURRENT
    was_stored = key_id in schedule.previous_key_ids
    if key_id == schedule.adopted_key_id or not (was_stored or secret.name == schedule.name):
        return Standing.OTHER
    if not was_stored and key_id != schedule.stored_key_id and _whole_second(secret.end) in schedule.intended_ends:
        return Standing.LOST
    if not secret.ends_after(now):
        return Standing.EXPIRED
    if was_stored or not (schedule.keeps_record or (current is not None and secret.younger_than(current))):
        return Standing.PREVIOUS
    return Standing.FOREIGN


def _whole_second(moment: datetime | None) -> datetime | None:
    return moment.replace(microsecond=0) if moment is not None else None


_NEVER = datetime.max.replace(tzinfo=timezone.utc)
