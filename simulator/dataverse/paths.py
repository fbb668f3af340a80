# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path of a request, cut into segments: `systemusers(1111…)/systemuserroles_association/$ref`."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from .errors import bad_query

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: a name, and the content of its parentheses (None: no parentheses)."""

    name: str
    inside: str | None = None


def segments(path: str) -> list[Segment]:
    """Cut a path at its slashes, except those in parentheses or quotes. Raises Refusal."""
    pieces, start, depth, quoted = [], 0, 0, False
    text = unquote(path)
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
        elif character == "/" and depth == 0:
            pieces.append(text[start:position])
            start = position + 1
        if depth < 0:
            break
    if depth or quoted:
        raise bad_query(f"Bad Request - Error in query syntax. The parentheses or quotes of '{text}' do not match.")
    pieces.append(text[start:])
    return [_segment(piece) for piece in pieces if piece]


def _segment(text: str) -> Segment:
    name, bracket, rest = text.partition("(")
    if not bracket:
        return Segment(name)
    if not rest.endswith(")"):
        raise bad_query(f"Bad Request - Error in query syntax near '{text}'.")
    return Segment(name, rest[:-1])


def guid(text: str) -> str | None:
    """A GUID as rows hold it, or None if the text is not a GUID."""
    text = text.strip()
    return str(uuid.UUID(text)) if _GUID.fullmatch(text) else None


def arguments(inside: str, aliases: Mapping[str, str]) -> dict[str, str]:
    """`Name=value` pairs of parentheses, aliases (`@name`) replaced, quotes kept. Raises Refusal."""
    found: dict[str, str] = {}
    for piece in _split(inside):
        name, equals, value = piece.partition("=")
        value = value.strip()
        if not equals or not name.strip():
            raise bad_query(f"Bad Request - Error in query syntax near '{piece}'.")
        if value.startswith("@"):
            if value not in aliases:
                raise bad_query(f"The parameter alias '{value}' has no value.")
            value = aliases[value].strip()
        found[name.strip()] = value
    return found


def text_value(literal: str) -> str:
    """The text behind a quoted literal; anything else unchanged."""
    if len(literal) >= 2 and literal[0] == literal[-1] == "'":
        return literal[1:-1].replace("''", "'")
    return literal


def _split(text: str) -> list[str]:
    pieces, start, quoted = [], 0, False
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif character == "," and not quoted:
            pieces.append(text[start:position])
            start = position + 1
    return [piece for piece in [*pieces, text[start:]] if piece.strip()]
