# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ids: their form, and the one that stands for "known after apply"."""

from __future__ import annotations

import re

from .errors import InvalidInput

NIL_GUID = "00000000-0000-0000-0000-000000000000"
"""The id of an object that a dry run would create: accepted in check mode only."""

KNOWN_AFTER_APPLY = "known after apply"
"""What a dry run shows in the place of a value that only making the change can show."""

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def is_guid(text: str) -> bool:
    """Say whether `text` is a GUID in its usual spelling, in either case."""
    return _GUID.fullmatch(text.lower()) is not None


def guid(text: str, option: str) -> str:
    """Return `text` as a lower-case GUID.

    Raises InvalidInput naming `option` if it is not one. The services compare ids without regard to case, so one
    spelling inside the collection saves every later comparison.
    """
    cleaned = text.strip().strip("{}").lower()
    if not is_guid(cleaned):
        raise InvalidInput(f"{option} must be a GUID such as 11111111-2222-3333-4444-555555555555, not {text!r}.")
    return cleaned
