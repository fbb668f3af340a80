# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications: created, found, changed, upserted by their unique name, moved to the recycle bin."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import urlsplit

from ..clock import graph_time
from ..directory import shapes
from ..directory.directory import APPLICATION, SERVICE_PRINCIPAL
from ..directory.store import Object, View
from . import app_policies, key_credentials, owners, payload, secrets
from .addressing import addressed, editable, in_use
from .call import Answer, Call, Key
from .errors import GraphError, bad_request, denied, not_found
from .query import collection_of, counted, entity, list_view
from .schema import APPLICATIONS, PERSONAL_AUDIENCES

OWNED_BY = "Application.ReadWrite.OwnedBy"
READ_WRITE_ALL = "Application.ReadWrite.All"

_AUDIENCES = (
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
)
_WRITABLE: dict[str, type] = {
    "addIns": list,
    "api": dict,
    "appRoles": list,
    "defaultRedirectUri": str,
    "description": str,
    "displayName": str,
    "groupMembershipClaims": str,
    "identifierUris": list,
    "info": dict,
    "isDeviceOnlyAuthSupported": bool,
    "isDisabled": bool,
    "isFallbackPublicClient": bool,
    "keyCredentials": list,
    "notes": str,
    "oauth2RequirePostResponse": bool,
    "optionalClaims": dict,
    "parentalControlSettings": dict,
    "passwordCredentials": list,
    "publicClient": dict,
    "requiredResourceAccess": list,
    "samlMetadataUrl": str,
    "serviceManagementReference": str,
    "signInAudience": str,
    "spa": dict,
    "tags": list,
    "tokenEncryptionKeyId": str,
    "uniqueName": str,
    "web": dict,
}
_READ_ONLY = frozenset(
    {
        "id",
        "appId",
        "createdByAppId",
        "createdDateTime",
        "disabledByMicrosoftStatus",
        "deletedDateTime",
        "publisherDomain",
        "applicationTemplateId",
    }
)
_MAX_REDIRECT_URIS = 256
_MAX_APIS, _MAX_PERMISSIONS = 50, 400


def list_applications(call: Call) -> Answer:
    """`GET /applications`."""
    return collection_of(call, APPLICATIONS, in_use(call, APPLICATION, list_view(call)), expander=owners.expanded)


def count_applications(call: Call) -> Answer:
    """`GET /applications/$count`."""
    return counted(call, APPLICATIONS, in_use(call, APPLICATION, View.SEARCH))


def get_application(call: Call) -> Answer:
    """`GET /applications/{id}`, or by `appId` or `uniqueName`."""
    return entity(call, APPLICATIONS, addressed(call, APPLICATION), expander=owners.expanded)


def create_application(call: Call) -> Answer:
    """`POST /applications`: always a new one, even if another has the same display name."""
    body = call.json_object()
    if not call.world.settings.graph_post_sets_unique_name:
        body = {name: value for name, value in body.items() if name != "uniqueName"}
    return _create(call, body)


def _create(call: Call, body: dict[str, Any], unique_name: str | None = None) -> Answer:
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    payload.require(body, ("displayName",), "Application")
    _check_quota(call)
    app = shapes.new_application(
        call.world.new_guid(),
        call.world.new_guid(),
        graph_time(call.world.clock.now()),
        call.tenant.domain,
        body["displayName"],
    )
    if unique_name is not None:
        body = {**body, "uniqueName": unique_name}
    _take_over(call, app, {name: value for name, value in body.items() if name != "passwordCredentials"})
    new_secrets = secrets.generate_all(call, app, body.get("passwordCredentials") or [])
    app["createdByAppId"] = call.caller.app_id
    # A caller that may change all applications does not become an owner (contract: create an application).
    owns = unique_name is None or call.world.settings.graph_upsert_makes_owner
    if owns and not call.may(READ_WRITE_ALL) and call.may(OWNED_BY):
        app["_owners"] = [call.caller.object_id]
    call.directory.store.put(APPLICATION, app)
    shown = {**app, "passwordCredentials": new_secrets or app["passwordCredentials"]}
    return entity(call, APPLICATIONS, shown, status=201)


