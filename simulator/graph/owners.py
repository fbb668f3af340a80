# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners of applications and service principals."""

from __future__ import annotations

import copy
from typing import Any
from urllib.parse import urlsplit

from ..directory.directory import GRANT, ROLE_ASSIGNMENT, SERVICE_PRINCIPAL, USER
from ..directory.store import Object, View
from . import schema
from .addressing import addressed
from .call import Answer, Call
from .errors import bad_request, denied, not_found
from .query import collection_of, shown

_TYPES = {USER: schema.USERS, SERVICE_PRINCIPAL: schema.SERVICE_PRINCIPALS}


def list_owners(kind: str) -> Any:
    """`GET /applications/{id}/owners`, or the same of a service principal."""

    def answer(call: Call) -> Answer:
        return collection_of(call, schema.DIRECTORY_OBJECTS, _owners_of(call, addressed(call, kind)))

    return answer


def add_owner(kind: str) -> Any:
    """`POST .../owners/$ref` with `@odata.id`: 204."""

    def answer(call: Call) -> Answer:
        item = _writable(call, kind)
        owner_id = urlsplit(str(call.json_object().get("@odata.id", ""))).path.rstrip("/").rpartition("/")[2].lower()
        owner = _owner(call, owner_id, View.REFERENCE)
        if owner is None:
            raise not_found(owner_id)
        if owner_id in item["_owners"]:
            raise bad_request(
                "One or more added object references already exist for the following modified properties: 'owners'."
            )
        item["_owners"] = [*item["_owners"], owner_id]
        call.directory.store.put(kind, item)
        return Answer(204)

    return answer


def remove_owner(kind: str) -> Any:
    """`DELETE .../owners/{id}/$ref`: 204."""

    def answer(call: Call) -> Answer:
        item = _writable(call, kind)
        owner_id = call.keys[1].value.lower()
        if owner_id not in item["_owners"]:
            raise not_found(owner_id)
        item["_owners"] = [known for known in item["_owners"] if known != owner_id]
        call.directory.store.put(kind, item)
        return Answer(204)

    return answer


def expanded(call: Call, item: Object, name: str) -> list[dict[str, Any]]:
    """The owners that `$expand` includes in an application or service principal."""
    store = call.directory.store
    if name == "owners":
        return _owners_of(call, item)
    kind, link = (GRANT, "clientId") if name == "oauth2PermissionGrants" else (ROLE_ASSIGNMENT, "principalId")
    return [shown(row) for row in store.find(kind, link, item["id"], View.LIST)]


def _writable(call: Call, kind: str) -> Object:
    item = copy.deepcopy(addressed(call, kind))
    owned = call.caller.object_id in item["_owners"]
    if not call.may("Application.ReadWrite.All") and not (call.may("Application.ReadWrite.OwnedBy") and owned):
        raise denied()
    return item


def _owners_of(call: Call, item: Object) -> list[dict[str, Any]]:
    found = (_owner(call, owner_id, View.LIST) for owner_id in item.get("_owners", ()))
    return [owner for owner in found if owner is not None]


def _owner(call: Call, owner_id: str, view: View) -> dict[str, Any] | None:
    for kind, collection in _TYPES.items():
        found = call.directory.store.get(kind, owner_id, view)
        if found is not None and found["deletedDateTime"] is None:
            return {"@odata.type": f"#{collection.type_name}", **shown(found, collection.default_properties or None)}
    return None
