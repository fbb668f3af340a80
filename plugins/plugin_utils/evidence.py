# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare a recording of a run with the facts that this collection relies on.

    python -m ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils.evidence FOLDER

`FOLDER` is what `lead_writer_record` named. The folder above `ansible_collections` must be on `PYTHONPATH`. The exit
status is 1 if a fact is refuted.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._evidence import Condition, Fact, read_evidence
from ._recording import RecordedExchange, RecordingNotRead, read_recording

CONFIRMED, REFUTED, NOT_MET = "confirmed", "refuted", "not met"

_BASES = {
    "entra": r"/",
    "graph": r"/(v1\.0|beta)/",
    "environment": r"/(api/data|XRMServices/2011/Organization\.svc/web)/v?\d+\.\d+/",
    "power-platform": r"/providers/Microsoft\.BusinessAppPlatform/",
    "partner-center": r"/rp/product-ingestion/",
}
"""The part of a path, by service, that the evidence file leaves out."""
_ANY_TENANT = ("common", "organizations", "consumers")
"""What an address of sign-in may name instead of a tenant."""
_NAMESPACE = "Microsoft.Dynamics.CRM."


@dataclass(frozen=True)
class Verdict:
    """What a recording shows about a fact: CONFIRMED, REFUTED or NOT_MET, with the number of exchanges about it."""

    fact: Fact
    verdict: str
    exchanges: int


def compare(facts: Sequence[Fact], exchanges: Sequence[RecordedExchange]) -> list[Verdict]:
    """Return a verdict for every fact that a recording can confirm or refute, in the order of the facts."""
    by_request: dict[tuple[str, str], list[RecordedExchange]] = {}
    for exchange in exchanges:
        by_request.setdefault((exchange.service, request_line(exchange)), []).append(exchange)
    return [_verdict(fact, by_request) for fact in facts if fact.check is not None]


def _verdict(fact: Fact, by_request: Mapping[tuple[str, str], Sequence[RecordedExchange]]) -> Verdict:
    check = fact.check
    if check is None:
        raise AssertionError("a fact without a check has no verdict")
    met = [each for each in by_request.get((fact.service, check.request), ()) if holds(check.where, each)]
    if check.refuted_by is not None and any(holds(check.refuted_by, each) for each in met):
        return Verdict(fact, REFUTED, len(met))
    confirmed = check.confirmed_by is not None and any(holds(check.confirmed_by, each) for each in met)
    return Verdict(fact, CONFIRMED if confirmed else NOT_MET, len(met))


def request_line(exchange: RecordedExchange) -> str:
    """Return method and path of an exchange as the evidence file writes them: `PATCH systemusers({})`."""
    path = re.sub(f"^{_BASES.get(exchange.service, '/')}", "", exchange.path).strip("/")
    # Graph treats a key in parentheses like one after a slash.
    key = "/{}" if exchange.service == "graph" else "({})"
    segments = [_segment(segment, key) for segment in path.replace(_NAMESPACE, "").split("/")]
    if exchange.service == "entra" and segments[0] in _ANY_TENANT:
        segments[0] = "{}"
    return f"{exchange.method} {'/'.join(segments)}"


def _segment(segment: str, key: str) -> str:
    name, parenthesis, _key = segment.partition("(")
    if parenthesis:
        # A function names its parameters there.
        return name if name[:1].isupper() else f"{name}{key}"
    return re.sub(r"\{[^}]*\}", "{}", segment)


def holds(condition: Condition, exchange: RecordedExchange) -> bool:
    """Return whether every given part of a condition is true for an exchange."""
    found = {name.lower() for name in exchange.headers}
    codes = {code.lower() for code in exchange.codes}
    sent = {name.lower(): value for name, value in exchange.request_headers.items()}
    return (
        (not condition.status or exchange.status in condition.status)
        and (not condition.codes or any(code.lower() in codes for code in condition.codes))
        and all(reaches(exchange.answer_body, path) for path in condition.fields)
        and not any(reaches(exchange.answer_body, path) for path in condition.lacks)
        and all(value in list(values_at(exchange.answer_body, path)) for path, value in condition.values.items())
        and all(name.lower() in found for name in condition.headers)
        and all(reaches(exchange.request_body, path) for path in condition.asks)
        and all(sent.get(name.lower()) == value for name, value in condition.sends.items())
        and all(word in str(dict(exchange.query)) for word in condition.query)
    )


def reaches(body: Any, path: str) -> bool:
    """Return whether a path leads to anything in a body, including null."""
    return bool(list(values_at(body, path)))


def values_at(body: Any, path: str) -> Iterator[Any]:
    """Yield the values that a path such as `value[].owner.id` reaches in a body; a name may have an annotation."""
    reached = [body]
    for step in re.split(r"(?<!@odata)\.", path.replace("[]", ".[]")):
        if step == "[]":
            reached = [item for each in reached if isinstance(each, list) for item in each]
        elif step:
            reached = [each[step] for each in reached if isinstance(each, dict) and step in each]
    yield from reached


def page(verdicts: Sequence[Verdict]) -> str:
    """Return the verdicts as a page in Markdown, refuted facts first."""
    count = Counter(each.verdict for each in verdicts)
    lines = [
        "# What this recording says of the facts",
        "",
        f"{count[CONFIRMED]} confirmed, {count[REFUTED]} refuted, {count[NOT_MET]} not met.",
    ]
    for verdict in (REFUTED, CONFIRMED, NOT_MET):
        chosen = [each for each in verdicts if each.verdict == verdict]
        if chosen:
            lines += ["", f"## {verdict.capitalize()}", "", "| fact | believed to be | what it says |", "|---|---|---|"]
            lines += [
                f"| `{each.fact.id}` | {each.fact.certainty} | {' '.join(each.fact.fact.split())} |" for each in chosen
            ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Print the page of the folder that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description="Compare a recording of a run with the evidence file.")
    parser.add_argument("folder", type=Path, help="the folder that lead_writer_record named")
    folder = parser.parse_args().folder
    try:
        verdicts = compare(read_evidence().facts, read_recording(folder))
    except RecordingNotRead as problem:
        parser.error(str(problem))
    sys.stdout.write(page(verdicts))
    return 1 if any(each.verdict == REFUTED for each in verdicts) else 0


if __name__ == "__main__":
    sys.exit(main())
