# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The body of a write, checked against its table and turned into columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from .calls import Session
from .errors import Refusal, bad_payload, bad_query, no_row, no_segment, undeclared_property
from .paths import guid, segments
from .schema import Column, Table

_BIND = "@odata.bind"
_WHOLE_NUMBERS = ("int", "long", "picklist")


def read_values(session: Session, table: Table, payload: Mapping[str, Any], *, creating: bool) -> dict[str, Any]:
    """The columns a body sets, by wire name; read-only columns are ignored silently, as the platform does.

    Raises Refusal for an unknown property or a value of the wrong type.
    """
    values: dict[str, Any] = {}
    for name, given in payload.items():
        if name.endswith(_BIND):
            column, value = _bound(session, table, name.removesuffix(_BIND), given)
        elif "@" in name:
            continue
        else:
            found = table.column(name)
            if found is None:
                if name in table.relations:
                    raise bad_payload(table.entity_set, f"Deep insert through '{name}' is not supported here.")
                raise undeclared_property(table.entity_set, name)
            if found.kind == "lookup":
                if given is not None:
                    raise bad_query(
                        "CRM do not support direct update of Entity Reference properties, "
                        "Use Navigation properties instead."
                    )
                column, value = found, None
            else:
                column, value = found, convert(table, found, given)
        if column.creatable if creating else column.updatable:
            values[column.wire] = value
    return values


def convert(table: Table, column: Column, given: Any) -> Any:
    """A JSON value as the column holds it. Raises Refusal."""
    if given is None:
        return None
    convert_kind = _CONVERSIONS.get(column.kind)
    value = convert_kind(given) if convert_kind is not None else given
    if value is None:
        raise bad_payload(
            table.entity_set,
            f"Cannot convert the literal '{str(given)[:100]}' to the expected type '{_EDM[column.kind]}'.",
        )
    if column.max_length and len(value) > column.max_length:
        raise Refusal(
            400,
            "0x80044331",
            f"A validation error occurred. The length of the '{column.name}' attribute of the '{table.logical}' entity "
            f"exceeded the maximum allowed length of '{column.max_length}'.",
        )
    if column.options is not None and value not in column.options:
        raise Refusal(
            400,
            "0x8004431a",
            f"A validation error occurred.  The value {value} of '{column.name}' on record of type '{table.logical}' "
            f"is outside the valid range. Accepted Values: {','.join(map(str, column.options))}",
        )
    return value


def _text(given: Any) -> str | None:
    return given if isinstance(given, str) else None


def _whole(given: Any) -> int | None:
    return given if isinstance(given, int) and not isinstance(given, bool) and abs(given) < 2**63 else None


def _number(given: Any) -> float | None:
    return (
        float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) and abs(given) < 1e300 else None
    )


def _truth(given: Any) -> bool | None:
    return given if isinstance(given, bool) else None


def _guid(given: Any) -> str | None:
    return guid(given) if isinstance(given, str) else None


def _time(given: Any) -> str | None:
    if not isinstance(given, str) or not re.match(r"\d{4}-\d\d-\d\d", given):
        return None
    try:
        value = datetime.fromisoformat(given.replace("Z", "+00:00"))
        value = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _managed(given: Any) -> dict[str, Any] | None:
    return given if isinstance(given, dict) and isinstance(given.get("Value"), bool) else None


_CONVERSIONS: Mapping[str, Any] = {
    "string": _text,
    "memo": _text,
    "int": _whole,
    "long": _whole,
    "picklist": _whole,
    "double": _number,
    "decimal": _number,
    "bool": _truth,
    "guid": _guid,
    "datetime": _time,
    "managed": _managed,
    "binary": _text,
}
_EDM = {
    "string": "Edm.String",
    "memo": "Edm.String",
    "int": "Edm.Int32",
    "long": "Edm.Int64",
    "picklist": "Edm.Int32",
    "double": "Edm.Double",
    "decimal": "Edm.Decimal",
    "bool": "Edm.Boolean",
    "guid": "Edm.Guid",
    "datetime": "Edm.DateTimeOffset",
    "managed": "Microsoft.Dynamics.CRM.BooleanManagedProperty",
    "binary": "Edm.Binary",
}


def _bound(session: Session, table: Table, name: str, given: Any) -> tuple[Column, str | None]:
    column = table.column(name)
    targets = reachable(table, name)
    if column is None or column.kind != "lookup" or not targets or column.wire == name:
        raise undeclared_property(table.entity_set, name)
    if given is None:
        return column, None
    if not isinstance(given, str):
        raise bad_payload(table.entity_set, f"A string is expected as the value of '{name}{_BIND}'.")
    found_table, identifier = referenced_row(session, given)
    if found_table.logical not in targets:
        raise bad_payload(
            table.entity_set,
            f"The URI '{given}' of '{name}{_BIND}' does not lead to a row of type '{table.type_name}.{name}'.",
        )
    return column, identifier


def reachable(table: Table, name: str) -> tuple[str, ...]:
    """The tables to which the navigation property `name` may lead.

    A lookup to several tables leads to all of them, or to the one in its name (`regardingobjectid_lead`). There are
    none if `name` is not single-valued.
    """
    column, navigation = table.column(name), table.navigation(name)
    if column is None or navigation is None or navigation.collection:
        return ()
    return column.targets if column.name == name else (navigation.target,)


def referenced_row(session: Session, address: str) -> tuple[Table, str]:
    """The table and the id behind an address such as `/roles(1111…)` or its full form. Raises Refusal."""
    path = urlsplit(address).path if "://" in address else address
    if "/api/data/" in path:
        path = path.split("/api/data/", 1)[1].partition("/")[2]
    found = segments(unquote(path).strip("/"))
    if len(found) != 1 or found[0].inside is None:
        raise bad_query(f"The reference '{address}' does not lead to a row.")
    table = session.data.catalogue.by_entity_set.get(found[0].name)
    if table is None:
        raise no_segment(found[0].name)
    identifier = guid(found[0].inside)
    if identifier is None:
        raise bad_query(f"The reference '{address}' holds no id of a row.")
    known = (
        identifier in session.data.catalogue.privileges
        if table.logical == "privilege"
        else session.data.get(table.logical, identifier) is not None
    )
    if not known:
        raise no_row(table.schema, identifier)
    return table, identifier
