# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the key in a URL to the object; each kind of address has its own view of the replicas."""

from __future__ import annotations

import copy

from ..directory.directory import APPLICATION, SERVICE_PRINCIPAL, USER
from ..directory.store import Object, View
from .call import Call, Key
from .errors import not_found

_ALTERNATE_KEYS = {
    (APPLICATION, "appId"): View.BY_APP_ID,
    (APPLICATION, "uniqueName"): View.BY_UNIQUE_NAME,
    (SERVICE_PRINCIPAL, "appId"): View.BY_APP_ID,
    (USER, "userPrincipalName"): View.BY_UNIQUE_NAME,
}


def addressed(call: Call, kind: str, key: Key | None = None) -> Object:
    """The object that `key` (by default the URL's first one) names, as this request's replica returns it.

    Raises GraphError 404 if it is absent, in the recycle bin, or not replicated yet.
    """
    key = key or call.keys[0]
    found = _look_up(call, kind, key)
    if found is None or found.get("deletedDateTime") is not None:
        raise not_found(key.value)
    return found


def editable(call: Call, kind: str, key: Key | None = None) -> Object:
    """A copy, to be changed and put back, of the newest version of the object that `key` names.

    The write must find the object on this request's replica first. Raises GraphError 404.
    """
    visible = addressed(call, kind, key)
    newest = call.directory.store.get(kind, visible["id"])
    if newest is None or newest.get("deletedDateTime") is not None:
        raise not_found((key or call.keys[0]).value)
    return copy.deepcopy(newest)


def _look_up(call: Call, kind: str, key: Key) -> Object | None:
    store = call.directory.store
    if key.name == "id":
        # A user may also be addressed by name (contract: users).
        if kind == USER and "@" in key.value:
            return _look_up(call, kind, Key("userPrincipalName", key.value))
        return store.get(kind, key.value, View.BY_ID)
    view = _ALTERNATE_KEYS.get((kind, key.name))
    if view is None:
        return None
    found = store.find(kind, key.name, key.value, view)
    return next((item for item in found if item["deletedDateTime"] is None), None)


def in_use(call: Call, kind: str, view: View) -> list[Object]:
    """All objects of `kind` that are not in the recycle bin."""
    return [item for item in call.directory.store.all(kind, view) if item["deletedDateTime"] is None]
