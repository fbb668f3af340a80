# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error type for everything that goes wrong between here and a service."""

from __future__ import annotations

from typing import Any


class CallFailed(Exception):
    """A request did not do what it was sent for.

    C(status) is the HTTP status, or None when no whole answer came. C(code), C(message) and C(request_id) are the
    service's own; they are empty when it gave none. C(details) are further codes inside the error, as Graph sends
    them. C(maybe_applied) is true when the service may have carried the request out although no good answer came:
    whoever sent a creation must look before sending it again.
    """

    def __init__(
        self,
        sentence: str,
        *,
        request: str,
        status: int | None = None,
        code: str = "",
        message: str = "",
        request_id: str = "",
        details: tuple[str, ...] = (),
        maybe_applied: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.request = request
        self.status = status
        self.code = code
        self.message = message
        self.request_id = request_id
        self.details = details
        self.maybe_applied = maybe_applied

    def has_code(self, *codes: str) -> bool:
        """Say whether one of C(codes) is the error's code or among its details, without regard to case."""
        wanted = {code.lower() for code in codes}
        return bool(wanted & {code.lower() for code in (self.code, *self.details)})

    def reworded(self, sentence: str) -> CallFailed:
        """Return the same failure with another sentence for the user."""
        return CallFailed(sentence, **self.__dict__)

    @property
    def failure(self) -> dict[str, Any]:
        """The structured form for a module's result."""
        return {
            "request": self.request,
            "status": self.status,
            "code": self.code,
            "message": self.message,
            "request_id": self.request_id,
        }


class TimedOut(Exception):
    """Something waited for did not come in time; the text says what it was and in which state it was seen last."""
