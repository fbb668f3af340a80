# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages at the end of a run."""

from __future__ import annotations

from typing import Any

from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._next_steps import (
    Environment,
    grouped,
    next_steps,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._next_steps import (
    test_lead_sentence as sentence_of,
)

SHEET = "/store/contoso.handover.md"
WAITING = {"offer": "contoso-app", "publish_needed": True}


def plan(*would_change: str, **more: Any) -> dict[str, Any]:
    return {"would_change": list(would_change), "sheet": SHEET, "steps": {}, **more}


def said(*environments: Environment, check_mode: bool = False, purpose: str = "configure") -> list[str]:
    return next_steps(environments, check_mode=check_mode, purpose=purpose)


def test_environments_with_nothing_to_change_share_a_line() -> None:
    assert said(Environment("a", plan()), Environment("b", plan())) == ["Nothing to change: 2 environments (a, b)."]


def test_many_environments_are_counted_and_not_named() -> None:
    assert said(*(Environment(str(number), plan()) for number in range(6))) == ["Nothing to change: 6 environments."]


def test_a_dry_run_groups_environments_with_the_same_changes() -> None:
    lines = said(Environment("a", plan("solution")), Environment("b", plan("solution")), check_mode=True)
    assert lines == ["a, b: would change solution"]


def test_a_new_connection_is_to_be_typed_in() -> None:
    (line,) = said(Environment("a", plan("application", "application.secret", "handover")))
    assert line == (
        f"a: changed application, application.secret, handover. Enter the connection in Partner Center's form from "
        f"{SHEET} and publish the offers."
    )


def test_a_rotated_secret_is_to_be_typed_in_and_confirmed() -> None:
    (line,) = said(Environment("a", plan("application.secret", "stored_secret", "handover")))
    assert f"Enter the new secret in Partner Center's form from {SHEET} and publish the offers." in line
    assert line.endswith("Then run once with -e lead_writer_secret_in_use=true.")


def test_an_offer_that_was_handed_over_is_to_be_published() -> None:
    (line,) = said(Environment("a", plan("application", "application.secret", "handover"), destinations=[WAITING]))
    assert "Publish contoso-app in Partner Center" in line
    assert "Type" not in line


def test_environment_with_a_waiting_offer_is_listed() -> None:
    (line,) = said(Environment("a", plan(lead_destinations=[WAITING])))
    assert line.startswith("a: nothing to change. Publish contoso-app")


def test_blocked_environment_shows_its_first_message() -> None:
    blocked = plan(failed=True, msg="First.\nSecond.")
    assert said(Environment("a", blocked)) == ["a: stopped before anything was changed. First."]


def test_an_environment_that_failed_on_the_way_is_run_again() -> None:
    (line,) = said(Environment("a", plan("solution"), failed=True))
    assert line.startswith("a: failed, see above. Run again")


def test_secret_that_is_not_rotated_shows_its_age() -> None:
    made = plan(secret={"start_date_time": "2026-11-22T10:00:00Z"}, service_time="2026-11-22T15:30:00Z")
    (line,) = said(Environment("a", made), purpose="rotate_secrets")
    assert line == (
        "a: the secret was not rotated, because it was created 5 hours ago (see lead_writer_secret_rotate_after_days)."
    )


def test_equal_messages_name_their_hosts_together() -> None:
    assert grouped([("a", "x"), ("b", "y"), ("c", "x")]) == ["a, c: x", "b: y"]


def test_arrived_lead_shows_the_age_of_the_newest() -> None:
    result = {"test_lead": {"written": True}, "newest_lead": {"age_days": 1}}
    assert sentence_of(result) == "the test lead arrived. The newest lead of the marketplace is 1 day old."


def test_a_dry_run_of_a_lead_says_that_it_would_arrive() -> None:
    result = {"test_lead": {"written": False}, "newest_lead": None}
    assert sentence_of(result) == "a lead would arrive. No lead of the marketplace has arrived yet."
