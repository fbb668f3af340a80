# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An environment as the Power Platform admin API describes it (contract: BAP environments)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import seeded
from ..clock import graph_time
from ..clouds import api_twin

if TYPE_CHECKING:
    from ..world import Environment, World

_VERSION = "9.2.24092.00192"
#: The region of an environment, by the label in its host: Power Platform's and Azure's.
_REGIONS = {
    "crm": ("unitedstates", "westus"),
    "crm2": ("southamerica", "brazilsouth"),
    "crm3": ("canada", "canadacentral"),
    "crm4": ("europe", "westeurope"),
    "crm5": ("asia", "southeastasia"),
    "crm6": ("australia", "australiaeast"),
    "crm7": ("japan", "japaneast"),
    "crm8": ("india", "centralindia"),
    "crm9": ("usgov", "usgovvirginia"),
    "crm11": ("unitedkingdom", "uksouth"),
    "crm12": ("france", "francecentral"),
    "crm16": ("germany", "germanywestcentral"),
    "crm17": ("switzerland", "switzerlandnorth"),
    "crm19": ("norway", "norwayeast"),
}


def described(world: World, environment: Environment) -> dict[str, Any]:
    """The environment with all its properties."""
    tenant, identifier = environment.tenant, environment.id
    location, azure_region = _REGIONS.get(environment.region, ("unitedstates", "westus"))
    options = environment.spec.options
    admin = f"admin@{tenant.domain}"
    created = str(options.get("created", "2024-03-14T06:05:00Z"))
    # Storage is measured once a day.
    measured = world.clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "id": f"/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/{identifier}",
        "type": "Microsoft.BusinessAppPlatform/scopes/environments",
        "location": location,
        "name": identifier,
        "properties": {
            "tenantId": tenant.id,
            "azureRegion": azure_region,
            "displayName": options.get("display_name", environment.name),
            "createdTime": created,
            "createdBy": {
                "id": seeded.guid(world.seed, tenant.name, "admin"),
                "displayName": "Tenant Administrator",
                "email": admin,
                "type": "User",
                "tenantId": tenant.id,
                "userPrincipalName": admin,
            },
            "billingPolicy": {"id": ""},
            "lastModifiedTime": created,
            "provisioningState": "Succeeded",
            "creationType": "User",
            "environmentSku": options.get("sku", "Production"),
            "isDefault": bool(options.get("default", False)),
            "capacity": [
                {
                    "capacityType": kind,
                    "actualConsumption": consumed,
                    "ratedConsumption": consumed,
                    "capacityUnit": "MB",
                    "updatedOn": graph_time(measured),
                }
                for kind, consumed in (
                    ("Database", 1024.5),
                    ("File", 1187.25),
                    ("Log", 0.0),
                    ("FinOpsDatabase", 0.0),
                    ("FinOpsFile", 0.0),
                )
            ],
            "addons": [],
            "clientUris": {
                "admin": f"https://admin.powerplatform.microsoft.com/environments/environment/{identifier}/hub",
                "maker": f"https://make.powerapps.com/environments/{identifier}/home",
            },
            "runtimeEndpoints": {
                "microsoft.BusinessAppPlatform": f"https://{location}.{tenant.cloud.power_platform_host}",
                "microsoft.CommonDataModel": f"https://{location}.api.cds.microsoft.com",
                "microsoft.PowerApps": f"https://{location}.api.powerapps.com",
                "microsoft.PowerAppsAdvisor": f"https://{location}.api.advisor.powerapps.com",
                "microsoft.PowerVirtualAgents": f"https://powervamg.{location}.gateway.prod.island.powerapps.com",
                "microsoft.ApiManagement": f"https://management.{location.upper()}.azure-apihub.net",
                "microsoft.Flow": f"https://{location}.api.flow.microsoft.com",
            },
            "databaseType": "CommonDataService",
            "linkedEnvironmentMetadata": {
                "resourceId": environment.organization_id,
                "friendlyName": options.get("display_name", environment.name),
                "uniqueName": str(options.get("unique_name") or f"org{environment.organization_id[:8]}"),
                "domainName": environment.host.partition(".")[0],
                "version": _VERSION,
                "instanceUrl": f"{environment.url}/",
                "instanceApiUrl": f"https://{api_twin(environment.host)}",
                "baseLanguage": 1033,
                "instanceState": "Ready",
                "createdTime": created,
                "backgroundOperationsState": "Enabled",
                "scaleGroup": "SIMLIVESG001",
                "platformSku": "Standard",
                "schemaType": "Standard",
            },
            "trialScenarioType": "None",
            "notificationMetadata": {"state": "NotSpecified", "branding": "NotSpecific"},
            "retentionPeriod": "P7D",
            "states": {
                "management": {"id": "Ready"},
                "runtime": {
                    "runtimeReasonCode": "NotSpecified",
                    "requestedBy": {"displayName": "SYSTEM", "type": "NotSpecified"},
                    "id": "Enabled",
                },
            },
            "updateCadence": {"id": "Moderate"},
            "retentionDetails": {"retentionPeriod": "P7D", "backupsAvailableFromDateTime": created},
            "protectionStatus": {"keyManagedBy": "Microsoft"},
            "cluster": {
                "category": "Prod",
                "number": "101",
                "uriSuffix": "sim101.gateway.prod.island",
                "geoShortName": location[:2].upper(),
                "environment": "Prod",
            },
            "connectedGroups": [],
            "lifecycleOperationsEnforcement": {"allowedOperations": []},
            "governanceConfiguration": {"protectionLevel": "Basic"},
        },
    }
