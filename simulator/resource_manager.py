# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Azure Resource Manager of a tenant without an Azure subscription: the calls that the Azure CLI makes at sign-in."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from .clouds import CLOUDS
from .entra import TokenRefused, verify
from .web import json_response
from .world import Tenant, World


def answer(request: Request, world: World, host: str) -> Response:
    """Answer one request to a host of Azure Resource Manager."""
    hosts = next(cloud.resource_manager_hosts for cloud in CLOUDS.values() if host in cloud.resource_manager_hosts)
    try:
        caller = verify(request.headers.get("authorization"), hosts, world, "")
    except TokenRefused as refused:
        return _error(401, "AuthenticationFailed", f"Authentication failed. {refused.reason}")
    request.scope["simulator.caller"] = caller
    if "api-version" not in request.query_params:
        return _error(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required.")
    if (request.method, request.url.path) == ("GET", "/subscriptions"):
        return json_response({"value": [], "count": {"type": "Total", "value": 0}}, 200)
    if (request.method, request.url.path) == ("GET", "/tenants"):
        return json_response({"value": [_shown(world.tenants[caller.tenant_id])]}, 200)
    return _error(404, "ResourceNotFound", f"There is no resource at '{request.url.path}' for {request.method}.")


def _shown(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "countryCode": tenant.spec.country,
        "displayName": tenant.spec.display_name,
        "domains": list(tenant.domains),
        "tenantCategory": "Home",
        "defaultDomain": tenant.domain,
        "tenantType": "AAD",
    }


def _error(status: int, code: str, message: str) -> Response:
    return json_response({"error": {"code": code, "message": message}}, status)
