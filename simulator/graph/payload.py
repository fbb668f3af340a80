# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads request bodies: which properties may be written, their values, and how they are merged."""

from __future__ import annotations

import copy
import re
from collections.abc import Collection, Mapping
from typing import Any

from ..directory.store import Object
from .errors import GraphError, bad_request

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TYPE_NAMES = {str: "Edm.String", bool: "Edm.Boolean", int: "Edm.Int32", list: "Collection", dict: "complex"}


def is_guid(value: Any) -> bool:
    """Whether `value` is the text of a GUID."""
    return isinstance(value, str) and _GUID.fullmatch(value) is not None


def check_properties(body: Mapping[str, Any], writable: Mapping[str, type], read_only: Collection[str]) -> None:
    """Raise GraphError for a property that does not exist, may not be written, or has a value of the wrong type.

    None is accepted for every property that is not a collection.
    """
    for name, value in body.items():
        if name.startswith("@") or "@odata." in name:
            continue
        if name in read_only:
            raise bad_request(f"Property '{name}' is read-only and cannot be set.", code="InvalidValue", target=name)
        if name not in writable:
            raise GraphError(400, "BadRequest", f"Invalid property '{name}'.")
        wanted = writable[name]
        if (value is None and wanted is not list) or isinstance(value, wanted):
            continue
        raise GraphError(
            400,
            "BadRequest",
            f"Cannot convert the literal '{value}' to the expected type '{_TYPE_NAMES.get(wanted, wanted.__name__)}'."
            if not isinstance(value, (dict, list))
            else f"Invalid value specified for property '{name}'.",
        )


def require(body: Mapping[str, Any], names: Collection[str], resource: str) -> None:
    """Raise GraphError for the first of `names` that `body` lacks."""
    for name in names:
        if body.get(name) in (None, ""):
            raise bad_request(
                f"A value is required for property '{name}' of resource '{resource}'.",
                code="MissingValue",
                target=name,
            )


def merge(target: Object, body: Mapping[str, Any]) -> None:
    """Merge `body` into `target`: nested objects property by property, collections as a whole."""
    for name, value in body.items():
        if name.startswith("@") or "@odata." in name:
            continue
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            merge(target[name], value)
        else:
            target[name] = copy.deepcopy(value)


def texts(values: Any, name: str) -> list[str]:
    """`values` as a list of texts. Raises GraphError."""
    if not isinstance(values, list) or not all(isinstance(item, str) for item in values):
        raise bad_request(f"Invalid value specified for property '{name}'.", code="InvalidValue", target=name)
    return values
