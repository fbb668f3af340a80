# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords of users: what Microsoft Entra accepts, and how one is made.

Source: "Microsoft Entra password policies" (cloud accounts): 8 to 256 characters, three of four kinds.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable

from .errors import InvalidInput

SHORTEST, LONGEST = 8, 256
GENERATED_LENGTH = 32
"""Characters: about 190 random bits."""

_KINDS = {
    "lowercase letters": re.compile(r"[a-z]"),
    "uppercase letters": re.compile(r"[A-Z]"),
    "digits": re.compile(r"[0-9]"),
    "symbols": re.compile(r"[^a-zA-Z0-9]"),
}
_SYMBOLS = "-_.!*+="
# Symbols without special meaning in shells, forms, XML and connection strings, because the password is typed or passed
# on.
_ALPHABET = string.ascii_letters + string.digits + _SYMBOLS


def check_password(password: str, user_principal_name: str, option: str = "password") -> None:
    """Raise InvalidInput, which never holds the password, when Microsoft Entra would refuse it."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(f"{option} must have {SHORTEST} to {LONGEST} characters.")
    if _kinds(password) < 3:
        raise InvalidInput(f"{option} must contain three of these: {', '.join(_KINDS)}.")
    if _local_part(user_principal_name) in password.lower():
        raise InvalidInput(f"{option} must not contain the name of the user: choose another one, or leave it out.")


def generated_password(user_principal_name: str, choose: Callable[[str], str] = secrets.choice) -> str:
    """Return a new password that Microsoft Entra accepts; `choose` draws one character of a text at random."""
    while True:
        password = "".join(choose(_ALPHABET) for _place in range(GENERATED_LENGTH))
        # All four kinds, and a letter first, because some forms trim or reject values that begin with a symbol.
        if (
            _kinds(password) == len(_KINDS)
            and password[0].isalpha()
            and _local_part(user_principal_name) not in password.lower()
        ):
            return password


def _kinds(password: str) -> int:
    return sum(1 for pattern in _KINDS.values() if pattern.search(password))


def _local_part(user_principal_name: str) -> str:
    return user_principal_name.partition("@")[0].lower()
