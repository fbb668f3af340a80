# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bound and unbound functions and actions, by name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .. import seeded
from . import role_rules, users
from .calls import Reply, Session
from .errors import bad_payload, bad_query, method_not_allowed, no_segment
from .paths import Segment, arguments, guid, text_value
from .payloads import referenced_row
from .queries import View
from .schema import NAMESPACE, Table
from .solutions import actions

#: The version of the platform.
VERSION = "9.2.24092.00192"

_ACCESS_TYPE = re.compile(rf"({re.escape(NAMESPACE)}\.EndpointAccessType)?'?(Default|Internet|Intranet)'?|[0-2]")

Function = Callable[[Session, Mapping[str, str]], Reply]
Action = Callable[[Session, Mapping[str, Any]], Reply]
Bound = Callable[[Session, Any, Mapping[str, Any]], Reply]


def who_am_i(session: Session, arguments: Mapping[str, str]) -> Reply:
    """WhoAmI: it needs no privilege, so it proves only membership."""
    del arguments
    return Reply(
        200,
        {
            "@odata.context": session.context(f"{NAMESPACE}.WhoAmIResponse"),
            "BusinessUnitId": session.principal.business_unit,
            "UserId": session.user_id,
            "OrganizationId": session.data.organization_id,
        },
    )


def _retrieve_version(session: Session, arguments: Mapping[str, str]) -> Reply:
    del arguments
    return Reply(200, {"@odata.context": session.context(f"{NAMESPACE}.RetrieveVersionResponse"), "Version": VERSION})


def _current_organization(session: Session, given: Mapping[str, str]) -> Reply:
    """RetrieveCurrentOrganization: the organization's discovery data."""
    if not _ACCESS_TYPE.fullmatch(given["AccessType"]):
        raise bad_query("The value of the parameter 'AccessType' is not a valid EndpointAccessType.")
    data = session.data
    environment, tenant = data.environment, data.tenant
    url = f"{environment.url}/"
    endpoints = {
        "WebApplication": url,
        "OrganizationService": f"{url}XRMServices/2011/Organization.svc",
        "OrganizationDataService": f"{url}XRMServices/2011/OrganizationData.svc",
    }
    name = str(data.get("organization", data.organization_id)["name"])  # type: ignore[index]
    return Reply(
        200,
        {
            "@odata.context": session.context(f"{NAMESPACE}.RetrieveCurrentOrganizationResponse"),
            "Detail": {
                "OrganizationId": data.organization_id,
                "FriendlyName": environment.spec.name,
                "OrganizationVersion": VERSION,
                "EnvironmentId": environment.id,
                "DatacenterId": seeded.guid("datacenter", environment.region),
                "Geo": environment.region,
                "TenantId": tenant.id,
                "UrlName": environment.host.partition(".")[0],
                "UniqueName": name,
                "State": "Enabled",
                "SchemaType": "Standard",
                "OrganizationType": "Customer",
                "Endpoints": {
                    "Count": len(endpoints),
                    "IsReadOnly": False,
                    "Keys": list(endpoints),
                    "Values": list(endpoints.values()),
                },
            },
        },
    )


def _record_counts(session: Session, given: Mapping[str, str]) -> Reply:
    """RetrieveTotalRecordCount: how many rows some tables have, regardless of their owner."""
    try:
        names = json.loads(given["EntityNames"])
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_query("The parameter 'EntityNames' is expected to be a collection of Edm.String.")
    tables = session.data.catalogue.tables
    missing = next((name for name in names if name not in tables), None)
    if missing is not None:
        raise bad_query(f"The entity with a name = '{missing}' was not found in the MetadataCache.")
    for name in names:
        session.principal.require("Read", tables[name])
    counts = {name: len(list(View(session).stored(tables[name]))) for name in names}
    return Reply(
        200,
        {
            "@odata.context": session.context(f"{NAMESPACE}.RetrieveTotalRecordCountResponse"),
            "EntityRecordCountCollection": {
                "Count": len(counts),
                "IsReadOnly": False,
                "Keys": list(counts),
                "Values": list(counts.values()),
            },
        },
    )


def _available_languages(session: Session, given: Mapping[str, str]) -> Reply:
    del given
    context = session.context(f"{NAMESPACE}.RetrieveAvailableLanguagesResponse")
    return Reply(200, {"@odata.context": context, "LocaleIds": [1033]})


def _role_privileges(session: Session, given: Mapping[str, str]) -> Reply:
    identifier = _guid_argument(given, "RoleId")
    return Reply(
        200,
        {
            "@odata.context": session.context(f"{NAMESPACE}.RetrieveRolePrivilegesRoleResponse"),
            "RolePrivileges": role_rules.role_privileges(session, identifier),
        },
    )


def _guid_argument(given: Mapping[str, str], name: str) -> str:
    identifier = guid(text_value(given.get(name, "")))
    if identifier is None:
        raise bad_query(f"The value of the parameter '{name}' is not a valid Edm.Guid.")
    return identifier


#: Unbound functions: name, parameters, handler.
FUNCTIONS: Mapping[str, tuple[tuple[str, ...], Function]] = {
    "WhoAmI": ((), who_am_i),
    "RetrieveVersion": ((), _retrieve_version),
    "RetrieveAvailableLanguages": ((), _available_languages),
    "RetrieveCurrentOrganization": (("AccessType",), _current_organization),
    "RetrieveTotalRecordCount": (("EntityNames",), _record_counts),
    "RetrieveRolePrivilegesRole": (("RoleId",), _role_privileges),
    "RetrieveSolutionImportResult": (("ImportJobId",), actions.import_result),
    "RetrieveFormattedImportJobResults": (("ImportJobId",), actions.formatted_results),
    "RetrieveDependenciesForUninstall": (("SolutionUniqueName",), actions.dependencies_for_uninstall),
}

