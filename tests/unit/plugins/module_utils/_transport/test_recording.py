# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recording at the one place that all requests pass: every attempt is recorded, and recording stops no run."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport import recording
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import (
    BearerToken,
    Transport,
)
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.serving import served


class Server(BaseHTTPRequestHandler):
    """Responds from a list; None breaks the connection."""

    answers: ClassVar[list[tuple[int, dict[str, str], bytes] | None]] = []
    asked: ClassVar[list[str]] = []

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.asked.append(self.path)
        answer = self.answers.pop(0) if self.answers else (200, {"Content-Type": "application/json"}, b"{}")
        if answer is None:
            self.close_connection = True
            return
        status, headers, body = answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, *args: Any) -> None:
        """Log nothing."""


for _method in ("GET", "POST"):
    setattr(Server, f"do_{_method}", Server._answer)


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    Server.answers.clear()
    Server.asked.clear()
    with served(monkeypatch, Server) as address:
        yield f"{address}/systemusers"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "new" / "recording"


def recorder(folder: Path, **options: Any) -> Transport:
    return Transport(sleep=lambda seconds: None, timeout=5, record_directory=str(folder), **options)


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.iterdir())]


def test_every_try_is_recorded_as_it_was_answered(url: str, folder: Path) -> None:
    Server.answers[:] = [(429, {"Retry-After": "1"}, b""), (503, {}, b"<html>"), None, (200, {}, b'{"statecode": 1}')]
    assert recorder(folder).send("GET", url).body == {"statecode": 1}
    answers = [each["answer"] for each in records(folder)]
    assert sorted(each.get("status", 0) for each in answers) == [0, 200, 429, 503]
    (broken,) = (each for each in answers if "broken" in each)
    assert broken == {"broken": True, "kind": "RemoteDisconnected", "maybe_applied": True}
    assert [each["body"] for each in answers if each.get("status") == 200] == [{"statecode": 1}]


def test_request_is_in_the_record(url: str, folder: Path) -> None:
    transport = recorder(folder)
    transport.send("POST", url, json_body={"accessmode": 4}, headers={"Prefer": "return=representation"})
    transport.send("POST", url, form={"grant_type": "password", "password": "wuwei"}, auth=BearerToken("wuwei"))
    transport.send("GET", url, params={"$select": "systemuserid"})
    sent = {json.dumps(each["request"]["body"]): each["request"] for each in records(folder)}
    assert sent['{"accessmode": 4}']["headers"] == {"Prefer": "return=representation"}
    assert '{"grant_type": "password", "password": "{text}"}' in sent
    assert sent["null"]["query"] == {"$select": ["systemuserid"]}
    assert "wuwei" not in "".join(path.read_text(encoding="utf-8") for path in folder.iterdir())


def test_equal_exchanges_are_one_file_for_all_threads_and_runs(url: str, folder: Path) -> None:
    def run() -> None:
        transport = recorder(folder)
        for number in range(5):
            transport.send("GET", f"{url}({number})")

    threads = [threading.Thread(target=run) for _round in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(Server.asked) == 20
    assert len(records(folder)) == 1
    assert [path.suffix for path in folder.iterdir()] == [".json"]


def test_others_on_the_machine_cannot_read_a_recording(url: str, folder: Path) -> None:
    before = os.umask(0)
    try:
        recorder(folder).send("GET", url)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_a_folder_that_is_a_file_is_refused_before_anything_is_sent(url: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidInput) as refused:
        recorder(tmp_path / "file").send("POST", url)
    assert str(refused.value) == (
        f"record_directory names {tmp_path}/file, which is not a writable folder (File exists): name "
        "another one, or correct its permissions."
    )
    assert Server.asked == []


def test_a_folder_that_cannot_be_written_to_is_refused(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_arguments: Any, **_options: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkstemp", denied)
    with pytest.raises(InvalidInput, match=r"\(Permission denied\)"):
        recorder(folder).send("POST", url)
    assert Server.asked == []


def test_run_continues_if_the_disk_is_full(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = recorder(folder)
    transport.send("GET", url)

    def full(*_arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    assert transport.send("POST", url, json_body={}).status == 200
    assert len([*folder.iterdir()]) == 1


def test_run_continues_if_an_exchange_cannot_be_recorded(
    url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any) -> dict[str, Any]:
        raise RuntimeError("nonsense")

    monkeypatch.setattr(recording, "recorded_answer", broken)
    assert recorder(folder).send("POST", url, json_body={}).status == 200


def test_a_broken_connection_is_recorded_by_its_innermost_cause(folder: Path, url: str) -> None:
    Server.answers[:] = [None]
    with pytest.raises(CallFailed):
        recorder(folder).send("POST", url)
    assert records(folder)[0]["answer"]["kind"] == "RemoteDisconnected"


def test_a_file_that_was_downloaded_is_not_recorded(url: str, folder: Path) -> None:
    Server.answers[:] = [(200, {"Content-Type": "application/zip"}, b"PK wuwei")]
    recorder(folder).send("GET", url, download=1000)
    assert [each["answer"]["body"] for each in records(folder)] == ["{binary}"]


def test_nothing_is_recorded_by_default(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def called(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("a request was censored although nothing is recorded")

    monkeypatch.setattr(recording, "recorded_answer", called)
    assert Transport(timeout=5).send("GET", url).status == 200
    assert [*tmp_path.iterdir()] == []
