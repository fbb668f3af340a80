# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The jobs that change offers, and the publications that they start (contract: jobs, contract: publication).

Nothing runs in the background: a job has its end time, and the next request advances it to the current time.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from . import delivery, leads
from .offers import (
    OLD_SCHEMA_HOST,
    SCHEMA_HOST,
    SERVED_TYPES,
    account_of,
    as_documented,
    kind_of,
    moment,
    new_submission,
    shown_resource,
    type_of,
)

if TYPE_CHECKING:
    from ..world import Tenant, World

#: The code of the certification's results, which are in the job but not in the submission.
_CERTIFICATION = "invalidState"
_NOT_ENDED = "0001-01-01T00:00:00"
#: The properties of a submission; those after the first four are read-only, and may be sent back unchanged.
_SUBMISSION = frozenset({"$schema", "id", "product", "target", "status", "result", "created", "lifecycleState"})
#: Resources that a modular publication may always leave out.
_PRODUCT_LEVEL = frozenset({"listing", "listing-asset", "reseller", "customer-leads"})


def problem(code: str, message: str, resource: str) -> dict[str, Any]:
    """An item of a job's errors."""
    return {"code": code, "message": message, "resourceId": resource, "details": []}


def under_way(job: dict[str, Any]) -> bool:
    """Whether a job or the publication that it requested is running."""
    return job["state"] in ("running", "certifying")


def busy(offer: dict[str, Any]) -> bool:
    """Whether a publication is running, which locks the offer."""
    return any(not item["done"] for item in offer["submissions"])


def schema_problems(world: World, account: dict[str, Any], resources: list[Any]) -> list[dict[str, Any]]:
    """Schema violations of resources, found without changing anything."""
    drafts = {product: copy.deepcopy(offer["draft"]) for product, offer in account["offers"].items()}
    found = [_apply(world, account, drafts, [], [], resource) for resource in resources]
    return [item for item in found if item is not None and item["code"] == "schemaValidationError"]


def product_of(account: dict[str, Any], resource: dict[str, Any]) -> str | None:
    """The id of the product that a posted resource belongs to; None if it does not exist."""
    given = resource.get("product") or resource.get("id", "")
    if isinstance(given, dict):
        wanted = given.get("externalId", given.get("externalID"))
        return next((key for key, offer in account["offers"].items() if offer["external_id"] == wanted), None)
    parts = str(given).lower().split("/")
    return parts[1] if len(parts) > 1 and parts[1] in account["offers"] else None


def start_job(world: World, tenant: Tenant, account: dict[str, Any], resources: list[Any]) -> dict[str, Any]:
    """Start a job for a change of resources; returns the job."""
    now = world.clock.now().timestamp()
    job = {
        "id": world.new_guid(),
        "start": now,
        "end": now + max(0.0, world.settings.configure_seconds),
        "resources": resources,
        "state": "running",
        "errors": [],
        "written": [],
    }
    account["jobs"][job["id"]] = job
    world.busy_accounts.add(tenant.id)
    return job


def shown_job(world: World, job: dict[str, Any]) -> dict[str, Any]:
    """A job's status as the API returns it."""
    now = world.clock.now().timestamp()
    running = under_way(job)
    waiting = job["state"] == "running" and now < job["start"] + (job["end"] - job["start"]) * 0.3
    shown = {
        "$schema": f"{SCHEMA_HOST}/configure-status/2022-03-01-preview2",
        "jobId": job["id"],
        "jobStatus": "notStarted" if waiting else "running" if running else "completed",
        "jobResult": "pending" if running else job["state"],
        "jobStart": moment(job["start"]),
        "jobEnd": _NOT_ENDED if running or not world.settings.partner_center_shows_job_end else moment(job["end"]),
        "resourceUri": "" if running else f"https://graph.microsoft.com/rp/product-ingestion/configure/{job['id']}",
        "errors": job["errors"],
    }
    return as_documented(world, shown)


def shown_result(world: World, job: dict[str, Any]) -> dict[str, Any]:
    """The resources that a completed job has written, with their ids."""
    shown = {
        "$schema": f"{SCHEMA_HOST}/configure-detail/2022-03-01-preview2",
        "resources": [shown_resource(world, item, "detail") for item in job["written"]],
    }
    return as_documented(world, shown)


def cancel(world: World, job: dict[str, Any]) -> bool:
    """Cancel a job that has not changed anything yet; False if it is too late."""
    if job["state"] != "running":
        return False
    job.update(state="cancelled", end=world.clock.now().timestamp())
    return True


def advance(world: World) -> None:
    """Advance every account with running jobs to the current time.

    A publication writes a test lead, which the next request to the environment must find.
    """
    for tenant_id in list(world.busy_accounts):
        account = account_of(world, world.tenants[tenant_id])
        if account is None or not _advanced(world, account):
            world.busy_accounts.discard(tenant_id)


