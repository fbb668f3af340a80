# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services' names in Ansible's spelling, and their texts made safe to show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


_INVISIBLE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u2069\\ufeff]+")

LONGEST_TEXT = 6000
"""The maximum number of characters of a sentence: enough for any service's message, and not too much for a screen."""


def harmless(text: str) -> str:
    """Return a service's text so that a terminal shows it as one line of plain text.

    Escape sequences can clear a screen, line breaks and text direction marks can forge another line.
    """
    plain = _INVISIBLE.sub(" ", text).strip()
    return plain if len(plain) <= LONGEST_TEXT else plain[:LONGEST_TEXT] + " ..."


def snake_case(content: Any) -> Any:
    """Return JSON content with the names of all its properties in snake_case, such as `sign_in_audience`."""
    if isinstance(content, Mapping):
        return {_INNER_CAPITAL.sub("_", str(name)).lower(): snake_case(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [snake_case(item) for item in content]
    return content
