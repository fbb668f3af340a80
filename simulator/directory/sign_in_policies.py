# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requirements for people at sign-in: security defaults and conditional access (contract: sign-in policies)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .store import Object

if TYPE_CHECKING:
    from ..world import Tenant

#: Possible requirements, the strictest first.
BLOCK, FACTOR, REGISTRATION = "block", "mfa", "registration"


def kept(tenant: Tenant) -> dict[str, Any]:
    """The tenant's policies: `security_defaults` and the list `conditional_access` in Graph's format."""
    return tenant.services.setdefault("sign-in policies", {"security_defaults": False, "conditional_access": []})


def demanded(tenant: Tenant, user: Object, application_id: str) -> str | None:
    """A requirement for a person's sign-in to an application that a program cannot meet; None if there is none."""
    demands = {demand for policy in kept(tenant)["conditional_access"] for demand in _of(policy, user, application_id)}
    if user.get("_requires_mfa"):
        demands.add(FACTOR)
    if user.get("_blocked_by_conditional_access"):
        demands.add(BLOCK)
    if kept(tenant)["security_defaults"]:
        demands.add(REGISTRATION)
    return next((demand for demand in (BLOCK, FACTOR, REGISTRATION) if demand in demands), None)


def _of(policy: dict[str, Any], user: Object, application_id: str) -> list[str]:
    """The requirement of one policy.

    Groups and roles are ignored: policies name users and applications by id, or all.
    """
    conditions = policy["conditions"]
    if policy["state"] != "enabled" or not _meets(conditions.get("users"), "Users", user["id"]):
        return []
    if not _meets(conditions.get("applications"), "Applications", application_id):
        return []
    return [
        item for item in (policy.get("grantControls") or {}).get("builtInControls") or () if item in (BLOCK, FACTOR)
    ]


def _meets(condition: Any, kind: str, identifier: str) -> bool:
    condition = condition if isinstance(condition, dict) else {}
    included, excluded = condition.get(f"include{kind}") or (), condition.get(f"exclude{kind}") or ()
    return ("All" in included or identifier in included) and identifier not in excluded
