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
    "anew": "again",
    "whoever|whomever|whosoever": "name who: an administrator, the runner, the caller, any client",
    "somebody": "name who: an administrator, the runner, another user, another program",
    "nobody": "no one, or a passive sentence with a subject",
    "tells": "reports, returns, shows or says; distinguishes for 'tells apart'",
    "is told|are told|was told|were told|be told|been told|being told": "is reported, returned or shown",
    "mend|mends|mended|mending": "fix or repair",
    "manner|manners": "behavior",
    "god": "admin override",
    "give birth": "initial_state",
    "born": "created",
    "in clear": "in plain text",
    "nothing is to do|what is to do": "there is nothing to change, what will change",
    "obstacle|obstacles": "blocker",
    "excepts|excepted|to except": "exempt",
    "hand-off|hand-offs|handoff|handoffs|hand_off|hand-over": "handover (the noun), hand over (the verb)",
    "licence|licences|licenced|licencing": "license",
    "organise|organis(?:es|ed|ing|ations?|ational)": "organize, organization",
    "recognise|recognis(?:es|ed|ing|able)": "recognize",
    "synchronise|synchronis(?:es|ed|ing|ation)": "synchronize",
    "authorise|(?:author|custom|general|initial|minim|normal|optim|serial|summar)is(?:e|es|ed|ing|ation)": (
        "the spelling with z, as in authorize"
    ),
    "behaviour|behaviours": "behavior",
    "colour|(?:col|fav|hon|neighb)our(?:s|ed|ing)?": "the spelling with or, as in color",
    "misspelt": "misspelled",
}
"""Retired words as regular expressions, and what to say instead. A blank also stands for a line break or `_`."""

RETIRED_IN_PLUGINS = {"finding|findings": "warning"}
"""Words that are retired where they name a result of the collection."""

EXEMPT = {
    ("tests/unit/test_plain_words.py", ".*"): "this list",
    ("LICENSES/*", ".*"): "legal texts",
    ("COPYING", ".*"): "legal text",
    ("tests/scenarios/test_other_users_and_pythons.py", "nobody"): "the name of a user on Unix",
}
"""Files (as a pattern) and words (as a regular expression) to leave alone, each with the reason."""

_NO_SOURCES = {
    ".git",
    ".nox",
    ".venv",
    ".ansible",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    "build",
    "output",
}
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


def first_word(pattern: str) -> str:
    return pattern.split("|")[0]


@pytest.mark.parametrize("pattern", RETIRED, ids=first_word)
def test_retired_word_is_not_used(pattern: str) -> None:
    complaints = report(pattern, RETIRED[pattern])
    assert not complaints, f"\n{complaints}"


@pytest.mark.parametrize("pattern", RETIRED_IN_PLUGINS, ids=first_word)
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
    assert not [*uses("mend|mends"), *uses("born")]
