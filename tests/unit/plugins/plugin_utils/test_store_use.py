# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A store that is not found is searched for in folders that can hold one."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._store_use import other_folders


def test_store_is_not_searched_inside_an_inventory_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "inventory"
    place.mkdir()
    hosts = place / "hosts.yml"
    hosts.touch()
    monkeypatch.chdir(tmp_path)
    variables = {"inventory_dir": str(place), "ansible_inventory_sources": [str(hosts), "one.example,"]}
    assert other_folders(str(place / "store" / "host.yml"), variables) == [str(tmp_path / "store")]


def test_store_is_searched_in_and_beside_an_inventory_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "inventory"
    place.mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    variables = {"inventory_dir": str(place), "ansible_inventory_sources": [str(place)]}
    assert other_folders(str(tmp_path / "store" / "host.yml"), variables) == [
        str(tmp_path / "elsewhere" / "store"),
        str(place / "store"),
    ]
