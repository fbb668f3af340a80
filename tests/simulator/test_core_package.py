# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulator as a package of its own. The session simulator-package installs it and runs its command."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

SIMULATOR = Path(__file__).resolve().parents[2] / "simulator"


def settings() -> dict[str, Any]:
    content = tomllib.loads((SIMULATOR / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, Any] = content["tool"]["setuptools"]
    return found


def test_every_folder_of_code_is_installed() -> None:
    folders = {path.parent.relative_to(SIMULATOR.parent) for path in SIMULATOR.rglob("__init__.py")}
    assert {*settings()["packages"]} == {".".join(folder.parts) for folder in folders}


def test_every_file_that_the_code_reads_is_installed() -> None:
    beside_code = {*SIMULATOR.rglob("*.yaml"), *SIMULATOR.rglob("*.json")}
    installed = {path for pattern in settings()["package-data"]["simulator"] for path in SIMULATOR.glob(pattern)}
    assert beside_code == installed
