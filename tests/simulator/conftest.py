# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the simulator's tests: one certificate authority for a run, and clouds."""

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
    """Record the exchanges of the whole run if a folder is configured."""
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
    """The certificate authority of all clouds in this run."""
    authority = CertificateAuthority()
    yield authority
    authority.close()


@pytest.fixture
def new_cloud(ca: CertificateAuthority) -> Iterator[Callable[..., RunningCloud]]:
    """Makes clouds: `new_cloud(tenant_spec, ..., setting=value, ...)`; only contoso by default."""
    running: list[RunningCloud] = []

    def make(*specs: TenantSpec, **settings: Any) -> RunningCloud:
        running.append(RunningCloud(ca, *(specs or (generated_tenant(1),)), **settings))
        return running[-1]

    yield make
    for cloud in running:
        cloud.close()


@pytest.fixture
def cloud(new_cloud: Callable[..., RunningCloud]) -> RunningCloud:
    """A cloud with the tenant contoso and without delays."""
    return new_cloud()


@pytest.fixture
def graph(cloud: RunningCloud) -> Graph:
    """Graph, signed in as contoso's runner."""
    return cloud.graph()
