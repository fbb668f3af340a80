# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every read is bounded, against a real server: size, time, pages, and Retry-After."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.words import LONGEST_TEXT, harmless
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services import client as client_module
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport import http
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer, Transport
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import (
    CLIENTS,
    Network,
    answer,
)
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.serving import served

MIB = 1024**2


class Server(BaseHTTPRequestHandler):
    """Lets a test write the response, and counts requests and connections."""

    protocol_version = "HTTP/1.1"
    write: ClassVar[Callable[[Server], None]]
    asked: ClassVar[list[str]] = []
    connections: ClassVar[set[Any]] = set()

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.connections.add(self.client_address)
        try:
            type(self).write(self)
        except OSError:
            self.close_connection = True

    def log_message(self, *args: Any) -> None:
        """Log nothing."""

    def begin(self, status: int = 200, **headers: str) -> None:
        """Write status and headers, whose names have `_` for `-`."""
        self.send_response(status)
        for name, value in {"Content_Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self, content: bytes, status: int = 200, **headers: str) -> None:
        """Write a response of a known length."""
        self.begin(status, Content_Length=str(len(content)), **headers)
        self.wfile.write(content)

    def chunk(self, content: bytes) -> None:
        """Write a part of a response without a known length."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Server.asked.clear()
    Server.connections.clear()
    with served(monkeypatch, Server) as address:
        yield f"{address}/thing"


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
def transport(naps: list[float]) -> Transport:
    return Transport(sleep=naps.append, timeout=5)


# --- size and time


def endless(server: Server) -> None:
    server.begin(Transfer_Encoding="chunked")
    while True:
        server.chunk(b"a" * MIB)


def bomb(server: Server) -> None:
    server.whole(gzip.compress(b"a" * (64 * MIB)), Content_Encoding="gzip")


def large(server: Server) -> None:
    server.begin(Content_Length=str(64 * MIB))
    for _mib in range(64):
        server.wfile.write(b"a" * MIB)


@pytest.mark.parametrize("write", [endless, bomb, large])
def test_endless_response_is_given_up_once(url: str, transport: Transport, write: Callable[[Server], None]) -> None:
    Server.write = write
    with pytest.raises(CallFailed, match="answered with more than 32 MiB, which is too large to be right: check"):
        transport.send("GET", url)
    assert len(Server.asked) == 1


def test_a_download_has_a_limit_of_its_own(url: str, transport: Transport) -> None:
    Server.write = lambda server: server.whole(b"a" * (3 * MIB))
    assert len(transport.send("GET", url, download=3 * MIB).content) == 3 * MIB
    with pytest.raises(CallFailed, match="more than 2 MiB"):
        transport.send("GET", url, download=2 * MIB)


@pytest.mark.parametrize("chunked", [False, True])
def test_slow_response_is_given_up(
    url: str, transport: Transport, monkeypatch: pytest.MonkeyPatch, chunked: bool
) -> None:
    def drip(server: Server) -> None:
        name, value = ("Transfer_Encoding", "chunked") if chunked else ("Content_Length", "1000")
        server.begin(200, **{name: value})
        while True:
            (server.chunk if chunked else server.wfile.write)(b" ")
            time.sleep(0.05)

    Server.write = drip
    monkeypatch.setattr(http, "LONGEST_ANSWER", 0.5)
    started = time.monotonic()
    with pytest.raises(CallFailed, match="was not answered in full within"):
        transport.send("GET", url)
    assert time.monotonic() - started < 5


def test_incomplete_response_with_a_length_is_a_failure(url: str, naps: list[float]) -> None:
    def half(server: Server) -> None:
        server.begin(Content_Length="100")
        server.wfile.write(b'{"value": []}')
        server.close_connection = True

    Server.write = half
    with pytest.raises(CallFailed):
        Transport(sleep=naps.append, timeout=5, retry_for=0).send("GET", url)


def chunks(server: Server) -> None:
    server.begin(Transfer_Encoding="chunked")
    for piece in (b'{"a', b'": ', b"1}", b""):
        server.chunk(piece)


WHOLE: dict[str, Callable[[Server], None]] = {
    "of a known length": lambda server: server.whole(b'{"a": 1}'),
    "in chunks": chunks,
    "compressed": lambda server: server.whole(gzip.compress(b'{"a": 1}'), Content_Encoding="gzip"),
    "with a byte order mark": lambda server: server.whole(b'\xef\xbb\xbf{"a": 1}'),
    "in an unknown encoding": lambda server: server.whole(b'{"a": 1}', Content_Type="application/json; charset=xx"),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_response_on_a_kept_connection_is_read_completely(url: str, transport: Transport, kind: str) -> None:
    Server.write = WHOLE[kind]
    for _time in range(3):
        assert transport.send("GET", url).body == {"a": 1}
    assert len(Server.connections) == 1


def test_empty_response_keeps_the_connection(url: str, transport: Transport) -> None:
    Server.write = lambda server: server.begin(204)
    for _time in range(3):
        assert transport.send("GET", url).text == ""
    assert len(Server.connections) == 1


# --- retries


def test_temporary_500_to_a_read_is_retried(url: str, transport: Transport) -> None:
    Server.write = lambda server: server.whole(b"{}", 500 if len(Server.asked) == 1 else 200)
    assert transport.send("GET", url).status == 200


@pytest.mark.parametrize(("status", "times"), [(500, http.TRIES_AFTER_500), (501, 1), (505, 1)])
def test_persistent_500_is_retried_a_few_times(url: str, transport: Transport, status: int, times: int) -> None:
    Server.write = lambda server: server.whole(b"{}", status)
    assert transport.send("GET", url).status == status
    assert len(Server.asked) == times


def test_incomplete_json_to_a_read_is_retried(url: str, transport: Transport) -> None:
    Server.write = lambda server: server.whole(b'{"value": [' if len(Server.asked) == 1 else b'{"value": []}')
    assert transport.send("GET", url).body == {"value": []}


# --- Retry-After


@pytest.mark.parametrize("named", ["0", "-5", "nan", "-inf", "soon", "Fri, 01 Jan 2021 00:00:00 GMT", "1e300", "inf"])
def test_invalid_retry_after_leaves_growing_pauses(
    url: str, transport: Transport, naps: list[float], named: str
) -> None:
    Server.write = lambda server: server.whole(b"{}", 429 if len(Server.asked) < 4 else 200, Retry_After=named)
    assert transport.send("GET", url).status == 200
    assert len(naps) == 3
    assert naps == sorted(naps)
    assert naps[0] > 0.8


def test_retry_after_zero_is_not_a_tight_loop(url: str, transport: Transport, naps: list[float]) -> None:
    Server.write = lambda server: server.whole(b"{}", 429 if len(Server.asked) == 1 else 200, Retry_After="0.001")
    transport.send("GET", url)
    assert naps == [http.SHORTEST_RETRY_AFTER]


def test_retry_after_date_uses_the_clock_of_the_service() -> None:
    then = datetime(2030, 1, 1, tzinfo=UTC)
    headers = {
        "Date": format_datetime(then, usegmt=True),
        "Retry-After": format_datetime(then + timedelta(seconds=42), usegmt=True),
    }
    assert Answer(429, headers, "", "GET x").retry_after == 42.0


@pytest.mark.parametrize("service", CLIENTS)
def test_too_long_retry_after_is_in_the_message(service: str) -> None:
    busy = answer({"error": {"code": "TooManyRequests", "message": "Busy."}}, 429, {"Retry-After": "3600"})
    with pytest.raises(CallFailed, match=r"asks to wait 3600 s, .* run again after that \(TooManyRequests: Busy\)\.$"):
        CLIENTS[service](Network(busy)).get("/thing")


# --- pages


def pages_of(service: str, link: Callable[[int], str]) -> Network:
    """A list whose every page has a link."""
    network = Network({})
    client = CLIENTS[service](network)
    host = client.root.split("/")[2]

    def send(_method: str, url: str, **_options: Any) -> Answer:
        network.sent.append((url, None))
        return answer({"value": [{}], client.next_link: f"https://{host}/{link(len(network.sent))}"})

    network.send = send  # type: ignore[method-assign,assignment]
    return network


@pytest.mark.parametrize("service", CLIENTS)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_circular_pages_are_detected(service: str, length: int) -> None:
    network = pages_of(service, lambda number: f"page{number % length}")
    with pytest.raises(CallFailed, match=r"does not end after \d pages: run again"):
        [*CLIENTS[service](network).rows("/things")]
    assert len(network.sent) <= length + 1


@pytest.mark.parametrize("service", CLIENTS)
def test_endless_pages_are_given_up(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "MOST_PAGES", 20)
    network = pages_of(service, lambda number: f"page{number}")
    with pytest.raises(CallFailed, match="does not end after 21 pages"):
        [*CLIENTS[service](network).rows("/things")]


@pytest.mark.parametrize("service", CLIENTS)
def test_pages_that_are_too_large_together_are_given_up(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "LARGEST_LIST", 1000)
    network = pages_of(service, lambda number: f"page{number}")
    with pytest.raises(CallFailed, match="does not end after"):
        [*CLIENTS[service](network).rows("/things")]
    assert len(network.sent) < 30


# --- text

FORGED = "\x1b[2J\x1b[Hok: [contoso_prod]\r\nfatal\u202e\u2066\x9b1m\x00"


def test_text_of_a_service_is_one_plain_line() -> None:
    assert harmless(FORGED) == "[2J [Hok: [contoso_prod] fatal 1m"


def test_text_of_a_service_does_not_flood_the_screen() -> None:
    assert len(harmless("a" * 10**6)) < LONGEST_TEXT + 10


@pytest.mark.parametrize("service", CLIENTS)
def test_a_refusal_is_shown_without_control_characters(service: str) -> None:
    refused = answer({"error": {"code": FORGED, "message": FORGED}}, 400)
    with pytest.raises(CallFailed) as failed:
        CLIENTS[service](Network(refused)).get("/thing")
    for text in (str(failed.value), failed.value.code, failed.value.message):
        assert text.isprintable()
