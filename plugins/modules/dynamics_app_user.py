# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage the application user of an application in a Dynamics 365 environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamics_app_user
short_description: Manage an application user in a Dynamics 365 environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Adds an application of Microsoft Entra to a Dynamics 365 environment as an application user and assigns security
    roles to it, or removes that user permanently.
  - An environment has at most one application user for an application. A disabled one is enabled again. Deleted rows
    that the environment still keeps, and that would block a new user, are removed.
options:
  application_id:
    description:
      - The application (client) ID. The application needs a service principal in the environment's tenant.
      - The nil GUID represents an application that does not exist yet. It is accepted in check mode only.
    type: str
    required: true
  business_unit:
    description:
      - The business unit of the user, by name or ID.
      - If omitted, a new user is created in the root business unit, and an existing one stays where it is.
      - A user that is moved loses its security roles; all of them are assigned again from the new business unit.
    type: str
  full_name:
    description:
      - The full name to request when the user is created.
      - Most environments overwrite it with the application's name, so a difference is never a change.
    type: str
  user_name:
    description: The user name to request when the user is created; see O(full_name).
    type: str
  email:
    description: The email address to request when the user is created; see O(full_name).
    type: str
  roles:
    description:
      - Names of security roles that the user must hold.
      - The platform keeps a copy of each role in every business unit; the copy in the user's business unit is assigned.
    type: list
    elements: str
    default: []
  roles_mode:
    description:
      - V(at_least) leaves other roles unchanged.
      - V(exact) removes every other directly assigned role.
    type: str
    choices: [at_least, exact]
    default: at_least
  solution_package:
    description:
      - A solution package that a later task imports, as a path or an https URL.
      - In check mode, roles that it contains count as existing, so that a dry run on an empty environment completes,
        while a misspelled role still fails.
    type: str
  solution_package_checksum:
    description: The checksum of a package given by URL, as V(sha256:) and 64 hexadecimal digits.
    type: str
  pending_roles:
    description:
      - Names of roles that an earlier task creates, such as those that
        M(marketplace_leads.dynamics365.dynamics_role_privilege) returns to be assigned.
      - In check mode they count as existing.
    type: list
    elements: str
    default: []
  roles_only:
    description:
      - With O(state=absent), remove only the roles in O(roles) and keep the user, which may also serve other
        purposes.
    type: bool
    default: false
  on_owned_records:
    description:
      - What to do with O(state=absent) if the user owns leads, for example those that it wrote. Dataverse does not
        delete a user that owns records.
      - V(fail) fails before anything is changed.
      - V(disable) disables the user, removes its security roles, and keeps it as the owner of the leads.
    type: str
    choices: [fail, disable]
    default: fail
  state:
    description: V(absent) removes the user permanently, or with O(roles_only) only its roles.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - name: Manage application users in the Power Platform admin center
    description: Microsoft's documentation of application users.
    link: https://learn.microsoft.com/power-platform/admin/manage-application-users
"""

EXAMPLES = r"""
- name: Allow the application to write leads
  marketplace_leads.dynamics365.dynamics_app_user:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    application_id: 22222222-2222-2222-2222-222222222222
    roles:
      - Microsoft Marketplace Lead Writer

- name: Remove the application user
  marketplace_leads.dynamics365.dynamics_app_user:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    application_id: 22222222-2222-2222-2222-222222222222
    state: absent
"""

RETURN = r"""
changes:
  description: The names of the differences that were corrected, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [application_user, application_user.roles]
application_user:
  description:
    - The application user after the run, or an empty dictionary if it does not exist.
    - In check mode, the user as it was read, with the nil GUID for the ID of a user that would be created.
  returned: success
  type: dict
  contains:
    systemuserid:
      description: The ID of the user in the environment.
      type: str
    applicationid:
      description: The application ID.
      type: str
    azureactivedirectoryobjectid:
      description: The object ID of the service principal.
      type: str
    fullname:
      description: The full name.
      type: str
    domainname:
      description: The user name.
      type: str
    internalemailaddress:
      description: The email address.
      type: str
    isdisabled:
      description: Whether the user is disabled.
      type: bool
    businessunitid:
      description: The ID of the business unit.
      type: str
    roles:
      description: The security roles that the user holds directly.
      type: list
      elements: dict
      contains:
        name:
          description: The role's name.
          type: str
        roleid:
          description: The ID of the role's copy in the user's business unit.
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

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._entry_point import CREDENTIALS, ENVIRONMENT, Arguments, ModuleContext, run
from ..module_utils._resources.environment_user.application_user import (
    OPTIONS,
    ApplicationUserResource,
    DesiredApplicationUser,
)
from ..module_utils._resources.solution.package import COMING_ROLES

ARGUMENTS = CREDENTIALS + ENVIRONMENT + Arguments({**OPTIONS, **COMING_ROLES})


def resource(context: ModuleContext) -> ApplicationUserResource:
    """Return the application user that the call is about."""
    return ApplicationUserResource(
        context.environment, DesiredApplicationUser.from_options(context.options, context.pending_roles), context.roles
    )


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    run(module_class, ARGUMENTS, resource)


if __name__ == "__main__":
    main()
