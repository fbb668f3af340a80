# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a refused sign-in means for the caller: one table from Microsoft's number to a sentence with a cure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from .._rules.words import harmless
from .credentials import Credentials

FEDERATED = "federated"
"""Used instead of a number: the user's domain signs its users in elsewhere."""

PASSING = frozenset({"90024", "90033", "90090"})
"""Numbers of temporary errors of Microsoft Entra, after which the same request may be sent again."""


class SignInFailed(Exception):
    """Microsoft Entra refused to sign in; `code` is its AADSTS number, or an empty string."""

    def __init__(self, sentence: str, code: str = "", message: str = "") -> None:
        super().__init__(harmless(sentence))
        self.code = code
        self.message = harmless(message)

    @property
    def failure(self) -> dict[str, Any]:
        """The structured form for a module's result."""
        return {"request": "sign-in", "status": None, "code": self.code, "message": self.message, "request_id": ""}


def code_of(answer: Mapping[str, Any]) -> str:
    """Return the AADSTS number in a refusal (`error_codes`, else the text), or an empty string; never raises."""
    codes = answer.get("error_codes")
    if isinstance(codes, list) and codes and isinstance(codes[0], int):
        return str(codes[0])
    found = re.search(r"AADSTS(\d+)", str(answer.get("error_description", "")))
    return found.group(1) if found else ""


def is_passing(answer: Mapping[str, Any]) -> bool:
    """Say whether a refusal declares that the same request may be sent again: by its number, or by OAuth's word."""
    return code_of(answer) in PASSING or answer.get("error") == "temporarily_unavailable"


def refused(answer: Mapping[str, Any], credentials: Credentials, host: str, ahead: timedelta) -> SignInFailed:
    """Return the failure that a refusal of the sign-in host `host` means.

    `answer` is its JSON object. `ahead` is by how much Microsoft's clock is ahead of this machine's.
    """
    code = code_of(answer)
    kind = "user" if credentials.user_name else "application"
    words = {
        "who": f"{kind} {credentials.user_name or credentials.client_id} in tenant {credentials.tenant}",
        "tenant": credentials.tenant,
        "host": host,
        "minutes": f"{abs(ahead).total_seconds() / 60:.0f}",
        "error": str(answer.get("error") or "no reason given"),
    }
    template = (
        _by_value(code, credentials)
        or CURES_BY_METHOD.get((code, credentials.method))
        or CURES.get(code)
        or "Microsoft Entra refused to sign in {who} ({error}): check the credentials and the tenant."
    )
    sentence = template.format(**words)
    # The description names ids and times, never the secret that was sent.
    message = str(answer.get("error_description", ""))
    return SignInFailed(f"{sentence[:-1]} (AADSTS{code})." if code else sentence, code, message)


def _by_value(code: str, credentials: Credentials) -> str | None:
    """Return a sentence for a value that was copied with extra characters, as files and forms add them."""
    if code == "7000215" and _copied_badly(credentials.secret):
        return "client_secret of {who} is surrounded by spaces, a line break or quotes: give only the value."
    if code == "700016" and _copied_badly(credentials.client_id):
        return "client_id of {who} is surrounded by spaces, a line break or quotes: give only the id."
    return None


def _copied_badly(value: str | None) -> bool:
    if value is None:
        return False
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return quoted or value != value.strip()


CURES_BY_METHOD = {
    ("700024", "certificate"): "The sign-in of {who} is outside its valid time, because this machine's clock and "
    "Microsoft's differ by {minutes} minutes: set the clock of this machine.",
    ("700024", "federated"): "The token in federated_token_file of {who} has expired: get a fresh one at the start of "
    "the run.",
    ("700021", "federated"): "federated_token_file holds the token of an application other than {who}: correct the "
    "path or client_id.",
}
"""Refusals that mean different things for different credentials."""

