# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which security role belongs to the package: renamed, beside another one with its name, or missing."""

from __future__ import annotations

import base64
import time
from typing import Any

import pytest

from packages.build import ROLE_NAME, package

from .cloud import Cloud
from .configure import FRESH, Configure, Made

pytestmark = pytest.mark.cloud("--tenants", "1")

HOST = "contoso_prod"
PACKAGED_ID = "6d1b7c52-9a3e-4f08-b5c4-2e70d8a1f396"


@pytest.fixture
def imported(cloud: Cloud) -> None:
    """The package, imported by hand."""
    file = base64.b64encode(package()).decode()
    parameters = {"OverwriteUnmanagedCustomizations": False, "PublishWorkflows": True, "CustomizationFile": file}
    cloud.web_api(cloud.contoso, "POST", "ImportSolutionAsync", parameters)
    end = time.monotonic() + 10
    while not cloud.rows(cloud.contoso, f"roles?$filter=roleid eq {PACKAGED_ID}"):
        assert time.monotonic() < end, "the import did not end"
        time.sleep(0.1)


def rename(cloud: Cloud, role_id: str, name: str) -> None:
    cloud.web_api(cloud.contoso, "PATCH", f"roles({role_id})", {"name": name})


def role_by_hand(cloud: Cloud, name: str = ROLE_NAME) -> str:
    """A role that an administrator created and renamed to `name`."""
    cloud.web_api(cloud.contoso, "POST", "roles", {"name": "Made by hand"})
    (row,) = cloud.rows(cloud.contoso, "roles?$filter=name eq 'Made by hand'")
    rename(cloud, row["roleid"], name)
    return str(row["roleid"])


def forget(cloud: Cloud, role_id: str) -> None:
    cloud.in_environment(cloud.contoso, "DELETE", f"/rows/role/{role_id}")


def held_ids(cloud: Cloud) -> list[str]:
    (user,) = Made(cloud, cloud.contoso).users
    return [role["roleid"] for role in user["systemuserroles_association"]]


def refused(cloud: Cloud, configure: Configure, **options: Any) -> str:
    """Return the message of a run that fails before it writes anything, and of its dry run."""
    run = configure(rehearse=False, **options)
    assert cloud.writes_since(run.mark) == [], run.output
    dry = configure(check=True, **options)
    assert dry.failure(HOST) == run.failure(HOST)
    return run.failure(HOST)


@pytest.mark.usefixtures("imported")
def test_a_renamed_role_is_found_by_its_id(cloud: Cloud, configure: Configure) -> None:
    rename(cloud, PACKAGED_ID, "Renamed by hand")
    run = configure()
    assert run.status == 0, run.output
    assert run.changes(HOST) == [change for change in FRESH if change != "solution"]
    assert held_ids(cloud) == [PACKAGED_ID]
    assert "is named 'Renamed by hand' in contoso.crm4.dynamics.com" in " ".join(run.output.split())
    again = configure(rehearse=False)
    assert cloud.writes_since(again.mark) == []


@pytest.mark.usefixtures("imported")
def test_of_two_roles_with_one_name_the_packages_is_used(cloud: Cloud, configure: Configure) -> None:
    role_by_hand(cloud)
    run = configure()
    assert run.status == 0, run.output
    assert held_ids(cloud) == [PACKAGED_ID]


@pytest.mark.usefixtures("imported")
def test_role_with_the_name_does_not_hide_the_renamed_one(cloud: Cloud, configure: Configure) -> None:
    rename(cloud, PACKAGED_ID, "Renamed by hand")
    role_by_hand(cloud)
    run = configure()
    assert run.status == 0, run.output
    assert held_ids(cloud) == [PACKAGED_ID]


@pytest.mark.usefixtures("imported")
def test_missing_role_stops_the_plan(cloud: Cloud, configure: Configure) -> None:
    forget(cloud, PACKAGED_ID)
    told = refused(cloud, configure)
    assert f"role '{ROLE_NAME}' does not exist in contoso.crm4.dynamics.com, although the solution" in told


def test_role_that_conflicts_with_the_import_stops_the_plan(cloud: Cloud, configure: Configure) -> None:
    role_by_hand(cloud)
    told = refused(cloud, configure)
    assert "has a security role of its own that is named" in told


@pytest.mark.parametrize("with_its_solution", [False, True])
def test_a_package_without_the_role_is_refused(
    cloud: Cloud, configure: Configure, request: pytest.FixtureRequest, with_its_solution: bool
) -> None:
    if with_its_solution:
        request.getfixturevalue("imported")
    configure.package.write_bytes(package("2.0.0.0", variant="without-role"))
    told = refused(cloud, configure)
    assert f"role '{ROLE_NAME}' is not in path" in told


@pytest.mark.usefixtures("imported")
def test_two_indistinguishable_roles_stop_the_plan(cloud: Cloud, configure: Configure) -> None:
    first, second = role_by_hand(cloud), role_by_hand(cloud)
    forget(cloud, PACKAGED_ID)
    told = refused(cloud, configure)
    assert f"has 2 security roles named '{ROLE_NAME}'" in told
    assert first in told
    assert second in told
