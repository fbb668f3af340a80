# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the runner itself may do in an environment."""

from __future__ import annotations

from collections.abc import Mapping

from ..._rules.access_levels import AccessLevel
from ..._rules.guids import guid
from .client import EnvironmentClient
from .members import Members

SYSTEM_ADMINISTRATOR = "627090ff-40a3-4053-8790-584edc5be201"
"""The template of the role that holds every privilege, the same in all environments."""


def privileges_missing(environment: EnvironmentClient, needed: Mapping[str, AccessLevel]) -> list[str]:
    """Return those of the `needed` privileges, levels by name, that the runner does not hold through any role or team.

    One request is enough for an application that is System Administrator itself.
    """
    user_id = _unless_administrator(environment)
    if user_id is None:
        return []
    held = Members(environment).privileges_of(user_id, list(needed))
    return [name for name, level in needed.items() if held.get(name.lower(), -1) < level]


def _unless_administrator(environment: EnvironmentClient) -> str | None:
    """Return the id of the runner's user, or None where it is System Administrator."""
    client_id = environment.sign_in.credentials.client_id
    if not client_id or environment.sign_in.credentials.method == "azure_cli":
        return str(environment.who_am_i()["UserId"])
    rows = environment.list(
        "systemusers",
        select=("systemuserid",),
        expand="systemuserroles_association($select=_roletemplateid_value)",
        filter=f"applicationid eq {guid(client_id, 'client_id')}",
    )
    templates = {
        str(role.get("_roletemplateid_value") or "").lower()
        for row in rows
        for role in row.get("systemuserroles_association") or []
    }
    if SYSTEM_ADMINISTRATOR in templates:
        return None
    return str(rows[0]["systemuserid"] if rows else environment.who_am_i()["UserId"])
