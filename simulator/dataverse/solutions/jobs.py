# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Solution operations as system jobs: queued, started, in progress, completed (contract: polling).

Nothing runs in the background. A job has its start and end times, and the next request to the environment advances it
to the current time; its effect is written then, with the time at which it was due.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ...clock import graph_time
from ..calls import Session
from ..errors import Refusal, signed
from ..state import EnvironmentData
from . import install
from .dependencies import installed
from .install import ImportFailed
from .package import Package

#: Shares of an operation's time: its wait in the queue, and the time until its import job can be read.
QUEUE_SHARE, JOB_ROW_SHARE = 0.2, 0.3

_READY, _LOCKED, _COMPLETED = 0, 2, 3
_WAITING, _IN_PROGRESS, _SUCCEEDED, _FAILED = 0, 20, 30, 31
_EXECUTE_ASYNC_REQUEST = 54

#: Names of the operations in the refusal: the one that holds the lock, and the refused one.
_VERBS = {"import": "Import", "upgrade": "Upgrade", "promote": "DeleteAndPromote", "uninstall": "Uninstall"}


def require_no_other(data: EnvironmentData, kind: str) -> None:
    """Check that no other solution operation is running. Raises Refusal: 429 without Retry-After."""
    other = next((item for item in data.operations.values() if item["state"] != "done"), None)
    if other is not None:
        wanted, running = _VERBS.get(kind, kind), _VERBS[other["kind"]]
        raise Refusal(
            429,
            "0x80071151",
            f"Cannot start another [{wanted}] because there is a previous [{running}] running at this moment. Use "
            "Solution History for more details. -- The solution installation or removal failed due to the installation "
            "or removal of another solution at the same time. Please try again later.",
        )


def start(
    session: Session,
    kind: str,
    message_name: str,
    unique_name: str,
    *,
    package: Package | None = None,
    holding: bool = False,
    overwrite: bool = False,
    import_job: str | None = None,
) -> dict[str, Any]:
    """Queue an operation; returns it, with `id` (of the system job) and `job` (of the import job).

    Raises Refusal while another operation is running.
    """
    data = session.data
    require_no_other(data, kind)
    seconds = max(0.0, float(data.world.settings.import_seconds))
    now = data.now().timestamp()
    operation: dict[str, Any] = {
        "id": data.world.new_guid(),
        "job": import_job or data.world.new_guid(),
        "kind": kind,
        "unique_name": unique_name,
        "package": None if package is None else package.dump(),
        "holding": holding,
        "overwrite": overwrite,
        "user": session.user_id,
        "created": now,
        "start": now + seconds * QUEUE_SHARE,
        "row": now + seconds * JOB_ROW_SHARE,
        "end": now + seconds,
        "state": "queued",
        "failure": None,
        "solution": None,
    }
    data.operations[operation["id"]] = operation
    _insert_system_job(session, operation, message_name)
    return operation


def _insert_system_job(session: Session, operation: dict[str, Any], message_name: str) -> None:
    data, created = session.data, _time(operation["created"])
    system = data.fixed_id("SYSTEM")
    data.insert(
        "asyncoperation",
        {
            "asyncoperationid": operation["id"],
            "name": message_name.removesuffix("Async"),
            "messagename": message_name,
            "operationtype": _EXECUTE_ASYNC_REQUEST,
            "subtype": 1,
            "depth": 1,
            "sequence": len(data.rows.get("asyncoperation", ())) + 1,
            "retrycount": 0,
            "timezoneruleversionnumber": 0,
            "dependencytoken": f"SolutionOperation_{{{data.organization_id}}}",
            "correlationid": data.world.new_guid(),
            "correlationupdatedtime": created,
            "parentpluginexecutionid": "00000000-0000-0000-0000-000000000000",
            "createdon": created,
            "modifiedon": created,
            "expanderstarttime": created,
            "_ownerid_value": operation["user"],
            "_owninguser_value": operation["user"],
            "_owningbusinessunit_value": session.principal.business_unit,
            "_createdby_value": system,
            "_modifiedby_value": system,
            "_createdonbehalfby_value": operation["user"],
            "_modifiedonbehalfby_value": operation["user"],
        },
    )


def advance(data: EnvironmentData) -> None:
    """Advance every operation to the current time."""
    if not data.operations:
        return
    now = data.now().timestamp()
    for operation in data.operations.values():
        if operation["state"] == "queued" and now >= operation["start"]:
            _begin(data, operation)
        if operation["state"] == "running" and now >= operation["row"]:
            _show_progress(data, operation, now)
        if operation["state"] == "running" and now >= operation["end"]:
            _finish(data, operation)


def _begin(data: EnvironmentData, operation: dict[str, Any]) -> None:
    operation["state"] = "running"
    row = data.rows["asyncoperation"].get(operation["id"])
    if row is not None:
        started = {"statecode": _LOCKED, "statuscode": _IN_PROGRESS, "startedon": _time(operation["start"])}
        data.change("asyncoperation", row, {**started, "hostid": f"SIM{operation['id'][:8].upper()}.MSCRMAsyncService"})
    try:
        _check(data, operation)
    except ImportFailed as failed:
        _complete(data, operation, failed, at=operation["start"])


