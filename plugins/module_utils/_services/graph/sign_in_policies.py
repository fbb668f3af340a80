# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a tenant requires of users who sign in with a password, as far as the runner may read it."""

from __future__ import annotations

from typing import Any

from ..._rules.odata import query
from ..._transport.errors import CallFailed
from .client import GraphClient

_UNSEEN = (403, 404)
"""The runner may not read it, or the tenant has no such kind of policy."""


class SignInPolicies:
    """Reads security defaults and conditional access. They are not needed for anything else."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def security_defaults(self) -> bool | None:
        """Say whether the tenant's security defaults are on; None if the runner may not read it."""
        try:
            return bool(self._graph.get("/policies/identitySecurityDefaultsEnforcementPolicy").get("isEnabled"))
        except CallFailed as failed:
            if failed.status not in _UNSEEN:
                raise
            return None

    def conditional_access(self, object_id: str) -> list[str] | None:
        """Return the names of the policies in force that name a user or all users; None if they cannot be read.

        Groups, roles and applications in a policy are not resolved, so the result is only a hint.
        """
        path = f"/identity/conditionalAccess/policies{query({'$select': 'displayName,state,conditions'})}"
        try:
            return sorted(str(row.get("displayName")) for row in self._graph.rows(path) if _names(row, object_id))
        except CallFailed as failed:
            if failed.status not in _UNSEEN:
                raise
            return None


def _names(policy: dict[str, Any], object_id: str) -> bool:
    users = (policy.get("conditions") or {}).get("users") or {}
    included = {str(each).lower() for each in users.get("includeUsers") or []}
    excluded = {str(each).lower() for each in users.get("excludeUsers") or []}
    return policy.get("state") == "enabled" and bool(included & {"all", object_id}) and object_id not in excluded
