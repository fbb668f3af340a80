# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How msal reaches the network: over our transport, to the sign-in hosts only, and with answers that it can read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from .._rules.origins import Origins, origin_shown
from .._rules.timestamps import read_http_date
from .._transport.errors import CallFailed
from .._transport.http import Answer, Transport
from .._transport.run_cache import RunCache
from .refusals import SignInFailed, code_of, is_passing

_DISCOVERY = "/openid-configuration"


@dataclass
class Reply:
    """An answer in the form that msal expects from an http client."""

    status_code: int
    text: str
    headers: Any
    request: str

    def raise_for_status(self) -> None:
        """Raise as requests does; msal calls it for answers of 400 and more that it does not read."""
        if self.status_code >= 400:
            raise _not_entra(self.request, self.status_code)


class MsalHttp:
    """Lets msal use our transport, so that TLS, proxies, timeouts and retries follow the one policy.

    A discovery document is read once in a run, for all applications. It decides what msal sends, and where, so requests
    go only to hosts of the sign-in service: a token endpoint elsewhere would get the secret or the signed assertion.
    """

    def __init__(
        self,
        transport: Transport,
        cache: RunCache,
        hosts: tuple[str, ...],
        refused: Callable[[Mapping[str, Any], timedelta], SignInFailed],
    ) -> None:
        """`hosts` are the sign-in hosts; `refused` makes the failure for a refused discovery."""
        self._transport = transport
        self._cache = cache
        self._origins = Origins(*hosts)
        self._refused = refused
        self._read: dict[str, Reply] = {}
        self.ahead = timedelta(0)

    def get(self, url: str, params: Any = None, headers: Any = None, **unused: Any) -> Reply:
        """GET for msal."""
        own = self._own(url)
        if own not in self._read:
            kept = self._cache.get("discovery", own)
            if kept is None:
                answer = self._noted(self._transport.send("GET", own, params=params, headers=headers))
                if answer.status == 404 and not own.endswith(_DISCOVERY):
                    # Some clouds do not know how a user's domain signs in; to msal that is an answer.
                    return Reply(answer.status, answer.text, answer.headers, answer.request)
                self._check_read(own, answer)
                self._cache.put(answer.text, "discovery", own)
                kept = answer.text
            self._read[own] = Reply(200, str(kept), {}, f"GET {own}")
        return self._read[own]

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **unused: Any) -> Reply:
        """POST for msal: asking for a token changes nothing, so it may be repeated."""
        answer = self._noted(
            self._transport.send(
                "POST",
                self._own(url),
                params=params,
                form=data,
                headers=headers,
                repeatable=True,
                retry_codes=lambda answer: is_passing(answer.fields),
            )
        )
        return token_reply(answer)

    def close(self) -> None:
        """Nothing to close: the transport outlives it."""

    def _noted(self, answer: Answer) -> Answer:
        said = read_http_date(answer.headers.get("Date", ""))
        if said is not None:
            self.ahead = said - datetime.now(timezone.utc)
        return answer

    def _check_read(self, url: str, answer: Answer) -> None:
        """Refuse an invalid discovery document, or one that redirects a sign-in, before any credential is sent."""
        if answer.status == 400 and code_of(answer.fields):
            raise self._refused(answer.fields, self.ahead)
        if answer.status != 200:
            raise _not_entra(answer.request, answer.status)
        document = answer.body
        if url.endswith(_DISCOVERY):
            for name in ("authorization_endpoint", "token_endpoint"):
                self._own(document.get(name))

    def _own(self, url: object) -> str:
        own = self._origins.own(url)
        if own is None:
            raise SignInFailed(
                f"{self._origins.hosts[0]} redirects the sign-in to {origin_shown(url)}, so no credential was sent: "
                "set cloud for a tenant of another national cloud, otherwise check for a proxy or gateway that "
                "intercepts the request."
            )
        return own


class MachineHttp:
    """Lets msal ask the machine's own endpoint for the token of a managed identity.

    Its address depends only on the machine (a fixed address, or variables that the platform sets), and none of its
    answers names an address that msal sends anything to.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, url: str, params: Any = None, headers: Any = None, **unused: Any) -> Reply:
        """GET for msal."""
        answer = self._transport.send("GET", url, params=params, headers=headers)
        # Azure Arc answers 401 first, with or without content; the header says where to read the proof.
        if answer.status != 401:
            answer.body  # noqa: B018  # raises for anything else than an object
        return Reply(answer.status, answer.text, answer.headers, answer.request)

    def close(self) -> None:
        """Nothing to close: the transport outlives it."""


def token_reply(answer: Answer) -> Reply:
    """Pass the answer of a token endpoint to msal, which raises bare errors for one that is neither token nor refusal.

    Raises CallFailed.
    """
    if answer.status >= 500 and not code_of(answer.fields):
        raise _not_entra(answer.request, answer.status)
    fields = answer.fields if 300 <= answer.status < 400 else answer.body
    if answer.status == 200 and _is_token(fields):
        return Reply(200, answer.text, answer.headers, answer.request)
    if isinstance(fields.get("error"), str) and 400 <= answer.status < 600:
        # Temporary errors come as 503 too; msal treats a refusal the same for any status.
        return Reply(min(answer.status, 400), answer.text, answer.headers, answer.request)
    raise CallFailed(
        f"{answer.request} was answered with {answer.status} and neither a token nor an error: run again, and if it "
        "persists, check for a proxy or gateway that intercepts the request.",
        request=answer.request,
        status=answer.status,
    )


def _is_token(fields: Mapping[str, Any]) -> bool:
    token, seconds = fields.get("access_token"), fields.get("expires_in")
    return isinstance(token, str) and bool(token) and str(seconds).isascii() and str(seconds).isdecimal()


def _not_entra(request: str, status: int) -> CallFailed:
    if status >= 500:
        sentence = f"{request} was answered with {status}, because Microsoft Entra is not available: run again."
    else:
        sentence = (
            f"{request} was answered with {status} and no error from Microsoft Entra: check for a proxy or gateway "
            "that intercepts the request."
        )
    return CallFailed(sentence, request=request, status=status)
