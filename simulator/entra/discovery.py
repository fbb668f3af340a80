# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents that tell a client where to sign in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from ..clouds import CLOUDS, LOGIN_HOSTS, Cloud
from ..web import json_response

if TYPE_CHECKING:
    from ..world import Tenant

#: Names for any tenant: the user name determines the tenant.
SHARED_TENANTS = frozenset({"common", "organizations"})


def openid_configuration(cloud: Cloud, name: str, version: str) -> Response:
    """The OpenID Connect discovery document; `version` is "/v2.0" or "" for the older endpoints.

    `name` is a tenant's id, or a name for all tenants: then the issuer is a pattern.
    """
    host = cloud.login_hosts[0]
    base = f"https://{host}/{name}"
    oauth2 = f"{base}/oauth2{version}"
    issued_for = "{tenantid}" if name in SHARED_TENANTS else name
    issuer = f"https://{host}/{issued_for}/v2.0" if version else f"https://{cloud.issuer_host}/{issued_for}/"
    document = {
        "token_endpoint": f"{oauth2}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery{version}/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"https://{cloud.graph_host}/oidc/userinfo",
        "authorization_endpoint": f"{oauth2}/authorize",
        "device_authorization_endpoint": f"{oauth2}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{oauth2}/logout",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "name", "tid", "ver"],
        "kerberos_endpoint": f"{base}/kerberos",
        "tenant_region_scope": "EU" if cloud.name == "public" else "USGov",
        "cloud_instance_name": cloud.instance_name,
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": cloud.graph_host,
        "rbac_url": "https://pas.windows.net",
    }
    return json_response(document)


def instance_discovery(request: Request) -> Response:
    """The sign-in hosts, and the address of the requested tenant's discovery document."""
    asked = urlsplit(request.query_params.get("authorization_endpoint", ""))
    if asked.hostname not in LOGIN_HOSTS:
        return json_response(
            {"error": "invalid_instance", "error_description": "AADSTS50049: Unknown or invalid instance."}, 400
        )
    tenant = asked.path.strip("/").split("/")[0]
    metadata = {cloud.login_hosts: cloud.login_hosts[0] for cloud in CLOUDS.values()}
    document = {
        "tenant_discovery_endpoint": f"https://{asked.hostname}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": request.query_params.get("api-version", "1.1"),
        "metadata": [
            {"preferred_network": first, "preferred_cache": first, "aliases": list(hosts)}
            for hosts, first in metadata.items()
        ],
    }
    return json_response(document)


def user_realm(name: str, tenant: Tenant | None) -> Response:
    """Whether a user signs in here (Managed) or is unknown; msal requests it before a password grant."""
    if tenant is None:
        return json_response({"ver": "1.0", "account_type": "Unknown"})
    domain = name.partition("@")[2]
    return json_response(
        {
            "ver": "1.0",
            "account_type": "Managed",
            "domain_name": domain,
            "cloud_instance_name": tenant.cloud.instance_name,
            "cloud_audience_urn": f"urn:federation:{tenant.cloud.instance_name}",
        }
    )
