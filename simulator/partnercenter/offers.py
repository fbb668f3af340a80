# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The offers of a Partner Center account: each has three states, which consist of resources (contract: offers)."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .. import seeded
from ..clock import graph_time_precise
from . import leads

if TYPE_CHECKING:
    from ..spec import TenantSpec
    from ..world import Tenant, World

SCHEMA_HOST = "https://schema.mp.microsoft.com/schema"
#: The host of the schemas in Microsoft's own examples.
OLD_SCHEMA_HOST = "https://product-ingestion.azureedge.net/schema"
#: The version of returned resources if the version that they were written in is deprecated.
NEWEST_VERSION = "2022-07-01"
TARGETS = ("draft", "preview", "live")
#: The types of products that the API serves; others are only listed.
SERVED_TYPES = ("softwareAsAService", "azureVirtualMachine", "azureContainer", "containerApp", "coreVirtualMachine")


def account_of(world: World, tenant: Tenant) -> dict[str, Any] | None:
    """A tenant's account: the applications associated with it, its offers and jobs; created at the first use.

    None for a tenant without offers. A new offer has no lead destination; most offers are already published.
    """
    account = tenant.services.get("partner center")
    if account is None and tenant.spec.offers:
        account = {"applications": _associated(tenant), "offers": {}, "jobs": {}}
        for external_id in tenant.spec.offers:
            product = seeded.guid(world.seed, tenant.name, "offer", external_id)
            account["offers"][product] = _new_offer(world, product, external_id, tenant.spec)
        tenant.services["partner center"] = account
    return account


def _associated(tenant: Tenant) -> list[str]:
    publisher = [] if tenant.publisher is None else [tenant.publisher.app_id]
    return [*publisher, *([tenant.runner.app_id] if tenant.spec.runner.partner_center else [])]


def _new_offer(world: World, product: str, external_id: str, tenant: TenantSpec) -> dict[str, Any]:
    plan = f"plan/{product}/{seeded.guid(world.seed, product, 'plan')}"
    resources = {
        resource["id"]: resource
        for resource in (
            {
                "$schema": f"{SCHEMA_HOST}/product/2022-03-01-preview3",
                "id": f"product/{product}",
                "identity": {"externalId": external_id},
                "type": tenant.offer_types.get(external_id, "softwareAsAService"),
                "alias": external_id,
                "lifecycleState": "generallyAvailable",
            },
            {
                "$schema": f"{SCHEMA_HOST}/customer-leads/2022-03-01-preview3",
                "id": f"customer-leads/{product}",
                "product": f"product/{product}",
                "leadDestination": "none",
            },
            {
                "$schema": f"{SCHEMA_HOST}/property/2022-03-01-preview3",
                "id": f"property/{product}/public/main",
                "product": f"product/{product}",
                "kind": "azureSaaS",
                "termsOfUse": "",
            },
            {
                "$schema": f"{SCHEMA_HOST}/plan/2022-03-01-preview2",
                "id": plan,
                "product": f"product/{product}",
                "identity": {"externalId": "basic"},
                "alias": "Basic",
                "azureRegions": ["azureGlobal"],
            },
            {
                "$schema": f"{SCHEMA_HOST}/listing/2022-03-01-preview3",
                "id": f"listing/{product}/public/main/default/en-us",
                "product": f"product/{product}",
                "kind": "azure",
                "title": external_id,
            },
        )
    }
    if external_id in tenant.offers_without_leads:
        del resources[f"customer-leads/{product}"]
    begun = world.begun.timestamp()
    published = external_id not in tenant.unpublished_offers
    return {
        "external_id": external_id,
        "draft": resources,
        # An empty state is one that the offer has never reached.
        "preview": copy.deepcopy(resources) if published else {},
        "live": copy.deepcopy(resources) if published else {},
        # One submission that went to preview and then live, under the same id.
        "submissions": [new_submission(product, 1, target, begun, begun) for target in ("preview", "live")]
        if published
        else [],
    }


