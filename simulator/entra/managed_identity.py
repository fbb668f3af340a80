# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The token endpoint of a managed identity: plain HTTP, without any credential (contract: credentials).

A client finds it at `AZURE_POD_IDENTITY_AUTHORITY_HOST`, which the simulator points to its own port. The identity is
the runner with the requested client id, or that of the first tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..directory.first_party import GRAPH_APP_ID
from . import tokens
from .endpoints import application_of
from .errors import SignInRefused
from .resources import resource_of_name

if TYPE_CHECKING:
    from ..world import Tenant, World

PATH = "/metadata/identity/oauth2/token"


def answer(world: World, query: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
    """Status and JSON for a request with these query options and (lower-case) headers."""
    if headers.get("metadata", "").lower() != "true":
        return _refused("Required metadata header not specified")
    if not query.get("resource"):
        return _refused("Required query variable 'resource' is missing")
    tenant = _tenant(world, query)
    if tenant is None:
        return _refused("Identity not found")
    try:
        app, principal = application_of(world, tenant, tenant.runner.app_id)
        resource = resource_of_name(world, tenant, query["resource"])
    except SignInRefused as refusal:
        return 400, {"error": refusal.error, "error_description": f"AADSTS{refusal.number}: {refusal.sentence}"}
    permissions = tenant.directory.graph_permissions_of(tenant.runner.service_principal_id)
    roles = permissions if resource.app_id == GRAPH_APP_ID else []
    token = tokens.mint(world, tenant, resource.audience, app=app, service_principal=principal, roles=roles)
    now, seconds = int(world.clock.now().timestamp()), world.settings.token_seconds
    # All numbers are texts here.
    return 200, {
        "access_token": token,
        "client_id": tenant.runner.app_id,
        "expires_in": str(seconds),
        "expires_on": str(now + seconds),
        "ext_expires_in": str(seconds),
        "not_before": str(now),
        "resource": query["resource"],
        "token_type": "Bearer",
    }


def _tenant(world: World, query: Mapping[str, str]) -> Tenant | None:
    client_id, object_id = query.get("client_id"), query.get("object_id")
    for tenant in world.tenants.values():
        if client_id in (None, tenant.runner.app_id) and object_id in (None, tenant.runner.service_principal_id):
            return tenant
    return None


def _refused(sentence: str) -> tuple[int, dict[str, Any]]:
    return 400, {"error": "invalid_request", "error_description": sentence}
