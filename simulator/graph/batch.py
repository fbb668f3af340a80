# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`POST /$batch`: up to twenty requests in one, each answered and throttled on its own (contract: batches)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from ..writes import is_write
from .call import Answer, Call
from .errors import bad_request

_MAX_REQUESTS = 20
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})


def answer(call: Call, execute: Callable[[str, str, dict[str, str], Any], Answer]) -> Answer:
    """Run the requests of the body; `execute(method, url, headers, body)` runs one and never raises.

    The order of answers is not guaranteed. Raises GraphError for a batch that is malformed as a whole.
    """
    requests = _checked(call)
    done: dict[str, int] = {}
    responses: list[dict[str, Any]] = []
    for item in requests:
        failed = [other for other in item.get("dependsOn", ()) if done.get(other, 424) >= 400]
        if failed:
            found = Answer(
                424,
                {"error": {"code": "FailedDependency", "message": f"Failed dependency on request {failed[0]!r}."}},
            )
        else:
            found = execute(item["method"].upper(), item["url"], item.get("headers") or {}, item.get("body"))
        done[item["id"]] = found.status
        responses.append(_response(item["id"], found))
    call.world.random.shuffle(responses)
    return Answer(200, {"responses": responses})


def writes_in(body: Any) -> bool:
    """Whether any request of the batch would change something."""
    requests = body.get("requests") if isinstance(body, dict) else None
    return isinstance(requests, list) and any(
        isinstance(item, dict) and is_write("graph", str(item.get("method")).upper(), str(item.get("url")))
        for item in requests
    )


def _checked(call: Call) -> list[dict[str, Any]]:
    requests = call.json_object().get("requests")
    if not isinstance(requests, list) or not requests:
        raise bad_request("The batch payload has no requests.")
    if len(requests) > _MAX_REQUESTS:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {_MAX_REQUESTS}.")
    seen: set[str] = set()
    for item in requests:
        if not isinstance(item, dict) or not all(isinstance(item.get(name), str) for name in ("id", "method", "url")):
            raise bad_request("Each request of a batch needs 'id', 'method' and 'url'.")
        if item["id"] in seen:
            raise bad_request(f"Request Id {item['id']} has to be unique in a batch.")
        if item["method"].upper() not in _METHODS:
            raise bad_request(f"Invalid method {item['method']} in request {item['id']}.")
        depends = item.get("dependsOn", [])
        if not isinstance(depends, list) or not set(depends) <= seen:
            raise bad_request(f"Request {item['id']} depends on a request that does not come before it.")
        headers = {str(name).lower() for name in item.get("headers") or {}}
        if item.get("body") is not None and "content-type" not in headers:
            raise bad_request(f"Content-Type header is required when request {item['id']} has a body.")
        seen.add(item["id"])
    return requests


def _response(request_id: str, found: Answer) -> dict[str, Any]:
    response: dict[str, Any] = {"id": request_id, "status": found.status, "headers": dict(found.headers)}
    if found.text is not None:
        response["headers"]["Content-Type"] = "text/plain"
        response["body"] = base64.b64encode(found.text.encode()).decode()
    elif found.body is not None:
        response["headers"]["Content-Type"] = "application/json"
        response["body"] = found.body
    return response
