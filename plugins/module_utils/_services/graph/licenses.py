# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The products that a tenant has bought, and the licenses that users have of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._rules.odata import query
from ..._transport.errors import CallFailed
from ..client import Expect
from .client import GraphClient
from .replication import Replication, not_there_yet
from .users import DirectoryUser

_SELECT = query({"$select": "skuId,skuPartNumber,capabilityStatus,consumedUnits,prepaidUnits,servicePlans"})
_USABLE = frozenset({"Enabled", "Warning"})
_LOCATION_LAG = "invalid usage location"
"""In the refusal of a license right after the usage location was set (contract: licenses)."""


@dataclass(frozen=True)
class Subscription:
    """A product of the tenant. `seats` is how many users may have it, `taken` how many do.

    `plans` are the names of the service plans in it.
    """

    sku_id: str
    part_number: str
    seats: int
    taken: int
    plans: tuple[str, ...] = ()

    @property
    def free(self) -> int:
        """How many seats are left."""
        return self.seats - self.taken


class Licenses:
    """Reads subscriptions and assigns licenses."""

    def __init__(self, graph: GraphClient, replication: Replication) -> None:
        self._graph = graph
        self._replication = replication

    def subscriptions(self) -> list[Subscription]:
        """Return what the tenant has bought.

        Seats of a subscription in its grace period (`warning`) still count. The list does not support filters.
        """
        try:
            return [_subscription(row) for row in self._graph.rows(f"/subscribedSkus{_SELECT}")]
        except CallFailed as failed:
            raise self._told(failed, "LicenseAssignment.Read.All") from failed

    def assign(self, user: DirectoryUser, sku_ids: Sequence[str]) -> None:
        """License a user for products, all of them at once. Raises CallFailed.

        A new usage location may not be effective yet, so that refusal is waited out. Assigning an assigned license is
        harmless, so a lost answer is too.
        """
        body = {"addLicenses": [{"skuId": each, "disabledPlans": []} for each in sku_ids], "removeLicenses": []}

        def send() -> None:
            self._graph.call(
                "POST", f"/users/{user.object_id}/assignLicense", expect=Expect.NOTHING, body=body, repeatable=True
            )

        def passing(failed: CallFailed) -> bool:
            return not_there_yet(failed) or _LOCATION_LAG in failed.message

        try:
            self._replication.retry(send, passing)
        except CallFailed as failed:
            raise self._told(failed, "LicenseAssignment.ReadWrite.All") from failed

    def _told(self, failed: CallFailed, needs: str) -> CallFailed:
        if failed.status != 403:
            return failed
        runner = self._graph.sign_in.credentials.client_id or "the signed-in user"
        return failed.reworded(
            f"The runner ({runner}) is not allowed to manage licenses in tenant {self._graph.tenant}: grant it {needs} "
            f"(Graph says: {failed.message.rstrip('.')})."
        )


def _subscription(row: Mapping[str, Any]) -> Subscription:
    units = row.get("prepaidUnits") or {}
    usable = row.get("capabilityStatus") in (None, *_USABLE)
    return Subscription(
        sku_id=str(row["skuId"]).lower(),
        part_number=str(row.get("skuPartNumber") or row["skuId"]),
        seats=int(units.get("enabled") or 0) + int(units.get("warning") or 0) if usable else 0,
        taken=int(row.get("consumedUnits") or 0),
        plans=tuple(str(each.get("servicePlanName") or "") for each in row.get("servicePlans") or []),
    )
