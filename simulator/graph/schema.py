# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of each Graph collection and their supported query options."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..odata.model import Kind, Navigation, Property, Row

# Audiences with personal accounts: such an application needs version 2 tokens and has at most two secrets.
PERSONAL_AUDIENCES = frozenset({"AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"})
# Filters that need no advanced query: comparison with eq, and startswith if the property supports it.
EQ = frozenset({"eq"})
EQ_STARTS = frozenset({"eq", "startswith"})
# Additional operators with ConsistencyLevel: eventual and $count=true (contract: lists).
ADVANCED = frozenset({"ne", "not", "endswith", "ge", "le", "gt", "lt"})


@dataclass(frozen=True)
class Collection:
    """The type behind one entity set, as queries and answers see it."""

    name: str  # of the entity set, as in contexts
    type_name: str
    filters: dict[str, tuple[Kind, frozenset[str]]] = field(default_factory=dict)  # property: its kind, its operators
    orderable: frozenset[str] = frozenset()
    searchable: frozenset[str] = frozenset()
    expandable: frozenset[str] = frozenset()
    default_properties: tuple[str, ...] = ()  # properties without $select; all if empty
    only_selected: frozenset[str] = frozenset()  # only returned if $select names them
    pageable: bool = True
    advanced: bool = True  # whether advanced queries are supported

    @property
    def resource(self) -> str:
        """The name of the type in messages, such as `ServicePrincipal`."""
        name = self.type_name.rpartition(".")[2]
        return name[0].upper() + name[1:]

    def property(self, name: str) -> Property | None:
        """The filterable property of that name; primitive collections are handled by `navigation`."""
        if name not in self.filters or self.filters[name][0] == "complex":
            return None
        return Property(name, self.filters[name][0])

    def navigation(self, name: str) -> Navigation | None:
        """A collection of plain values is treated like rows with one property."""
        if name in self.filters and self.filters[name][0] == "complex":
            return Navigation(name, f"{self.name}/{name}", collection=True)
        return None

    def value_property(self, navigation: str) -> str | None:
        """Graph has no such shorthand."""
        return None


class PlainValues:
    """The "type" of a collection of plain values or of small objects, inside `any(x:x eq 'y')`."""

    type_name = "Edm.String"

    def property(self, name: str) -> Property | None:
        """Every name is a property of the object, or the value itself if it is the variable's name."""
        return Property(name, "string")

    def navigation(self, name: str) -> Navigation | None:
        """Plain values have no navigation properties."""
        return None

    def value_property(self, navigation: str) -> str | None:
        """Plain values have no navigation properties."""
        return None


class ValueRow(dict[str, Any]):
    """A plain value as a row: every property returns the value itself."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self._value = value

    def get(self, key: Any, default: Any = None) -> Any:
        """The value."""
        return self._value


class GraphModel:
    """Related rows of Graph's filters: only collections of values inside an object."""

    def entity_type(self, name: str) -> PlainValues:
        """The type of a collection's values."""
        return PlainValues()

    def related(self, entity: Any, row: Row, navigation: Navigation) -> Iterable[Row]:
        """The values of the collection `navigation`."""
        for value in row.get(navigation.name) or ():
            yield value if isinstance(value, dict) else ValueRow(value)


_TEXTS: tuple[Kind, frozenset[str]] = ("complex", EQ)
_TEXT: tuple[Kind, frozenset[str]] = ("string", EQ)
_NAME: tuple[Kind, frozenset[str]] = ("string", EQ_STARTS)
_FLAG: tuple[Kind, frozenset[str]] = ("bool", EQ)
_TIME: tuple[Kind, frozenset[str]] = ("datetime", frozenset({"eq", "ge", "le", "gt", "lt"}))

