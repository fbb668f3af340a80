# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a tenant's app management policy allows a new client secret to be.

Source: Microsoft Graph, resource type `appManagementPolicy` and `passwordCredentialConfiguration`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .timestamps import read_timestamp

_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)(?:\.\d+)?S)?)?"
)


@dataclass(frozen=True)
class SecretPolicy:
    """What a policy says about the secrets of an application.

    `longest` is the longest lifetime that it allows, None for no limit. `sure` is false if the policy exempts some
    callers, possibly including the runner.
    """

    forbidden: bool = False
    longest: timedelta | None = None
    sure: bool = True


def restrictions_of(policy: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a policy restricts, as Graph returns it: the tenant's default one, or one of an application's own.

    The latter has it in `restrictions`, and what is for applications alone one level deeper.
    """
    own = policy.get("restrictions") or {}
    return {**own, **(own.get("applicationRestrictions") or {}), **(policy.get("applicationRestrictions") or {})}


def secret_policy(policy: Mapping[str, Any], created: datetime) -> SecretPolicy:
    """Read a policy as Graph returns it, for an application that was made at `created`, a time with a zone."""
    if not policy.get("isEnabled"):
        return SecretPolicy()
    rules = restrictions_of(policy).get("passwordCredentials") or []
    forbidden, longest, sure = False, None, True
    for rule in rules:
        if not in_force(rule, created):
            continue
        kind, limit = rule.get("restrictionType"), duration(str(rule.get("maxLifetime") or ""))
        if kind == "passwordAddition":
            forbidden = True
        elif kind == "passwordLifetime" and limit is not None:
            longest = limit if longest is None else min(limit, longest)
        else:
            continue
        sure = sure and not exempts_some(rule)
    return SecretPolicy(forbidden, longest, sure)


def in_force(rule: Mapping[str, Any], created: datetime) -> bool:
    """Say whether a rule of a policy counts for an application that was made at `created`, a time with a zone."""
    since = read_timestamp(rule.get("restrictForAppsCreatedAfterDateTime"))
    return str(rule.get("state") or "enabled").lower() == "enabled" and (since is None or since <= created)


def exempts_some(rule: Mapping[str, Any]) -> bool:
    """Say whether a rule exempts callers with some custom security attributes, the runner perhaps among them."""
    return bool((rule.get("excludeActors") or {}).get("customSecurityAttributes"))


def duration(text: str) -> timedelta | None:
    """Return an ISO 8601 duration, a year of 365 days and a month of 30; None for anything else."""
    found = _DURATION.fullmatch(text)
    if found is None or len(text) < 3:
        return None
    part = {name: int(value or 0) for name, value in found.groupdict().items()}
    days = part.pop("years") * 365 + part.pop("months") * 30 + part.pop("days")
    return timedelta(days=days, **part)
