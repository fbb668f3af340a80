# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clouds in which a fact is not as the collection assumes, and the outcome of configure in them."""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._evidence import read_evidence

from .cloud import Ansible, Cloud, Outcome, Run, Simulator, Tenant
from .configure import Configure
from .conftest import QUICK

PACE = ("--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4", "--set", "usage_location_seconds=0.2")
OFFER = "contoso-offer"
VALIDATE = "marketplace_leads.dynamics365.validate"
REMOVE = "marketplace_leads.dynamics365.remove"
ALL = os.environ.get("MARKETPLACE_LEADS_FLIPS") == "all"
_HTTP = re.compile(r"(GET|POST|PUT|PATCH|DELETE) \S+ was ")
_SAMPLE = 4
"""The number of worlds with a separate cloud to try, unless all are requested."""


@dataclass(frozen=True)
class Flip:
    """One other world: an item of a fact's `flips`, explained in evidence/README.md."""

    fact: str
    title: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    tenant: Mapping[str, Any] = field(default_factory=dict)
    faults: Sequence[Mapping[str, Any]] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    stops: str = ""
    validation: str = ""

    @property
    def name(self) -> str:
        """The name of its test."""
        return f"{self.fact}: {self.title}"

    @property
    def is_a_tenants(self) -> bool:
        """Whether it may share a cloud with others."""
        return not self.settings and not self.faults

    def configured(self, name: str) -> dict[str, Any]:
        """A tenant of the simulator's configuration in which the fact does not hold.

        The last of its environments is the one to set up.
        """
        tenant: dict[str, Any] = {"name": name, "offers": [OFFER], "publisher": {}, **self.tenant}
        environment: dict[str, Any] = {"name": f"{name}_prod", "options": dict(self.environment)}
        if tenant.get("cloud", "public") == "public":
            environment |= {"region": "crm4", "offers": list(tenant["offers"])}
        others = [{**other, "name": f"{name}_{other['name']}"} for other in tenant.get("environments", ())]
        return {**tenant, "environments": [*others, environment]}


def flips() -> list[Flip]:
    """All other worlds of all facts. Raises TypeError for an unknown key."""
    return [Flip(fact=fact.id, **item) for fact in read_evidence().facts for item in fact.flips]


def chosen(worlds: Sequence[Flip], number: int = _SAMPLE) -> list[Flip]:
    """The `worlds` to try: all with MARKETPLACE_LEADS_FLIPS=all, else a sample chosen by MARKETPLACE_LEADS_SEED."""
    if ALL or len(worlds) <= number:
        return list(worlds)
    sample = random.Random(os.environ.get("MARKETPLACE_LEADS_SEED", "1")).sample(worlds, number)
    return sorted(sample, key=worlds.index)


def combined(worlds: Iterable[Flip]) -> Flip:
    """One world with all of `worlds` in which a run succeeds, as far as they do not contradict each other.

    It includes faults only if all worlds are requested: waiting for all faults to pass takes minutes.
    """
    taken: dict[str, dict[str, Any]] = {"settings": {}, "environment": {}, "tenant": {}, "variables": {}}
    faults: list[Mapping[str, Any]] = []
    for world in worlds:
        ends_well = not (world.stops or world.validation)
        agrees = all(
            known.get(name, value) == value
            for part, known in taken.items()
            for name, value in getattr(world, part).items()
        )
        if agrees and ends_well and (ALL or not world.faults):
            faults += world.faults
            for part, known in taken.items():
                known.update(getattr(world, part))
    return Flip(
        fact="all",
        title="together",
        settings=taken["settings"],
        environment=taken["environment"],
        tenant=taken["tenant"],
        variables=taken["variables"],
        faults=faults,
    )


class Worlds:
    """Runs configure in clouds made from other worlds."""

    def __init__(self, folder: Path, simulators: Callable[..., Simulator], collections: Path) -> None:
        self._folder = folder
        self._simulators = simulators
        self._collections = collections

    def verdicts(self, worlds: Sequence[Flip]) -> dict[str, str]:
        """Try worlds in one cloud, each in its own tenant; return what is wrong by name, '' if nothing is.

        Settings and faults apply to the whole cloud, so a world with any must be alone.
        """
        cloud = self._cloud(worlds)
        configure = Configure(cloud, Ansible(cloud, self._collections, self._folder), self._folder)
        thorough = len(worlds) > 1 or ALL
        runs = _try(configure, thorough=thorough)
        tried = [*zip(worlds, cloud.tenants.values(), strict=True)]
        found = {world.name: _verdict(cloud, world, tenant, runs) for world, tenant in tried}
        if thorough:
            failed = runs.first.failed_hosts()
            well = {world.name: each.host for world, each in tried if not found[world.name] and each.host not in failed}
            found.update(_taken_down(configure, well))
        return found

    def _cloud(self, worlds: Sequence[Flip]) -> Cloud:
        if any(world.tenant or world.environment for world in worlds):
            path = self._folder / "cloud.yml"
            tenants = [world.configured(f"world{index:03}") for index, world in enumerate(worlds)]
            path.write_text(yaml.safe_dump({"tenants": tenants}), encoding="utf-8")
            cloud = Cloud(self._folder, self._simulators(*QUICK, *PACE, "--config", str(path)))
        else:
            # One simulator serves all of these, one after the other.
            cloud = Cloud(self._folder, self._simulators(*QUICK, *PACE, "--tenants", "1", "--offers", "1"))
        cloud.is_genuine = False
        for world in worlds:
            cloud.set(**world.settings)
            for fault in world.faults:
                cloud.fault(**fault)
        content = yaml.safe_load(cloud.inventory.read_text(encoding="utf-8"))
        for world, group in zip(worlds, content["all"]["children"].values(), strict=True):
            group["vars"].update(world.variables)
            host, own = [*group["hosts"].items()][-1]
            group["hosts"] = {host: own}
        cloud.inventory.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return cloud


