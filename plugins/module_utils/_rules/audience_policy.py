# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an app management policy allows an application's sign-in audience to be.

Source: Microsoft Graph (beta), resource types `audiencesConfiguration` and `audienceRestriction`.
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
"""The rules that an audience can break."""

_IN_DOUBT = {"AzureADandPersonalMicrosoftAccount": "azureAdMultipleOrgs"}
"""Rules that an audience may break or not: it is not known whether personal accounts count as an organization."""

PERSONAL = frozenset({"AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"})
"""Audiences with personal Microsoft accounts."""

TOKEN_VERSION_OF_PERSONAL = 2
"""What `api.requestedAccessTokenVersion` has to be with such an audience. Source: microsoft-graph-docs 21685."""

MOST_SECRETS_OF_PERSONAL = 2
"""How many secrets such an application may have. Source: hashicorp/terraform-provider-azuread 640."""


@dataclass(frozen=True)
class AudiencePolicy:
    """Whether an audience is forbidden; `sure` is false if the policy exempts some callers, or if this is in doubt."""

    forbidden: bool = False
    sure: bool = True


def may_be_forbidden(audience: str) -> bool:
    """Say whether a policy can forbid an audience at all."""
    return audience in _RULES


def audience_policy(audiences: Mapping[str, Any], audience: str, created: datetime) -> AudiencePolicy:
    """Judge an audience of an application that was made at `created`, a time with a zone.

    `audiences` is what the policy in force says about audiences.
    """
    rules = {name: audiences.get(name) or {} for name in _RULES.get(audience, ())}
    broken = {name: rule for name, rule in rules.items() if rule and in_force(rule, created)}
    certain = [rule for name, rule in broken.items() if name != _IN_DOUBT.get(audience) and not exempts_some(rule)]
    return AudiencePolicy(bool(broken), sure=bool(certain) or not broken)
