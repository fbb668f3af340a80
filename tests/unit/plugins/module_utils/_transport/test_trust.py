# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a connection trusts: only the authorities of the bundle, and only for the requested host."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import trustme
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport import trust
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Transport

ELSEWHERE = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


class Greeting(http.server.BaseHTTPRequestHandler):
    """Responds to every GET with an empty JSON object."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority with its certificate in own.pem; other.pem holds that of another one."""
    for variable in ELSEWHERE:
        monkeypatch.delenv(variable, raising=False)
    own = trustme.CA()
    own.cert_pem.write_to_path(str(tmp_path / "own.pem"))
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    return own


@pytest.fixture
def port(authority: trustme.CA) -> Iterator[int]:
    """The port of a server whose certificate is valid for `localhost` only."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Greeting)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_only_the_given_bundle_is_trusted(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"https://localhost:{port}/"
    assert Transport(ca_bundle=str(tmp_path / "own.pem")).send("GET", url).status == 200
    for transport in (Transport(ca_bundle=str(tmp_path / "other.pem")), Transport()):
        with pytest.raises(CallFailed, match="certificate is not trusted"):
            transport.send("GET", url)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "own.pem"))
    assert Transport().send("GET", url).status == 200
    with pytest.raises(CallFailed, match="certificate is not trusted"):
        Transport(ca_bundle=str(tmp_path / "other.pem")).send("GET", url)


def test_a_server_with_the_certificate_of_another_host_is_not_trusted(port: int, tmp_path: Path) -> None:
    with pytest.raises(CallFailed, match="certificate is not trusted"):
        Transport(ca_bundle=str(tmp_path / "own.pem")).send("GET", f"https://127.0.0.1:{port}/")


def test_a_bundle_is_read_once(authority: trustme.CA, tmp_path: Path) -> None:
    bundle = tmp_path / "own.pem"
    first = trust.ssl_context(str(bundle))
    bundle.unlink()
    assert trust.ssl_context(str(bundle)) is first


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_invalid_bundle_is_one_message_with_the_cure(tmp_path: Path, content: bytes | None) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"bundle\.pem cannot be used .* name a PEM file"):
        Transport(ca_bundle=str(bundle)).send("GET", "https://localhost/")


def test_threads_started_together_trust_the_same(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ssl_context = trust.ssl_context

    def trusting_later(bundle: str) -> ssl.SSLContext:
        time.sleep(0.05)
        return ssl_context(bundle)

    monkeypatch.setattr(trust, "ssl_context", trusting_later)
    transport = Transport(ca_bundle=str(tmp_path / "own.pem"))
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda _number: transport.send("GET", f"https://localhost:{port}/").status, range(3)))
    assert answers == [200, 200, 200]
