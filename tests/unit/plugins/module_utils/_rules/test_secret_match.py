# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which secret a value belongs to, by its first characters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.secret_match import match
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.secret_schedule import Secret

NOW = datetime(2026, 11, 25, tzinfo=UTC)
VALUE = "abc8Q~the-rest"


def secret(key_id: str, hint: str | None, days: int = 30) -> Secret:
    return Secret(key_id, None, None, NOW + timedelta(days=days), hint)


def test_one_with_the_same_start_is_certain() -> None:
    found = match([secret("mine", "abc"), secret("other", "xyz")], VALUE, NOW)
    assert (found.certain, [each.key_id for each in found.possible]) == (True, ["mine"])


def test_two_with_the_same_start_are_uncertain() -> None:
    assert not match([secret("mine", "abc"), secret("twin", "abc")], VALUE, NOW).certain


def test_one_without_a_hint_is_possible() -> None:
    found = match([secret("mine", "abc"), secret("old", None)], VALUE, NOW)
    assert (found.certain, len(found.possible)) == (False, 2)


def test_one_without_a_hint_alone_is_uncertain() -> None:
    assert not match([secret("old", None)], VALUE, NOW).certain


def test_an_expired_one_is_not_possible() -> None:
    found = match([secret("mine", "abc", days=-1)], VALUE, NOW)
    assert (found.possible, [each.key_id for each in found.ended]) == ((), ["mine"])


def test_case_counts() -> None:
    assert match([secret("mine", "ABC")], VALUE, NOW).possible == ()
