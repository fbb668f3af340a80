# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services' error envelopes: four forms, read into one. Nothing here raises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_DEEPEST = 5
"""The maximum depth in an error at which further ones are read: Partner Center nests them three deep."""

_MOST = 20
"""How many further errors are shown; a resource with more of them has one cause for all."""


@dataclass(frozen=True)
class Refusal:
    """What a service said: its `code` and `message`, the codes of `details`, their messages, and its request id.

    `given` says whether there was an envelope at all.
    """

    given: bool = False
    code: str = ""
    message: str = ""
    details: tuple[str, ...] = ()
    further: tuple[str, ...] = ()
    request_id: str = ""

    @property
    def whole(self) -> str:
        """The message with what the details say, without a full stop at the end."""
        return "; ".join(part.rstrip(".") for part in (self.message, *self.further) if part)


def read_refusal(content: Mapping[str, Any]) -> Refusal:
    """Read the JSON object of a refusal.

    The envelopes: `error` as an object (OData: Graph, Dataverse, Partner Center) or as a string with
    `error_description` (OAuth); `errors` as a list of `Code` and `Description` (Power Platform); `title` with `errors`
    by field (problem details of ASP.NET, RFC 9457); or code and message at the top.
    """
    error = content.get("error")
    if isinstance(error, Mapping) and error:
        return _odata(error)
    if isinstance(error, str) and error:
        return Refusal(True, error, _text(content, "error_description", "message"))
    errors = content.get("errors")
    if isinstance(errors, list) and any(isinstance(each, Mapping) for each in errors):
        first, *others = (each for each in errors if isinstance(each, Mapping))
        return Refusal(
            True,
            _code(first),
            _message(first),
            tuple(_code(each) for each in others),
            tuple(_shown(each) for each in others[:_MOST]),
        )
    fields = tuple(_by_field(errors)) if isinstance(errors, Mapping) else ()
    message = _text(content, "detail", "Detail", "title", "Title") or _message(content)
    return Refusal(bool(message or fields or _code(content)), _code(content), message, further=fields[:_MOST])


def _odata(error: Mapping[str, Any]) -> Refusal:
    found = [*_details(error)]
    inner = error.get("innerError") or error.get("innererror")
    return Refusal(
        True,
        _code(error),
        _message(error),
        tuple(_code(each) for each in found),
        tuple(shown for each in found[:_MOST] if (shown := _shown(each))),
        _text(inner, "request-id") if isinstance(inner, Mapping) else "",
    )


def _details(error: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    listed = error.get("details")
    for each in listed if isinstance(listed, list) and depth < _DEEPEST else ():
        if isinstance(each, Mapping):
            yield each
            yield from _details(each, depth + 1)


def _by_field(errors: Mapping[str, Any]) -> Iterator[str]:
    for name, messages in errors.items():
        listed = messages if isinstance(messages, list) else [messages]
        yield f"{name}: {' '.join(str(each) for each in listed)}"


def _shown(error: Mapping[str, Any]) -> str:
    return ": ".join(part for part in (_code(error), _message(error)) if part)


def _code(error: Mapping[str, Any]) -> str:
    return _text(error, "code", "Code", "errorCode", "ErrorCode")


def _message(error: Mapping[str, Any]) -> str:
    return _text(error, "message", "Message", "description", "Description")


def _text(content: Mapping[str, Any], *names: str) -> str:
    """Return the first of these properties that exists, as text; objects and lists do not count."""
    for name in names:
        value = content.get(name)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""
