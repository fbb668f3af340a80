# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which run announced a secret, and whether that run is still active.

A killed run and an active one leave the same announcement in the store. They differ in whether the process exists.
That can be checked on the machine on which it was started; on another one only the age of the announcement counts.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
from datetime import datetime, timedelta

LONGEST_RUN = timedelta(minutes=10)
"""How long a run on another machine may take from announcing a secret to storing it: the run waits until the new secret
signs in, five minutes by default."""


def this_run() -> str:
    """Return what identifies the current run: machine, control process, and when that process started."""
    parent = multiprocessing.parent_process()
    control = parent.pid if parent is not None and parent.pid is not None else os.getpid()
    return f"{socket.gethostname()} {control} {_start_of(control)}".rstrip()


def still_runs(run: str, at: datetime | None, now: datetime) -> bool:
    """Return whether another run that announced a secret at the time `at` may still be about to store it.

    `run` is what `this_run` returned there.
    """
    if not run or run == this_run():
        return False
    machine, _space, process = run.partition(" ")
    if machine != socket.gethostname():
        return at is not None and now - at < LONGEST_RUN
    number, _space, start = process.partition(" ")
    return number.isdigit() and _is_alive(int(number)) and _start_of(int(number)) == start


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It belongs to another user.
        return True
    # A zombie process can still be signaled.
    return _status_of(process)[:1] != ["Z"]


def _start_of(process: int) -> str:
    """When a process started, in ticks since the machine started, which shows whether its number was reused.

    Empty if the machine does not report it; then the number alone counts.
    """
    status = _status_of(process)
    return status[19] if len(status) > 19 else ""


def _status_of(process: int) -> list[str]:
    """The fields of a process after its name, as Linux shows them, the state first; none on other systems."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            # The name is in parentheses, and may contain spaces and parentheses itself.
            return file.read().rpartition(")")[2].split()
    except OSError:
        return []
