# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A failed sign-in names its true cause, whatever Microsoft Entra or a gateway returns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msal
import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity import refusals, sign_in
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.credentials import Credentials
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.refusals import (
    CURES,
    CURES_BY_METHOD,
    refused,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.sign_in import (
    SignIn,
    SignInFailed,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.clouds import CLOUDS
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.graph.client import GraphClient
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import (
    RUNNER,
    TENANT,
    Network,
    answer,
)

GRAPH = "https://graph.microsoft.com"
LOGIN = "login.microsoftonline.com"
SECRET = Credentials(TENANT, RUNNER, "a secret")
CERTIFICATE = Credentials(TENANT, RUNNER, certificate_path="runner.pem")
TOKEN_FILE = Credentials(TENANT, RUNNER, federated_token_file="token")


def refusal(code: int | str, error: Any = "invalid_client") -> dict[str, Any]:
    return {"error": error, "error_description": f"AADSTS{code}: Something. Trace ID: 1", "error_codes": [int(code)]}


class Entra(Network):
    """Microsoft Entra with a response of the test's choice to discovery or to the token request."""

    def __init__(self, *, discovery: Answer | None = None, token: Answer | None = None) -> None:
        super().__init__({})
        endpoint = f"https://{LOGIN}/{TENANT}/oauth2/v2.0/"
        document = {"authorization_endpoint": f"{endpoint}authorize", "token_endpoint": f"{endpoint}token"}
        self.discovery, self.token, self.given = discovery or answer(document), token, 0

    def send(self, method: str, url: str, **_options: Any) -> Answer:
        self.sent.append((url, None))
        if "openid-configuration" in url:
            return self.discovery
        self.given += 1
        return self.token or answer({"access_token": f"token {self.given}", "expires_in": 3599, "token_type": "Bearer"})


def failure(network: Network, credentials: Credentials = SECRET) -> Exception:
    with pytest.raises((SignInFailed, CallFailed, InvalidInput)) as failed:
        SignIn(credentials, CLOUDS["public"], network).token(GRAPH)
    return failed.value


# --- the table


@pytest.mark.parametrize("code", CURES)
def test_every_number_has_a_message_with_a_cure(code: str) -> None:
    sentence = str(refused(refusal(code), SECRET, LOGIN, timedelta(0)))
    assert sentence.endswith(f" (AADSTS{code}).")
    assert not {"{", "}"} & set(sentence)
    assert "check the credentials and the tenant" not in sentence


@pytest.mark.parametrize(("code", "method"), CURES_BY_METHOD)
def test_one_number_can_have_several_meanings(code: str, method: str) -> None:
    given = {"certificate": CERTIFICATE, "federated": TOKEN_FILE}[method]
    sentence = str(refused(refusal(code), given, LOGIN, timedelta(minutes=20)))
    assert sentence != str(refused(refusal(code), SECRET, LOGIN, timedelta(minutes=20)))


def test_a_wrong_clock_is_named_with_its_difference() -> None:
    sentence = str(refused(refusal(700024), CERTIFICATE, LOGIN, timedelta(minutes=-20)))
    assert "differ by 20 minutes: set the clock of this machine (AADSTS700024)." in sentence


def test_expired_pipeline_token_is_not_blamed_on_the_clock() -> None:
    assert "get a fresh one at the start of the run" in str(refused(refusal(700024), TOKEN_FILE, LOGIN, timedelta(0)))


@pytest.mark.parametrize("secret", ["a secret\n", " a secret", "a secret\r", "'a secret'", '"a secret"'])
def test_secret_copied_with_extra_characters_is_named(secret: str) -> None:
    sentence = str(refused(refusal(7000215), Credentials(TENANT, RUNNER, secret), LOGIN, timedelta(0)))
    assert "is surrounded by spaces, a line break or quotes" in sentence
    assert "a secret" not in sentence


def test_client_id_copied_with_extra_characters_is_named() -> None:
    sentence = str(refused(refusal(700016), Credentials(TENANT, f"{RUNNER}\n", "x"), LOGIN, timedelta(0)))
    assert sentence.startswith("client_id of application")


def test_unknown_number_is_shown_with_the_services_error() -> None:
    sentence = str(refused(refusal(1234567, "invalid_grant"), SECRET, LOGIN, timedelta(0)))
    assert sentence.endswith("(invalid_grant): check the credentials and the tenant (AADSTS1234567).")


# --- discovery


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (90002, f"is not known to {LOGIN}"),
        (900023, "is neither a directory id nor"),
        (90051, "different national cloud"),
    ],
)
def test_discovery_refuses_a_tenant_by_its_number(code: int, words: str) -> None:
    failed = failure(Entra(discovery=answer(refusal(code, "invalid_tenant"), 400)))
    assert words in str(failed)
    assert isinstance(failed, SignInFailed)
    assert failed.code == str(code)


@pytest.mark.parametrize("status", [301, 302, 400, 401, 403, 404, 407, 500, 501, 503])
def test_discovery_from_another_server_does_not_blame_the_tenant(status: int) -> None:
    failed = failure(Entra(discovery=answer("<html>", status, {"Content-Type": "text/html"})))
    assert isinstance(failed, CallFailed)
    assert f"was answered with {status}" in str(failed)
    assert "tenant_id" not in str(failed)


# --- tokens

