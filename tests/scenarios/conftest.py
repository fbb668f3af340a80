# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for every scenario: a separate cloud, and Ansible to run against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.gates.recorded_facts import flipped
from tests.simulator.contract import check_exchange

from .cloud import ROOT, THOROUGH, Ansible, Cloud, Simulator
from .configure import Configure

QUICK = (
    *("--import-seconds", "0.3", "--replication-seconds", "0.2", "--secret-activation-seconds", "0.3"),
    *("--set", "record_graph=true"),
)
"""The platform's behavior at a pace for tests: everything still takes some time. Graph exchanges are recorded."""


FLIPPED = flipped("settings") | flipped("environment")
"""The settings and traits that flip a fact."""


def texts_of(options: Iterable[str]) -> Iterator[str]:
    """The options of a simulator, and the content of the file that they name."""
    for option in options:
        yield option
        if option.endswith(".yml"):
            yield Path(option).read_text(encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that gives a test another cloud."""
    config.addinivalue_line("markers", "cloud(*options): options of the simulator for this test's cloud")
    config.addinivalue_line("markers", "torture: a variation of another test, run only by `make torture`")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests that are marked `torture` out, unless all are asked for."""
    if THOROUGH:
        return
    left_out = [item for item in items if item.get_closest_marker("torture")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("torture")]


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path that holds the checkout as a collection."""
    place = tmp_path_factory.mktemp("collections")
    parent = place / "ansible_collections" / "marketplace_leads"
    parent.mkdir(parents=True)
    (parent / "dynamics365").symlink_to(ROOT, target_is_directory=True)
    return place


@pytest.fixture(scope="session")
def simulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Simulator]]:
    """Returns the simulator with these options, reset. Starting one for each test would take longer than many tests."""
    started: dict[tuple[str, ...], Simulator] = {}

    def as_new(*options: str) -> Simulator:
        if options in started and started[options].alive:
            started[options].reset()
        else:
            started[options] = Simulator(tmp_path_factory.mktemp("simulator"), *options)
        return started[options]

    yield as_new
    for one in started.values():
        one.close()


@pytest.fixture(scope="session")
def said() -> set[str]:
    """The shapes of Graph exchanges that were already compared with its contract."""
    return set()


@pytest.fixture
def cloud(
    tmp_path: Path, simulators: Callable[..., Simulator], said: set[str], request: pytest.FixtureRequest
) -> Iterator[Cloud]:
    """A cloud with three tenants; `@pytest.mark.cloud("--tenants", "1", ...)` sets other options.

    In the end every exchange with Graph must match Graph's contract.
    """
    marker = request.node.get_closest_marker("cloud")
    options = marker.args if marker else ("--tenants", "3")
    running = Cloud(tmp_path, simulators(*QUICK, *options))
    running.is_genuine = not any(name in text for name in FLIPPED for text in texts_of(options))
    yield running
    for shape, exchange in running.control("GET", "/exchanges")["exchanges"].items():
        if shape not in said:
            check_exchange(exchange)
            said.add(shape)


@pytest.fixture
def ansible(cloud: Cloud, collections: Path, tmp_path: Path) -> Ansible:
    """Runs playbooks against the test's cloud."""
    return Ansible(cloud, collections, tmp_path)


@pytest.fixture
def configure(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> Configure:
    """Runs the playbook configure against the test's cloud."""
    return Configure(cloud, ansible, tmp_path)
