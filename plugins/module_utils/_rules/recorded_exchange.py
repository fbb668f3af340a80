# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request and what came back, as a recording may show them: which service, which path, which headers and bodies.

Of an address, only the kind of service and the cloud remain of the host, and only known words of the path and query.
Nothing here raises for what a service sends.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .recorded_values import (
    GUID,
    UNKNOWN_CODE,
    UNKNOWN_NAME,
    codes_in,
    kind_of,
    shown_code,
    shown_content,
    shown_name,
    shown_text,
)
from .recorded_words import (
    BROKEN,
    CHALLENGE_PARAMETERS,
    HEADER_WORDS,
    INTEGERS,
    LARGEST_ENUMERATION,
    MEDIA_TYPES,
    METHODS,
    NAMES,
    QUERY_WORDS,
    RECEIVED_HEADERS,
    SCHEMES,
    SEGMENTS,
    SENT_HEADERS,
)
from .services import OTHER, service_of

FORMAT = 1
"""The edition of the form in which exchanges are recorded."""

_MOST_SEGMENTS = 20
_EXPRESSIONS = frozenset({"$select", "$expand", "$filter", "$orderby", "$search", "$apply"})
_ADDRESSES = frozenset({"location", "odata-entityid"})
_TOKEN = re.compile(
    rf"""(?P<text>'(?:[^']|'')*'|"[^"]*")|(?P<guid>{GUID})|(?P<time>\d{{4}}-\d\d-\d\d[T0-9:.Z+-]*)"""
    r"|(?P<number>-?\d+(?:\.\d+)?(?![\w.-]))|(?P<alias>@[A-Za-z]\w*)|(?P<name>[$A-Za-z_][\w.@$-]*)|(?P<blank>\s+)"
    r"|(?P<sign>[(),;=:/*\[\]])|(?P<other>[^\s(),;=:/*\[\]'\"]+|['\"])"
)
_PARAMETER = re.compile(r"""(?<![\w-])([A-Za-z_][\w-]*)=("[^"]*"|[^,\s]*)""")
_SEPARATED = re.compile(r"\s*([,;])\s*")
_WITH_NUMBER = re.compile(r"(max-age|odata\.maxpagesize|timeout|q)=[0-9.]+", re.IGNORECASE)


@dataclass(frozen=True)
class Sent:
    """A request as it was sent; `body` is JSON content or the fields of a form, None for no body."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Received:
    """An answer; `content` is its JSON content, or None if there is none, and `text` the whole text."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Any = None
    text: str = ""
    is_file: bool = False


def recorded_answer(sent: Sent, received: Received) -> dict[str, Any]:
    """Return the record of a request that was answered."""
    headers = {
        name: _shown_received(name, value) for name, value in _listed(received.headers, RECEIVED_HEADERS).items()
    }
    challenge = _listed(received.headers, ("WWW-Authenticate",)).get("WWW-Authenticate", "")
    answer = {
        "status": received.status,
        "headers": headers,
        "body": _shown_body(received),
        "codes": sorted(codes_in(received.content) | _codes_of_challenge(challenge)),
    }
    return _record(sent, answer)


def recorded_break(sent: Sent, kind: str, maybe_applied: bool) -> dict[str, Any]:
    """Return the record of a request without a complete answer.

    `kind` is the class of the error, and `maybe_applied` says whether the service may have carried the request out.
    """
    answer = {"broken": True, "kind": kind if kind in BROKEN else "other", "maybe_applied": bool(maybe_applied)}
    return _record(sent, answer)


def file_name(record: Mapping[str, Any]) -> str:
    """Return the name of the file of a record: equal exchanges have the same name, regardless of who records them and
    when."""
    content = json.dumps(record, sort_keys=True, separators=(",", ":"))
    return f"{hashlib.sha256(content.encode()).hexdigest()[:32]}.json"


def _record(sent: Sent, answer: dict[str, Any]) -> dict[str, Any]:
    service, cloud, path, query = _shown_address(sent.url)
    request = {
        "method": sent.method if sent.method in METHODS else "{text}",
        "path": path,
        "query": query,
        "headers": {name: _shown_pieces(value) for name, value in _listed(sent.headers, SENT_HEADERS).items()},
        "body": shown_content(sent.body),
    }
    return {"format": FORMAT, "service": service, "cloud": cloud, "request": request, "answer": answer}


# --- addresses


def _shown_address(url: str) -> tuple[str, str, str, dict[str, Any]]:
    service, cloud = service_of(url)
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=100)
    except ValueError:
        return service, cloud, "{url}", {}
    return service, cloud, _shown_path(parts.path), _shown_query(pairs)


def _shown_path(path: str) -> str:
    segments = _segments(path)
    shown = [_shown_segment(each) for each in segments[:_MOST_SEGMENTS]]
    return "/".join(shown) + ("/…" if len(segments) > _MOST_SEGMENTS else "")


def _segments(path: str) -> list[str]:
    """Return the parts of a path; a slash inside the brackets of a key or a call does not separate parts."""
    segments, depth = [""], 0
    for sign in path[:8192]:
        depth = max(0, depth + (sign == "(") - (sign == ")"))
        if sign == "/" and depth == 0:
            segments.append("")
        else:
            segments[-1] += sign
    return segments


