# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an application authenticates: a client secret, or an assertion signed with its certificate's key."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from ..clock import parse_time
from ..directory.store import Object
from . import errors, federation
from .errors import SignInRefused

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def with_basic(form: Mapping[str, str], authorization: str) -> dict[str, str]:
    """`form` with the client of a header `Authorization: Basic` (contract: credentials), whose halves are form-encoded.

    Raises SignInRefused for a credential in two places, or an invalid header.
    """
    scheme, _space, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return dict(form)
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        client_id, colon, secret = "", "", ""
    if not colon or "client_secret" in form or "client_assertion" in form:
        raise SignInRefused(
            90013,
            "invalid_request",
            400,
            "Invalid input: give one client credential, in the Authorization header or in the body.",
        )
    return {**form, "client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret)}


def check_client(form: Mapping[str, str], app: Object, token_endpoints: frozenset[str], now: float) -> None:
    """Raise SignInRefused unless `form` has a valid credential of `app`.

    `token_endpoints` are the audiences that an assertion may name; `now` is in seconds since 1970.
    """
    if form.get("client_assertion"):
        _check_assertion(form, app, token_endpoints, now)
    elif form.get("client_secret"):
        _check_secret(form["client_secret"], app, now)
    else:
        raise errors.no_credential(form["grant_type"])


def _check_secret(value: str, app: Object, now: float) -> None:
    for credential in app["passwordCredentials"]:
        if not hmac.compare_digest(credential["_secret"].encode(), value.encode()):
            continue
        if parse_time(credential["endDateTime"]).timestamp() <= now:
            raise errors.expired_secret(app["appId"])
        # A secret is on the application immediately, but signs in only seconds later (contract: secrets).
        if now >= credential["_active_from"] and now >= parse_time(credential["startDateTime"]).timestamp() - 300:
            return
    raise errors.wrong_secret(app["appId"])


def _check_assertion(form: Mapping[str, str], app: Object, token_endpoints: frozenset[str], now: float) -> None:
    if form.get("client_assertion_type") != _ASSERTION_TYPE:
        raise SignInRefused(
            900144, "invalid_request", 400, f"The 'client_assertion_type' parameter must be '{_ASSERTION_TYPE}'."
        )
    assertion = form["client_assertion"]
    try:
        header = jwt.get_unverified_header(assertion)
    except jwt.InvalidTokenError as error:
        raise _bad_assertion("The assertion is not a well formed JWT.") from error
    if not header.keys() & {"x5t", "x5t#S256"}:  # not signed with a certificate, so a token of another provider
        federation.check(assertion, app, now)
        return
    certificate = _registered_certificate(header, app, now)
    algorithm = header.get("alg")
    if algorithm not in ("RS256", "PS256"):
        raise _bad_assertion(f"The algorithm '{algorithm}' is not allowed; use PS256 or RS256.")
    try:
        claims = jwt.decode(
            assertion,
            certificate.public_key(),  # type: ignore[arg-type]  # an RSA key, as only such certificates sign RS/PS256
            algorithms=[algorithm],
            options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
        )
    except (jwt.InvalidTokenError, TypeError) as error:
        raise _bad_assertion("The signature does not fit the registered certificate.") from error
    _check_claims(claims, app["appId"], token_endpoints, now)


def _check_claims(claims: dict[str, Any], app_id: str, token_endpoints: frozenset[str], now: float) -> None:
    """Microsoft's rules for the assertion; times may be fractions, as msal writes them, and `nbf` may be absent."""
    audience = claims.get("aud")
    if not isinstance(audience, str) or audience.lower() not in token_endpoints:
        raise SignInRefused(
            700023, "invalid_client", 401, "Client assertion audience claim does not match Realm issuer."
        )
    if claims.get("iss") != app_id or claims.get("sub") != app_id:
        raise SignInRefused(
            700021,
            "invalid_client",
            401,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        )
    expires, begins = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(expires, (int, float)) or not isinstance(begins, (int, float)):
        raise _bad_assertion("The assertion's times are not numbers.")
    if expires <= now - 300 or begins > now + 300:
        raise SignInRefused(700024, "invalid_client", 401, "Client assertion is not within its valid time range.")


def _registered_certificate(header: dict[str, Any], app: Object, now: float) -> x509.Certificate:
    wanted_sha1, wanted_sha256 = _thumbprint(header.get("x5t")), _thumbprint(header.get("x5t#S256"))
    for credential in app["keyCredentials"]:
        certificate = x509.load_der_x509_certificate(base64.b64decode(credential["_certificate"]))
        matches = (
            certificate.fingerprint(hashes.SHA256()) == wanted_sha256
            if wanted_sha256
            else certificate.fingerprint(hashes.SHA1()) == wanted_sha1  # noqa: S303 - the legacy header
        )
        if matches:
            if parse_time(credential["endDateTime"]).timestamp() <= now:
                raise SignInRefused(
                    1000502,
                    "invalid_client",
                    401,
                    "The provided certificate is not within its specified validity window.",
                )
            return certificate
    raise _bad_assertion("The key was not found by the thumbprint of the certificate.")


def _thumbprint(value: Any) -> bytes | None:
    """The bytes of an `x5t` header: base64url, with or without padding."""
    if not isinstance(value, str) or not value:
        return None
    try:
        return base64.urlsafe_b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4))
    except ValueError:
        return None


def _bad_assertion(reason: str) -> SignInRefused:
    return SignInRefused(
        700027,
        "invalid_client",
        401,
        "The certificate with identifier used to sign the client assertion is not registered on application. "
        f"[Reason - {reason}]",
    )
