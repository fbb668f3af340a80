# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of one environment's Web API (v9.2): its behavior, and what its refusals mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..._identity.sign_in import SignIn
from ..._rules.clouds import EnvironmentAddress
from ..._rules.environment_refusals import Answer as Answers
from ..._rules.environment_refusals import refusal_of
from ..._rules.guids import is_guid
from ..._rules.odata import query
from ..._rules.origins import Origins
from ..._transport.errors import CallFailed
from ..._transport.http import Answer, Transport
from ..client import Expect, ServiceClient

OBJECT_DOES_NOT_EXIST = "0x80040217"
DUPLICATE_RECORD = "0x80040237"
PRIVILEGE_DENIED = "0x80040220"
SOLUTION_CONCURRENCY = "0x80071151"
USER_OWNS_RECORDS = "0x80048610"
ROLE_EXISTS = "0x80041403"
USER_EXISTS = "0x80041d2c"
USER_DISABLED = "0x80040225"

_HARMLESS_AGAIN = re.compile(r"^(GET|PATCH|PUT|DELETE) |/\$ref$|PrivilegesRole$")
"""Requests that leave the environment in the same state, however often they are sent."""


class EnvironmentClient(ServiceClient):
    """Speaks to one environment as one of its users."""

    headers: Mapping[str, str] = {
        "Accept": "application/json",
        "OData-MaxVersion": "4.0",
        "OData-Version": "4.0",
        "If-None-Match": "null",
    }
    request_id_header = "x-ms-service-request-id"

    def __init__(self, address: EnvironmentAddress, sign_in: SignIn, transport: Transport) -> None:
        self.address = address
        super().__init__(
            f"{address.url}/api/data/v9.2/", address.url, sign_in, transport, further_hosts=(address.api_host,)
        )

    def as_another(self, sign_in: SignIn) -> EnvironmentClient:
        """Return a client for the same environment with another identity."""
        return EnvironmentClient(self.address, sign_in, self._transport)

    def who_am_i(self) -> dict[str, Any]:
        """Return UserId, BusinessUnitId and OrganizationId of the caller; it needs no privilege."""
        return self.get("WhoAmI")

    def list(
        self,
        table: str,
        *,
        select: tuple[str, ...],
        filter: str | None = None,  # noqa: A002  # OData's own word
        expand: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return all rows of an entity set that pass `filter`."""
        options = {"$select": ",".join(select), "$expand": expand, "$filter": filter}
        return [*self.rows(table + query(options))]

    def create(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """Create a row and return it as the service stored it."""
        return self.call(
            "POST", table, expect=Expect.OBJECT, body=row, headers={"Prefer": "return=representation"}
        ).body

    def update(self, table: str, row_id: str, values: Mapping[str, Any]) -> None:
        """Change an existing row; `If-Match` keeps the service from creating one instead."""
        self.call("PATCH", f"{table}({row_id})", expect=Expect.NOTHING, body=values, headers={"If-Match": "*"})

    def delete(self, table: str, row_id: str) -> None:
        """Delete a row; it may be deleted already."""
        try:
            self.call("DELETE", f"{table}({row_id})", expect=Expect.NOTHING)
        except CallFailed as failed:
            if not failed.says_missing:
                raise

    def associate(self, table: str, row_id: str, relation: str, other_table: str, other_id: str) -> None:
        """Relate two rows; relating them again is harmless."""
        body = {"@odata.id": f"{self.root}{other_table}({other_id})"}
        self.call("POST", f"{table}({row_id})/{relation}/$ref", expect=Expect.NOTHING, body=body, repeatable=True)

    def dissociate(self, table: str, row_id: str, relation: str, other_table: str, other_id: str) -> None:
        """Remove the relation of two rows; it may be removed already."""
        target = query({"$id": f"{self.root}{other_table}({other_id})"})
        try:
            self.call("DELETE", f"{table}({row_id})/{relation}/$ref{target}", expect=Expect.NOTHING)
        except CallFailed as failed:
            if not failed.says_missing:
                raise

    def passing(self, answer: Answer) -> bool:
        """Say whether the same request may be sent again after an answer."""
        refusal = refusal_of(str(answer.error.get("code") or ""))
        if refusal is None:
            return False
        if refusal.answer is Answers.WAIT_FOR_OPERATION:
            return answer.status in (429, 503)
        return refusal.answer is Answers.RETRY and _HARMLESS_AGAIN.search(answer.request) is not None

    def failed(self, answer: Answer) -> CallFailed:
        """Turn an answer into the error to raise; a request that the database aborted may have been carried out."""
        failed = super().failed(answer)
        refusal = refusal_of(failed.code)
        if refusal is not None and refusal.answer is Answers.RETRY:
            failed.maybe_applied = True
        return failed

    def lacks(self, privilege: str) -> str:
        """The sentence for a runner without a privilege."""
        return (
            f"The runner ({self._caller}) lacks the privilege {privilege} in {self.address.host}: "
            "assign it the security role System Administrator there."
        )

    def explain(self, status: int, code: str, message: str) -> str | None:
        """Name the cure for the refusals that a runner meets."""
        missing = re.search(r"missing (prv\w+)", message)
        if missing:
            return self.lacks(missing.group(1))
        if code.lower() == USER_DISABLED:
            return self._disabled(message)
        refusal = refusal_of(code, message)
        if refusal is not None and refusal.sentence:
            return refusal.sentence.format(host=self.address.host, runner=self._caller)
        if status == 401:
            return (
                f"{self.address.host} does not accept the runner's token: check that the environment belongs to tenant "
                f"{self.sign_in.credentials.tenant}; if the runner was added there a minute ago, run again."
            )
        return None

    @property
    def _caller(self) -> str:
        return self.sign_in.credentials.client_id or "the signed-in user"

    def _disabled(self, message: str) -> str:
        """Return the sentence about a disabled user: the caller, or the user that the request is about."""
        host, other = self.address.host, _SPECIFIED_USER.search(message)
        if other is not None:
            return (
                f"The user {other.group(1)} is disabled in {host}, so its security roles cannot be changed: enable it "
                "there and run again."
            )
        return f"The runner's user ({self._caller}) is disabled in {host}: enable it there."


_SPECIFIED_USER = re.compile(r"specified user\s*\(Id\s*=\s*([0-9a-fA-F-]{36})\)", re.IGNORECASE)


def tenant_of_environment(address: EnvironmentAddress, transport: Transport) -> str | None:
    """Return the directory id of the tenant that the environment itself names, or None when it names none.

    An unauthenticated request is refused with a header that holds the sign-in address of the environment's tenant. The
    header is likely, not certain, so its absence is not an error. It is trusted only if the address belongs to the
    cloud's sign-in service, because a page of a gateway or proxy may hold any address.
    """
    answer = transport.send("GET", f"{address.url}/api/data/v9.2/WhoAmI", headers=EnvironmentClient.headers)
    challenge = answer.headers.get("WWW-Authenticate", "")
    named = re.search(r"authorization_uri=\"?([^\s\",]+)", challenge)
    sign_in = Origins(*address.cloud.login_hosts).own(named.group(1)) if named else None
    found = re.match(r"https://[^/]+/([0-9a-fA-F-]{36})/", sign_in or "")
    return found.group(1).lower() if found and is_guid(found.group(1)) else None
