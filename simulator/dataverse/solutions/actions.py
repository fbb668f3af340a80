# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions and functions on solutions (contract: solution actions)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from .. import gates
from ..calls import Reply, Session
from ..errors import Refusal, bad_payload
from ..paths import guid
from . import jobs
from .dependencies import dependants, described, installed, missing_dependencies
from .install import HOLDING_SUFFIX, ImportFailed, check, check_removal, uninstall
from .package import BadPackage, Package, read_base64

_OVERWRITE = "OverwriteUnmanagedCustomizations"
_IMPORT_PARAMETERS = frozenset(
    {
        _OVERWRITE,
        "PublishWorkflows",
        "CustomizationFile",
        "SolutionParameters",
        "HoldingSolution",
        "ConvertToManaged",
        "SkipProductUpdateDependencies",
        "SkipQueueRibbonJob",
        "AsyncRibbonProcessing",
        "LayerDesiredOrder",
        "ComponentParameters",
        "ImportJobId",
        "IsTemplateMode",
        "TemplateSuffix",
        "TemplateDisplayName",
    }
)


def stage(session: Session, payload: Mapping[str, Any]) -> Reply:
    """StageSolution: read and check a package without importing it."""
    session.principal.require_privilege("prvImportCustomization")
    _only(payload, frozenset({"CustomizationFile"}), "StageSolution")
    package = _read(payload.get("CustomizationFile"))
    data = session.data
    missing = missing_dependencies(data, package)
    results = []
    try:
        check(data, package, holding=False, upgrade=False)
    except ImportFailed as failed:
        results.append(
            {
                "SolutionValidationResultType": "Error",
                "ErrorCode": int(failed.code, 16) - 2**32,
                "AdditionalInfo": None,
                "Message": failed.message,
            }
        )
    upload = data.world.new_guid()
    data.uploads[upload] = package.dump()
    answer = {
        "StageSolutionUploadId": upload,
        "StageSolutionStatus": "Failed" if results else "Passed",
        "SolutionComponentsDetails": _component_details(session, package),
        "SolutionDetails": _solution_details(session, package),
        "MissingDependencies": [described(item) for item in missing],
        "SolutionValidationResults": results,
    }
    context = session.context("Microsoft.Dynamics.CRM.StageSolutionResponse")
    return Reply(200, {"@odata.context": context, "StageSolutionResults": answer})


def import_async(session: Session, payload: Mapping[str, Any]) -> Reply:
    """ImportSolutionAsync: queue an import."""
    package = _package_of(session, payload, "ImportSolutionAsync")
    operation = jobs.start(
        session,
        "import",
        "ImportSolutionAsync",
        package.unique_name,
        package=package,
        holding=_asks(payload, "HoldingSolution"),
        overwrite=_asks(payload, _OVERWRITE),
    )
    return _job_reply(session, "ImportSolutionAsyncResponse", operation)


def stage_and_upgrade_async(session: Session, payload: Mapping[str, Any]) -> Reply:
    """StageAndUpgradeAsync: queue an import that also removes components of the older version."""
    package = _package_of(session, payload, "StageAndUpgradeAsync")
    operation = jobs.start(
        session,
        "upgrade",
        "StageAndUpgradeAsync",
        package.unique_name,
        package=package,
        overwrite=_asks(payload, _OVERWRITE),
    )
    return _job_reply(session, "StageAndUpgradeAsyncResponse", operation)


def import_sync(session: Session, payload: Mapping[str, Any]) -> Reply:
    """ImportSolution: the same synchronously; the caller names the import job."""
    import_job = guid(str(payload.get("ImportJobId", "")))
    if import_job is None:
        raise bad_payload("ImportSolution", "The parameter 'ImportJobId' is expected.")
    if session.data.get("importjob", import_job) is not None:
        raise Refusal(400, "0x80040237", f"A duplicate import job id already exists : {import_job}")
    package = _package_of(session, payload, "ImportSolution")
    _at_once(
        session,
        "import",
        package,
        holding=_asks(payload, "HoldingSolution"),
        overwrite=_asks(payload, _OVERWRITE),
        import_job=import_job,
    )
    return Reply(204)