ACTIONS: Mapping[str, Action] = {
    "StageSolution": actions.stage,
    "ImportSolutionAsync": actions.import_async,
    "ImportSolution": actions.import_sync,
    "StageAndUpgradeAsync": actions.stage_and_upgrade_async,
    "StageAndUpgrade": actions.stage_and_upgrade,
    "DeleteAndPromote": actions.delete_and_promote,
    "DeleteAndPromoteAsync": actions.delete_and_promote_async,
    "UninstallSolutionAsync": actions.uninstall_async,
    "PublishAllXml": actions.publish_all,
}


def _user_privileges(session: Session, row: Any, given: Mapping[str, Any]) -> Reply:
    del given
    return Reply(
        200,
        {
            "@odata.context": session.context(f"{NAMESPACE}.RetrieveUserPrivilegesResponse"),
            "RolePrivileges": role_rules.user_privileges(session, row),
        },
    )


def _user_privilege_by_name(session: Session, row: Any, given: Mapping[str, Any]) -> Reply:
    name = text_value(str(given.get("PrivilegeName", ""))).lower()
    found = [item for item in role_rules.user_privileges(session, row) if item["PrivilegeName"].lower() == name]
    context = session.context(f"{NAMESPACE}.RetrieveUserPrivilegeByPrivilegeNameResponse")
    return Reply(200, {"@odata.context": context, "RolePrivileges": found})


def _user_privileges_by_names(session: Session, row: Any, given: Mapping[str, Any]) -> Reply:
    try:
        names = json.loads(str(given.get("PrivilegeNames", "")))
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise bad_query("The parameter 'PrivilegeNames' is expected to be a collection of Edm.String.")
    context = session.context(f"{NAMESPACE}.RetrieveUserSetOfPrivilegesByNamesResponse")
    found = role_rules.user_privileges_by_names(session, row, names)
    return Reply(200, {"@odata.context": context, "RolePrivileges": found})


def _set_business_unit(session: Session, row: Any, payload: Mapping[str, Any]) -> Reply:
    unit = payload.get("BusinessUnit")
    address = unit.get("@odata.id") if isinstance(unit, dict) else None
    identifier = unit.get("businessunitid") if isinstance(unit, dict) else None
    if isinstance(address, str):
        table, identifier = referenced_row(session, address)
    else:
        table = session.data.table("businessunit")
    if table.logical != "businessunit" or session.data.get("businessunit", str(identifier)) is None:
        raise bad_payload("SetBusinessSystemUser", "The parameter 'BusinessUnit' is expected to name a business unit.")
    session.principal.require_privilege("prvReparentUser")
    session.principal.require("Write", session.data.table("systemuser"), row)
    if row["_businessunitid_value"] != identifier:
        users.move(session, row["systemuserid"], str(identifier))
        session.data.change("systemuser", row, {"_businessunitid_value": str(identifier)})
    return Reply(204)


#: Functions and actions bound to a row: table and name; whether it is a function; handler.
BOUND: Mapping[tuple[str, str], tuple[bool, Bound]] = {
    ("role", "AddPrivilegesRole"): (False, role_rules.add_privileges),
    ("role", "ReplacePrivilegesRole"): (False, role_rules.replace_privileges),
    ("role", "RemovePrivilegeRole"): (False, role_rules.remove_privilege),
    ("systemuser", "RetrieveUserPrivileges"): (True, _user_privileges),
    ("systemuser", "RetrieveUserPrivilegeByPrivilegeName"): (True, _user_privilege_by_name),
    ("systemuser", "RetrieveUserSetOfPrivilegesByNames"): (True, _user_privileges_by_names),
    ("systemuser", "SetBusinessSystemUser"): (False, _set_business_unit),
}


def unbound(session: Session, segment: Segment) -> Reply | None:
    """The answer of the function or action that a segment names; None if it names none."""
    call, name = session.call, segment.name.removeprefix(f"{NAMESPACE}.")
    if name in FUNCTIONS:
        parameters, function = FUNCTIONS[name]
        if call.method != "GET":
            raise method_not_allowed(call.method)
        given = _given(session, segment, parameters)
        return function(session, given)
    if name in ACTIONS:
        if call.method != "POST":
            raise method_not_allowed(call.method)
        if segment.inside is not None:
            raise no_segment(segment.name)
        return ACTIONS[name](session, call.payload(name, empty=True))
    return None


def _given(session: Session, segment: Segment, parameters: tuple[str, ...]) -> dict[str, str]:
    given = arguments(segment.inside or "", session.call.options)
    if set(given) != set(parameters):
        raise (
            no_segment(segment.name)
            if segment.inside is None
            else bad_query(f"The parameters of the function '{segment.name}' are {', '.join(parameters) or 'none'}.")
        )
    return {name: text_value(value) for name, value in given.items()}


def bound(session: Session, table: Table, row: Any, segment: Segment) -> Reply:
    """The answer of the function or action bound to a row. Raises Refusal if it does not exist."""
    name = segment.name.removeprefix(f"{NAMESPACE}.")
    found = BOUND.get((table.logical, name))
    if found is None:
        raise no_segment(segment.name)
    is_function, handler = found
    call = session.call
    if call.method != ("GET" if is_function else "POST"):
        raise method_not_allowed(call.method)
    if is_function:
        return handler(session, row, arguments(segment.inside or "", call.options))
    with session.data.transaction():
        return handler(session, row, call.payload(name, empty=True))
