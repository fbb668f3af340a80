# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a store records about an environment's secret, besides the secret itself.

Before a secret is made, its store gets an intention: when the secret will expire, to the second. If the run is killed
before it can store the secret's value, that time shows the next run that the secret is its own and that its value is
lost. A store with an intention is the right one; a store without any record may be a different one.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from .timestamps import read_timestamp

MOST_INTENTIONS = 8
"""How many unfulfilled intentions are kept: each belongs to a run that was killed at the same point."""

MOST_PREVIOUS = 24
"""How many replaced secrets are remembered. An application keeps few of them: expired ones are removed."""

_SPREAD_SECONDS = 6 * 3600
"""A new secret expires up to six hours early, so that no two runs choose the same time."""


@dataclass(frozen=True)
class StoreRecord:
    """What is stored in plain text; every value is a text, lists are separated by spaces, and empty means unknown.

    `key_id` identifies the secret (for a password: when it was set), `previous_key_ids` are those that it replaced,
    and `adopted_key_id` is one that was made by hand and taken over. `intended_end_date_times` are the ends of secrets
    that were to be made and never stored; `intended_at` and `intended_by` are when and by which process the last of
    them was announced, empty once its secret is stored.
    """

    environment_url: str = ""
    directory_id: str = ""
    application_id: str = ""
    user_name: str = ""
    key_id: str = ""
    secret_name: str = ""
    end_date_time: str = ""
    previous_key_ids: str = ""
    adopted_key_id: str = ""
    intended_end_date_times: str = ""
    intended_at: str = ""
    intended_by: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> StoreRecord:
        """Return the record in a mapping, whatever else the mapping holds."""
        return cls(**{name: str(given.get(name) or "") for name in NAMES})

    def as_mapping(self) -> dict[str, str]:
        """Return the record's texts by name, in order."""
        return {name: getattr(self, name) for name in NAMES}

    def intending(self, end_date_time: str, at: str, by: str) -> StoreRecord:
        """Return the record with one more intention. `end_date_time` is empty for a password, whose end is unknown."""
        ends = [*self.intended_end_date_times.split(), *end_date_time.split()]
        return replace(self, intended_end_date_times=" ".join(ends[-MOST_INTENTIONS:]), intended_at=at, intended_by=by)

    def holding(self, secret: StoreRecord) -> StoreRecord:
        """Return the record once `secret` is stored, which fulfills the intention with the same end.

        The intentions of earlier runs stay: a process that outlived its run may still make the secret of one.
        """
        ends = [each for each in self.intended_end_date_times.split() if each != secret.end_date_time]
        previous = secret.previous_key_ids.split()[-MOST_PREVIOUS:]
        return replace(
            secret,
            previous_key_ids=" ".join(previous),
            adopted_key_id=secret.adopted_key_id or self.adopted_key_id,
            intended_end_date_times=" ".join(ends),
            intended_at="",
            intended_by="",
        )


NAMES = tuple(field.name for field in fields(StoreRecord))
"""The names of a record's values, in order."""


def chosen_end(now: datetime, valid_days: int) -> datetime:
    """Return the moment at which a new secret will end: within `valid_days` from `now`, and chosen by no other run."""
    spread = random.uniform(0, min(_SPREAD_SECONDS, valid_days * 3600))  # not a secret, only a moment
    return (now + timedelta(days=valid_days) - timedelta(seconds=spread)).replace(microsecond=0)


def read_moments(texts: str) -> frozenset[datetime]:
    """Return the moments in a text that separates them by spaces, in whole seconds; invalid times are left out."""
    found = set()
    for text in texts.split():
        try:
            moment = read_timestamp(text)
        except ValueError:
            continue
        if moment is not None:
            found.add(moment.replace(microsecond=0))
    return frozenset(found)
