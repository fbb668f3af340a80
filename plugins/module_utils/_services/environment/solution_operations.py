# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Imports, upgrades and removals of solutions: jobs of the environment, of which it runs one at a time.

Starting a job is never repeated blindly. Before a start the newest jobs are read; if the answer to a start is lost, a
job that was not among them is the started one, and it is awaited. Only if none appears, or if the environment itself
says that it started nothing, the start is sent again.

Whether an operation is running is the environment's own judgment, which it gives as the answer to a start. The row of a
job is a hint: a recent or progressing one is awaited, one without progress is not, because rows can stay unfinished for
hours or forever after their operation has ended.

Source: Dataverse "asynchronous operations", and what clients of the Web API recorded of solution jobs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..._rules.environment_refusals import BACKGROUND_OPERATIONS_OFF, Answer, codes_of, refusal_of
from ..._rules.import_report import ComponentProblem, component_problems, hex_code
from ..._rules.odata import any_of, query, text_literal
from ..._rules.timestamps import read_timestamp
from ..._transport.errors import CallFailed, TimedOut
from ..._transport.waiting import pauses
from ..client import Expect
from .client import SOLUTION_CONCURRENCY, EnvironmentClient

IMPORT = "ImportSolutionAsync"
UPGRADE = "StageAndUpgradeAsync"
APPLY_UPGRADE = "DeleteAndPromoteAsync"
REMOVE = "UninstallSolutionAsync"
"""The actions that start a job; a job's `messagename` is its action."""

_COMPLETED = 3
_SUCCEEDED = 30
_NOT_BEGUN = (0, 10)
_CANCELED = 32

_TIME_TO_SHOW_UP = 10.0
"""Seconds after a lost answer within which a job that was started is among the newest ones."""

_OPERATION_TYPES = (203, 207, 208, 211)
"""The `operationtype` of jobs that import, apply an upgrade, uninstall, and stage and upgrade, if they have one."""

_STANDS_STILL_AFTER = 900.0
"""Seconds without a change after which the row of a job says nothing about whether its operation is running."""

_MOST_LOST_ANSWERS = 2
"""The number of starts that are sent again after a lost answer that started nothing."""

_BACKGROUND_OPERATIONS_START_WITHIN = 300.0
"""Seconds within which a new environment starts to run jobs."""

_BUSY = codes_of(Answer.WAIT_FOR_OPERATION)

_FIRST_WORD, _NEXT_WORD = 10.0, 30.0
"""Seconds until the first line about a running job, and between later ones."""

_CURES = {
    "0x80048033": "import the solutions that contain the missing components first",
    "0x8004801d": "import the solutions that contain the missing components first",
    "0x80048058": "install the app whose tables the package's roles name, such as Dynamics 365 Sales for leads",
    "0x80048017": "rename or delete the security role of the same name that is not the package's own",
    "0x80048018": "assign the runner the security role System Administrator",
    "0x80048068": "get the package for this version of the platform",
    "0x80048034": "import the solutions that contain the missing components first",
    "0x8004f01f": "remove the solutions that depend on it first",
    "0x8004f01d": "remove the solutions that depend on it first",
    "0x8004f005": "check who protects the solution, because Microsoft's own solutions cannot be removed",
    "0x8004f00a": "check who protects the solution, because Microsoft's own solutions cannot be removed",
    "0x8004f020": "check who protects the solution, because Microsoft's own solutions cannot be removed",
    "0x8004801c": "get the package of the publisher that installed it in the environment first",
    "0x8004f016": "rename or delete the unmanaged component of the same name",
    "0x80048040": "remove the unmanaged solution of the same name first, or give the unmanaged package",
    "0x80048041": "give the managed package, because the environment has the managed solution",
    "0x80048541": "give a package of a higher version than the installed one",
    "0x8004f046": "give a package of a higher version than the installed one",
    "0x80048060": "get the package again from its publisher",
    "0x80048065": "get the package again from its publisher",
    "0x80048495": "get the package again from its publisher",
    "0x8004801a": "get the package again from its publisher",
    "0x80072042": "turn off the setting that blocks unmanaged customizations until the import has ended",
    "0x8004140b": "get a package whose roles have the access levels that this environment allows",
    SOLUTION_CONCURRENCY: "run again when the other solution operation has ended",
}

_BROKEN_OFF = dict.fromkeys(codes_of(Answer.RETRY), "run again later, because the environment's database was too busy")
"""The cures of a job that the database aborted; a start with such an answer may have been carried out."""


@dataclass(frozen=True)
class Start:
    """The action that starts a job, and its parameters."""

    action: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """A job that is running or has ended. `import_job_key` is known for imports that were started here."""

    operation_id: str
    import_job_key: str | None = None


