# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tokens: signed when issued, and verified by the called service."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.responses import Response

from .. import seeded
from ..directory.first_party import NO_DIRECTORY_ROLE_ID, directory_role_id
from ..directory.store import Object
from ..web import json_response

if TYPE_CHECKING:
    from ..world import Tenant, World

_CLOCK_SKEW_SECONDS = 300
_SEAL = "~"
"""Separates the parts of a token that only its own service can read."""


class TokenRefused(Exception):
    """An invalid token. `reason` is the message of the called service."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Caller:
    """The caller, from a verified token."""

    tenant_id: str
    app_id: str
    object_id: str  # of the user, or of the application's service principal
    roles: frozenset[str] = frozenset()  # application permissions
    is_user: bool = False
    upn: str = ""
    scopes: frozenset[str] = frozenset()  # delegated permissions


@functools.cache
def signing_key() -> rsa.RSAPrivateKey:
    """The key of this process; tokens do not outlive it."""
    return rsa.generate_private_key(public_exponent=2**16 + 1, key_size=2048)


KEY_ID = uuid.uuid4().hex


def key_set() -> dict[str, Any]:
    """The public key, as `jwks_uri` serves it."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(signing_key().public_key(), as_dict=True)
    return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "x5t": KEY_ID}]}


def mint(
    world: World,
    tenant: Tenant,
    audience: str,
    *,
    app: Object,
    service_principal: Object | None,
    user: Object | None = None,
    roles: Collection[str] = (),
    scopes: Collection[str] = (),
) -> str:
    """Sign a version 1.0 access token for `audience`, such as `https://graph.microsoft.com`.

    `app` is the application, `service_principal` its one in this tenant; with `user` the token is delegated.
    """
    now = int(world.clock.now().timestamp())
    claims: dict[str, Any] = {
        "aud": audience,
        "iss": issuer(tenant),
        "iat": now,
        "nbf": now,
        "exp": now + world.settings.token_seconds,
        "app_displayname": app["displayName"],
        "appid": app["appId"],
        "idp": issuer(tenant),
        "tid": tenant.id,
        "uti": world.new_guid(),
        "ver": "1.0",
    }
    if user is not None:
        claims |= {"idtyp": "user", "oid": user["id"], "sub": seeded.guid("sub", user["id"]), "scp": " ".join(scopes)}
        claims |= {"name": user["displayName"], "upn": user["userPrincipalName"], "appidacr": "1"}
    else:
        assert service_principal is not None
        claims |= {"idtyp": "app", "oid": service_principal["id"], "sub": service_principal["id"], "appidacr": "1"}
        held = service_principal.get("_directory_roles") or ()
        claims["wids"] = [directory_role_id(name) for name in held] or [NO_DIRECTORY_ROLE_ID]
    if roles:
        claims["roles"] = sorted(roles)
    signed = jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": KEY_ID, "x5t": KEY_ID})
    # Only the called service must be able to read a token; others may not.
    return signed if world.settings.entra_tokens_readable else signed.replace(".", _SEAL)


def token_response(world: World, audience: str, token: str, *, v2: bool, scope: str = "") -> Response:
    """The token endpoint's answer; the older endpoint returns numbers as texts and names the resource."""
    seconds = world.settings.token_seconds
    now = int(world.clock.now().timestamp())
    body: dict[str, Any] = {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds}
    if not v2:
        body = {
            "token_type": "Bearer",
            "expires_in": str(seconds),
            "ext_expires_in": str(seconds),
            "expires_on": str(now + seconds),
            "not_before": str(now),
            "resource": audience,
        }
    if scope:
        body["scope"] = scope
    body["access_token"] = token
    return json_response(body)


def issuer(tenant: Tenant) -> str:
    """The issuer of version 1.0 tokens of this tenant."""
    return f"https://{tenant.cloud.issuer_host}/{tenant.id}/"


def verify(
    authorization_header: str | None, audience_hosts: Collection[str], world: World, resource_app_id: str
) -> Caller:
    """The sender of an `Authorization` header. Raises TokenRefused if it is not valid.

    `audience_hosts` are the host names for any of which the token may have been issued; clients may also name the
    resource by its application id, `resource_app_id`.
    """
    if not authorization_header:
        raise TokenRefused("Access token is empty.")
    scheme, _space, token = authorization_header.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise TokenRefused("Access token is empty.")
    claims = _signed_claims(token.replace(_SEAL, "."))
    now = world.clock.now().timestamp()
    if claims["exp"] <= now:
        raise TokenRefused("Lifetime validation failed, the token is expired.")
    if claims["nbf"] > now + _CLOCK_SKEW_SECONDS:
        raise TokenRefused("Lifetime validation failed, the token is not yet valid.")
    audience = claims["aud"]
    if audience != resource_app_id and urlsplit(audience).hostname not in audience_hosts:
        raise TokenRefused("Access token validation failure. Invalid audience.")
    tenant = world.tenants.get(claims["tid"])
    if tenant is None or claims["iss"] != issuer(tenant):
        raise TokenRefused("Access token validation failure. Invalid issuer.")
    return Caller(
        tenant_id=claims["tid"],
        app_id=claims["appid"],
        object_id=claims["oid"],
        roles=frozenset(claims.get("roles", ())),
        is_user=claims["idtyp"] == "user",
        upn=claims.get("upn", ""),
        scopes=frozenset(claims.get("scp", "").split()),
    )


@functools.lru_cache(maxsize=10_000)
def _signed_claims(token: str) -> dict[str, Any]:
    """The claims of a token that this process signed.

    Expiry is not checked here, because the simulated clock decides it.
    """
    try:
        return jwt.decode(
            token,
            signing_key().public_key(),
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except jwt.InvalidSignatureError as error:
        raise TokenRefused("Access token validation failure. Signature validation failed.") from error
    except jwt.InvalidTokenError as error:
        raise TokenRefused("IDX14100: JWT is not well formed.") from error
