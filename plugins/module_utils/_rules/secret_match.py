# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of an application's client secrets a value belongs to.

Microsoft Graph shows the first three characters of each secret (passwordCredential, property `hint`), and nothing else
of its value. So a value can be distinguished from secrets that begin differently; only a sign-in shows whether it is
correct.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .secret_schedule import Secret


@dataclass(frozen=True)
class Match:
    """What a value can be. `possible` are the live secrets, `ended` the expired ones that begin like it.

    `certain` says that `possible` holds exactly the secret, so that the caller need not name it.
    """

    possible: tuple[Secret, ...]
    ended: tuple[Secret, ...]

    @property
    def certain(self) -> bool:
        """Whether the value can belong to exactly one secret with a known beginning."""
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
