# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a tenant demands of people who sign in with a password, as far as the runner may see it."""

from __future__ import annotations

from typing import Any

from ..._rules.odata import query
from ..._transport.errors import CallFailed
from .client import GraphClient

_UNSEEN = (403, 404)
"""The runner may not look, or the tenant has no such kind of policy."""


class SignInPolicies:
    """Reads security defaults and conditional access. To read them is not needed for anything else."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def security_defaults(self) -> bool | None:
        """Say whether the tenant's security defaults are on; None when the runner may not see it."""
        try:
            return bool(self._graph.get("/policies/identitySecurityDefaultsEnforcementPolicy").get("isEnabled"))
        except CallFailed as failed:
            if failed.status not in _UNSEEN:
                raise
            return None

    def conditional_access(self, object_id: str) -> list[str] | None:
        """Return the names of the policies in force that name a user or everybody; None when they cannot be seen.

        Groups, roles and applications that a policy names are not looked into, so it is a hint and not a verdict.
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