NO_TOKEN = {
    "an empty 200": answer("", 200),
    "204": answer("", 204),
    "a redirect": answer("", 302),
    "a page": answer("<html>", 200, {"Content-Type": "text/html"}),
    "half an answer": answer('{"access_token": "ey', 200),
    "no token": answer({"token_type": "Bearer"}),
    "a number for a token": answer({"access_token": 7, "expires_in": 3599}),
    "a token without an end": answer({"access_token": "x"}),
    "a text for an end": answer({"access_token": "x", "expires_in": "soon"}),
    "a list for an end": answer({"access_token": "x", "expires_in": [1]}),
    "an object for an error": answer({"error": {"code": "x"}}, 400),
    "a list for an error": answer({"error": ["x"]}, 400),
    "an empty 400": answer("", 400),
    "a list": answer([], 400),
    "500": answer("", 500),
    "500 as a page": answer("<html>", 500, {"Content-Type": "text/html"}),
    "501": answer({"message": "no"}, 501),
}


@pytest.mark.parametrize("kind", NO_TOKEN)
def test_response_without_token_or_refusal_is_one_message(kind: str) -> None:
    failed = failure(Entra(token=NO_TOKEN[kind]))
    assert isinstance(failed, CallFailed)
    assert "was answered with" in str(failed)
    assert "Error" not in str(failed)


@pytest.mark.parametrize("status", [400, 401, 503])
def test_refusal_is_recognized_with_every_status(status: int) -> None:
    failed = failure(Entra(token=answer(refusal(90033, "temporarily_unavailable"), status)))
    assert isinstance(failed, SignInFailed)
    assert failed.code == "90033"


def test_temporary_refusal_is_retried() -> None:
    asked: list[Any] = []

    class Watched(Entra):
        def send(self, method: str, url: str, **options: Any) -> Answer:
            asked.append(options.get("retry_codes"))
            return super().send(method, url, **options)

    SignIn(SECRET, CLOUDS["public"], Watched()).token(GRAPH)
    assert [asked[-1](answer(refusal(code), 400)) for code in (90033, 90024, 90090, 7000215)] == [True] * 3 + [False]
    # An unknown number with OAuth's own error code.
    assert asked[-1](answer(refusal(1234567, "temporarily_unavailable"), 503))


def test_discarded_token_is_followed_by_a_new_one() -> None:
    signed_in = SignIn(SECRET, CLOUDS["public"], Entra())
    assert signed_in.token(GRAPH) == signed_in.token(GRAPH) == "token 1"
    signed_in.forget(GRAPH)
    assert signed_in.token(GRAPH) == "token 2"


def test_after_401_a_new_token_is_requested_once() -> None:
    class Cloud(Entra):
        used: list[str]

        def send(self, method: str, url: str, *, auth: Any = None, **options: Any) -> Answer:
            if not url.startswith(GRAPH):
                return super().send(method, url, **options)
            self.used.append(auth._token)
            return answer({"id": 1}) if auth._token == "token 2" else answer({"error": {"code": "Expired"}}, 401)

    cloud = Cloud()
    cloud.used = []
    assert GraphClient(SignIn(SECRET, CLOUDS["public"], cloud), cloud).get("/thing") == {"id": 1}
    assert cloud.used == ["token 1", "token 2"]


def test_a_claims_challenge_is_explained() -> None:
    challenge = {"WWW-Authenticate": 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3N="'}

    class Cloud(Entra):
        def send(self, method: str, url: str, **options: Any) -> Answer:
            if url.startswith(GRAPH):
                return answer({"error": {"code": "InvalidAuthenticationToken", "message": "No."}}, 401, challenge)
            return super().send(method, url, **options)

    cloud = Cloud()
    with pytest.raises(CallFailed, match=r"a conditional access policy of tenant .* \(a claims challenge\): exempt"):
        GraphClient(SignIn(SECRET, CLOUDS["public"], cloud), cloud).get("/thing")


# --- msal and this machine


@pytest.mark.parametrize("version", ["1.28.0", "1.34.9", "0.9"])
def test_an_msal_that_is_too_old_is_named(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msal, "__version__", version)
    assert f"msal is version {version}, which is too old: install msal 1.35.0" in str(failure(Entra()))


@pytest.mark.parametrize("version", ["1.35.0", "1.39.0b1", "2.0"])
def test_an_msal_that_is_new_enough_signs_in(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(msal, "__version__", version)
    assert SignIn(SECRET, CLOUDS["public"], Entra()).token(GRAPH) == "token 1"


def test_the_requirements_name_the_oldest_msal() -> None:
    requirements = Path(__file__).resolve().parents[5] / "requirements.txt"
    assert "msal>=" + ".".join(map(str, sign_in.OLDEST_MSAL)) + ".0" in requirements.read_text(encoding="utf-8")


@pytest.mark.parametrize("content", ["<html>", "", "[]", '{"access_token": 7}', '{"access_token": "x"}'])
def test_machine_without_an_identity_is_one_message(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(variable, raising=False)
    failed = failure(Network(answer(content)), Credentials(None, None, managed_identity=True))
    assert "Error" not in str(failed)


def test_entras_clock_is_read_from_its_response() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(minutes=20), usegmt=True)
    entra = Entra(token=answer(refusal(700024), 401, {"Date": then}))
    signed_in = SignIn(SECRET, CLOUDS["public"], entra)
    with pytest.raises(SignInFailed):
        signed_in.token(GRAPH)
    assert timedelta(minutes=19) < signed_in._http.ahead < timedelta(minutes=21)


def test_temporary_numbers_have_a_message_for_the_last_try() -> None:
    assert set(CURES) >= refusals.PASSING
