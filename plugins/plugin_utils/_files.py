# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Atomic writing of files on the control node."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from collections.abc import Iterator


class FileNotWritten(Exception):
    """A file could not be written or removed; the text is a sentence with the cure."""


def write_whole(path: str, text: str) -> None:
    """Write a file atomically, readable by its owner only; missing folders are created.

    `path` is absolute. Raises FileNotWritten.
    """
    try:
        folder = os.path.dirname(path)
        _make_folder(folder)
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
        raise _not_written(path, error) from None


def check_writable(path: str) -> None:
    """Check that a file can be written, and leave nothing behind. `path` is absolute. Raises FileNotWritten."""
    folder = os.path.dirname(path)
    there = folder
    while not os.path.isdir(there) and there != os.path.dirname(there):
        there = os.path.dirname(there)
    try:
        scratch = tempfile.mkdtemp(dir=there, prefix=".", suffix=".part")
        os.rmdir(scratch)
    except OSError as error:
        raise _not_written(path, error) from None


@contextlib.contextmanager
def locked_folder(folder: str, *, make: bool) -> Iterator[None]:
    """Allow one process at a time to change the files of a folder, as far as the file system supports locks.

    The folder itself is locked, so that no lock file stays behind. A folder that does not exist is created if `make` is
    true, and not locked otherwise. Raises FileNotWritten if it cannot be created.
    """
    if make:
        _make_folder(folder)
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        yield
        return
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_folder(folder: str) -> None:
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError as error:
        raise _not_written(folder, error) from None


def _not_written(path: str, error: OSError) -> FileNotWritten:
    return FileNotWritten(
        f"{path} cannot be written ({error.strerror or error}): correct the path or the permissions of its folder."
    )


def remove_file(path: str) -> None:
    """Remove a file; its folder stays, because it may belong to a repository or a mount.

    `path` is absolute; a file that does not exist is no error. Raises FileNotWritten.
    """
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise FileNotWritten(
            f"{path} cannot be removed ({error.strerror or error}): correct the permissions of its folder."
        ) from None
