# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the entry that your own store must keep."""

from __future__ import annotations

DOCUMENTATION = r"""
name: store_entry
short_description: Build the entry that a store keeps for an environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Returns the dictionary that your own store must keep for an environment and return unchanged. All of its values are
    strings; C(secret) is the secret, and everything else can be stored in plain text.
  - The role uses it to build C(lead_writer_store_entry).
options:
  _input:
    description: The current record in the store, as in C(lead_writer_stored).
    type: dict
    required: true
  secret:
    description: The secret to store.
    type: str
    default: ''
  intended_end_date_time:
    description:
      - When the secret that is about to be created will expire. The entry then keeps the stored secret, and announces
        the new one.
    type: str
  key_id:
    description:
      - The key ID of the secret. The other values of the record, such as C(application_id), are options as well.
    type: str
  previous_key_ids:
    description: The key IDs of live secrets that it has replaced.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Build the entry for a new secret
  ansible.builtin.set_fact:
    entry: >-
      {{ lead_writer_stored | marketplace_leads.dynamics365.store_entry(
           secret=app.secret.value, key_id=app.secret.key_id, end_date_time=app.secret.end_date_time,
           previous_key_ids=app.secret.previous_key_ids) }}
  no_log: true
"""

RETURN = r"""
_value:
  description: The entry, a dictionary of strings.
  type: dict
"""

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
    """Return the entry that a store must keep for an environment; see the documentation of the filter."""
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
