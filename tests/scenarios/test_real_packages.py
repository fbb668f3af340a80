# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages that real environments exported: imported, left alone, upgraded and removed.

They are no part of this project; a folder of them is named by an environment variable.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .cloud import ROOT, Ansible, Cloud, Run, task

VARIABLE = "MARKETPLACE_LEADS_REAL_PACKAGES"
BESIDE_THE_PROJECT = "../shared/solutions"
FOLDER = Path(os.environ.get(VARIABLE) or ROOT / BESIDE_THE_PROJECT)
PACKAGES = sorted(FOLDER.glob("*.zip"))
HOST = "contoso_prod"

pytestmark = [
    pytest.mark.cloud("--tenants", "1"),
    pytest.mark.skipif(not PACKAGES, reason=f"{VARIABLE} names no folder of real solution packages ({FOLDER})"),
]


def solution(ansible: Ansible, **options: Any) -> Run:
    return ansible.tasks(task("dynamics_solution", environment_url="{{ lead_writer_environment_url }}", **options))


def newer(content: bytes) -> bytes:
    """The same package with the last number of its version counted up."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            member = old.read(entry)
            if entry.filename == "solution.xml":
                member, count = re.subn(
                    rb"(<Version>[\d.]*\.)(\d+)(</Version>)",
                    lambda found: found[1] + str(int(found[2]) + 1).encode() + found[3],
                    member,
                )
                assert count == 1
            new.writestr(entry.filename, member)
    return buffer.getvalue()


@pytest.mark.parametrize("path", PACKAGES, ids=[path.stem for path in PACKAGES])
def test_a_real_package_is_imported_left_alone_upgraded_and_removed(
    cloud: Cloud, ansible: Ansible, tmp_path: Path, path: Path
) -> None:
    first = solution(ansible, path=str(path))
    assert first.status == 0, first.output
    assert first.changes(HOST) == ["solution"]
    result = first.result(HOST, "dynamics_solution")
    name = result["package"]["uniquename"]
    (row,) = cloud.rows(cloud.contoso, f"solutions?$filter=uniquename eq '{name}'")
    assert (row["version"], row["ismanaged"]) == (result["package"]["version"], result["package"]["ismanaged"])

    again = solution(ansible, path=str(path))
    assert again.status == 0, again.output
    assert again.changed_hosts() == set()

    upgraded = tmp_path / "newer.zip"
    upgraded.write_bytes(newer(path.read_bytes()))
    third = solution(ansible, path=str(upgraded))
    assert third.changes(HOST) == ["solution.version"], third.output
    (row,) = cloud.rows(cloud.contoso, f"solutions?$filter=uniquename eq '{name}'")
    assert row["version"] == third.result(HOST, "dynamics_solution")["package"]["version"]

    removed = solution(ansible, unique_name=name, state="absent")
    assert removed.changes(HOST) == ["solution"], removed.output
    assert cloud.rows(cloud.contoso, f"solutions?$filter=uniquename eq '{name}'") == []


@pytest.mark.parametrize("path", PACKAGES, ids=[path.stem for path in PACKAGES])
def test_what_a_real_package_lacks_is_listed_by_name(ansible: Ansible, tmp_path: Path, path: Path) -> None:
    lacking = tmp_path / "lacking.zip"
    declared = (
        b'<MissingDependencies><MissingDependency><Required type="1" schemaName="contoso_referral" '
        b'displayName="Referral" solution="ContosoReferrals (1.2.0.0)" /><Dependent type="1" schemaName="x" />'
        b"</MissingDependency></MissingDependencies>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(buffer, "w") as new:
        for entry in old.infolist():
            member = old.read(entry)
            if entry.filename == "solution.xml":
                member = re.sub(rb"<MissingDependencies\s*/>", declared, member)
                assert declared in member
            new.writestr(entry.filename, member)
    lacking.write_bytes(buffer.getvalue())
    run = solution(ansible, path=str(lacking))
    assert "Referral (from ContosoReferrals (1.2.0.0))" in run.failure(HOST)
