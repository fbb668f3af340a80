# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service principals: an application's identity in this tenant.

Graph does not create one automatically, the portal does.
"""

from __future__ import annotations

from typing import Any

from ..clock import graph_time
from ..directory import shapes
from ..directory.directory import SERVICE_PRINCIPAL
from ..directory.first_party import DYNAMICS_CRM_APP_ID
from ..directory.store import Object, View
from . import owners, payload
from .addressing import addressed, editable, in_use
from .call import Answer, Call
from .errors import GraphError, already_exists, bad_request, denied, not_found
from .query import collection_of, counted, entity, list_view
from .schema import SERVICE_PRINCIPALS

_WRITABLE: dict[str, type] = {
    "accountEnabled": bool,
    "addIns": list,
    "alternativeNames": list,
    "appId": str,
    "appRoleAssignmentRequired": bool,
    "appRoles": list,
    "description": str,
    "displayName": str,
    "homepage": str,
    "isDisabled": bool,
    "info": dict,
    "keyCredentials": list,
    "loginUrl": str,
    "logoutUrl": str,
    "notes": str,
    "notificationEmailAddresses": list,
    "oauth2PermissionScopes": list,
    "preferredSingleSignOnMode": str,
    "replyUrls": list,
    "servicePrincipalNames": list,
    "servicePrincipalType": str,
    "tags": list,
    "tokenEncryptionKeyId": str,
}
_READ_ONLY = frozenset(
    {
        "createdByAppId",
        "disabledByMicrosoftStatus",
        "id",
        "deletedDateTime",
        "appDisplayName",
        "appOwnerOrganizationId",
        "signInAudience",
    }
)
_ALL = "Application.ReadWrite.All"
_OWNED_BY = "Application.ReadWrite.OwnedBy"
_NOT_LOCAL = (
    "When using this permission, the backing application of the service principal being created must in the local "
    "tenant"
)


def list_service_principals(call: Call) -> Answer:
    """`GET /servicePrincipals`."""
    items = in_use(call, SERVICE_PRINCIPAL, list_view(call))
    return collection_of(call, SERVICE_PRINCIPALS, items, expander=owners.expanded)


def count_service_principals(call: Call) -> Answer:
    """`GET /servicePrincipals/$count`."""
    return counted(call, SERVICE_PRINCIPALS, in_use(call, SERVICE_PRINCIPAL, View.SEARCH))


def get_service_principal(call: Call) -> Answer:
    """`GET /servicePrincipals/{id}`, or by `appId`."""
    return entity(call, SERVICE_PRINCIPALS, addressed(call, SERVICE_PRINCIPAL), expander=owners.expanded)


def create_service_principal(call: Call) -> Answer:
    """`POST /servicePrincipals` for an application that exists."""
    return _create(call, call.json_object())


def _create(call: Call, body: dict[str, Any]) -> Answer:
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    app_id = body.get("appId")
    if not payload.is_guid(app_id):
        raise bad_request(
            "The appId of the service principal is required and must be a GUID.", code="InvalidValue", target="appId"
        )
    app_id = str(app_id).lower()
    if call.directory.service_principal_by_app_id(app_id) is not None:
        raise already_exists(
            "The service principal cannot be created, updated, or restored because the service principal name "
            f"{app_id} is already in use."
        )
    principal = _backed(call, app_id)
    payload.merge(principal, {name: value for name, value in body.items() if name != "appId"})
    if not call.may(_ALL):
        principal["_owners"] = [call.caller.object_id]
    principal["createdByAppId"] = call.caller.app_id
    call.directory.store.put(SERVICE_PRINCIPAL, principal)
    return entity(call, SERVICE_PRINCIPALS, principal, status=201)


def _backed(call: Call, app_id: str) -> Object:
    """A new service principal of the application. Raises GraphError while this request's replica lacks it."""
    if app_id == DYNAMICS_CRM_APP_ID:
        if not call.may(_ALL):
            raise denied(_NOT_LOCAL)
        return call.directory.new_dynamics_crm(call.world.new_guid())
    newest = call.directory.application_by_app_id(app_id)
    if newest is None:
        return _of_foreign_application(call, app_id)
    if call.directory.application_by_app_id(app_id, View.REFERENCE) is None:
        # Both occur right after an application was created (contract: errors right after creation).
        if not call.may(_ALL) and call.directory.application_by_app_id(app_id, View.BY_ID) is None:
            raise denied(_NOT_LOCAL)
        raise no_backing_application(app_id)
    if not call.may(_ALL) and call.caller.object_id not in newest["_owners"]:
        raise denied()
    return shapes.new_service_principal(call.world.new_guid(), app_id, newest["displayName"], call.tenant.id, newest)


def _of_foreign_application(call: Call, app_id: str) -> Object:
    """An application of another tenant, if it allows other tenants."""
    if not call.may(_ALL):
        raise denied(_NOT_LOCAL)
    for tenant in call.world.tenants.values():
        app = tenant.directory.application_by_app_id(app_id) if tenant.touched else None
        if app is not None and app["signInAudience"] != "AzureADMyOrg":
            return shapes.new_service_principal(call.world.new_guid(), app_id, app["displayName"], tenant.id, app)
    raise no_backing_application(app_id)


def no_backing_application(app_id: str) -> GraphError:
    """The application is unknown, or not known yet."""
    return bad_request(
        f"The appId '{app_id}' of the service principal does not reference a valid application object.",
        code="NoBackingApplicationObject",
        target="appId",
    )


def update_service_principal(call: Call) -> Answer:
    """`PATCH /servicePrincipals/{id}`: 204; by `appId` with `Prefer: create-if-missing` it also creates."""
    key, body = call.keys[0], call.json_object()
    if key.name == "appId":
        if call.directory.service_principal_by_app_id(key.value) is None:
            if not call.prefers("create-if-missing"):
                raise not_found(key.value)
            return _create(call, {**body, "appId": key.value})
        body = {name: value for name, value in body.items() if name != "appId"}
    principal = editable(call, SERVICE_PRINCIPAL)
    check_may_write(call, principal)
    payload.check_properties(
        body, {name: kind for name, kind in _WRITABLE.items() if name != "appId"}, _READ_ONLY | {"appId"}
    )
    payload.merge(principal, body)
    call.directory.store.put(SERVICE_PRINCIPAL, principal)
    return Answer(204)


def delete_service_principal(call: Call) -> Answer:
    """`DELETE /servicePrincipals/{id}`: moves it to the recycle bin."""
    principal = editable(call, SERVICE_PRINCIPAL)
    check_may_write(call, principal)
    moment = graph_time(call.world.clock.now())
    call.directory.store.put(SERVICE_PRINCIPAL, {**principal, "deletedDateTime": moment})
    return Answer(204)


def check_may_write(call: Call, principal: Object) -> None:
    """Raise GraphError 403 unless the caller may change this service principal: any, or its own."""
    if call.may(_ALL):
        return
    app = call.directory.application_by_app_id(principal["appId"])
    owned = call.caller.object_id in principal["_owners"] or (
        app is not None and call.caller.object_id in app["_owners"]
    )
    if not (call.may(_OWNED_BY) and owned):
        raise denied()
