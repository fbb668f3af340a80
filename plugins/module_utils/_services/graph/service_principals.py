# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Service principals: the presence of an application, or an API, in a tenant. Graph does not create them
automatically."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..._rules.odata import key_literal, query
from ..._rules.well_known import ENTERPRISE_APPLICATION_TAG
from ..._transport.errors import CallFailed
from ..client import Expect
from .applications import is_disabled_by_microsoft
from .client import GraphClient
from .replication import Replication, not_there_yet

_SELECT = query(
    {"$select": "id,appId,displayName,accountEnabled,isDisabled,disabledByMicrosoftStatus,tags,appOwnerOrganizationId"}
)
_SELECT_API = query({"$select": "id,appId,displayName,oauth2PermissionScopes"})

_LOCAL_TENANT = "local tenant"
"""In the refusal for an application of another tenant, or that this replica does not have yet (contract: create)."""


@dataclass(frozen=True)
class ServicePrincipal:
    """The service principal of an application. `directory_id` is the tenant of the application.

    `enabled` is the older switch for sign-in, `deactivated` the newer one; both have to allow it.
    """

    object_id: str
    application_id: str
    display_name: str | None = None
    enabled: bool = True
    deactivated: bool = False
    disabled_by_microsoft: bool = False
    tags: tuple[str, ...] = ()
    directory_id: str | None = None


@dataclass(frozen=True)
class Api:
    """The service principal of an API, with the ids of the delegated permissions it offers, by their values."""

    object_id: str
    application_id: str
    display_name: str
    scopes: Mapping[str, str]


class ServicePrincipals:
    """Reads and edits the service principals of one directory."""

    def __init__(self, graph: GraphClient, replication: Replication) -> None:
        self._graph = graph
        self._replication = replication

    def by_application_id(self, application_id: str) -> ServicePrincipal | None:
        """Return the service principal of an application, or None."""
        row = self._graph.find(f"/servicePrincipals(appId={key_literal(application_id)}){_SELECT}")
        return self._service_principal(row) if row else None

    def api(self, application_id: str) -> Api | None:
        """Return an API with the delegated permissions that can be asked for, or None if there is none."""
        path = f"/servicePrincipals(appId={key_literal(application_id)}){_SELECT_API}"
        row = self._graph.remembered(lambda: self._graph.find(path), "api", application_id)
        return _api(row) if row else None

    def api_by_object_id(self, object_id: str) -> Api | None:
        """Return an API by the object id of its service principal, or None."""
        row = self._graph.find(f"/servicePrincipals/{object_id}{_SELECT_API}")
        return _api(row) if row else None

    def create(self, application_id: str, *, just_made: bool, settled: bool) -> ServicePrincipal:
        """Make the service principal of an application and return it, with `settled` once every replica shows it.

        `just_made` says that the application itself is new, so that replicas may not have it yet. There is at most one
        for an application, so a request whose answer was lost is simply sent again. Raises CallFailed or TimedOut.
        """
        body = {
            "appId": application_id,
            "appRoleAssignmentRequired": False,
            "tags": [ENTERPRISE_APPLICATION_TAG],
        }

        def send() -> Mapping[str, Any]:
            try:
                return self._graph.call(
                    "POST", "/servicePrincipals", expect=Expect.OBJECT, body=body, repeatable=True
                ).body
            except CallFailed as failed:
                if not failed.has_code("Request_MultipleObjectsWithSameKeyValue"):
                    raise
            return {}

        def passing(failed: CallFailed) -> bool:
            if just_made and failed.status == 403 and _LOCAL_TENANT in failed.message:
                return True
            return not_there_yet(failed)

        row = self._replication.retry(send, passing)
        if row and not settled:
            return self._service_principal(row)
        made = self._replication.wait_until_consistent(
            lambda: self.by_application_id(application_id),
            lambda seen: seen is not None,
            f"the service principal of application {application_id} is not visible everywhere",
        )
        if made is None:
            raise AssertionError("settled without a service principal")
        return made

    def update(self, principal: ServicePrincipal, values: Mapping[str, Any]) -> None:
        """Change properties of a service principal."""
        self._replication.retry(
            lambda: self._graph.call(
                "PATCH", f"/servicePrincipals/{principal.object_id}", expect=Expect.NOTHING, body=values
            )
        )

    def _service_principal(self, row: Mapping[str, Any]) -> ServicePrincipal:
        owner = row.get("appOwnerOrganizationId")
        return ServicePrincipal(
            object_id=str(row["id"]).lower(),
            application_id=str(row["appId"]).lower(),
            display_name=row.get("displayName"),
            enabled=row.get("accountEnabled") is not False,
            deactivated=row.get("isDisabled") is True,
            disabled_by_microsoft=is_disabled_by_microsoft(row.get("disabledByMicrosoftStatus")),
            tags=tuple(row.get("tags") or ()),
            directory_id=str(owner).lower() if owner else None,
        )


def _api(row: Mapping[str, Any]) -> Api:
    scopes = {
        str(scope["value"]): str(scope["id"]).lower()
        for scope in row.get("oauth2PermissionScopes") or []
        if scope.get("isEnabled") and scope.get("value")
    }
    return Api(str(row["id"]).lower(), str(row["appId"]).lower(), str(row.get("displayName") or ""), scopes)