def _check(data: EnvironmentData, operation: dict[str, Any]) -> None:
    if operation["kind"] in ("import", "upgrade"):
        package = Package.load(operation["package"])
        install.check(data, package, holding=operation["holding"], upgrade=operation["kind"] == "upgrade")
    elif operation["kind"] == "uninstall":
        row = installed(data, operation["unique_name"])
        if row is None:
            raise ImportFailed("0x80040217", f"The solution '{operation['unique_name']}' does not exist.")
        install.check_removal(data, row)


def _finish(data: EnvironmentData, operation: dict[str, Any]) -> None:
    try:
        operation["solution"] = _carry_out(data, operation)
    except ImportFailed as failed:
        _complete(data, operation, failed, at=operation["end"])
    else:
        _complete(data, operation, None, at=operation["end"])


def _carry_out(data: EnvironmentData, operation: dict[str, Any]) -> str | None:
    kind = operation["kind"]
    if kind == "import":
        return install.install(
            data,
            Package.load(operation["package"]),
            operation["user"],
            holding=operation["holding"],
            overwrite=operation["overwrite"],
        )
    if kind == "upgrade":
        package = Package.load(operation["package"])
        return install.upgrade(data, package, operation["user"], overwrite=operation["overwrite"])
    if kind == "promote":
        return install.promote(data, operation["unique_name"])
    row = installed(data, operation["unique_name"])
    if row is not None:
        install.uninstall(data, row)
    return None


def _complete(data: EnvironmentData, operation: dict[str, Any], failed: ImportFailed | None, *, at: float) -> None:
    operation["state"] = "done"
    changes: dict[str, Any] = {
        "statecode": _COMPLETED,
        "statuscode": _SUCCEEDED if failed is None else _FAILED,
        "completedon": _time(at),
        "modifiedon": _time(at),
        "executiontimespan": round(at - operation["start"], 3),
    }
    if failed is not None:
        operation["failure"] = {"code": failed.code, "message": failed.message}
        changes |= {
            "errorcode": signed(failed.code),
            "friendlymessage": failed.message[:4000],
            "message": f"Microsoft.Crm.CrmException: {failed.message}\r\n   at Microsoft.Crm.Asynchronous.Operation",
        }
    row = data.rows["asyncoperation"].get(operation["id"])
    if row is not None:
        data.change("asyncoperation", row, changes)
    if operation["kind"] in ("import", "upgrade") and (failed is None or not failed.early):
        job = _import_job(data, operation)
        done = {"progress": 100.0 if failed is None else 35.0, "completedon": _time(at), "modifiedon": _time(at)}
        data.change("importjob", job, {**done, "solutionid": operation["solution"], "data": _result_xml(operation)})
    # The package is no longer needed in the state.
    if operation["package"] is not None:
        operation["package"] = {**operation["package"], "tables": [], "missing": []}


def _show_progress(data: EnvironmentData, operation: dict[str, Any], now: float) -> None:
    if operation["kind"] in ("import", "upgrade"):
        share = (now - operation["start"]) / max(operation["end"] - operation["start"], 0.001)
        data.change("importjob", _import_job(data, operation), {"progress": round(min(share, 0.99) * 100, 1)})


def _import_job(data: EnvironmentData, operation: dict[str, Any]) -> dict[str, Any]:
    row = data.get("importjob", operation["job"])
    if row is not None:
        return row
    started = _time(operation["row"])
    return data.insert(
        "importjob",
        {
            "importjobid": operation["job"],
            "name": "Customizations",
            "solutionname": operation["unique_name"],
            "importcontext": "ImportUpgrade" if operation["kind"] == "upgrade" else "ImportInstall",
            "operationcontext": "Upgrade" if operation["kind"] == "upgrade" else "New",
            "progress": 0.0,
            "startedon": started,
            "createdon": started,
            "modifiedon": started,
            "_createdby_value": operation["user"],
            "_modifiedby_value": operation["user"],
            "_organizationid_value": data.organization_id,
        },
    )


def _result_xml(operation: dict[str, Any]) -> str:
    """The results for manifest and roles in the import job's `data`."""
    package, failure = operation["package"], operation["failure"]
    code = "0" if failure is None else str(signed(failure["code"]))
    text = "" if failure is None else failure["message"]
    outcome = "success" if failure is None else "failure"
    result = f'<result result="{outcome}" errorcode="{code}" errortext={quoteattr(text)} datetimeticks="0" />'
    roles = "".join(
        f"<securityrole id={quoteattr(role['id'])} name={quoteattr(role['name'])} "
        f'originalname={quoteattr(role["name"])} localizedname={quoteattr(role["name"])} processed="true">'
        f"{result}</securityrole>"
        for role in package["roles"]
    )
    return (
        f'<importexportxml start="0" stop="0" progress="{100 if failure is None else 35}" processed="true">'
        "<solutionManifests>"
        f'<solutionManifest languagecode="1033" id={quoteattr(package["unique_name"])} '
        f'LocalizedName={quoteattr(package["friendly_name"])} processed="true">'
        f"<UniqueName>{escape(package['unique_name'])}</UniqueName><Version>{escape(package['version'])}</Version>{result}"
        "<MissingDependencies /></solutionManifest></solutionManifests>"
        f"<rootComponents /><securityroles>{roles}</securityroles></importexportxml>"
    )


def _time(moment: float) -> str:
    return graph_time(datetime.fromtimestamp(moment, UTC))
