# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Consent: delegated permissions granted to an application, one row for each client, resource and principal."""

from __future__ import annotations

import base64
import uuid

from ..directory.directory import GRANT, SERVICE_PRINCIPAL, USER
from ..directory.store import Object, View
from . import payload
from .addressing import addressed
from .call import Answer, Call
from .errors import already_exists, bad_request, not_found
from .query import collection_of, entity
from .schema import GRANTS

_MAX_SCOPE = 3850
_WRITABLE: dict[str, type] = {
    "clientId": str,
    "consentType": str,
    "principalId": str,
    "resourceId": str,
    "scope": str,
    # Older clients send these; version 1.0 does not keep them.
    "startTime": str,
    "expiryTime": str,
}
_READ_ONLY = frozenset({"id"})


def list_grants(call: Call) -> Answer:
    """`GET /oauth2PermissionGrants`."""
    return collection_of(call, GRANTS, list(call.directory.store.all(GRANT, View.LIST)))


def list_grants_of_client(call: Call) -> Answer:
    """`GET /servicePrincipals/{id}/oauth2PermissionGrants`."""
    principal = addressed(call, SERVICE_PRINCIPAL)
    return collection_of(call, GRANTS, call.directory.store.find(GRANT, "clientId", principal["id"], View.LIST))


def get_grant(call: Call) -> Answer:
    """`GET /oauth2PermissionGrants/{id}`."""
    return entity(call, GRANTS, _grant(call, View.BY_ID))


def create_grant(call: Call) -> Answer:
    """`POST /oauth2PermissionGrants`: 201, or 409 if there is one for the same three."""
    body = call.json_object()
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    payload.require(body, ("clientId", "consentType", "resourceId"), "OAuth2PermissionGrant")
    principal_id = _principal(call, body)
    for name in ("clientId", "resourceId"):
        if call.directory.service_principal_by_id(str(body[name]), as_seen_by="reference") is None:
            raise not_found(body[name])
    _check_scope(body.get("scope"))
    grant: Object = {
        "clientId": body["clientId"].lower(),
        "consentType": body["consentType"],
        "id": grant_id(body["clientId"], body["resourceId"], principal_id),
        "principalId": principal_id,
        "resourceId": body["resourceId"].lower(),
        "scope": body.get("scope") or "",
    }
    if call.directory.store.get(GRANT, grant["id"]) is not None:
        if call.world.settings.graph_consent_conflict_is_400:
            raise bad_request("Permission entry already exists.")
        raise already_exists("Permission entry already exists.")
    call.directory.store.put(GRANT, grant)
    return entity(call, GRANTS, grant, status=201)


def update_grant(call: Call) -> Answer:
    """`PATCH /oauth2PermissionGrants/{id}`: 204; the scope is replaced as a whole, nothing else can change."""
    grant, body = _grant(call, View.BY_ID), call.json_object()
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    for name in body:
        if name != "scope" and not name.startswith("@"):
            raise bad_request("Property cannot be updated.", code="InvalidUpdate", target=name)
    _check_scope(body.get("scope"))
    call.directory.store.put(GRANT, {**grant, "scope": body.get("scope") or ""})
    return Answer(204)


def delete_grant(call: Call) -> Answer:
    """`DELETE /oauth2PermissionGrants/{id}`: 204."""
    call.directory.store.remove(GRANT, _grant(call, View.BY_ID)["id"])
    return Answer(204)


def grant_id(client_id: str, resource_id: str, principal_id: str | None) -> str:
    """The id of a grant: the GUIDs' bytes in .NET's order, as base64url without padding."""
    parts = [client_id, resource_id] + ([principal_id] if principal_id else [])
    return base64.urlsafe_b64encode(b"".join(uuid.UUID(part).bytes_le for part in parts)).rstrip(b"=").decode()


def _principal(call: Call, body: Object) -> str | None:
    for name in ("clientId", "resourceId"):
        if not payload.is_guid(body[name]):
            raise bad_request(
                f"Invalid value specified for property '{name}' of resource 'OAuth2PermissionGrant'.",
                code="InvalidValue",
                target=name,
            )
    if body["consentType"] == "AllPrincipals":
        if body.get("principalId"):
            raise bad_request(
                "The principalId must be empty when the consentType is AllPrincipals.",
                code="InvalidValue",
                target="principalId",
            )
        return None
    if body["consentType"] != "Principal" or not payload.is_guid(body.get("principalId")):
        raise bad_request(
            "The consentType is AllPrincipals, or Principal with a principalId.",
            code="InvalidValue",
            target="consentType",
        )
    if call.directory.store.get(USER, body["principalId"], View.REFERENCE) is None:
        raise not_found(body["principalId"])
    return str(body["principalId"]).lower()


def _check_scope(scope: str | None) -> None:
    if scope is not None and len(scope) > _MAX_SCOPE:
        raise bad_request("The scope of a permission grant is too long.", code="InvalidValue", target="scope")


def _grant(call: Call, view: View) -> Object:
    # The id is text with upper and lower case; the store's own keys are lower case.
    found = call.directory.store.get(GRANT, call.keys[0].value, view)
    if found is None or found["id"] != call.keys[0].value:
        raise not_found(call.keys[0].value)
    return found
