# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one error type for all failures of requests to a service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._rules.errors import InvalidInput
from .._rules.words import harmless


class CallFailed(Exception):
    """A request failed.

    `status` is the HTTP status, or None without a complete answer. `code`, `message` and `request_id` come from the
    service; they are empty if it gave none. `details` are further codes inside the error, as Graph sends them.
    `maybe_applied` is true if the service may have carried out the request without a successful answer: the sender of a
    creation must check before sending it again.
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
        super().__init__(harmless(sentence))
        self.request = request
        self.status = status
        self.code = harmless(code)
        self.message = harmless(message)
        self.request_id = harmless(request_id)
        self.details = details
        self.maybe_applied = maybe_applied

    def has_code(self, *codes: str) -> bool:
        """Say whether one of `codes` is the error's code or among its details, without regard to case."""
        wanted = {code.lower() for code in codes}
        return bool(wanted & {code.lower() for code in (self.code, *self.details)})

    @property
    def says_missing(self) -> bool:
        """Whether the service itself says that the object does not exist.

        A 404 without an error code of the service is the page of a gateway and proves nothing: otherwise an object
        could be created twice, or counted as removed although it exists.
        """
        return self.status == 404 and bool(self.code)

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


@contextmanager
def forms_checked() -> Iterator[None]:
    """Turn errors about an unexpected answer into a CallFailed: a missing key, a number instead of a text.

    The services' answers are read by many small functions. None of them checks the type of everything it reads; if one
    raises, this reports it in one sentence, and keeps the cause for the traceback.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, AttributeError, RecursionError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        reason = f"{type(error).__name__}: {error}"
        raise CallFailed(
            f"An answer does not have the expected form ({reason}; the last request was {last_request()}): run again, "
            "and if it persists, report it as a bug of this collection.",
            request=last_request(),
            maybe_applied=True,
        ) from error


_sent = threading.local()
"""One for each thread, because a process may work on many environments."""


def last_request() -> str:
    """Return the request that this thread sent last, without its query."""
    return str(getattr(_sent, "last", "sent by another thread"))


def note_request(request: str) -> None:
    """Remember a request, for sentences about unreadable answers."""
    _sent.last = request


class TimedOut(Exception):
    """A wait timed out; the text says what for, and the last known state."""

    def __init__(self, sentence: str) -> None:
        super().__init__(harmless(sentence))
