# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Published clients of others, unmodified and signed in by themselves, behind one small interface."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

azure_core = pytest.importorskip("azure.core", reason="azure-core is not installed")
azure_identity = pytest.importorskip("azure.identity", reason="azure-identity is not installed")
azure_rest = pytest.importorskip("azure.core.rest")
azure_policies = pytest.importorskip("azure.core.pipeline.policies")
kiota_adapter = pytest.importorskip("kiota_http.httpx_request_adapter", reason="microsoft-kiota-http is not installed")
kiota_azure = pytest.importorskip(
    "kiota_authentication_azure.azure_identity_authentication_provider",
    reason="microsoft-kiota-authentication-azure is not installed",
)
kiota = pytest.importorskip("kiota_abstractions.request_information")
kiota_native = pytest.importorskip("kiota_abstractions.native_response_handler")
kiota_options = pytest.importorskip("kiota_http.middleware.options")
kiota_method = pytest.importorskip("kiota_abstractions.method")


@dataclass(frozen=True)
class Answer:
    """The answer: status, lower-case headers, body."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)


class Client(Protocol):
    """A client of one service.

    It follows no links and is independent of the service. It signs in, uses the proxy, trusts the bundle and retries
    after Retry-After.
    """

    def __call__(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        """One request; a body that is not bytes is sent as JSON; headers have `_` for `-`."""


def _sent(body: Any, headers: dict[str, str]) -> tuple[bytes | None, dict[str, str]]:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is None or isinstance(body, bytes):
        return body, given
    return json.dumps(body).encode(), {"Content-Type": "application/json", **given}


class AzureCore:
    """The pipeline below Microsoft's clients for Azure, with its own policies for tokens and retries."""

    def __init__(self, credential: Any, scope: str) -> None:
        policies = [azure_policies.RetryPolicy(), azure_policies.BearerTokenCredentialPolicy(credential, scope)]
        self._client = azure_core.PipelineClient(scope.removesuffix("/.default"), policies=policies)

    def __call__(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        """One request."""
        content, given = _sent(body, headers)
        request = azure_rest.HttpRequest(method, url, headers=given, content=content)
        response = self._client.send_request(request)
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, found, response.read())


class Kiota:
    """The adapter below Microsoft's generated clients, including the one for Graph."""

    def __init__(self, credential: Any, scope: str) -> None:
        self._credential, self._scope = credential, scope

    def __call__(self, method: str, url: str, body: Any = None, **headers: str) -> Answer:
        """One request."""
        return asyncio.run(self._send(method, url, *_sent(body, headers)))

    async def _send(self, method: str, url: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        host = url.split("/")[2]
        provider = kiota_azure.AzureIdentityAuthenticationProvider(
            self._credential, scopes=[self._scope], allowed_hosts=[host]
        )
        adapter = kiota_adapter.HttpxRequestAdapter(provider)
        request = kiota.RequestInformation()
        request.http_method, request.url = kiota_method.Method(method), url
        for name, value in headers.items():
            request.headers.add(name, value)
        request.content = content
        request.add_request_options([kiota_options.ResponseHandlerOption(kiota_native.NativeResponseHandler())])
        response = await adapter.send_primitive_async(request, "bytes", {})
        found = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, found, await response.aread())


GENERIC: tuple[type[AzureCore] | type[Kiota], ...] = (AzureCore, Kiota)
