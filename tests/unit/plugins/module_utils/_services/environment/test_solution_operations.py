# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a job of an environment: the progress messages, and the timeout."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.clouds import environment_address
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.environment import (
    solution_operations,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.environment.client import (
    EnvironmentClient,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import (
    CallFailed,
    TimedOut,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import answer

IMPORT = solution_operations.IMPORT
Operation: TypeAlias = solution_operations.Operation
Start: TypeAlias = solution_operations.Start
SolutionOperations: TypeAlias = solution_operations.SolutionOperations

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
RUNNING, SUCCEEDED = {"statecode": 2, "statuscode": 20}, {"statecode": 3, "statuscode": 30}


class Environment(EnvironmentClient):
    """An environment whose only job runs for a number of seconds on a clock that only waiting advances."""

    def __init__(self, seconds: float, ending: dict[str, Any] | None = None) -> None:
        self.address = environment_address("https://contoso.crm4.dynamics.com")
        self.now = 0.0
        self._seconds, self._ending = seconds, ending or SUCCEEDED
        self.running: dict[str, Any] = RUNNING
        self.starts: list[str] = []
        self.answers: list[CallFailed | dict[str, Any]] = []
        self.jobs: list[dict[str, Any]] = []

    def service_time(self) -> datetime:
        return NOW + timedelta(seconds=self.now)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def find(self, path: str, headers: Any = None) -> dict[str, Any] | None:
        if path.startswith("importjobs"):
            return {"progress": 100 * self.now / self._seconds}
        if "message" in path.rpartition("=")[2].split(","):
            return {"message": "A long story."}
        return self._ending if self.now >= self._seconds else self.running

    def rows(self, path: str, headers: Any = None) -> Any:
        return iter(self.jobs)

    def call(self, method: str, path: str, **_options: Any) -> Answer:
        self.starts.append(path)
        prepared = self.answers.pop(0)
        if isinstance(prepared, CallFailed):
            raise prepared
        return answer(prepared)


def operations(environment: Environment, timeout: float = 3600.0, told: list[str] | None = None) -> SolutionOperations:
    tell = told.append if told is not None else lambda sentence: None
    return SolutionOperations(environment, timeout, tell, environment.sleep, lambda: environment.now)


def start(environment: Environment, timeout: float = 3600.0) -> Operation | None:
    return operations(environment, timeout).start(lambda waited: Start(IMPORT, {}))


def lost() -> CallFailed:
    return CallFailed("No answer.", request="POST", maybe_applied=True)


def locked() -> CallFailed:
    return CallFailed("Locked.", request="POST", status=429, code="0x80071151")


def test_long_import_shows_its_progress() -> None:
    told: list[str] = []
    operations(Environment(120.0), told=told).finish(Operation("1", "2"), "The import of Leads 1.0")
    assert len(told) == 4
    assert told[0].startswith("contoso.crm4.dynamics.com: The import of Leads 1.0 is in progress, ")
    assert told[0].endswith(" %.")


def test_short_import_shows_no_progress() -> None:
    told: list[str] = []
    operations(Environment(5.0), told=told).finish(Operation("1", "2"), "The import")
    assert told == []


def test_timeout_names_the_operation_and_how_to_continue() -> None:
    environment = Environment(120.0)
    with pytest.raises(TimedOut, match=r"operation 1\): run again to wait for its end, or raise import_timeout"):
        operations(environment, 60.0).finish(Operation("1"), "The import")
    assert environment.now == pytest.approx(60.0)


def test_job_without_a_friendly_message_shows_its_long_one() -> None:
    ending = {"statecode": 3, "statuscode": 31, "errorcode": -2147188648, "friendlymessage": None}
    with pytest.raises(CallFailed, match=r"0x80048058.*install the app.*A long story") as failed:
        operations(Environment(1.0, ending)).finish(Operation("1"), "The import")
    assert failed.value.code == "0x80048058"


def test_job_aborted_by_the_database_says_to_run_again() -> None:
    ending = {"statecode": 3, "statuscode": 31, "errorcode": 0x80044151 - 2**32, "friendlymessage": "SQL timeout"}
    with pytest.raises(CallFailed, match=r"0x80044151\): run again later, because the environment's database"):
        operations(Environment(1.0, ending)).finish(Operation("1"), "The import")


def test_start_aborted_by_the_database_is_searched_for() -> None:
    broken = CallFailed("Busy.", request="POST", status=500, code="0x80044151", maybe_applied=True)
    environment = Environment(1.0)
    environment.answers = [broken, {"AsyncOperationId": "2"}]
    assert start(environment) == Operation("2")
    assert len(environment.starts) == 2


def test_canceled_job_is_reported_as_canceled() -> None:
    with pytest.raises(CallFailed, match="was canceled"):
        operations(Environment(1.0, {"statecode": 3, "statuscode": 32})).finish(Operation("1"), "The import")


def test_lost_start_is_sent_again_only_if_no_job_appears() -> None:
    environment = Environment(1.0)
    environment.answers = [lost(), {"AsyncOperationId": "2"}]
    assert start(environment) == Operation("2")
    assert environment.now == pytest.approx(10.0)
    assert len(environment.starts) == 2


def test_job_that_appears_after_a_lost_response_is_adopted() -> None:
    environment = Environment(1.0)
    environment.jobs = [{"asyncoperationid": "1", "messagename": IMPORT, "statecode": 3}]

    def appears(_waited: bool) -> Start:
        environment.jobs = [{"asyncoperationid": "2", "messagename": IMPORT, "statecode": 0}, *environment.jobs]
        return Start(IMPORT, {})

    environment.answers = [lost()]
    assert operations(environment).start(appears) == Operation("2")
    assert len(environment.starts) == 1


def test_repeatedly_lost_starts_are_given_up() -> None:
    environment = Environment(1.0)
    environment.answers = [lost(), lost(), lost(), {"AsyncOperationId": "2"}]
    with pytest.raises(CallFailed, match="No answer"):
        start(environment)
    assert len(environment.starts) == 3


def test_run_waits_for_a_lock_until_the_timeout() -> None:
    environment = Environment(1.0)
    environment.answers = [locked(), locked(), {"AsyncOperationId": "2"}]
    assert start(environment) == Operation("2")
    environment.answers = [locked() for _try in range(100)]
    with pytest.raises(CallFailed, match="Locked"):
        start(environment, timeout=60.0)
    assert 60.0 <= environment.now <= 90.0


def unfinished(created: str, **columns: Any) -> dict[str, Any]:
    row = {"asyncoperationid": "9", "messagename": IMPORT, "statecode": 2, "statuscode": 20}
    return {**row, "createdon": created, "modifiedon": created, **columns}


@pytest.mark.parametrize(("state", "status"), [(0, 0), (1, 10), (2, 20), (2, 22)])
def test_stalled_job_does_not_delay_a_start(state: int, status: int) -> None:
    environment = Environment(10**9)
    environment.jobs = [unfinished("2026-10-25T12:00:00Z", statecode=state, statuscode=status)]
    environment.answers = [{"AsyncOperationId": "2"}]
    assert start(environment) == Operation("2")
    assert environment.now == 0.0


def test_run_stops_waiting_for_a_stalled_job() -> None:
    environment = Environment(10**9)
    environment.running = unfinished("2026-11-25T11:50:00Z")
    environment.jobs = [environment.running]
    environment.answers = [{"AsyncOperationId": "2"}]
    assert start(environment) == Operation("2")
    assert environment.now == pytest.approx(300.0, abs=10.0)


def test_run_waits_for_an_old_job_that_progresses() -> None:
    environment = Environment(1000.0)
    environment.running = unfinished("2026-10-25T12:00:00Z", modifiedon="2026-11-25T11:59:00Z")
    environment.jobs = [environment.running]
    environment.answers = [{"AsyncOperationId": "2"}]
    operations(environment).start(lambda waited: Start(IMPORT, {}))
    assert environment.now == pytest.approx(840.0, abs=10.0)


def test_job_that_seems_to_hold_the_lock_is_named_with_its_age() -> None:
    environment = Environment(10**9)
    environment.jobs = [unfinished("2026-10-25T12:00:00Z")]
    environment.answers = [locked() for _try in range(100)]
    with pytest.raises(CallFailed, match=r"ImportSolutionAsync since 2026-10-25T12:00:00Z, is running .*System Jobs"):
        start(environment, timeout=60.0)


def test_import_that_has_not_started_is_reported_as_such() -> None:
    environment = Environment(10**9)
    environment.running = {"statecode": 0, "statuscode": 0}
    with pytest.raises(TimedOut, match="The import has not begun in"):
        operations(environment, 60.0).finish(Operation("1"), "The import")


def test_refusal_is_reported_at_once_also_as_a_server_error() -> None:
    environment = Environment(1.0)
    refused = CallFailed("Missing.", request="POST", status=500, code="0x80048033", maybe_applied=True)
    environment.answers = [refused, {"AsyncOperationId": "2"}]
    with pytest.raises(CallFailed, match="Missing"):
        start(environment)
    assert len(environment.starts) == 1