def update_application(call: Call) -> Answer:
    """`PATCH /applications/{id}`: 204; by unique name or client id also an upsert, with its header."""
    key = call.keys[0]
    if key.name == "uniqueName":
        return _upsert(call, key)
    app = editable(call, APPLICATION)
    check_may_write(call, app)
    _change(call, app, call.json_object())
    return Answer(204)


def _upsert(call: Call, key: Key) -> Answer:
    """The view of writes decides whether the application exists, so two upserts never create two applications."""
    body = call.json_object()
    found = call.directory.store.find(APPLICATION, "uniqueName", key.value)
    if found and found[0]["deletedDateTime"] is None:
        app = copy.deepcopy(found[0])
        check_may_write(call, app)
        _change(call, app, {name: value for name, value in body.items() if name != "uniqueName"})
        return Answer(204)
    if not call.prefers("create-if-missing"):
        raise not_found(key.value)
    own = (OWNED_BY, "AppRegistration.Create") if call.world.settings.graph_upsert_takes_owned_by else ()
    if not call.may(READ_WRITE_ALL, *own):
        raise denied()
    return _create(call, body, unique_name=key.value)


def _change(call: Call, app: Object, body: dict[str, Any]) -> None:
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    if "passwordCredentials" in body:
        secrets.check_unchanged(app, body["passwordCredentials"])
        body = {name: value for name, value in body.items() if name != "passwordCredentials"}
    if "displayName" in body and not body["displayName"]:
        raise bad_request(
            "Invalid value specified for property 'displayName' of resource 'Application'.",
            code="InvalidValue",
            target="displayName",
        )
    if not call.world.settings.graph_update_merges_objects:
        new = shapes.new_application("", "", "", "", "")
        app |= {name: new[name] for name, value in body.items() if isinstance(value, dict)}
    _take_over(call, app, body)
    call.directory.store.put(APPLICATION, app)


def delete_application(call: Call) -> Answer:
    """`DELETE /applications/{id}`: moves it to the recycle bin with its service principal in this tenant."""
    app = editable(call, APPLICATION)
    check_may_write(call, app)
    store, moment = call.directory.store, graph_time(call.world.clock.now())
    store.put(APPLICATION, {**app, "deletedDateTime": moment})
    for principal in store.find(SERVICE_PRINCIPAL, "appId", app["appId"]):
        if principal["deletedDateTime"] is None:
            store.put(SERVICE_PRINCIPAL, {**principal, "deletedDateTime": moment})
    return Answer(204)


def check_may_write(call: Call, app: Object) -> None:
    """Raise GraphError 403 unless the caller may change this application: any, or its own."""
    if call.may(READ_WRITE_ALL) or (call.may(OWNED_BY) and call.caller.object_id in app["_owners"]):
        return
    raise denied()


def _take_over(call: Call, app: Object, body: dict[str, Any]) -> None:
    body = dict(body)
    if "keyCredentials" in body:
        app["keyCredentials"] = key_credentials.replaced(call, app, body.pop("keyCredentials"))
    if "uniqueName" in body:
        _set_unique_name(call, app, body.pop("uniqueName"))
    _check_values(body)
    payload.merge(app, body)
    if "web" in body and isinstance(app["web"], dict) and "redirectUris" in (body["web"] or {}):
        app["web"]["redirectUriSettings"] = [{"uri": uri, "index": None} for uri in app["web"]["redirectUris"]]
    if app["signInAudience"] in PERSONAL_AUDIENCES and app["api"]["requestedAccessTokenVersion"] != 2:
        raise bad_request(
            "Property api.requestedAccessTokenVersion is invalid.",
            code="InvalidValue",
            target="api.requestedAccessTokenVersion",
        )
    if "signInAudience" in body or "identifierUris" in body:
        app_policies.check_audience(call, app)


