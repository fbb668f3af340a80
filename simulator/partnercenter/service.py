# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of the product ingestion API and their authorization."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from ..clouds import CLOUDS
from ..directory.first_party import GRAPH_APP_ID
from ..entra.tokens import TokenRefused, verify
from ..web import json_response
from . import jobs, offers

if TYPE_CHECKING:
    from ..world import Tenant, World

BASE = "/rp/product-ingestion"
_PUBLIC_GRAPH = CLOUDS["public"].graph_host
_VERSION = re.compile(r"\d{4}-\d\d-\d\d(-preview\d)?")


class Refused(Exception):
    """A refused call with its code."""

    def __init__(self, status: int, code: str, message: str, details: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.error = {"code": code, "message": message, "details": list(details)}


@dataclass(frozen=True)
class _Call:
    world: World
    tenant: Tenant
    account: dict[str, Any]
    query: Mapping[str, str]
    body: Any


async def answer(request: Request, world: World, host: str, override_tenant: Tenant | None = None) -> Response:
    """The answer to a call below :data:`BASE`. `override_tenant` is the tenant of an admin override."""
    try:
        if host != _PUBLIC_GRAPH:
            raise Refused(404, "notFound", "Partner Center is a service of the public cloud.")
        if world.busy_accounts:
            jobs.advance(world)
        tenant = override_tenant or _signed_in(request, world, host)
        account = offers.account_of(world, tenant)
        if account is None:
            raise Refused(403, "forbidden", "The directory has no Partner Center account.")
        query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        # The documentation writes externalID where clients write externalId.
        named = {"externalId" if name.lower() == "externalid" else name: value for name, value in query}
        call = _Call(world, tenant, account, named, _parsed(await request.body()))
        return json_response(_route(request, call, request.url.path.removeprefix(BASE).strip("/")), 200)
    except Refused as refused:
        return json_response({"error": refused.error}, refused.status)


def _signed_in(request: Request, world: World, host: str) -> Tenant:
    try:
        caller = verify(request.headers.get("authorization"), (host,), world, GRAPH_APP_ID)
    except TokenRefused as refused:
        raise Refused(401, "unauthorized", refused.reason) from None
    request.scope["simulator.caller"] = caller
    tenant = world.tenants[caller.tenant_id]
    account = offers.account_of(world, tenant)
    if caller.is_user or (account is not None and caller.app_id not in account["applications"]):
        raise Refused(403, "forbidden", "The application is not associated with the Partner Center account.")
    return tenant


def _route(request: Request, call: _Call, path: str) -> Any:
    known = False
    for method, pattern, handler in _PATTERNS:
        match = pattern.fullmatch(path)
        if match is None:
            continue
        known = True
        if method == request.method:
            _check_version(call)
            return handler(call, *match.groups())
    if known:
        raise Refused(405, "methodNotAllowed", f"The method {request.method} is not allowed here.")
    raise Refused(404, "notFound", f"There is no resource at '{path}'.")


def _check_version(call: _Call) -> None:
    version = call.query.get("$version", "")
    if not _VERSION.fullmatch(version):
        raise Refused(400, "badRequest", "The query parameter '$version' is required, such as 2022-03-01-preview3.")
    _refuse_deprecated(call, [version])


def _refuse_deprecated(call: _Call, versions: Sequence[str]) -> None:
    refused = next((version for version in versions if version in offers.deprecated_versions(call.world)), None)
    if refused is not None:
        raise Refused(400, "badRequest", f'"{refused}" is a deprecated schema')


def _offer(call: _Call, product: str) -> dict[str, Any]:
    offer = call.account["offers"].get(product.lower())
    if offer is None:
        raise Refused(404, "notFound", f"The product '{product}' does not exist.")
    found: dict[str, Any] = offer
    return found


def _products(call: _Call) -> Any:
    wanted_id, wanted_type = call.query.get("externalId"), call.query.get("type")
    found = [
        offers.shown_resource(call.world, resource, "draft")
        for product, offer in call.account["offers"].items()
        if (resource := offer["draft"][f"product/{product}"])
        and wanted_id in (None, offer["external_id"])
        and wanted_type in (None, resource["type"])
    ]
    return _page(call, "product", found)


def _page(call: _Call, path: str, found: list[Any]) -> dict[str, Any]:
    size = call.query.get("$maxpagesize", "")
    start = int(call.query["continuationToken"]) if call.query.get("continuationToken", "").isdigit() else 0
    if not size.isdigit() or not int(size):
        return {"value": found[start:]}
    page: dict[str, Any] = {"value": found[start : start + int(size)]}
    if start + int(size) < len(found):
        kept = {key: value for key, value in call.query.items() if key != "continuationToken"}
        query = urlencode({**kept, "continuationToken": start + int(size)}, safe="$")
        page["@nextLink"] = f"https://{_PUBLIC_GRAPH}{BASE}/{path}?{query}"
    return page


def _tree(call: _Call, product: str) -> Any:
    offer, target = _offer(call, product), call.query.get("targetType", "draft")
    if target not in offers.TARGETS:
        raise Refused(400, "badRequest", f"'targetType' is one of {', '.join(offers.TARGETS)}.")
    kind = offers.type_of(offer)
    if kind not in offers.SERVED_TYPES:
        raise Refused(400, "badRequest", f"Type {kind[:1].upper()}{kind[1:]} is not supported")
    status = call.world.settings.partner_center_unpublished_status
    if not offer[target] and status >= 400:
        code = "notFound" if status == 404 else "badRequest"
        raise Refused(status, code, f"The product has never been published to {target}.")
    shown = {
        "$schema": f"{offers.SCHEMA_HOST}/resource-tree/2022-03-01-preview2",
        "root": f"product/{product.lower()}",
        "target": {"targetType": target},
        "resources": [offers.shown_resource(call.world, resource, target) for resource in offer[target].values()],
    }
    return offers.as_documented(call.world, shown)


def _resource(kind: str, call: _Call, product: str, *parts: str) -> Any:
    """A resource of a draft by its durable id."""
    path = "/".join((kind, product, *parts))
    found = _offer(call, product)["draft"].get(path.lower())
    if found is None:
        raise Refused(404, "notFound", f"The resource '{path}' does not exist.")
    return offers.shown_resource(call.world, found, "draft")


def _submissions(call: _Call, product: str) -> Any:
    product, offer, target = product.lower(), _offer(call, product), call.query.get("targetType")
    if target not in (None, *offers.TARGETS):
        raise Refused(400, "badRequest", f"'targetType' is one of {', '.join(offers.TARGETS)}.")
    draft = [jobs.shown_draft(call.world, product)] if target in (None, "draft") else []
    if target is None:
        # One for each target: its latest.
        latest = {item["target"]: item for item in offer["submissions"]}
        listed = [latest[key] for key in ("live", "preview") if key in latest]
    else:
        listed = [item for item in reversed(offer["submissions"]) if item["target"] == target]
    shown = [jobs.shown_submission(call.world, product, item) for item in listed]
    return _page(call, f"submission/{product}", draft + shown)


def _configure(call: _Call) -> Any:
    body = call.body
    if not isinstance(body, dict) or "/configure/" not in str(body.get("$schema", "")):
        raise Refused(400, "badRequest", "The body is expected to be an object of the schema 'configure'.")
    if not isinstance(body.get("resources"), list) or not body["resources"]:
        raise Refused(400, "badRequest", "'resources' is expected to be a list of resources.")
    schemas = [str(item.get("$schema", "")) for item in [body, *body["resources"]] if isinstance(item, dict)]
    if call.world.settings.partner_center_deprecated_in_bodies:
        _refuse_deprecated(call, [schema.rpartition("/")[2] for schema in schemas])
    if call.world.settings.partner_center_conflicts_at_once:
        _refuse_locked(call, body["resources"])
    if call.world.settings.partner_center_schema_at_once:
        _refuse_against_schema(call, body["resources"])
    return jobs.shown_job(call.world, jobs.start_job(call.world, call.tenant, call.account, body["resources"]))


def _refuse_locked(call: _Call, resources: list[Any]) -> None:
    for resource in resources:
        product = jobs.product_of(call.account, resource) if isinstance(resource, dict) else None
        if product is not None and jobs.busy(call.account["offers"][product]):
            raise Refused(409, "conflict", f"The product '{product}' is locked: a submission is in progress.")


def _refuse_against_schema(call: _Call, resources: list[Any]) -> None:
    problems = jobs.schema_problems(call.world, call.account, resources)
    if problems:
        details = [{"code": item["code"], "message": item["message"]} for item in problems]
        raise Refused(400, "badRequest", "Invalid configuration: schema validation failed", details)


def _job(call: _Call, job_id: str) -> dict[str, Any]:
    job = call.account["jobs"].get(job_id.lower())
    if job is None:
        raise Refused(404, "notFound", f"The job '{job_id}' does not exist.")
    found: dict[str, Any] = job
    return found


def _job_status(call: _Call, job_id: str) -> Any:
    return jobs.shown_job(call.world, _job(call, job_id))


def _job_result(call: _Call, job_id: str) -> Any:
    job = _job(call, job_id)
    if jobs.under_way(job):
        raise Refused(404, "notFound", f"The job '{job_id}' is not completed.")
    return jobs.shown_result(call.world, job)


def _cancel(call: _Call, job_id: str) -> Any:
    job = _job(call, job_id)
    if not jobs.cancel(call.world, job):
        raise Refused(400, "badRequest", "Cannot cancel job, job has already completed.")
    return jobs.shown_job(call.world, job)


#: The routes: method, path with `{}` for each id or name, and handler.
ROUTES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    ("GET", "product", _products),
    ("GET", "resource-tree/product/{}", _tree),
    ("GET", "submission/{}", _submissions),
    ("POST", "configure", _configure),
    ("GET", "configure/{}/status", _job_status),
    ("GET", "configure/{}", _job_result),
    ("POST", "configure/{}/cancel", _cancel),
    ("GET", "product/{}", partial(_resource, "product")),
    ("GET", "customer-leads/{}", partial(_resource, "customer-leads")),
    ("GET", "property/{}/{}/{}", partial(_resource, "property")),
    ("GET", "plan/{}/{}", partial(_resource, "plan")),
    ("GET", "listing/{}/{}/{}/{}/{}", partial(_resource, "listing")),
)
_PATTERNS = [(method, re.compile(path.replace("{}", "([0-9A-Za-z-]+)")), handler) for method, path, handler in ROUTES]


def _parsed(body: bytes) -> Any:
    if not body.strip():
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, "badRequest", "The body is not JSON.") from None
