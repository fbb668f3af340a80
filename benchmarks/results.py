# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a figure is, and how figures are printed and stored."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured figure.

    `value` is a ratio or a number. `target` is its lower limit if `at_least`, else its upper limit. `how` holds the
    circumstances (environments, forks, ...), `measured` the numbers that the value was computed from.
    """

    name: str
    title: str
    value: float
    target: float
    at_least: bool
    unit: str = ""
    how: dict[str, Any] = field(default_factory=dict)
    measured: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        """Whether the target is reached."""
        return self.value >= self.target if self.at_least else self.value <= self.target

    def line(self) -> str:
        """Return the figure as text."""
        wanted = f"target: at {'least' if self.at_least else 'most'} {self.target:g}{self.unit}"
        return f"{self.title:<72} {self.value:>7.4g}{self.unit:<2} {wanted:<22} {'met' if self.met else 'MISSED'}"

    def as_json(self) -> dict[str, Any]:
        """Return the figure as data."""
        return {
            "title": self.title,
            "value": round(self.value, 3),
            "target": self.target,
            "target_is": "at least" if self.at_least else "at most",
            "met": self.met,
            "how": self.how,
            "measured": self.measured,
        }


def machine() -> dict[str, Any]:
    """The machine and the versions that the figures were measured with."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name.replace("-", "_"): version(name) for name in ("ansible-core", "msal", "requests", "uvicorn")},
    }


def keep(path: Path, figures: list[Figure], measured_on: dict[str, Any]) -> dict[str, Any]:
    """Write figures to `path`, keep those with other names, and return all of them.

    Each figure carries the machine of its own run, because runs may be on different machines.
    """
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["figures"] if path.exists() else {}
    kept |= {figure.name: {**figure.as_json(), "machine": measured_on} for figure in figures}
    path.write_text(json.dumps({"figures": dict(sorted(kept.items()))}, indent=2) + "\n", encoding="utf-8")
    return kept
