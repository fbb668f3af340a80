# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App-management policies: what a tenant's administrators forbid for the credentials of applications."""

from __future__ import annotations

import datetime
import re
from typing import Any
from urllib.parse import urlsplit

from ..clock import parse_time
from ..directory.directory import APPLICATION
from ..directory.store import Object
from .addressing import addressed
from .call import Answer, Call
from .errors import GraphError, denied, not_found
from .query import collection_of
from .schema import POLICIES

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SECONDS = (365 * 86400, 30 * 86400, 7 * 86400, 86400, 3600, 60, 1)
_AUDIENCE_RULES = {
    "AzureADMultipleOrgs": ("azureAdMultipleOrgs",),
    "AzureADandPersonalMicrosoftAccount": ("personalMicrosoftAccount",),
    "PersonalMicrosoftAccount": ("personalMicrosoftAccount",),
}
_JOINT_AUDIENCE = "AzureADandPersonalMicrosoftAccount"
_READ_POLICIES = ("Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration")
_NIL = "00000000-0000-0000-0000-000000000000"


def get_default(call: Call) -> Answer:
    """`GET /policies/defaultAppManagementPolicy`. Only the beta version returns its rules on audiences."""
    policy = call.directory.app_management_policy or {}
    kinds: dict[str, Any] = {"passwordCredentials": [], "keyCredentials": []}
    application = {**kinds, **(policy.get("applicationRestrictions") or {})}
    if not call.base.endswith("/beta"):
        application.pop("audiences", None)
    body = {
        "@odata.context": call.context("policies/defaultAppManagementPolicy/$entity"),
        "id": _NIL,
        "deletedDateTime": None,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service "
        "principals. To apply policy to targeted resources, create a new policy under appManagementPolicies "
        "collection.",
        "isEnabled": bool(policy.get("isEnabled", False)),
        "applicationRestrictions": application,
        "servicePrincipalRestrictions": {**kinds, **(policy.get("servicePrincipalRestrictions") or {})},
    }
    return Answer(200, body)


def list_policies(call: Call) -> Answer:
    """`GET /policies/appManagementPolicies`: those for individual applications."""
    return collection_of(call, POLICIES, _own_policies(call))


def get_policy(call: Call) -> Answer:
    """`GET /policies/appManagementPolicies/{id}`."""
    for policy in _own_policies(call):
        if policy["id"] == call.keys[0].value.lower():
            context = call.context("policies/appManagementPolicies/$entity")
            return Answer(200, {"@odata.context": context, **policy})
    raise not_found(call.keys[0].value)


def list_of_application(call: Call) -> Answer:
    """`GET /applications/{id}/appManagementPolicies`: the application's own policy, if it has one."""
    app = addressed(call, APPLICATION)
    # Reading applications and reading policies are both needed.
    if not call.may(*_READ_POLICIES):
        raise denied()
    return collection_of(call, POLICIES, _own_policies(call, app["id"]))


def _own_policies(call: Call, application: str | None = None) -> list[Object]:
    """The policies for individual applications, or that of the application with this object id."""
    policy = call.directory.app_management_policy or {}
    return [
        {
            "deletedDateTime": None,
            "description": None,
            **{name: value for name, value in item.items() if name != "appliesTo"},
            "restrictions": _restrictions_shown(call, item.get("restrictions")),
        }
        for item in policy.get("appManagementPolicies", ())
        if application is None or application in item.get("appliesTo", ())
    ]


def _restrictions_shown(call: Call, restrictions: Object | None) -> Object | None:
    """The restrictions of an application's own policy; only the beta version includes audiences."""
    if not restrictions or call.base.endswith("/beta"):
        return restrictions
    for_applications = restrictions.get("applicationRestrictions") or {}
    shown = {
        name: value for name, value in restrictions.items() if name not in ("audiences", "applicationRestrictions")
    }
    if for_applications:
        shown["applicationRestrictions"] = {
            name: value for name, value in for_applications.items() if name != "audiences"
        }
    return shown