class SolutionOperations:
    """Starts, finds and awaits the jobs of solution operations."""

    def __init__(
        self,
        environment: EnvironmentClient,
        timeout: float,
        report_progress: Callable[[str], None] = lambda sentence: None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`timeout` (seconds) is for all work of this object together, including waiting for other jobs.

        `report_progress` is given a sentence about the progress now and then.
        """
        self._environment = environment
        self._timeout = timeout
        self._report_progress = report_progress
        self._sleep = sleep
        self._clock = clock

    @cached_property
    def _end(self) -> float:
        return self._clock() + self._timeout

    def start(self, prepare: Callable[[bool], Start | None]) -> Operation | None:
        """Start a job when no other one is running, and return it.

        `prepare` makes the content just before it is sent; its argument says whether another job was awaited, and it
        returns None if there is nothing left to start: then this returns None too. Raises CallFailed or TimedOut.
        """
        known = self._newest()
        waited = False
        lost_answers = 0
        between_refusals = pauses(5.0, 30.0)
        while True:
            waited = self._await_running(known) or waited
            try:
                start = prepare(waited)
                if start is None:
                    return None
                operation = self._send(start, known, last_try=lost_answers == _MOST_LOST_ANSWERS)
                if operation is not None:
                    return operation
                lost_answers += 1
            except CallFailed as failed:
                if not self._passes(failed):
                    raise
                if self._clock() >= self._end:
                    raise self._locked(failed, known) from failed
                # The lock may be held without a job, for example by publishing customizations: then only waiting helps.
                self._report_progress(f"{self._host}: waiting for another solution operation to end first.")
                self._sleep(min(next(between_refusals), max(1.0, self._end - self._clock())))
            waited = True
            known = self._newest()

    def finish(self, operation: Operation, what: str) -> None:
        """Wait until a job has succeeded. `what` names it in sentences. Raises CallFailed or TimedOut."""
        row = self._until_completed(operation, what)
        if row.get("statuscode") == _SUCCEEDED:
            return
        if row.get("statuscode") == _CANCELED:
            raise CallFailed(f"{what} was canceled in {self._host}: run again.", request=_path(operation))
        code = hex_code(row.get("errorcode"))
        reason = row.get("friendlymessage") or self._long_message(operation) or "no reason was given"
        short = " ".join(str(reason).split())
        if len(short) > 600:
            short = short[:600] + "..."
        cure = {**_BROKEN_OFF, **_CURES}.get(code, "check the solution history of the environment for its components")
        raise CallFailed(
            f"{what} failed in {self._host} ({code or 'no error code'}): {cure}. The environment says: {short}",
            request=_path(operation),
            code=code,
            message=short,
        )

    def problems(self, operation: Operation, unique_name: str) -> list[ComponentProblem]:
        """Return the components that did not simply succeed in an import that has ended."""
        select = "importjobid,progress,data"
        if operation.import_job_key is not None:
            job = self._environment.find(f"importjobs({operation.import_job_key})" + query({"$select": select}))
        else:
            options = {
                "$select": select,
                "$filter": f"solutionname eq {text_literal(unique_name)}",
                "$orderby": "createdon desc",
                "$top": "1",
            }
            job = next(self._environment.rows("importjobs" + query(options)), None)
        return component_problems((job or {}).get("data") or "")

    @property
    def _host(self) -> str:
        return self._environment.address.host

    def _newest(self) -> list[dict[str, Any]]:
        """The newest few jobs of solution operations, running or not: the environment runs one after the other."""
        options = {
            "$select": "asyncoperationid,messagename,statecode,createdon,modifiedon",
            "$filter": any_of(
                [f"messagename eq {text_literal(action)}" for action in (IMPORT, UPGRADE, APPLY_UPGRADE, REMOVE)]
                + [f"operationtype eq {kind}" for kind in _OPERATION_TYPES]
            ),
            "$orderby": "createdon desc",
            "$top": "5",
        }
        return [*self._environment.rows("asyncoperations" + query(options))]

    def _await_running(self, known: list[dict[str, Any]]) -> bool:
        """Wait for the jobs among `known` that are progressing; say whether there was one."""
        running = [row for row in known if row["statecode"] != _COMPLETED and not self._stands_still(row)]
        for row in running:
            self._report_progress(f"{self._host}: waiting for another solution operation, {_named(row)}, to end first.")
            what = f"Another solution operation, {_named(row)},"
            self._poll(Operation(row["asyncoperationid"]), what, self._stands_still)
        return bool(running)

    def _passes(self, failed: CallFailed) -> bool:
        """Say whether a start was refused for a temporary reason."""
        refusal = refusal_of(failed.code, failed.message)
        if refusal is BACKGROUND_OPERATIONS_OFF:
            # A new environment answers so for minutes, and one in administration mode until that is turned off.
            return self._clock() < self._end - self._timeout + _BACKGROUND_OPERATIONS_START_WITHIN
        return refusal is not None and refusal.answer is Answer.WAIT_FOR_OPERATION

    def _stands_still(self, row: Mapping[str, Any]) -> bool:
        """Say whether the row of a job has not changed for long, by the environment's clock."""
        times = [read_timestamp(row.get(name)) for name in ("createdon", "modifiedon")]
        known = [time for time in times if time is not None]
        if not known:
            return False
        return (self._environment.service_time() - max(known)).total_seconds() > _STANDS_STILL_AFTER

    def _locked(self, failed: CallFailed, known: list[dict[str, Any]]) -> CallFailed:
        """Return the error that names the job that seems to hold the lock."""
        row = next((row for row in known if row["statecode"] != _COMPLETED), None)
        if row is None:
            return failed
        return failed.reworded(
            f"Another solution operation, {_named(row)}, is running in {self._host} (operation "
            f"{row['asyncoperationid']}): run again when it has ended, or cancel it in the environment's System Jobs "
            "if it is stuck."
        )

    def _send(self, start: Start, known: list[dict[str, Any]], last_try: bool) -> Operation | None:
        """Send a start once and return the job, or None when the answer was lost and certainly nothing was started.

        Raises CallFailed when the environment refuses, and after a lost answer on the `last_try`.
        """
        try:
            answer = self._environment.call(
                "POST",
                start.action,
                expect=Expect.OBJECT,
                body=start.parameters,
                repeatable=False,
                own_codes=_BUSY,
            )
            operation_id = answer.body.get("AsyncOperationId")
            if operation_id:
                return Operation(operation_id, answer.body.get("ImportJobKey"))
            raise CallFailed(
                f"{answer.request} was accepted, but the answer does not say which job was started: run again.",
                request=answer.request,
                status=answer.status,
                maybe_applied=True,
            )
        except CallFailed as failed:
            # A known refusal started nothing, even if it comes as a server error.
            if not failed.maybe_applied or failed.code in _CURES or self._passes(failed):
                raise
            started = self._one_that_is_not_among(known)
            if started is None and last_try:
                raise
            return Operation(started["asyncoperationid"]) if started else None

    def _one_that_is_not_among(self, known: list[dict[str, Any]]) -> dict[str, Any] | None:
        """Look for a job that was started in the meantime, until it is certain that there is none."""
        ids = {row["asyncoperationid"] for row in known}
        end = self._clock() + _TIME_TO_SHOW_UP
        for pause in pauses(0.5, 4.0):
            new = [row for row in self._newest() if row["asyncoperationid"] not in ids]
            left = end - self._clock()
            if new or left <= 0:
                return new[0] if new else None
            self._sleep(min(pause, left))
        raise AssertionError("pauses never end")

    def _until_completed(self, operation: Operation, what: str) -> dict[str, Any]:
        """Poll a job until it has completed, and return its row."""
        return self._poll(operation, what, lambda row: False)

    def _poll(self, operation: Operation, what: str, give_up: Callable[[Mapping[str, Any]], bool]) -> dict[str, Any]:
        """Poll a job until it has completed, or `give_up` says so of its row, and return the row."""
        columns = "statecode,statuscode,errorcode,friendlymessage,createdon,modifiedon"
        path = _path(operation) + query({"$select": columns})
        next_word = self._clock() + _FIRST_WORD
        for pause in pauses(0.5, 5.0):
            # A job that was just accepted may not be readable yet.
            row = self._environment.find(path) or {}
            if row.get("statecode") == _COMPLETED or give_up(row):
                return row
            now = self._clock()
            if now >= self._end:
                raise TimedOut(
                    f"{what} {_state(row)} in {self._host} after {self._timeout:.0f} s and continues there (operation "
                    f"{operation.operation_id}): run again to wait for its end, or raise import_timeout."
                )
            if now >= next_word:
                self._report_progress(f"{self._host}: {what} is in progress{self._progress(operation)}.")
                next_word = now + _NEXT_WORD
            self._sleep(min(pause, max(0.0, self._end - now)))
        raise AssertionError("pauses never end")

    def import_ended(self, operation: Operation) -> bool:
        """Say whether an import is done although its job is not; if nothing is known about it, it counts as done."""
        if operation.import_job_key is None:
            return True
        columns = query({"$select": "progress,completedon"})
        job = self._environment.find(f"importjobs({operation.import_job_key})" + columns)
        return job is None or job.get("completedon") is not None or float(job.get("progress") or 0) >= 100

    def _progress(self, operation: Operation) -> str:
        """The progress of an import, if known: its row appears some time after the job."""
        if operation.import_job_key is None:
            return ""
        job = self._environment.find(f"importjobs({operation.import_job_key})" + query({"$select": "progress"}))
        return f", {float(job['progress']):.0f} %" if job and job.get("progress") is not None else ""

    def _long_message(self, operation: Operation) -> str:
        # Read only if needed, because it can be hundreds of thousands of characters long.
        row = self._environment.find(_path(operation) + query({"$select": "message"})) or {}
        return str(row.get("message") or "")[:2000]


def _named(row: Mapping[str, Any]) -> str:
    since = f" since {row['createdon']}" if row.get("createdon") else ""
    return f"{row.get('messagename') or 'of an unknown kind'}{since}"


def _state(row: Mapping[str, Any]) -> str:
    return "has not begun" if row.get("statuscode") in _NOT_BEGUN and row.get("statecode") == 0 else "is not done"


def _path(operation: Operation) -> str:
    return f"asyncoperations({operation.operation_id})"
