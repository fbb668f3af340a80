# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Federated identity credentials: which tokens an application accepts instead of a secret (contract: credentials)."""

from __future__ import annotations

import copy
from typing import Any

from ..directory.directory import APPLICATION
from ..directory.store import Object
from . import payload
from .addressing import addressed, editable
from .applications import check_may_write
from .call import Answer, Call
from .errors import already_exists, bad_request, not_found
from .query import collection_of, entity
from .schema import FEDERATED_CREDENTIALS

_WRITABLE: dict[str, type] = {"name": str, "issuer": str, "subject": str, "audiences": list, "description": str}
_READ_ONLY = frozenset({"id"})
_MOST = 20


def list_credentials(call: Call) -> Answer:
    """`GET /applications/{id}/federatedIdentityCredentials`."""
    return collection_of(call, FEDERATED_CREDENTIALS, addressed(call, APPLICATION)["_federated"])


def get_credential(call: Call) -> Answer:
    """`GET .../federatedIdentityCredentials/{id or name}`."""
    return entity(call, FEDERATED_CREDENTIALS, _found(call, addressed(call, APPLICATION)))


def create_credential(call: Call) -> Answer:
    """`POST .../federatedIdentityCredentials`: 201. Issuer and subject together are unique in an application."""
    app, body = _writable(call), call.json_object()
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    payload.require(body, ("name", "issuer", "subject", "audiences"), "FederatedIdentityCredential")
    _check_audiences(body)
    for known in app["_federated"]:
        if known["name"] == body["name"]:
            raise already_exists("FederatedIdentityCredential with name already exists.")
        if (known["issuer"], known["subject"]) == (body["issuer"], body["subject"]):
            raise already_exists("FederatedIdentityCredential with issuer and subject already exists.")
    if len(app["_federated"]) >= _MOST:
        raise bad_request(f"An application has at most {_MOST} federated identity credentials.")
    made: Object = {
        "id": call.world.new_guid(),
        "name": body["name"],
        "issuer": body["issuer"],
        "subject": body["subject"],
        "description": body.get("description"),
        "audiences": list(body["audiences"]),
    }
    app["_federated"] = [*app["_federated"], made]
    call.directory.store.put(APPLICATION, app)
    return entity(call, FEDERATED_CREDENTIALS, made, status=201)


def update_credential(call: Call) -> Answer:
    """`PATCH .../federatedIdentityCredentials/{id or name}`: 204."""
    app, body = _writable(call), call.json_object()
    payload.check_properties(body, _WRITABLE, _READ_ONLY | {"name"})
    if "audiences" in body:
        _check_audiences(body)
    payload.merge(_found(call, app), body)
    call.directory.store.put(APPLICATION, app)
    return Answer(204)


def delete_credential(call: Call) -> Answer:
    """`DELETE .../federatedIdentityCredentials/{id or name}`: 204."""
    app = _writable(call)
    app["_federated"].remove(_found(call, app))
    call.directory.store.put(APPLICATION, app)
    return Answer(204)


def _writable(call: Call) -> Object:
    app = editable(call, APPLICATION)
    check_may_write(call, app)
    app["_federated"] = copy.deepcopy(app["_federated"])
    return app


def _found(call: Call, app: Object) -> Object:
    wanted = call.keys[1].value
    for known in app["_federated"]:
        if wanted in (known["id"], known["name"]):
            found: Object = known
            return found
    raise not_found(wanted)


def _check_audiences(body: dict[str, Any]) -> None:
    if len(payload.texts(body["audiences"], "audiences")) != 1:
        raise bad_request(
            "A federated identity credential has exactly one audience.", code="InvalidValue", target="audiences"
        )
