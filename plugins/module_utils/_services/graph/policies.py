# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant's policies for applications."""

from __future__ import annotations

from ..._rules.secret_policy import SecretPolicy, secret_policy
from ..._transport.errors import CallFailed
from .client import GraphClient

READ_POLICIES = frozenset({"Policy.Read.All", "Policy.Read.ApplicationConfiguration"})
"""Application permissions that let the policies be read; each is enough."""


def default_secret_policy(graph: GraphClient) -> SecretPolicy | None:
    """Return what the tenant's default policy says of secrets, or None where the runner may not read it."""
    try:
        policy = graph.get("/policies/defaultAppManagementPolicy")
    except CallFailed as failed:
        if failed.status in (403, 404):
            return None
        raise
    return secret_policy(policy, graph.service_time())