def type_of(offer: dict[str, Any]) -> str:
    """The type of an offer's product, such as `softwareAsAService`."""
    return next(str(item["type"]) for item in offer["draft"].values() if kind_of(item) == "product")


def new_submission(product: str, number: int, target: str, created: float, end: float) -> dict[str, Any]:
    """The publication of an offer to preview or live, complete immediately if it ends when it is created."""
    return {
        "id": f"submission/{product}/{1152921505690000000 + number}",
        "target": target,
        "created": created,
        "end": end,
        "done": created == end,
        "failed": None,
        "job": "",  # the job that waits for its end, if any
        "resources": None,  # the ids of a modular publication; None for all
    }


def kind_of(resource: dict[str, Any]) -> str:
    """The kind of a resource, as named by its schema, whatever the host: `customer-leads`."""
    return str(resource.get("$schema", "")).partition("/schema/")[2].partition("/")[0]


def shown_resource(world: World, resource: dict[str, Any], target: str) -> dict[str, Any]:
    """A resource as the API returns it, with masked secrets.

    In a draft it has validations, which must not be sent back.
    """
    shown = leads.masked(resource)
    schema, slash, version = str(shown.get("$schema", "")).rpartition("/")
    if version in deprecated_versions(world) and world.settings.partner_center_deprecated_in_bodies:
        shown["$schema"] = f"{schema}{slash}{NEWEST_VERSION}"
    if target == "draft" or (world.settings.partner_center_validates_all and target in TARGETS):
        shown.setdefault("validations", leads.validations(resource))
        shown.setdefault("resourceName", kind_of(resource))
    return as_documented(world, shown)


def deprecated_versions(world: World) -> set[str]:
    """The schema versions that are no longer accepted."""
    return set(world.settings.partner_center_deprecated_versions.replace(",", " ").split())


def as_documented(world: World, shown: dict[str, Any]) -> dict[str, Any]:
    """The same in the spelling of Microsoft's examples, if configured: another host, `ID` for `Id`."""
    if not world.settings.partner_center_as_documented:
        return shown
    shown = {{"jobId": "jobID", "externalId": "externalID"}.get(name, name): value for name, value in shown.items()}
    if "identity" in shown:
        shown["identity"] = as_documented(world, shown["identity"])
    if "$schema" in shown:
        shown["$schema"] = shown["$schema"].replace(SCHEMA_HOST, OLD_SCHEMA_HOST)
    return shown


def moment(seconds: float) -> str:
    """A time as the API writes it."""
    return graph_time_precise(datetime.fromtimestamp(seconds, UTC))


def by_external_id(account: dict[str, Any], external_id: str) -> tuple[str, dict[str, Any]] | None:
    """The product id and the offer of that external id."""
    return next(((key, offer) for key, offer in account["offers"].items() if offer["external_id"] == external_id), None)


def live_leads(world: World, tenant: Tenant, external_id: str) -> dict[str, Any] | None:
    """The live lead destination of an offer; None if there is no such offer.

    It is empty if the offer was never live.
    """
    account = account_of(world, tenant)
    found = None if account is None else by_external_id(account, external_id)
    if found is None:
        return None
    resource: dict[str, Any] = found[1]["live"].get(f"customer-leads/{found[0]}", {})
    return resource


def change_by_hand(offer: dict[str, Any], target: str, kind: str, changes: dict[str, Any]) -> dict[str, Any] | None:
    """Change a resource of an offer immediately, as a user of the portal would.

    Returns it, or None if it does not exist. In nested objects only the named properties change.
    """
    found = next((key for key, resource in offer[target].items() if kind in (key, kind_of(resource))), None)
    if found is None:
        return None
    changed: dict[str, Any] = dict(offer[target][found])
    for name, value in changes.items():
        inside = changed.get(name)
        changed[name] = {**inside, **value} if isinstance(inside, dict) and isinstance(value, dict) else value
    offer[target][found] = changed
    return changed
