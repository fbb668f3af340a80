# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A package for many environments is downloaded once."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._resources.solution.package import (
    package_at,
    package_from,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.run_cache import RunCache

from packages.build import package

CONTENT = package()
CHECKSUM = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


class Shelf:
    """A transport that responds to every request with one file, and counts."""

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.requests = 0

    def send(self, method: str, url: str, **options: Any) -> Answer:
        self.requests += 1
        time.sleep(0.05)
        return Answer(self.status, {}, "", f"{method} {url}", CONTENT)


def get_for_four(shelf: Any, address: str, folder: Path) -> list[Any]:
    with ThreadPoolExecutor(max_workers=4) as pool:
        futures = [pool.submit(package_from, address, CHECKSUM, shelf, RunCache(str(folder))) for _each in range(4)]
    return [future.exception() or future.result() for future in futures]


def test_environments_side_by_side_share_one_download(tmp_path: Path) -> None:
    shelf = Shelf()
    got = get_for_four(shelf, "https://shelf.test/a.zip", tmp_path)
    assert {each.unique_name for each in got} == {"MicrosoftMarketplacesLeadIntegrationSolution"}
    assert shelf.requests == 1


def test_a_download_that_failed_fails_for_all_at_once(tmp_path: Path) -> None:
    shelf = Shelf(404)
    got = get_for_four(shelf, "https://shelf.test/gone.zip", tmp_path)
    assert all(isinstance(each, CallFailed) for each in got)
    assert shelf.requests == 1


def test_a_package_is_parsed_once(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(CONTENT)
    assert package_at(str(tmp_path / "a.zip"), "path") is package_at(str(tmp_path / "a.zip"), "path")


def test_changed_package_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(CONTENT)
    first = package_at(str(tmp_path / "a.zip"), "path")
    (tmp_path / "a.zip").write_bytes(package(version="2.0.0.0"))
    assert package_at(str(tmp_path / "a.zip"), "path").version != first.version


@pytest.mark.parametrize("address", ["http://shelf.test/a.zip", "ftp://shelf.test/a.zip"])
def test_nothing_is_downloaded_without_tls(address: str, tmp_path: Path) -> None:
    shelf = Shelf()
    (outcome, *_same) = get_for_four(shelf, address, tmp_path)
    assert "url must be an https address" in str(outcome)
    assert shelf.requests == 0
