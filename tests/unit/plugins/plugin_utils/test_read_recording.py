# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A recording is read back unchanged, whatever else is in its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.recorded_exchange import (
    Received,
    Sent,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.recording import Recorder
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._recording import (
    RecordedExchange,
    RecordingNotRead,
    read_recording,
)

URL = "https://contoso.crm4.dynamics.com/api/data/v9.2/systemusers?$select=systemuserid"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    recorder = Recorder(str(tmp_path))
    recorder.open()
    sent = Sent("POST", URL, {"Prefer": "return=representation"}, {"accessmode": 4})
    recorder.note_answer(sent, Received(400, {"OData-Version": "4.0"}, {"error": {"code": "0x80040217"}}))
    return tmp_path


def test_an_exchange_is_read_as_it_was_written(folder: Path) -> None:
    (found,) = read_recording(folder)
    assert found == RecordedExchange(
        service="environment",
        cloud="public",
        method="POST",
        path="/api/data/v9.2/systemusers",
        query={"$select": ["systemuserid"]},
        request_headers={"Prefer": "return=representation"},
        request_body={"accessmode": 4},
        status=400,
        headers={"OData-Version": "4.0"},
        answer_body={"error": {"code": "0x80040217"}},
        codes=("0x80040217",),
        file=found.file,
    )
    assert (folder / found.file).is_file()


def test_a_broken_connection_is_read(tmp_path: Path) -> None:
    recorder = Recorder(str(tmp_path))
    recorder.open()
    recorder.note_break(Sent("POST", URL), ConnectionResetError(), True)
    (found,) = read_recording(tmp_path)
    assert (found.status, found.broken, found.maybe_applied) == (None, "ConnectionResetError", True)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 1}', '{"format": 1, "request": 1, "answer": {}}'])
def test_other_files_are_ignored(folder: Path, text: str) -> None:
    (folder / "other.json").write_text(text, encoding="utf-8")
    (folder / ".half.json").write_text('{"format": 7}', encoding="utf-8")
    (folder / "notes.txt").write_text('{"format": 7}', encoding="utf-8")
    assert len(read_recording(folder)) == 1


def test_a_recording_of_another_version_is_refused(folder: Path) -> None:
    path = folder / "other.json"
    path.write_text(json.dumps({"format": 7, "request": {}, "answer": {}}), encoding="utf-8")
    with pytest.raises(RecordingNotRead) as refused:
        read_recording(folder)
    assert str(refused.value) == (
        f"{path} was recorded by another version of the collection (format 7, not 1): read it with that version."
    )


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingNotRead, match="is not a folder: use the folder that lead_writer_record named"):
        read_recording(tmp_path / "missing")
