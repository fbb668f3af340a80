# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run's recording shows about the facts, for the end of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from ansible.errors import AnsibleError

from ._evidence import read_evidence
from ._host_variables import HostVariables
from ._recording import RecordingNotRead, read_recording
from .evidence import CONFIRMED, NOT_MET, REFUTED, compare, page

PAGE = "facts.md"
"""The name of the page, in the folder of the recording."""


def recorded_facts(hosts: Iterable[str], variables: HostVariables) -> Iterator[str]:
    """Write the page of facts into each folder that these hosts record to, and yield a line for each.

    A folder without a recording, or one that is not writable, is skipped, because the run has reported it.
    """
    for directory in dict.fromkeys(_folder_of(host, variables) for host in hosts):
        if directory:
            try:
                yield _compared(Path(directory).expanduser())
            except (RecordingNotRead, OSError):
                continue


def _folder_of(host: str, variables: HostVariables) -> str:
    if not variables.of(host).get("lead_writer_record"):
        return ""
    try:
        return str(variables.value(host, "lead_writer_record"))
    except AnsibleError:
        return ""


def _compared(directory: Path) -> str:
    verdicts = compare(read_evidence().facts, read_recording(directory))
    (directory / PAGE).write_text(page(verdicts), encoding="utf-8")
    count = Counter(each.verdict for each in verdicts)
    return (
        f"The recording confirms {count[CONFIRMED]} facts about Microsoft's services and refutes {count[REFUTED]}; "
        f"{count[NOT_MET]} were not met. See {directory / PAGE}."
    )
