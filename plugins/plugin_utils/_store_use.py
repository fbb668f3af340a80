# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where to look for a store's file, and whether another run is about to write it."""

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

    Empty if there is no such run: a killed run leaves its announcement behind, but nothing waits for it.
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
    """Return the other folders in which a run from another directory would have looked for the file.

    These are folders of the same name in the current directory, next to the inventories and next to the playbook.
    """
    own = os.path.dirname(path)
    places = [os.getcwd(), variables.get("inventory_dir"), variables.get("playbook_dir")]
    for source in variables.get("ansible_inventory_sources") or []:
        places += [source, os.path.dirname(str(source))]
    # An inventory may be a file, which contains no folders.
    existing = [os.path.abspath(str(place)) for place in places if place and os.path.isdir(str(place))]
    folders = [os.path.join(place, os.path.basename(own)) for place in existing]
    return [folder for folder in dict.fromkeys(folders) if folder != own]
