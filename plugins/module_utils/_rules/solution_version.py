# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions of solutions: up to four numbers, compared as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import InvalidInput


@dataclass(frozen=True, order=True)
class SolutionVersion:
    """A solution's version, such as 1.0.0.10, which is newer than 1.0.0.9."""

    numbers: tuple[int, int, int, int]

    @classmethod
    def parse(cls, text: str) -> SolutionVersion:
        """Read a version; missing numbers count as 0. Raises InvalidInput when it is none."""
        parts = text.strip().split(".")
        if not 1 <= len(parts) <= 4 or not all(part.isascii() and part.isdigit() for part in parts):
            raise InvalidInput(f"A solution's version must be one to four numbers, such as 1.0.0.0, not {text!r}.")
        numbers = [int(part) for part in parts] + [0] * (4 - len(parts))
        return cls((numbers[0], numbers[1], numbers[2], numbers[3]))

    def __str__(self) -> str:
        return ".".join(str(number) for number in self.numbers)
