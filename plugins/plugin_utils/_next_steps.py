# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end of a run says: a line for each environment that needs attention, and one for all others.

Environments with the same text share a line, so that a thousand of them fit on one screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..module_utils._environment_plan.handover import NEW_SECRETS
from ..module_utils._rules.timestamps import read_timestamp
from ._fleet_outcome import ROTATE

_NAMED = 5
"""How many of the environments with nothing to change are named; more are counted."""


@dataclass(frozen=True)
class Environment:
    """One environment at the end of a run.

    `failed` is whether the run stopped for it. `destinations` are the lead destinations of its offers as they are now.
    """

    host: str
    plan: Mapping[str, Any]
    failed: bool = False
    destinations: Sequence[Mapping[str, Any]] = field(default=())

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to report except that there was nothing to change."""
        return not (self.failed or self.plan.get("failed") or self.plan["would_change"] or self._waiting())

    def sentence(self, *, check_mode: bool, purpose: str) -> str:
        """Return the text for the environment, without its name."""
        if self.plan.get("failed"):
            return f"stopped before anything was changed. {self.plan['msg'].splitlines()[0]}"
        changes = ", ".join(self.plan["would_change"])
        if check_mode:
            return f"would change {changes}" if changes else self._unchanged(purpose)
        if self.failed:
            return "failed, see above. Run again: the next run continues from there."
        if not changes:
            return self._unchanged(purpose)
        return " ".join([f"changed {changes}.", *self._to_do()])

    def _unchanged(self, purpose: str) -> str:
        said = ["nothing to change."]
        if purpose == ROTATE:
            said = [self._not_rotated()]
        return " ".join([*said, *self._to_publish()])

    def _not_rotated(self) -> str:
        hours = _age_in_hours(self.plan)
        age = "it is not due" if hours is None else f"it was created {hours} hours ago"
        return f"the secret was not rotated, because {age} (see lead_writer_secret_rotate_after_days)."

    def _to_do(self) -> Iterator[str]:
        """What a person has to do after a run."""
        new_secret = bool(NEW_SECRETS.intersection(self.plan["would_change"]))
        if self.destinations or not (new_secret or "handover" in self.plan["would_change"]):
            yield from self._to_publish()
            return
        what = "the connection"
        if new_secret and not {"application", "user"}.intersection(self.plan["would_change"]):
            what = "the new secret"
        yield f"Enter {what} in Partner Center's form from {self.plan['sheet']} and publish the offers."
        if what == "the new secret":
            yield "Then run once with -e lead_writer_secret_in_use=true."

    def _to_publish(self) -> Iterator[str]:
        if self._waiting():
            yield (
                f"Publish {', '.join(self._waiting())} in Partner Center, or run with -e lead_writer_publish=live: "
                "until then what was handed over is not in use."
            )

    def _waiting(self) -> list[str]:
        known = self.destinations or self.plan.get("lead_destinations") or []
        return [str(each["offer"]) for each in known if each.get("publish_needed")]


def next_steps(environments: Iterable[Environment], *, check_mode: bool, purpose: str) -> list[str]:
    """Return the lines to show at the end."""
    quiet: list[str] = []
    loud: dict[str, list[str]] = {}
    for each in environments:
        if each.is_quiet and purpose != ROTATE:
            quiet.append(each.host)
        else:
            loud.setdefault(each.sentence(check_mode=check_mode, purpose=purpose), []).append(each.host)
    lines = [f"{', '.join(hosts)}: {sentence}" for sentence, hosts in loud.items()]
    if quiet:
        more = f" ({', '.join(quiet)})" if len(quiet) <= _NAMED else ""
        lines.append(f"Nothing to change: {count(len(quiet))}{more}.")
    return lines


def grouped(sentences: Iterable[tuple[str, str]]) -> list[str]:
    """Return sentences of hosts with their hosts' names before them, each sentence once."""
    hosts_of: dict[str, list[str]] = {}
    for host, sentence in sentences:
        hosts_of.setdefault(sentence, []).append(host)
    return [f"{', '.join(hosts)}: {sentence}" for sentence, hosts in hosts_of.items()]


def count(environments: int) -> str:
    """Return a number of environments in words."""
    return "1 environment" if environments == 1 else f"{environments} environments"


def test_lead_sentence(result: Mapping[str, Any]) -> str:
    """Return the outcome of the test of one connection. `result` is that of the module `dynamics_test_lead`."""
    if not result.get("test_lead"):
        return "no lead can arrive; see above."
    said = "the test lead arrived" if result["test_lead"].get("written") else "a lead would arrive"
    newest = result.get("newest_lead")
    if not newest:
        return f"{said}. No lead of the marketplace has arrived yet."
    days = newest["age_days"]
    return f"{said}. The newest lead of the marketplace is {days} day{'' if days == 1 else 's'} old."


def _age_in_hours(plan: Mapping[str, Any]) -> int | None:
    """The age of the current secret or password by the service's clock."""
    made = (plan.get("secret") or {}).get("start_date_time") or (plan.get("password") or {}).get("changed_date_time")
    now = plan.get("service_time")
    if not made or not now:
        return None
    before, after = read_timestamp(made), read_timestamp(now)
    return None if before is None or after is None else max(0, int((after - before).total_seconds() // 3600))
