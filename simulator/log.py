# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request log: requests and their answers. Tests use it to check a client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO


class RequestLog:
    """Every request that was answered, in memory and optionally as one JSON object per line in a file."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._file: TextIO | None = None

    def open(self, path: Path) -> None:
        """Also write every later entry to `path`, which is overwritten."""
        self._file = path.open("w", encoding="utf-8", buffering=1)

    def add(self, entry: dict[str, Any]) -> None:
        """Log one answered request."""
        self.entries.append(entry)
        if self._file is not None:
            self._file.write(json.dumps(entry, separators=(",", ":")) + "\n")

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._file is not None:
            self._file.close()
            self._file = None
