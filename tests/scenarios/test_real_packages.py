# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages that real environments exported: imported, left unchanged, upgraded and removed.

They are not part of this project; an environment variable names their folder.
"""

from __future__ import annotations

import io
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .cloud import ROOT, Ansible, Cloud, task

VARIABLE = "MARKETPLACE_LEADS_REAL_PACKAGES"
BESIDE_THE_PROJECT = "../shared/solutions"
FOLDER = Path(os.environ.get(VARIABLE) or ROOT / BESIDE_THE_PROJECT)
PACKAGES = sorted(FOLDER.glob("*.zip"))
HOST = "contoso_prod"

pytestmark = [
    pytest.mark.cloud("--tenants", "1"),
    pytest.mark.skipif(not PACKAGES, reason=f"{VARIABLE} names no folder of real solution packages ({FOLDER})"),
]


def solution(**options: Any) -> dict[str, Any]:
    return task("dynamics_solution", environment_url="{{ lead_writer_environment_url }}", **options)


def newer(content: bytes) -> bytes:
    """The same package with the last number of its version incremented."""
    return edited(
        content,
        rb"(<Version>[\d.]*\.)(\d+)(</Version>)",
        lambda found: found[1] + str(int(found[2]) + 1).encode() + found[3],
    )


def lacking(content: bytes) -> bytes:
    """The same package with a dependency that no environment satisfies."""
    declared = (
        b'<MissingDependencies><MissingDependency><Required type="1" schemaName="contoso_referral" '
        b'displayName="Referral" solution="ContosoReferrals (1.2.0.0)" /><Dependent type="1" schemaName="x" />'
        b"</MissingDependency></MissingDependencies>"
    )
    return edited(content, rb"<MissingDependencies\s*/>", lambda found: declared)


def edited(content: bytes, pattern: bytes, replace: Callable[[re.Match[bytes]], bytes]) -> bytes:
    """The package with the one match of `pattern` in its manifest replaced."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            member = old.read(entry)
            if entry.filename == "solution.xml":
                member, count = re.subn(pattern, replace, member)
                assert count == 1
            new.writestr(entry.filename, member)
    return buffer.getvalue()


@pytest.mark.parametrize("path", PACKAGES, ids=[path.stem for path in PACKAGES])
def test_real_package_is_imported_upgraded_and_removed(
    cloud: Cloud, ansible: Ansible, tmp_path: Path, path: Path
) -> None:
    (tmp_path / "newer.zip").write_bytes(newer(path.read_bytes()))
    (tmp_path / "lacking.zip").write_bytes(lacking(path.read_bytes()))

    first = ansible.tasks(solution(path=str(path)))
    assert first.changes(HOST) == ["solution"], first.output
    package = first.result(HOST, "dynamics_solution")["package"]
    (row,) = cloud.rows(cloud.contoso, f"solutions?$filter=uniquename eq '{package['uniquename']}'")
    assert (row["version"], row["ismanaged"]) == (package["version"], package["ismanaged"])

    # Not rehearsed: each step relies on the previous one.
    then = ansible.tasks(
        solution(path=str(path)),
        solution(path=str(tmp_path / "newer.zip")),
        solution(unique_name=package["uniquename"], state="absent"),
        solution(unique_name=package["uniquename"], state="absent"),
        solution(path=str(tmp_path / "lacking.zip")),
        rehearse=False,
    )
    again, upgrade, removal, removed, lack = (outcome.result for outcome in then.of(HOST, "dynamics_solution"))
    assert again["changes"] == []
    assert upgrade["changes"] == ["solution.version"]
    assert upgrade["solution"]["version"] == upgrade["package"]["version"] != package["version"]
    assert removal["changes"] == ["solution"]
    assert removed["changes"] == []
    assert "does not have: Referral (from ContosoReferrals (1.2.0.0))" in lack["msg"]
    assert cloud.rows(cloud.contoso, f"solutions?$filter=uniquename eq '{package['uniquename']}'") == []
