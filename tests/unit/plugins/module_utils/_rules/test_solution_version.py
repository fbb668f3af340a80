# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Versions of solutions: a text comparison would sort 1.0.0.9 after 1.0.0.10."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.solution_version import (
    SolutionVersion,
)


def version(text: str) -> SolutionVersion:
    return SolutionVersion.parse(text)


def test_ten_is_newer_than_nine() -> None:
    assert version("1.0.0.10") > version("1.0.0.9")
    assert version("2.0") > version("1.99.99.99")


def test_missing_numbers_and_leading_zeros_are_equal_versions() -> None:
    assert version("1") == version("1.0.0.0") == version(" 01.0.00.0 ")
    assert str(version("1.2")) == "1.2.0.0"


@pytest.mark.parametrize("text", ["", "1.0.0.0.0", "1.x", "-1.0", "1..0", "\u0661.0", "v1"])
def test_invalid_version_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"such as 1\.0\.0\.0"):
        version(text)
