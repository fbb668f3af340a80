# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing files of the control node that must never be there by halves."""

from __future__ import annotations

import contextlib
import os
import tempfile


class FileNotWritten(Exception):
    """A file could not be written or removed; the text is a sentence with the cure."""


def write_whole(path: str, text: str) -> None:
    """Write a file as a whole or not at all, readable by its owner only; folders that are missing are made.

    C(path) is absolute. Raises FileNotWritten.
    """
    try:
        folder = os.path.dirname(path)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(scratch, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(scratch)
            raise
    except OSError as error:
        raise _not_written(path, error) from error


def check_writable(path: str) -> None:
    """Try whether a file could be written, and leave nothing behind.

    C(path) is absolute. Raises FileNotWritten.
    """
    folder = os.path.dirname(path)
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: str, error: OSError) -> FileNotWritten:
    return FileNotWritten(
        f"{path} cannot be written ({error.strerror or error}): correct the path or the permissions of its folder."
    )


def remove_file(path: str) -> None:
    """Remove a file; its folder stays, for it may be one that a repository or a mount brings.

    C(path) is absolute; a file that is gone already is as well. Raises FileNotWritten.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileNotWritten(
            f"{path} cannot be removed ({error.strerror or error}): correct the permissions of its folder."
        ) from error
