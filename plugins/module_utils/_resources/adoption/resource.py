# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a set-up that was made by hand, so that it can be taken over. Writes nothing.

The result is what the role needs to continue from here: who signs in, which secret is in use, and since when each offer
holds it. Later surprises are reported as warnings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ..._rules.errors import InvalidInput
from ..._rules.marketplace_lead import ALL_PRIVILEGES
from ..._services.environment.client import EnvironmentClient
from ..._services.environment.members import Members
from ..._services.environment.people import People
from ..._services.environment.roles import Roles
from ..._services.environment.users import Users
from ..._services.graph.client import GraphClient
from ..._services.partner_center.client import PartnerCenterClient
from ..._services.partner_center.offers import Offer, read_offer
from ..._transport.errors import CallFailed
from ..application.state import application_state
from ..lead_destination.feeds import Feed, feeds_of
from ..lead_destination.other_applications import OtherApplications, listed_secrets
from ..lead_probe.diagnosis import NO_ROLES
from .identity import AdoptedIdentity, TakenOver
from .options import AdoptionRequest

NEW, TAKEN_OVER, ROTATED = "new", "taken_over", "rotated"
"""Whether the set-up is still to be taken over, was taken over, or was taken over and its secret rotated since."""


@dataclass(frozen=True)
class Reach:
    """The caller's clients. Partner Center is opened only if there are offers to read."""

    graph: GraphClient
    environment: EnvironmentClient
    partner_center: Callable[[], PartnerCenterClient]


