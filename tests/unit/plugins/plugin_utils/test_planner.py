# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans side by side: each environment has its own outcome. None of these sends a request."""

from __future__ import annotations

import os
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils import _planner
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._planner import Planner

NOWHERE = {
    "environment_url": "https://nowhere.example.com",
    "solution": {},
    "application": {},
    "role_privileges": {"role": "x", "privileges": []},
}


def plans(*given: tuple[str, dict[str, Any], dict[str, str]], said: list[str] | None = None) -> dict[str, Any]:
    lines: list[str] = [] if said is None else said
    with Planner(4, None, len(given), lines.append) as planner:
        for host, options, environment in given:
            planner.add(host, options, environment)
        return planner.plans()


def test_every_host_has_its_own_failure() -> None:
    found = plans(("a", NOWHERE, {}), ("b", {"environment_url": "x"}, {}))
    assert "not the host of an environment" in found["a"]["msg"]
    assert "missing required arguments: role_privileges, solution" in found["b"]["msg"]


def test_fault_is_one_message_and_stops_no_other_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_call: Any) -> dict[str, Any]:
        raise RuntimeError("nonsense")

    monkeypatch.setattr(_planner, "read", broken)
    found = plans(("a", NOWHERE, {}), ("b", {}, {}))
    assert found["a"]["msg"] == (
        "The plan was not made because of a fault of this collection (RuntimeError: nonsense): report it."
    )
    assert "missing required arguments" in found["b"]["msg"]


def test_secret_in_a_message_is_hidden() -> None:
    found = plans(("a", {**NOWHERE, "client_secret": "nowhere"}, {}))
    assert "nowhere" not in found["a"]["msg"]


def test_credentials_of_the_environment_are_of_one_host(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def noting(call: Any) -> dict[str, Any]:
        seen[call["environment_url"]] = call["client_secret"]
        return {}

    monkeypatch.setattr(_planner, "read", noting)
    monkeypatch.delenv("AZURE_CLIENT_SECRET", raising=False)
    plans(
        ("a", {**NOWHERE, "environment_url": "a"}, {"AZURE_CLIENT_SECRET": "secret of a"}),
        ("b", {**NOWHERE, "environment_url": "b"}, {}),
    )
    assert seen == {"a": "secret of a", "b": None}
    assert "AZURE_CLIENT_SECRET" not in os.environ


def test_other_variables_hold_while_a_host_is_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {}

    def noting(call: Any) -> dict[str, Any]:
        seen[call["environment_url"]] = os.environ.get("A_PROXY")
        return {}

    monkeypatch.setattr(_planner, "read", noting)
    plans(*((name, {**NOWHERE, "environment_url": name}, {"A_PROXY": name} if name < "c" else {}) for name in "abc"))
    assert seen == {"a": "a", "b": "b", "c": None}
    assert "A_PROXY" not in os.environ


def test_progress_is_shown_for_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_planner, "_PROGRESS_SECONDS", 0.0)
    said: list[str] = []
    plans(*((str(number), {}, {}) for number in range(3)), said=said)
    assert said == []
    plans(*((str(number), NOWHERE, {}) for number in range(30)), said=said)
    assert any("of 30 environments" in line for line in said)
