# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tenant itself and its domains."""

from __future__ import annotations

from typing import Any

from ..world import Tenant
from .call import Answer, Call
from .errors import not_found
from .query import collection_of, entity
from .schema import DOMAINS, ORGANIZATION

_DEFAULT_NOTIFICATION_DAYS = 14


def list_organizations(call: Call) -> Answer:
    """`GET /organization`: always only the tenant."""
    return collection_of(call, ORGANIZATION, [_organization(call.tenant)])


def get_organization(call: Call) -> Answer:
    """`GET /organization/{id}`."""
    if call.keys[0].value.lower() != call.tenant.id:
        raise not_found(call.keys[0].value)
    return entity(call, ORGANIZATION, _organization(call.tenant))


def list_domains(call: Call) -> Answer:
    """`GET /domains`."""
    return collection_of(call, DOMAINS, [_domain(call.tenant, name) for name in call.tenant.domains])


def get_domain(call: Call) -> Answer:
    """`GET /domains/{name}`: the key is the DNS name."""
    for name in call.tenant.domains:
        if name.lower() == call.keys[0].value.lower():
            return entity(call, DOMAINS, _domain(call.tenant, name))
    raise not_found(call.keys[0].value)


def _organization(tenant: Tenant) -> dict[str, Any]:
    return {
        "id": tenant.id,
        "deletedDateTime": None,
        "businessPhones": [],
        "city": None,
        "country": None,
        "countryLetterCode": tenant.spec.country,
        "defaultUsageLocation": tenant.spec.country,
        "mobileDeviceManagementAuthority": "unknown",
        "partnerTenantType": None,
        "createdDateTime": "2020-03-30T08:00:00Z",
        "displayName": tenant.spec.display_name,
        "marketingNotificationEmails": [],
        "onPremisesLastSyncDateTime": None,
        "onPremisesSyncEnabled": None,
        "postalCode": None,
        "preferredLanguage": "en",
        "privacyProfile": None,
        "securityComplianceNotificationMails": [],
        "securityComplianceNotificationPhones": [],
        "state": None,
        "street": None,
        "technicalNotificationMails": [f"admin@{tenant.domain}"],
        "tenantType": "AAD",
        "assignedPlans": [],
        "provisionedPlans": [],
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": name == tenant.domains[-1],
                "isInitial": name == tenant.domain,
                "name": name,
                "type": "Managed",
            }
            for name in tenant.domains
        ],
    }


def _domain(tenant: Tenant, name: str) -> dict[str, Any]:
    return {
        "id": name,
        "authenticationType": "Managed",
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": name == tenant.domains[-1],
        "isInitial": name == tenant.domain,
        "isRoot": True,
        "isVerified": True,
        "manufacturer": None,
        "model": None,
        "passwordNotificationWindowInDays": _DEFAULT_NOTIFICATION_DAYS,
        "passwordValidityPeriodInDays": tenant.spec.password_validity_days,
        "state": None,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
    }
