# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The offers of a Partner Center account: three states of each, the jobs that change them, their publications."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .. import seeded
from ..clock import graph_time_precise
from . import delivery, leads

if TYPE_CHECKING:
    from ..world import Tenant, World

SCHEMA_HOST = "https://schema.mp.microsoft.com/schema"
NOT_ENDED = "0001-01-01T00:00:00"
TARGETS = ("draft", "preview", "live")


def account_of(world: World, tenant: Tenant) -> dict[str, Any]:
    """A tenant's account: the applications associated with it, its offers and jobs; made at the first use.

    An offer is born published, with leads going nowhere.
    """
    account = tenant.services.get("partner center")
    if account is None:
        account = {"applications": [tenant.runner.app_id], "offers": {}, "jobs": {}}
        for external_id in tenant.spec.offers:
            product = seeded.guid(world.seed, tenant.name, "offer", external_id)
            account["offers"][product] = _new_offer(world, product, external_id)
        tenant.services["partner center"] = account
    _advance(world, account)
    return account


def _new_offer(world: World, product: str, external_id: str) -> dict[str, Any]:
    resources = {
        f"product/{product}": {
            "$schema": f"{SCHEMA_HOST}/product/2022-03-01-preview3",
            "id": f"product/{product}",
            "identity": {"externalId": external_id},
            "type": "softwareAsAService",
            "alias": external_id,
            "lifecycleState": "generallyAvailable",
        },
        f"customer-leads/{product}": {
            "$schema": f"{SCHEMA_HOST}/customer-leads/2022-03-01-preview3",
            "id": f"customer-leads/{product}",
            "product": f"product/{product}",
            "leadDestination": "none",
        },
        f"property/{product}/public": {
            "$schema": f"{SCHEMA_HOST}/property/2022-03-01-preview3",
            "id": f"property/{product}/public",
            "kind": "azureSaaS",
            "product": f"product/{product}",
            "termsOfUse": "",
        },
    }
    now = world.clock.now().timestamp()
    published = [_submission(product, number, target, now, now) for number, target in ((1, "preview"), (2, "live"))]
    return {
        "external_id": external_id,
        "draft": resources,
        "preview": copy.deepcopy(resources),
        "live": copy.deepcopy(resources),
        "submissions": published,
    }


def _submission(product: str, number: int, target: str, created: float, end: float) -> dict[str, Any]:
    return {
        "id": f"submission/{product}/{1152921505690000000 + number}",
        "target": target,
        "created": created,
        "end": end,
        "done": created == end,
        "failed": None,
        "resources": None,
        "based_on": None,
    }


def shown_submission(product: str, item: dict[str, Any]) -> dict[str, Any]:
    """A submission as the API shows it."""
    status = "completed" if item["done"] else "running"
    result = "pending" if not item["done"] else "failed" if item["failed"] else "succeeded"
    return {
        "$schema": f"{SCHEMA_HOST}/submission/2022-03-01-preview2",
        "id": item["id"],
        "product": f"product/{product}",
        "target": {"targetType": item["target"]},
        "lifecycleState": "generallyAvailable",
        "status": status,
        "result": result,
        "created": moment(item["created"]),
        "errors": [] if not item["failed"] else [item["failed"]],
    }


def moment(seconds: float) -> str:
    """A time as the API writes it."""
    return graph_time_precise(datetime.fromtimestamp(seconds, UTC))


def live_leads(world: World, tenant: Tenant, external_id: str) -> dict[str, Any] | None:
    """The lead destination a tenant's customers meet: that of the published offer; None if there is no such offer."""
    offers = account_of(world, tenant)["offers"]
    found = next(((key, offer) for key, offer in offers.items() if offer["external_id"] == external_id), None)
    if found is None:
        return None
    resource: dict[str, Any] = found[1]["live"][f"customer-leads/{found[0]}"]
    return resource


