# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tenant's policy for secrets, checked before a run: it must neither stop a run in vain nor be missed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.secret_policy import (
    SecretPolicy,
    duration,
    secret_policy,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
LIFETIME = {"restrictionType": "passwordLifetime", "maxLifetime": "P180D"}
ADDITION = {"restrictionType": "passwordAddition", "maxLifetime": None}


def judge(*rules: dict[str, Any], enabled: bool = True) -> SecretPolicy:
    policy = {"isEnabled": enabled, "applicationRestrictions": {"passwordCredentials": list(rules)}}
    return secret_policy(policy, NOW)


def test_limit_and_ban_are_applied() -> None:
    assert judge(LIFETIME) == SecretPolicy(longest=timedelta(days=180))
    assert judge({**LIFETIME, "maxLifetime": "P90D"}, LIFETIME).longest == timedelta(days=90)
    assert judge(ADDITION) == SecretPolicy(forbidden=True)


@pytest.mark.parametrize("deeper", [False, True])
def test_policy_of_an_application_is_applied(deeper: bool) -> None:
    rules: dict[str, Any] = {"passwordCredentials": [LIFETIME]}
    policy = {"isEnabled": True, "restrictions": {"applicationRestrictions": rules} if deeper else rules}
    assert secret_policy(policy, NOW) == SecretPolicy(longest=timedelta(days=180))


def test_rule_applies_by_the_creation_time_of_an_application() -> None:
    rule = {**ADDITION, "restrictForAppsCreatedAfterDateTime": "2026-01-01T00:00:00Z"}
    policy = {"isEnabled": True, "applicationRestrictions": {"passwordCredentials": [rule]}}
    assert not secret_policy(policy, datetime(2025, 12, 31, tzinfo=UTC)).forbidden
    assert secret_policy(policy, NOW).forbidden


@pytest.mark.parametrize(
    "rule",
    [
        {**ADDITION, "state": "disabled"},
        {**ADDITION, "restrictForAppsCreatedAfterDateTime": "2027-01-01T00:00:00Z"},
        {"restrictionType": "symmetricKeyAddition"},
        # It forbids secret values chosen by the caller; this collection lets the service choose them.
        {"restrictionType": "customPasswordAddition"},
        {**LIFETIME, "maxLifetime": None},
    ],
)
def test_rule_that_does_not_apply_stops_nothing(rule: dict[str, Any]) -> None:
    assert judge(rule) == SecretPolicy()
    assert judge(ADDITION, enabled=False) == SecretPolicy()


def test_policy_that_exempts_some_callers_is_uncertain() -> None:
    some = {"customSecurityAttributes": [{"id": "Set_Attribute", "operator": "equals", "value": "x"}]}
    assert not judge({**ADDITION, "excludeActors": some}).sure


@pytest.mark.parametrize("none", [None, {}, {"customSecurityAttributes": []}])
def test_a_policy_that_exempts_no_caller_is_certain(none: Any) -> None:
    assert judge({**ADDITION, "excludeActors": none}).sure


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("P180D", timedelta(days=180)),
        ("P1Y2M", timedelta(days=425)),
        ("P4DT12H30M5S", timedelta(days=4, hours=12, minutes=30, seconds=5)),
        ("PT0.5S", timedelta(0)),
        ("P", None),
        ("180", None),
    ],
)
def test_durations_are_read_as_graph_writes_them(text: str, span: timedelta | None) -> None:
    assert duration(text) == span
