# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a tenant's app management policy allows a new application's sign-in audience to be.

Source: Microsoft Graph (beta), resource types C(audiencesConfiguration) and C(audienceRestriction).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .secret_policy import exempts_some, in_force

_RULES = {
    "AzureADMultipleOrgs": ("azureAdMultipleOrgs",),
    "AzureADandPersonalMicrosoftAccount": ("personalMicrosoftAccount", "azureAdMultipleOrgs"),
    "PersonalMicrosoftAccount": ("personalMicrosoftAccount",),
}
"""The rules that an audience can break. That both kinds of accounts break either is unsure."""

PERSONAL = frozenset({"AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"})
"""Audiences with personal Microsoft accounts."""

TOKEN_VERSION_OF_PERSONAL = 2
"""What C(api.requestedAccessTokenVersion) has to be with such an audience. Source: microsoft-graph-docs 21685."""

MOST_SECRETS_OF_PERSONAL = 2
"""How many secrets such an application may have. Source: hashicorp/terraform-provider-azuread 640."""


@dataclass(frozen=True)
class AudiencePolicy:
    """Whether an audience is forbidden; C(sure) is false where the policy exempts some callers."""

    forbidden: bool = False
    sure: bool = True


def may_be_forbidden(audience: str) -> bool:
    """Say whether a policy can forbid an audience at all."""
    return audience in _RULES


def audience_policy(audiences: Mapping[str, Any], audience: str, now: datetime) -> AudiencePolicy:
    """Judge an audience of an application made C(now), a time with a zone.

    C(audiences) is C(applicationRestrictions.audiences) of the policy in force.
    """
    rules = [audiences.get(name) or {} for name in _RULES.get(audience, ())]
    broken = [rule for rule in rules if rule and in_force(rule, now)]
    sure = not broken or not all(exempts_some(rule) for rule in broken)
    return AudiencePolicy(bool(broken), sure)
