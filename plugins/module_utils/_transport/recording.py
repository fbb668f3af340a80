# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes requests and answers to a folder, one file for each kind of exchange, censored.

For developers without access to the live services, a recording shows which facts about them are true.
`_rules.recorded_exchange` decides what it may hold; this module only writes it. Equal exchanges have one file, whose
name is derived from its content, so threads, forks, hosts and later runs share one folder without coordination.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import Any

from .._rules.errors import InvalidInput
from .._rules.recorded_exchange import Received, Sent, file_name, recorded_answer, recorded_break


class Recorder:
    """Keeps one file for each different exchange in a folder.

    Once the folder exists nothing raises: the recording must not end a run between a change and its follow-up. What
    cannot be recorded is left out.
    """

    def __init__(self, directory: str) -> None:
        """`directory` is where the files go; nothing is touched before `open`."""
        self.directory = os.path.abspath(os.path.expanduser(directory))
        self._opening = threading.Lock()
        self._is_open = False
        self._kept: set[str] = set()

    def open(self) -> None:
        """Create the folder before anything is sent. Raises InvalidInput if it is not writable."""
        with self._opening:
            if self._is_open:
                return
            try:
                os.makedirs(self.directory, mode=0o700, exist_ok=True)
                handle, scratch = _scratch_file(self.directory)
                os.close(handle)
                os.unlink(scratch)
            except OSError as error:
                raise InvalidInput(
                    f"record_directory names {self.directory}, which is not a writable folder "
                    f"({error.strerror or error}): name another one, or correct its permissions."
                ) from None
            self._is_open = True

    def note_answer(self, sent: Sent, received: Received) -> None:
        """Keep an exchange."""
        self._keep(lambda: recorded_answer(sent, received))

    def note_break(self, sent: Sent, error: BaseException, maybe_applied: bool) -> None:
        """Keep a request without a complete answer, and the class of its error."""
        self._keep(lambda: recorded_break(sent, type(error).__name__, maybe_applied))

    def _keep(self, made: Callable[[], Mapping[str, Any]]) -> None:
        with contextlib.suppress(Exception):
            record = made()
            name = file_name(record)
            if name in self._kept:
                return
            path = os.path.join(self.directory, name)
            if not os.path.exists(path):
                self._write(path, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
            self._kept.add(name)

    def _write(self, path: str, text: str) -> None:
        """Write a file completely or not at all. Others may write the same content at the same time."""
        handle, scratch = _scratch_file(self.directory)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            os.replace(scratch, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(scratch)
            raise


def _scratch_file(directory: str) -> tuple[int, str]:
    """Return a new file, of mode 0600, that readers of the folder ignore."""
    return tempfile.mkstemp(dir=directory, prefix=".", suffix=".part")
