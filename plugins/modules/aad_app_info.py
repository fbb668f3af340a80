# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Return applications of Microsoft Entra and how long their secrets remain valid."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aad_app_info
short_description: Get information about applications of Microsoft Entra and their client secrets
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Returns applications of a tenant with their properties, the details of their client secrets, how many days those
    remain valid, the service principal, and the consent for all users of the tenant.
  - If no application is found, the list is empty and the module does not fail.
options:
  unique_name:
    description: The unique name of the application. One of these three options is required.
    type: str
  application_id:
    description: The application (client) ID of the application.
    type: str
  display_name:
    description:
      - The display name. All applications that have it are returned, because it is not unique.
      - The service may ignore case.
    type: str
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.attributes.info
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.tenant
notes:
  - The runner needs the application permission C(Application.ReadWrite.OwnedBy) or C(Application.Read.All) on Microsoft
    Graph, and C(DelegatedPermissionGrant.Read.All) to see consent.
seealso:
  - module: marketplace_leads.dynamics365.aad_app
"""

EXAMPLES = r"""
- name: Get the application that writes leads
  marketplace_leads.dynamics365.aad_app_info:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    unique_name: marketplace-lead-writer
  register: found

- name: Fail a month before its last client secret expires
  ansible.builtin.assert:
    that: found.applications[0].password_credentials | map(attribute='days_left') | max > 30

- name: Find out which applications share a display name, before one of them is adopted
  marketplace_leads.dynamics365.aad_app_info:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    display_name: Marketplace Lead Writer
"""

RETURN = r"""
applications:
  description: The applications that were found.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The object ID of the application.
      type: str
    app_id:
      description: The application (client) ID.
      type: str
    unique_name:
      description: The unique name, or null if it has none.
      type: str
    display_name:
      description: The display name.
      type: str
    sign_in_audience:
      description: Which accounts may sign in.
      type: str
    notes:
      description: Notes for the administrators of the tenant.
      type: str
    service_management_reference:
      description: The reference to the application in the asset management of the organization.
      type: str
    is_disabled:
      description: Whether the application is deactivated, so that it gets no tokens.
      type: bool
    web:
      description: The Web platform.
      type: dict
      contains:
        redirect_uris:
          description: The redirect URIs.
          type: list
          elements: str
    required_resource_access:
      description: The API permissions that the application lists, by API.
      type: list
      elements: dict
      contains:
        resource_app_id:
          description: The application ID of the API.
          type: str
        resource_access:
          description: The permissions, each with its C(id) and C(type) (V(Scope) or V(Role)).
          type: list
          elements: dict
    password_credentials:
      description: The details of the client secrets, without their values.
      type: list
      elements: dict
      contains:
        key_id:
          description: The ID of the secret.
          type: str
        display_name:
          description: The name of the secret.
          type: str
        hint:
          description: The first three characters of the value.
          type: str
        start_date_time:
          description: When the secret becomes valid, in UTC.
          type: str
        end_date_time:
          description: When the secret expires, in UTC.
          type: str
        days_left:
          description: How many whole days are left until it expires; negative if it has expired.
          type: int
    service_principal:
      description: The service principal, or an empty dictionary if it does not exist.
      type: dict
      contains:
        id:
          description: The object ID of the service principal.
          type: str
        app_id:
          description: The application (client) ID.
          type: str
        display_name:
          description: The display name.
          type: str
        account_enabled:
          description: Whether the application may sign in.
          type: bool
        is_disabled:
          description: Whether the service principal is deactivated, so that it gets no tokens.
          type: bool
        tags:
          description: The tags. One of them makes the portal list it under the enterprise applications.
          type: list
          elements: str
    consent:
      description:
        - The delegated permissions granted for all users of the tenant, by the application ID of each API.
        - Null if the runner is not allowed to read consent.
      type: dict
      sample:
        00000007-0000-0000-c000-000000000000: [user_impersonation]
directory_id:
  description: The directory (tenant) ID.
  returned: success
  type: str
cloud:
  description: The national cloud.
  returned: success
  type: str
failure:
  description: The service's error response to a failed request.
  returned: when a request failed
  type: dict
  contains:
    request:
      description: The method and address of the request.
      type: str
    status:
      description: The HTTP status.
      type: int
    code:
      description: The service's error code.
      type: str
    message:
      description: The service's error message.
      type: str
    request_id:
      description: The service's ID of the request, which Microsoft's support asks for.
      type: str
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._entry_point import CREDENTIALS, TENANT, Arguments, ModuleContext, report
from ..module_utils._resources.application.info import OPTIONS, ApplicationReport

ARGUMENTS = (CREDENTIALS + TENANT) + Arguments(
    OPTIONS,
    {
        "mutually_exclusive": (("unique_name", "application_id", "display_name"),),
        "required_one_of": (("unique_name", "application_id", "display_name"),),
    },
)


def read(context: ModuleContext) -> dict[str, Any]:
    """Return what is known of the applications that the call is about."""
    if context["environment_url"]:
        context.check_tenant()
    return {**ApplicationReport(context.graph, context.options).read(), "cloud": context.cloud.name}


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    report(module_class, ARGUMENTS, read)


if __name__ == "__main__":
    main()