def _advanced(world: World, account: dict[str, Any]) -> bool:
    """Do what is due, in due order; returns whether anything is still running."""
    now = world.clock.now().timestamp()
    while True:
        jobs = [job for job in account["jobs"].values() if job["state"] == "running"]
        publications = _publications(account)
        first_job = min(jobs, key=lambda job: job["end"], default=None)
        first = min(publications, key=lambda found: found[2]["end"], default=None)
        if first is not None and first[2]["end"] <= min(now, now if first_job is None else first_job["end"]):
            _publish(world, *first)
            _end_job(account, first[2])
        elif first_job is not None and first_job["end"] <= now:
            _carry_out(world, account, first_job)
        else:
            return bool(jobs or publications)


def _publications(account: dict[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The running publications, each with its product and offer."""
    return [
        (product, offer, item)
        for product, offer in account["offers"].items()
        for item in offer["submissions"]
        if not item["done"]
    ]


def _end_job(account: dict[str, Any], item: dict[str, Any]) -> None:
    """End the job that waits for a publication, if it was the last one."""
    job = account["jobs"].get(item["job"])
    if job is None:
        return
    if item["failed"]:
        job["errors"].append(_failed_operation(item))
    if not any(other["job"] == job["id"] for _product, _offer, other in _publications(account)):
        job.update(state="failed" if job["errors"] else "succeeded", end=item["end"])


def _failed_operation(item: dict[str, Any]) -> dict[str, Any]:
    """A job's error for a failed publication; the reason is at the innermost level."""
    inner = {"code": "invalidState", "message": "Certification", "details": [item["failed"]]}
    return problem("internalServerError", "Operation failed", item["id"]) | {"details": [inner]}


def _carry_out(world: World, account: dict[str, Any], job: dict[str, Any]) -> None:
    """Apply all changes of a job, or none."""
    drafts = {product: copy.deepcopy(offer["draft"]) for product, offer in account["offers"].items()}
    written: list[tuple[str, str]] = []
    submissions: list[tuple[str, dict[str, Any]]] = []
    for resource in job["resources"]:
        error = _apply(world, account, drafts, written, submissions, resource)
        if error is not None:
            job["errors"].append(error)
    for product, submission in submissions:
        missing = _make_modular(world, account["offers"][product], submission, written, product)
        if missing is not None:
            job["errors"].append(missing)
    if job["errors"]:
        job["state"] = "failed"
        return
    job["state"] = "certifying" if submissions and world.settings.partner_center_jobs_certify else "succeeded"
    for product, draft in drafts.items():
        account["offers"][product]["draft"] = draft
    job["written"] = [copy.deepcopy(drafts[product][key]) for product, key in written]
    for product, submission in submissions:
        end = job["end"] + max(0.001, world.settings.publish_seconds)
        waiting = job["id"] if job["state"] == "certifying" else ""
        begun = submission | {"created": submission["created"] or job["end"], "end": end, "job": waiting}
        account["offers"][product]["submissions"].append(begun)


def _apply(
    world: World,
    account: dict[str, Any],
    drafts: dict[str, dict[str, Any]],
    written: list[tuple[str, str]],
    submissions: list[tuple[str, dict[str, Any]]],
    resource: Any,
) -> dict[str, Any] | None:
    """Apply one resource to the drafts; returns what is wrong with it."""
    if not isinstance(resource, dict) or not isinstance(resource.get("$schema"), str):
        return problem("schemaValidationError", "Each resource needs a '$schema'.", "")
    # A name is valid for this request only: errors use it, and it is not stored.
    resource = dict(resource)
    name = resource.pop("resourceName", None)
    identifier = str(name or resource.get("id", ""))
    kind = kind_of(resource)
    if world.settings.partner_center_old_host_gone and resource["$schema"].startswith(OLD_SCHEMA_HOST):
        message = f"The schema '{resource['$schema']}' cannot be loaded."
        return problem("schemaValidationError", message, identifier)
    if "validations" in resource:
        return problem("schemaValidationError", "The property 'validations' is read-only and not allowed.", identifier)
    product = product_of(account, resource)
    if product is None:
        return problem("resourceNotFound", "The product of the resource does not exist.", identifier)
    if type_of(account["offers"][product]) not in SERVED_TYPES:
        return problem("notSupported", "The type of the product is not supported.", identifier)
    if busy(account["offers"][product]):
        return problem("productLocked", "The product is locked: a submission is in progress.", identifier)
    if kind == "submission":
        return _submit(world, account["offers"][product], submissions, product, resource)
    key = f"customer-leads/{product}" if kind == "customer-leads" else str(resource.get("id", ""))
    if kind != "customer-leads" and (key not in drafts[product] or kind != kind_of(drafts[product][key])):
        return problem("resourceNotFound", f"The resource '{key}' does not exist.", identifier)
    if kind == "customer-leads":
        before = drafts[product].get(key, {})
        found = leads.merged(before, resource, masks_keep=world.settings.partner_center_masks_keep)
        if isinstance(found, str):
            code, _colon, message = found.partition(": ")
            return problem(code, message, key)
        resource = found | {"product": f"product/{product}"}
    drafts[product][key] = resource | {"id": key}
    written.append((product, key))
    return None


def _submit(
    world: World,
    offer: dict[str, Any],
    submissions: list[tuple[str, dict[str, Any]]],
    product: str,
    resource: dict[str, Any],
) -> dict[str, Any] | None:
    """Start a publication: to preview from the draft, to live from a successful preview, under its id."""
    target = resource.get("target")
    kind = target.get("targetType") if isinstance(target, dict) else None
    identifier = str(resource.get("id", ""))
    strange = next((name for name in resource if name not in _SUBMISSION), None)
    if strange is not None:
        return problem("schemaValidationError", f"The property '{strange}' of a submission is not known.", identifier)
    if kind not in ("preview", "live"):
        return problem("schemaValidationError", "The target of a submission is 'preview' or 'live'.", identifier)
    number = sum(item["target"] == "preview" for item in offer["submissions"]) + 1
    item = new_submission(product, number, kind, 0.0, 1.0)
    if kind == "live":
        last = next((found for found in reversed(offer["submissions"]) if found["target"] == "preview"), None)
        if last is None or last["id"] != identifier or not last["done"] or last["failed"]:
            return problem(
                "invalidState", "A product goes live by the id of its latest successful preview submission.", identifier
            )
        item["id"] = last["id"]
        if world.settings.partner_center_keeps_created:
            item["created"] = last["created"]
    submissions.append((product, item))
    return None


def _make_modular(
    world: World, offer: dict[str, Any], submission: dict[str, Any], written: list[tuple[str, str]], product: str
) -> dict[str, Any] | None:
    """A submission with resources publishes only these; returns what is wrong with that."""
    keys = [key for its_product, key in written if its_product == product]
    if not keys:
        return None
    if submission["target"] == "live":
        return problem("notSupported", "Live cannot be published in parts.", submission["id"])
    submission["resources"] = keys
    if world.settings.partner_center_modular_whole:
        wanted = (key for key, resource in offer["draft"].items() if kind_of(resource) not in _PRODUCT_LEVEL)
        missing = next((key for key in wanted if key not in keys), None)
        if missing is not None:
            return problem("businessValidationError", f"A modular publication needs '{missing}' as well.", missing)
    return None


def _publish(world: World, product: str, offer: dict[str, Any], item: dict[str, Any]) -> None:
    """End a publication. One to preview sends a test lead first, and may fail if it does not arrive."""
    item["done"] = True
    source = offer["draft"] if item["target"] == "preview" else offer["preview"]
    key = f"customer-leads/{product}"
    if item["target"] == "preview" and world.settings.partner_center_certification_fails:
        item["failed"] = problem(_CERTIFICATION, "Issues found during Certification.", "")
        return
    if item["target"] == "preview":
        failure = delivery.deliver(world, source.get(key, {}), delivery.test_lead(world))
        if failure is not None and world.settings.partner_center_needs_test_lead:
            item["failed"] = problem("businessValidationError", failure, key)
            return
    wanted = item["resources"]
    published = {name: copy.deepcopy(resource) for name, resource in source.items() if wanted is None or name in wanted}
    offer[item["target"]] = {**offer[item["target"]], **published}


def shown_submission(world: World, product: str, item: dict[str, Any]) -> dict[str, Any]:
    """A submission as the API returns it."""
    shown = {
        "$schema": f"{SCHEMA_HOST}/submission/2022-03-01-preview2",
        "id": item["id"],
        "product": f"product/{product}",
        "target": {"targetType": item["target"]},
        "status": "completed" if item["done"] else "running",
        "result": "pending" if not item["done"] else "failed" if item["failed"] else "succeeded",
        "created": moment(item["created"]),
    }
    if item["failed"] and item["failed"]["code"] != _CERTIFICATION:
        shown["validations"] = [item["failed"] | {"level": "warning"}]
    return as_documented(world, shown)


def shown_draft(world: World, product: str) -> dict[str, Any]:
    """The draft in the list of an offer's submissions: a reference without a state."""
    shown = {
        "$schema": f"{SCHEMA_HOST}/submission/2022-03-01-preview2",
        "id": f"submission/{product}/0",
        "product": f"product/{product}",
        "target": {"targetType": "draft"},
    }
    return as_documented(world, shown)
