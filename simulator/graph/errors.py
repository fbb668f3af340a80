# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's refusals (contract: errors)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..world import World


class GraphError(Exception):
    """An error answer: HTTP status, the service's code, the message, and its details."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers or {}

    def body(self, world: World, request_id: str, client_request_id: str) -> dict[str, Any]:
        """The envelope; `date` has no zone, as directory calls write it."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = self.details
        error["innerError"] = {
            "date": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        return {"error": error}


def bad_request(message: str, *, code: str = "", target: str = "") -> GraphError:
    """400 Request_BadRequest, with one detail if `code` is given."""
    details = [{"code": code, "message": message, "target": target}] if code else None
    return GraphError(400, "Request_BadRequest", message, details=details)


def not_found(name: str) -> GraphError:
    """The object is absent, or this replica does not have it yet; the service does not distinguish the two."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{name}' does not exist or one of its queried reference-property objects are not present.",
    )


def no_such_segment(segment: str) -> GraphError:
    """The URL names something that the service does not have."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def denied(message: str = "Insufficient privileges to complete the operation.") -> GraphError:
    """The caller lacks the permission."""
    return GraphError(403, "Authorization_RequestDenied", message)


def unsupported_query(message: str) -> GraphError:
    """A query option that this collection does not support, or not in this form."""
    return GraphError(400, "Request_UnsupportedQuery", message)


def already_exists(message: str) -> GraphError:
    """A second object with the same key."""
    return GraphError(409, "Request_MultipleObjectsWithSameKeyValue", message)
