# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Microsoft's own applications in every directory, and the application permissions of Microsoft Graph."""

from __future__ import annotations

from .. import seeded

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
DYNAMICS_CRM_APP_ID = "00000007-0000-0000-c000-000000000000"
POWER_APPS_APP_ID = "475226c6-020e-4fb2-8a90-7a972cbfc1d4"
MICROSOFT_SERVICES_TENANT_ID = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
USER_IMPERSONATION_SCOPE_ID = "78ce3f0f-a1ce-49c2-8cde-64b5c0896db4"

_KNOWN_ROLE_IDS = {
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "DelegatedPermissionGrant.Read.All": "81b4724a-58aa-41c1-8a55-84ef97466587",
    "DelegatedPermissionGrant.ReadWrite.All": "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Domain.Read.All": "dbb9058a-0e50-45d7-ae91-66909b5d4664",
    "LicenseAssignment.Read.All": "e2f98668-2877-4f38-a2f4-8202e0717aa1",
    "LicenseAssignment.ReadWrite.All": "5facf0c1-8979-4e95-abcf-ff3d079771c0",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    "Organization.ReadWrite.All": "292d869f-3427-49a8-9dab-8c70152b74e9",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Policy.ReadWrite.ApplicationConfiguration": "be74164b-cff1-491c-8741-e671cb536e13",
    "Policy.ReadWrite.ConditionalAccess": "01c0a623-fc9b-48e9-b794-0756f8e8f067",
    "Policy.ReadWrite.SecurityDefaults": "1c6e93a6-28e2-4cbb-9f64-1a46a821124d",
    "RoleManagement.Read.Directory": "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    "User-PasswordProfile.ReadWrite.All": "cc117bb9-00cf-4eb8-b580-ea2a878fe8f7",
    "User.Create": "4240f680-4f73-4082-a766-aa916a2dc9b3",
    "User.DeleteRestore.All": "eccc023d-eccf-4e7b-9683-8813ab36cecc",
    "User.EnableDisableAccount.All": "3011c876-62b7-4ada-afa2-506cbbecc68c",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
}
# Not in any list of ids; clients look ids up by value, so any stable id works.
_OTHER_ROLES = ("AppRegistration.Create",)

GRAPH_ROLE_IDS: dict[str, str] = {
    **_KNOWN_ROLE_IDS,
    **{value: seeded.guid("microsoft graph", "appRole", value) for value in _OTHER_ROLES},
}
GRAPH_ROLE_NAMES: dict[str, str] = {role_id: value for value, role_id in GRAPH_ROLE_IDS.items()}

# Templates of the directory's own roles, which tokens contain; any stable id works for the others.
_DIRECTORY_ROLE_IDS = {
    "Dynamics 365 Administrator": "44367163-eba1-44c3-98af-f5787879f96a",
    "Global Administrator": "62e90394-69f5-4237-9190-012177145e10",
    "Power Platform Administrator": "11648597-926c-4cf3-9c36-bcebb0ba8dcc",
    "Privileged Authentication Administrator": "7be44c8a-adaf-4e2a-84d6-ab2649e08a13",
    "User Administrator": "fe930be7-5e62-47db-91af-98c3a49a38b1",
}
NO_DIRECTORY_ROLE_ID = "0997a1d0-0d1d-4acb-b408-d5ca73121e90"


def directory_role_id(name: str) -> str:
    """The template id of a role of the directory."""
    return _DIRECTORY_ROLE_IDS.get(name, seeded.guid("directory role template", name))


GRAPH_APP_ROLES: list[dict[str, object]] = [
    {
        "allowedMemberTypes": ["Application"],
        "description": f"Allows the app {value} without a signed-in user.",
        "displayName": value,
        "id": role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": value,
    }
    for value, role_id in sorted(GRAPH_ROLE_IDS.items())
]

_KNOWN_SCOPE_IDS = {
    "Application.Read.All": "c79f8feb-a9db-4090-85f9-90d820caa0eb",
    "Application.ReadWrite.All": "bdfbf15f-ee85-4955-8675-146e8e5296b5",
    "Directory.Read.All": "06da0dbc-49e2-44d2-8312-53f166ab848a",
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    "User.ReadBasic.All": "b340eb25-3456-403f-be2f-af7a0d370277",
    "email": "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
    "offline_access": "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
    "openid": "37f7f235-527c-4136-accd-4a02d197296e",
    "profile": "14dad69e-099b-42c9-810b-d002981feec1",
}

#: Delegated permissions, which clients look up by value before they add them to an application.
GRAPH_SCOPES: list[dict[str, object]] = [
    {
        "adminConsentDescription": f"Allows the app {value} on behalf of the signed-in user.",
        "adminConsentDisplayName": value,
        "id": scope_id,
        "isEnabled": True,
        "type": "Admin" if value.endswith(".All") and value != "User.ReadBasic.All" else "User",
        "userConsentDescription": f"Allows the app {value} on your behalf.",
        "userConsentDisplayName": value,
        "value": value,
    }
    for value, scope_id in _KNOWN_SCOPE_IDS.items()
]

DYNAMICS_CRM_SCOPES: list[dict[str, object]] = [
    {
        "adminConsentDescription": "Access Dataverse as organization users",
        "adminConsentDisplayName": "Access Dataverse as organization users",
        "id": USER_IMPERSONATION_SCOPE_ID,
        "isEnabled": True,
        "type": "User",
        "userConsentDescription": "Allows the application to act in Dataverse with your own rights.",
        "userConsentDisplayName": "Access Dataverse as you",
        "value": "user_impersonation",
    }
]
