# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the role on the simulator, print the figures as ratios of one run and keep them; see README.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from .chart import chart
from .figures import AT_FIRST, MEASUREMENTS, Plan
from .laboratory import Laboratory, MeasuredWrongly
from .results import Figure, keep, machine
from .timing import ProgramFailed


def main() -> int:
    """Measure; return 0 if everything could be measured, whatever the figures are."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--figure", action="append", choices=MEASUREMENTS, help=f"measure this only (default: {', '.join(AT_FIRST)})"
    )
    parser.add_argument("--environments", type=int, default=100, help="of the converged runs (default: 100)")
    parser.add_argument("--forks", type=int, default=10, help="of Ansible, and threads of others (default: 10)")
    parser.add_argument("--rounds", type=int, default=4, help="of runs that take seconds (default: 4)")
    parser.add_argument(
        "--output", type=Path, default=Path(__file__).with_name("results.json"), help="where figures are stored"
    )
    options = parser.parse_args()
    began = time.monotonic()

    def tell(sentence: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {sentence}", flush=True)

    measured_on = machine()
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as folder:
        plan = Plan(Laboratory(Path(folder), options.forks), options.environments, options.rounds, tell)
        try:
            for name in options.figure or AT_FIRST:
                figures += MEASUREMENTS[name](plan)
        except (MeasuredWrongly, ProgramFailed, ValueError) as error:
            print(f"Not measured: {error}", file=sys.stderr)
            return 1
    kept = keep(options.output, figures, measured_on)
    options.output.with_suffix(".svg").write_text(chart(kept), encoding="utf-8")
    print()
    for figure in figures:
        print(figure.line())
    print(f"\nSeconds, runs and versions: {options.output}; chart: {options.output.with_suffix('.svg')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
