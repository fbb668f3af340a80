# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what is sent and what comes back into a folder, one file for each kind of exchange, censored.

For those who cannot see the live services: a recording settles which facts about them are true. What it may hold is
decided in `_rules.recorded_exchange`; here it is only written. Equal exchanges have one file, whose name follows from
its content, so threads, forks, hosts and later runs meet in one folder without knowing of each other.
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

    Once the folder is there nothing of it raises: a run must not end, between a change and what follows from it,
    because of its recording. What cannot be recorded is left out.
    """

    def __init__(self, directory: str) -> None:
        """`directory` is where the files go; nothing is touched before `open`."""
        self.directory = os.path.abspath(os.path.expanduser(directory))
        self._opening = threading.Lock()
        self._is_open = False
        self._kept: set[str] = set()

    def open(self) -> None:
        """Make the folder, before anything is sent. Raises InvalidInput when it cannot be written to."""
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
        """Keep a request to which no whole answer came, and the class of the error that says why."""
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
        """Write a file as a whole or not at all. Others may do the same at that moment, with the same content."""
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
    """Return a new file, of mode 0600, that readers of the folder take no notice of."""
    return tempfile.mkstemp(dir=directory, prefix=".", suffix=".part")
