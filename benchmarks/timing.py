# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Timing whole processes, from start to end, and comparing two of them in turn."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .cloud import Cloud


@dataclass(frozen=True)
class Timing:
    """One run of a program: seconds by the clock, and processor seconds of it (with its children) and the cloud."""

    seconds: float
    cpu_seconds: float
    cloud_cpu_seconds: float | None


@dataclass
class Timings:
    """Several runs of one program."""

    runs: list[Timing] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """The median wall-clock time."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """The median of the program's processor seconds."""
        return statistics.median(run.cpu_seconds for run in self.runs)

    @property
    def cloud_cpu_seconds(self) -> float | None:
        """The median of the processor seconds that the cloud used meanwhile, or None if unknown."""
        known = [run.cloud_cpu_seconds for run in self.runs if run.cloud_cpu_seconds is not None]
        return statistics.median(known) if known else None

    def as_json(self) -> dict[str, object]:
        """Return medians, and the wall-clock time of every run."""
        cloud = self.cloud_cpu_seconds
        return {
            "seconds": round(self.seconds, 2),
            "cpu_seconds": round(self.cpu_seconds, 2),
            "simulator_cpu_seconds": None if cloud is None else round(cloud, 2),
            "runs_seconds": [round(run.seconds, 2) for run in self.runs],
        }


class ProgramFailed(Exception):
    """A measured program failed; the message holds the end of its output."""


def timed(command: Sequence[str], environment: Mapping[str, str], folder: Path, cloud: Cloud) -> Timing:
    """Run a program with `environment` added to this one's, and time it. Raises ProgramFailed."""
    said = folder / "output.txt"
    cloud_before = cloud.cpu_seconds()
    with said.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        # Unlike the sum over all children so far, this is the usage of this one child and its own children.
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        end = "\n".join(said.read_text(encoding="utf-8", errors="replace").splitlines()[-40:])
        raise ProgramFailed(f"{' '.join(command[:6])} ... ended with {process.returncode}:\n{end}")
    cloud_after = cloud.cpu_seconds()
    used = None if cloud_before is None or cloud_after is None else cloud_after - cloud_before
    return Timing(seconds, usage.ru_utime + usage.ru_stime, used)


def in_turn(
    one: Callable[[], Timing], other: Callable[[], Timing], rounds: int, of_one_each_time: int = 1
) -> tuple[Timings, Timings]:
    """Time two programs in turn, starting and ending with `one`, so that a drift of the machine affects both.

    `one` is run `of_one_each_time` times before each run of `other` and again at the end.
    """
    ones, others = Timings(), Timings()
    for _round in range(rounds):
        ones.runs += [one() for _time in range(of_one_each_time)]
        others.runs.append(other())
    ones.runs += [one() for _time in range(of_one_each_time)]
    return ones, others
