# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Offers: a product's draft, preview and live state, and what was published when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any

from ..._rules.customer_leads import Connection, connection_of, plain
from ..._rules.errors import InvalidInput
from ..._rules.offers import NOT_SERVED, not_served, type_refused
from ..._rules.timestamps import read_timestamp
from ..._transport.errors import CallFailed
from .client import PartnerCenterClient, schema, versioned
from .problems import problems_in

DRAFT, PREVIEW, LIVE = "draft", "preview", "live"

_LONG_AGO = datetime(1, 1, 1, tzinfo=timezone.utc)
_LEADS = "customer-leads"


@dataclass(frozen=True)
class Submission:
    """One publication. `target` is preview or live; `created` is None if the service returns no readable time."""

    submission_id: str
    target: str
    status: str
    result: str
    created: datetime | None
    problems: tuple[str, ...] = ()

    @property
    def running(self) -> bool:
        """Whether it is running, which locks the offer."""
        return self.status in ("notStarted", "running")

    @property
    def succeeded(self) -> bool:
        """Whether it has succeeded."""
        return self.status == "completed" and self.result == "succeeded"

    @property
    def failed(self) -> bool:
        """Whether it has failed."""
        return self.status == "completed" and self.result not in ("succeeded", "pending", "")

    @property
    def key(self) -> tuple[str, str, datetime | None]:
        """What identifies it: going live may keep the id of the publication to preview."""
        return (self.submission_id, self.target, self.created)


@dataclass(frozen=True)
class State:
    """What an offer is in one of its states: all its resources by id."""

    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def leads(self) -> dict[str, Any]:
        """The customer-leads resource; an empty dictionary when there is none."""
        return next((dict(each) for key, each in self.resources.items() if key.startswith(f"{_LEADS}/")), {})

    @property
    def connection(self) -> Connection:
        """Where leads go in this state."""
        return connection_of(self.leads)

    def differing(self, other: State) -> list[str]:
        """Return the ids of all resources other than the lead destination in which two states differ."""
        return sorted(
            key
            for key in {*self.resources, *other.resources}
            if not key.startswith(f"{_LEADS}/") and plain(self._at(key)) != plain(other._at(key))
        )

    def _at(self, key: str) -> Mapping[str, Any]:
        return self.resources.get(key, {})


@dataclass(frozen=True)
class Offer:
    """An offer as it was read. `live` is None when it was never published."""

    external_id: str
    product_id: str
    draft: State
    live: State | None
    submissions: tuple[Submission, ...]

    @property
    def leads(self) -> dict[str, Any]:
        """The draft's customer-leads resource; if there is none yet, one that sends leads nowhere."""
        return self.draft.leads or {
            "$schema": schema(_LEADS),
            "id": f"{_LEADS}/{self.product_id}",
            "product": f"product/{self.product_id}",
            "leadDestination": "none",
        }

    @property
    def connection(self) -> Connection:
        """Where the draft sends leads."""
        return connection_of(self.leads)

    @property
    def live_connection(self) -> Connection | None:
        """Where leads go now, or None when the offer was never published."""
        return self.live.connection if self.live is not None else None

    def newest(self, target: str) -> Submission | None:
        """Return the newest successful publication to `target`, or None."""
        return newest(self.submissions, target)

    @property
    def running(self) -> Submission | None:
        """The running publication, or None. It locks the offer, so there is at most one."""
        return next((each for each in self.submissions if each.running), None)

    def failure_since(self, moment: datetime | None) -> Submission | None:
        """Return the publication that failed with what the draft held at `moment`, or None.

        Publications without a known time, or with an unknown `moment`, count as such.
        """
        failed = [each for each in self.submissions if each.failed]
        return next((each for each in failed if moment is None or each.created is None or each.created > moment), None)

    def published_since(self, target: str, moment: datetime | None) -> datetime | None:
        """Return when what the draft held at `moment` was published to `target`, or None when it was not.

        An offer goes live as it is in preview, so the time of the publication to preview counts if both have the same
        id (contract: publication).
        """
        found = self.newest(target)
        if found is None or found.created is None or moment is None:
            return None
        same = [each.created for each in self.submissions if each.submission_id == found.submission_id]
        begun = min((created for created in same if created is not None), default=found.created)
        return found.created if begun > moment else None

    def live_since(self, handed_over_at: datetime | None, wanted: Connection) -> datetime | None:
        """Return since when leads go to `wanted` with the secret that was handed over then; None if they do not.

        Secrets cannot be compared, so the publication must be newer than the handover.
        """
        if self.live_connection is None or self.live_connection.differing(wanted):
            return None
        return self.published_since(LIVE, handed_over_at)


def newest(submissions: Iterable[Submission], target: str) -> Submission | None:
    """Return the newest successful publication to `target`, or None."""
    found = [each for each in submissions if each.target == target and each.succeeded]
    return max(found, key=lambda each: each.created or _LONG_AGO, default=None)


