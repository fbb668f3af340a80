# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of privileges: `prv` + access right + the table's schema name.

Source: Dataverse "security role and privilege reference". Names are compared without regard to case because the
middle of the name carries the table's schema casing, which a caller who knows only the logical name cannot know.
"""

from __future__ import annotations

from .errors import InvalidInput

ACCESS_RIGHTS = {
    "create": "Create",
    "read": "Read",
    "write": "Write",
    "delete": "Delete",
    "append": "Append",
    "append_to": "AppendTo",
    "assign": "Assign",
    "share": "Share",
}
"""The access rights as an option spells them, and as a privilege's name does."""

# Tables whose privileges are not named after the table.
_NAMED_OTHERWISE = {"systemuser": "User", "activitypointer": "Activity"}


def privilege_name(table: str, right: str) -> str:
    """Return the name of the privilege for `right` (a key of ACCESS_RIGHTS) on `table` (a logical name)."""
    if right not in ACCESS_RIGHTS:
        raise InvalidInput(f"access must be among {', '.join(ACCESS_RIGHTS)}, not {right!r}.")
    logical = table.strip().lower()
    return f"prv{ACCESS_RIGHTS[right]}{_NAMED_OTHERWISE.get(logical, logical)}"
