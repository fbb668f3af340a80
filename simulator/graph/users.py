# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, as far as "Office 365" authentication needs them (contract: users)."""

from __future__ import annotations

import re
from typing import Any

from ..clock import graph_time
from ..directory import shapes
from ..directory.directory import SERVICE_PRINCIPAL, USER
from ..directory.store import Object, View
from . import payload
from .addressing import addressed, editable, in_use
from .call import Answer, Call
from .errors import GraphError, bad_request, denied
from .query import collection_of, counted, entity, list_view
from .schema import USERS

_WRITABLE: dict[str, type] = {
    "accountEnabled": bool,
    "businessPhones": list,
    "city": str,
    "companyName": str,
    "country": str,
    "department": str,
    "displayName": str,
    "employeeId": str,
    "givenName": str,
    "jobTitle": str,
    "mail": str,
    "mailNickname": str,
    "mobilePhone": str,
    "officeLocation": str,
    "otherMails": list,
    "passwordPolicies": str,
    "passwordProfile": dict,
    "postalCode": str,
    "preferredLanguage": str,
    "state": str,
    "streetAddress": str,
    "surname": str,
    "usageLocation": str,
    "userPrincipalName": str,
    "userType": str,
}
_READ_ONLY = frozenset(
    {
        "id",
        "assignedLicenses",
        "assignedPlans",
        "createdDateTime",
        "deletedDateTime",
        "lastPasswordChangeDateTime",
        "licenseAssignmentStates",
        "onPremisesSyncEnabled",
    }
)
_REQUIRED = ("accountEnabled", "displayName", "mailNickname", "userPrincipalName", "passwordProfile")
_POLICIES = frozenset({"None", "DisablePasswordExpiration", "DisableStrongPassword"})
_CHARACTER_CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^a-zA-Z0-9]")
_READ_WRITE_ALL = ("User.ReadWrite.All", "Directory.ReadWrite.All")
_PASSWORD_ROLES = frozenset({"User Administrator", "Privileged Authentication Administrator", "Global Administrator"})
_STRONG_PASSWORD_ROLES = frozenset({"Privileged Authentication Administrator", "Global Administrator"})


def list_users(call: Call) -> Answer:
    """`GET /users`."""
    return collection_of(call, USERS, in_use(call, USER, list_view(call)))


def count_users(call: Call) -> Answer:
    """`GET /users/$count`."""
    return counted(call, USERS, in_use(call, USER, View.SEARCH))


def get_user(call: Call) -> Answer:
    """`GET /users/{id or user principal name}`."""
    return entity(call, USERS, addressed(call, USER))


def get_me(call: Call) -> Answer:
    """`GET /me`: for people only."""
    if not call.caller.is_user:
        raise bad_request("/me request is only valid with delegated authentication flow.")
    user = call.directory.user_by_id(call.caller.object_id)
    assert user is not None  # the caller's existence was already checked
    return entity(call, USERS, user)


def create_user(call: Call) -> Answer:
    """`POST /users`: 201. Creating a user includes setting the first password."""
    body = call.json_object()
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    payload.require(body, _REQUIRED, "User")
    name = body["userPrincipalName"]
    user = shapes.new_user(call.world.new_guid(), name, body["displayName"], graph_time(call.world.clock.now()))
    _check_name(call, name)
    _take_over(call, user, body)
    if user["_password"] is None:
        raise bad_request(
            "A password must be specified to create a new user.", code="MissingValue", target="passwordProfile"
        )
    call.directory.store.put(USER, user)
    return entity(call, USERS, user, status=201)


def update_user(call: Call) -> Answer:
    """`PATCH /users/{id}`: 204, or 403 for the whole request if one part is not allowed."""
    user, body = editable(call, USER), call.json_object()
    payload.check_properties(body, _WRITABLE, _READ_ONLY)
    _check_may_update(call, user, body)
    if "userPrincipalName" in body and body["userPrincipalName"].lower() != user["userPrincipalName"].lower():
        _check_name(call, body["userPrincipalName"])
    _take_over(call, user, body)
    call.directory.store.put(USER, user)
    return Answer(204)