@dataclass(frozen=True)
class Runs:
    """The runs of a trial; some are omitted to save time."""

    dry: Run | None
    first: Run
    second: Run
    validation: Run | None

    def of(self, host: str) -> Iterator[Outcome]:
        """All results of a host."""
        for run in (self.dry, self.first, self.second, self.validation):
            yield from run.of(host) if run is not None else ()


def _try(configure: Configure, *, thorough: bool) -> Runs:
    """Run configure twice; if `thorough`, run a dry run before and validate afterwards."""

    def run(**options: Any) -> Run:
        return configure("--forks", "8", variables={"lead_writer_publish": "live"}, **options)

    return Runs(
        dry=run(check=True) if thorough else None,
        first=run(rehearse=False),
        second=run(rehearse=False),
        validation=run(rehearse=False, playbook=VALIDATE) if thorough else None,
    )


def _taken_down(configure: Configure, hosts: Mapping[str, str]) -> dict[str, str]:
    """Remove worlds whose leads arrive; return what is wrong, by the names of the worlds."""
    if not hosts:
        return {}
    limit = ("--forks", "8", "--limit", ",".join(hosts.values()))
    run = configure(*limit, playbook=REMOVE, variables={"lead_writer_remove_while_live": True}, rehearse=False)
    failed = run.failed_hosts()
    return {name: f"its removal failed: {run.failure(host)}" for name, host in hosts.items() if host in failed}


def _verdict(cloud: Cloud, world: Flip, tenant: Tenant, runs: Runs) -> str:
    """Return what is wrong with the outcome of a world; nothing if leads arrive, or if a run stops in time."""
    host, first, second = tenant.host, runs.first, runs.second
    if any("Traceback (most recent" in json.dumps(each.result) for each in runs.of(host)):
        return "a traceback was shown"
    if first.status not in (0, 2) or not first.hosts() >= {host}:
        return f"the run ended with {first.status}: {first.output[-2000:]}"
    if host in first.failed_hosts():
        return _stopped(cloud, world, tenant, runs)
    if world.stops:
        return f"it did not stop with {world.stops!r}"
    told = runs.validation.failure(host) if runs.validation and host in runs.validation.failed_hosts() else ""
    if world.validation and runs.validation and world.validation not in told:
        return f"the validation did not fail with {world.validation!r}: {told}"
    for run, name in ((runs.dry, "dry run"), (second, "second run"), (runs.validation, "validation")):
        if run is not None and host in run.failed_hosts() and not (run is runs.validation and world.validation):
            return f"the {name} failed: {run.failure(host)}"
    if host in second.changed_hosts():
        return f"the second run changed {second.changes(host)}"
    if OFFER in world.configured("")["environments"][-1].get("offers", ()):
        answer = cloud.control("POST", f"/tenants/{tenant.tenant_id}/leads", {"offer": OFFER})
        return "" if answer["delivered"] else f"a customer's lead did not arrive: {answer['error']}"
    return ""


def _stopped(cloud: Cloud, world: Flip, tenant: Tenant, runs: Runs) -> str:
    """Return what is wrong with how a run stopped: it must stop before it writes, with a message and its cure."""
    message = runs.first.failure(tenant.host)
    # The second run stops as well, so every write since the start of the first comes from a run that stopped.
    written = [
        f"{each['method']} {each['host']}{each['path']}"
        for each in cloud.requests_since(runs.first.mark)
        if each["write"] and each["tenant"] == tenant.tenant_id
    ]
    if written:
        return f"it stopped after {written}: {message}"
    if _HTTP.search(message) or not all(": " in line and line.endswith(".") for line in message.splitlines()):
        return f"it stopped without a message that says what to do: {message}"
    if world.stops not in message:
        return f"it stopped, but not with {world.stops!r}: {message}"
    if runs.dry is not None and tenant.host not in runs.dry.failed_hosts():
        return f"the dry run did not report it: {message}"
    return ""
