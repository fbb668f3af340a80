# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project's texts are plain American technical English: words that it has retired do not come back."""

from __future__ import annotations

import functools
import os
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

RETIRED = {
    r"anew": "again",
    r"whom?(so)?ever": "name who: an administrator, the runner, the caller, any client",
    r"somebody|someone else": "name who: an administrator, the runner, another user, another program",
    r"nobody": "no one, or a passive sentence with a subject",
    r"tells": "reports, returns, shows or says; 'distinguishes' for 'tells apart'",
    r"(?:is|are|was|were|be|been|being) told": "is reported, returned or shown",
    r"mend(?:s|ed|ing)?": "fix or repair",
    r"manners?": "behavior",
    r"god": "admin override",
    r"give birth": "initial_state",
    r"born": "created",
    r"in clear": "in plain text",
    r"(?:nothing|what|something|anything) (?:is|was) to do": "what will change; if there is nothing to change",
    r"obstacles?": "blocker",
    r"excepts|excepted|to except": "exempt",
    r"hand[- ]?offs?|hand-over|handing-over": "handover (the noun), hand over (the verb)",
    r"licences?|licenced|licencing": "license",
    r"organis(?:e|es|ed|ing|ations?|ational)": "organize, organization",
    r"recognis(?:e|es|ed|ing)|recognisable": "recognize",
    r"synchronis(?:e|es|ed|ing|ation)": "synchronize",
    r"(?:author|custom|general|initial|minim|normal|optim|real|serial|special|summar|util)is(?:e|es|ed|ing|ation)": (
        "the spelling with z"
    ),
    r"behaviours?": "behavior",
    r"(?:col|fav|hon|lab|neighb)ours?": "the spelling with or: color, favor, honor, labor, neighbor",
    r"misspelt": "misspelled",
}
"""Patterns of retired words, and what to say instead. A blank is any white space, an underscore or a line break."""

RETIRED_IN_PLUGINS = {r"findings?": "warning"}
"""Words that are retired where they name a result of the collection."""

EXEMPT = {
    ("tests/unit/test_words.py", ".*"): "this list",
    ("LICENSES/*", ".*"): "legal texts",
    ("COPYING", ".*"): "legal text",
}
"""Files (as a pattern) and words (as a regular expression) to leave alone, each with the reason."""

_NO_SOURCES = {".git", ".nox", ".venv", ".ansible", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__"}
_BETWEEN_WORDS = r"(?:[\s_#]|//)+"


def paths() -> Iterator[str]:
    """Yield the paths of the tracked files; without git, of all files but tools and caches."""
    try:
        command = ["git", "-C", str(ROOT), "ls-files", "-z"]
        tracked = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    except (OSError, subprocess.CalledProcessError):
        tracked = []
    if any(tracked):
        yield from (path for path in tracked if path)
        return
    for folder, below, files in os.walk(ROOT):
        below[:] = [name for name in below if name not in _NO_SOURCES]
        yield from (Path(folder, name).relative_to(ROOT).as_posix() for name in files)


@functools.cache
def texts() -> dict[str, str]:
    """Return the content of the text files by path; a file that is not UTF-8 or does not exist is left out."""
    found = {}
    for path in sorted(paths()):
        try:
            found[path] = (ROOT / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue
    return found


def is_exempt(path: str, word: str) -> bool:
    return any(fnmatch(path, files) and re.fullmatch(words, word, re.IGNORECASE) for files, words in EXEMPT)


def uses(pattern: str, folder: str = "") -> Iterator[tuple[str, int, str]]:
    """Yield path, line and text of each use of a word. Letters end a word; an underscore does not belong to it."""
    search = re.compile(rf"(?<![A-Za-z])(?:{pattern.replace(' ', _BETWEEN_WORDS)})(?![A-Za-z])", re.IGNORECASE)
    for path, text in texts().items():
        if not path.startswith(folder):
            continue
        for match in search.finditer(text):
            word = " ".join(match.group().split())
            if not is_exempt(path, word):
                yield path, text.count("\n", 0, match.start()) + 1, word
        for match in search.finditer(path):
            if not is_exempt(path, match.group()):
                yield path, 0, match.group()


def report(pattern: str, instead: str, folder: str = "") -> str:
    return "\n".join(f"{path}:{line}: {word!r}: say {instead}" for path, line, word in uses(pattern, folder))


@pytest.mark.parametrize("pattern", RETIRED)
def test_retired_word_is_not_used(pattern: str) -> None:
    complaints = report(pattern, RETIRED[pattern])
    assert not complaints, f"\n{complaints}"


@pytest.mark.parametrize("pattern", RETIRED_IN_PLUGINS)
def test_word_retired_in_plugins_is_not_used_there(pattern: str) -> None:
    complaints = report(pattern, RETIRED_IN_PLUGINS[pattern], "plugins/")
    assert not complaints, f"\n{complaints}"


@pytest.mark.parametrize(
    ("pattern", "text"), [("is told", "is\n    # told"), ("give birth", "give_birth"), ("anew", "x_anew_y")]
)
def test_word_is_found_across_lines_and_in_names(pattern: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "texts", lambda: {"page.md": f"\n{text}"})
    assert [(path, line) for path, line, _word in uses(pattern)] == [("page.md", 2)]


def test_part_of_a_word_is_not_a_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "texts", lambda: {"page.md": "recommend, stubborn, Mendel"})
    assert not [*uses(r"mend(?:s|ed|ing)?"), *uses("born")]
