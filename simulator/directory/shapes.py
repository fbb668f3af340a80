# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The properties of new directory objects, in the service's order and spelling."""

from __future__ import annotations

from typing import Any

from .store import Object


def new_application(object_id: str, app_id: str, created: str, publisher_domain: str, display_name: str) -> Object:
    """An application with only a name (contract: create an application)."""
    return {
        "id": object_id,
        "deletedDateTime": None,
        "appId": app_id,
        "applicationTemplateId": None,
        "disabledByMicrosoftStatus": None,
        "isDisabled": None,
        "createdDateTime": created,
        "createdByAppId": None,
        "authenticationBehaviors": None,
        "managerApplications": [],
        "nativeAuthenticationApisEnabled": None,
        "oauth2RequirePostResponse": False,
        "displayName": display_name,
        "description": None,
        "groupMembershipClaims": None,
        "identifierUris": [],
        "isDeviceOnlyAuthSupported": None,
        "isFallbackPublicClient": None,
        "notes": None,
        "publisherDomain": publisher_domain,
        "serviceManagementReference": None,
        "signInAudience": "AzureADMyOrg",
        "tags": [],
        "tokenEncryptionKeyId": None,
        "uniqueName": None,
        "samlMetadataUrl": None,
        "optionalClaims": None,
        "certification": None,
        "defaultRedirectUri": None,
        "requestSignatureVerification": None,
        "servicePrincipalLockConfiguration": None,
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        "addIns": [],
        "api": {
            "acceptMappedClaims": None,
            "knownClientApplications": [],
            "requestedAccessTokenVersion": None,
            "oauth2PermissionScopes": [],
            "preAuthorizedApplications": [],
        },
        "appRoles": [],
        "info": {
            "logoUrl": None,
            "marketingUrl": None,
            "privacyStatementUrl": None,
            "supportUrl": None,
            "termsOfServiceUrl": None,
        },
        "keyCredentials": [],
        "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
        "passwordCredentials": [],
        "publicClient": {"redirectUris": []},
        "requiredResourceAccess": [],
        "web": {
            "homePageUrl": None,
            "logoutUrl": None,
            "redirectUris": [],
            "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
            "redirectUriSettings": [],
        },
        "spa": {"redirectUris": []},
        "_federated": [],
        "_owners": [],
    }


def new_service_principal(
    object_id: str, app_id: str, display_name: str, owner_tenant_id: str, application: Object | None = None
) -> Object:
    """The service principal of an application; shared properties are copied from `application`."""
    source: dict[str, Any] = application or {}
    return {
        "id": object_id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "alternativeNames": [],
        "appDisplayName": display_name,
        "appDescription": source.get("description"),
        "appId": app_id,
        "applicationTemplateId": None,
        "appOwnerOrganizationId": owner_tenant_id,
        "appRoleAssignmentRequired": False,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "isDisabled": None,
        "createdByAppId": None,
        "customSecurityAttributes": None,
        "displayName": display_name,
        "homepage": None,
        "loginUrl": None,
        "logoutUrl": None,
        "notes": None,
        "notificationEmailAddresses": [],
        "preferredSingleSignOnMode": None,
        "preferredTokenSigningKeyThumbprint": None,
        "replyUrls": list(source.get("web", {}).get("redirectUris", [])),
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application",
        "signInAudience": source.get("signInAudience", "AzureADMultipleOrgs"),
        "tags": [],
        "tokenEncryptionKeyId": None,
        "samlSingleSignOnSettings": None,
        "addIns": [],
        "appRoles": [],
        "info": dict(source.get("info", {})) or None,
        "keyCredentials": [],
        "oauth2PermissionScopes": [],
        "passwordCredentials": [],
        "resourceSpecificApplicationPermissions": [],
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        "_owners": [],
    }


def new_user(object_id: str, user_principal_name: str, display_name: str, created: str) -> Object:
    """A user with only a name. Properties with `_` are internal and never returned."""
    return {
        "id": object_id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "assignedLicenses": [],
        "assignedPlans": [],
        "businessPhones": [],
        "city": None,
        "companyName": None,
        "country": None,
        "createdDateTime": created,
        "department": None,
        "displayName": display_name,
        "employeeId": None,
        "givenName": None,
        "jobTitle": None,
        "lastPasswordChangeDateTime": created,
        "licenseAssignmentStates": [],
        "mail": None,
        "mailNickname": user_principal_name.partition("@")[0],
        "mobilePhone": None,
        "officeLocation": None,
        "onPremisesSyncEnabled": None,
        "otherMails": [],
        "passwordPolicies": None,
        "passwordProfile": None,
        "postalCode": None,
        "preferredLanguage": None,
        "state": None,
        "streetAddress": None,
        "surname": None,
        "usageLocation": None,
        "userPrincipalName": user_principal_name,
        "userType": "Member",
        "_password": None,
        "_must_change_password": False,
        "_usage_location_usable_from": 0.0,
        "_directory_roles": [],
    }
