# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation is compared with the collection, where that is cheap."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_NO_MESSAGES = ("DOCUMENTATION", "EXAMPLES", "RETURN", "_HEADER")


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def first_cells(page: str, heading: str) -> set[str]:
    """The names in backticks at the start of the rows of the table whose header row starts with `heading`."""
    _before, table = text_of(page).split(f"| {heading} |", 1)
    rows = table.split("\n\n", 1)[0].splitlines()
    return {found.group(1) for row in rows if (found := re.match(r"\| (?:\w+ )?`([^`]+)`", row))}


def names_in(folder: str, pattern: str) -> set[str]:
    return {path.stem for path in (ROOT / folder).glob(pattern) if path.stem != "__init__"}


# --- names


def test_readme_lists_exactly_the_modules() -> None:
    assert first_cells("README.md", "module") == names_in("plugins/modules", "*.py")


def test_readme_lists_every_role_playbook_lookup_and_filter() -> None:
    roles = {path.name for path in (ROOT / "roles").iterdir() if path.is_dir()}
    there = roles | names_in("playbooks", "*.yml")
    there |= names_in("plugins/lookup", "*.py") | names_in("plugins/filter", "*.py")
    assert first_cells("README.md", "other") == there


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_linked_file_and_heading_exists(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _hash, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(linked), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings on GitHub."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_command_exists_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)", text)) | set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_variable_of_the_role_that_is_named_exists(page: Path) -> None:
    specs = yaml.safe_load(text_of("roles/lead_writer/meta/argument_specs.yml"))
    known = set(specs["argument_specs"]["main"]["options"])
    known |= names_in("plugins/modules", "lead_writer_*.py")
    known.add("lead_writer_store")
    known |= set(yaml.safe_load(text_of("roles/lead_writer/vars/main.yml")))
    for path in [*ROOT.glob("playbooks/*.yml"), *ROOT.glob("roles/lead_writer/**/*.yml")]:
        content = path.read_text(encoding="utf-8")
        known |= set(re.findall(r"\b(lead_writer_\w+) \| default\(", content))
        known |= set(re.findall(r"register: (lead_writer__\w+)", content))
        known |= set(re.findall(r"^ +(lead_writer_store_entry):", content, re.MULTILINE))
        for tags in re.findall(r"tags: \[([^]]+)\]", content):
            known |= {tag.strip() for tag in tags.split(",")}
    named = set(re.findall(r"(?<![\w/])lead_writer_\w*[a-z0-9]\b", page.read_text(encoding="utf-8")))
    assert named <= known


# --- messages


def sentences() -> Iterator[str]:
    """Every message of the code, with an ellipsis for each variable part."""
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        # The sheet for a person and the results of a recording are the content of files.
        if path.parent.name in ("modules", "doc_fragments") or path.name in ("_handover_sheet.py", "evidence.py"):
            continue
        for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            sentence = " ".join(re.sub(r"\{\w+\}", "…", text).split())
            if sentence.count(" ") >= 4 and re.search(r"[:.]( |$)", sentence):
                yield sentence
    for path in sorted((ROOT / "roles").rglob("tasks/*.yml")):
        yield from fail_messages(yaml.safe_load(path.read_text(encoding="utf-8")))
    for path in sorted((ROOT / "playbooks").glob("*.yml")):
        for play in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield from fail_messages(play["tasks"])


def texts(node: ast.AST) -> Iterator[str]:
    """The complete texts in a piece of code, without docstrings, documentation and file contents."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Assign) and ast.unparse(child.targets[0]) in _NO_MESSAGES:
            continue
        if isinstance(child, ast.FunctionDef) and child.name == "render":
            continue
        text = text_in(child)
        if text is None:
            yield from texts(child)
        else:
            yield text


def text_in(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = text_in(node.left), text_in(node.right)
        if left is not None or right is not None:
            return (left or "…") + (right or "…")
    return None


def fail_messages(tasks: list[dict[str, Any]]) -> Iterator[str]:
    for task in tasks:
        yield from fail_messages([*task.get("block", []), *task.get("rescue", [])])
        for value in task.values():
            if isinstance(value, dict) and "fail_msg" in value:
                yield re.sub(r"\{\{.+?\}\}", "…", " ".join(value["fail_msg"].split()))


def explained() -> list[str]:
    """The messages that the troubleshooting page explains, in the same form."""
    found = re.findall(r"^- `(.+)`$", text_of("docs/troubleshooting.md"), re.MULTILINE)
    return [re.sub(r"<[^<>]+>", "…", sentence) for sentence in found]


def is_met_in(sentence: str, general: str) -> bool:
    """Whether `sentence` contains `general` with any text for its ellipses.

    It may contain more, because some messages are composed of parts.
    """
    return all(part in sentence for part in general.split("…")) and pattern_of(general).search(sentence) is not None


@functools.cache
def pattern_of(general: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(part) for part in general.split("…") if part))


def test_every_message_of_the_code_is_explained() -> None:
    known = explained()
    lacking = {sentence for sentence in sentences() if not any(is_met_in(each, sentence) for each in known)}
    assert not lacking, "docs/troubleshooting.md does not explain them"


def test_every_explained_message_exists_in_the_code() -> None:
    said = set(sentences())
    assert [each for each in explained() if not any(is_met_in(each, sentence) for sentence in said)] == []