def read_offer(partner_center: PartnerCenterClient, external_id: str) -> Offer:
    """Read an offer by its offer id: at most four requests, three of them in parallel.

    Raises InvalidInput when the account has no such offer, or one of a type that the API does not serve; CallFailed or
    SignInFailed.
    """
    product = partner_center.remembered(lambda: _product(partner_center, external_id), "product", external_id)
    product_id = str(product["id"])
    if product["type"] in NOT_SERVED:
        raise InvalidInput(not_served(external_id, product["type"]))
    try:
        with ThreadPoolExecutor(max_workers=3) as pool:
            draft = pool.submit(_tree, partner_center, product_id, DRAFT)
            live = pool.submit(_tree, partner_center, product_id, LIVE)
            submissions = pool.submit(read_submissions, partner_center, product_id).result()
            state = _unless_unpublished(live.result, LIVE, submissions)
            return Offer(external_id, product_id, draft.result(), state, submissions)
    except CallFailed as failed:
        kind = type_refused(failed.message) if failed.status == 400 else ""
        raise failed.reworded(not_served(external_id, kind)) if kind else failed from None


def read_offers(partner_center: PartnerCenterClient, names: Iterable[str]) -> dict[str, Offer]:
    """Read offers in parallel; return them by offer id.

    Raises InvalidInput with what is wrong with each that cannot be served, so that everything is reported at once;
    CallFailed or SignInFailed.
    """
    wrong: list[str] = []

    def read(name: str) -> Offer | None:
        try:
            return read_offer(partner_center, name)
        except InvalidInput as error:
            wrong.append(str(error))
            return None

    wanted = list(dict.fromkeys(names))
    with ThreadPoolExecutor(max_workers=4) as pool:
        found = {name: offer for name, offer in zip(wanted, pool.map(read, wanted)) if offer is not None}
    if wrong:
        raise InvalidInput("\n".join(sorted(wrong)))
    return found


def read_draft(partner_center: PartnerCenterClient, offer: Offer) -> Offer:
    """Return an offer with its draft read again."""
    return replace(offer, draft=_tree(partner_center, offer.product_id, DRAFT))


def read_preview(partner_center: PartnerCenterClient, offer: Offer) -> State | None:
    """Read what an offer holds in preview; None when it was never published there."""
    if not any(each.target == PREVIEW for each in offer.submissions):
        return None
    return _unless_unpublished(lambda: _tree(partner_center, offer.product_id, PREVIEW), PREVIEW, offer.submissions)


def _unless_unpublished(read: Callable[[], State], target: str, submissions: Iterable[Submission]) -> State | None:
    """Return what `read` returns of a state of a product, or None when the product has never reached that state.

    The service then answers 400. Two answers must agree: leads may come from the live state, so it is read even if no
    submission names it, and a refusal counts only if no submission has reached it.
    """
    try:
        return read()
    except CallFailed as failed:
        if failed.status in (400, 404) and newest(submissions, target) is None:
            return None
        raise


def _tree(partner_center: PartnerCenterClient, product_id: str, target: str) -> State:
    """Read one state of a product. Submissions are left out: they always differ between the states."""
    tree = partner_center.get(versioned(f"resource-tree/product/{product_id}", targetType=target))
    resources = [each for each in tree.get("resources") or [] if isinstance(each, dict)]
    return State({str(each.get("id", "")): each for each in resources if kind_of(each) != "submission"})


def read_submissions(partner_center: PartnerCenterClient, product_id: str) -> tuple[Submission, ...]:
    """Read the current publications of a product, one for each target; the draft does not count."""
    rows = partner_center.rows(versioned(f"submission/{product_id}"))
    found = (_submission(row) for row in rows)
    return tuple(each for each in found if each.target in (PREVIEW, LIVE))


def kind_of(resource: Mapping[str, Any]) -> str:
    """Return the kind of a resource by its schema's path, because the host of schemas has changed before."""
    return str(resource.get("$schema", "")).partition("/schema/")[2].partition("/")[0]


def _submission(row: Mapping[str, Any]) -> Submission:
    target = row.get("target") or {}
    try:
        created = read_timestamp(row.get("created"))
    except ValueError:
        created = None
    return Submission(
        str(row.get("id", "")),
        str(target.get("targetType", "")),
        str(row.get("status") or ""),
        str(row.get("result") or ""),
        created,
        problems_in([*(row.get("errors") or []), *(row.get("validations") or [])]),
    )


def _product(partner_center: PartnerCenterClient, external_id: str) -> dict[str, str]:
    """Ask for the product of an offer: its durable `id`, without its kind before it, and its `type`."""
    rows = [*partner_center.rows(versioned("product", externalId=external_id))]
    found = {
        str(row.get("id", "")).partition("/")[2]: str(row.get("type") or "")
        for row in rows
        if _external_id(row) in (None, external_id)
    }
    if len(found) != 1 or "" in found:
        raise InvalidInput(
            f"offer {external_id!r} matches {len(found)} offers of the publisher's account in tenant "
            f"{partner_center.sign_in.credentials.tenant}: give the offer id that Partner Center shows in the offer "
            "overview."
        )
    ((product_id, kind),) = found.items()
    return {"id": product_id, "type": kind}


def _external_id(row: Mapping[str, Any]) -> str | None:
    """The offer id of a product; the documentation and the service spell its name differently."""
    identity = row.get("identity") or {}
    found = identity.get("externalId") or identity.get("externalID")
    return str(found) if found else None