APPLICATIONS = Collection(
    name="applications",
    type_name="microsoft.graph.application",
    filters={
        "id": _TEXT,
        "appId": _TEXT,
        "displayName": _NAME,
        "createdDateTime": _TIME,
        "deletedDateTime": _TIME,
        "description": _NAME,
        "identifierUris": _TEXTS,
        "publisherDomain": _NAME,
        "signInAudience": _NAME,
        "tags": _TEXTS,
    },
    orderable=frozenset({"displayName", "createdDateTime", "deletedDateTime"}),
    searchable=frozenset({"displayName", "description", "appId"}),
    expandable=frozenset({"owners"}),
    only_selected=frozenset({"authenticationBehaviors", "managerApplications"}),
)
SERVICE_PRINCIPALS = Collection(
    name="servicePrincipals",
    type_name="microsoft.graph.servicePrincipal",
    filters={
        "id": _TEXT,
        "accountEnabled": _FLAG,
        "appId": _TEXT,
        "appOwnerOrganizationId": _TEXT,
        "deletedDateTime": _TIME,
        "displayName": _NAME,
        "servicePrincipalNames": _TEXTS,
        "servicePrincipalType": _TEXT,
        "tags": _TEXTS,
    },
    orderable=frozenset({"displayName", "deletedDateTime"}),
    searchable=frozenset({"displayName", "description"}),
    expandable=frozenset({"owners", "appRoleAssignments", "oauth2PermissionGrants"}),
    only_selected=frozenset({"customSecurityAttributes"}),
)
USERS = Collection(
    name="users",
    type_name="microsoft.graph.user",
    filters={
        "id": _TEXT,
        "accountEnabled": _FLAG,
        "createdDateTime": _TIME,
        "deletedDateTime": _TIME,
        "displayName": _NAME,
        "givenName": _NAME,
        "mail": _NAME,
        "mailNickname": _NAME,
        "surname": _NAME,
        "usageLocation": _TEXT,
        "userPrincipalName": _NAME,
        "userType": _TEXT,
    },
    orderable=frozenset({"displayName", "userPrincipalName", "createdDateTime", "deletedDateTime"}),
    searchable=frozenset({"displayName", "mail", "userPrincipalName"}),
    default_properties=(
        "id",
        "businessPhones",
        "displayName",
        "givenName",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    ),
)
GRANTS = Collection(
    name="oauth2PermissionGrants",
    type_name="microsoft.graph.oAuth2PermissionGrant",
    filters={"clientId": _TEXT, "consentType": _TEXT, "principalId": _TEXT, "resourceId": _TEXT},
    advanced=False,
)
ROLE_ASSIGNMENTS = Collection(
    name="appRoleAssignments",
    type_name="microsoft.graph.appRoleAssignment",
    filters={"appRoleId": ("guid", EQ), "principalId": ("guid", EQ), "resourceId": ("guid", EQ)},
    advanced=False,
)
DIRECTORY_OBJECTS = Collection(name="directoryObjects", type_name="microsoft.graph.directoryObject")
FEDERATED_CREDENTIALS = Collection(
    name="federatedIdentityCredentials",
    type_name="microsoft.graph.federatedIdentityCredential",
    filters={"name": _TEXT, "issuer": _TEXT, "subject": _TEXT},
    advanced=False,
)
ORGANIZATION = Collection(name="organization", type_name="microsoft.graph.organization", pageable=False, advanced=False)
DOMAINS = Collection(name="domains", type_name="microsoft.graph.domain", pageable=False, advanced=False)
SKUS = Collection(name="subscribedSkus", type_name="microsoft.graph.subscribedSku", pageable=False, advanced=False)
LICENSE_DETAILS = Collection(
    name="licenseDetails", type_name="microsoft.graph.licenseDetails", pageable=False, advanced=False
)
CONDITIONAL_ACCESS = Collection(
    name="identity/conditionalAccess/policies",
    type_name="microsoft.graph.conditionalAccessPolicy",
    filters={"displayName": _TEXT, "state": _TEXT},
    pageable=False,
    advanced=False,
)
POLICIES = Collection(
    name="policies/appManagementPolicies",
    type_name="microsoft.graph.appManagementPolicy",
    pageable=False,
    advanced=False,
)
