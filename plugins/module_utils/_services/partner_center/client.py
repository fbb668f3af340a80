# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of Partner Center's product ingestion API: where it lives and what its refusals mean."""

from __future__ import annotations

from urllib.parse import urlencode

from ..._identity.credentials import Credentials
from ..._identity.sign_in import SignIn
from ..._rules.clouds import CLOUDS
from ..._transport.http import Transport
from ..._transport.run_cache import RunCache
from ..client import ServiceClient

RESOURCES_VERSION = "2022-03-01-preview3"
"""The newest version of the schemas of products and lead destinations that is asked for."""
JOBS_VERSION = "2022-03-01-preview2"
"""The version of the schemas of jobs and submissions."""

LOCKED = ("conflict", "locked", "productLocked")
"""The codes that say: somebody publishes the offer just now, and nothing was done."""

_ROOT = CLOUDS["public"].graph_url


class PartnerCenterClient(ServiceClient):
    """Speaks to the Partner Center account of a publisher, as an application that is associated with it."""

    request_id_header = "request-id"
    next_link = "@nextLink"

    def __init__(self, sign_in: SignIn, transport: Transport) -> None:
        super().__init__(f"{_ROOT}/rp/product-ingestion/", _ROOT, sign_in, transport)

    @classmethod
    def signed_in_with(
        cls, credentials: Credentials, transport: Transport, cache: RunCache | None = None
    ) -> PartnerCenterClient:
        """Return a client that signs in with the publisher's credentials.

        Partner Center is a service of the public cloud, wherever the environments are (contract: where it lives).
        Raises InvalidInput when the credentials name no tenant.
        """
        return cls(SignIn(credentials, CLOUDS["public"], transport, cache), transport)

    def explain(self, status: int, code: str, message: str) -> str | None:
        """Say what an application lacks that Partner Center does not let in."""
        if status not in (401, 403):
            return None
        credentials = self.sign_in.credentials
        return (
            f"Partner Center does not let in application {credentials.client_id} of tenant {credentials.tenant}: "
            "add it to the publisher's account there (Account settings, User management, Microsoft Entra applications) "
            f"with a role that may change offers, such as Manager (Partner Center says: {message.rstrip('.')})."
        )


def versioned(path: str, version: str = RESOURCES_VERSION, **parameters: str) -> str:
    """Return a path with its query: C($version) is part of every call."""
    return f"{path}?{urlencode({**parameters, '$version': version}, safe='$')}"
