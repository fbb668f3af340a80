# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections that share their trusted authorities.

requests reads the certificates of all authorities again for each connection, which takes tens of milliseconds. Here a
bundle is read once in a process, and once for all processes that are forked after that.
"""

from __future__ import annotations

import functools
import os
import socket
import ssl
from typing import Any

from .._rules.errors import InvalidInput

try:
    import requests
    from requests.adapters import DEFAULT_CA_BUNDLE_PATH, HTTPAdapter
    from urllib3.util.ssl_ import create_urllib3_context
except ImportError as error:  # pragma: no cover - reported by the entry point
    REQUESTS_IMPORT_ERROR: ImportError | None = error
    HTTPAdapter = object  # type: ignore[assignment,misc]
else:
    REQUESTS_IMPORT_ERROR = None

_HOSTS = 512
_CONNECTIONS_TO_A_HOST = 64
"""How many connections are kept; each is opened only when needed."""
_AT_ONCE = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def default_ca_bundle() -> str:
    """Return the file or folder of trusted authorities that the usual variables name, else that of requests."""
    named = requests.Session().merge_environment_settings("https://graph.microsoft.com", {}, None, True, None)["verify"]
    return named if isinstance(named, str) else str(DEFAULT_CA_BUNDLE_PATH)


@functools.cache
def ssl_context(bundle: str) -> ssl.SSLContext:
    """Return the TLS context that trusts the authorities in `bundle`, a PEM file or a folder of such files.

    Raises InvalidInput when it cannot be read.
    """
    context: ssl.SSLContext = create_urllib3_context()
    folder = os.path.isdir(bundle)
    try:
        context.load_verify_locations(cafile=None if folder else bundle, capath=bundle if folder else None)
    except OSError as error:  # ssl.SSLError is one too
        raise InvalidInput(
            f"The CA bundle {bundle} cannot be used ({error.strerror or error}): name a PEM file of certificates in "
            "ca_bundle or in REQUESTS_CA_BUNDLE."
        ) from error
    return context


class SslContextAdapter(HTTPAdapter):
    """Opens connections that trust a bundle; requests are never repeated behind anybody's back."""

    def __init__(self, bundle: str) -> None:
        """Raises InvalidInput when `bundle` cannot be read."""
        self._context = ssl_context(bundle)
        # Shared by all environments of a run, which are as many hosts.
        super().__init__(max_retries=0, pool_connections=_HOSTS, pool_maxsize=_CONNECTIONS_TO_A_HOST)

    def init_poolmanager(self, *arguments: Any, **keywords: Any) -> None:
        """Make the pool of direct connections."""
        super().init_poolmanager(*arguments, ssl_context=self._context, **keywords)

    def proxy_manager_for(self, proxy: str, **keywords: Any) -> Any:
        """Return the pool of connections through a proxy.

        Through a proxy, urllib3 would send a body only after the headers are acknowledged, which takes 40 ms.
        """
        if proxy.lower().startswith("https:"):
            keywords["proxy_ssl_context"] = self._context
        return super().proxy_manager_for(proxy, ssl_context=self._context, socket_options=[_AT_ONCE], **keywords)

    def cert_verify(self, *_arguments: Any) -> None:
        """Leave a connection as it is: requests would have it read its own bundle."""
