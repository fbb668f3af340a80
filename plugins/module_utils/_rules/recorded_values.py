# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, texts and JSON content as a recording may show them: known words stay, everything else is replaced by its
kind.

Nothing here raises, whatever it is given. The output consists only of `recorded_words` and placeholders.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .recorded_words import (
    ANNOTATIONS,
    CODES,
    ERROR_TEXTS,
    GUIDS,
    INTEGERS,
    LARGEST_ENUMERATION,
    NAMES,
    NAMES_IN_TEXTS,
    PHRASES,
    RESOURCES,
    SHORT_PARTS,
    SMALLEST_PART,
    TEXTS,
    VERSIONS_OF_APIS,
    WORDS,
)
from .services import OTHER, service_of

UNKNOWN_NAME = "{property}"
UNKNOWN_CODE = "{code}"

MOST_SHAPES = 5
"""How many different elements of a list are kept."""
MOST_ELEMENTS = 500
"""How many elements of a list are read."""
DEEPEST = 12
"""The maximum depth in a body that is read."""
LONGEST_NAME = 100
_LONG = 4096
"""Characters of a text that its kind is judged by."""

_HEX = "[0-9a-fA-F]"
GUID = f"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_GUID = re.compile(rf"\{{?({GUID})\}}?")
_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]+")
_CUSTOM_NUMBER = 2
"""Digits that a name may have in one place, such as `oauth2PermissionGrants`."""
_LOOKUP = re.compile("_([a-z]+)_value")
_ADDRESS = re.compile("(address[12])_([a-z0-9]+)")
_TYPE = re.compile(
    r"(#?(?:microsoft\.graph|Microsoft\.Dynamics\.CRM)\.)(\w+)|#?Collection\((?:microsoft\.graph|Edm)\.\w+\)"
)
_SCHEMA = re.compile(
    r"(https://(?:schema\.mp\.microsoft\.com/schema|product-ingestion\.azureedge\.net/schema)/)([a-z-]+)/([0-9a-z.-]+)"
)
_HRESULT = re.compile(rf"0x{_HEX}{{8}}")
_AADSTS = re.compile("AADSTS[0-9]{4,8}")
_IN_MESSAGES = re.compile(
    rf"\b(?P<code>AADSTS[0-9]{{4,8}}|0x8{_HEX}{{7}})\b|\b(?P<privilege>prv[A-Z]\w*)|(?P<phrase>"
    + "|".join(map(re.escape, sorted(PHRASES, key=len, reverse=True)))
    + ")",
    re.IGNORECASE,
)
_SPELLED = {phrase.lower(): phrase for phrase in PHRASES}

_KINDS = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("date-time", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d[0-9:.]*(Z|[+-]\d\d:?\d\d)?"),
        ("date", r"\d{4}-\d\d-\d\d|\w{3}, \d\d? \w{3} \d{4} [0-9:]{8} GMT"),
        ("duration", r"-?P(?=[0-9T])[0-9.YMWD]*(T[0-9.HMS]+)?"),
        ("number", r"[+-]?\d+([.,]\d+)?"),
        ("version", r"\d+(\.\d+){2,4}"),
        ("asterisks", r"\*+"),
        ("etag", r'(W/)?"[^"]*"'),
        ("jwt", r"eyJ[\w-]+\.[\w-]+\.[\w-]*"),
        ("url", r"[A-Za-z][A-Za-z0-9+.-]*://\S+"),
        ("email", r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+"),
        ("base64", r"(?=.{0,200}?[0-9])(?=.{0,200}?[A-Z])(?=.{0,200}?[a-z])[A-Za-z0-9+/]{60,}={0,2}"),
        ("path", r"/\S*"),
    )
)


# --- names


@functools.lru_cache(maxsize=4096)
def shown_name(name: str) -> str:
    """Return the name of a property if it is known or made of known words, else `{property}`."""
    if name in NAMES:
        return name
    owner, at, annotation = name.partition("@")
    if at:
        known = annotation in ANNOTATIONS and (not owner or shown_name(owner) != UNKNOWN_NAME)
        return name if known else UNKNOWN_NAME
    return name if len(name) <= LONGEST_NAME and _is_made_of_words(name) else UNKNOWN_NAME


