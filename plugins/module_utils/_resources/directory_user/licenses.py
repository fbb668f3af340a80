# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The licenses of one user: the desired ones are looked up among the tenant's before anything is written."""

from __future__ import annotations

from collections.abc import Sequence

from ..._rules.errors import InvalidInput
from ..._rules.lead_licenses import lead_rank
from ..._services.graph.licenses import Licenses, Subscription
from ..._services.graph.users import DirectoryUser, DirectoryUsers
from .options import DesiredUser

NO_LOCATION = (
    "usage_location is missing: give the two-letter code of the user's country, such as SE, because a license can be "
    "assigned only to a user whose country is known."
)


class UserLicenses:
    """Checks and assigns the licenses that `wanted` names."""

    def __init__(self, licenses: Licenses, users: DirectoryUsers, wanted: DesiredUser, tenant: str) -> None:
        self._licenses = licenses
        self._users = users
        self._wanted = wanted
        self._tenant = tenant
        self._subscriptions: dict[str, Subscription] = {}
        self._candidates: list[Subscription] = []

    def read(self) -> None:
        """Find the product of each desired license, by part number or id. Raises InvalidInput for one that was not
        bought."""
        if not self._wanted.licensed:
            return
        owned = self._licenses.subscriptions()
        if self._wanted.license_for_leads:
            self._read_candidates(owned)
            return
        by_name = {each.part_number.lower(): each for each in owned}
        by_name.update({each.sku_id: each for each in owned})
        for name in self._wanted.licenses:
            found = by_name.get(name.lower())
            if found is None:
                others = ", ".join(sorted(each.part_number for each in owned)) or "none at all"
                raise InvalidInput(
                    f"licenses names {name}, but tenant {self._tenant} has no subscription to it: buy one, or name one "
                    f"of those it has ({others})."
                )
            self._subscriptions[found.sku_id] = found

    def _read_candidates(self, owned: Sequence[Subscription]) -> None:
        """Find the products that allow writing leads, the preferred ones first."""
        ranked = [(lead_rank(each.plans), each) for each in owned]
        suited = [(rank, each.part_number, each) for rank, each in ranked if rank is not None and each.seats]
        self._candidates = [each for _rank, _name, each in sorted(suited, key=lambda one: one[:2])]
        if not self._candidates:
            others = ", ".join(sorted(each.part_number for each in owned)) or "none at all"
            raise InvalidInput(
                f"Tenant {self._tenant} has no product that is known to allow writing leads: buy a license of Dynamics "
                "365 Sales, or name a product in licenses (in the role lead_writer_user_licenses) if one of its "
                f"products does ({others})."
            )

    def _choose(self, user: DirectoryUser) -> None:
        """Choose one candidate: one that the user has, else one with a free seat. Raises InvalidInput."""
        if not self._candidates:
            return
        held = [each for each in self._candidates if each.sku_id in user.license_ids]
        chosen = next(iter([*held, *(each for each in self._candidates if each.free > 0)]), None)
        if chosen is None:
            taken = ", ".join(f"{each.part_number} {each.taken} of {each.seats}" for each in self._candidates)
            raise InvalidInput(
                f"Tenant {self._tenant} has no free seat of a license that allows writing leads (taken: {taken}): free "
                "one, or buy another one."
            )
        self._subscriptions = {chosen.sku_id: chosen}

    def judge(self, user: DirectoryUser) -> tuple[list[str], list[str]]:
        """Return the products that a user has and is to have, by part number where it is known.

        Raises InvalidInput when the tenant has no seat left of one that is missing.
        """
        self._choose(user)
        missing = self._missing(user)
        for each in missing:
            if each.free < 1:
                raise InvalidInput(
                    f"licenses names {each.part_number}, but {each.taken} of {each.seats} seats in tenant "
                    f"{self._tenant} are taken: buy another one, or free one."
                )
        before = sorted(self.part_number(sku_id) for sku_id in user.license_ids)
        return before, sorted([*before, *(each.part_number for each in missing)])

    def warnings(self, user: DirectoryUser) -> list[str]:
        """Return sentences about desired licenses that a user has but that are not active."""
        told = []
        for sku_id, each in self._subscriptions.items():
            errors = user.license_errors(sku_id)
            if errors:
                told.append(
                    f"The license {each.part_number} of {user.name} is not active ({', '.join(errors)}): check the "
                    "user's licenses in the Microsoft 365 admin center."
                )
        return told

    def assign(self, user: DirectoryUser) -> DirectoryUser:
        """Assign what is missing, and return the user once every replica shows it. Raises CallFailed or TimedOut."""
        wanted = [each.sku_id for each in self._missing(user)]
        self._licenses.assign(user, wanted)
        # The next run reads the license; no replica may answer that it does not exist.
        return self._users.wait_until_seen(user.name, lambda seen: set(wanted) <= set(seen.license_ids), "the license")

    def part_number(self, sku_id: str) -> str:
        """Return the part number of a desired product, and the id of any other."""
        known = self._subscriptions.get(sku_id)
        return known.part_number if known else sku_id

    def _missing(self, user: DirectoryUser) -> list[Subscription]:
        return [each for sku_id, each in self._subscriptions.items() if sku_id not in user.license_ids]
