# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The handover of an environment: the connection for Partner Center, and to which offer it was handed over.

There are two files, a JSON file and a sheet. The sheet is made from the JSON file alone, and the JSON file from its
earlier content and the given fields; so the same fields always produce the same bytes. Neither contains a secret.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..module_utils._rules.clouds import environment_address
from ..module_utils._rules.errors import InvalidInput
from ._handover_sheet import AUTHENTICATIONS, sheet

SUFFIX = ".json"

FIELDS: dict[str, dict[str, Any]] = {
    "environment_url": {"type": "str"},
    "authentication": {"type": "str", "choices": list(AUTHENTICATIONS)},
    "application_id": {"type": "str"},
    "directory_id": {"type": "str"},
    "user_name": {"type": "str"},
    "contact_emails": {"type": "list", "elements": "str"},
    "key_id": {"type": "str", "no_log": False},
    "end_date_time": {"type": "str"},
    "secret_in": {"type": "str", "no_log": False},
    "show_secret_with": {"type": "str", "no_log": False},
    "offers": {"type": "list", "elements": "str"},
    "handed_over": {"type": "dict"},
}
"""The options of the action. A field that is None keeps its value in the file."""

_CONNECTION = {
    "application_id": "applicationId",
    "directory_id": "directoryId",
    "user_name": "username",
    "contact_emails": "contactEmail",
}
"""The fields of the connection as Partner Center's `dynamicsLeadConfiguration` spells them."""
_SECRET = {
    "key_id": "key_id",
    "end_date_time": "end_date_time",
    "secret_in": "kept_in",
    "show_secret_with": "shown_by",
}
_PARTS = ("dynamicsLeadConfiguration", "secret", "offers")
_RECORD = ("key_id", "handed_over_at", "live_since", "publication", "publication_since", "submission_id", "job_id")


class UnreadableHandover(InvalidInput):
    """The file exists, but this collection did not write it; the text is a sentence with the cure."""


def sheet_path(path: str) -> str:
    """Return the path of the sheet next to the file at `path`."""
    return (path[: -len(SUFFIX)] if path.endswith(SUFFIX) else path) + ".md"


def read(path: str) -> dict[str, Any] | None:
    """Return the content of the file at `path`, or None if it does not exist. Raises UnreadableHandover."""
    text = read_text(path)
    if text is None:
        return None
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _unreadable(path) from error
    if not isinstance(content, dict) or not all(isinstance(content.get(part), dict) for part in _PARTS):
        raise UnreadableHandover(
            f"The handover file {path} was not written by this collection: move it away, or set another path."
        )
    return content


def read_text(path: str) -> str | None:
    """Return a file's text, or None if it does not exist. Raises UnreadableHandover."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path) from error


def merged(before: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content for `fields`, with the values of `before` if a field is None.

    Raises InvalidInput.
    """
    old = before or {}
    given = {name: fields.get(name) for name in FIELDS}
    held = old.get("dynamicsLeadConfiguration") or {}
    connection: dict[str, Any] = {"instanceUrl": held.get("instanceUrl", "")}
    if given["environment_url"]:
        connection["instanceUrl"] = environment_address(given["environment_url"]).url
    if not connection["instanceUrl"]:
        raise InvalidInput(
            "environment_url is missing: set it, because a new handover needs the address of the environment."
        )
    authentication = AUTHENTICATIONS[given["authentication"]] if given["authentication"] else None
    connection["authentication"] = authentication or held.get("authentication") or AUTHENTICATIONS["azure_ad"]
    unused = ("username",) if connection["authentication"] == "azureAD" else ("applicationId", "directoryId")
    for option, name in _CONNECTION.items():
        if name not in unused:
            empty: Any = [] if name == "contactEmail" else ""
            connection[name] = held.get(name, empty) if given[option] is None else given[option]
    kept = old.get("secret") or {}
    secret = {name: kept.get(name, "") if given[option] is None else given[option] for option, name in _SECRET.items()}
    return {
        "leadDestination": "dynamics",
        "dynamicsLeadConfiguration": connection,
        "secret": secret,
        "offers": _offers(old.get("offers") or {}, given["offers"], given["handed_over"] or {}),
    }


def _offers(
    before: Mapping[str, Mapping[str, Any]], named: Sequence[str] | None, handed_over: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return the record of each offer by its external id.

    An offer that is no longer named is kept while something is handed over to it: it may still send its leads here.
    """
    if named is None:
        named = [offer for offer, record in before.items() if record.get("named")]
    records: dict[str, dict[str, Any]] = {}
    strange = [offer for offer, record in handed_over.items() if not isinstance(record or {}, Mapping)]
    if strange:
        raise InvalidInput(
            f"handed_over must have a dictionary with key_id and handed_over_at for {strange[0]!r}, not something else."
        )
    for offer in sorted({*named, *before, *handed_over}):
        record = handed_over[offer] if offer in handed_over else before.get(offer, {})
        # An empty dictionary means that nothing is handed over to the offer any more.
        values = {name: str((record or {}).get(name) or "") for name in _RECORD}
        if offer in named or values["key_id"]:
            records[offer] = {"named": offer in named, **values}
    return records


def render(content: Mapping[str, Any]) -> tuple[str, str]:
    """Return the texts of the JSON file and of the sheet."""
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n", sheet(content)


def is_current(path: str, fields: Mapping[str, Any]) -> bool:
    """Return whether both files exist and match `fields`.

    Raises InvalidInput, of which UnreadableHandover is a subclass.
    """
    content = read(path)
    return content is not None and (read_text(path), read_text(sheet_path(path))) == render(merged(content, fields))


def _unreadable(path: str) -> UnreadableHandover:
    return UnreadableHandover(
        f"The handover file {path} cannot be read: repair it, or move it away so that it is written again."
    )
