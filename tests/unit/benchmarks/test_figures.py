# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arithmetic behind the figures: a wrong count or median would go unnoticed, because no one checks it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.benchmarks.request_log import (
    Request,
    Step,
    by_environment,
    difference,
    steps_to_repeat,
    without_polling,
)
from ansible_collections.marketplace_leads.dynamics365.benchmarks.results import Figure
from ansible_collections.marketplace_leads.dynamics365.benchmarks.timing import Timing, Timings, in_turn

HOST = "contoso.crm4.dynamics.com"
TENANTS = [
    {"id": "tenant-1", "environments": [{"name": "contoso_prod", "url": f"https://{HOST}"}]},
    {"id": "tenant-2", "environments": [{"name": "fabrikam_prod", "url": "https://fabrikam.crm.dynamics.com"}]},
]


def asked(path: str, host: str = "graph.microsoft.com", method: str = "GET", status: int = 200) -> Request:
    """A request that carried a token."""
    return Request(method, host, path, status, write=method != "GET", signed_in=True)


def token(status: int = 200) -> Request:
    """A request for a token."""
    return Request("POST", "login.microsoftonline.com", "/tenant-1/oauth2/v2.0/token", status, False, False)


def entry(host: str, path: str, service: str, tenant: str | None = None) -> dict[str, Any]:
    """A line of the simulator's log."""
    caller = tenant and "runner"
    told = {"method": "GET", "host": host, "path": path, "service": service, "tenant": tenant, "caller": caller}
    return {**told, "status": 200, "write": False}


def test_polls_of_replicas_count_once_for_each_wait() -> None:
    look = asked("/v1.0/applications/1")
    written = asked("/v1.0/applications/1/addPassword", method="POST")
    assert without_polling([look, look, look, written, look, look]) == [look, written, look]


def test_wait_is_detected_despite_requests_to_other_hosts() -> None:
    look = asked("/v1.0/applications/1")
    elsewhere = asked("/api/data/v9.2/roles", HOST)
    assert without_polling([look, elsewhere, look]) == [look, elsewhere]


def test_read_repeated_for_another_reason_is_not_polling() -> None:
    one, other = asked("/v1.0/applications/1"), asked("/v1.0/applications/2")
    assert without_polling([one, other, one, other]) == [one, other, one, other]


def test_environment_read_twice_counts_twice() -> None:
    look = asked("/api/data/v9.2/roles", HOST)
    assert without_polling([look, look]) == [look, look]


def test_another_query_of_the_same_path_is_not_polling() -> None:
    requests = [asked("/v1.0/users?$top=1"), asked("/v1.0/users?$top=2")]
    assert without_polling(requests) == requests


def test_waiting_for_a_secret_counts_once_and_two_tokens_twice() -> None:
    assert len(without_polling([token(401), token(401), token(200)])) == 1
    assert len(without_polling([token(200), token(200)])) == 2


def test_repeated_change_counts_twice_and_a_refused_wait_once() -> None:
    done = asked("/v1.0/servicePrincipals", method="POST", status=201)
    refused = replace(done, status=403)
    assert len(without_polling([done, done])) == 2
    assert len(without_polling([refused, refused, done])) == 1


def test_polls_of_an_import_count_once_despite_progress_reads() -> None:
    job = asked("/api/data/v9.2/asyncoperations(1)?$select=statecode", HOST)
    progress = asked("/api/data/v9.2/importjobs(2)?$select=progress", HOST)
    assert without_polling([job, job, progress, job, progress, job]) == [job, progress]


def test_each_request_is_counted_for_its_environment() -> None:
    log = [
        entry(HOST, "/api/data/v9.2/WhoAmI", "dataverse"),
        entry("login.microsoftonline.com", "/tenant-2/oauth2/v2.0/token", "entra", "tenant-2"),
        entry("graph.microsoft.com", "/v1.0/applications", "graph", "tenant-1"),
    ]
    found = by_environment(log, TENANTS)
    assert {name: len(requests) for name, requests in found.items()} == {"contoso_prod": 2, "fabrikam_prod": 1}
    assert [request.signed_in for requests in found.values() for request in requests] == [False, True, False]


def test_request_of_no_environment_is_an_error() -> None:
    with pytest.raises(ValueError, match="belongs to no environment"):
        by_environment([entry("graph.microsoft.com", "/v1.0/users", "graph")], TENANTS)


def test_token_is_requested_first_and_for_the_right_host() -> None:
    unknown = Request("GET", HOST, "/api/data/v9.2/WhoAmI", 401, write=False, signed_in=False)
    read, read_graph = asked("/api/data/v9.2/roles", HOST), asked("/v1.0/applications")
    steps = steps_to_repeat([unknown, token(), read_graph, token(), read])
    assert [(step.status, step.token_for, step.token_of) for step in steps] == [
        (401, "", ""),
        (200, HOST, ""),
        (200, "graph.microsoft.com", ""),
        (200, "", HOST),
        (200, "", "graph.microsoft.com"),
    ]
    assert steps[0] == Step("GET", f"https://{HOST}/api/data/v9.2/WhoAmI", 401)


@pytest.mark.parametrize(
    "requests",
    [
        [token(), asked("/api/data/v9.2/roles(1)", HOST, method="PATCH")],
        [token(), token(), asked("/api/data/v9.2/roles", HOST)],
    ],
)
def test_a_run_that_wrote_or_whose_tokens_are_unclear_is_not_repeated(requests: list[Request]) -> None:
    with pytest.raises(ValueError, match=r"wrote|tokens were requested"):
        steps_to_repeat(requests)


def test_side_with_other_requests_is_detected() -> None:
    one, other = asked("/v1.0/applications"), asked("/v1.0/users")
    assert difference([one, other], [other, one]) == []
    assert len(difference([one], [other])) == 2
    assert len(difference([one], [one, one])) == 1
    assert len(difference([one], [replace(one, status=404)])) == 2


def test_one_slow_run_does_not_move_a_figure() -> None:
    timings = Timings([Timing(seconds, seconds / 2, None) for seconds in (10.0, 11.0, 90.0)])
    assert (timings.seconds, timings.cpu_seconds, timings.cloud_cpu_seconds) == (11.0, 5.5, None)


def test_two_programs_run_in_turn_with_the_first_at_both_ends() -> None:
    order: list[str] = []

    def run(name: str) -> Timing:
        order.append(name)
        return Timing(1.0, 1.0, None)

    in_turn(lambda: run("a"), lambda: run("b"), rounds=2)
    assert "".join(order) == "ababa"


@pytest.mark.parametrize(("value", "at_least", "met"), [(20, True, True), (19.9, True, False), (20.1, False, False)])
def test_missed_target_is_reported(value: float, at_least: bool, met: bool) -> None:
    figure = Figure("name", "title", value, 20, at_least)
    assert figure.met is met
    assert ("MISSED" in figure.line()) is not met
