# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of Microsoft Graph v1.0: where it lives and what its refusals mean."""

from __future__ import annotations

from ..._identity.sign_in import SignIn
from ..._transport.http import Answer, Transport
from ..client import ServiceClient


class GraphClient(ServiceClient):
    """Speaks Graph v1.0 in the cloud and tenant of its identity."""

    request_id_header = "request-id"

    def __init__(self, sign_in: SignIn, transport: Transport) -> None:
        root = sign_in.cloud.graph_url
        super().__init__(f"{root}/v1.0", root, sign_in, transport)

    def passing(self, answer: Answer) -> bool:
        """Concurrent writes to one object are refused with 409 or 503, and nothing was done."""
        return answer.status in (409, 503) and answer.error.get("code") == "Directory_ConcurrencyViolation"

    def explain(self, status: int, code: str, message: str) -> str | None:
        """Name the missing permission's cure, and tell policies in plain words."""
        cure = _CURES.get(code)
        if cure is None:
            return None
        who = f"application {self.sign_in.credentials.client_id} in tenant {self.sign_in.credentials.tenant}"
        return f"{cure.format(who=who)} (Graph says: {message.rstrip('.')})."


_CURES = {
    "Authorization_RequestDenied": "The runner, {who}, lacks a Graph permission: "
    "grant it Application.ReadWrite.OwnedBy and Application.Read.All, and DelegatedPermissionGrant.ReadWrite.All where admin_consent is wanted",
    "Authorization_IdentityNotFound": "The runner, {who}, has no service principal in this tenant: "
    "consent to it there, and wait a minute if that was just done",
    "CredentialInvalidLifetimeAsPerAppPolicy": "The tenant's app management policy does not allow secrets to live that "
    "long: lower secret.valid_days",
    "CredentialTypeNotAllowedAsPerAppPolicy": "The tenant's app management policy forbids client secrets: "
    "ask its administrator to except this application",
    "SignInAudienceNotAllowedAsPerAppPolicy": "The tenant's app management policy does not allow this "
    "sign_in_audience: choose a narrower one",
    "HostNameNotOnVerifiedDomain": "The tenant allows only its own verified domains here: "
    "use one of them in redirect_uris",
    "Directory_QuotaExceeded": "The directory is full: remove applications, also from the recycle bin",
}
"""Source: Microsoft Graph error codes and Microsoft Entra app management policies."""
