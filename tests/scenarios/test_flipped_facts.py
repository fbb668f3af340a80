# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""If a fact is not as the collection assumes, leads arrive anyway, or nothing is changed.

The facts and their other worlds are in evidence/facts.yml. Some worlds need a separate cloud: `make test` tries a
sample of them, `make torture` all.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .cloud import Simulator
from .flips import Flip, Worlds, chosen, combined, flips

WORLDS = flips()
TENANTS = [world for world in WORLDS if world.is_a_tenants]
CLOUDS = [world for world in WORLDS if not world.is_a_tenants]


@pytest.fixture
def worlds(tmp_path: Path, simulators: Callable[..., Simulator], collections: Path) -> Worlds:
    """Runs configure in other worlds."""
    return Worlds(tmp_path, simulators, collections)


@pytest.fixture(scope="session")
def shared(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    simulators: Callable[..., Simulator],
    collections: Path,
) -> dict[str, str]:
    """What is wrong with the worlds of the selected tests, all tried in one cloud.

    If several processes run the tests, the first one tries the worlds, and the others read its results.
    """
    tests = (item for item in request.session.items if isinstance(item, pytest.Function))
    given = (test.callspec.params["world"] for test in tests if "shared" in test.fixturenames)
    wanted = [world for world in given if isinstance(world, Flip)]
    folder = tmp_path_factory.getbasetemp()
    common = folder.parent if hasattr(request.config, "workerinput") else folder
    found = common / "flipped_facts.json"
    with (common / "flipped_facts.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.exists():
            place = tmp_path_factory.mktemp("worlds")
            found.write_text(json.dumps(Worlds(place, simulators, collections).verdicts(wanted)), encoding="utf-8")
    verdicts: dict[str, str] = json.loads(found.read_text(encoding="utf-8"))
    return verdicts


@pytest.mark.parametrize("world", chosen(TENANTS, 12), ids=lambda world: world.name)
def test_tenant_where_a_fact_does_not_hold_gets_leads(world: Flip, shared: dict[str, str]) -> None:
    assert shared[world.name] == "", f"{world.name}: {shared[world.name]}"


@pytest.mark.parametrize("world", chosen(CLOUDS), ids=lambda world: world.name)
def test_cloud_where_a_fact_does_not_hold_delivers_leads(world: Flip, worlds: Worlds) -> None:
    (wrong,) = worlds.verdicts([world]).values()
    assert wrong == "", f"{world.name}: {wrong}"


def test_leads_arrive_where_many_facts_do_not_hold(worlds: Worlds) -> None:
    together = combined(WORLDS)
    (wrong,) = worlds.verdicts([together]).values()
    assert wrong == "", f"{together}: {wrong}"
