# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading the simulator's request log: which environment a request was for, what is polling, what can be repeated."""

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
    """One line of the log. C(path) includes the query; C(signed_in) says whether a token came with it."""

    method: str
    host: str
    path: str
    status: int
    write: bool
    signed_in: bool

    @classmethod
    def of_entry(cls, entry: dict[str, Any]) -> Request:
        """Read one entry of the log."""
        # A request to sign in carries no token, though the simulator notes who signs in.
        signed_in = entry["caller"] is not None and entry["service"] != "entra"
        return cls(entry["method"], entry["host"], entry["path"], entry["status"], entry["write"], signed_in)

    @property
    def target(self) -> tuple[str, str, str]:
        """What is asked of whom, whatever the answer was."""
        return self.method, self.host, self.path

    @property
    def is_to_graph(self) -> bool:
        """Whether it goes to Microsoft Graph, of whichever national cloud."""
        return self.host.startswith("graph.")

    @property
    def is_for_a_token(self) -> bool:
        """Whether it asks Microsoft Entra for a token."""
        return self.method == "POST" and self.path.endswith("/token")


def by_environment(entries: Iterable[dict[str, Any]], tenants: Sequence[dict[str, Any]]) -> dict[str, list[Request]]:
    """Sort the log by the environment that each request was for, by the environments' names.

    C(tenants) are the simulator's, each with one environment: so what was asked of a tenant's directory was asked for
    its environment. Raises ValueError for a request that belongs to none of them.
    """
    names: dict[str, str] = {}
    for tenant in tenants:
        (environment,) = tenant["environments"]
        names[tenant["id"]] = environment["name"]
        names[urlsplit(environment["url"]).netloc] = environment["name"]
    sorted_out: dict[str, list[Request]] = {name: [] for name in names.values()}
    for entry in entries:
        request = Request.of_entry(entry)
        # A request to sign in names the tenant in its path.
        for key in (request.host, entry["tenant"], request.path.split("/")[1]):
            if key in names:
                sorted_out[names[key]].append(request)
                break
        else:
            raise ValueError(f"{request.method} {request.host}{request.path} belongs to no environment")
    return sorted_out


def without_polling(requests: Iterable[Request]) -> list[Request]:
    """Leave out of one environment's requests those that only look again at something that takes its time.

    A request is polling when it has the method, host and path (with query) of an earlier one, and either

    - that earlier one is the one just before it among those to the same host, and was refused: so one waits until a
      new secret signs in, or until a replica knows what the request names; or
    - that earlier one is the one just before it among those to Graph, and it is a GET: so one waits for replicas to
      agree; or
    - it reads the row of a job (asyncoperations or importjobs) that was read before: so one waits for an import.

    The first look of each wait counts, and so does a read that is repeated later on for any other reason.
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

    C(token_for) is the host whose token it asks for, C(token_of) the host whose token it carries; both may be empty.
    """

    method: str
    url: str
    status: int
    token_for: str = ""
    token_of: str = ""


def steps_to_repeat(requests: Sequence[Request]) -> list[Step]:
    """Turn the requests of one environment's converged run into an order that can be repeated.

    First those without a token, then those for tokens, then the rest host by host: any two environments then have the
    same kind of request in the same place. Raises ValueError when a request is a write, or when the run did not ask
    once for a token for each host that it read from, because then the log does not tell what each token was for.
    """
    writes = [request for request in requests if request.write]
    if writes:
        raise ValueError(f"a converged run wrote: {writes[0].method} {writes[0].host}{writes[0].path}")
    for_tokens = [request for request in requests if request.is_for_a_token]
    reads = sorted((request for request in requests if request.signed_in), key=_place)
    hosts = list(dict.fromkeys(request.host for request in reads))
    if len(for_tokens) != len(hosts):
        raise ValueError(f"{len(for_tokens)} tokens were asked for, to read from {', '.join(hosts)}")
    return [
        *(_step(request) for request in requests if not request.signed_in and not request.is_for_a_token),
        *(_step(request, token_for=host) for request, host in zip(for_tokens, hosts, strict=True)),
        *(_step(request, token_of=request.host) for request in reads),
    ]


def _place(request: Request) -> tuple[bool, str]:
    """The environment's own host comes before Graph, whatever it is called."""
    return request.is_to_graph, request.path


def kinds(steps: Iterable[Step]) -> list[tuple[str, bool, bool]]:
    """What the places of a list hold, apart from the environment: method, whether for a token, whether with one."""
    return [(step.method, bool(step.token_for), bool(step.token_of)) for step in steps]


def _step(request: Request, token_for: str = "", token_of: str = "") -> Step:
    return Step(request.method, f"https://{request.host}{request.path}", request.status, token_for, token_of)


def difference(one: Iterable[Request], other: Iterable[Request]) -> list[str]:
    """Say which requests, with their statuses, only one of two runs made; their order does not matter."""
    counts = [Counter((*request.target, request.status) for request in side) for side in (one, other)]
    return [
        f"{'fewer' if sign else 'more'}: {method} {host}{path} ({status})"
        for sign, counted in ((True, counts[0] - counts[1]), (False, counts[1] - counts[0]))
        for method, host, path, status in counted.elements()
    ]
