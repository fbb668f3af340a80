# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a solution: refusals before a request is sent."""

from __future__ import annotations

import functools
import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._resources.solution.options import (
    OPTIONS,
    DesiredSolution,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer, Transport
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.run_cache import RunCache

URL = "https://packages.contoso.example/leads.zip"


@functools.cache
def package(managed: bool = True) -> bytes:
    """A small package; created once, because a zip holds its creation time."""
    manifest = (
        "<ImportExportXml><SolutionManifest><UniqueName>ContosoLeads</UniqueName><Version>1.0</Version>"
        f"<Managed>{int(managed)}</Managed></SolutionManifest></ImportExportXml>"
    )
    roles = '<ImportExportXml><Roles><Role id="1" name="Lead Writer" /></Roles></ImportExportXml>'
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("solution.xml", manifest)
        archive.writestr("customizations.xml", roles)
    return buffer.getvalue()


class Server(Transport):
    """Responds to every GET with the same content, and counts them."""

    def __init__(self, content: bytes, status: int = 200) -> None:
        super().__init__()
        self.content, self.status, self.asked = content, status, 0

    def send(self, method: str, url: str, **_options: Any) -> Answer:
        self.asked += 1
        return Answer(self.status, {}, "", f"{method} {url}", self.content)


def no_server() -> Transport:
    raise AssertionError("nothing has to be downloaded")


def wanted(server: Any = no_server, cache: str | None = None, **options: Any) -> DesiredSolution:
    defaults = {name: spec.get("default") for name, spec in OPTIONS.items()}
    return DesiredSolution.from_options({**defaults, **options}, server, RunCache(cache))


def refusal(server: Any = no_server, **options: Any) -> str:
    with pytest.raises(InvalidInput) as refused:
        wanted(server, **options)
    return str(refused.value)


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "leads.zip"
    file.write_bytes(package())
    return str(file)


def checksum(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def test_package_roles_are_required_unless_others_are_named(path: str) -> None:
    assert wanted(path=path).roles == ("Lead Writer",)
    assert wanted(path=path, roles=["LEAD writer"]).roles == ("Lead Writer",)
    assert wanted(path=path, roles=[]).roles == ()
    assert "security roles in it: Lead Writer" in refusal(path=path, roles=["Lead Reader"])


def test_a_package_of_another_solution_than_the_one_named_is_refused(path: str) -> None:
    assert wanted(path=path, unique_name="contosoleads").unique_name == "ContosoLeads"
    assert "unique_name is FabrikamLeads" in refusal(path=path, unique_name="FabrikamLeads")


def test_a_removal_needs_a_name_only() -> None:
    assert wanted(unique_name="ContosoLeads", state="absent").unique_name == "ContosoLeads"
    assert "path, url and unique_name" in refusal(state="absent")
    assert refusal(unique_name="ContosoLeads").startswith("path or url is needed")


def test_an_unmanaged_package_cannot_be_an_upgrade(tmp_path: Path) -> None:
    file = tmp_path / "unmanaged.zip"
    file.write_bytes(package(managed=False))
    assert "set it to update" in refusal(path=str(file), upgrade="stage_and_upgrade")


def test_package_is_used_only_with_its_given_checksum(path: str) -> None:
    assert wanted(path=path, checksum=checksum(package()).upper().replace("SHA", "sha")).package is not None
    assert "not the one in checksum" in refusal(path=path, checksum=checksum(b"other"))
    assert "64 hexadecimal digits" in refusal(path=path, checksum="sha256:" + "g" * 64)
    assert "64 hexadecimal digits" in refusal(path=path, checksum="md5:" + "0" * 32)


def test_download_needs_https_and_a_matching_checksum() -> None:
    server = Server(package())
    assert "64 hexadecimal digits" in refusal(lambda: server, url=URL)
    assert "https address" in refusal(lambda: server, url="http://x.example/a.zip", checksum=checksum(package()))
    assert server.asked == 0
    assert "not the one in checksum" in refusal(lambda: server, url=URL, checksum=checksum(b"other"))
    assert wanted(lambda: server, url=URL, checksum=checksum(package())).unique_name == "ContosoLeads"


def test_a_run_downloads_a_package_once(tmp_path: Path) -> None:
    server = Server(package())
    for _host in range(3):
        wanted(lambda: server, str(tmp_path), url=URL, checksum=checksum(package()))
    assert server.asked == 1


def test_invalid_operation_id_is_refused(path: str) -> None:
    assert "operation_id must be a GUID" in refusal(path=path, operation_id="the last one")
    assert wanted(path=path, operation_id="").operation_id is None
