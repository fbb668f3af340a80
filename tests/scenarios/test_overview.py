# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The output of a run over many tenants: few lines, each with a next step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .cloud import Ansible, Cloud, Run, Simulator
from .configure import FRESH, Configure

TENANTS = 60
AT_ONCE = ("--import-seconds", "0", "--replication-seconds", "0", "--secret-activation-seconds", "0")


def lines_before_recap(run: Run) -> list[str]:
    """The lines of a run before Ansible's recap; empty lines count."""
    before, recap, _after = run.output.partition("PLAY RECAP")
    assert recap, run.output
    return before.splitlines()


class Fleet:
    """A dry run, a run and a converged run of many tenants, once for all tests."""

    def __init__(self, configure: Configure, cloud: Cloud) -> None:
        self.cloud = cloud
        self.dry_run = configure("--check", rehearse=False)
        self.diff = configure("--check", "--diff", "--limit", "tenant_contoso", rehearse=False)
        self.first = configure("--forks", "8", rehearse=False)
        self.converged = configure(rehearse=False)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory, simulators: Callable[..., Simulator], collections: Path) -> Fleet:
    folder = tmp_path_factory.mktemp("fleet")
    cloud = Cloud(folder, simulators(*AT_ONCE, "--tenants", str(TENANTS)))
    return Fleet(Configure(cloud, Ansible(cloud, collections, folder), folder), cloud)


def test_a_dry_run_of_many_tenants_is_short(fleet: Fleet) -> None:
    assert fleet.dry_run.status == 0, fleet.dry_run.output
    assert len(fleet.dry_run.output.splitlines()) <= 150, fleet.dry_run.output
    assert f"would change {', '.join(FRESH)}" in fleet.dry_run.output


def test_a_converged_run_of_many_tenants_is_short(fleet: Fleet) -> None:
    assert fleet.first.status == 0, fleet.first.output
    assert fleet.converged.status == 0, fleet.converged.output
    assert len(lines_before_recap(fleet.converged)) <= 20, fleet.converged.output
    assert f"Nothing to change: {TENANTS} environments." in fleet.converged.output


def test_run_shows_the_next_step_of_each_tenant(fleet: Fleet) -> None:
    for tenant in fleet.cloud.tenants.values():
        (line,) = [line for line in fleet.first.output.splitlines() if line.startswith(f"{tenant.host}: changed")]
        assert f"{tenant.environment_host}.handover.md and publish the offers." in line


def test_diff_starts_with_its_host_and_shows_reasons(fleet: Fleet) -> None:
    lines = fleet.diff.output.splitlines()
    host, change = (
        lines.index("contoso_prod"),
        lines.index("  solution: the Lead Writer solution brings the security role"),
    )
    assert change == host + 1, fleet.diff.output


def test_a_diff_shows_no_generated_file(fleet: Fleet) -> None:
    assert "What to enter in Partner Center" not in fleet.diff.output