def _is_made_of_words(name: str) -> bool:
    lookup, address = _LOOKUP.fullmatch(name), _ADDRESS.fullmatch(name)
    if lookup is not None:
        return _are_words(lookup[1])
    if address is not None:
        return _are_words(address[2])
    # No other name of Microsoft's has an underscore but those that are listed: it follows a publisher's prefix.
    return name.isascii() and name.isalnum() and not name[0].isdigit() and _are_words(name)


def _are_words(text: str) -> bool:
    """Say whether a text without underscores is made of known words, by its capitals or, without these, end to end."""
    parts = _PARTS.findall(text)
    return all(
        len(part) <= _CUSTOM_NUMBER if part.isdigit() else part.isalnum() and _adds_up(part.lower()) for part in parts
    )


@functools.lru_cache(maxsize=4096)
def _adds_up(part: str) -> bool:
    """Say whether one lower-case part is a known word, or known words one after the other, as in `systemuserid`."""
    if part in WORDS or part in SHORT_PARTS:
        return True
    reached = [True] + [False] * len(part)
    for start, is_reached in enumerate(reached):
        if not is_reached:
            continue
        for end in range(start + 2, len(part) + 1):
            piece = part[start:end]
            reached[end] = reached[end] or piece in SHORT_PARTS or (len(piece) >= SMALLEST_PART and piece in WORDS)
    return reached[-1] and part not in SHORT_PARTS


def shown_code(code: str) -> str:
    """Return an error's code if it is one of Microsoft's, else `{code}`: a number of theirs, or known words."""
    if not code or len(code) > LONGEST_NAME:
        return UNKNOWN_CODE
    if _HRESULT.fullmatch(code):
        return code.lower()
    if _AADSTS.fullmatch(code):
        return code
    parts = re.split("[._-]", code)
    known = code.isascii() and all(part and _are_words(part) for part in parts)
    return code if known and not code[0].isdigit() else UNKNOWN_CODE


# --- texts


def kind_of(text: str) -> str:
    """Return the placeholder of a text, such as `{guid}`; of an id that Microsoft gave, what it is the id of."""
    if not text:
        return ""
    if len(text) <= _LONG:
        guid = _GUID.fullmatch(text)
        if guid is not None:
            known = GUIDS.get(guid[1].lower())
            return f"{{guid: {known}}}" if known else "{guid}"
    begin = text[:_LONG]
    for kind, pattern in _KINDS:
        if pattern.fullmatch(begin):
            service = service_of(text)[0] if kind == "url" else OTHER
            return f"{{{kind}}}" if service == OTHER else f"{{{kind}: {service}}}"
    start = begin.lstrip()[:1]
    return {"<": "{xml}", "{": "{json}", "[": "{json}"}.get(start, "{text}")


def shown_text(name: str, text: str) -> str:
    """Return the text of a property if it is one of an enumeration, else what kind of text it is."""
    if name in ERROR_TEXTS:
        return _shown_message(text)
    if len(text) > _LONG:
        return kind_of(text)
    if not text or text in TEXTS.get(name, ()) or text.lower() in ("true", "false"):
        return text
    if name in CODES or (name == "error" and " " not in text):
        return shown_code(text)
    if name in ("$version", "api-version") and text in VERSIONS_OF_APIS:
        return text
    if name == "$schema":
        return _shown_schema(text)
    if name in ("@odata.type", "odata.type"):
        return _shown_type(text)
    if name in NAMES_IN_TEXTS and shown_name(text) != UNKNOWN_NAME:
        return text
    if text.startswith("prv") and shown_name(text[3:] or "_") != UNKNOWN_NAME and text[3:4].isupper():
        return text
    first, *rest = text.split("/")
    if rest and first in RESOURCES:
        return "/".join([first, *(each if each in RESOURCES else kind_of(each) for each in rest)])
    return kind_of(text)


