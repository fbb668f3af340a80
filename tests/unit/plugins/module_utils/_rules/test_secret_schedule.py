# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a new client secret is needed, and which old ones are removed."""

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
    assert judge(secret("other", 300, name="another program's")).create
    assert judge(secret("unnamed", 300, name="")).remove == ()


@pytest.mark.parametrize(("days_left", "create"), [(45.1, False), (45, True), (1, True), (-1, True), (None, False)])
def test_secret_is_due_with_the_given_days_left(days_left: float | None, create: bool) -> None:
    assert judge(secret("a", days_left)).create is create


def test_without_a_record_any_valid_secret_is_enough() -> None:
    decision = judge(secret("a", 10), secret("b", 200), secret("c", 100))
    assert (decision.create, decision.remove) == (False, ())
    assert decision.current is not None
    assert decision.current.key_id == "b"


def test_due_secret_stays_and_expired_ones_are_removed() -> None:
    decision = judge(secret("due", 10), secret("expired", -3))
    assert (decision.create, ids(decision.remove)) == (True, ["expired"])


def test_expired_secrets_alone_are_no_reason_to_change_anything() -> None:
    assert judge(secret("good", 100), secret("expired", -3)) == Decision(False, secret("good", 100), ())


@pytest.mark.parametrize("stored", ["", "gone"])
def test_live_secrets_missing_from_the_store_are_kept(stored: str) -> None:
    decision = judge(secret("a", 200), secret("b", 10), stored_key_id=stored)
    assert (decision.create, decision.remove, ids(decision.foreign)) == (True, (), ["a", "b"])


def test_the_stored_secret_counts_even_if_a_better_one_exists() -> None:
    decision = judge(secret("stored", 10, age=300), secret("other", 360, age=1), stored_key_id="stored")
    assert (decision.create, decision.remove, ids(decision.foreign)) == (True, (), ["other"])


def test_the_stored_secret_counts_whatever_its_name() -> None:
    decision = judge(secret("adopted", 200, name="made by hand"), stored_key_id="adopted")
    assert (decision.create, decision.current) == (False, secret("adopted", 200, name="made by hand"))


def test_secret_of_an_interrupted_run_is_removed() -> None:
    end = secret("lost", 300).end
    assert end is not None
    decision = judge(secret("stored", 200), secret("lost", 300), stored_key_id="stored", intended_ends=frozenset({end}))
    assert (decision.create, ids(decision.lost), decision.foreign) == (False, ["lost"], ())


def test_stored_secret_is_never_treated_as_lost() -> None:
    end = secret("stored", 300).end
    assert end is not None
    decision = judge(secret("stored", 300), stored_key_id="stored", intended_ends=frozenset({end}))
    assert (decision.create, decision.lost) == (False, ())


def test_replaced_secrets_are_kept_while_in_use() -> None:
    decision = judge(
        secret("older", 5, age=360),
        secret("stored", 10, age=300),
        stored_key_id="stored",
        previous_key_ids=frozenset({"older"}),
    )
    assert (decision.create, decision.remove, ids(decision.previous)) == (True, (), ["older"])


def test_newer_secret_missing_from_the_store_makes_it_outdated() -> None:
    decision = judge(secret("stored", 200, age=100), secret("younger", 300, age=1), stored_key_id="stored")
    assert (decision.create, decision.remove, ids(decision.foreign)) == (False, (), ["younger"])
    assert decision.outdated
    assert not judge(secret("stored", 200, age=1), secret("older", 300, age=9), stored_key_id="stored").outdated


def test_expired_stored_secret_is_replaced_and_removed() -> None:
    decision = judge(secret("stored", -1), stored_key_id="stored")
    assert (decision.create, ids(decision.remove)) == (True, ["stored"])


def test_secrets_named_for_removal_are_removed_whatever_their_name() -> None:
    refused = frozenset({"a", "foreign", "gone"})
    kept = judge(secret("a", 200), secret("b", 100), secret("foreign", 9, name="x"), absent_key_ids=refused)
    assert (kept.create, ids(kept.remove)) == (False, ["a", "foreign"])
    assert judge(secret("a", 200), stored_key_id="a", absent_key_ids=refused).create


def test_removal_takes_only_the_named_secrets() -> None:
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
def test_impossible_schedule_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        schedule(**changes).validate()


NEW = {"stored_key_id": "new", "in_use_key_id": "new", "previous_key_ids": frozenset({"old"})}


def test_a_replaced_secret_stays_until_its_successor_is_confirmed() -> None:
    facts = {**NEW, "in_use_key_id": None, "overlap_days": 0}
    decision = judge(secret("new", 300, age=60), secret("old", 30), **facts)
    assert (decision.remove, ids(decision.previous)) == ((), ["old"])


def test_a_confirmation_of_another_secret_ends_nothing() -> None:
    facts = {**NEW, "in_use_key_id": "old", "overlap_days": 0}
    assert judge(secret("new", 300, age=60), secret("old", 30), **facts).remove == ()


@pytest.mark.parametrize(("days", "gone"), [(6.9, []), (7, ["old"])])
def test_replaced_secret_is_removed_after_the_overlap(days: float, gone: list[str]) -> None:
    since = NOW - timedelta(days=days)
    decision = judge(secret("new", 300, age=60), secret("old", 30), in_use_since=since, overlap_days=7, **NEW)
    assert (ids(decision.remove), decision.create) == (gone, False)


@pytest.mark.parametrize("name", ["leads", "portal"])
def test_secrets_of_others_outlive_every_overlap(name: str) -> None:
    decision = judge(secret("new", 300, age=60), secret("foreign", 30, name=name), overlap_days=0, **NEW)
    assert decision.remove == ()


def test_nothing_is_removed_if_a_newer_secret_may_be_handed_over() -> None:
    secrets = secret("new", 300, age=60), secret("old", 30), secret("foreign", 365, age=1)
    assert judge(*secrets, overlap_days=0, **NEW).remove == ()


def test_adopted_secret_is_never_removed() -> None:
    by_hand = secret("by hand", -1), secret("new", 10, age=60)
    facts = {**NEW, "adopted_key_id": "by hand", "previous_key_ids": frozenset({"by hand"}), "overlap_days": 0}
    assert judge(*by_hand, **facts).remove == ()


def test_without_a_record_confirmation_removes_older_secrets() -> None:
    facts = {"in_use_key_id": "new", "overlap_days": 7}
    assert ids(judge(secret("new", 300, age=60), secret("old", 30), **facts).remove) == ["old"]


def test_only_a_store_without_any_record_can_be_the_wrong_one() -> None:
    assert schedule(stored_key_id="").record_is_empty
    assert not schedule().record_is_empty
    assert not schedule(stored_key_id="", intended_ends=frozenset({NOW})).record_is_empty


def test_repeated_rotation_by_age_creates_no_second_secret() -> None:
    assert judge(secret("a", 300, age=2), rotate_after_days=1).create
    assert not judge(secret("a", 364, age=0.5), rotate_after_days=1).create


@pytest.mark.parametrize("wrong", [{"overlap_days": -1}, {"rotate_after_days": -1}])
def test_negative_spans_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        schedule(**wrong).validate()
