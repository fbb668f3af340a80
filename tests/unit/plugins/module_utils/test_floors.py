# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The layers of the code: a file imports only from floors below it, and from its own."""

from __future__ import annotations

import ast
import graphlib
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
    "_environment_plan",
)


MOST_LINES_OF_CODE = 45


def floor_of(path: tuple[str, ...]) -> int:
    return FLOORS.index(path[0])


def imports(file: Path) -> Iterator[tuple[str, ...]]:
    """The folders in module_utils that a file imports from, relative to it."""
    own = file.relative_to(MODULE_UTILS).with_suffix("").parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            above = own[: len(own) - node.level]
            inside = (*above, *(node.module or "").split("."))
            names = [(alias.name,) for alias in node.names] if not node.module and not above else [()]
            for name in names:
                yield tuple(part for part in (*inside, *name) if part)


def test_every_file_is_on_a_floor() -> None:
    top = {path.stem for path in MODULE_UTILS.iterdir() if path.name not in ("__init__.py", "__pycache__")}
    assert top == set(FLOORS)


def test_no_file_imports_from_a_floor_above() -> None:
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


def modules_imported(file: Path) -> set[Path]:
    """The plugin files that a file imports at import time, without those for types only."""
    plugins = MODULE_UTILS.parent
    own = file.relative_to(plugins).with_suffix("").parts
    found: set[Path] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.level:
            inside = plugins.joinpath(*own[: len(own) - node.level], *(node.module or "").split("."))
            found |= {inside / alias.name for alias in node.names} | {inside}
    return {path.with_suffix(".py") for path in found if path.with_suffix(".py").is_file()}


def test_no_file_imports_itself_through_others() -> None:
    arrows = {file: modules_imported(file) for file in MODULE_UTILS.parent.rglob("*.py")}
    tuple(graphlib.TopologicalSorter(arrows).static_order())  # raises CycleError with the cycle
    assert sum(map(len, arrows.values())) > 300, "the imports were not found"


def test_a_module_file_holds_documentation_and_options_and_one_call() -> None:
    for file in (MODULE_UTILS.parent / "modules").glob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        texts = {"DOCUMENTATION", "EXAMPLES", "RETURN"}
        code = [
            node
            for node in tree.body
            if not (
                isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in texts
            )
        ]
        lines = sum((node.end_lineno or 0) - node.lineno + 1 for node in code)
        assert lines < MOST_LINES_OF_CODE, f"{file.name} has {lines} lines of code: move its program to a floor"