def _shown_schema(text: str) -> str:
    found = _SCHEMA.fullmatch(text)
    if found is None or found[2] not in RESOURCES:
        return kind_of(text)
    return f"{found[1]}{found[2]}/{found[3] if found[3] in VERSIONS_OF_APIS else '{version}'}"


def _shown_type(text: str) -> str:
    found = _TYPE.fullmatch(text)
    return text if found is not None and found[2] and shown_name(found[2]) != UNKNOWN_NAME else "{text}"


def _shown_message(text: str) -> str:
    """Return the codes, the names of privileges and the known phrases of a message, with an ellipsis for the rest."""
    found = [_spelled(each) for each in _IN_MESSAGES.finditer(text[:_LONG])]
    kept = [each for each in found if each]
    return f"… {' … '.join(dict.fromkeys(kept))} …" if kept else kind_of(text)


def _spelled(found: re.Match[str]) -> str:
    if found["privilege"]:
        shown = shown_text("", found["privilege"])
        return shown if shown == found["privilege"] else ""
    if found["code"]:
        return _code_in_message(found)
    return _SPELLED[found["phrase"].lower()]


def _code_in_message(found: re.Match[str]) -> str:
    code = found["code"]
    return shown_code(code if code.startswith("0") else code.upper())


# --- content


def shown_content(value: Any, name: str = "", depth: int = 0) -> Any:
    """Return JSON content as a recording may show it. `name` is that of the property that holds it.

    Of a list each different element is kept once, at most a handful, in an order of their own. The values of all
    properties whose names are unknown are such a list, too, under the name `{property}`.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return shown_text(name, value)
    if isinstance(value, (int, float)):
        return _shown_number(name, value)
    if depth >= DEEPEST:
        return "{deep}"
    if isinstance(value, Mapping):
        return _shown_object(value, depth)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return _different(shown_content(each, name, depth + 1) for each in value[:MOST_ELEMENTS])
    return "{binary}"


def _shown_object(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    unknown = []
    for key, each in value.items():
        known = shown_name(str(key))
        if known == UNKNOWN_NAME:
            unknown.append(each)
        else:
            shown[known] = shown_content(each, known, depth + 1)
    if unknown:
        shown[UNKNOWN_NAME] = _different(shown_content(each, "", depth + 1) for each in unknown[:MOST_ELEMENTS])
    return shown


def _shown_number(name: str, value: float) -> Any:
    if not isinstance(value, int):
        return "{number}"
    if name in INTEGERS and abs(value) <= LARGEST_ENUMERATION:
        return value
    if name == "error_codes" and 1000 <= value <= 99_999_999:
        return f"AADSTS{value}"
    # Dataverse writes its codes as signed numbers of 32 bits in some places; others have the status of HTTP there.
    if name in CODES and -(2**31) <= value < -(2**30):
        return f"0x{value + 2**32:08x}"
    if name in CODES and 100 <= value <= 599:
        return value
    return "{number}"


def _different(shapes: Iterable[Any]) -> list[Any]:
    by_text = {json.dumps(shape, sort_keys=True): shape for shape in shapes}
    return [by_text[text] for text in sorted(by_text)[:MOST_SHAPES]]


def codes_in(value: Any, name: str = "", depth: int = 0) -> set[str]:
    """Return the codes of errors in JSON content, as far as a recording may show them."""
    if isinstance(value, Mapping) and depth < DEEPEST:
        return {code for key, each in value.items() for code in codes_in(each, str(key), depth + 1)}
    if isinstance(value, (list, tuple)) and depth < DEEPEST:
        return {code for each in value[:MOST_ELEMENTS] for code in codes_in(each, name, depth + 1)}
    if isinstance(value, str):
        if len(value) <= LONGEST_NAME and (name in CODES or (name == "error" and " " not in value)):
            return {shown_code(value)} - {UNKNOWN_CODE}
        if name in ERROR_TEXTS:
            return {_code_in_message(each) for each in _IN_MESSAGES.finditer(value[:_LONG]) if each["code"]}
    if isinstance(value, int) and not isinstance(value, bool) and name in CODES:
        shown = _shown_number(name, value)
        return {shown} if isinstance(shown, str) and shown != "{number}" else set()
    return set()
