# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of Microsoft's services an address belongs to."""

from __future__ import annotations

from urllib.parse import urlsplit

from .clouds import CLOUDS

OTHER = "other"
"""The service of an unknown host."""
UNKNOWN_CLOUD = "unknown"

_PARTNER_CENTER = "/rp/product-ingestion"
"""The path on the host of Microsoft Graph below which Partner Center's API is."""


def service_of(url: str) -> tuple[str, str]:
    """Return the kind of service that an address belongs to, and its cloud; `other` and `unknown` for all others.

    Never raises. If clouds share a host, it counts for the first cloud that has it.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return OTHER, UNKNOWN_CLOUD
    for cloud in CLOUDS.values():
        if host in cloud.login_hosts:
            return "entra", cloud.name
        if host == cloud.graph_host:
            return "partner-center" if parts.path.startswith(_PARTNER_CENTER) else "graph", cloud.name
        if host == cloud.power_platform_host:
            return "power-platform", cloud.name
        if cloud.environment_host.fullmatch(host.replace(".api.", ".", 1)):
            return "environment", cloud.name
    return OTHER, UNKNOWN_CLOUD
