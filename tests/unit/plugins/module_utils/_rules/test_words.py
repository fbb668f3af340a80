# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services' names in Ansible's spelling."""

from __future__ import annotations

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.words import snake_case


def test_names_are_converted_at_every_depth_and_values_kept() -> None:
    assert snake_case({"requiredResourceAccess": [{"resourceAppId": "AbC", "x": None}]}) == {
        "required_resource_access": [{"resource_app_id": "AbC", "x": None}]
    }
