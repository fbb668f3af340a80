# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a store's file is looked for, and whether another run is about to write it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..module_utils._rules.store_record import StoreRecord
from ..module_utils._rules.timestamps import read_timestamp
from ._run_identity import still_runs


def refusal_of_other_run(path: str, record: StoreRecord) -> str:
    """Return the sentence that stops a run while another one is about to store a secret in the file at `path`.

    Empty where there is no such run: one that was killed leaves its intention behind, and is not waited for.
    """
    at = read_timestamp(record.intended_at)
    if not still_runs(record.intended_by, at, datetime.now(timezone.utc)):
        return ""
    machine, _space, process = record.intended_by.partition(" ")
    return (
        f"Another run is about to store a secret in {path} (since {record.intended_at}, on {machine}, process "
        f"{process.partition(' ')[0]}): this run changes nothing; run again when the other one has ended."
    )


def other_folders(path: str, variables: Mapping[str, Any]) -> list[str]:
    """Return the folders beside the file's own one in which a run from another place would have looked for it.

    These are folders of the same name where Ansible is run, beside the inventories and beside the playbook.
    """
    own = os.path.dirname(path)
    places = [os.getcwd(), variables.get("inventory_dir"), variables.get("playbook_dir")]
    for source in variables.get("ansible_inventory_sources") or []:
        places += [source, os.path.dirname(str(source))]
    # An inventory may be a file, in which nothing can be looked for.
    existing = [os.path.abspath(str(place)) for place in places if place and os.path.isdir(str(place))]
    folders = [os.path.join(place, os.path.basename(own)) for place in existing]
    return [folder for folder in dict.fromkeys(folders) if folder != own]
