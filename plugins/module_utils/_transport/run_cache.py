# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A cache between the tasks of one run of Ansible, never beyond it.

The directory is Ansible's own private one for the run (mode 0700, removed at the end of the run). A module that is
executed alone has none, and remembers nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from typing import Any


class RunCache:
    """Remembers small JSON values and files by key, for the life of the run."""

    def __init__(self, directory: str | None) -> None:
        """`directory` is the run's private directory, or None to remember nothing."""
        self._directory = os.path.join(directory, "marketplace_leads") if directory else None

    def get(self, *key: str) -> Any:
        """Return the value remembered under `key`, or None."""
        path = self._path(key)
        if path is None:
            return None
        try:
            with open(path, encoding="utf-8") as file:
                return json.load(file)
        except (FileNotFoundError, ValueError):
            return None

    def put(self, value: Any, *key: str) -> None:
        """Remember `value` (JSON) under `key`."""
        self.put_bytes(json.dumps(value).encode(), *key)

    def get_bytes(self, *key: str) -> bytes | None:
        """Return the content remembered under `key`, or None."""
        path = self._path(key)
        if path is None:
            return None
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def put_bytes(self, content: bytes, *key: str) -> None:
        """Remember `content` under `key`."""
        path = self._path(key)
        if path is None or self._directory is None:
            return
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        # Workers of one run write in parallel: each writes its own file (mode 0600) and renames it.
        handle, scratch = tempfile.mkstemp(dir=self._directory)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(scratch, path)

    def _path(self, key: tuple[str, ...]) -> str | None:
        if self._directory is None:
            return None
        # The key may hold a secret (a token is kept per credential), so only its digest becomes a name.
        digest = hashlib.sha256("\0".join(key).encode()).hexdigest()
        return os.path.join(self._directory, digest)
