# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of Graph's calls, with their permissions and handlers.

Permissions are application permissions on Microsoft Graph, least first; any one of them is enough (contract: least
privileged permissions). Handlers check further conditions, such as owning the application.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..directory.directory import APPLICATION, SERVICE_PRINCIPAL, USER
from . import (
    app_policies,
    app_roles,
    applications,
    federated_credentials,
    grants,
    licenses,
    organization,
    owners,
    passwords,
    properties,
    recycle_bin,
    service_principals,
    sign_in_policies,
    users,
)
from .call import Answer, Call, Key
from .schema import APPLICATIONS, SERVICE_PRINCIPALS, USERS

Handler = Callable[[Call], Answer]

_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
_READ_ORGANIZATION = (
    "Organization.Read.All",
    "Organization.ReadWrite.All",
    "User.Read.All",
    "User.ReadWrite.All",
    *_DIRECTORY,
)
_READ_DOMAINS = ("Domain.Read.All", *_DIRECTORY)
_READ_SKUS = ("LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", *_READ_ORGANIZATION[:2], *_DIRECTORY)
# Directory.ReadWrite.All allows reading applications, but not changing them.
_READ_APPS = ("Application.Read.All", "Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", *_DIRECTORY)
_WRITE_APPS = ("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All")
_CREATE_APPS = ("AppRegistration.Create", *_WRITE_APPS)
_READ_GRANTS = ("DelegatedPermissionGrant.Read.All", "DelegatedPermissionGrant.ReadWrite.All", *_DIRECTORY)
_WRITE_GRANTS = ("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All")
_ASSIGN_ROLES = ("AppRoleAssignment.ReadWrite.All",)
_READ_USERS = ("User.Read.All", "User.ReadWrite.All", *_DIRECTORY)
_CREATE_USERS = ("User.Create", "User.ReadWrite.All", "Directory.ReadWrite.All")
_UPDATE_USERS = (
    "User.ReadWrite.All",
    "User.EnableDisableAccount.All",
    "User-PasswordProfile.ReadWrite.All",
    "Directory.ReadWrite.All",
)
_DELETE_USERS = ("User.DeleteRestore.All", "User.ReadWrite.All")
_ASSIGN_LICENSES = ("LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
_READ_LICENSES = ("LicenseAssignment.Read.All", "LicenseAssignment.ReadWrite.All", *_READ_USERS)
_READ_POLICIES = ("Policy.Read.All", "Policy.ReadWrite.ApplicationConfiguration")
_READ_SIGN_IN_POLICIES = ("Policy.Read.All",)
_WRITE_SECURITY_DEFAULTS = ("Policy.ReadWrite.SecurityDefaults",)
_WRITE_CONDITIONAL_ACCESS = ("Policy.ReadWrite.ConditionalAccess",)
# It depends on the kind of the object in the bin; the handler checks it.
_BIN: tuple[str, ...] = ()


@dataclass(frozen=True)
class Route:
    """One kind of call: `pattern` is a path in which `{...}` is a key; `units` is its cost in the quota."""

    method: str
    pattern: str
    permissions: tuple[str, ...]
    handler: Handler
    units: int = 1

    @property
    def segments(self) -> tuple[str, ...]:
        """The pattern's segments."""
        return tuple(self.pattern.split("/"))


def _with_passwords(entity_set: str, kind: str) -> tuple[Route, ...]:
    one = f"{entity_set}/{{id}}"
    return (
        Route("POST", f"{one}/addPassword", _WRITE_APPS, passwords.add_password(kind)),
        Route("POST", f"{one}/removePassword", _WRITE_APPS, passwords.remove_password(kind)),
    )


def _with_owners(entity_set: str, kind: str) -> tuple[Route, ...]:
    one = f"{entity_set}/{{id}}"
    return (
        Route("GET", f"{one}/owners", _READ_APPS, owners.list_owners(kind)),
        Route("POST", f"{one}/owners/$ref", _WRITE_APPS, owners.add_owner(kind)),
        Route("DELETE", f"{one}/owners/{{id}}/$ref", _WRITE_APPS, owners.remove_owner(kind)),
    )


def _bin(kind: str) -> tuple[Route, ...]:
    path = f"directory/deletedItems/microsoft.graph.{kind}"
    return (
        Route("GET", path, _BIN, recycle_bin.list_deleted(kind)),
        Route("GET", f"{path}/$count", _BIN, recycle_bin.count_deleted(kind)),
    )


_DEFAULTS = "policies/identitySecurityDefaultsEnforcementPolicy"
_ACCESS = "identity/conditionalAccess/policies"
_FEDERATED = "applications/{id}/federatedIdentityCredentials"

ROUTES: tuple[Route, ...] = (
    Route("GET", "organization", _READ_ORGANIZATION, organization.list_organizations),
    Route("GET", "organization/{id}", _READ_ORGANIZATION, organization.get_organization),
    Route("GET", "domains", _READ_DOMAINS, organization.list_domains),
    Route("GET", "domains/{id}", _READ_DOMAINS, organization.get_domain),
    Route("GET", "subscribedSkus", _READ_SKUS, licenses.list_skus, units=3),
    Route("GET", "subscribedSkus/{id}", _READ_SKUS, licenses.get_sku, units=3),
    Route("GET", "applications", _READ_APPS, applications.list_applications, units=2),
    Route("GET", "applications/$count", _READ_APPS, applications.count_applications, units=2),
    Route("POST", "applications", _CREATE_APPS, applications.create_application),
    Route("GET", "applications/{id}", _READ_APPS, applications.get_application, units=2),
    Route("PATCH", "applications/{id}", _CREATE_APPS, applications.update_application),
    Route("DELETE", "applications/{id}", _WRITE_APPS, applications.delete_application),
    *_with_passwords("applications", APPLICATION),
    *_with_owners("applications", APPLICATION),
    Route("GET", "applications/{id}/appManagementPolicies", _READ_APPS, app_policies.list_of_application),
    Route("GET", _FEDERATED, _READ_APPS, federated_credentials.list_credentials),
    Route("POST", _FEDERATED, _WRITE_APPS, federated_credentials.create_credential),
    Route("GET", f"{_FEDERATED}/{{id}}", _READ_APPS, federated_credentials.get_credential),
    Route("PATCH", f"{_FEDERATED}/{{id}}", _WRITE_APPS, federated_credentials.update_credential),
    Route("DELETE", f"{_FEDERATED}/{{id}}", _WRITE_APPS, federated_credentials.delete_credential),
    Route("GET", "servicePrincipals", _READ_APPS, service_principals.list_service_principals, units=2),
    Route("GET", "servicePrincipals/$count", _READ_APPS, service_principals.count_service_principals, units=2),
    Route("POST", "servicePrincipals", _WRITE_APPS, service_principals.create_service_principal),
    Route("GET", "servicePrincipals/{id}", _READ_APPS, service_principals.get_service_principal, units=2),
    Route("PATCH", "servicePrincipals/{id}", _WRITE_APPS, service_principals.update_service_principal),
    Route("DELETE", "servicePrincipals/{id}", _WRITE_APPS, service_principals.delete_service_principal),
    *_with_passwords("servicePrincipals", SERVICE_PRINCIPAL),
    *_with_owners("servicePrincipals", SERVICE_PRINCIPAL),
    Route("GET", "servicePrincipals/{id}/oauth2PermissionGrants", _READ_GRANTS, grants.list_grants_of_client),
    Route("GET", "servicePrincipals/{id}/appRoleAssignments", _READ_APPS, app_roles.list_granted),
    Route("POST", "servicePrincipals/{id}/appRoleAssignments", _ASSIGN_ROLES, app_roles.create_assignment),
    Route("GET", "servicePrincipals/{id}/appRoleAssignments/{id}", _READ_APPS, app_roles.get_assignment),
    Route("DELETE", "servicePrincipals/{id}/appRoleAssignments/{id}", _ASSIGN_ROLES, app_roles.delete_assignment),
    Route("GET", "servicePrincipals/{id}/appRoleAssignedTo", _READ_APPS, app_roles.list_granted_to_others),
    Route("POST", "servicePrincipals/{id}/appRoleAssignedTo", _ASSIGN_ROLES, app_roles.create_assignment),
    Route("GET", "servicePrincipals/{id}/appRoleAssignedTo/{id}", _READ_APPS, app_roles.get_assignment),
    Route("DELETE", "servicePrincipals/{id}/appRoleAssignedTo/{id}", _ASSIGN_ROLES, app_roles.delete_assignment),
    Route("GET", "oauth2PermissionGrants", _READ_GRANTS, grants.list_grants),
    Route("POST", "oauth2PermissionGrants", _WRITE_GRANTS, grants.create_grant),
    Route("GET", "oauth2PermissionGrants/{id}", _READ_GRANTS, grants.get_grant),
    Route("PATCH", "oauth2PermissionGrants/{id}", _WRITE_GRANTS, grants.update_grant),
    Route("DELETE", "oauth2PermissionGrants/{id}", _WRITE_GRANTS, grants.delete_grant),
    *_bin(APPLICATION),
    *_bin(SERVICE_PRINCIPAL),
    *_bin(USER),
    Route("GET", "directory/deletedItems/{id}", _BIN, recycle_bin.get_deleted),
    Route("DELETE", "directory/deletedItems/{id}", _BIN, recycle_bin.purge),
    Route("POST", "directory/deletedItems/{id}/restore", _BIN, recycle_bin.restore),
    Route("GET", "policies/defaultAppManagementPolicy", _READ_POLICIES, app_policies.get_default),
    Route("GET", "policies/appManagementPolicies", _READ_POLICIES, app_policies.list_policies),
    Route("GET", "policies/appManagementPolicies/{id}", _READ_POLICIES, app_policies.get_policy),
    Route("GET", "users", _READ_USERS, users.list_users, units=2),
    Route("GET", "users/$count", _READ_USERS, users.count_users, units=2),
    Route("POST", "users", _CREATE_USERS, users.create_user),
    Route("GET", "users/{id}", _READ_USERS, users.get_user),
    Route("PATCH", "users/{id}", _UPDATE_USERS, users.update_user),
    Route("DELETE", "users/{id}", _DELETE_USERS, users.delete_user),
    Route("POST", "users/{id}/assignLicense", _ASSIGN_LICENSES, licenses.assign),
    Route("GET", "users/{id}/licenseDetails", _READ_LICENSES, licenses.list_details),
    Route("GET", "users/{id}/transitiveMemberOf", _READ_USERS, sign_in_policies.list_memberships),
    Route("GET", _DEFAULTS, _READ_SIGN_IN_POLICIES, sign_in_policies.get_security_defaults),
    Route("PATCH", _DEFAULTS, _WRITE_SECURITY_DEFAULTS, sign_in_policies.set_security_defaults),
    Route("GET", _ACCESS, _READ_SIGN_IN_POLICIES, sign_in_policies.list_conditional_access),
    Route("POST", _ACCESS, _WRITE_CONDITIONAL_ACCESS, sign_in_policies.create_conditional_access),
    Route("GET", "me", (), users.get_me),
)


#: A path of this shape that no route has: one property of an object.
PROPERTY_ROUTES: tuple[Route, ...] = (
    Route("GET", "applications/{id}/{id}", _READ_APPS, properties.get_property(APPLICATION, APPLICATIONS), units=2),
    Route(
        "GET",
        "servicePrincipals/{id}/{id}",
        _READ_APPS,
        properties.get_property(SERVICE_PRINCIPAL, SERVICE_PRINCIPALS),
        units=2,
    ),
    Route("GET", "users/{id}/{id}", _READ_USERS, properties.get_property(USER, USERS)),
)


class Table:
    """The routes, found by the shape of the path."""

    def __init__(self, routes: tuple[Route, ...], properties: tuple[Route, ...]) -> None:
        self._properties = properties
        self._by_shape: dict[tuple[int, str], list[tuple[Route, tuple[str, ...]]]] = {}
        for route in routes:
            segments = route.segments
            self._by_shape.setdefault((len(segments), segments[0]), []).append((route, segments))

    def find(self, method: str, segments: list[str | Key]) -> tuple[Route | None, tuple[Key, ...], bool]:
        """The route, the keys in the path, and whether the path exists at all with some method."""
        path_exists = False
        if not segments or isinstance(segments[0], Key):
            return None, (), False
        for route, pattern in self._by_shape.get((len(segments), segments[0]), ()):
            keys = _match(pattern, segments)
            if keys is None:
                continue
            path_exists = True
            if route.method == method:
                return route, keys, True
        for route in () if path_exists else self._properties:
            if route.method == method and len(segments) == len(route.segments) and route.segments[0] == segments[0]:
                keys = _match(route.segments, segments)
                if keys is not None:
                    return route, keys, True
        return None, (), path_exists


def _match(pattern: tuple[str, ...], segments: list[str | Key]) -> tuple[Key, ...] | None:
    keys: list[Key] = []
    for wanted, segment in zip(pattern, segments, strict=True):
        if wanted.startswith("{"):
            if isinstance(segment, str) and segment.startswith(("$", "microsoft.graph.")):
                return None
            keys.append(segment if isinstance(segment, Key) else Key("id", segment))
        elif wanted != segment:
            return None
    return tuple(keys)


TABLE = Table(ROUTES, PROPERTY_ROUTES)
