# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of Microsoft Graph v1.0: its address and what its refusals mean."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from ..._identity.credentials import Credentials
from ..._identity.sign_in import SignIn
from ..._rules.access_token import token_claims
from ..._rules.errors import InvalidInput
from ..._rules.guids import is_guid
from ..._transport.errors import CallFailed
from ..._transport.http import Answer, Transport
from ..client import ServiceClient

DIRECTORY_NOT_READ = "Directory_ObjectNotFound"
"""Says that the directory itself could not be read: it says nothing about the object, and a write may have been
applied."""


class GraphClient(ServiceClient):
    """Speaks Graph v1.0 in the cloud and tenant of its identity."""

    request_id_header = "request-id"

    def __init__(self, sign_in: SignIn, transport: Transport) -> None:
        root = sign_in.cloud.graph_url
        super().__init__(f"{root}/v1.0", root, sign_in, transport)
        self._directory_id: str | None = None

    @property
    def tenant(self) -> str:
        """The tenant as the caller names it, for sentences."""
        return self.sign_in.credentials.tenant or "of the runner"

    @property
    def runner(self) -> str:
        """The runner, for the beginning of sentences."""
        return f"The runner, application {self.sign_in.credentials.client_id} in tenant {self.tenant},"

    def directory_id(self) -> str:
        """Return the directory id of the tenant.

        If the caller gives a domain name, sign-in resolves it. Raises CallFailed or InvalidInput.
        """
        if self._directory_id is None:
            named = self.sign_in.credentials.tenant or ""
            self._directory_id = named.lower() if is_guid(named) else self._asked_directory_id()
        return self._directory_id

    def learn_directory_id(self, directory_id: str) -> None:
        """Remember the directory id from another answer."""
        self._directory_id = self._directory_id or directory_id.lower()

    def granted(self) -> frozenset[str] | None:
        """Return the application permissions that the runner was granted, or None if its token does not show them."""
        return self.sign_in.permissions(self._resource)

    @property
    def runner_object_id(self) -> str:
        """The object id of the runner in its tenant, an empty string if its token does not show it."""
        return str(token_claims(self.sign_in.token(self._resource)).get("oid") or "").lower()

    def sign_in_as(self, credentials: Credentials) -> SignIn:
        """Return another identity in the same cloud, over the same transport; its tokens are not kept."""
        return SignIn(credentials, self.sign_in.cloud, self._transport, discovered=self.sign_in.cache)

    def find(self, path: str, headers: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """Return the JSON object at `path`, or None when the directory says that it has none.

        A 404 that says only that the directory could not be read does not count: otherwise an object would be created
        twice.
        """
        try:
            return self.get(path, headers)
        except CallFailed as failed:
            if failed.says_missing and not failed.has_code(DIRECTORY_NOT_READ):
                return None
            raise

    def passing(self, answer: Answer) -> bool:
        """Say whether the request should be sent again.

        Concurrent writes to one object are refused with 409 or 503, and nothing was done. A read that did not reach the
        directory itself has no result.
        """
        code = answer.error.get("code")
        if code == DIRECTORY_NOT_READ:
            return answer.request.startswith("GET ")
        return answer.status in (409, 503) and code == "Directory_ConcurrencyViolation"

    def explain(self, status: int, code: str, message: str) -> str | None:
        """Name the cure for a missing permission or a policy."""
        cure = next((cure for part, cure in _CURES_BY_MESSAGE.items() if part in message), _CURES.get(code))
        if cure is None:
            return None
        who = f"application {self.sign_in.credentials.client_id} in tenant {self.tenant}"
        return f"{cure.format(who=who)} (Graph says: {message.rstrip('.')})."

    def _asked_directory_id(self) -> str:
        """Return the directory id that sign-in names: in its discovery document, else in the token that it issued."""
        named = self.sign_in.credentials.tenant
        found = _directory_in(self._discovery_document(named)) if named else ""
        found = found or str(token_claims(self.sign_in.token(self._resource)).get("tid") or "")
        if not is_guid(found):
            raise InvalidInput(
                f"The directory id of tenant {self.tenant} cannot be read: give it as tenant_id instead of a domain "
                "name."
            )
        return found.lower()

    def _discovery_document(self, tenant: str) -> Mapping[str, Any]:
        """Return the document that signing in has read already, in most cases, and that anyone may read."""
        url = f"{self.sign_in.cloud.authority(tenant)}/v2.0/.well-known/openid-configuration"
        kept = self.sign_in.cache.get("discovery", url)
        if kept is not None:
            document: Mapping[str, Any] = json.loads(str(kept))
            return document
        return self._transport.send("GET", url).body


def _directory_in(document: Mapping[str, Any]) -> str:
    """Return the directory id in the address of the token endpoint; an empty string if there is none."""
    found = re.match(r"https://[^/]+/([^/]+)/", str(document.get("token_endpoint") or ""))
    return found.group(1) if found and is_guid(found.group(1)) else ""


_CURES = {
    "Authorization_RequestDenied": "The runner, {who}, lacks a Graph permission: grant it "
    "Application.ReadWrite.OwnedBy (Application.ReadWrite.All for an application that it does not own, "
    "Application.Read.All for the recycle bin), and DelegatedPermissionGrant.ReadWrite.All for admin_consent",
    "Authorization_IdentityNotFound": "The runner, {who}, has no service principal in this tenant: "
    "consent to it there, and wait a minute if that was just done",
    "CredentialInvalidLifetimeAsPerAppPolicy": "The tenant's app management policy does not allow a secret lifetime "
    "that long: lower secret.valid_days",
    "CredentialTypeNotAllowedAsPerAppPolicy": "The tenant's app management policy forbids client secrets: "
    "ask its administrator to exempt the runner by a custom security attribute (excludeActors), or to give an "
    "application that the runner owns a policy of its own that allows them",
    "SignInAudienceNotAllowedAsPerAppPolicy": "The tenant's app management policy does not allow this "
    "sign_in_audience: set sign_in_audience (in the role lead_writer_sign_in_audience) to AzureADMyOrg, or ask its "
    "administrator to exempt the runner by a custom security attribute (excludeActors)",
    "HostNameNotOnVerifiedDomain": "The tenant allows only its own verified domains here: "
    "use one of them in redirect_uris",
    "ServiceTreeValueMissing": "The tenant requires a reference to its asset management for each application: set "
    "service_management_reference (in the role lead_writer_service_management_reference) to the value that its "
    "administrators specify",
    "Directory_QuotaExceeded": "The directory is full: remove applications, including those in the recycle bin",
    DIRECTORY_NOT_READ: "The directory did not answer: run again",
}
"""Source: Microsoft Graph error codes and Microsoft Entra app management policies."""

_CURES_BY_MESSAGE = {
    "identifierUris property must use a verified domain": "The Application ID URI of the application is not in a "
    "verified domain of the tenant: change that URI in the tenant, or leave sign_in_audience (in the role "
    "lead_writer_sign_in_audience) at AzureADMyOrg",
    "maximum of 2 ": "An application for personal Microsoft accounts holds two secrets at most: remove one "
    "that is not in use, or set sign_in_audience to AzureADMyOrg or AzureADMultipleOrgs",
    "ServiceManagementReference": _CURES["ServiceTreeValueMissing"],
}
"""The same for refusals with an ambiguous code, by a part of their message."""