def _set_unique_name(call: Call, app: Object, name: str | None) -> None:
    if name == app["uniqueName"]:
        return
    if app["uniqueName"] is not None:
        raise bad_request(
            "Property 'uniqueName' is immutable once it is set.", code="InvalidValue", target="uniqueName"
        )
    # An application in the recycle bin keeps its name until it is purged (contract: upsert by unique name).
    if name is not None and call.directory.store.find(APPLICATION, "uniqueName", name):
        raise bad_request(
            "Another object with the same value for property uniqueName already exists.",
            code="ObjectConflict",
            target="uniqueName",
        )
    app["uniqueName"] = name


def _check_values(body: dict[str, Any]) -> None:
    if len(body.get("displayName") or "") > 256:
        raise _invalid("displayName")
    if len(body.get("description") or "") > 1024:
        raise _invalid("description")
    if "signInAudience" in body and body["signInAudience"] not in _AUDIENCES:
        raise _invalid("signInAudience")
    for name in ("tags", "identifierUris"):
        if name in body:
            payload.texts(body[name], name)
    for name in ("web", "spa", "publicClient"):
        if isinstance(body.get(name), dict) and "redirectUris" in body[name]:
            _check_redirect_uris(body[name]["redirectUris"], f"{name}.redirectUris")
    if "requiredResourceAccess" in body:
        _check_required_access(body["requiredResourceAccess"])


def _check_redirect_uris(uris: Any, target: str) -> None:
    if len(payload.texts(uris, target)) > _MAX_REDIRECT_URIS:
        raise _invalid(target)
    if len(set(uris)) != len(uris):
        raise bad_request(f"Property {target} contains duplicate values.", code="InvalidValue", target=target)
    for uri in uris:
        parts = urlsplit(uri)
        local = parts.hostname in ("localhost", "127.0.0.1")
        if target.startswith("publicClient") and parts.scheme and parts.scheme not in ("http", "https"):
            continue
        if not parts.hostname or parts.fragment or not (parts.scheme == "https" or (parts.scheme == "http" and local)):
            raise bad_request(
                "Reply URL must begin with 'HTTPS' or be http://localhost, and must have no fragment.",
                code="InvalidValue",
                target=target,
            )


def _check_required_access(entries: list[Any]) -> None:
    permissions = 0
    for entry in entries:
        if not isinstance(entry, dict) or not payload.is_guid(entry.get("resourceAppId")):
            raise _invalid("requiredResourceAccess")
        access = entry.get("resourceAccess")
        if not isinstance(access, list):
            raise _invalid("requiredResourceAccess.resourceAccess")
        permissions += len(access)
        for item in access:
            if not isinstance(item, dict) or not payload.is_guid(item.get("id")):
                raise _invalid("requiredResourceAccess.resourceAccess")
            if item.get("type") not in ("Scope", "Role"):
                raise _invalid("requiredResourceAccess.resourceAccess.type")
    if len({entry["resourceAppId"].lower() for entry in entries}) != len(entries):
        raise _invalid("requiredResourceAccess.resourceAppId")
    if len(entries) > _MAX_APIS or permissions > _MAX_PERMISSIONS:
        raise _invalid("requiredResourceAccess")


def _invalid(target: str) -> GraphError:
    return bad_request(
        f"Invalid value specified for property '{target}' of resource 'Application'.",
        code="InvalidValue",
        target=target,
    )


def _check_quota(call: Call) -> None:
    """Applications in the recycle bin also count (contract: recycle bin)."""
    if sum(1 for _item in call.directory.store.all(APPLICATION)) >= call.tenant.spec.application_quota:
        raise GraphError(
            403,
            "Directory_QuotaExceeded",
            "The directory object quota limit for the Principal has been exceeded. Please ask your administrator to "
            "increase the quota limit or delete objects to reduce the used quota.",
        )
