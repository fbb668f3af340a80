# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a new client secret is needed, and which old ones go: the calendar of a secret's life."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.secret_schedule import (
    Decision,
    Schedule,
    Secret,
    decide,
)

NOW = datetime(2026, 11, 22, 15, tzinfo=UTC)


def secret(key_id: str, days_left: float | None, age: float = 100, name: str = "leads") -> Secret:
    end = None if days_left is None else NOW + timedelta(days=days_left)
    return Secret(key_id, name, NOW - timedelta(days=age), end)


def schedule(**changes: Any) -> Schedule:
    return Schedule(**{"name": "leads", "valid_days": 365, "rotate_before_days": 45, **changes})


def judge(*secrets: Secret, **changes: Any) -> Decision:
    return decide(secrets, schedule(**changes), NOW)


def ids(secrets: tuple[Secret, ...]) -> list[str]:
    return [each.key_id for each in secrets]


def test_an_application_without_a_secret_of_the_name_gets_one() -> None:
    assert judge().create
    assert judge(secret("other", 300, name="somebody else's")).create
    assert judge(secret("unnamed", 300, name="")).remove == ()


@pytest.mark.parametrize(("days_left", "create"), [(45.1, False), (45, True), (1, True), (-1, True), (None, False)])
def test_a_secret_is_due_when_it_has_as_many_days_left_as_asked_for(days_left: float | None, create: bool) -> None:
    assert judge(secret("a", days_left)).create is create


def test_without_a_record_any_good_secret_is_enough_and_none_is_removed() -> None:
    decision = judge(secret("a", 10), secret("b", 200), secret("c", 100))
    assert (decision.create, decision.remove) == (False, ())
    assert decision.current is not None
    assert decision.current.key_id == "b"


def test_a_due_secret_stays_alive_while_its_follower_is_made_and_expired_ones_go() -> None:
    decision = judge(secret("due", 10), secret("expired", -3))
    assert (decision.create, ids(decision.remove)) == (True, ["expired"])


def test_expired_secrets_alone_are_no_reason_to_change_anything() -> None:
    assert judge(secret("good", 100), secret("expired", -3)) == Decision(False, secret("good", 100), ())


@pytest.mark.parametrize("known", ["", "gone"])
def test_secrets_whose_values_nobody_stored_are_replaced(known: str) -> None:
    decision = judge(secret("a", 200), secret("b", 10), known_key_id=known)
    assert (decision.create, ids(decision.remove)) == (True, ["a", "b"])


def test_the_stored_secret_counts_even_if_a_better_one_exists() -> None:
    decision = judge(secret("known", 10, age=300), secret("lost", 360, age=1), known_key_id="known")
    assert (decision.create, ids(decision.remove)) == (True, ["lost"])


def test_secrets_rotated_before_the_stored_one_stay_for_those_who_still_use_them() -> None:
    decision = judge(secret("older", 5, age=360), secret("known", 10, age=300), known_key_id="known")
    assert (decision.create, decision.remove) == (True, ())


def test_a_younger_secret_that_nobody_knows_is_told_but_left_alone_while_the_stored_one_is_good() -> None:
    decision = judge(secret("known", 200, age=100), secret("younger", 300, age=1), known_key_id="known")
    assert (decision.create, decision.remove, ids(decision.unclaimed)) == (False, (), ["younger"])


def test_a_stored_secret_that_has_expired_is_replaced_and_goes() -> None:
    decision = judge(secret("known", -1), known_key_id="known")
    assert (decision.create, ids(decision.remove)) == (True, ["known"])


def test_secrets_named_for_removal_go_whatever_they_are_called_and_count_no_longer() -> None:
    refused = frozenset({"a", "foreign", "gone"})
    kept = judge(secret("a", 200), secret("b", 100), secret("foreign", 9, name="x"), absent_key_ids=refused)
    assert (kept.create, ids(kept.remove)) == (False, ["a", "foreign"])
    assert judge(secret("a", 200), known_key_id="a", absent_key_ids=refused).create


def test_removal_makes_no_secret_and_takes_only_what_was_named() -> None:
    gone = judge(secret("a", 200), secret("b", 100), absent_key_ids=frozenset({"a"}), present=False)
    assert (gone.create, ids(gone.remove)) == (False, ["a"])
    every = judge(secret("a", 200), secret("b", -1), secret("foreign", 9, name="x"), present=False)
    assert (every.create, ids(every.remove)) == (False, ["a", "b"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "secret.name is empty"),
        ({"valid_days": 0}, "secret.valid_days must be from 1"),
        ({"valid_days": 731}, "secret.valid_days must be from 1 to 730"),
        ({"valid_days": 30, "rotate_before_days": 30}, "every run would make a new secret"),
        ({"rotate_before_days": -1}, "secret.rotate_before_days must be from 0"),
    ],
)
def test_a_schedule_that_no_secret_could_satisfy_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        schedule(**changes).validate()


def test_a_rotated_secret_stays_as_long_as_nobody_says_that_its_follower_is_in_use() -> None:
    decision = judge(secret("new", 300, age=60), secret("old", 30), known_key_id="new", overlap_days=7)
    assert decision.remove == ()
    assert ids(decision.rotated) == ["old"]


def test_what_somebody_else_is_said_to_use_does_not_end_a_rotated_secret() -> None:
    facts: dict[str, Any] = {"known_key_id": "new", "in_use_key_id": "old", "overlap_days": 0}
    assert judge(secret("new", 300, age=60), secret("old", 30), **facts).remove == ()


@pytest.mark.parametrize(("days", "gone"), [(6.9, []), (7, ["old"])])
def test_a_rotated_secret_goes_when_the_overlap_is_over_since_its_follower_is_in_use(
    days: float, gone: list[str]
) -> None:
    facts: dict[str, Any] = {"known_key_id": "new", "in_use_key_id": "new", "overlap_days": 7}
    decision = judge(secret("new", 300, age=60), secret("old", 30), in_use_since=NOW - timedelta(days=days), **facts)
    assert (ids(decision.remove), decision.create) == (gone, False)


def test_secrets_of_another_name_outlive_every_overlap() -> None:
    facts: dict[str, Any] = {"known_key_id": "new", "in_use_key_id": "new", "overlap_days": 0}
    assert judge(secret("new", 300, age=60), secret("foreign", 30, name="portal"), **facts).remove == ()


def test_a_secret_that_another_run_may_be_storing_right_now_is_not_taken_for_a_leftover() -> None:
    facts: dict[str, Any] = {"known_key_id": "new", "in_use_key_id": "new", "overlap_days": 7}
    decision = judge(secret("new", 300, age=60), secret("fresh", 365, age=1), secret("left", 350, age=15), **facts)
    assert ids(decision.remove) == ["left"]
    assert ids(decision.unclaimed) == ["fresh"]


def test_after_a_lost_store_the_secret_that_published_offers_may_use_stays() -> None:
    lost = secret("lost", 300)
    assert ids(judge(lost, known_key_id="", unknown_in_use=True).rotated) == ["lost"]
    assert ids(judge(lost, known_key_id="").remove) == ["lost"]


def test_a_secret_can_be_due_by_its_age_and_a_repeated_rotation_makes_no_second_one() -> None:
    assert judge(secret("a", 300, age=2), rotate_after_days=1).create
    assert not judge(secret("a", 364, age=0.5), rotate_after_days=1).create


@pytest.mark.parametrize("wrong", [{"overlap_days": -1}, {"rotate_after_days": -1}])
def test_spans_of_less_than_nothing_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        schedule(**wrong).validate()
