# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated cloud of one test, read and changed through its control API, and Ansible to run against it."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml
from requests.adapters import HTTPAdapter

from tests.gates.recorded_facts import flipped

THOROUGH = bool(os.environ.get("MARKETPLACE_LEADS_THOROUGH"))
"""Whether the variations are run that `make test` leaves to `make torture`."""

ROOT = Path(__file__).resolve().parents[2]
CONTROL = "https://control.simulator.test"
BASE = "/api/data/v9.2/"


@dataclass(frozen=True)
class Tenant:
    """One tenant as the inventory describes it, with its first environment."""

    name: str
    tenant_id: str
    client_id: str
    client_secret: str
    environment_url: str
    host: str

    @property
    def environment_host(self) -> str:
        """The host name of the environment."""
        return self.environment_url.removeprefix("https://")


class _Prompt(HTTPAdapter):
    """Sends a request's body without waiting for the acknowledgment of its headers, unlike urllib3 with a proxy."""

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        return super().proxy_manager_for(proxy, socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)], **options)


class Simulator:
    """A running simulator, which serves one cloud after another, each starting from the initial state."""

    def __init__(self, folder: Path, *options: str) -> None:
        inventory = folder / "inventory.yml"
        command = [sys.executable, "-m", "simulator", "serve", "--inventory-out", str(inventory), *options]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.variables = self._read_variables()
        self.inventory = inventory.read_text(encoding="utf-8")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.proxies = {"https": self.variables["HTTPS_PROXY"]}
        self._session.verify = self.variables["REQUESTS_CA_BUNDLE"]
        self._session.mount("https://", _Prompt())
        self._at_birth = self.control("GET", "/state")

    def _read_variables(self) -> dict[str, str]:
        stdout = self._process.stdout
        assert stdout is not None
        variables: dict[str, str] = {}
        end = time.monotonic() + 30
        # The variables of the proxy and of the bundle arrive together, after the inventory is written.
        while not {"HTTPS_PROXY", "REQUESTS_CA_BUNDLE"} <= variables.keys() or select.select([stdout], [], [], 0.05)[0]:
            assert time.monotonic() < end, "the simulator did not start"
            line = stdout.readline()
            assert line, "the simulator ended while starting"
            if line.startswith("export "):
                name, _equals, value = line.removeprefix("export ").strip().partition("=")
                variables[name] = value
        return variables

    def control(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """Call the control API; return the parsed response, `{}` if there is none."""
        answer = self._session.request(method, CONTROL + path, json=body, headers=headers, timeout=30)
        assert answer.status_code < 400, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.text else {}

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def reset(self) -> None:
        """Restore the initial state of everything: tenants, clock and settings, faults and the log."""
        self.control("PUT", "/state", self._at_birth)
        self.control("DELETE", "/faults")
        self.control("DELETE", "/requests")

    def close(self) -> None:
        """Stop it."""
        self._session.close()
        self._process.terminate()
        self._process.wait(timeout=10)
        if self._process.stdout is not None:
            self._process.stdout.close()


class Cloud:
    """The simulated cloud of one test."""

    is_genuine = True
    """Whether it follows the facts; a fault, or a changed setting or trait, ends that."""

    def __init__(self, folder: Path, simulator: Simulator) -> None:
        self.folder = folder
        self.inventory = folder / "inventory.yml"
        self.inventory.write_text(simulator.inventory, encoding="utf-8")
        self.variables = simulator.variables
        self.control = simulator.control

    # --- tenants

    @property
    def tenants(self) -> dict[str, Tenant]:
        """The tenants of the inventory by name."""
        groups = yaml.safe_load(self.inventory.read_text(encoding="utf-8"))["all"]["children"]
        found = {}
        for group, content in groups.items():
            variables = content["vars"]
            host, own = next(iter(content["hosts"].items()))
            name = group.removeprefix("tenant_")
            found[name] = Tenant(
                name,
                variables["lead_writer_tenant_id"],
                variables["lead_writer_client_id"],
                variables.get("lead_writer_client_secret", ""),
                own["lead_writer_environment_url"],
                host,
            )
        return found

    @property
    def contoso(self) -> Tenant:
        """The first tenant: public cloud, one business unit."""
        return self.tenants["contoso"]

    # --- the request log

    def mark(self) -> int:
        """Return a place in the request log."""
        return int(self.control("GET", "/requests?since=1000000000")["next"])

    def requests_since(self, mark: int) -> list[dict[str, Any]]:
        """Return the log's entries since `mark`."""
        entries: list[dict[str, Any]] = self.control("GET", f"/requests?since={mark}")["requests"]
        return entries

    def writes_since(self, mark: int) -> list[str]:
        """Return what was written, or tried to be, since `mark`, as "METHOD host/path"."""
        return [
            f"{entry['method']} {entry['host']}{entry['path']}" for entry in self.requests_since(mark) if entry["write"]
        ]

    # --- faults and changes by hand

    def refuse_writes(self, refuse: bool) -> None:
        """Refuse every change with 403, or no longer."""
        self.control("POST", "/writes", {"refuse": refuse})

    def fault(self, **fault: Any) -> None:
        """Add a fault; its keys are those of simulator/faults.py."""
        self.is_genuine = False
        self.control("POST", "/faults", fault)

    def set(self, **settings: Any) -> None:
        """Change settings of the simulator."""
        self.is_genuine = self.is_genuine and not flipped("settings") & settings.keys()
        self.control("PATCH", "/settings", settings)

    def jump(self, seconds: float) -> None:
        """Move the cloud's clock."""
        self.control("POST", "/clock", {"jump_seconds": seconds})

    def graph(self, tenant: Tenant, method: str, path: str, body: Any = None) -> Any:
        """Send any Graph request by hand, with full permissions, without a log entry, visible everywhere at once."""
        host = "graph.microsoft.us" if tenant.environment_host.endswith(".us") else "graph.microsoft.com"
        pace = self.control("GET", "/settings")["replication_seconds"]
        self.set(replication_seconds=0)
        try:
            return self.control(
                method, f"/admin-override/{host}/v1.0{path}", body, {"X-Simulator-Tenant": tenant.tenant_id}
            )
        finally:
            self.set(replication_seconds=pace)

    def web_api(self, tenant: Tenant, method: str, path: str, body: Any = None) -> Any:
        """Send any request to the tenant's environment by hand, with full permissions and without a log entry."""
        return self.control(method, f"/admin-override/{tenant.environment_host}{BASE}{path}", body)

    def in_environment(self, tenant: Tenant, method: str, path: str, body: Any = None) -> Any:
        """Change in the tenant's environment what no request could: traits, and rows regardless of every rule."""
        return self.control(method, f"/environments/{tenant.environment_host}{path}", body)

    def traits(self, tenant: Tenant, **options: Any) -> None:
        """Change traits of the tenant's environment, its gates among them; None is a trait's default."""
        self.is_genuine = self.is_genuine and not flipped("environment") & options.keys()
        self.in_environment(tenant, "PATCH", "/options", options)

    def rows(self, tenant: Tenant, path: str) -> list[dict[str, Any]]:
        """Return rows of the tenant's environment."""
        rows: list[dict[str, Any]] = self.web_api(tenant, "GET", path)["value"]
        return rows


@dataclass(frozen=True)
class Outcome:
    """One result of one task for one host, as a callback received it."""

    outcome: str
    host: str
    task: str
    action: str
    result: dict[str, Any]


@dataclass
class Run:
    """One run of ansible-playbook."""

    status: int
    output: str
    outcomes: list[Outcome]
    mark: int

    def of(self, host: str, action: str | None = None) -> list[Outcome]:
        """The results of a host, of one module (its short name) if `action` is given."""
        return [o for o in self.outcomes if o.host == host and action in (None, o.action.rpartition(".")[2])]

    def after_plan(self, host: str) -> list[Outcome]:
        """The results of a host other than those of planning."""
        return [o for o in self.of(host) if not o.action.endswith(("_fleet", "group_by", "add_host"))]

    def result(self, host: str, action: str) -> dict[str, Any]:
        """The result of the one task of a host that ran `action`."""
        found = self.of(host, action)
        assert len(found) == 1, f"{action} ran {len(found)} times on {host}\n{self.output}"
        return found[0].result

    def changes(self, host: str) -> list[str]:
        """The changes that the modules of the collection reported for a host, in order.

        In a dry run the plan of the fleet reports those of its steps, which do not run then.
        """
        told: list[str] = []
        for outcome in self.outcomes:
            if outcome.action.endswith("_fleet"):
                told += _foretold(outcome, host).get("would_change", [])
            elif (
                outcome.host == host
                and outcome.result.get("changed")
                and not outcome.action.endswith(("_plan", "_info"))
            ):
                told += outcome.result.get("changes", [])
        return told

    def changed_hosts(self) -> set[str]:
        """The hosts with a changed task, or with one that a dry run would change."""
        own = {o.host for o in self.outcomes if o.result.get("changed") and not o.action.endswith("_fleet")}
        return own | {host for host in self.hosts() if self.changes(host)}

    def hosts(self) -> set[str]:
        """The hosts of the run."""
        planned = {host for o in self.outcomes for host in o.result.get("environments") or {}}
        return planned | {outcome.host for outcome in self.outcomes}

    def step(self, host: str, step: str) -> list[str] | None:
        """The changes that a dry run predicted for one step of a host's plan, None if it planned none."""
        for outcome in self.outcomes:
            plan = _foretold(outcome, host) if outcome.action.endswith("_fleet") else {}
            if step in plan.get("steps", {}):
                changes: list[str] = plan["steps"][step]
                return changes
        return None

    def censored_hosts(self) -> set[str]:
        """The hosts with a censored result."""
        return {outcome.host for outcome in self.outcomes if "censored" in outcome.result}

    def failed_hosts(self) -> set[str]:
        """The hosts with a failed task."""
        return {outcome.host for outcome in self.outcomes if outcome.outcome in ("failed", "item_failed")}

    def failure(self, host: str) -> str:
        """The message of the one task that failed for a host."""
        failed = [o for o in self.of(host) if o.outcome in ("failed", "item_failed")]
        assert failed, f"nothing failed on {host}\n{self.output}"
        return str(failed[0].result["msg"])


class Ansible:
    """Runs playbooks against a cloud.

    Every playbook is rehearsed first: run under --check while the cloud refuses all writes. A refusal in a rehearsal
    means that the dry run would have written, and fails the test; so does a change that the dry run did not predict.
    """

    def __init__(self, cloud: Cloud, collections: Path, folder: Path) -> None:
        self._cloud = cloud
        self._collections = collections
        self._folder = folder
        self._count = 0

    def tasks(self, *tasks: dict[str, Any], hosts: str = "all", **options: Any) -> Run:
        """Run tasks on `hosts`."""
        return self.play([{"hosts": hosts, "gather_facts": False, "tasks": list(tasks)}], **options)

    def play(self, plays: list[dict[str, Any]], arguments: tuple[str, ...] = (), **options: Any) -> Run:
        """Run plays given as data, with `arguments` of ansible-playbook."""
        path = self._folder / f"playbook{self._count}.yml"
        path.write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
        return self.playbook(str(path), *arguments, **options)

    def playbook(
        self, playbook: str, *arguments: str, check: bool = False, rehearse: bool = True, **options: Any
    ) -> Run:
        """Run a playbook by path or full name; `check` runs only the rehearsal."""
        if not (check or rehearse):
            return self._run(playbook, *arguments, **options)
        self._cloud.refuse_writes(True)
        try:
            rehearsal = self._run(playbook, "--check", "--diff", *arguments, **options)
        finally:
            self._cloud.refuse_writes(False)
        attempts = self._cloud.writes_since(rehearsal.mark)
        assert not attempts, f"the dry run tried to write: {attempts}\n{rehearsal.output}"
        if check:
            return rehearsal
        run = self._run(playbook, "--diff", *arguments, **options)
        _reveal(run, rehearsal)
        if run.status == 0:
            # A result that holds a secret is censored, so a callback does not receive its changes.
            for host in rehearsal.hosts() | run.hosts():
                assert rehearsal.changes(host) == run.changes(host), (
                    f"the dry run predicted other changes for {host}\n{rehearsal.output}\n{run.output}"
                )
        return run

    def _run(
        self,
        playbook: str,
        *arguments: str,
        environment: dict[str, str] | None = None,
        verbosity: int = 0,
        killed_when: Callable[[], bool] | None = None,
    ) -> Run:
        self._count += 1
        record = self._folder / f"record{self._count}.jsonl"
        record.touch()
        mark = self._cloud.mark()
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ansible", "playbook"),
                *("-i", str(self._cloud.inventory)),
                *arguments,
                *(["-" + "v" * verbosity] if verbosity else []),
                playbook,
            ],
            cwd=self._folder,
            env={
                **os.environ,
                **self._cloud.variables,
                "ANSIBLE_COLLECTIONS_PATH": str(self._collections),
                "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback_plugins"),
                "ANSIBLE_CALLBACKS_ENABLED": "recorder",
                "ANSIBLE_HOME": str(self._folder / "ansible_home"),
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_LOCALHOST_WARNING": "0",
                "ANSIBLE_ASYNC_DIR": str(self._folder / "async"),
                # Ansible discovers an interpreter by itself and would report it in some results only.
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
                "RECORDER_FILE": str(record),
                **self._recorded(),
                **(environment or {}),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A separate process group, so that a test can kill Ansible with its workers.
            start_new_session=True,
        )
        if killed_when is not None:
            _kill_when(process, killed_when)
        output, errors = process.communicate(timeout=600)
        lines = record.read_text(encoding="utf-8").splitlines()
        outcomes = [Outcome(**json.loads(line)) for line in lines]
        return Run(process.returncode, output + errors, outcomes, mark)

    def _recorded(self) -> dict[str, str]:
        """The variable that records a run, if the recordings of all runs are collected."""
        folder = os.environ.get("MARKETPLACE_LEADS_RECORDINGS")
        return {"MARKETPLACE_LEADS_RECORD": folder} if folder and self._cloud.is_genuine else {}


