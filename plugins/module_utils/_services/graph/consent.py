# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Admin consent: delegated permissions granted to an application for all users in the tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..._rules.odata import query, text_literal
from ..._transport.errors import CallFailed
from ..client import Expect
from .client import GraphClient
from .replication import Replication, not_there_yet

EVERYBODY = "AllPrincipals"


@dataclass(frozen=True)
class Grant:
    """The permissions that were granted for one API; clients write the text with varying spaces, so they are a set."""

    grant_id: str
    client_object_id: str
    api_object_id: str
    scopes: frozenset[str]


class Consent:
    """Reads and edits admin consent; consent of single users is ignored."""

    def __init__(self, graph: GraphClient, replication: Replication) -> None:
        self._graph = graph
        self._replication = replication

    def granted_to(self, client_object_id: str) -> dict[str, Grant]:
        """Return what was granted to a service principal, by the object id of the API's service principal."""
        options = {"$filter": f"clientId eq {text_literal(client_object_id)}"}
        grants = {}
        for row in self._graph.rows("/oauth2PermissionGrants" + query(options)):
            # Only one property can reliably be filtered by; the rest is filtered here.
            if row.get("consentType") == EVERYBODY:
                api = str(row["resourceId"]).lower()
                grants[api] = Grant(str(row["id"]), client_object_id, api, frozenset((row.get("scope") or "").split()))
        return grants

    def grant(self, client_object_id: str, api_object_id: str, scopes: Iterable[str], existing: Grant | None) -> Grant:
        """Grant permissions on top of those granted before, and return the grant.

        The service keeps one row for client and API and writes its text over as a whole, so the union is sent.
        Raises CallFailed.
        """
        wanted = frozenset(scopes)
        known = existing

        def send() -> Grant:
            nonlocal known
            if known is None:
                try:
                    return self._create(client_object_id, api_object_id, wanted)
                except CallFailed as failed:
                    # One exists already: another caller was faster, or the answer to this request was lost.
                    if "already exists" not in failed.message:
                        raise
                    known = self.granted_to(client_object_id).get(api_object_id)
                    if known is None:
                        raise _NotSeenYet(str(failed), **failed.__dict__) from failed
            return self._widen(known, wanted)

        return self._replication.retry(send, lambda failed: isinstance(failed, _NotSeenYet) or not_there_yet(failed))

    def _create(self, client_object_id: str, api_object_id: str, scopes: frozenset[str]) -> Grant:
        body = {
            "clientId": client_object_id,
            "consentType": EVERYBODY,
            "resourceId": api_object_id,
            "scope": " ".join(sorted(scopes)),
        }
        row = self._graph.call("POST", "/oauth2PermissionGrants", expect=Expect.OBJECT, body=body, repeatable=True).body
        return Grant(str(row["id"]), client_object_id, api_object_id, scopes)

    def _widen(self, grant: Grant, scopes: frozenset[str]) -> Grant:
        union = grant.scopes | scopes
        if union != grant.scopes:
            self._graph.call(
                "PATCH",
                f"/oauth2PermissionGrants/{grant.grant_id}",
                expect=Expect.NOTHING,
                body={"scope": " ".join(sorted(union))},
            )
        return Grant(grant.grant_id, grant.client_object_id, grant.api_object_id, union)


class _NotSeenYet(CallFailed):
    """A grant exists, but the replica that was asked does not show it yet."""
