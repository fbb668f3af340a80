# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sign-in audiences that a tenant's policy allows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.audience_policy import (
    AudiencePolicy,
    audience_policy,
    may_be_forbidden,
)

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ON: dict[str, Any] = {"state": "enabled"}
SOME = {"customSecurityAttributes": [{"id": "Set_Attribute", "operator": "equals", "value": "x"}]}


def judge(audience: str = "AzureADMultipleOrgs", **rules: dict[str, Any] | None) -> AudiencePolicy:
    return audience_policy(rules, audience, NOW)


@pytest.mark.parametrize(
    ("audience", "rule", "forbidden"),
    [
        ("AzureADMultipleOrgs", "azureAdMultipleOrgs", True),
        ("AzureADMultipleOrgs", "personalMicrosoftAccount", False),
        ("PersonalMicrosoftAccount", "personalMicrosoftAccount", True),
        ("AzureADandPersonalMicrosoftAccount", "personalMicrosoftAccount", True),
        ("AzureADMyOrg", "azureAdMultipleOrgs", False),
    ],
)
def test_each_audience_has_its_rule(audience: str, rule: str, forbidden: bool) -> None:
    assert judge(audience, **{rule: ON}) == AudiencePolicy(forbidden)


def test_personal_accounts_as_organizations_are_uncertain() -> None:
    judged = judge("AzureADandPersonalMicrosoftAccount", azureAdMultipleOrgs=ON)
    assert judged == AudiencePolicy(True, sure=False)


@pytest.mark.parametrize(
    "rule", [None, {"state": "disabled"}, {**ON, "restrictForAppsCreatedAfterDateTime": "2027-01-01T00:00:00Z"}]
)
def test_a_rule_that_is_not_in_force_forbids_nothing(rule: dict[str, Any] | None) -> None:
    assert judge(azureAdMultipleOrgs=rule) == AudiencePolicy()


def test_rule_that_exempts_some_callers_is_uncertain() -> None:
    assert judge(azureAdMultipleOrgs={**ON, "excludeActors": SOME}) == AudiencePolicy(True, sure=False)


def test_one_rule_without_exemptions_is_enough_for_certainty() -> None:
    rules = {"azureAdMultipleOrgs": {**ON, "excludeActors": SOME}, "personalMicrosoftAccount": ON}
    assert judge("AzureADandPersonalMicrosoftAccount", **rules).sure


def test_single_tenant_audience_cannot_be_forbidden() -> None:
    assert not may_be_forbidden("AzureADMyOrg")
