# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which products allow a person to write leads."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.lead_licenses import lead_rank


@pytest.mark.parametrize(
    ("plans", "rank"),
    [
        (["FLOW_DYN_APPS", "DYN365_ENTERPRISE_SALES"], 0),
        (["dyn365_sales_pro"], 1),
        (["D365_SALES_PRO_ATTACH", "DYN365_ENTERPRISE_P1"], 2),
        (["DYN365_ENTERPRISE_TEAM_MEMBERS"], None),
        ([], None),
    ],
)
def test_the_best_service_plan_of_a_product_counts(plans: list[str], rank: int | None) -> None:
    assert lead_rank(plans) == rank