def busy(offer: dict[str, Any]) -> bool:
    """Whether a publication is under way, which locks the offer."""
    return any(not item["done"] for item in offer["submissions"])


def problem(code: str, message: str, resource: str) -> dict[str, Any]:
    """An item of a job's errors."""
    return {"code": code, "message": message, "resourceId": resource, "details": []}


# Jobs


def start_job(world: World, tenant: Tenant, account: dict[str, Any], resources: list[Any]) -> dict[str, Any]:
    """Take a change of resources as a job; gives the job."""
    now = world.clock.now().timestamp()
    job = {
        "id": world.new_guid(),
        "start": now,
        "end": now + max(0.0, world.settings.configure_seconds),
        "resources": resources,
        "state": "running",
        "errors": [],
    }
    account["jobs"][job["id"]] = job
    world.busy_accounts.add(tenant.id)
    return job


def shown_job(world: World, job: dict[str, Any]) -> dict[str, Any]:
    """A job's status as the API shows it."""
    now = world.clock.now().timestamp()
    running = job["state"] == "running"
    waiting = running and now < job["start"] + (job["end"] - job["start"]) * 0.3
    return {
        "$schema": f"{SCHEMA_HOST}/configure-status/2022-03-01-preview2",
        "jobId": job["id"],
        "jobStatus": "notStarted" if waiting else "running" if running else "completed",
        "jobResult": "pending" if running else job["state"],
        "jobStart": moment(job["start"]),
        "jobEnd": NOT_ENDED if running else moment(job["end"]),
        "resourceUri": "" if running else f"https://graph.microsoft.com/rp/product-ingestion/configure/{job['id']}",
        "errors": job["errors"],
    }


def cancel(world: World, job: dict[str, Any]) -> None:
    """End a job that has not done anything yet."""
    if job["state"] == "running":
        job.update(state="cancelled", end=world.clock.now().timestamp())


def advance(world: World) -> None:
    """Bring every account in which something is under way to where the clock says it is.

    A publication writes a test lead; whoever looks into the environment next has to find it.
    """
    for tenant_id in list(world.busy_accounts):
        account = account_of(world, world.tenants[tenant_id])
        running = any(job["state"] == "running" for job in account["jobs"].values())
        if not running and not any(busy(offer) for offer in account["offers"].values()):
            world.busy_accounts.discard(tenant_id)


def _advance(world: World, account: dict[str, Any]) -> None:
    """Bring jobs and publications to where the clock says they are."""
    now = world.clock.now().timestamp()
    for product, offer in account["offers"].items():
        for item in offer["submissions"]:
            if not item["done"] and now >= item["end"]:
                _publish(world, product, offer, item)
    for job in account["jobs"].values():
        if job["state"] == "running" and now >= job["end"]:
            _carry_out(world, account, job)


def _carry_out(world: World, account: dict[str, Any], job: dict[str, Any]) -> None:
    """Do all that a job asks for, or nothing of it."""
    drafts = {product: copy.deepcopy(offer["draft"]) for product, offer in account["offers"].items()}
    submissions: list[tuple[str, dict[str, Any]]] = []
    for resource in job["resources"]:
        error = _apply(world, account, drafts, submissions, resource)
        if error is not None:
            job["errors"].append(error)
    if job["errors"]:
        job["state"] = "failed"
        return
    job["state"] = "succeeded"
    for product, draft in drafts.items():
        account["offers"][product]["draft"] = draft
    for product, submission in submissions:
        account["offers"][product]["submissions"].append(submission)


