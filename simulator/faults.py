# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on demand: what fails, on which route, how often."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass, field, fields
from typing import Any

_HTML = (
    "<html>\r\n<head><title>{status} {phrase}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {phrase}</h1></center>\r\n"
    "<hr><center>Microsoft-Azure-Application-Gateway/v2</center>\r\n</body>\r\n</html>\r\n"
)
_GATEWAY_PHRASES = {502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Time-out"}
_KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "bool": (bool,),
    "float": (int, float),
    "dict[str, str]": (dict,),
}
BODIES = ("json", "html", "empty", "problem")
_CODES = {429: "TooManyRequests", 500: "generalException", 503: "ServiceUnavailable", 504: "UnknownError"}


@dataclass
class Fault:
    """One fault. Without `status`, `reset` or `truncate` it only delays the answer or moves the clock."""

    route: str = ".*"  # regular expression, searched in "host/path?query"
    method: str = ""  # any by default
    skip: int = 0  # how many matching requests pass first
    count: int = 1  # how many requests are hit; 0 = all from then on
    probability: float = 1.0  # of a hit, from the simulator's seed
    status: int = 0
    code: str = ""  # the service's error code in the body; a common one for the status by default
    message: str = "The simulator was configured to fail here."
    body: str = ""  # one of BODIES; 502 and 504 are HTML by default, like a gateway's
    content: str = ""  # the exact body, JSON unless the headers name another type
    retry_after: str = ""  # the header's value; no header if empty
    headers: dict[str, str] = field(default_factory=dict)  # further ones, such as a WWW-Authenticate challenge
    reset: bool = False  # the connection breaks instead of an answer
    truncate: str = ""  # "body": half the text, complete as HTTP; "connection": it breaks halfway
    applied: bool = False  # whether the request does its work before it fails
    latency_seconds: float = 0.0
    clock_jump_seconds: float = 0.0

    @staticmethod
    def parse(record: dict[str, Any]) -> Fault:
        """Read a fault from plain JSON types. Raises ValueError with the key that is wrong."""
        known = {item.name: item for item in fields(Fault)}
        for name in record:
            if name not in known:
                raise ValueError(f"A fault has no key {name!r}: the keys are {', '.join(known)}.")
        record = {**record, "retry_after": str(record.get("retry_after", ""))}
        for name, value in record.items():
            wanted = _KINDS[str(known[name].type)]
            if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
                raise ValueError(f"{name} of a fault is not of type {' or '.join(kind.__name__ for kind in wanted)}.")
        fault = Fault(**record)
        if fault.status and not 100 <= fault.status <= 599:
            raise ValueError(f"status {fault.status} is not an HTTP status.")
        if fault.truncate not in ("", "body", "connection"):
            raise ValueError(f"truncate is {fault.truncate!r}: use 'body' or 'connection'.")
        if fault.body not in ("", *BODIES):
            raise ValueError(f"body is {fault.body!r}: use one of {', '.join(BODIES)}.")
        try:
            re.compile(fault.route)
        except re.error as error:
            raise ValueError(f"route is not a regular expression: {error}.") from error
        return fault

    @property
    def replaces_answer(self) -> bool:
        """Whether the client does not get the service's own answer."""
        return bool(self.status or self.reset)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body that replace the service's own."""
        headers = dict(self.headers)
        if self.retry_after:
            headers["Retry-After"] = self.retry_after
        if self.body == "empty":
            return self.status, headers, b""
        if self.content:
            return self.status, {"Content-Type": "application/json; charset=utf-8", **headers}, self.content.encode()
        if self.body == "problem":
            headers["Content-Type"] = "application/problem+json; charset=utf-8"
            return self.status, headers, json.dumps(self._problem()).encode()
        if self.body == "html" or (not self.body and self.status in (502, 504)):
            headers["Content-Type"] = "text/html"
            phrase = _GATEWAY_PHRASES.get(self.status, "Error")
            return self.status, headers, _HTML.format(status=self.status, phrase=phrase).encode()
        headers["Content-Type"] = "application/json; charset=utf-8"
        code = self.code or _CODES.get(self.status, "UnknownError")
        return self.status, headers, json.dumps({"error": {"code": code, "message": self.message}}).encode()

    def _problem(self) -> dict[str, Any]:
        """Problem details of ASP.NET (RFC 9457), for services without their own error envelope."""
        return {
            "type": "https://tools.ietf.org/html/rfc9110",
            "title": self.message,
            "status": self.status,
            "errors": {self.code or "request": [self.message]},
        }


class Faults:
    """The pending faults, in the order in which they were added."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Add `fault`."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """Remove all pending faults."""
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)

    def next(self, method: str, target: str) -> Fault | None:
        """The fault that hits this request, if any; `target` is `host/path?query`."""
        for fault in self._waiting:
            if (fault.method and fault.method.upper() != method) or not re.search(fault.route, target):
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.probability < 1.0 and self._chance.random() >= fault.probability:
                continue
            if fault.count == 1:
                self._waiting.remove(fault)
            elif fault.count > 1:
                fault.count -= 1
            return fault
        return None
