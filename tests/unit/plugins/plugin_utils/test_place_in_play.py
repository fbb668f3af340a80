# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which tags select what."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._place_in_play import _selects


@pytest.mark.parametrize(
    ("tags", "only", "skip", "selected"),
    [
        ({"step"}, ["all"], [], True),
        ({"step"}, ["step"], [], True),
        ({"step"}, ["other"], [], False),
        ({"step", "always"}, ["other"], [], True),
        ({"step"}, ["tagged"], [], True),
        ({"step"}, ["untagged"], [], False),
        ({"step", "never"}, ["all"], [], False),
        ({"step", "never"}, ["step"], [], True),
        ({"step"}, ["all"], ["step"], False),
        ({"step"}, ["all"], ["all"], False),
        ({"step", "always"}, ["all"], ["all"], True),
        ({"step"}, ["all"], ["tagged"], False),
    ],
)
def test_tags_select_as_in_ansible(tags: set[str], only: list[str], skip: list[str], selected: bool) -> None:
    assert bool(_selects(tags, only, skip)) is selected
