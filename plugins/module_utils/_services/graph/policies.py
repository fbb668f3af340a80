# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tenant's policies for applications."""

from __future__ import annotations

from typing import Any

from ..._rules.secret_policy import restrictions_of
from ..._transport.errors import CallFailed
from .client import GraphClient

READ_POLICIES = frozenset({"Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration"})
"""Application permissions that allow reading the policies; each is enough."""

_PATH = "/policies/defaultAppManagementPolicy"


def default_app_policy(graph: GraphClient) -> dict[str, Any]:
    """Return the tenant's default policy if it is in force and can be read, else nothing."""
    try:
        policy = graph.get(_PATH)
    except CallFailed as failed:
        if failed.status not in (403, 404):
            raise
        return {}
    return policy if policy.get("isEnabled") else {}


def own_app_policy(graph: GraphClient, object_id: str) -> dict[str, Any] | None:
    """Return the policy that an application has of its own, which replaces the tenant's default one.

    `object_id` is the application's. An empty dictionary if it has none; None if that cannot be read.
    """
    try:
        return next(graph.rows(_own_path(object_id)), {})
    except CallFailed as failed:
        if failed.status not in (400, 403, 404):
            raise
        return None


def audience_rules(graph: GraphClient, policy: dict[str, Any], object_id: str | None = None) -> dict[str, Any]:
    """Return what `policy` says about audiences; nothing if that cannot be read.

    `policy` is the tenant's default one, or, with `object_id`, the own one of that application. The Graph reference has
    audiences in the beta version only, which may change, so none of its answers is an error.
    """
    known = restrictions_of(policy).get("audiences")
    if known is None:
        beta = f"{graph.sign_in.cloud.graph_url}/beta"
        try:
            seen = next(graph.rows(beta + _own_path(object_id)), {}) if object_id else graph.get(beta + _PATH)
        except CallFailed:
            return {}
        known = restrictions_of(seen).get("audiences")
    return dict(known or {})


def _own_path(object_id: str) -> str:
    return f"/applications/{object_id}/appManagementPolicies"
