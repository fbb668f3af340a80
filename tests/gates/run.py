# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the gates side by side, then report the outcome and the duration of each.

    python -m tests.gates.run --jobs 2                   all gates (`nox.options.sessions` of the noxfile)
    python -m tests.gates.run --jobs 2 mypy codeqa       these gates

With `--facts`, the recordings of the scenarios and of the simulator's tests are compared with the evidence file if all
of them have passed.

The last line is "N passed, N failed, N skipped"; the exit status is 0 if none failed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

RECORDINGS = Path(__file__).resolve().parents[2] / ".nox" / "recordings"
RECORDING = {"scenarios", "simulator"}
COMPARING = "recorded-facts"
# The terms of nox's report, and ours.
VERDICTS = {"success": "passed", "failed": "failed", "aborted": "failed", "skipped": "skipped"}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one gate: its name, "passed", "failed" or "skipped", the reason of a skip, and its seconds."""

    name: str
    verdict: str
    reason: str
    seconds: float


def run(jobs: int, gates: list[str]) -> tuple[list[Outcome], int]:
    """Run these gates, or all if none is named; return the outcome of each, and the exit status of nox."""
    selection = ["--session", *gates] if gates else []
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        command = [sys.executable, "-m", "nox", "--parallel", str(jobs), "--report", str(report), *selection]
        status = subprocess.run(command, check=False).returncode
        sessions = json.loads(report.read_text("utf-8"))["sessions"] if report.exists() else []
    outcomes = [Outcome(one["name"], VERDICTS[one["result"]], one["reason"] or "", one["duration"]) for one in sessions]
    return outcomes, status


def table(outcomes: list[Outcome]) -> str:
    """Return one line for each gate, in the order in which they were listed."""
    width = max((len(outcome.name) for outcome in outcomes), default=0)
    return "\n".join(
        f"{outcome.verdict:8}{outcome.name:{width}} {outcome.seconds:6.0f} s"
        + (f"  ({outcome.reason})" if outcome.verdict == "skipped" else "")
        for outcome in outcomes
    )


def main() -> int:
    """Run the gates that the command line names; return nox's exit status, or 1 if nothing was run."""
    parser = argparse.ArgumentParser(description="Run the gates side by side.")
    parser.add_argument("--jobs", type=int, default=2, help="how many gates run at a time")
    parser.add_argument("--facts", action="store_true", help="compare the recordings of the tests with the evidence")
    parser.add_argument("gates", nargs="*", help="names of nox sessions; all gates if none is named")
    arguments = parser.parse_args()

    start = time.monotonic()
    # Recordings of another state of the project prove nothing about this one.
    shutil.rmtree(RECORDINGS, ignore_errors=True)
    outcomes, status = run(arguments.jobs, arguments.gates)
    passed = {outcome.name for outcome in outcomes if outcome.verdict == "passed"}
    if arguments.facts and passed >= RECORDING:
        compared, own_status = run(1, [COMPARING])
        outcomes, status = outcomes + compared, status or own_status
    print(f"\n{table(outcomes)}\n\nAll gates together: {time.monotonic() - start:.0f} s")
    count = Counter(outcome.verdict for outcome in outcomes)
    print(f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped")
    return status if outcomes else status or 1


if __name__ == "__main__":
    sys.exit(main())
