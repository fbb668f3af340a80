# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plan of an environment needs to know of the caller's store: where it is.

The control node reads the store and reports here. A store without a record may be the wrong one, so the message lists
the places that were searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

OPTIONS: dict[str, dict[str, Any]] = {
    "key_id": {"type": "str", "default": "", "no_log": False},
    "has_record": {"type": "bool", "default": True},
    "lost": {"type": "bool", "default": False},
    "path": {"type": "str", "default": ""},
    "looked_in": {"type": "list", "elements": "str", "default": []},
    "found_in": {"type": "list", "elements": "str", "default": []},
}


@dataclass(frozen=True)
class CallerStore:
    """What the control node reports of the store.

    `has_record` says whether the store has a record of this environment, and `lost` whether the caller declares it
    lost. `path` is the file that would hold the record, empty for a store of another kind. `looked_in` are all
    directories that were searched, and `found_in` those among them that have a record of this environment although
    `path` does not.
    """

    has_record: bool = True
    lost: bool = False
    path: str = ""
    looked_in: tuple[str, ...] = ()
    found_in: tuple[str, ...] = ()

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> CallerStore:
        """Read the options of OPTIONS."""
        return cls(
            has_record=options["has_record"],
            lost=options["lost"],
            path=options["path"],
            looked_in=tuple(options["looked_in"]),
            found_in=tuple(options["found_in"]),
        )

    def missing(self, what: str, otherwise: str) -> str:
        """Return the sentence for a store without a record.

        `what` says what may be in use, `otherwise` what the run does if the store is really lost.
        """
        wrong = f"The store has no record of this environment ({self._where()}), but {what}"
        if self.found_in:
            return (
                f"{wrong}: set lead_writer_store_directory to {self.found_in[0]}, which has a record of it, or set "
                f"lead_writer_store_lost to true to {otherwise}."
            )
        place = (
            "lead_writer_store_directory to where the record is" if self.path else "lead_writer_stored to the record"
        )
        return (
            f"{wrong}: set {place}, take over what was set up by hand with the playbook adopt, or set "
            f"lead_writer_store_lost to true to {otherwise}."
        )

    def _where(self) -> str:
        if not self.path:
            return "lead_writer_stored names no key_id"
        return "looked for in " + " and ".join(self.looked_in or (self.path,))