def stage_and_upgrade(session: Session, payload: Mapping[str, Any]) -> Reply:
    """StageAndUpgrade: the same synchronously."""
    package = _package_of(session, payload, "StageAndUpgrade")
    import_job = guid(str(payload.get("ImportJobId", "")))
    solution = _at_once(session, "upgrade", package, import_job=import_job, overwrite=_asks(payload, _OVERWRITE))
    context = session.context("Microsoft.Dynamics.CRM.StageAndUpgradeResponse")
    return Reply(200, {"@odata.context": context, "SolutionId": solution})


def delete_and_promote(session: Session, payload: Mapping[str, Any]) -> Reply:
    """DeleteAndPromote: apply a holding solution synchronously."""
    name = _promotable(session, payload, "DeleteAndPromote")
    solution = _at_once(session, "promote", unique_name=name)
    context = session.context("Microsoft.Dynamics.CRM.DeleteAndPromoteResponse")
    return Reply(200, {"@odata.context": context, "SolutionId": solution})


def delete_and_promote_async(session: Session, payload: Mapping[str, Any]) -> Reply:
    """DeleteAndPromoteAsync: queue it."""
    name = _promotable(session, payload, "DeleteAndPromoteAsync")
    operation = jobs.start(session, "promote", "DeleteAndPromoteAsync", name)
    context = session.context("Microsoft.Dynamics.CRM.DeleteAndPromoteAsyncResponse")
    return Reply(200, {"@odata.context": context, "AsyncOperationId": operation["id"]})


def uninstall_async(session: Session, payload: Mapping[str, Any]) -> Reply:
    """UninstallSolutionAsync: queue a removal."""
    session.principal.require("Delete", session.data.table("solution"))
    _only(payload, frozenset({"SolutionUniqueName"}), "UninstallSolutionAsync")
    row = _named(session, payload.get("SolutionUniqueName"), "UninstallSolutionAsync")
    operation = jobs.start(session, "uninstall", "UninstallSolutionAsync", row["uniquename"])
    context = session.context("Microsoft.Dynamics.CRM.UninstallSolutionAsyncResponse")
    return Reply(200, {"@odata.context": context, "AsyncOperationId": operation["id"]})


def delete(session: Session, row: Mapping[str, Any]) -> None:
    """DELETE of a solution's row: a synchronous removal. Raises Refusal."""
    session.principal.require("Delete", session.data.table("solution"))
    jobs.require_no_other(session.data, "uninstall")
    try:
        check_removal(session.data, row)
    except ImportFailed as failed:
        raise Refusal(400, failed.code, failed.message) from None
    uninstall(session.data, row)


def publish_all(session: Session, payload: Mapping[str, Any]) -> Reply:
    """PublishAllXml: everything is always published, but the lock is respected."""
    session.principal.require_privilege("prvPublishCustomization")
    _only(payload, frozenset(), "PublishAllXml")
    jobs.require_no_other(session.data, "PublishAll")
    return Reply(204)


def import_result(session: Session, arguments: Mapping[str, str]) -> Reply:
    """RetrieveSolutionImportResult: the result of an import."""
    operation, job = _import_job(session, arguments)
    failure = operation["failure"]
    result = {
        "Type": "Import",
        "Status": "Passed"
        if failure is None and operation["state"] == "done"
        else "Failed"
        if failure
        else "InProgress",
        "WarningMessages": [],
        "ErrorMessages": [] if failure is None else [failure["message"]],
        "ActionLink": {"Label": None, "Target": None},
        "FormattedResults": _spreadsheet(operation, job),
    }
    context = session.context("Microsoft.Dynamics.CRM.RetrieveSolutionImportResultResponse")
    return Reply(200, {"@odata.context": context, "SolutionOperationResult": result})


def formatted_results(session: Session, arguments: Mapping[str, str]) -> Reply:
    """RetrieveFormattedImportJobResults: the same as a spreadsheet."""
    operation, job = _import_job(session, arguments)
    context = session.context("Microsoft.Dynamics.CRM.RetrieveFormattedImportJobResultsResponse")
    return Reply(200, {"@odata.context": context, "FormattedResults": _spreadsheet(operation, job)})