class Adoption:
    """Reads one environment's set-up."""

    def __init__(self, reach: Reach, request: AdoptionRequest) -> None:
        self._graph = reach.graph
        self._environment = reach.environment
        self._open_partner_center = reach.partner_center
        self._request = request
        self._warnings: list[str] = []

    def read(self) -> dict[str, Any]:
        """Return what is there, what the role should record of it, and sentences about what should be known.

        Raises InvalidInput, CallFailed or SignInFailed.
        """
        address = self._environment.address
        if self._request.stored.rotated:
            self._warnings.append(
                f"The set-up of {address.host} was taken over before, and its secret was rotated since: nothing is "
                f"left to take over, so remove {self._request.option('adopt_secret')}."
            )
            return {"state": ROTATED, "warnings": self._warnings}
        offers = self._offers()
        feeds = feeds_of(offers, address.url)
        self._check_directory(feeds)
        identity = AdoptedIdentity(self._graph, self._request, address.host).find(feeds)
        self._check_store(identity)
        mine = [feed for feed in feeds if (feed.user_name or feed.application_id).lower() == identity.who.lower()]
        handed_over = self._records(mine, identity.key_id)
        self._warn(offers, feeds, mine, identity)
        return {
            "state": TAKEN_OVER if self._request.stored.adopted_key_id == identity.key_id else NEW,
            "directory_id": self._graph.directory_id(),
            "secret": dict(identity.secret),
            "handed_over": handed_over,
            **self._member(identity),
            **self._described(offers, identity),
            "warnings": self._warnings,
        }

    # --- the offers

    def _offers(self) -> list[Offer]:
        if not self._request.offers:
            return []
        client = self._open_partner_center()
        with ThreadPoolExecutor(max_workers=4) as pool:
            return [*pool.map(lambda name: read_offer(client, name), self._request.offers)]

    def _check_directory(self, feeds: Sequence[Feed]) -> None:
        tenant = self._graph.directory_id()
        for feed in feeds:
            if feed.directory_id not in ("", tenant):
                raise InvalidInput(
                    f"Offer {feed.offer.external_id!r} signs in to directory {feed.directory_id}, but "
                    f"{self._environment.address.host} belongs to tenant {tenant}, so its leads do not arrive: leave "
                    "the offer out here, and let configure hand the connection over to it."
                )

    def _records(self, feeds: Sequence[Feed], key_id: str) -> dict[str, dict[str, str]]:
        """Return what the handover file should say of each offer.

        Raises InvalidInput where it says already that an offer was given another secret.
        """
        records = {}
        for feed in feeds:
            name = feed.offer.external_id
            known = self._request.recorded(name)
            if known.get("key_id") not in (None, "", key_id):
                raise InvalidInput(
                    f"The handover file says that offer {name!r} was given the secret {known.get('key_id')}, not "
                    f"{key_id}: give that secret, or move the file away if the offer holds another one now."
                )
            records[name] = feed.record(key_id, known, self._graph.service_time())
        return records

    # --- the store

    def _check_store(self, identity: TakenOver) -> None:
        stored = self._request.stored
        if stored.key_id and stored.key_id != identity.key_id:
            raise InvalidInput(
                f"The store already holds another secret for {self._environment.address.host}, {stored.key_id} of "
                f"{stored.owner or 'an unknown application'}, which taking over {identity.key_id} would overwrite: "
                "remove it from the store if nothing signs in with it."
            )

    # --- the environment

    def _member(self, identity: TakenOver) -> dict[str, Any]:
        """Return the user that writes leads, and which of the privileges for that it has by all its roles.

        If there is none, the test lead reports it with the cause.
        """
        user = (
            People(self._environment).by_object_id(identity.object_id)
            if self._request.by_user
            else Users(self._environment).application_user(identity.who)
        )
        if user is None:
            return {"member": {}, "privileges": {}}
        member = {
            "systemuserid": user.user_id,
            "businessunitid": user.business_unit_id,
            "isdisabled": user.disabled,
            "roles": sorted(role.name for role in user.roles),
        }
        return {"member": member, "privileges": self._privileges(user.user_id)}

    def _privileges(self, user_id: str) -> dict[str, str]:
        try:
            held = Members(self._environment).privileges_of(user_id, list(ALL_PRIVILEGES))
        except CallFailed as refused:
            if not refused.has_code(NO_ROLES):
                raise
            held = {}
        return {name: held[name.lower()].api_name for name in ALL_PRIVILEGES if name.lower() in held}

    # --- what should be known

    def _warn(self, offers: Sequence[Offer], feeds: Sequence[Feed], mine: Sequence[Feed], identity: TakenOver) -> None:
        host = self._environment.address.host
        feeding = {feed.offer.external_id for feed in feeds}
        for name in (offer.external_id for offer in offers if offer.external_id not in feeding):
            self._warnings.append(
                f"Offer {name!r} does not send its leads to {host}, so there is nothing to take over from it: "
                "configure will hand the connection over to it."
            )
        for name in (feed.offer.external_id for feed in mine if not feed.is_live):
            self._warnings.append(
                f"Offer {name!r} sends its leads to {host} in its draft only: publish it in Partner Center to have "
                "them arrive."
            )
        if identity.other_secrets:
            self._warnings.append(
                f"Application {identity.who} has other live secrets, {listed_secrets(identity.other_secrets)}: remove "
                "those that nothing uses, because the role does not remove them."
            )

    def _described(self, offers: Sequence[Offer], identity: TakenOver) -> dict[str, Any]:
        """Return the application and the others beside it, and warn of those."""
        others = OtherApplications(self._graph, identity.who)
        return {
            "application": application_state(identity.application) if identity.application else {},
            "user_name": identity.who if self._request.by_user else "",
            "other_secrets": [others.secret_with_days(each) for each in identity.other_secrets],
            "other_applications": self._others(others, offers),
        }

    def _others(self, others: OtherApplications, offers: Sequence[Offer]) -> list[dict[str, Any]]:
        host = self._environment.address.host
        feeding = others.feeding(offers, self._environment.address.url)
        holding = others.holding(Roles(self._environment), self._request.roles)
        found = []
        for application_id in dict.fromkeys([*feeding, *holding]):
            application = others.find(application_id)
            if application is None and application_id not in feeding:
                continue
            found.append(
                {
                    "app_id": application_id,
                    "display_name": application.properties.get("displayName") if application else None,
                    "offers": feeding.get(application_id, []),
                    "holds_role": application_id in holding,
                    "live_secrets": [
                        others.secret_with_days(each)
                        for each in (others.live_secrets(application) if application else [])
                    ],
                }
            )
            shown = others.described(application) if application else f"{application_id}, which is of another tenant"
            why = f"feeds {', '.join(feeding[application_id])}" if application_id in feeding else "holds the role too"
            self._warnings.append(
                f"Another application can write leads to {host}, {shown}, and it {why}: it is not taken over, so "
                "remove it when nothing uses it."
            )
        return found
