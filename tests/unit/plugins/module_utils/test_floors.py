# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The house stands on its floors: a file imports only from floors below it, and from its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MODULE_UTILS = Path(__file__).resolve().parents[4] / "plugins" / "module_utils"
FLOORS = (
    "_rules",
    "_transport",
    "_identity",
    "_services",
    "_desired_state",
    "_resources",
    "_entry_point",
)


def floor_of(path: tuple[str, ...]) -> int:
    return FLOORS.index(path[0])


def imports(file: Path) -> Iterator[tuple[str, ...]]:
    """The places inside module_utils that a file imports from, as paths from there."""
    own = file.relative_to(MODULE_UTILS).with_suffix("").parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = own[: len(own) - node.level]
            inside = (*above, *(node.module or "").split("."))
            names = [(alias.name,) for alias in node.names] if not node.module and not above else [()]
            for name in names:
                yield tuple(part for part in (*inside, *name) if part)


def test_every_file_stands_on_a_floor() -> None:
    top = {path.stem for path in MODULE_UTILS.iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert top == set(FLOORS)


def test_no_import_goes_up() -> None:
    seen = 0
    for file in MODULE_UTILS.rglob("*.py"):
        here = file.relative_to(MODULE_UTILS).parts
        if here == ("__init__.py",):
            continue
        own = floor_of((Path(here[0]).stem,))
        for target in imports(file):
            seen += 1
            assert floor_of(target) <= own, f"{'/'.join(here)} imports from {'.'.join(target)}, a floor above it"
    assert seen > 100, "the imports were not found"
