# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the recordings of the tests with the evidence file.

    python -m tests.gates.recorded_facts FOLDER

The recording must confirm, and must not refute, each fact that the simulator claims to follow, and a fact must describe
each request and response. FOLDER is the value of the variable MARKETPLACE_LEADS_RECORDINGS in the run of the
simulator's tests and the scenarios.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


@lru_cache
def flipped(kind: str) -> set[str]:
    """Return the names of the settings (or of the environment's options) that flip a fact.

    A pace or a number of rows flips no fact.
    """
    content = yaml.safe_load((ROOT / "evidence" / "facts.yml").read_text(encoding="utf-8"))
    facts = (fact for section in content["services"].values() for topic in section["topics"] for fact in topic["facts"])
    worlds = (world.get(kind, {}) for fact in facts for world in fact.get("flips", ()))
    # Gates return codes that facts list.
    return {name for world in worlds for name, value in world.items() if isinstance(value, (bool, str, dict))} - {
        "gates"
    }


def complaints(folder: Path) -> Iterator[str]:
    """Yield a line for each fact that the recordings do not confirm, and for each request that no fact describes."""
    from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils import evidence
    from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._evidence import read_evidence
    from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._recording import read_recording

    facts = read_evidence().facts
    exchanges = read_recording(folder)
    for verdict in evidence.compare(facts, exchanges):
        if verdict.fact.simulator and verdict.verdict != evidence.CONFIRMED:
            yield f"{verdict.fact.id} is {verdict.verdict} (exchanges about it: {verdict.exchanges})"
    yield from _undescribed(facts, exchanges)


def _undescribed(facts: Sequence[Any], exchanges: Sequence[Any]) -> Iterator[str]:
    from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils.evidence import request_line

    codes = {code.lower() for fact in facts for code in fact.codes}
    refused = (each for each in exchanges if each.status is None or each.status >= 400)
    lacking = {code for exchange in refused for code in exchange.codes if code.lower() not in codes}
    yield from (f"no fact has the code {code}" for code in sorted(lacking))
    described = {(fact.service, line) for fact in facts for line in fact.requests}
    # A refused request is not one of the service, and clients of others may request anything.
    sent = {(each.service, request_line(each)) for each in exchanges if each.status is not None and each.status < 400}
    undescribed = {
        (service, line)
        for service, line in sent - described
        if service != "other" and not any(service == each and _fits(line, of) for each, of in described)
    }
    yield from (f"no fact describes {service}: {line}" for service, line in sorted(undescribed))


def _fits(line: str, described: str) -> bool:
    """Whether a recorded request may be the described one: a name that a recording hides matches any name."""
    if _of_any_table(line) == described:
        return True
    steps, others = line.split("/"), described.split("/")
    return len(steps) == len(others) and all(_step_fits(*pair) for pair in zip(steps, others, strict=True))


def _step_fits(step: str, described: str) -> bool:
    method, _space, name = step.rpartition(" ")
    return step == described or (name == "{}" and described.startswith(method))


def _of_any_table(line: str) -> str:
    """Return the line of a request to an environment with TABLE for its table, and blanks for what is below a row."""
    method, _space, path = line.partition(" ")
    table, slash, rest = path.partition("/")
    key = "({})" if table.endswith("({})") else ""
    steps = [step if step.startswith("$") else "{}({})" if step.endswith("({})") else "{}" for step in rest.split("/")]
    return f"{method} TABLE{key}{slash}{'/'.join(steps) if slash else ''}"


def main() -> int:
    """Print the complaints about the folder that the command line names; return 1 if there are any."""
    parser = argparse.ArgumentParser(description="Compare the recordings of the tests with the evidence file.")
    parser.add_argument("folder", type=Path)
    found = list(complaints(parser.parse_args().folder))
    print("\n".join(found) or "Every fact that the simulator claims to follow is confirmed by its recordings.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