def _shown_segment(segment: str) -> str:
    if not segment:
        return ""
    named, bracket, given = segment.partition("(")
    name = unquote(named)
    shown = name if name in SEGMENTS else "{id}" if kind_of(name).startswith(("{guid", "{number")) else "{name}"
    return f"{shown}({_shown_keys(unquote(given))})" if bracket else shown


def _shown_keys(given: str) -> str:
    """Return what the brackets after a segment hold: one key, or names with values."""
    inside = given[:-1] if given.endswith(")") else given
    if not inside:
        return ""
    if "=" not in inside:
        return "{id}" if kind_of(inside).startswith("{guid") else kind_of(inside.strip("'"))
    return _shown_expression(inside)


def _shown_query(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    shown: dict[str, list[Any]] = {}
    for name, value in pairs:
        known = "{alias}" if name.startswith("@") and name not in NAMES else shown_name(name)
        shown.setdefault("{parameter}" if known == UNKNOWN_NAME else known, []).append(_shown_parameter(known, value))
    return {name: values[0] if len(values) == 1 else values for name, values in shown.items()}


def _shown_parameter(name: str, value: str) -> Any:
    if name == "$select":
        return [_shown_expression(each) for each in value.split(",")]
    if name in _EXPRESSIONS:
        return _shown_expression(value)
    if value in ("true", "false", "True", "False"):
        return value
    return shown_text(name, value)


def _shown_expression(text: str) -> str:
    """Return an OData expression with its names and operators, and the kinds of its literals."""
    shown, last_name = [], ""
    for token in _TOKEN.finditer(text[:8192]):
        kind, piece = str(token.lastgroup), token.group()
        if kind == "name":
            known = piece if piece in QUERY_WORDS or piece in SEGMENTS else shown_name(piece)
            last_name = last_name if piece in QUERY_WORDS else known
            shown.append(known)
        elif kind == "text":
            shown.append(f"'{shown_text(last_name, piece[1:-1])}'")
        elif kind == "number":
            enumerated = last_name in INTEGERS and piece.isdigit() and int(piece) <= LARGEST_ENUMERATION
            shown.append(piece if enumerated else "{number}")
        elif kind in ("guid", "time"):
            shown.append(kind_of(piece) if kind == "guid" else "{date-time}")
        elif kind == "alias":
            shown.append("{alias}")
        elif kind == "blank":
            shown.append(" ")
        else:
            shown.append(piece if kind == "sign" else "…")
    return "".join(shown)


# --- headers and bodies


def _listed(headers: Mapping[str, str], allowed: Sequence[str]) -> dict[str, str]:
    """Return the headers that are on a list, in its spelling."""
    given = {str(name).lower(): str(value) for name, value in headers.items()}
    return {name: given[name.lower()] for name in allowed if name.lower() in given}


def _shown_received(name: str, value: str) -> str:
    if name.lower() in _ADDRESSES:
        return _shown_location(value)
    if name == "WWW-Authenticate":
        return _shown_challenge(value)
    return _shown_pieces(value)


def _shown_pieces(value: str) -> str:
    """Return a header's value piece by piece, each if it is known, else its kind."""
    whole = kind_of(value.strip())
    if whole != "{text}":
        return value.strip() if value.strip() in HEADER_WORDS else whole
    return "".join(
        each + " " if each in (",", ";") else _shown_piece(each) for each in _SEPARATED.split(value.strip()[:2000])
    )


def _shown_piece(piece: str) -> str:
    if piece in HEADER_WORDS or piece.lower() in MEDIA_TYPES:
        return piece
    counted = _WITH_NUMBER.fullmatch(piece)
    if counted is not None:
        return f"{counted[1].lower()}={{number}}"
    name, equals, value = piece.partition("=")
    if equals and name in HEADER_WORDS:
        return f"{name}={kind_of(value)}"
    return kind_of(piece)


def _shown_location(value: str) -> str:
    if value.startswith("/"):
        return _shown_path(value.partition("?")[0].partition("#")[0])
    service, _cloud = service_of(value)
    if service == OTHER:
        return "{url}"
    return f"{{{service}}}{_shown_address(value)[2]}"


def _shown_challenge(value: str) -> str:
    """Return the scheme of a challenge, and which parameters it has; of an error its code."""
    scheme, _blank, rest = value.strip()[:8192].partition(" ")
    names = []
    for found in _PARAMETER.finditer(rest):
        name = found[1] if found[1] in CHALLENGE_PARAMETERS else "{parameter}"
        names.append(f"{name}={shown_code(found[2].strip(chr(34)))}" if name == "error" else name)
    shown = scheme if scheme in SCHEMES else "{scheme}"
    return f"{shown} {', '.join(names)}".strip()


def _codes_of_challenge(value: str) -> set[str]:
    found = {each[2].strip('"') for each in _PARAMETER.finditer(value[:8192]) if each[1] == "error"}
    return {shown_code(each) for each in found if each} - {UNKNOWN_CODE}


def _shown_body(received: Received) -> Any:
    if received.is_file:
        return "{binary}"
    if received.content is not None:
        return shown_content(received.content)
    text = received.text.strip()
    if not text or text == "null":
        return None
    kind = " ".join(_listed(received.headers, ("Content-Type",)).values()).lower()
    if "html" in kind or text[:15].lower().startswith(("<!doctype html", "<html")):
        return "{html}"
    return "{broken json}" if "json" in kind else kind_of(text)
