# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recycle bin: it keeps deleted objects for thirty days (contract: recycle bin)."""

from __future__ import annotations

from collections.abc import Callable

from ..directory.directory import APPLICATION, SERVICE_PRINCIPAL, USER
from ..directory.store import Object, View
from . import applications, schema, service_principals, users
from .call import Answer, Call
from .errors import bad_request, denied, not_found
from .query import collection_of, counted, shown

_COLLECTIONS = {APPLICATION: schema.APPLICATIONS, SERVICE_PRINCIPAL: schema.SERVICE_PRINCIPALS, USER: schema.USERS}
_READ = {
    APPLICATION: (
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Directory.Read.All",
    ),
    SERVICE_PRINCIPAL: (
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Directory.Read.All",
    ),
    USER: ("User.Read.All", "User.ReadWrite.All", "Directory.Read.All"),
}


def list_deleted(kind: str) -> Callable[[Call], Answer]:
    """`GET /directory/deletedItems/microsoft.graph.application` and the same for other types."""

    def answer(call: Call) -> Answer:
        if not call.may(*_READ[kind]):
            raise denied()
        call.directory.purge_expired()
        collection = _COLLECTIONS[kind]
        items = [item for item in call.directory.store.all(kind, View.LIST) if item["deletedDateTime"] is not None]
        return collection_of(call, collection, items)

    return answer


def count_deleted(kind: str) -> Callable[[Call], Answer]:
    """`GET /directory/deletedItems/microsoft.graph.application/$count` and the same for other types."""

    def answer(call: Call) -> Answer:
        if not call.may(*_READ[kind]):
            raise denied()
        items = [item for item in call.directory.store.all(kind, View.SEARCH) if item["deletedDateTime"] is not None]
        return counted(call, _COLLECTIONS[kind], items)

    return answer


def get_deleted(call: Call) -> Answer:
    """`GET /directory/deletedItems/{id}`."""
    kind, item = _in_bin(call)
    if not call.may(*_READ[kind]):
        raise denied()
    return Answer(200, _typed(call, kind, item))


def restore(call: Call) -> Answer:
    """`POST /directory/deletedItems/{id}/restore`: 200. The service principal of an application is not restored."""
    kind, item = _in_bin(call)
    _check_may_write(call, kind, item)
    if kind == SERVICE_PRINCIPAL and call.directory.service_principal_by_app_id(item["appId"]) is not None:
        raise bad_request(
            "The service principal cannot be restored because its name is already in use.",
            code="ObjectConflict",
            target="servicePrincipalNames",
        )
    if kind == USER:
        item = {**item, "userPrincipalName": users.name_in_use(item)}
    if kind == USER and call.directory.user_by_principal_name(item["userPrincipalName"]) is not None:
        raise bad_request(
            "Another object with the same value for property userPrincipalName already exists.",
            code="ObjectConflict",
            target="userPrincipalName",
        )
    restored = {**item, "deletedDateTime": None}
    call.directory.store.put(kind, restored)
    if kind == APPLICATION and call.world.settings.graph_restore_brings_principal:
        _restore_principal(call, item)
    return Answer(200, _typed(call, kind, restored))


def _restore_principal(call: Call, app: Object) -> None:
    """Restore the service principal that was deleted together with its application."""
    for principal in call.directory.store.find(SERVICE_PRINCIPAL, "appId", app["appId"]):
        if principal["deletedDateTime"] == app["deletedDateTime"]:
            call.directory.store.put(SERVICE_PRINCIPAL, {**principal, "deletedDateTime": None})


def purge(call: Call) -> Answer:
    """`DELETE /directory/deletedItems/{id}`: 204; deleted permanently."""
    kind, item = _in_bin(call)
    _check_may_write(call, kind, item)
    call.directory.store.remove(kind, item["id"])
    return Answer(204)


def _in_bin(call: Call) -> tuple[str, Object]:
    call.directory.purge_expired()
    for kind in _COLLECTIONS:
        found = call.directory.store.get(kind, call.keys[0].value, View.BY_ID)
        newest = call.directory.store.get(kind, call.keys[0].value)
        if found is not None and found["deletedDateTime"] is not None and newest is not None:
            return kind, newest
    raise not_found(call.keys[0].value)


def _check_may_write(call: Call, kind: str, item: Object) -> None:
    if kind == APPLICATION:
        applications.check_may_write(call, item)
    elif kind == SERVICE_PRINCIPAL:
        service_principals.check_may_write(call, item)
    elif not call.may("User.DeleteRestore.All", "User.ReadWrite.All"):
        raise denied()


def _typed(call: Call, kind: str, item: Object) -> dict[str, object]:
    collection = _COLLECTIONS[kind]
    return {
        "@odata.context": call.context("directoryObjects/$entity"),
        "@odata.type": f"#{collection.type_name}",
        **shown(item, collection.default_properties or None),
    }
