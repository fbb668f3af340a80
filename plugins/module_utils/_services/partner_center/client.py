# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of Partner Center's product ingestion API: its address, its versions and what its refusals mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from ..._identity.credentials import Credentials
from ..._identity.sign_in import SignIn
from ..._rules.clouds import CLOUDS
from ..._transport.errors import CallFailed
from ..._transport.http import Answer, Transport
from ..._transport.run_cache import RunCache
from ..client import ServiceClient
from .problems import problems_in

VERSIONS = ("2022-07-01", "2022-03-01-preview3", "2022-03-01-preview2")
"""The versions of the schemas to request, in this order: old versions are refused over time."""

LOCKED = ("conflict", "locked", "productLocked")
"""The codes that say that the offer is being published and that nothing was done."""

SCHEMAS = "https://schema.mp.microsoft.com/schema/"
"""Where Microsoft publishes the schemas now."""
VERSION = "{version}"
"""A placeholder in paths and schemas for the version that is in use when a request is sent."""

_IN_USE = ("version of the schemas",)
_ROOT = CLOUDS["public"].graph_url


class PartnerCenterClient(ServiceClient):
    """Speaks to the Partner Center account of a publisher, as an application that is associated with it."""

    request_id_header = "request-id"
    next_link = "@nextLink"

    def __init__(self, sign_in: SignIn, transport: Transport, version: str | None = None) -> None:
        """`version` is the one version of the schemas to use, such as 2022-07-01; without it VERSIONS are tried."""
        super().__init__(f"{_ROOT}/rp/product-ingestion/", _ROOT, sign_in, transport)
        self._versions = (version,) if version else VERSIONS
        self._version = ""

    @classmethod
    def signed_in_with(
        cls,
        credentials: Credentials,
        transport: Transport,
        cache: RunCache | None = None,
        version: str | None = None,
    ) -> PartnerCenterClient:
        """Return a client that signs in with the publisher's credentials.

        Partner Center is a service of the public cloud, wherever the environments are (contract: where it lives).
        Raises InvalidInput if the credentials name no tenant.
        """
        return cls(SignIn(credentials, CLOUDS["public"], transport, cache), transport, version)

    @property
    def version(self) -> str:
        """The version of the schemas in use: the first one, unless the service has refused it in this run."""
        if not self._version:
            known = self.recall(*_IN_USE)
            self._version = str(known) if known in self._versions else self._versions[0]
        return self._version

    def call(self, method: str, path: str, *, body: Any = None, **options: Any) -> Answer:
        """Send a request as every client does, with the version of the schemas in `path` and `body`.

        Both contain `VERSION`. A version that is refused as deprecated is not requested again in this run; such a
        refusal comes before anything is done. Raises CallFailed.
        """
        while True:
            version = self.version
            try:
                sent = _with_version(body, version)
                return super().call(method, path.replace(VERSION, version), body=sent, **options)
            except CallFailed as failed:
                if not _is_deprecated(failed):
                    raise
                self._give_up(version, failed)

    def _give_up(self, version: str, failed: CallFailed) -> None:
        """Switch to the next version of the schemas. Raises CallFailed if there is none."""
        left = self._versions[self._versions.index(version) + 1 :]
        if not left:
            raise failed.reworded(
                f"Partner Center refuses version {version} of its schemas as deprecated: set api_version "
                "(lead_writer_partner_center_version in the role) to a version that Microsoft's page on the product "
                "ingestion API lists."
            )
        self._version = left[0]
        self.remember(self._version, *_IN_USE)

    def failed(self, answer: Answer) -> CallFailed:
        """Turn a refusal into the error to raise, with the problems item by item."""
        failed = super().failed(answer)
        # The base client may already have listed further items.
        items = [each for each in problems_in(answer.error.get("details") or []) if each not in str(failed)]
        return failed.reworded(f"{str(failed).rstrip('.')} ({'; '.join(items)}).") if items else failed

    def explain(self, status: int, code: str, message: str) -> str | None:
        """Return the sentence about an application that Partner Center does not accept."""
        if status not in (401, 403):
            return None
        credentials = self.sign_in.credentials
        return (
            f"Partner Center does not accept application {credentials.client_id} of tenant {credentials.tenant}: add "
            "it to the publisher's account there (Account settings, User management, Microsoft Entra applications) "
            f"with a role that may change offers, such as Manager (Partner Center says: {message.rstrip('.')})."
        )


def versioned(path: str, **parameters: str) -> str:
    """Return a path with its query: `$version` is part of every call."""
    return f"{path}?{urlencode({**parameters, '$version': VERSION}, safe='${}')}"


def schema(kind: str) -> str:
    """Return the address of the schema of a kind of resource, in the version that is in use when it is sent."""
    return f"{SCHEMAS}{kind}/{VERSION}"


def _with_version(body: Any, version: str) -> Any:
    """Put the version into the addresses of schemas in a body."""
    if isinstance(body, Mapping):
        return {
            name: value.replace(VERSION, version)
            if name == "$schema" and isinstance(value, str)
            else _with_version(value, version)
            for name, value in body.items()
        }
    return [_with_version(each, version) for each in body] if isinstance(body, list) else body


def _is_deprecated(failed: CallFailed) -> bool:
    return failed.status == 400 and "deprecated schema" in failed.message.lower()
