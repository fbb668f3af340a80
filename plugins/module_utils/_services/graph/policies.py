# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant's policies for applications."""

from __future__ import annotations

from typing import Any

from ..._transport.errors import CallFailed
from .client import GraphClient

READ_POLICIES = frozenset({"Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"})
"""Application permissions that let the policies be read; each is enough."""

_PATH = "/policies/defaultAppManagementPolicy"


def default_app_policy(graph: GraphClient) -> dict[str, Any]:
    """Return the tenant's default policy if it is in force, else nothing; nothing also where it cannot be read."""
    try:
        policy = graph.get(_PATH)
    except CallFailed as failed:
        if failed.status not in (403, 404):
            raise
        return {}
    return policy if policy.get("isEnabled") else {}


def audience_rules(graph: GraphClient, policy: dict[str, Any]) -> dict[str, Any]:
    """Return what C(policy), the tenant's default one, says of audiences; nothing where that cannot be seen.

    The Graph reference has it in the beta version only, which may change, so no answer of that one is an error.
    """
    known = (policy.get("applicationRestrictions") or {}).get("audiences")
    if known is None:
        try:
            beta = graph.get(f"{graph.sign_in.cloud.graph_url}/beta{_PATH}")
        except CallFailed:
            return {}
        known = (beta.get("applicationRestrictions") or {}).get("audiences")
    return dict(known or {})
