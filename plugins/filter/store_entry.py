# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes what a store of one's own is given to keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError

from ..module_utils._rules.store_record import NAMES, StoreRecord
from ..module_utils._rules.timestamps import write_timestamp
from ..plugin_utils._run_identity import this_run


def store_entry(
    stored: Mapping[str, Any], secret: str = "", intended_end_date_time: str | None = None, **known: Any
) -> dict[str, str]:
    """Return the entry that a store has to keep for an environment; see the documentation of the filter."""
    if not isinstance(stored, Mapping):
        raise AnsibleFilterError("lead_writer_stored is not a dictionary: give one with key_id and can_encrypt.")
    strange = sorted(set(known) - set(NAMES))
    if strange:
        raise AnsibleFilterError(f"store_entry does not know {', '.join(strange)}: use one of {', '.join(NAMES)}.")
    before = StoreRecord.read(stored)
    if intended_end_date_time is not None:
        now = write_timestamp(datetime.now(timezone.utc))
        after = StoreRecord.read({**known, **_known(before)}).intending(intended_end_date_time, now, this_run())
    else:
        previous = " ".join(known.get("previous_key_ids") or [])
        after = before.holding(StoreRecord.read({**known, "previous_key_ids": previous}))
    return {**after.as_mapping(), "secret": str(secret)}


def _known(record: StoreRecord) -> dict[str, str]:
    return {name: value for name, value in record.as_mapping().items() if value}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"store_entry": store_entry}
