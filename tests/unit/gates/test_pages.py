# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages generated from data match the data."""

from __future__ import annotations

from ansible_collections.marketplace_leads.dynamics365.tests.gates import variables_page


def test_the_page_of_variables_is_current() -> None:
    assert variables_page.PAGE.read_text(encoding="utf-8") == variables_page.page(), (
        "run python -m tests.gates.variables_page"
    )