def dependencies_for_uninstall(session: Session, arguments: Mapping[str, str]) -> Reply:
    """RetrieveDependenciesForUninstall: the dependents of a solution."""
    session.principal.require("Read", session.data.table("solution"))
    row = _named(session, arguments.get("SolutionUniqueName"), "RetrieveDependenciesForUninstall")
    table = session.data.table("dependency")
    rows = [
        {column.wire: found.get(column.wire, column.default) for column in table.columns.values()}
        for found in dependants(session.data, row)
    ]
    return Reply(200, {"@odata.context": session.context("dependencies"), "value": rows})


# Shared


def _only(payload: Mapping[str, Any], known: frozenset[str], action: str) -> None:
    strange = next((name for name in payload if name not in known and "@" not in name), None)
    if strange is not None:
        raise Refusal(
            400,
            "0x80048d19",
            f"The parameter '{strange}' in the request payload is not a valid parameter for the operation '{action}'.",
        )


def _asks(payload: Mapping[str, Any], flag: str) -> bool:
    return payload.get(flag) is True


def _read(text: Any) -> Package:
    try:
        return read_base64(text)
    except BadPackage as bad:
        raise bad.refusal() from None


def _package_of(session: Session, payload: Mapping[str, Any], action: str) -> Package:
    """The package of an import, from the payload or staged before. Raises Refusal."""
    session.principal.require_privilege("prvImportCustomization")
    _only(payload, _IMPORT_PARAMETERS, action)
    if payload.get("CustomizationFile") is not None:
        package = _read(payload["CustomizationFile"])
        _require_allowed(session, package)
        return package
    parameters = payload.get("SolutionParameters")
    upload = parameters.get("StageSolutionUploadId") if isinstance(parameters, dict) else None
    if not isinstance(upload, str):
        raise bad_payload(action, "One of the parameters 'CustomizationFile' and 'SolutionParameters' is expected.")
    # An upload is valid for one import. A refused second operation must not use it up.
    jobs.require_no_other(session.data, "import" if action.startswith("Import") else "upgrade")
    staged = session.data.uploads.pop(guid(upload) or "", None)
    if staged is None:
        raise Refusal(400, "0x80040217", f"StageSolutionUpload With Id = {upload} Does Not Exist")
    package = Package.load(staged)
    _require_allowed(session, package)
    return package


def _require_allowed(session: Session, package: Package) -> None:
    """Check that an environment that blocks unmanaged customizations gets managed packages only. Raises Refusal."""
    if not package.managed:
        gates.require_customizable(session.data)


def _job_reply(session: Session, response: str, operation: Mapping[str, Any]) -> Reply:
    context = session.context(f"Microsoft.Dynamics.CRM.{response}")
    return Reply(
        200, {"@odata.context": context, "ImportJobKey": operation["job"], "AsyncOperationId": operation["id"]}
    )


def _at_once(
    session: Session,
    kind: str,
    package: Package | None = None,
    *,
    unique_name: str = "",
    holding: bool = False,
    overwrite: bool = False,
    import_job: str | None = None,
) -> str | None:
    """Perform an operation before answering. Raises Refusal if it fails."""
    data = session.data
    name = package.unique_name if package is not None else unique_name
    operation = jobs.start(
        session, kind, kind, name, package=package, holding=holding, overwrite=overwrite, import_job=import_job
    )
    operation["start"] = operation["row"] = operation["end"] = operation["created"]
    jobs.advance(data)
    data.remove("asyncoperation", operation["id"])
    failure = operation["failure"]
    if failure is not None:
        raise Refusal(500 if failure["code"] == "0x8004801d" else 400, failure["code"], failure["message"])
    solution: str | None = operation["solution"]
    return solution


def _promotable(session: Session, payload: Mapping[str, Any], action: str) -> str:
    session.principal.require_privilege("prvImportCustomization")
    _only(payload, frozenset({"UniqueName"}), action)
    name = payload.get("UniqueName")
    if not isinstance(name, str) or not name:
        raise bad_payload(action, "The parameter 'UniqueName' is expected.")
    if installed(session.data, name + HOLDING_SUFFIX) is None:
        raise Refusal(400, "0x8004853b", f"The {name} solution doesn't have an upgrade that is ready to be applied.")
    return name


def _named(session: Session, name: Any, action: str) -> dict[str, Any]:
    if not isinstance(name, str) or not name:
        raise bad_payload(action, "The parameter 'SolutionUniqueName' is expected.")
    row = installed(session.data, name)
    if row is None:
        raise Refusal(404, "0x80040217", f"solution With uniquename = {name} Does Not Exist")
    return row


