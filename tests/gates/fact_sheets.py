# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the fact sheets in docs/contract from evidence/facts.yml.

python -m tests.gates.fact_sheets            write them
python -m tests.gates.fact_sheets --check    list those that are out of date, and fail if there are any
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SHEETS = ROOT / "docs" / "contract"

_HEADER = """<!-- Written by `python -m tests.gates.fact_sheets` from evidence/facts.yml: change that file instead. -->
"""


def sheets() -> dict[Path, str]:
    """Return the text of every page by its path: one page for each service, and an index with the counts."""
    content = yaml.safe_load((ROOT / "evidence" / "facts.yml").read_text(encoding="utf-8"))
    sources: Mapping[str, str] = content["sources"]
    pages = {
        SHEETS / f"{service}.md": "\n".join(_page(section, sources)) + "\n"
        for service, section in content["services"].items()
    }
    pages[SHEETS / "README.md"] = "\n".join(_index(content)) + "\n"
    return pages


def _index(content: Mapping[str, Any]) -> Iterator[str]:
    yield f"{_HEADER}\n# Fact sheets\n"
    yield (
        "What Microsoft's services do, as far as the collection or its simulator relies on it, how certain that is, "
        "and where it can be read. [The evidence file](../../evidence/README.md) holds the same for programs.\n"
    )
    yield f"| sheet | facts | {' | '.join(('certain', 'likely', 'unsure'))} |\n|---|---|---|---|---|"
    total: Counter[str] = Counter()
    for service, section in content["services"].items():
        count = Counter(fact["certainty"] for topic in section["topics"] for fact in topic["facts"])
        total += count
        yield _row(f"[{section['title']}]({service}.md)", *_counts(count))
    yield _row("all", *_counts(total))
    yield "\n## Properties\n"
    yield "The properties of the services' objects, and the public list with which they were compared.\n"
    yield "| entity | properties | certainty | compared with |\n|---|---|---|---|"
    for entity in content["entities"]:
        unlisted = "".join(f"; `{name}` is in no list: {why}" for name, why in entity.get("unlisted", {}).items())
        name = entity["source"]
        source = f"[{name}](#sources)" if name in content["sources"] else name
        yield _row(entity["entity"], str(len(entity["properties"].split())), entity["certainty"], f"{source}{unlisted}")
    yield "\n## Sources\n"
    yield from (f"- {name}: {text}" for name, text in content["sources"].items())


def _counts(count: Counter[str]) -> list[str]:
    return [str(number) for number in (count.total(), count["certain"], count["likely"], count["unsure"])]


def _page(section: Mapping[str, Any], sources: Mapping[str, str]) -> Iterator[str]:
    yield f"{_HEADER}\n# Fact sheet: {section['title']}\n"
    yield f"{section['about']} [All fact sheets](README.md)"
    for topic in section["topics"]:
        yield f"\n## {topic['topic']}\n"
        yield "| fact | certainty and source | if it is not so | who relies on it |\n|---|---|---|---|"
        for fact in topic["facts"]:
            yield _row(
                f'<a id="{fact["id"]}"></a>{fact["fact"]}',
                f"{fact['certainty']}: {'; '.join(_source(each, sources) for each in fact['sources'])} "
                f"({fact['checked']})",
                fact.get("tolerated", ""),
                "<br>".join(_users(fact)),
            )


def _users(fact: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"`{each}`" for each in fact.get("collection", ()))
    yield from (f"`simulator/{each}`" for each in fact.get("simulator", ()))


def _source(name: str, sources: Mapping[str, str]) -> str:
    return sources.get(name, name)


def _row(*cells: str) -> str:
    escaped = (" ".join(cell.split()).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Write the fact sheets from the evidence file.")
    parser.add_argument("--check", action="store_true", help="write nothing, and fail if a sheet is out of date")
    check = parser.parse_args().check
    pages = sheets()
    written = {path: path.read_text(encoding="utf-8") for path in SHEETS.glob("*.md")}
    stale = sorted(path.name for path in pages.keys() | written.keys() if pages.get(path) != written.get(path))
    if check:
        print("\n".join(f"{name} is out of date: run python -m tests.gates.fact_sheets" for name in stale))
        return 1 if stale else 0
    for path in written.keys() - pages.keys():
        path.unlink()
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
