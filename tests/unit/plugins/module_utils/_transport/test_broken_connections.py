# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Broken connections: a creation that may have been applied must never be sent again, also behind a proxy."""

from __future__ import annotations

import socket
import ssl
import traceback
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import (
    Transport,
    address_shown,
    secrets_in_address,
)
from requests import exceptions
from urllib3.exceptions import (
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ProxyError,
    SSLError,
)

URL = "https://contoso.crm4.dynamics.com/api/data/v9.2/ImportSolutionAsync"


def wrapped(outside: type[Exception], reason: Exception) -> Exception:
    """An error that requests raises for a reason of urllib3."""
    return outside(MaxRetryError(None, URL, reason))  # type: ignore[arg-type]


RESET = ConnectionResetError(104, "Connection reset by peer")
TUNNEL = OSError("Tunnel connection failed: 403 Forbidden")
REFUSED = NewConnectionError(None, "Connection refused")  # type: ignore[arg-type]
UNTRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed")
TLS_BROKE = ssl.SSLEOFError(8, "EOF occurred in violation of protocol")

BROKE_ON_THE_WAY = {
    "the server's connection": exceptions.ConnectionError(ProtocolError("Connection aborted.", RESET)),
    "behind a proxy": wrapped(exceptions.ProxyError, ProxyError("Unable to connect to proxy", RESET)),
    "inside TLS": wrapped(exceptions.SSLError, SSLError(TLS_BROKE)),
    "no answer in time": exceptions.ReadTimeout("timed out"),
}
NEVER_MADE = {
    "the server refuses": wrapped(exceptions.ConnectionError, REFUSED),
    "the proxy refuses": wrapped(exceptions.ProxyError, ProxyError("Unable to connect to proxy", REFUSED)),
    "the proxy refuses the host": wrapped(exceptions.ProxyError, ProxyError("Unable to connect to proxy", TUNNEL)),
    "the certificate is not trusted": wrapped(exceptions.SSLError, SSLError(UNTRUSTED)),
}


class Session:
    """Raises the same error for every request, and counts them."""

    def __init__(self, error: Exception) -> None:
        self.error, self.sent = error, 0

    def request(self, *_arguments: Any, **_options: Any) -> Any:
        self.sent += 1
        raise self.error


def send(error: Exception) -> tuple[CallFailed, int]:
    session, now = Session(error), [0.0]
    transport = Transport(retry_for=10.0, sleep=lambda seconds: now.append(now[-1] + seconds), clock=lambda: now[-1])
    transport._session = session
    with pytest.raises(CallFailed) as failed:
        transport.send("POST", URL)
    return failed.value, session.sent


@pytest.mark.parametrize("error", BROKE_ON_THE_WAY.values(), ids=BROKE_ON_THE_WAY.keys())
def test_creation_on_a_broken_connection_is_sent_once(error: Exception) -> None:
    failed, sent = send(error)
    assert failed.maybe_applied
    assert sent == 1


@pytest.mark.parametrize("error", NEVER_MADE.values(), ids=NEVER_MADE.keys())
def test_connection_that_was_never_made_has_changed_nothing(error: Exception) -> None:
    assert not send(error)[0].maybe_applied


def test_failure_that_needs_a_setting_is_reported_at_once() -> None:
    failed, sent = send(NEVER_MADE["the certificate is not trusted"])
    assert "ca_bundle" in str(failed)
    assert sent == 1
    failed, sent = send(NEVER_MADE["the proxy refuses the host"])
    assert "HTTPS_PROXY" in str(failed)
    assert sent == 1


def test_a_server_that_is_starting_is_tried_again() -> None:
    _failed, sent = send(NEVER_MADE["the server refuses"])
    assert sent > 1


def test_misspelled_host_fails_at_once_and_busy_dns_is_retried() -> None:
    assert "could not be resolved" in str(send(unresolved(socket.EAI_NONAME))[0])
    assert send(unresolved(socket.EAI_NONAME))[1] == 1
    assert send(unresolved(socket.EAI_AGAIN))[1] > 1


def unresolved(number: int) -> Exception:
    """The error of requests for a host without an address, with the name servers' response as its cause."""
    said = socket.gaierror(number, "no address")
    error = NameResolutionError("contoso.crm4.dynamics.example", None, said)  # type: ignore[arg-type]
    error.__cause__ = said
    return wrapped(exceptions.ConnectionError, error)


# --- proxies and addresses that can never work

LOGIN, PASSWORD = "proxy-user", "p%40ss-word"

UNUSABLE = {
    "SOCKS": "socks5h://{login}proxy.example:1080",
    "SOCKS as GNOME writes it": "socks://{login}proxy.example:1080",
    "a port that is none": "http://{login}proxy.example:8o80",
    "a port that is too large": "http://{login}proxy.example:808080",
    "no host": "http://{login}:3128",
    "an unfinished address": "http://{login}[proxy.example:3128",
    "a blank in the host": "http://{login}proxy .example:3128",
}


@pytest.mark.parametrize("login", ["", f"{LOGIN}:{PASSWORD}@", f"{LOGIN}:pa/ss-word@", f"{LOGIN}:pa#ss-word@"])
@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_proxy_that_can_never_work_fails_at_once(kind: str, login: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", UNUSABLE[kind].format(login=login))
    naps: list[float] = []
    with pytest.raises(CallFailed) as failed:
        Transport(sleep=naps.append, timeout=2).send("GET", URL)
    assert "HTTPS_PROXY" in str(failed.value)
    assert naps == []
    assert not failed.value.maybe_applied
    shown = "".join(traceback.format_exception(failed.value))
    assert not {part for part in (LOGIN, "ss-word", "p@ss") if part in shown}


def test_https_for_a_plain_proxy_fails_at_once_with_the_cure() -> None:
    error = wrapped(exceptions.SSLError, SSLError(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number")))
    transport = Transport(sleep=lambda seconds: None)
    transport._session = session = Session(error)
    transport._proxies["contoso.crm4.dynamics.com"] = {"https": f"https://{LOGIN}:{PASSWORD}@proxy.example:3128"}
    with pytest.raises(CallFailed, match=r"write http://HOST:PORT in HTTPS_PROXY"):
        transport.send("GET", URL)
    assert session.sent == 1


@pytest.mark.parametrize("written", [PASSWORD, "p@ss-word"])
def test_a_proxys_login_is_in_no_message(written: str) -> None:
    error = wrapped(exceptions.ProxyError, ProxyError(f"Cannot connect to {LOGIN}:{written}", REFUSED))
    error.args[0].reason.args = (f"Cannot connect to proxy {LOGIN}:{written}@proxy.example",)
    transport = Transport(sleep=lambda seconds: None, retry_for=0)
    transport._session = Session(error)
    transport._proxies["contoso.crm4.dynamics.com"] = {"https": f"http://{LOGIN}:{PASSWORD}@proxy.example:3128"}
    with pytest.raises(CallFailed) as failed:
        transport.send("GET", URL)
    assert LOGIN not in str(failed.value)
    assert "ss-word" not in str(failed.value)


def test_an_address_is_shown_without_login_query_and_fragment() -> None:
    assert address_shown("https://user:pass@x.example:8443/a.zip?sig=abc#d") == "https://x.example:8443/a.zip"
    assert address_shown("https://[x/a.zip?sig=abc") == "a malformed address"


def test_the_secrets_of_an_address_are_its_login_and_query() -> None:
    assert secrets_in_address("https://user:pass@x.example/a.zip?sig=abc#d") == {"user:pass", "pass", "sig=abc"}
    assert secrets_in_address("https://x.example/a.zip") == set()
