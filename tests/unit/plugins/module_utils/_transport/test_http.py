# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one HTTP policy, against a real server: what is sent again, and what never is."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import (
    BearerToken,
    Transport,
)
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.serving import served


class Server(BaseHTTPRequestHandler):
    """Responds from a list and records the requests."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes] | None]] = []
    asked: ClassVar[list[tuple[str, dict[str, str]]]] = []

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append((self.command, dict(self.headers)))
        answer = self.answers.pop(0) if self.answers else (200, {}, b"{}")
        if answer is None:
            self.close_connection = True
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *args: Any) -> None:
        """Log nothing."""


for _method in ("GET", "POST", "PATCH", "DELETE"):
    setattr(Server, f"do_{_method}", Server._answer)


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Server.answers.clear()
    Server.asked.clear()
    with served(monkeypatch, Server) as address:
        yield f"{address}/thing"


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def transport(naps: list[float]) -> Transport:
    return Transport(sleep=naps.append, timeout=5)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_read_survives_a_passing_refusal(url: str, transport: Transport, status: int) -> None:
    Server.answers[:] = [(status, {}, b"<html>busy</html>")]
    assert transport.send("GET", url).status == 200
    assert len(Server.asked) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_creation_that_may_be_applied_is_never_sent_twice(url: str, transport: Transport, status: int) -> None:
    Server.answers[:] = [(status, {}, b"")]
    assert transport.send("POST", url, json_body={}).status == status
    assert len(Server.asked) == 1


def test_creation_with_a_lost_response_may_be_applied(url: str, transport: Transport) -> None:
    Server.answers[:] = [None]
    with pytest.raises(CallFailed) as failure:
        transport.send("POST", url, json_body={})
    assert failure.value.maybe_applied
    assert len(Server.asked) == 1


def test_a_read_whose_reply_was_lost_is_sent_again(url: str, transport: Transport) -> None:
    Server.answers[:] = [None]
    assert transport.send("GET", url).status == 200


def test_throttled_creation_is_retried_after_the_given_time(url: str, transport: Transport, naps: list[float]) -> None:
    Server.answers[:] = [(429, {"Retry-After": "17"}, b"")]
    assert transport.send("POST", url, json_body={}).status == 200
    assert naps == [17.0]


def test_retry_after_of_an_hour_is_not_waited_for(url: str, transport: Transport, naps: list[float]) -> None:
    Server.answers[:] = [(429, {"Retry-After": "3600"}, b"")]
    assert transport.send("GET", url).status == 429
    assert naps == []


def test_connection_that_was_never_made_cannot_have_changed_anything(naps: list[float]) -> None:
    transport = Transport(sleep=naps.append, retry_for=0, timeout=2)
    with pytest.raises(CallFailed) as failure:
        transport.send("POST", "http://127.0.0.1:9/", json_body={})
    assert not failure.value.maybe_applied


def test_html_or_incomplete_json_is_one_message(url: str, transport: Transport) -> None:
    for body in (b"<html>Welcome to the proxy</html>", b'{"value": [{"a"', b"[1]"):
        Server.answers[:] = [(200, {"Content-Type": "text/html"}, body)]
        answer = transport.send("GET", url)
        with pytest.raises(CallFailed, match="not a JSON object"):
            answer.body.get("value")


def test_token_is_not_replaced_by_a_netrc_entry(
    url: str, transport: Transport, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password other\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    transport.send("GET", url, auth=BearerToken("the-token"))
    transport.send("GET", url)
    assert Server.asked[0][1]["Authorization"] == "Bearer the-token"
    assert "Authorization" not in Server.asked[1][1]


def test_every_try_carries_an_id_of_its_own(url: str, transport: Transport) -> None:
    Server.answers[:] = [(503, {}, b"")]
    transport.send("GET", url)
    ids = [headers["client-request-id"] for _method, headers in Server.asked]
    assert len(set(ids)) == 2


def test_proxies_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "direct.example")
    transport = Transport()
    assert transport._proxies_to("https://contoso.crm4.dynamics.com/api")["https"] == "http://proxy.example:3128"
    assert not transport._proxies_to("https://direct.example/").get("https")
