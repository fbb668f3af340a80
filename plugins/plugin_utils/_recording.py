# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a folder with the recordings of the option `record_directory` (`lead_writer_record` in the role)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..module_utils._rules.recorded_exchange import FORMAT


class RecordingNotRead(Exception):
    """A folder has no recording; the text is a sentence with the cure."""


@dataclass(frozen=True)
class RecordedExchange:
    """One kind of exchange, censored: what was sent, and what came back.

    `query`, `request_headers` and `headers` are by name. Without a complete response, `status` is None and `broken` is
    the class of the error; otherwise `broken` is empty. `codes` are the codes of the errors in the response. `file` is
    the name of the file that it was read from.
    """

    service: str
    cloud: str
    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    answer_body: Any = None
    codes: tuple[str, ...] = ()
    broken: str = ""
    maybe_applied: bool = False
    file: str = ""


def read_recording(directory: Path) -> list[RecordedExchange]:
    """Return the exchanges in a folder, in the order of their files' names.

    Files that are no exchanges, such as those that a killed run was writing, are skipped. Raises RecordingNotRead if
    the folder does not exist, or if an exchange has another version of the format.
    """
    try:
        paths = sorted(directory.glob("[!.]*.json"))
        found = [read_exchange(path) for path in paths] if directory.is_dir() else None
    except OSError as error:
        raise RecordingNotRead(
            f"{directory} cannot be read ({error.strerror or error}): correct the path or its permissions."
        ) from None
    if found is None:
        raise RecordingNotRead(f"{directory} is not a folder: use the folder that lead_writer_record named.")
    return [each for each in found if each is not None]


def read_exchange(path: Path) -> RecordedExchange | None:
    """Return the exchange in one file, None if it contains none.

    Raises RecordingNotRead for another version of the format, and OSError.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return None
    if not isinstance(record, dict) or "format" not in record:
        return None
    if record["format"] != FORMAT:
        raise RecordingNotRead(
            f"{path} was recorded by another version of the collection (format {record['format']!r}, not "
            f"{FORMAT}): read it with that version."
        )
    request, answer = record.get("request"), record.get("answer")
    if not isinstance(request, dict) or not isinstance(answer, dict):
        return None
    return RecordedExchange(
        service=str(record.get("service", "")),
        cloud=str(record.get("cloud", "")),
        method=str(request.get("method", "")),
        path=str(request.get("path", "")),
        query=request.get("query") or {},
        request_headers=request.get("headers") or {},
        request_body=request.get("body"),
        status=answer.get("status"),
        headers=answer.get("headers") or {},
        answer_body=answer.get("body"),
        codes=tuple(answer.get("codes") or ()),
        broken=str(answer.get("kind", "")) if answer.get("broken") else "",
        maybe_applied=bool(answer.get("maybe_applied")),
        file=path.name,
    )
