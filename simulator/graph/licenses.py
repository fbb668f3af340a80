# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subscriptions of the tenant and the licenses of its users (contract: licenses)."""

from __future__ import annotations

import copy
from typing import Any

from .. import seeded
from ..clock import graph_time
from ..directory.directory import USER
from ..directory.skus import Sku, sku
from ..directory.store import Object, View
from ..spec import LicenseSpec
from .addressing import addressed, editable, in_use
from .call import Answer, Call
from .errors import bad_request, not_found
from .query import collection_of, entity
from .schema import LICENSE_DETAILS, SKUS, USERS


def list_skus(call: Call) -> Answer:
    """`GET /subscribedSkus`: no paging, no filter."""
    return collection_of(call, SKUS, [_subscription(call, bought) for bought in call.tenant.spec.licenses])


def get_sku(call: Call) -> Answer:
    """`GET /subscribedSkus/{tenant id}_{sku id}`."""
    for bought in call.tenant.spec.licenses:
        found = _subscription(call, bought)
        if found["id"] == call.keys[0].value:
            return entity(call, SKUS, found)
    raise not_found(call.keys[0].value)


def list_details(call: Call) -> Answer:
    """`GET /users/{id}/licenseDetails`."""
    user = addressed(call, USER)
    owned = {sku(bought.part_number).sku_id: sku(bought.part_number) for bought in call.tenant.spec.licenses}
    details = [
        {
            "id": seeded.guid("license detail", user["id"], item["skuId"]),
            "skuId": item["skuId"],
            "skuPartNumber": owned[item["skuId"]].part_number,
            "servicePlans": [_plan(owned[item["skuId"]])],
        }
        for item in user["assignedLicenses"]
        if item["skuId"] in owned
    ]
    return collection_of(call, LICENSE_DETAILS, details)


def assign(call: Call) -> Answer:
    """`POST /users/{id}/assignLicense`: 200 with the user. Raises GraphError if a license cannot be assigned."""
    user, body = editable(call, USER), call.json_object()
    missing = [name for name in ("addLicenses", "removeLicenses") if not isinstance(body.get(name), list)]
    if missing:
        raise bad_request(
            "One or more parameters of the operation 'assignLicense' are missing from the request payload. The missing "
            f"parameters are: {', '.join(missing)}."
        )
    before = copy.deepcopy(user)
    for sku_id in body["removeLicenses"]:
        _remove(user, str(sku_id).lower())
    for wanted in body["addLicenses"]:
        if not isinstance(wanted, dict) or not isinstance(wanted.get("skuId"), str):
            raise bad_request(
                "Invalid value specified for property 'addLicenses'.", code="InvalidValue", target="addLicenses"
            )
        _add(call, user, wanted)
    call.directory.store.put(USER, user)
    # The answer has the earlier state of the user; the new license appears a little later.
    return entity(call, USERS, before)


def _remove(user: Object, sku_id: str) -> None:
    state = next((item for item in user["licenseAssignmentStates"] if item["skuId"] == sku_id), None)
    if state is not None and state["assignedByGroup"] is not None:
        raise bad_request(
            "User license is inherited from a group membership and it cannot be removed directly from the user."
        )
    if sku_id not in {item["skuId"] for item in user["assignedLicenses"]}:
        raise bad_request("User does not have a corresponding license.")
    user["assignedLicenses"] = [item for item in user["assignedLicenses"] if item["skuId"] != sku_id]
    user["licenseAssignmentStates"] = [item for item in user["licenseAssignmentStates"] if item["skuId"] != sku_id]


def _add(call: Call, user: Object, wanted: dict[str, Any]) -> None:
    sku_id = wanted["skuId"].lower()
    bought = next((item for item in call.tenant.spec.licenses if sku(item.part_number).sku_id == sku_id), None)
    if bought is None:
        raise bad_request(f"License {sku_id} does not correspond to a valid company License.")
    if not user["usageLocation"] or call.now < user["_usage_location_usable_from"]:
        raise bad_request("License assignment cannot be done for user with invalid usage location.")
    disabled = [str(plan).lower() for plan in wanted.get("disabledPlans") or []]
    if any(plan != sku(bought.part_number).plan_id for plan in disabled):
        raise bad_request(
            "License assignment failed because the service plans to be disabled are not part of the license."
        )
    assigned = next((item for item in user["assignedLicenses"] if item["skuId"] == sku_id), None)
    if assigned is None and _consumed(call, bought) >= bought.enabled:
        raise bad_request(f"Subscription with SKU {sku_id} does not have any available licenses.")
    kept = [item for item in user["assignedLicenses"] if item["skuId"] != sku_id]
    states = [item for item in user["licenseAssignmentStates"] if item["skuId"] != sku_id]
    user["assignedLicenses"] = [*kept, {"disabledPlans": disabled, "skuId": sku_id}]
    user["licenseAssignmentStates"] = [
        *states,
        {
            "skuId": sku_id,
            "disabledPlans": disabled,
            "assignedByGroup": None,
            "state": "Active",
            "error": "None",
            "lastUpdatedDateTime": graph_time(call.world.clock.now()),
        },
    ]


def _consumed(call: Call, bought: LicenseSpec) -> int:
    sku_id = sku(bought.part_number).sku_id
    users = in_use(call, USER, View.LATEST)
    return bought.consumed + sum(1 for user in users for item in user["assignedLicenses"] if item["skuId"] == sku_id)


def _subscription(call: Call, bought: LicenseSpec) -> dict[str, Any]:
    product = sku(bought.part_number)
    return {
        "id": f"{call.tenant.id}_{product.sku_id}",
        "accountId": call.tenant.id,
        "accountName": call.tenant.name,
        "appliesTo": "User",
        "capabilityStatus": "Enabled",
        "consumedUnits": _consumed(call, bought),
        "prepaidUnits": {"enabled": bought.enabled, "suspended": 0, "warning": 0, "lockedOut": 0},
        "skuId": product.sku_id,
        "skuPartNumber": product.part_number,
        "subscriptionIds": [seeded.guid("subscription", call.tenant.id, product.sku_id)],
        "servicePlans": [_plan(product)],
    }


def _plan(product: Sku) -> dict[str, str]:
    return {
        "servicePlanId": product.plan_id,
        "servicePlanName": product.plan_name,
        "provisioningStatus": "Success",
        "appliesTo": "User",
    }