def _import_job(session: Session, arguments: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    session.principal.require("Read", session.data.table("importjob"))
    identifier = guid(arguments.get("ImportJobId", ""))
    operation = next((item for item in session.data.operations.values() if item["job"] == identifier), None)
    job = session.data.get("importjob", identifier or "")
    if operation is None or job is None:
        raise Refusal(400, "0x80044252", "The requested importjob does not exist.")
    return operation, job


def _solution_details(session: Session, package: Package) -> dict[str, Any]:
    data = session.data
    row = installed(data, package.unique_name)
    publisher = None if row is None else data.get("publisher", row["_publisherid_value"])
    return {
        "SolutionUniqueName": package.unique_name,
        "SolutionFriendlyName": package.friendly_name,
        "SolutionDescription": package.description,
        "PublisherUniqueName": package.publisher["uniquename"],
        "PublisherFriendlyName": package.publisher["friendlyname"],
        "PreviousSolutionUniqueName": None if row is None else row["uniquename"],
        "PreviousSolutionFriendlyName": None if row is None else row["friendlyname"],
        "PreviousPublisherUniqueName": None if publisher is None else publisher["uniquename"],
        "PreviousPublisherFriendlyName": None if publisher is None else publisher["friendlyname"],
        "IsPatchSolution": False,
        "IsManaged": package.managed,
        "PreviousIsManaged": row is not None and row["ismanaged"],
        "SolutionVersion": package.version,
        "PreviousSolutionVersion": None if row is None else row["version"],
        "PreviousPatchSolutionsNames": [],
        "IsPrerequisitesExport": False,
        "HasPendingUpgrade": installed(data, package.unique_name + HOLDING_SUFFIX) is not None,
    }


def _component_details(session: Session, package: Package) -> list[dict[str, Any]]:
    data = session.data

    def detail(name: str, kind: str, present: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "ComponentName": name,
            "ComponentTypeName": kind,
            "IsPresentInOrg": present,
            "Attributes": {
                "Count": len(attributes),
                "Keys": list(attributes),
                "Values": ["" if value is None else str(value) for value in attributes.values()],
            },
        }

    details = [
        detail(
            package.friendly_name,
            "solution",
            "Unknown",
            {"localizedname": package.friendly_name, "description": package.description},
        )
    ]
    details += [
        detail(item["label"], "entity", str(item["schema"].lower() in data.catalogue.tables), {"name": item["schema"]})
        for item in package.tables
    ]
    details += [
        detail(item["name"], "role", str(data.get("role", item["id"]) is not None), {"name": item["name"]})
        for item in package.roles
    ]
    details += [
        detail(item["connectionreferencelogicalname"], "connectionreference", "False", item)
        for item in package.connections
    ]
    details += [
        detail(item["displayname"], "EnvironmentVariableDefinition", "False", item) for item in package.variables
    ]
    details += [detail(item["schemaname"], "EnvironmentVariableValue", "False", item) for item in package.values]
    return details


def _spreadsheet(operation: Mapping[str, Any], job: Mapping[str, Any]) -> str:
    """The import's results as the spreadsheet XML that the platform's pages offer for download."""
    package = operation["package"]
    failure = operation["failure"]
    lines = [
        ("Name", package["unique_name"]),
        ("Display Name", package["friendly_name"]),
        ("Description", package["description"]),
        ("Version", package["version"]),
        ("Package Type", "Managed" if package["managed"] else "Unmanaged"),
        ("Publisher", package["publisher"]["uniquename"]),
        ("Status", "Success" if failure is None else "Failure"),
        ("Error Text", "" if failure is None else failure["message"]),
        ("Progress", str(job.get("progress", 0))),
    ]
    rows = "".join(f"<Row>{_cell(name)}{_cell(value)}</Row>" for name, value in lines)
    components = "".join(f"<Row>{_cell('role')}{_cell(role['name'])}</Row>" for role in package["roles"])
    return (
        '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" '
        'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
        f'<Worksheet ss:Name="Solution"><Table>{rows}</Table></Worksheet>'
        f'<Worksheet ss:Name="Components"><Table>{components}</Table></Worksheet></Workbook>'
    )


def _cell(value: str) -> str:
    return f'<Cell><Data ss:Type="String">{escape(value)}</Data></Cell>'
