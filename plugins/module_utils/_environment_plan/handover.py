# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of the handover files after the changes of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from .._entry_point import ModuleContext
from .._resources.lead_destination import batch as lead_destinations
from .._rules.guids import KNOWN_AFTER_APPLY
from .options import options_of
from .plan import EnvironmentPlan

NEW_SECRETS = frozenset({"application.secret", "user.password"})
"""The changes that produce a secret to store."""


def handover_fields(context: ModuleContext, plan: EnvironmentPlan, changes: Set[str]) -> dict[str, Any]:
    """Return the options of `lead_writer_handover` as they are after `changes`, except `path`."""
    given = context["handover"]
    user, destinations = context["user"], context["lead_destinations"]
    key_id, end_date_time = _secret_now(plan.state(), given["stored"])
    if changes & NEW_SECRETS:
        key_id = KNOWN_AFTER_APPLY
    return {
        "environment_url": context.address.url,
        "authentication": "office365" if user else "azure_ad",
        "user_name": str(user.get("user_principal_name") or "") if user else "",
        "application_id": "" if user else plan.member_id,
        "directory_id": context.graph.directory_id(),
        "key_id": key_id,
        "end_date_time": end_date_time,
        "secret_in": given["secret_in"],
        "show_secret_with": given["show_secret_with"],
        **{
            name: options_of("lead_destinations", destinations, lead_destinations.OPTIONS)[name]
            for name in ("contact_emails", "offers")
        },
        "handed_over": {each["offer"]: each["handover"] for each in plan.state().get("lead_destinations", [])},
    }


def _secret_now(state: Mapping[str, Any], stored: Mapping[str, Any]) -> tuple[str, str]:
    """Return the key id and the end of the secret as it was read, else as the store knows it; a password has times."""
    secret = state.get("secret") or {}
    if state.get("password"):
        secret = {**state["password"], "key_id": state["password"].get("changed_date_time")}
    known = secret or stored
    return str(known.get("key_id") or ""), str(known.get("end_date_time") or "")
