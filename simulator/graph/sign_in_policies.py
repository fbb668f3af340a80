# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's sign-in requirements, and people's directory roles (contract: sign-in policies)."""

from __future__ import annotations

from .. import seeded
from ..clock import graph_time
from ..directory.directory import USER
from ..directory.sign_in_policies import kept
from .addressing import addressed
from .call import Answer, Call
from .errors import bad_request
from .query import collection_of
from .schema import CONDITIONAL_ACCESS, DIRECTORY_OBJECTS

_STATES = frozenset({"enabled", "disabled", "enabledForReportingButNotEnforced"})
_MAY_READ_ROLES = ("RoleManagement.Read.Directory", "Directory.Read.All", "Directory.ReadWrite.All")


def get_security_defaults(call: Call) -> Answer:
    """`GET /policies/identitySecurityDefaultsEnforcementPolicy`."""
    body = {
        "@odata.context": call.context("policies/identitySecurityDefaultsEnforcementPolicy/$entity"),
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms.",
        "isEnabled": kept(call.tenant)["security_defaults"],
    }
    return Answer(200, body)


def set_security_defaults(call: Call) -> Answer:
    """`PATCH /policies/identitySecurityDefaultsEnforcementPolicy`: 204."""
    enabled = call.json_object().get("isEnabled")
    if not isinstance(enabled, bool):
        raise bad_request("Invalid value specified for property 'isEnabled'.", code="InvalidValue", target="isEnabled")
    kept(call.tenant)["security_defaults"] = enabled
    return Answer(204)


def list_conditional_access(call: Call) -> Answer:
    """`GET /identity/conditionalAccess/policies`."""
    return collection_of(call, CONDITIONAL_ACCESS, kept(call.tenant)["conditional_access"])


def create_conditional_access(call: Call) -> Answer:
    """`POST /identity/conditionalAccess/policies`: 201."""
    body = call.json_object()
    if not body.get("displayName") or body.get("state") not in _STATES or not isinstance(body.get("conditions"), dict):
        raise bad_request("1004: a policy needs displayName, state and conditions.")
    moment = graph_time(call.world.clock.now())
    unset = {"grantControls": None, "sessionControls": None, "modifiedDateTime": None}
    policy = {"id": call.world.new_guid(), "createdDateTime": moment, **unset, **body}
    kept(call.tenant)["conditional_access"].append(policy)
    return Answer(201, {"@odata.context": call.context("identity/conditionalAccess/policies/$entity"), **policy})


def list_memberships(call: Call) -> Answer:
    """`GET /users/{id}/transitiveMemberOf`: directory roles only, without names if the caller may not read roles."""
    user, named = addressed(call, USER), call.may(*_MAY_READ_ROLES)
    roles = [
        {
            "@odata.type": "#microsoft.graph.directoryRole",
            "id": seeded.guid("directory role", call.tenant.id, name),
            "displayName": name if named else None,
        }
        for name in user["_directory_roles"]
    ]
    return collection_of(call, DIRECTORY_OBJECTS, roles)
