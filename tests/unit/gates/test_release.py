# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release is refused if its content does not match its tag."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.marketplace_leads.dynamics365.tests.gates.release import (
    NotReady,
    artifact,
    notes_of,
    prepare,
    version_of,
)

CHANGELOG = r"""# marketplace\_leads\.dynamics365 Release Notes

<a id="v1-1-0"></a>
## v1\.1\.0

<a id="minor-changes"></a>
### Minor Changes

* dynamics\_solution \- new option\.

<a id="v1-0-0"></a>
## v1\.0\.0

* The first one\.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of version 1.1.0 with its changelog."""
    (tmp_path / "galaxy.yml").write_text("namespace: one\nversion: 1.1.0\n", encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    return tmp_path


def test_the_notes_are_those_of_the_version_alone(checkout: Path) -> None:
    assert notes_of(checkout, "1.1.0") == "### Minor Changes\n\n* dynamics_solution - new option.\n"


def test_a_version_without_notes_is_not_released(checkout: Path) -> None:
    with pytest.raises(NotReady, match=r"no section v1\.2\.0"):
        notes_of(checkout, "1.2.0")


def test_a_tag_of_another_version_is_not_released(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"galaxy.yml says 1\.1\.0, the tag 1\.0\.0"):
        artifact(checkout, "1.0.0", tmp_path / "release")


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3-dev0", ""])
def test_invalid_version_is_not_prepared(checkout: Path, version: str) -> None:
    with pytest.raises(NotReady, match="is not a version"):
        prepare(checkout, version)
    assert version_of(checkout) == "1.1.0"


def test_a_release_without_any_fragment_is_not_prepared(checkout: Path) -> None:
    with pytest.raises(NotReady, match="no fragment"):
        prepare(checkout, "1.2.0")
    assert version_of(checkout) == "1.1.0"
