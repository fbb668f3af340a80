# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which messages a table supports: rows of `sdkmessages` and `sdkmessagefilters`, derived from the tables.

A client that writes many rows at once checks them for `CreateMultiple` (contract: messages).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .. import seeded
from ..odata.model import Row
from .catalogue import Catalogue
from .schema import Table

if TYPE_CHECKING:
    from .state import EnvironmentData

#: The messages that a right on a table allows.
_MESSAGES_OF_RIGHT = {
    "Create": ("Create", "CreateMultiple"),
    "Read": ("Retrieve", "RetrieveMultiple"),
    "Write": ("Update", "UpdateMultiple"),
    "Delete": ("Delete",),
    "Assign": ("Assign",),
    "Share": ("GrantAccess", "RevokeAccess"),
}
MESSAGES = tuple(dict.fromkeys(name for names in _MESSAGES_OF_RIGHT.values() for name in names))
MESSAGE, FILTER = "sdkmessage", "sdkmessagefilter"


TABLES = frozenset({MESSAGE, FILTER})


def rows(data: EnvironmentData, logical: str) -> Mapping[str, Row]:
    """The rows of one of the two tables by their ids."""
    key = f"rows of {logical}"
    known = data.scratch.get(key)
    if known is None or known[0] is not data.catalogue:
        made = _messages() if logical == MESSAGE else _filters(data.catalogue)
        known = data.scratch[key] = (data.catalogue, {row[f"{logical}id"]: row for row in made})
    found: Mapping[str, Row] = known[1]
    return found


def _messages() -> Iterable[dict[str, Any]]:
    return [{"sdkmessageid": _message_id(name), "name": name, "versionnumber": 1} for name in MESSAGES]


def _filters(catalogue: Catalogue) -> Iterable[dict[str, Any]]:
    return [_filter(table, name) for table in catalogue.tables.values() for name in _answered(table)]


def _answered(table: Table) -> Iterable[str]:
    if not table.writable:
        return _MESSAGES_OF_RIGHT["Read"]
    return [name for right, names in _MESSAGES_OF_RIGHT.items() if right in table.rights for name in names]


def _filter(table: Table, name: str) -> dict[str, Any]:
    return {
        "sdkmessagefilterid": seeded.guid(FILTER, table.logical, name),
        "_sdkmessageid_value": _message_id(name),
        "primaryobjecttypecode": table.logical,
        "secondaryobjecttypecode": "none",
        "versionnumber": 1,
    }


def _message_id(name: str) -> str:
    return seeded.guid(MESSAGE, name)
