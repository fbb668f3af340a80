# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications other than the managed one that can write leads to an environment, and how long their secrets live."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ..._rules.guids import is_guid
from ..._rules.secret_schedule import Secret
from ..._rules.timestamps import whole_days
from ..._services.environment.roles import Roles
from ..._services.graph.applications import Application, Applications
from ..._services.graph.client import GraphClient
from ..._services.graph.replication import Replication
from ..._services.partner_center.offers import Offer
from ..._transport.errors import CallFailed
from ..application.state import secret_state
from .feeds import application_of
from .resource import goes_to

_NEVER_FROM_YEAR = 2200
"""The portal's former choice "Never" is an expiry in 2299."""


def until(secret: Secret) -> str:
    """Say until when a secret is valid, such as "until 2299-12-31 (never expires)"."""
    if secret.end is None:
        return "without an end"
    never = " (never expires)" if secret.end.year >= _NEVER_FROM_YEAR else ""
    return f"until {secret.end.date().isoformat()}{never}"


def listed_secrets(secrets: Iterable[Secret]) -> str:
    """List secrets with their ends for a sentence; "no live secret" if there is none."""
    return ", ".join(f"{secret.key_id} {until(secret)}" for secret in secrets) or "no live secret"


class OtherApplications:
    """Reads applications of the tenant other than the managed one."""

    def __init__(self, graph: GraphClient, managed_id: str) -> None:
        """`managed_id` is the application id of the managed one."""
        self._graph = graph
        self._managed_id = managed_id
        self._applications = Applications(graph, Replication(0.0))

    def feeding(self, offers: Iterable[Offer], url: str) -> dict[str, list[str]]:
        """Return the other applications by which offers send leads to `url`, live or as drafts, with those offers."""
        found: dict[str, list[str]] = {}
        for offer in offers:
            here = [each for each in (offer.live_connection, offer.connection) if goes_to(each, url)]
            for application_id in dict.fromkeys(application_of(each) for each in here):
                if application_id not in ("", self._managed_id):
                    found.setdefault(application_id, []).append(offer.external_id)
        return found

    def holding(self, roles: Roles, names: Sequence[str]) -> list[str]:
        """Return the other applications whose users hold one of the security roles directly."""
        held = [holder for role in roles.root_copies(names).values() for holder in roles.holders(role.role_id)]
        marks = {mark for holder in held if holder.kind == "user" for mark in holder.marks if is_guid(mark)}
        return sorted(marks - {self._managed_id})

    def find(self, application_id: str) -> Application | None:
        """Return an application, or None if this tenant has none with that id or the runner may not read it."""
        try:
            return self._applications.by_application_id(application_id)
        except CallFailed:
            return None

    def live_secrets(self, application: Application) -> list[Secret]:
        """Return the secrets of an application that have not expired."""
        now = self._graph.service_time()
        return [secret for secret in application.secrets if secret.ends_after(now)]

    def described(self, application: Application) -> str:
        """Return an application for a sentence: its id, its name and until when its secrets live."""
        name = application.properties.get("displayName") or "no name"
        return f"{application.application_id} ({name}; {listed_secrets(self.live_secrets(application))})"

    def secret_with_days(self, secret: Secret) -> dict[str, Any]:
        """Return what can be known of a secret, with its remaining whole days."""
        now: datetime = self._graph.service_time()
        return {**secret_state(secret), "days_left": whole_days(secret.end - now) if secret.end else None}

    def warnings_of(self, offers: Iterable[Offer], url: str) -> list[str]:
        """Warn of offers that another application of this tenant feeds, before a run hands them to the managed one.

        Raises SignInFailed.
        """
        told = []
        for application_id, names in self.feeding(offers, url).items():
            application = self.find(application_id)
            if application is not None:
                told.append(
                    f"The leads of {', '.join(names)} are written by another application of this tenant, "
                    f"{self.described(application)}: to keep what works, take it over first (the playbook "
                    "marketplace_leads.dynamics365.adopt, guide docs/take-over.md)."
                )
        return told
