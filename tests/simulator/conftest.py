# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator's tests share: one certificate authority a run, and clouds to order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from simulator.app import CloudApp
from simulator.ca import CertificateAuthority
from simulator.spec import TenantSpec, generated_tenant

from .running import Graph, RunningCloud


@pytest.fixture(scope="session", autouse=True)
def recorded() -> Iterator[None]:
    """Record the exchanges of the whole run where a folder is named for it."""
    directory = os.environ.get("MARKETPLACE_LEADS_RECORDINGS")
    if not directory:
        yield
        return
    from .recording import recording

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CloudApp, "__call__", recording(CloudApp.__call__, directory))
        yield


@pytest.fixture(scope="session")
def ca() -> Iterator[CertificateAuthority]:
    """The authority that all clouds of this run share."""
    authority = CertificateAuthority()
    yield authority
    authority.close()


@pytest.fixture
def new_cloud(ca: CertificateAuthority) -> Iterator[Callable[..., RunningCloud]]:
    """Makes clouds: ``new_cloud(tenant_spec, ..., setting=value, ...)``; contoso alone unless specs are given."""
    running: list[RunningCloud] = []

    def make(*specs: TenantSpec, **settings: Any) -> RunningCloud:
        running.append(RunningCloud(ca, *(specs or (generated_tenant(1),)), **settings))
        return running[-1]

    yield make
    for cloud in running:
        cloud.close()


@pytest.fixture
def cloud(new_cloud: Callable[..., RunningCloud]) -> RunningCloud:
    """A cloud with the tenant contoso in which nothing lags."""
    return new_cloud()


@pytest.fixture
def graph(cloud: RunningCloud) -> Graph:
    """Graph, signed in as contoso's runner."""
    return cloud.graph()
