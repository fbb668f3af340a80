# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an application may ask for: API permissions, and the admin consent to them.

Permissions are given by value, such as user_impersonation; their ids are looked up in the tenant. Only what the
caller names is added: an application may have other permissions for reasons of its own.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._rules.errors import InvalidInput
from ..._rules.guids import guid
from ..._rules.well_known import DYNAMICS_CRM_APPLICATION_ID
from ..._services.graph.client import GraphClient
from ..._services.graph.consent import Consent, Grant
from ..._services.graph.replication import Replication
from ..._services.graph.service_principals import Api, ServicePrincipals

OPTIONS: dict[str, dict[str, Any]] = {
    "api_permissions": {
        "type": "list",
        "elements": "dict",
        "options": {
            "api": {"type": "str", "default": "dynamics_crm"},
            "scopes": {"type": "list", "elements": "str", "required": True},
        },
    },
    "admin_consent": {"type": "bool", "default": False},
}

_APIS = {"dynamics_crm": DYNAMICS_CRM_APPLICATION_ID}
"""APIs that can be named by a word."""


@dataclass(frozen=True)
class Permission:
    """Delegated permissions on one API, by their values."""

    api_id: str
    scopes: tuple[str, ...]


def permissions_from(options: Mapping[str, Any]) -> tuple[Permission, ...]:
    """Read `api_permissions`. Raises InvalidInput."""
    scopes: dict[str, list[str]] = {}
    for one in options["api_permissions"] or []:
        api_id = _APIS.get(one["api"]) or guid(one["api"], "api_permissions.api (or the word dynamics_crm)")
        if not one["scopes"]:
            raise InvalidInput(f"api_permissions names no scopes for {one['api']}: give some, or leave the API out.")
        scopes.setdefault(api_id, []).extend(one["scopes"])
    if options["admin_consent"] and not scopes:
        raise InvalidInput("admin_consent is true, but api_permissions names nothing to consent to: add permissions.")
    return tuple(Permission(api_id, tuple(dict.fromkeys(each))) for api_id, each in scopes.items())


class Permissions:
    """The desired permissions of one application, with what the tenant knows about their APIs."""

    def __init__(self, graph: GraphClient, replication: Replication, wanted: Sequence[Permission]) -> None:
        self._graph = graph
        self._consent = Consent(graph, replication)
        self._principals = ServicePrincipals(graph, replication)
        self._wanted = wanted
        self._apis: dict[str, Api] = {}
        self._grants: dict[str, Grant] = {}

    def read(self) -> None:
        """Look up the APIs. Raises InvalidInput for an API or a permission that the tenant does not have."""
        for permission in self._wanted:
            api = self._principals.api(permission.api_id)
            if api is None:
                raise InvalidInput(self._missing(permission.api_id))
            unknown = [scope for scope in permission.scopes if scope not in api.scopes]
            if unknown:
                raise InvalidInput(
                    f"api_permissions names {unknown[0]!r}, which {api.display_name} ({api.application_id}) does not "
                    f"offer: use one of {', '.join(sorted(api.scopes)) or 'none, because it offers none'}."
                )
            self._apis[permission.api_id] = api

    def shown(self, required_access: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
        """Return what requiredResourceAccess says about the desired APIs, by value if the API reports it."""
        shown = {}
        for permission in self._wanted:
            values = {scope_id: value for value, scope_id in self._apis[permission.api_id].scopes.items()}
            ids = _delegated(required_access, permission.api_id)
            shown[permission.api_id] = sorted(values.get(each, each) for each in ids)
        return shown

    def merged_into(self, required_access: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return requiredResourceAccess with the desired permissions: the service replaces the list as a whole."""
        merged = [copy.deepcopy(dict(entry)) for entry in required_access]
        for permission in self._wanted:
            present = _delegated(merged, permission.api_id)
            ids = [self._apis[permission.api_id].scopes[scope] for scope in permission.scopes]
            missing = [{"id": each, "type": "Scope"} for each in ids if each not in present]
            entry = next((each for each in merged if str(each["resourceAppId"]).lower() == permission.api_id), None)
            if entry is None:
                merged.append({"resourceAppId": permission.api_id, "resourceAccess": missing})
            else:
                entry["resourceAccess"] = [*entry["resourceAccess"], *missing]
        return merged

    def read_consent(self, client_object_id: str) -> None:
        """Read what was granted to the application's service principal."""
        self._grants = self._consent.granted_to(client_object_id)

    def consented(self) -> dict[str, list[str]]:
        """Return what admin consent covers of each desired API."""
        return {each.api_id: sorted(self._granted(each)) for each in self._wanted}

    def to_consent(self) -> dict[str, list[str]]:
        """Return what it is to cover."""
        return {each.api_id: sorted(self._granted(each) | set(each.scopes)) for each in self._wanted}

    def consent(self, client_object_id: str) -> None:
        """Grant what is missing."""
        for permission in self._wanted:
            if not set(permission.scopes) <= self._granted(permission):
                api_object_id = self._apis[permission.api_id].object_id
                self._grants[api_object_id] = self._consent.grant(
                    client_object_id, api_object_id, permission.scopes, self._grants.get(api_object_id)
                )

    def _granted(self, permission: Permission) -> frozenset[str]:
        grant = self._grants.get(self._apis[permission.api_id].object_id)
        return grant.scopes if grant else frozenset()

    def _missing(self, api_id: str) -> str:
        if api_id == DYNAMICS_CRM_APPLICATION_ID:
            return (
                f"api_permissions names dynamics_crm, but tenant {self._graph.tenant} has no Dynamics CRM: check that "
                "tenant_id is the tenant of the environment, because a tenant gets it with its first environment."
            )
        return (
            f"api_permissions names the API {api_id}, which has no service principal in tenant {self._graph.tenant}: "
            "correct the application id, or add the API to the tenant first."
        )


def _delegated(required_access: Sequence[Mapping[str, Any]], api_id: str) -> list[str]:
    """The ids of the delegated permissions on one API."""
    return [
        str(access["id"]).lower()
        for entry in required_access
        if str(entry["resourceAppId"]).lower() == api_id
        for access in entry.get("resourceAccess") or []
        if access.get("type") == "Scope"
    ]
