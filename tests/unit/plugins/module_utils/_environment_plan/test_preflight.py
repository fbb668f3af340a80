# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Blockers of a change to a user are found before it: each change needs one of several permissions."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._desired_state.plan import Plan
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._environment_plan.preflight import Preflight


class Granted:
    """Stands for Graph: a runner with some permissions."""

    runner = "The runner"

    def __init__(self, *permissions: str) -> None:
        self._permissions = frozenset(permissions)

    def granted(self) -> frozenset[str]:
        """The permissions in the runner's token."""
        return self._permissions


def lacking(path: str, *permissions: str) -> list[str]:
    """The reported missing permissions for one change to a user."""
    plan = Plan()
    plan.add(path, False, True, lambda: None)
    graph: Any = Granted(*permissions)
    check, *_clock = Preflight(graph, None, None).checks({"user": plan}, None, {})  # type: ignore[arg-type]
    return check()[0]


@pytest.mark.parametrize(
    ("path", "permission"),
    [
        ("user.restored", "User.DeleteRestore.All"),
        ("user.restored", "User.ReadWrite.All"),
        ("user", "User.Create"),
        ("user", "Directory.ReadWrite.All"),
        ("user.accountEnabled", "User.EnableDisableAccount.All"),
        ("user.assignedLicenses", "LicenseAssignment.ReadWrite.All"),
        ("user.password", "User-PasswordProfile.ReadWrite.All"),
        ("user.displayName", "User.ReadWrite.All"),
    ],
)
def test_sufficient_permission_stops_nothing(path: str, permission: str) -> None:
    assert lacking(path, permission) == []


@pytest.mark.parametrize(
    ("path", "permission", "named"),
    [
        ("user.restored", "Directory.ReadWrite.All", "User.DeleteRestore.All"),
        ("user", "User.Read.All", "User.Create"),
        ("user.password", "Directory.ReadWrite.All", "User-PasswordProfile.ReadWrite.All"),
    ],
)
def test_insufficient_permission_names_the_least_one(path: str, permission: str, named: str) -> None:
    (sentence,) = lacking(path, permission)
    assert f"lacks the application permission {named} on Microsoft Graph" in sentence
