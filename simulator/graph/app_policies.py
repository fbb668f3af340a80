# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""App-management policies: what a tenant's administrators forbid for the credentials of applications."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ..clock import parse_time
from ..directory.store import Object
from .call import Answer, Call
from .errors import GraphError, not_found
from .query import collection_of
from .schema import POLICIES

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_SECONDS = (365 * 86400, 30 * 86400, 7 * 86400, 86400, 3600, 60, 1)
_NIL = "00000000-0000-0000-0000-000000000000"


def get_default(call: Call) -> Answer:
    """``GET /policies/defaultAppManagementPolicy``."""
    policy = call.directory.app_management_policy or {}
    body = {
        "@odata.context": call.context("policies/defaultAppManagementPolicy/$entity"),
        "id": _NIL,
        "deletedDateTime": None,
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service "
        "principals. To apply policy to targeted resources, create a new policy under appManagementPolicies "
        "collection.",
        "isEnabled": bool(policy.get("isEnabled", False)),
        "applicationRestrictions": policy.get("applicationRestrictions")
        or {"passwordCredentials": [], "keyCredentials": []},
        "servicePrincipalRestrictions": policy.get("servicePrincipalRestrictions")
        or {"passwordCredentials": [], "keyCredentials": []},
    }
    return Answer(200, body)


def list_policies(call: Call) -> Answer:
    """``GET /policies/appManagementPolicies``: those for single applications."""
    return collection_of(call, POLICIES, _own_policies(call))


def get_policy(call: Call) -> Answer:
    """``GET /policies/appManagementPolicies/{id}``."""
    for policy in _own_policies(call):
        if policy["id"] == call.keys[0].value.lower():
            context = call.context("policies/appManagementPolicies/$entity")
            return Answer(200, {"@odata.context": context, **policy})
    raise not_found(call.keys[0].value)


def _own_policies(call: Call) -> list[Object]:
    policy = call.directory.app_management_policy or {}
    return [
        {
            "deletedDateTime": None,
            "description": None,
            **{name: value for name, value in item.items() if name != "appliesTo"},
        }
        for item in policy.get("appManagementPolicies", ())
    ]


def check_new_secret(call: Call, app: Object, start: datetime.datetime, end: datetime.datetime) -> None:
    """Raise GraphError 400 when the policy for ``app`` forbids a new secret, or one that lives so long."""
    for rule in _rules(call, app):
        kind = rule.get("restrictionType")
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
    """Raise GraphError 400 when the policy forbids the sign-in audience, or an identifier URI has a foreign host."""
    policy = call.directory.app_management_policy or {}
    audiences = (policy.get("applicationRestrictions") or {}).get("audiences") or {}
    allowed = audiences.get("allowedSignInAudiences")
    if policy.get("isEnabled") and allowed is not None and app["signInAudience"] not in allowed:
        raise GraphError(
            400, "SignInAudienceNotAllowedAsPerAppPolicy", "The sign-in audience is not allowed as per assigned policy."
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


def _rules(call: Call, app: Object) -> Iterator[dict[str, Any]]:
    """The enabled rules on secrets that bind this caller and this application."""
    policy = call.directory.app_management_policy or {}
    own = next(
        (item for item in policy.get("appManagementPolicies", ()) if app["id"] in item.get("appliesTo", ())), None
    )
    restrictions = policy.get("applicationRestrictions") if own is None else own.get("restrictions")
    if not (policy if own is None else own).get("isEnabled"):
        return
    for rule in (restrictions or {}).get("passwordCredentials") or ():
        since = rule.get("restrictForAppsCreatedAfterDateTime")
        created = app.get("createdDateTime")
        if rule.get("state", "enabled") != "enabled":
            continue
        if since and created and parse_time(created) < parse_time(since):
            continue
        if not call.as_god and call.caller.app_id in _excluded(rule):
            continue
        yield rule


def _excluded(rule: dict[str, Any]) -> list[str]:
    exempt = (rule.get("excludeActors") or {}).get("customSecurityAttributes") or []
    return [str(item.get("value")) for item in exempt if isinstance(item, dict)]


def _duration(text: Any) -> datetime.timedelta:
    """An ISO 8601 duration such as ``P180D``; a year counts 365 days, a month 30."""
    found = _DURATION.fullmatch(str(text))
    if found is None:
        return datetime.timedelta.max
    return datetime.timedelta(
        seconds=sum(int(count or 0) * seconds for count, seconds in zip(found.groups(), _SECONDS, strict=True))
    )
