# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures: how each is measured, and what it must reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .laboratory import AT_ONCE, Laboratory
from .request_log import without_polling
from .results import Figure
from .timing import Timing, Timings, in_turn


@dataclass(frozen=True)
class Plan:
    """How much is measured. `environments` is their number in the comparisons of converged runs."""

    laboratory: Laboratory
    environments: int
    rounds: int
    tell: Callable[[str], None]


def converged(plan: Plan) -> list[Figure]:
    """Compare a run with nothing to change with three other ways to do the same, and count its requests."""
    with plan.laboratory.cloud("converged", plan.environments, **AT_ONCE) as programs:
        _say(plan, "setting the environments up", programs.role())
        plan.tell("recording the requests of a converged run (this run is not timed)")
        asked = programs.converged
        role = _named(plan, "the role", programs.role)
        plain_program = _named(plan, "a plain program", programs.plain_program)
        plain_program()
        # The two slow ways run once: each takes minutes, so short disturbances even out. The role runs before
        # and after each of them, so that a slowing machine affects both.
        before = [role(), role()]
        usual = _say(plan, "the role the usual way", programs.role_the_usual_way())
        between = [role(), role()]
        uri = _say(plan, "a playbook of uri tasks", programs.uri_playbook())
        after = [role(), role()]
        plain = in_turn(role, plain_program, plan.rounds)
    around_usual = Timings(before + between), Timings([usual])
    around_uri = Timings(between + after), Timings([uri])
    how = {"environments": plan.environments, "forks": plan.laboratory.forks}
    most = max(len(without_polling(requests)) for requests in asked.values())
    writes = sum(request.write for requests in asked.values() for request in requests)
    return [
        _faster("converged_vs_usual_way", "converged run, compared with the usual way", 20, around_usual, how),
        _faster(
            "converged_vs_uri_playbook", "converged run, compared with a playbook of uri tasks", 15, around_uri, how
        ),
        Figure(
            "converged_vs_plain_program",
            "converged run, compared with a plain program without Ansible",
            plain[0].seconds / plain[1].seconds,
            3,
            at_least=False,
            unit="x",
            how={**how, "threads": plan.laboratory.forks},
            measured={
                "role": plain[0].as_json(),
                "plain_program": plain[1].as_json(),
                "cpu_ratio": round(plain[0].cpu_seconds / plain[1].cpu_seconds, 2),
            },
        ),
        Figure(
            "requests_of_converged_environment",
            "requests for a converged environment, including tokens",
            most,
            12,
            at_least=False,
            how=how,
            measured={"all_requests": sum(map(len, asked.values()))},
        ),
        Figure(
            "writes_of_converged_run",
            "writes of a converged run",
            writes,
            0,
            at_least=False,
            how=how,
        ),
    ]


def requests_of_fresh_environment(plan: Plan) -> list[Figure]:
    """Count the requests for untouched environments, in a cloud with delays like the real one's."""
    environments = 4
    with plan.laboratory.cloud("fresh_requests", environments) as programs:
        _say(plan, f"setting up {environments} environments in a cloud with delays", programs.role())
        counts = {name: (len(without_polling(asked)), len(asked)) for name, asked in programs.last_log.items()}
    return [
        Figure(
            "requests_of_fresh_environment",
            "requests for a fresh environment, polling excluded",
            max(count for count, _all in counts.values()),
            33,
            at_least=False,
            how={"environments": environments},
            measured={
                name: {"requests": count, "with_polling": with_polling}
                for name, (count, with_polling) in counts.items()
            },
        )
    ]


def fresh_vs_usual_way(plan: Plan) -> list[Figure]:
    """Compare setting environments up in process with ordinary module execution."""
    environments = min(20, plan.environments)
    with plan.laboratory.cloud("fresh", environments, **AT_ONCE) as programs:
        untouched = programs.cloud.state()

        def afresh(run: Callable[[], Timing]) -> Callable[[], Timing]:
            def start_over_and_run() -> Timing:
                programs.start_over(untouched)
                return run()

            return start_over_and_run

        role = _named(plan, "setting up in process", afresh(programs.role))
        role()
        usual = _named(plan, "setting up the usual way", afresh(programs.role_the_usual_way))
        timings = in_turn(role, usual, 1, 2)
    how = {"environments": environments, "forks": plan.laboratory.forks}
    return [_faster("fresh_vs_usual_way", "fresh run, compared with ordinary module execution", 6, timings, how)]


