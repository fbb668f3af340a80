# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of the token endpoint, with Entra's numbers (contract: token responses)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ..directory.store import Object
from ..web import json_response

if TYPE_CHECKING:
    from ..world import World


class SignInRefused(Exception):
    """A refusal: its AADSTS number, the OAuth error, the HTTP status and the message."""

    def __init__(self, number: int, error: str, status: int, sentence: str, **more: Any) -> None:
        super().__init__(sentence)
        self.number = number
        self.error = error
        self.status = status
        self.sentence = sentence
        self.more = more


def refuse_as_asked(who: Object, error: str, status: int) -> None:
    """Raise SignInRefused with the number that a test has set on a user or service principal."""
    number = who.get("_refused_with")
    if number:
        raise SignInRefused(int(number), error, status, "The sign-in was refused at the request of a test.")


def tenant_not_found(tenant: str, error: str = "invalid_tenant") -> SignInRefused:
    """No such directory in this cloud. Discovery says invalid_tenant, the token endpoint invalid_request."""
    return SignInRefused(
        90002,
        error,
        400,
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the "
        "correct cloud. Check with your subscription administrator, this may happen if there are no active "
        "subscriptions for the tenant.",
    )


def no_tenant_name(name: str) -> SignInRefused:
    """Neither an id nor a domain."""
    return SignInRefused(
        900023,
        "invalid_request",
        400,
        f"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain.",
    )


def wrong_secret(app_id: str) -> SignInRefused:
    """The value matches no current secret."""
    return SignInRefused(
        7000215,
        "invalid_client",
        401,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
        f"the client secret ID, for a secret added to app '{app_id}'.",
    )


def expired_secret(app_id: str) -> SignInRefused:
    """The value matches an expired secret."""
    return SignInRefused(
        7000222,
        "invalid_client",
        401,
        f"The provided client secret keys for app '{app_id}' are expired. Visit the Azure portal to create new keys "
        "for your app, or consider using certificate credentials for added security.",
    )


def no_credential(grant_type: str) -> SignInRefused:
    """A confidential client sends no credential; the number depends on the grant."""
    if grant_type == "client_credentials":
        sentence = (
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."
        )
        return SignInRefused(7000216, "invalid_client", 401, sentence)
    sentence = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    return SignInRefused(7000218, "invalid_client", 401, sentence)


def unknown_application(app_id: str, tenant_name: str) -> SignInRefused:
    """No such application in this directory, or not yet."""
    return SignInRefused(
        700016,
        "unauthorized_client",
        400,
        f"Application with identifier '{app_id}' was not found in the directory '{tenant_name}'. This can happen if "
        "the application has not been installed by the administrator of the tenant or consented to by any user in the "
        "tenant. You may have sent your authentication request to the wrong tenant.",
    )


def missing_parameter(name: str) -> SignInRefused:
    """The form lacks a field."""
    return SignInRefused(
        900144, "invalid_request", 400, f"The request body must contain the following parameter: '{name}'."
    )


def response(refusal: SignInRefused, world: World, host: str, correlation_id: str) -> Response:
    """The refusal as JSON."""
    timestamp = world.clock.now().strftime("%Y-%m-%d %H:%M:%SZ")
    trace_id = world.new_guid()
    body = {
        "error": refusal.error,
        "error_description": f"AADSTS{refusal.number}: {refusal.sentence} Trace ID: {trace_id} "
        f"Correlation ID: {correlation_id} Timestamp: {timestamp}",
        "error_codes": [refusal.number],
        "timestamp": timestamp,
        "trace_id": trace_id,
        "correlation_id": correlation_id,
        "error_uri": f"https://{host}/error?code={refusal.number}",
        **refusal.more,
    }
    return json_response(body, refusal.status)
