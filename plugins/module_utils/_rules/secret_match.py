# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of an application's client secrets a value is.

Microsoft Graph shows the first three characters of each secret (passwordCredential, property `hint`), and nothing else
of its value. So a value can be told from secrets that begin otherwise; whether it is right only a sign-in shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .secret_schedule import Secret


@dataclass(frozen=True)
class Match:
    """What a value can be. `possible` are the live secrets, `ended` the expired ones that begin like it.

    `certain` says that `possible` holds the secret and no other, so that nothing has to be asked.
    """

    possible: tuple[Secret, ...]
    ended: tuple[Secret, ...]

    @property
    def certain(self) -> bool:
        """Whether there is exactly one secret that the value can be, and its beginning is known."""
        return len(self.possible) == 1 and bool(self.possible[0].hint)


def match(secrets: Sequence[Secret], value: str, now: datetime) -> Match:
    """Compare a value with the secrets of an application at the time `now`.

    A secret without a hint, as very old ones are, may be any value.
    """
    alike = [secret for secret in secrets if begins_like(secret, value)]
    return Match(
        tuple(secret for secret in alike if secret.ends_after(now)),
        tuple(secret for secret in alike if secret.hint and not secret.ends_after(now)),
    )


def begins_like(secret: Secret, value: str) -> bool:
    """Say whether a value can be this secret, as far as its beginning is known."""
    return not secret.hint or value.startswith(secret.hint)
