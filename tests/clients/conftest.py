# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the tests of published clients: a cloud, the client as a process, a report of versions."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from simulator.ca import CertificateAuthority
from simulator.spec import TenantSpec, generated_tenant

from ..simulator.running import RunningCloud
from .installed import CLIENTS, HERE, HOME, NPM, Client

Completed = subprocess.CompletedProcess[str]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Add the client and its version to the ID of each test that is marked with one."""
    mark = metafunc.definition.get_closest_marker("client")
    if mark is not None:
        client = CLIENTS[mark.args[0]]
        metafunc.parametrize("client", [client], ids=[f"{client.name}-{client.version}"], indirect=True)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line("markers", "client(name): the published client that the test runs")


@pytest.hookimpl(tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """List each client with its version and how its tests ended."""
    ended: dict[str, dict[str, int]] = {}
    for outcome in ("passed", "failed", "skipped"):
        for report in terminalreporter.getreports(outcome):
            for name, value in report.user_properties:
                if name == "client" and (report.when == "call" or outcome != "passed"):
                    ended.setdefault(value, {}).setdefault(outcome, 0)
                    ended[value][outcome] += 1
    if ended:
        terminalreporter.section("published clients")
    for client, counts in sorted(ended.items()):
        terminalreporter.line(f"{client}: {', '.join(f'{count} {outcome}' for outcome, count in counts.items())}")


@pytest.fixture(scope="session")
def ca() -> Iterator[CertificateAuthority]:
    """The authority that all clouds of this run share."""
    authority = CertificateAuthority()
    yield authority
    authority.close()


@pytest.fixture
def new_cloud(ca: CertificateAuthority) -> Iterator[Callable[..., RunningCloud]]:
    """Creates clouds: `new_cloud(tenant_spec, ..., setting=value, ...)`; contoso alone unless specs are given."""
    running: list[RunningCloud] = []

    def make(*specs: TenantSpec, **settings: Any) -> RunningCloud:
        running.append(RunningCloud(ca, *(specs or (generated_tenant(1),)), **settings))
        return running[-1]

    yield make
    for cloud in running:
        cloud.close()


@pytest.fixture
def cloud(new_cloud: Callable[..., RunningCloud]) -> RunningCloud:
    """A cloud with the tenant contoso and no delays."""
    return new_cloud()


@pytest.fixture
def client(request: pytest.FixtureRequest) -> Client:
    """The client that the test is marked with; skips the test if it could not be installed."""
    found: Client = request.param
    request.node.user_properties.append(("client", f"{found.name} {found.version}"))
    if found.missing:
        pytest.skip(found.missing)
    return found


class Runner:
    """Runs the client's commands, and programs that use it, with the variables that the simulator prints."""

    def __init__(self, client: Client, cloud: RunningCloud, home: Path) -> None:
        self.client, self.cloud, self.home = client, cloud, home
        kept = ("PATH", "LANG", "PYTHONPYCACHEPREFIX")
        self.environment = {name: os.environ[name] for name in kept if name in os.environ}
        self.environment |= {**cloud.variables, "HOME": str(home)}
        if client.group == NPM:
            self.environment["NODE_PATH"] = str(HOME / NPM / "node_modules")

    def run(
        self,
        *command: str,
        status: int = 0,
        given: str | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Completed:
        """Run a command to its end; it must exit with `status`; `given` is its standard input."""
        ended = subprocess.run(
            command,
            cwd=self.home,
            env={**self.environment, **(variables or {})},
            capture_output=True,
            input=given,
            text=True,
            timeout=180,
            check=False,
        )
        assert ended.returncode == status, f"{command}: {ended.stdout}\n{ended.stderr}"
        return ended

    def program(self, name: str, **given: Any) -> Any:
        """Run a program of this folder that uses the client; return its output as JSON.

        Its arguments come from standard input: a secret does not belong on a command line.
        """
        ended = self.run(self.client.program, str(HERE / "programs" / name), given=json.dumps(given))
        return json.loads(ended.stdout)

    def json(self, *command: str) -> Any:
        """Return the JSON output of a command; None if it prints nothing."""
        text = self.run(*command).stdout
        return json.loads(text) if text.strip() else None


@pytest.fixture
def runner(client: Client, cloud: RunningCloud, tmp_path: Path) -> Runner:
    """The client, ready to run against the cloud."""
    return Runner(client, cloud, tmp_path)


@pytest.fixture
def sign_in(cloud: RunningCloud) -> dict[str, str]:
    """The credentials of contoso's runner for a client."""
    tenant = cloud.tenant()
    return {"tenant": tenant.id, "client": tenant.runner.app_id, "secret": tenant.runner.secret}
