# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forward proxy: tunnels to simulated hosts end at the simulator's own TLS server; others are refused."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from .ca import CertificateAuthority

_MAX_HEAD_BYTES = 65536
PlainAnswer = Callable[[str, dict[str, str]], tuple[int, bytes] | None]
_logger = logging.getLogger(__name__)


class Proxy:
    """Listens for `CONNECT` and passes each tunnel to the HTTP server after its TLS handshake.

    `knows_host(host)` returns whether a host is simulated; `app` is the ASGI application that answers for all.
    `plain(target, headers)` answers a `GET` outside any tunnel, or returns None.
    """

    def __init__(
        self, app: Any, ca: CertificateAuthority, knows_host: Callable[[str], bool], plain: PlainAnswer | None = None
    ) -> None:
        self.ca = ca
        self.plain = plain
        self.knows_host = knows_host
        self._config = Config(
            app=app,
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=120,
        )
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._upgrades: set[asyncio.Task[None]] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Start listening and return the port, which the system chooses if `port` is 0."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _TunnelProtocol(self), host, port, backlog=2048)
        listening: int = self._server.sockets[0].getsockname()[1]
        return listening

    async def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._state.connections):
            transport = getattr(connection, "transport", None)
            if transport is not None:
                transport.abort()
        for task in [*self._upgrades, *self._state.tasks]:
            task.cancel()

    def new_http_protocol(self) -> _HttpProtocol:
        """The HTTP side of one tunnel."""
        return _HttpProtocol(config=self._config, server_state=self._state, app_state={})

    def begin(self, upgrade: Any) -> None:
        """Run the handshake of one tunnel in the background."""
        task = asyncio.ensure_future(upgrade)
        self._upgrades.add(task)
        task.add_done_callback(self._upgrades.discard)


class _TunnelProtocol(asyncio.Protocol):
    """Reads the one `CONNECT` request that opens a tunnel."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._head = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._head += data
        if b"\r\n\r\n" not in self._head:
            if len(self._head) > _MAX_HEAD_BYTES:
                self._refuse(431, "The request's head is too long.")
            return
        method, _space, rest = self._head.split(b"\r\n", 1)[0].partition(b" ")
        target = rest.partition(b" ")[0].decode("latin-1")
        if method == b"GET" and self._proxy.plain is not None:
            answer = self._proxy.plain(target, _headers_of(self._head))
            if answer is not None:
                self._reply(*answer, content_type="application/json; charset=utf-8")
                return
        if method != b"CONNECT":
            self._refuse(403, "This proxy only opens tunnels (CONNECT) to the hosts of the simulated Microsoft cloud.")
            return
        host, _colon, port = target.rpartition(":")
        host = host.lower()
        if port != "443" or not self._proxy.knows_host(host):
            self._refuse(403, f"The simulated Microsoft cloud has no host {target}; nothing outside it can be reached.")
            return
        # Nothing may arrive between the reply and the start of the handshake.
        self._transport.pause_reading()
        self._proxy.begin(self._upgrade(host))

    async def _upgrade(self, host: str) -> None:
        assert self._transport is not None
        self._transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        protocol = self._proxy.new_http_protocol()
        try:
            tls = await asyncio.get_running_loop().start_tls(
                self._transport, protocol, self._proxy.ca.context_for(host), server_side=True
            )
        except (OSError, ConnectionError) as error:  # the client does not trust the authority, or has disconnected
            _logger.debug("No TLS for %s: %s", host, error)
            self._transport.abort()
            return
        if tls is not None:
            protocol.begin(tls, host)

    def _refuse(self, status: int, sentence: str) -> None:
        self._reply(status, sentence.encode(), content_type="text/plain; charset=utf-8")

    def _reply(self, status: int, body: bytes, *, content_type: str) -> None:
        assert self._transport is not None
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        self._transport.close()


def _headers_of(head: bytes) -> dict[str, str]:
    """The headers of a request by lower-case name."""
    lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _colon, value in pairs}


class _HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol, started late (after the handshake) and able to break its connection on purpose."""

    def begin(self, transport: asyncio.Transport, host: str) -> None:
        """Take over the decrypted side of the tunnel to `host`, with the data received so far."""
        self._host = host
        self.connection_made(transport)
        self._begun = True
        early, self._early = self._early, b""
        if early:
            self.data_received(early)

    _begun = False
    _early = b""
    _host = ""

    def data_received(self, data: bytes) -> None:
        if self._begun:
            super().data_received(data)
        else:
            self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        if self._begun:
            super().connection_lost(exc)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {
            "simulator.abort": {"call": self.transport.abort},
            "simulator.close": {"call": self.transport.close},
            "simulator.tunnel": {"host": self._host},
        }
