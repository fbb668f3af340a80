# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that depend only on the seed, so that every start with the same seed creates the same cloud."""

from __future__ import annotations

import hashlib
import uuid

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _digest(seed: int | str, names: tuple[object, ...]) -> bytes:
    return hashlib.sha256("\x1f".join(str(part) for part in (seed, *names)).encode()).digest()


def guid(seed: int | str, *names: object) -> str:
    """A GUID that depends only on `seed` and `names`."""
    return str(uuid.UUID(bytes=_digest(seed, names)[:16], version=4))


def fraction(seed: int | str, *names: object) -> float:
    """A number from 0 (included) to 1 (excluded)."""
    return int.from_bytes(_digest(seed, names)[:7], "big") / 2**56


def secret_text(seed: int | str, *names: object) -> str:
    """Forty characters, `8Q~` after the first three: the shape of today's client secrets (contract: secrets)."""
    digest = _digest(seed, (*names, "a")) + _digest(seed, (*names, "b"))
    text = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[:40])
    return f"{text[:3]}8Q~{text[6:]}"
