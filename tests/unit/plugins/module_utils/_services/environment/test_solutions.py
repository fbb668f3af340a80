# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Components that a package needs and an environment lacks, listed so that a person can act."""

from __future__ import annotations

from typing import Any

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.environment.client import (
    EnvironmentClient,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.environment.solutions import (
    Solutions,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import answer


class Environment(EnvironmentClient):
    """An environment that lacks these components of any package."""

    def __init__(self, missing: list[dict[str, str]]) -> None:
        self._missing = missing

    def call(self, method: str, path: str, **_options: Any) -> Answer:
        staged = {"StageSolutionUploadId": "1", "StageSolutionStatus": "Failed", "MissingDependencies": self._missing}
        return answer({"StageSolutionResults": staged})


def component(name: str, solution: str = "") -> dict[str, str]:
    return {"RequiredComponentDisplayName": name, "RequiredSolutionName": solution}


def test_components_are_listed_by_their_solution() -> None:
    rows = [component("A", "Sales (9.0)"), component("B", "Field (1.0)"), component("C", "Sales (9.0)"), component("D")]
    assert Solutions(Environment(rows)).stage(b"").missing == ("A, C (from Sales (9.0))", "B (from Field (1.0))", "D")


def test_many_components_of_a_solution_are_counted() -> None:
    rows = [component(f"Table {number}", "Sales (9.0)") for number in range(227)]
    (told,) = Solutions(Environment(rows)).stage(b"").missing
    assert told.endswith("Table 4 and 222 more (from Sales (9.0))")
