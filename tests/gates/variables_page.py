# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write docs/variables.md, a table of the role's variables, from its argument specification.

python -m tests.gates.variables_page            write it
python -m tests.gates.variables_page --check    fail if it is out of date
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "variables.md"

_INTRODUCTION = """<!-- Written by `python -m tests.gates.variables_page` from the argument specification. -->

# Variables of the role `lead_writer`

Set them for a host (one environment), a group (one tenant) or all hosts.

- Only `lead_writer_environment_url`, a solution package and the credentials of a runner are needed; everything else has
  a default.
- A misspelled variable is reported before anything is changed.
- `ansible-doc -t role marketplace_leads.dynamics365.lead_writer` shows the same in a terminal.

| variable | meaning | type | default |
|---|---|---|---|
"""
_MARKUP = re.compile(r"\b(?:[OVCEMP]|RV)\(([^()]*)\)")


def page() -> str:
    """Return the text of the page."""
    specification = yaml.safe_load((ROOT / "roles/lead_writer/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options: Mapping[str, Any] = specification["argument_specs"]["main"]["options"]
    return _INTRODUCTION + "".join(f"{_row(name, option)}\n" for name, option in options.items())


def _row(name: str, option: Mapping[str, Any]) -> str:
    description = option["description"]
    sentences = description if isinstance(description, list) else [description]
    kind = option["type"] if option["type"] != "list" else f"list of {option.get('elements', 'str')}"
    if "choices" in option:
        kind = ", ".join(f"`{choice}`" for choice in option["choices"])
    default = (
        "**required**" if option.get("required") else f"`{_written(option['default'])}`" if "default" in option else ""
    )
    cells = (f"`{name}`", " ".join(_plain(sentence) for sentence in sentences), kind, default)
    return f"| {' | '.join(cells)} |"


def _written(value: Any) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)


def _plain(sentence: str) -> str:
    """Return a sentence of Ansible's documentation as Markdown, on one line of a table."""
    return _MARKUP.sub(r"`\1`", " ".join(sentence.split())).replace("|", r"\|")


def main() -> str | int:
    """Run the command line; return the exit status, or the message to print before failing."""
    parser = argparse.ArgumentParser(description="Write the table of the role's variables.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if the page is out of date")
    check = parser.parse_args().check
    if not check:
        PAGE.write_text(page(), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page():
        return "docs/variables.md is out of date: run python -m tests.gates.variables_page."
    return 0


if __name__ == "__main__":
    sys.exit(main())
