# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's contract: the format of requests and answers."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse

import simulator

CONTRACT = Path(simulator.__file__).parent / "contract" / "graph.openapi.yaml"


@functools.cache
def contract() -> OpenAPI:
    """The contract file, read once."""
    return OpenAPI.from_file_path(str(CONTRACT))


def check(response: requests.Response) -> None:
    """Raise an OpenAPIError unless the answer, and an accepted request, match the contract."""
    # The hosts of national clouds are the same service.
    request = response.request.copy()
    assert request.url is not None
    request.url = "https://graph.microsoft.com/" + request.url.split("/", 3)[3]
    described = RequestsOpenAPIRequest(request)
    if response.status_code < 400:
        contract().validate_request(described)
    contract().validate_response(described, RequestsOpenAPIResponse(response))


def check_exchange(exchange: dict[str, Any]) -> None:
    """The same for an exchange that the simulator has recorded."""
    response = requests.Response()
    response.request = requests.Request(
        exchange["method"], exchange["url"], headers=exchange["headers"], json=exchange["body"]
    ).prepare()
    response.status_code = exchange["status"]
    answer = exchange["answer"]
    response._content = b"" if answer is None else answer.encode() if isinstance(answer, str) else _json(answer)
    response.headers["Content-Type"] = "text/plain" if isinstance(answer, str) else "application/json"
    check(response)


def _json(answer: Any) -> bytes:
    return json.dumps(answer).encode()
