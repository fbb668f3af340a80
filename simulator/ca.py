# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator's own certificate authority: created at start, trusted through its bundle, deleted at the end."""

from __future__ import annotations

import ssl
import tempfile
from pathlib import Path

import trustme

from .clouds import CLOUDS


class CertificateAuthority:
    """Issues a certificate for each host at its first request; environments of one region share a wildcard."""

    def __init__(self) -> None:
        self._ca = trustme.CA(organization_name="Microsoft cloud simulator, not trusted by anyone else")
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="microsoft-cloud-simulator-")
        self.bundle = Path(self._folder.name) / "ca.pem"
        self.bundle.write_bytes(self._ca.cert_pem.bytes())

    def context_for(self, host: str) -> ssl.SSLContext:
        """The server side TLS context that answers as `host`."""
        name = _certificate_name(host)
        if name not in self._contexts:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.set_alpn_protocols(["http/1.1"])
            self._ca.issue_cert(name).configure_cert(context)
            self._contexts[name] = context
        return self._contexts[name]

    def close(self) -> None:
        """Remove the bundle's folder."""
        self._folder.cleanup()


_ENVIRONMENT_DOMAINS = frozenset(
    domain for cloud in CLOUDS.values() for name in cloud.environment_domains for domain in (name, f"api.{name}")
)


def _certificate_name(host: str) -> str:
    domain = host.partition(".")[2]
    return f"*.{domain}" if domain in _ENVIRONMENT_DOMAINS else host
