# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tokens of another identity provider as credentials: workload identity federation (contract: credentials).

The simulator also acts as every other provider: it signs their tokens with its own key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from ..directory.store import Object
from .errors import SignInRefused
from .tokens import KEY_ID, signing_key

if TYPE_CHECKING:
    from ..world import World

DEFAULT_AUDIENCE = "api://AzureADTokenExchange"


def issue(world: World, issuer: str, subject: str, audience: str = DEFAULT_AUDIENCE, seconds: float = 600.0) -> str:
    """A token of the provider `issuer` for `subject`, valid for `seconds`."""
    now = world.clock.now().timestamp()
    claims = {"iss": issuer, "sub": subject, "aud": audience, "iat": now, "nbf": now, "exp": now + seconds}
    return jwt.encode(claims, signing_key(), algorithm="RS256", headers={"kid": KEY_ID})


def check(assertion: str, app: Object, now: float) -> None:
    """Raise SignInRefused unless `app` has a federated credential that matches the token exactly."""
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion,
            signing_key().public_key(),
            algorithms=["RS256"],
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except jwt.InvalidTokenError as error:
        raise _refused(50013, "Assertion failed signature validation.") from error
    if not isinstance(claims.get("exp"), (int, float)) or claims["exp"] <= now:
        raise _refused(700024, "Client assertion is not within its valid time range.")
    fitting = app["_federated"]
    for number, name, key in ((700211, "issuer", "iss"), (700213, "subject", "sub")):
        fitting = [item for item in fitting if item[name] == claims.get(key)]
        if not fitting:
            raise _no_match(number, name, claims.get(key))
    if not any(claims.get("aud") in item["audiences"] for item in fitting):
        raise _no_match(700212, "audience", claims.get("aud"))


def _no_match(number: int, name: str, value: Any) -> SignInRefused:
    return _refused(number, f"No matching federated identity record found for presented assertion {name} '{value}'.")


def _refused(number: int, sentence: str) -> SignInRefused:
    return SignInRefused(number, "invalid_client", 401, sentence)