def check_new_secret(call: Call, app: Object, start: datetime.datetime, end: datetime.datetime) -> None:
    """Raise GraphError 400 if the policy for `app` forbids a new secret or its lifetime.

    A generated secret is not a custom one, so `customPasswordAddition` does not forbid it.
    """
    for rule in _restrictions(call, app).get("passwordCredentials") or ():
        kind = rule.get("restrictionType")
        if not _binds(call, app, rule):
            continue
        if kind == "passwordAddition":
            raise GraphError(
                400,
                "CredentialTypeNotAllowedAsPerAppPolicy",
                "Credential type not allowed as per assigned policy.",
            )
        if kind == "passwordLifetime" and end - start > _duration(rule.get("maxLifetime")):
            raise GraphError(
                400,
                "CredentialInvalidLifetimeAsPerAppPolicy",
                "Credential lifetime exceeds the max value allowed as per assigned policy.",
            )


def check_audience(call: Call, app: Object) -> None:
    """Raise GraphError 400 if the policy forbids the sign-in audience, or an identifier URI has a foreign host."""
    audiences = _restrictions(call, app).get("audiences") or {}
    names = _AUDIENCE_RULES.get(app["signInAudience"], ())
    if app["signInAudience"] == _JOINT_AUDIENCE and call.world.settings.graph_joint_audience_is_multiple_orgs:
        names = ("azureAdMultipleOrgs", *names)
    for name in names:
        rule = audiences.get(name)
        if rule and _binds(call, app, rule):
            raise GraphError(
                400,
                "SignInAudienceNotAllowedAsPerAppPolicy",
                "The sign-in audience is not allowed as per assigned policy.",
            )
    for uri in app["identifierUris"]:
        host = urlsplit(uri).hostname or ""
        verified = any(host == domain or host.endswith(f".{domain}") for domain in call.tenant.domains)
        if urlsplit(uri).scheme == "https" and not verified:
            raise GraphError(
                400,
                "HostNameNotOnVerifiedDomain",
                "Values of identifierUris property must use a verified domain of the organization or its subdomain.",
            )


def _restrictions(call: Call, app: Object) -> dict[str, Any]:
    """The restrictions for this application, from its own policy if it has one; none if that is off.

    In an own policy, the restrictions for applications are one level deeper.
    """
    policy = call.directory.app_management_policy or {}
    for own in policy.get("appManagementPolicies", ()):
        if app["id"] in own.get("appliesTo", ()):
            if not own.get("isEnabled") and not call.world.settings.graph_own_policy_off_exempts:
                break
            found = (own.get("restrictions") or {}) if own.get("isEnabled") else {}
            return {**found, **(found.get("applicationRestrictions") or {})}
    return (policy.get("applicationRestrictions") or {}) if policy.get("isEnabled") else {}


def _binds(call: Call, app: Object, rule: dict[str, Any]) -> bool:
    """Whether a rule is in force for this application and this caller."""
    since, created = rule.get("restrictForAppsCreatedAfterDateTime"), app.get("createdDateTime")
    if rule.get("state", "enabled") != "enabled":
        return False
    if since and created and parse_time(created) < parse_time(since):
        return False
    return call.admin_override or not _is_exempt(call, rule)


def _is_exempt(call: Call, rule: dict[str, Any]) -> bool:
    """Whether the rule exempts the caller by one of its custom security attributes, named `Set_Attribute`."""
    actor = call.directory.service_principal_by_id(call.caller.object_id) or {}
    held = {
        f"{group}_{name}": value
        for group, values in (actor.get("customSecurityAttributes") or {}).items()
        for name, value in values.items()
    }
    for one in (rule.get("excludeActors") or {}).get("customSecurityAttributes") or ():
        value = held.get(one.get("id"))
        if value is not None and one.get("value") in (value if isinstance(value, list) else [value]):
            return True
    return False


def _duration(text: Any) -> datetime.timedelta:
    """An ISO 8601 duration such as `P180D`; a year counts 365 days, a month 30."""
    found = _DURATION.fullmatch(str(text))
    if found is None:
        return datetime.timedelta.max
    return datetime.timedelta(
        seconds=sum(int(count or 0) * seconds for count, seconds in zip(found.groups(), _SECONDS, strict=True))
    )
