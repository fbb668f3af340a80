# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of an environment in a dry run."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._plan_diff import plan_diff, reason


def test_diff_starts_with_the_host() -> None:
    plan = {
        "would_change": ["solution.version", "stored_secret"],
        "differences": {"before": {"solution.version": "1.0"}, "after": {"solution.version": "2.0", "role": 1}},
    }
    assert plan_diff("contoso", plan).splitlines() == [
        "contoso",
        "  solution.version: the Lead Writer solution brings the security role",
        '-   "1.0"',
        '+   "2.0"',
    ]


def test_generated_files_alone_have_no_diff() -> None:
    assert plan_diff("contoso", {"would_change": ["handover"], "differences": {"before": {}, "after": {}}}) == ""


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("application.secret.removed", "old secret"),
        ("application.displayName", "signs in as an application"),
        ("lead_destination.an.offer.secret", "send its leads"),
        ("something.else", "differs"),
    ],
)
def test_the_longest_known_name_gives_the_reason(path: str, words: str) -> None:
    assert words in reason(path)