def delete_user(call: Call) -> Answer:
    """`DELETE /users/{id}`: moves it to the recycle bin."""
    user = editable(call, USER)
    moment = graph_time(call.world.clock.now())
    name = user["userPrincipalName"]
    if call.world.settings.graph_deleted_users_renamed:
        name = f"{_prefix(user)}{name}"
    call.directory.store.put(USER, {**user, "userPrincipalName": name, "deletedDateTime": moment})
    return Answer(204)


def name_in_use(user: Object) -> str:
    """The name that a deleted user has once it is restored."""
    name: str = user["userPrincipalName"]
    return name.removeprefix(_prefix(user))


def _prefix(user: Object) -> str:
    return str(user["id"]).replace("-", "")


def _check_may_update(call: Call, user: Object, body: dict[str, Any]) -> None:
    if call.admin_override:
        return
    if "passwordProfile" in body and not _may_reset_password(call, user):
        raise denied()
    if "accountEnabled" in body and not call.may("User.EnableDisableAccount.All", "User.ReadWrite.All"):
        raise denied()
    if set(body) - {"passwordProfile", "accountEnabled"} and not call.may(*_READ_WRITE_ALL):
        raise denied()


def _may_reset_password(call: Call, user: Object) -> bool:
    """The permission alone is not enough: the calling service principal also needs a directory role."""
    if not call.may("User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All"):
        return False
    caller = call.directory.store.get(SERVICE_PRINCIPAL, call.caller.object_id)
    roles = set(caller.get("_directory_roles", ()) if caller else ())
    return bool(roles & (_STRONG_PASSWORD_ROLES if user["_directory_roles"] else _PASSWORD_ROLES))


def _check_name(call: Call, name: str) -> None:
    local, at, domain = name.partition("@")
    if not local or not at or domain.lower() not in {item.lower() for item in call.tenant.domains}:
        raise bad_request(
            "The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain "
            "names in your organization.",
            code="InvalidValue",
            target="userPrincipalName",
        )
    other = call.directory.user_by_principal_name(name)
    if other is not None:
        message = "Another object with the same value for property userPrincipalName already exists."
        raise GraphError(
            400,
            "Request_BadRequest",
            message,
            details=[
                {"code": "ObjectConflict", "message": message, "target": "userPrincipalName"},
                {"code": "ConflictingObjects", "message": "The conflicting object.", "target": f"User_{other['id']}"},
            ],
        )


def _take_over(call: Call, user: Object, body: dict[str, Any]) -> None:
    policies = {piece.strip() for piece in (body.get("passwordPolicies") or "None").split(",")}
    if not policies <= _POLICIES:
        raise _invalid("passwordPolicies")
    location = body.get("usageLocation")
    if location is not None and not re.fullmatch("[A-Za-z]{2}", location):
        raise _invalid("usageLocation")
    if location is not None and location != user["usageLocation"]:
        user["_usage_location_usable_from"] = call.now + call.world.settings.usage_location_seconds
    if "passwordProfile" in body:
        _set_password(call, user, body["passwordProfile"] or {}, weak_allowed="DisableStrongPassword" in policies)
    payload.merge(user, {name: value for name, value in body.items() if name != "passwordProfile"})


def _set_password(call: Call, user: Object, profile: dict[str, Any], *, weak_allowed: bool) -> None:
    password = profile.get("password")
    if password is not None:
        _check_password(password, user, weak_allowed=weak_allowed)
        user["_password"] = password
        user["lastPasswordChangeDateTime"] = graph_time(call.world.clock.now())
        # A password that another user sets must be changed at the first sign-in by default.
        user["_must_change_password"] = True
    if "forceChangePasswordNextSignIn" in profile:
        user["_must_change_password"] = bool(profile["forceChangePasswordNextSignIn"])


def _check_password(password: Any, user: Object, *, weak_allowed: bool) -> None:
    strong = isinstance(password, str) and 8 <= len(password) <= 256
    if strong and not weak_allowed:
        classes = sum(1 for pattern in _CHARACTER_CLASSES if re.search(pattern, password))
        local = user["userPrincipalName"].partition("@")[0].lower()
        strong = classes >= 3 and local not in password.lower()
    if not strong:
        raise bad_request(
            "The specified password does not comply with password complexity requirements. Please provide a different "
            "password.",
            code="PasswordComplexity",
            target="passwordProfile",
        )


def _invalid(target: str) -> GraphError:
    return bad_request(
        f"Invalid value specified for property '{target}' of resource 'User'.", code="InvalidValue", target=target
    )
