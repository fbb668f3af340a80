# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator is fast enough to measure clients."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable

import pytest

from .running import Graph, RunningCloud

MOST_MILLISECONDS = 3.0
TIMES = 60


async def _cpu_seconds() -> float:
    return time.thread_time()


def median_cost(cloud: RunningCloud, act: Callable[[], object]) -> float:
    """The median of the serving thread's processor time for `act`, in milliseconds."""

    def spent() -> float:
        return asyncio.run_coroutine_threadsafe(_cpu_seconds(), cloud.loop).result(10)

    costs = []
    for _time in range(TIMES):
        before = spent()
        act()
        costs.append((spent() - before) * 1000)
    return statistics.median(costs)


@pytest.mark.parametrize(
    "path",
    [
        "/organization",
        "/applications(uniqueName='known')",
        "/applications?$filter=displayName eq 'known'",
        "/servicePrincipals(appId='00000007-0000-0000-c000-000000000000')?$select=id",
    ],
)
def test_a_simple_request_costs_little(cloud: RunningCloud, graph: Graph, path: str) -> None:
    graph.create_application("known", uniqueName="known")
    graph.conforming = False
    assert median_cost(cloud, lambda: graph.get(path)) <= MOST_MILLISECONDS


def test_a_request_to_an_environment_costs_little(cloud: RunningCloud) -> None:
    url = "https://contoso.crm4.dynamics.com"
    client = Graph(cloud.session(), f"{url}/api/data/v9.2", cloud.sign_in(url)["access_token"])
    client.conforming = False
    assert median_cost(cloud, lambda: client.get("/WhoAmI")) <= MOST_MILLISECONDS