def cost_at_scale(plan: Plan) -> list[Figure]:
    """Compare what one environment of a converged run costs among 1,000 with what it costs among 100."""
    few, many = 100, 1000
    with (
        plan.laboratory.cloud("few", few, **AT_ONCE) as of_few,
        plan.laboratory.cloud("many", many, **AT_ONCE) as of_many,
    ):
        _say(plan, f"setting up {few}", of_few.role())
        _say(plan, f"setting up {many}", of_many.role())
        one = _named(plan, f"a converged run of {few}", of_few.role)
        other = _named(plan, f"a converged run of {many}", of_many.role)
        one()
        timings = in_turn(one, other, 1, 2)
    return [
        Figure(
            "cost_at_scale",
            "cost of one environment among 1,000, compared with among 100",
            (timings[1].seconds / many) / (timings[0].seconds / few),
            1.2,
            at_least=False,
            unit="x",
            how={"environments": [few, many], "forks": plan.laboratory.forks},
            measured={str(few): timings[0].as_json(), str(many): timings[1].as_json()},
        )
    ]


def far_away(plan: Plan) -> list[Figure]:
    """Compare setting up 100 environments with slow responses and imports with setting up one."""
    environments, forks, latency, import_seconds = 100, 50, 0.2, 30.0
    with plan.laboratory.cloud("far_away", environments, import_seconds=import_seconds) as programs:
        untouched = programs.cloud.state()
        programs.cloud.delay_every_answer(latency)
        one = _say(plan, "setting up one", programs.role("--limit", "contoso_prod", forks=1))
        programs.start_over(untouched)
        programs.cloud.delay_every_answer(latency)
        all_of_them = _say(plan, f"setting up {environments}", programs.role(forks=forks))
    return [
        Figure(
            "far_away",
            "100 fresh environments far away, compared with one x (100 / 50)",
            all_of_them.seconds / (one.seconds * environments / forks),
            1.3,
            at_least=False,
            unit="x",
            how={"environments": environments, "forks": forks, "latency": latency, "import_seconds": import_seconds},
            measured={"one": Timings([one]).as_json(), "all": Timings([all_of_them]).as_json()},
        )
    ]


MEASUREMENTS: dict[str, Callable[[Plan], list[Figure]]] = {
    "converged": converged,
    "requests_of_fresh_environment": requests_of_fresh_environment,
    "fresh_vs_usual_way": fresh_vs_usual_way,
    "cost_at_scale": cost_at_scale,
    "far_away": far_away,
}
"""The measurements by name; each returns one figure or several."""

AT_FIRST = ("converged", "requests_of_fresh_environment")
"""The measurements by default; the rest takes long."""


def _faster(name: str, title: str, target: float, timings: tuple[Timings, Timings], how: dict[str, int]) -> Figure:
    role, other = timings
    return Figure(
        name,
        title,
        other.seconds / role.seconds,
        target,
        at_least=True,
        unit="x",
        how=how,
        measured={
            "role": role.as_json(),
            "other": other.as_json(),
            "cpu_ratio": round(other.cpu_seconds / role.cpu_seconds, 2),
        },
    )


def _named(plan: Plan, what: str, run: Callable[[], Timing]) -> Callable[[], Timing]:
    return lambda: _say(plan, what, run())


def _say(plan: Plan, what: str, timing: Timing) -> Timing:
    cloud = "" if timing.cloud_cpu_seconds is None else f", the simulator {timing.cloud_cpu_seconds:.1f} s"
    plan.tell(f"{what}: {timing.seconds:.1f} s (processor: {timing.cpu_seconds:.1f} s{cloud})")
    return timing
