# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of an environment in a dry run: its host first, then each change with the reason for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_REASONS = {
    "solution": "the Lead Writer solution brings the security role",
    "application": "the lead service signs in as an application",
    "application.secret": "the lead service signs in with a client secret, which must be valid and in the store",
    "application.secret.removed": "the old secret is no longer in use",
    "application.restored": "the application is in the recycle bin",
    "application.web.redirectUris": "Microsoft's article asks for a redirect URI",
    "application.signInAudience": "Microsoft's article asks for accounts in any organizational directory",
    "application.requiredResourceAccess": "Microsoft's article asks for Dynamics CRM / user_impersonation",
    "admin_consent": "lead_writer_admin_consent is true",
    "service_principal": "an application can sign in to a tenant only with a service principal there",
    "user": "the lead service signs in as a user",
    "user.assignedLicenses": "Microsoft's article asks for a license, which adds the user to the environment",
    "user.password": "the lead service signs in with a password, which must be valid and in the store",
    "role.privileges": "Microsoft's article asks for privileges on User Entity UI Settings and System Job",
    "role.isinherited": "Microsoft's article asks for direct user access and team privileges",
    "companion_role": "the role of the solution is locked, so a second role gets the missing privileges",
    "companion_solution": "the role of the solution cannot be edited, so a managed solution contains a second one",
    "application_user": "Microsoft's article asks for an application user in the environment",
    "application_user.roles": "Microsoft's article asks for the security role of the solution",
    "environment_user": "the user must exist in the environment",
    "environment_user.roles": "Microsoft's article asks for the security role of the solution",
    "lead_destination": "the offer must send its leads to this environment",
}
"""Why a change is made, by the beginning of its name. Source: Microsoft's article "Configure lead management for
Dynamics 365 Customer Engagement", where it is named."""


def plan_diff(host: str, plan: Mapping[str, Any]) -> str:
    """Return the diff of a plan's changes that belong to the run; an empty string if there are none.

    It excludes files that are derived from other changes (the store's and the handover files).
    """
    before, after = plan["differences"]["before"], plan["differences"]["after"]
    lines = []
    for path in plan["would_change"]:
        if path in after:
            lines.append(f"  {path}: {reason(path)}")
            lines.append(f"-   {_text(before.get(path))}")
            lines.append(f"+   {_text(after[path])}")
    return "\n".join([f"{host}", *lines, ""]) if lines else ""


def reason(path: str) -> str:
    """Return why the change with this name is made."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        known = _REASONS.get(".".join(parts[:length]))
        if known:
            return known
    return "it differs from the desired state"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
