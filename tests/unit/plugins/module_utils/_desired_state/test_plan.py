# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan: the changes shown are the changes executed."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._desired_state.plan import Plan
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput


def test_correct_state_is_neither_shown_nor_executed() -> None:
    done: list[str] = []
    plan = Plan()
    plan.add("same", 1, 1, lambda: done.append("same"))
    plan.add("other", 1, 2, lambda: done.append("other"))
    assert plan.paths == ["other"]
    assert plan.diff == {"before": {"other": 1}, "after": {"other": 2}}
    plan.execute()
    assert done == ["other"]


def test_preview_only_plan_changes_nothing() -> None:
    done: list[str] = []
    plan = Plan()
    plan.add("first", 1, 2, lambda: done.append("first"))
    plan.preview_only("application_id is the nil GUID.")
    with pytest.raises(InvalidInput, match="nil GUID"):
        plan.execute()
    assert done == []


def test_changes_before_a_failure_are_reported() -> None:
    told: list[str] = []

    def fail() -> None:
        raise RuntimeError

    plan = Plan()
    plan.add("first", 1, 2, lambda: None)
    plan.add("second", 1, 2, fail)
    with pytest.raises(RuntimeError):
        plan.execute(told.append)
    assert told == ["first"]


def test_combined_plans_keep_warnings_and_blockers() -> None:
    one, other = Plan(), Plan()
    one.add("one", 1, 2, lambda: None)
    one.warnings.append("seen")
    other.preview_only("not yet")
    joined = one + other
    assert joined.paths == ["one"]
    assert joined.warnings == ["seen"]
    with pytest.raises(InvalidInput, match="not yet"):
        joined.execute()
