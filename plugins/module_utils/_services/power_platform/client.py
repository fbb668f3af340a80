# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client of the Power Platform admin API: its address and what its refusals mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ..._identity.sign_in import SignIn
from ..._rules.odata import query
from ..._transport.errors import CallFailed
from ..._transport.http import Answer, Transport
from ..client import ServiceClient

VERSION = "2023-06-01"


def _listed(answer: Answer) -> list[dict[str, Any]]:
    """The reasons that an answer lists in `errors`, as actions on users do."""
    try:
        parsed = json.loads(answer.text)
    except ValueError:
        return []
    errors = parsed.get("errors") if isinstance(parsed, dict) else None
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


class PowerPlatformClient(ServiceClient):
    """Speaks to the admin API in the cloud and tenant of its identity."""

    request_id_header = "x-ms-correlation-request-id"
    next_link = "nextLink"

    def __init__(self, sign_in: SignIn, transport: Transport) -> None:
        cloud = sign_in.cloud
        root = f"https://{cloud.power_platform_host}/providers/Microsoft.BusinessAppPlatform/scopes/admin"
        super().__init__(root, cloud.power_apps_url, sign_in, transport)

    def versioned(self, path: str) -> str:
        """Return `path` with the version of the API that every request names."""
        return path + query({"api-version": VERSION})

    def rows(self, path: str, headers: Any = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of the collection at `path`, page after page."""
        yield from super().rows(self.versioned(path), headers)

    def failed(self, answer: Answer) -> CallFailed:
        """Turn an answer of 400 and more into the error to raise; some list their reasons in `errors`."""
        failed = super().failed(answer)
        if failed.code:
            return failed
        listed = _listed(answer)
        codes = [str(each.get("Code") or each.get("code") or "") for each in listed]
        words = [str(each.get("Description") or each.get("message") or "") for each in listed]
        if not any(codes):
            return failed
        message = " ".join(word for word in words if word)
        return CallFailed(
            self.explain(answer.status, codes[0], message)
            or f"{answer.request} was refused with {answer.status} {codes[0]}: {message}",
            request=answer.request,
            status=answer.status,
            code=codes[0],
            message=message,
            request_id=failed.request_id,
            details=tuple(codes[1:]),
            maybe_applied=failed.maybe_applied,
        )

    def explain(self, status: int, code: str, message: str) -> str | None:
        """Name the manual step that an application needs to administer Power Platform: it cannot register itself."""
        if status not in (401, 403):
            return None
        runner = self.sign_in.credentials.client_id or "the signed-in user"
        return (
            f"The runner ({runner}) is not allowed to administer Power Platform in tenant "
            f"{self.sign_in.credentials.tenant}: have an administrator register it there once, by pac admin "
            f"application register --application-id {runner} (Power Platform says: {message.rstrip('.')})."
        )
