# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read the simulator's request log: the environment of each request, polling, and requests that can be repeated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_ROW_OF_A_JOB = re.compile(r"/(asyncoperations|importjobs)\(")


@dataclass(frozen=True)
class Request:
    """One line of the log. `path` includes the query; `signed_in` says whether the request carried a token."""

    method: str
    host: str
    path: str
    status: int
    write: bool
    signed_in: bool

    @classmethod
    def of_entry(cls, entry: dict[str, Any]) -> Request:
        """Read one entry of the log."""
        # A sign-in request carries no token, although the simulator records who signs in.
        signed_in = entry["caller"] is not None and entry["service"] != "entra"
        return cls(entry["method"], entry["host"], entry["path"], entry["status"], entry["write"], signed_in)

    @property
    def target(self) -> tuple[str, str, str]:
        """Return the request without its response."""
        return self.method, self.host, self.path

    @property
    def is_to_graph(self) -> bool:
        """Whether it goes to Microsoft Graph, in any national cloud."""
        return self.host.startswith("graph.")

    @property
    def is_for_a_token(self) -> bool:
        """Whether it requests a token from Microsoft Entra."""
        return self.method == "POST" and self.path.endswith("/token")


def by_environment(entries: Iterable[dict[str, Any]], tenants: Sequence[dict[str, Any]]) -> dict[str, list[Request]]:
    """Sort the log by the environment that each request was for, by the environments' names.

    `tenants` are the simulator's, each with one environment, so a request to a tenant's directory was made for its
    environment. Raises ValueError for a request that belongs to none of them.
    """
    names: dict[str, str] = {}
    for tenant in tenants:
        (environment,) = tenant["environments"]
        names[tenant["id"]] = environment["name"]
        names[urlsplit(environment["url"]).netloc] = environment["name"]
    sorted_out: dict[str, list[Request]] = {name: [] for name in names.values()}
    for entry in entries:
        request = Request.of_entry(entry)
        # A sign-in request names the tenant in its path.
        for key in (request.host, entry["tenant"], request.path.split("/")[1]):
            if key in names:
                sorted_out[names[key]].append(request)
                break
        else:
            raise ValueError(f"{request.method} {request.host}{request.path} belongs to no environment")
    return sorted_out


def without_polling(requests: Iterable[Request]) -> list[Request]:
    """Remove from one environment's requests those that only poll.

    A request is polling if it has the method, host and path (with query) of an earlier one, and either

    - the earlier one is the previous request to the same host, and was refused: a new secret does not sign in yet, or a
      replica does not know yet what the request names; or
    - the earlier one is the previous request to Graph, and it is a GET: replicas do not agree yet; or
    - it reads the row of a job (asyncoperations or importjobs) that was read before: an import is not complete.

    The first poll of each wait counts, and so does a read that is repeated later for any other reason.
    """
    counted: list[Request] = []
    last_to: dict[str, Request] = {}
    rows_read: set[tuple[str, str, str]] = set()
    for request in requests:
        last = last_to.get(request.host)
        looks_at_replicas = request.method == "GET" and request.is_to_graph
        again = last is not None and last.target == request.target and (last.status >= 400 or looks_at_replicas)
        is_row_of_a_job = request.method == "GET" and _ROW_OF_A_JOB.search(request.path) is not None
        if not again and not (is_row_of_a_job and request.target in rows_read):
            counted.append(request)
        if is_row_of_a_job:
            rows_read.add(request.target)
        last_to[request.host] = request
    return counted


@dataclass(frozen=True)
class Step:
    """One request to repeat.

    `token_for` is the host whose token it requests, `token_of` the host whose token it carries; both may be empty.
    """

    method: str
    url: str
    status: int
    token_for: str = ""
    token_of: str = ""


def steps_to_repeat(requests: Sequence[Request]) -> list[Step]:
    """Turn the requests of one environment's converged run into an order that can be repeated.

    First those without a token, then those for tokens, then the rest host by host: any two environments then have the
    same kind of request in the same place. Raises ValueError if a request is a write, or if the run did not request
    exactly one token for each host that it read from, because then the log does not show what each token was for.
    """
    writes = [request for request in requests if request.write]
    if writes:
        raise ValueError(f"a converged run wrote: {writes[0].method} {writes[0].host}{writes[0].path}")
    for_tokens = [request for request in requests if request.is_for_a_token]
    reads = sorted((request for request in requests if request.signed_in), key=_place)
    hosts = list(dict.fromkeys(request.host for request in reads))
    if len(for_tokens) != len(hosts):
        raise ValueError(f"{len(for_tokens)} tokens were requested, to read from {', '.join(hosts)}")
    return [
        *(_step(request) for request in requests if not request.signed_in and not request.is_for_a_token),
        *(_step(request, token_for=host) for request, host in zip(for_tokens, hosts, strict=True)),
        *(_step(request, token_of=request.host) for request in reads),
    ]


def _place(request: Request) -> tuple[bool, str]:
    """Sort the environment's own host before Graph, whatever its name is."""
    return request.is_to_graph, request.path


def kinds(steps: Iterable[Step]) -> list[tuple[str, bool, bool]]:
    """Return the kind of each request in a list: method, whether for a token, whether with one."""
    return [(step.method, bool(step.token_for), bool(step.token_of)) for step in steps]


def _step(request: Request, token_for: str = "", token_of: str = "") -> Step:
    return Step(request.method, f"https://{request.host}{request.path}", request.status, token_for, token_of)


def difference(one: Iterable[Request], other: Iterable[Request]) -> list[str]:
    """Return the requests, with their statuses, that only one of two runs made; their order does not matter."""
    counts = [Counter((*request.target, request.status) for request in side) for side in (one, other)]
    return [
        f"{'fewer' if sign else 'more'}: {method} {host}{path} ({status})"
        for sign, counted in ((True, counts[0] - counts[1]), (False, counts[1] - counts[0]))
        for method, host, path, status in counted.elements()
    ]
