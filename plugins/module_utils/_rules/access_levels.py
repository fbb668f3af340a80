# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Access levels of a privilege: four depths, each with the name of the API and the names of the two user interfaces.

Source: Dataverse "security roles and privileges" and the PrivilegeDepth enumeration of the Web API.
"""

from __future__ import annotations

from enum import IntEnum

from .errors import InvalidInput


class AccessLevel(IntEnum):
    """How far a privilege reaches; the values are the API's own and are ordered from narrow to wide."""

    BASIC = 0
    LOCAL = 1
    DEEP = 2
    GLOBAL = 3

    @property
    def api_name(self) -> str:
        """The name the Web API uses: Basic, Local, Deep or Global."""
        return self.name.capitalize()


_SPELLINGS = {
    AccessLevel.BASIC: ("basic", "user"),
    AccessLevel.LOCAL: ("local", "business unit"),
    AccessLevel.DEEP: ("deep", "parent: child business units", "parent child business units", "parent child"),
    AccessLevel.GLOBAL: ("global", "organization", "organization"),
}
_BY_SPELLING = {spelling: level for level, spellings in _SPELLINGS.items() for spelling in spellings}


def access_level(text: str, option: str = "level") -> AccessLevel:
    """Read an access level in either vocabulary, without regard to case, `_` or `-`.

    Raises InvalidInput naming `option`.
    """
    spelled = " ".join(text.lower().replace("_", " ").replace("-", " ").split())
    level = _BY_SPELLING.get(spelled)
    if level is None:
        raise InvalidInput(
            f"{option} must be one of user (basic), business_unit (local), parent_child (deep) "
            f"or organization (global), not {text!r}."
        )
    return level
