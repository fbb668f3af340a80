# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result of an environment's plan: the changes, and what later steps need to know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._desired_state.plan import Plan
from .._entry_point import ModuleContext
from .._resources.application import resource as application
from .._resources.lead_destination.batch import LeadDestinations
from .._resources.lead_destination.other_applications import OtherApplications
from .._rules.secret_in_use import SecretInUse
from .._rules.store_record import chosen_end
from .._rules.timestamps import write_timestamp
from .handover import handover_fields
from .options import options_of
from .parts import parts_of, password_renewal, stored_key_id
from .plan import EnvironmentPlan


def read(context: ModuleContext) -> dict[str, Any]:
    """Return the plan of the environment."""
    context.check_tenant()
    parts = parts_of(context)
    plan = EnvironmentPlan(parts)
    plans = plan.read()
    differences = [each.diff for each in plans.values()]
    changes = [path for each in plans.values() for path in each.paths]
    return {
        "changes": changes,
        "steps": {step: each.paths for step, each in plans.items()},
        "differences": {
            side: {path: value for diff in differences for path, value in diff[side].items()}
            for side in ("before", "after")
        },
        "warnings": [*plan.warnings, *_fed_by_others(context, parts.destinations, plan.member_id)],
        "application_id": "" if context["user"] else plan.member_id,
        "user_id": plan.member_id if context["user"] else "",
        "stored_key_id": context["store"]["key_id"],
        "new_secret_end_date_time": _new_secret_end(context, plans),
        "directory_id": context.graph.directory_id(),
        "cloud": context.cloud.name,
        "service_time": write_timestamp(context.graph.service_time()),
        "secret_in_use": _in_use_state(parts.destinations.in_use(stored_key_id(context))),
        "password_renewal": password_renewal(context, parts.destinations),
        **plan.state(),
        "handover": handover_fields(context, plan, {*changes}),
    }


def _fed_by_others(context: ModuleContext, destinations: LeadDestinations, member_id: str) -> list[str]:
    """Warn of offers whose leads another application of the tenant writes; queried only if there are such offers."""
    return OtherApplications(context.graph, member_id).warnings_of(destinations.offers, context.address.url)


def _new_secret_end(context: ModuleContext, plans: Mapping[str, Plan]) -> str:
    """When the new secret is to end, chosen now so that the store can record it before the secret is made."""
    if not any("application.secret" in plan.paths for plan in plans.values()):
        return ""
    schedule = application.DesiredApplication.from_options(
        options_of("application", context["application"], application.OPTIONS)
    ).schedule
    return write_timestamp(chosen_end(context.graph.service_time(), schedule.valid_days)) if schedule else ""


def _in_use_state(in_use: SecretInUse) -> dict[str, Any]:
    return {
        "key_id": in_use.key_id,
        "since": write_timestamp(in_use.since) if in_use.since else "",
    }
