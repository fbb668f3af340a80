# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Application permissions: which app roles of a resource were granted to which service principal."""

from __future__ import annotations

import base64
import uuid
from typing import Literal

from ..directory.directory import ROLE_ASSIGNMENT, SERVICE_PRINCIPAL
from ..directory.store import Object, View
from . import payload
from .addressing import addressed
from .call import Answer, Call, Key
from .errors import bad_request, not_found
from .query import collection_of, entity
from .schema import ROLE_ASSIGNMENTS

Side = Literal["principalId", "resourceId"]
_WRITABLE: dict[str, type] = {"principalId": str, "resourceId": str, "appRoleId": str}
_READ_ONLY = frozenset(
    {"id", "createdDateTime", "deletedDateTime", "principalDisplayName", "principalType", "resourceDisplayName"}
)
_DEFAULT_ROLE = "00000000-0000-0000-0000-000000000000"


def list_granted(call: Call) -> Answer:
    """`GET /servicePrincipals/{id}/appRoleAssignments`: the permissions granted to it."""
    return _list(call, "principalId")


def list_granted_to_others(call: Call) -> Answer:
    """`GET /servicePrincipals/{id}/appRoleAssignedTo`: the grants of its permissions."""
    return _list(call, "resourceId")


def _list(call: Call, side: Side) -> Answer:
    principal = addressed(call, SERVICE_PRINCIPAL)
    rows = call.directory.store.find(ROLE_ASSIGNMENT, side, principal["id"], View.LIST)
    return collection_of(call, ROLE_ASSIGNMENTS, rows)


def create_assignment(call: Call) -> Answer:
    """`POST .../appRoleAssignedTo` or `.../appRoleAssignments`: 201."""
    addressed(call, SERVICE_PRINCIPAL)
    body = call.json_object()
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    payload.require(body, ("principalId", "resourceId", "appRoleId"), "AppRoleAssignment")
    for name in _WRITABLE:
        if not payload.is_guid(body[name]):
            raise bad_request(
                f"Invalid value specified for property '{name}' of resource 'AppRoleAssignment'.",
                code="InvalidValue",
                target=name,
            )
    principal = _referenced(call, body["principalId"])
    resource = _referenced(call, body["resourceId"])
    role_id = body["appRoleId"].lower()
    if role_id != _DEFAULT_ROLE and role_id not in {role["id"] for role in resource["appRoles"]}:
        raise bad_request(
            "Permission being assigned was not found on application", code="InvalidUpdate", target="appRoleId"
        )
    for row in call.directory.store.find(ROLE_ASSIGNMENT, "principalId", principal["id"]):
        if row["resourceId"] == resource["id"] and row["appRoleId"] == role_id:
            raise bad_request(
                "Permission being assigned already exists on the object", code="InvalidUpdate", target="appRoleId"
            )
    made = call.directory.new_role_assignment(
        _new_id(call, principal["id"]), principal, resource["id"], resource["displayName"], role_id
    )
    call.directory.store.put(ROLE_ASSIGNMENT, made)
    return entity(call, ROLE_ASSIGNMENTS, made, status=201)


def get_assignment(call: Call) -> Answer:
    """`GET .../appRoleAssignments/{id}`."""
    return entity(call, ROLE_ASSIGNMENTS, _assignment(call))


def delete_assignment(call: Call) -> Answer:
    """`DELETE .../appRoleAssignments/{id}`: 204."""
    call.directory.store.remove(ROLE_ASSIGNMENT, _assignment(call)["id"])
    return Answer(204)


def _assignment(call: Call) -> Object:
    addressed(call, SERVICE_PRINCIPAL, call.keys[0])
    key: Key = call.keys[1]
    found = call.directory.store.get(ROLE_ASSIGNMENT, key.value, View.BY_ID)
    if found is None or found["id"] != key.value:
        raise not_found(key.value)
    return found


def _referenced(call: Call, object_id: str) -> Object:
    found = call.directory.service_principal_by_id(object_id, as_seen_by="reference")
    if found is None:
        raise bad_request("Not a valid reference update.", code="InvalidUpdate", target=object_id)
    return found


def _new_id(call: Call, principal_id: str) -> str:
    parts = uuid.UUID(principal_id).bytes_le + uuid.UUID(call.world.new_guid()).bytes_le
    return base64.urlsafe_b64encode(parts).rstrip(b"=").decode()
