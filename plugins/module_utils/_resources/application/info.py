# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is known of applications: properties, secrets with their remaining days, service principal and consent."""

from __future__ import annotations

from typing import Any

from ..._rules.errors import InvalidInput
from ..._rules.guids import guid
from ..._rules.timestamps import whole_days
from ..._services.graph.applications import Application, Applications
from ..._services.graph.client import GraphClient
from ..._services.graph.consent import Consent
from ..._services.graph.replication import Replication
from ..._services.graph.service_principals import Api, ServicePrincipals
from ..._transport.errors import CallFailed
from .state import application_state, principal_state, secret_state

OPTIONS: dict[str, dict[str, Any]] = {
    "unique_name": {"type": "str"},
    "application_id": {"type": "str"},
    "display_name": {"type": "str"},
}


class ApplicationReport:
    """Reads the applications that the options name: by a key one at most, by the display name any number."""

    def __init__(self, graph: GraphClient, options: dict[str, Any]) -> None:
        # Nothing is written, so no replica is waited for.
        replication = Replication(0.0)
        self._graph = graph
        self._options = options
        self._applications = Applications(graph, replication)
        self._principals = ServicePrincipals(graph, replication)
        self._consent = Consent(graph, replication)
        self._apis: dict[str, Api | None] = {}

    def read(self) -> dict[str, Any]:
        """Return the report. Raises InvalidInput, CallFailed or SignInFailed."""
        return {
            "applications": [self._described(application) for application in self._found()],
            "directory_id": self._graph.directory_id(),
        }

    def _found(self) -> list[Application]:
        unique_name, application_id = self._options["unique_name"], self._options["application_id"]
        if unique_name:
            found = [self._applications.by_unique_name(unique_name)]
        elif application_id:
            found = [self._applications.by_application_id(guid(application_id, "application_id"))]
        elif self._options["display_name"]:
            found = [*self._applications.by_display_name(self._options["display_name"])]
        else:
            raise InvalidInput("unique_name, application_id and display_name are empty: give one of them.")
        return [application for application in found if application is not None]

    def _described(self, application: Application) -> dict[str, Any]:
        principal = self._principals.by_application_id(application.application_id)
        if principal is not None and principal.directory_id:
            self._graph.learn_directory_id(principal.directory_id)
        now = self._graph.service_time()
        return {
            **application_state(application),
            "password_credentials": [
                {**secret_state(secret), "days_left": whole_days(secret.end - now) if secret.end else None}
                for secret in application.secrets
            ],
            "service_principal": principal_state(principal) if principal else {},
            "consent": self._consented(principal.object_id) if principal else {},
        }

    def _consented(self, client_object_id: str) -> dict[str, list[str]] | None:
        """What admin consent covers, by API; None if the runner may not read consent."""
        try:
            grants = self._consent.granted_to(client_object_id)
        except CallFailed as failed:
            if failed.status != 403:
                raise
            return None
        consented = {}
        for api_object_id, grant in grants.items():
            if api_object_id not in self._apis:
                self._apis[api_object_id] = self._principals.api_by_object_id(api_object_id)
            api = self._apis[api_object_id]
            consented[api.application_id if api else api_object_id] = sorted(grant.scopes)
        return consented
