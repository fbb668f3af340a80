# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cache of a run: only the owner can read a token on disk, and its name contains nothing secret."""

from __future__ import annotations

import stat
from pathlib import Path

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.run_cache import RunCache


def test_token_file_is_private_and_its_name_reveals_nothing(tmp_path: Path) -> None:
    cache = RunCache(str(tmp_path))
    cache.put({"token": "t"}, "token", "client_secret=s3cret")
    (file,) = (tmp_path / "marketplace_leads").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert "s3cret" not in file.name
    assert cache.get("token", "client_secret=s3cret") == {"token": "t"}
    assert cache.get("token", "client_secret=other") is None


def test_without_a_directory_of_the_run_nothing_is_cached(tmp_path: Path) -> None:
    cache = RunCache(None)
    cache.put({"token": "t"}, "token")
    assert cache.get("token") is None
    assert list(tmp_path.iterdir()) == []


def test_damaged_file_is_ignored(tmp_path: Path) -> None:
    cache = RunCache(str(tmp_path))
    cache.put_bytes(b"{half", "token")
    assert cache.get("token") is None