def _kill_when(process: subprocess.Popen[str], reached: Callable[[], bool]) -> None:
    """Kill a run with its workers, like a power failure, as soon as a point is reached."""
    while process.poll() is None and not reached():
        time.sleep(0.02)
    assert process.poll() is None, "the run ended before the point at which it was to be killed"
    # Ansible's workers have separate sessions, and would finish their task after the group has ended.
    for each in (process.pid, *_descendants(process.pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _descendants(process: int) -> list[int]:
    """The descendants of a process."""
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The state and the parent follow the name, which is in parentheses.
            parents[int(status.parent.name)] = int(status.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def _foretold(outcome: Outcome, host: str) -> dict[str, Any]:
    """The plan of a host from the last task of a dry run if that task plans; else nothing."""
    if "environments" in outcome.result:
        plan = outcome.result["environments"].get(host, {})
    else:
        plan = outcome.result if outcome.host == host else {}
    return plan if outcome.result.get("changed") else {}


_SECRET_STEPS = {"aad_app": "application", "aad_user": "user"}
"""The steps of a plan whose results hold a secret, by the module that runs them."""


def _reveal(run: Run, rehearsal: Run) -> None:
    """Add the changes that the dry run predicted to censored results, which hold none for a callback."""
    foretold = {(o.host, o.task): o.result.get("changes", []) for o in rehearsal.outcomes}
    for outcome in run.outcomes:
        if "censored" in outcome.result:
            step = rehearsal.step(outcome.host, _SECRET_STEPS.get(outcome.action.rpartition(".")[2], ""))
            known = foretold.get((outcome.host, outcome.task), []) if step is None else step
            outcome.result["changes"] = known


def credentials(**overrides: Any) -> dict[str, Any]:
    """The credentials of the runner, as in the inventory, with `overrides`."""
    return {
        "tenant_id": "{{ lead_writer_tenant_id }}",
        "client_id": "{{ lead_writer_client_id }}",
        "client_secret": "{{ lead_writer_client_secret }}",
        **overrides,
    }


def task(module: str, register: str | None = None, **options: Any) -> dict[str, Any]:
    """A task that calls a module of the collection by its short name with the runner's credentials."""
    one: dict[str, Any] = {
        "name": module,
        f"marketplace_leads.dynamics365.{module}": {**credentials(), **options},
        "connection": "local",
    }
    if register:
        one["register"] = register
    return one
