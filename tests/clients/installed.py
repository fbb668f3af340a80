# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clients, where `tests/gates/clients.py` installed them, and why one is missing."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
#: A folder for each group of clients; its file `unavailable` says why the group could not be installed.
HOME = Path(os.environ.get("MARKETPLACE_LEADS_CLIENTS") or ROOT / ".nox" / "published-clients")
NPM = "npm"
#: Groups of clients from PyPI, each with a file of that name here.
PYTHON_GROUPS = ("python", "airbyte", "azure-cli")
GROUPS = (*PYTHON_GROUPS, NPM)


@dataclass(frozen=True)
class Client:
    """A published client: its name, its version, and its installation group."""

    name: str
    version: str
    group: str

    @property
    def program(self) -> str:
        """The interpreter with the client."""
        return "node" if self.group == NPM else str(HOME / self.group / "bin" / "python")

    @property
    def missing(self) -> str:
        """Why the client cannot be run here; empty if it can."""
        return why_missing(self.group)

    def command(self, name: str) -> str:
        """The path of a command of the client."""
        folder = HOME / self.group
        return str(folder / "node_modules" / ".bin" / name if self.group == NPM else folder / "bin" / name)


def why_missing(group: str) -> str:
    """Why the clients of a group cannot be run here; empty if they can."""
    folder = HOME / group
    if (folder / "unavailable").exists():
        return (folder / "unavailable").read_text("utf-8").strip()
    if not (folder / "installed").exists():
        return f"the clients of {group} are not installed: run `python -m tests.gates.clients {group}`"
    return ""


def requirements(group: str) -> dict[str, str]:
    """The clients of a group by name, each with its version."""
    if group == NPM:
        found: dict[str, str] = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
        return found
    return dict(re.findall(r"^([\w-]+)==(\S+)$", (HERE / f"{group}.txt").read_text("utf-8"), re.MULTILINE))


CLIENTS = {name: Client(name, version, group) for group in GROUPS for name, version in requirements(group).items()}