def _apply(
    world: World,
    account: dict[str, Any],
    drafts: dict[str, dict[str, Any]],
    submissions: list[tuple[str, dict[str, Any]]],
    resource: Any,
) -> dict[str, Any] | None:
    """Apply one resource to the drafts; gives what is wrong with it."""
    if not isinstance(resource, dict) or not isinstance(resource.get("$schema"), str):
        return problem("schemaValidationError", "Each resource needs a '$schema'.", "")
    identifier = str(resource.get("id", ""))
    kind = resource["$schema"].partition("/schema/")[2].partition("/")[0]
    strange = next((name for name in ("validations", "resourceName") if name in resource), None)
    if strange is not None:
        return problem("schemaValidationError", f"The property '{strange}' is read-only and not allowed.", identifier)
    product = _product(account, resource)
    if product is None:
        return problem("resourceNotFound", "The product of the resource does not exist.", identifier)
    if busy(account["offers"][product]):
        return problem("productLocked", "The product is locked: a submission is in progress.", identifier)
    if kind == "submission":
        return _submit(world, account["offers"][product], submissions, product, resource)
    key = f"customer-leads/{product}" if kind == "customer-leads" else identifier
    if key not in drafts[product]:
        return problem("resourceNotFound", f"The resource '{identifier}' does not exist.", identifier)
    if kind != "customer-leads":
        drafts[product][key] = {**drafts[product][key], **resource, "id": key}
        return None
    found = leads.merged(drafts[product][key], resource)
    if isinstance(found, str):
        code, _colon, message = found.partition(": ")
        return problem(code, message, key)
    drafts[product][key] = found | {"id": key, "product": f"product/{product}"}
    return None


def _product(account: dict[str, Any], resource: dict[str, Any]) -> str | None:
    given = resource.get("product") or resource.get("id", "")
    if isinstance(given, dict):
        wanted = given.get("externalId")
        return next((key for key, offer in account["offers"].items() if offer["external_id"] == wanted), None)
    parts = str(given).split("/")
    return parts[1] if len(parts) > 1 and parts[1] in account["offers"] else None


def _submit(
    world: World,
    offer: dict[str, Any],
    submissions: list[tuple[str, dict[str, Any]]],
    product: str,
    resource: dict[str, Any],
) -> dict[str, Any] | None:
    """Begin a publication: to preview from the draft, to live from a preview that succeeded."""
    target = resource.get("target")
    kind = target.get("targetType") if isinstance(target, dict) else None
    identifier = str(resource.get("id", ""))
    if kind not in ("preview", "live"):
        return problem("schemaValidationError", "The target of a submission is 'preview' or 'live'.", identifier)
    listed = resource.get("resources")
    if listed is not None and (kind == "live" or not isinstance(listed, list)):
        return problem("notSupported", "Only a submission to preview may list its resources.", identifier)
    last = next((item for item in reversed(offer["submissions"]) if item["target"] == "preview"), None)
    if kind == "live" and (last is None or last["id"] != identifier or not last["done"] or last["failed"]):
        return problem(
            "invalidState", "A product goes live by the id of its latest successful preview submission.", identifier
        )
    now = world.clock.now().timestamp()
    number = len(offer["submissions"]) + 1
    item = _submission(product, number, kind, now, now + max(0.001, world.settings.publish_seconds))
    item["resources"] = listed
    submissions.append((product, item))
    return None


def _publish(world: World, product: str, offer: dict[str, Any], item: dict[str, Any]) -> None:
    """End a publication. One to preview sends a test lead first, and fails when that does not arrive."""
    item["done"] = True
    source = offer["draft"] if item["target"] == "preview" else offer["preview"]
    key = f"customer-leads/{product}"
    if item["target"] == "preview":
        failure = delivery.deliver(world, source[key], delivery.test_lead(world))
        if failure is not None:
            item["failed"] = problem("businessValidationError", failure, key)
            return
    wanted = item["resources"]
    published = {
        name: copy.deepcopy(resource)
        for name, resource in source.items()
        if wanted is None or name in wanted or name in [_id_of(part) for part in wanted]
    }
    offer[item["target"]] = {**offer[item["target"]], **published}


def _id_of(part: Any) -> str:
    return str(part.get("id", "")) if isinstance(part, dict) else str(part)