CURES = {
    # --- the secret
    "7000215": "client_secret is not valid for {who}: give the value of a live secret, not its id.",
    "7000222": "client_secret of {who} has expired: add a new secret and give its value.",
    "7000216": "No credential reached Microsoft Entra for {who}: set client_secret or client_certificate_path.",
    "7000218": "No credential reached Microsoft Entra for {who}: set client_secret or client_certificate_path.",
    # --- the certificate
    "700021": "The sign-in of {who} was signed for another application: correct client_id.",
    "700023": "The sign-in of {who} was signed for another tenant or national cloud: correct tenant_id or cloud.",
    "700027": "client_certificate_path is not a certificate registered on {who}: upload its public part there.",
    "700030": "client_certificate_path has a subject name that {who} does not accept: use a certificate with the right "
    "name, or register this one.",
    "1000502": "The certificate in client_certificate_path of {who} has expired: register a new one and give its path.",
    # --- the federated credential
    "70021": "federated_token_file matches no federated credential of {who}: compare issuer, subject and audience.",
    "700211": "federated_token_file has an issuer that no federated credential of {who} names: correct it there.",
    "700212": "federated_token_file has an audience that no federated credential of {who} names: correct it there, "
    "usually to api://AzureADTokenExchange.",
    "700213": "federated_token_file has a subject that no federated credential of {who} names: correct it there.",
    # --- the application and the tenant
    "700016": "client_id names no application known to tenant {tenant}: correct client_id or tenant_id, "
    "or consent to the application in that tenant.",
    "7000112": "The {who} is deactivated, or its service principal is disabled: activate it in Microsoft Entra, under "
    "App registrations and Enterprise applications.",
    "7000217": "The {who} has no service principal there: consent to the application in that tenant, and wait a minute "
    "if that was just done.",
    "7000229": "The {who} has no service principal there: consent to the application in that tenant, and wait a minute "
    "if that was just done.",
    "90002": "tenant_id {tenant} is not known to {host}: correct the directory id or domain name, or the cloud.",
    "900023": "tenant_id {tenant} is neither a directory id nor a domain name: correct it.",
    "90038": "tenant_id {tenant} belongs to a different national cloud than {host}: set cloud.",
    "90051": "tenant_id {tenant} belongs to a different national cloud than {host}: set cloud.",
    "500011": "The requested API has no service principal in tenant {tenant}: check that the environment belongs to "
    "this tenant.",
    "90024": "Microsoft Entra cannot process the sign-in of {who} at the moment: run again.",
    "90033": "Microsoft Entra cannot process the sign-in of {who} at the moment: run again.",
    "90090": "Microsoft Entra cannot process the sign-in of {who} at the moment: run again.",
    # --- policies
    "50105": "The {who} is not assigned to the application that it signs in to: assign it there, or set Assignment "
    "required to No.",
    "53000": "Conditional access requires the {who} to use a compliant device: exempt it from that policy.",
    "53001": "Conditional access requires the {who} to use a domain-joined device: exempt it from that policy.",
    "53002": "Conditional access requires the {who} to use an approved client app: exempt it from that policy.",
    "53003": "Conditional access blocks the sign-in of {who}: exclude this workload identity or its address.",
    "53011": "Microsoft Entra blocks the {who} because of its risk: dismiss the risk in Identity Protection.",
    "530032": "A security policy of the tenant blocks the {who}: ask its administrator which one, and exempt it.",
    "530035": "The security defaults of the tenant block the {who}: use another kind of credential, or replace the "
    "security defaults with conditional access.",
    "50097": "Conditional access requires the {who} to use a registered device: exempt it from that policy.",
    "500021": "The proxy's tenant restrictions block the sign-in of {who}: allow tenant {tenant} there.",
    "500022": "The proxy's tenant restrictions block the sign-in of {who}: allow tenant {tenant} there.",
    "500212": "A policy for outbound access blocks the sign-in of {who}: allow tenant {tenant} there.",
    # --- a person
    "50034": "The {who} does not exist: correct the name or the tenant.",
    "50053": "The {who} is locked after too many wrong passwords or a risky address: stop trying, correct the "
    "password, and wait until the lock ends.",
    "50055": "The password of {who} has expired: set a new one.",
    "50057": "The {who} is disabled: enable sign-in for it.",
    "50126": "The password of {who} is wrong: correct it.",
    "50135": "The password of {who} must be changed because of risk: set a new one.",
    "50144": "The password of {who} has expired in the organization's own directory: set a new one there.",
}
"""What each refusal means for the caller. Source: Microsoft Entra "authentication and authorization error codes"."""
