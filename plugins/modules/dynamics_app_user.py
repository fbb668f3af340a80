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
  - Makes an application of Microsoft Entra a user of a Dynamics 365 environment and gives it security roles, or
    removes that user for good.
  - An environment has at most one application user for an application. A disabled one is enabled again; rows that
    were deleted but are still kept in the environment and would block a new user are removed.
options:
  application_id:
    description:
      - The application (client) id. The application needs a service principal in the environment's tenant.
      - The nil GUID stands for an application that is yet to be made. It is accepted in check mode only.
    type: str
    required: true
  business_unit:
    description:
      - The business unit of the user, by name or id.
      - A new user goes to the root business unit when this is left out, and an existing one stays where it is.
      - A user that is moved loses its security roles; all it had are assigned again from the new business unit.
    type: str
  full_name:
    description:
      - The full name to ask for when the user is created.
      - The platform writes the application's name over it in most environments, so a difference is never a change.
    type: str
  user_name:
    description: The user name to ask for when the user is created; see O(full_name).
    type: str
  email:
    description: The e-mail address to ask for when the user is created; see O(full_name).
    type: str
  roles:
    description:
      - Names of security roles that the user must hold.
      - The platform keeps a copy of each role in every business unit; the copy of the user's own is assigned.
    type: list
    elements: str
    default: []
  roles_mode:
    description:
      - V(at_least) leaves other roles alone.
      - V(exact) takes every other directly assigned role away.
    type: str
    choices: [at_least, exact]
    default: at_least
  solution_package:
    description:
      - A solution package that is going to be imported, as a path or as an https URL.
      - In check mode, roles it brings count as existing, so that a dry run on an empty environment works to its end
        while a misspelled role still fails it.
    type: str
  solution_package_checksum:
    description: The checksum of a package given by URL, as V(sha256:) and 64 hexadecimal digits.
    type: str
  pending_roles:
    description:
      - Names of roles that a task before this one makes, such as those that
        M(marketplace_leads.dynamics365.dynamics_role_privilege) returns to be assigned.
      - In check mode they count as existing.
    type: list
    elements: str
    default: []
  roles_only:
    description:
      - With O(state=absent), take only the roles in O(roles) away and leave the user, which may be there for other
        reasons too.
    type: bool
    default: false
  on_owned_records:
    description:
      - What to do with O(state=absent) when the user owns leads, for example those that it wrote. The platform does not
        let go of a user that owns records.
      - V(fail) fails before anything is changed.
      - V(disable) disables the user and takes its security roles, and leaves it as the owner of the leads.
    type: str
    choices: [fail, disable]
    default: fail
  state:
    description: V(absent) removes the user for good, or with O(roles_only) only its roles.
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
- name: Let the application write leads
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
  description: The names of the differences that were put right, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [application_user, application_user.roles]
application_user:
  description:
    - The application user as it is after the run, or an empty dictionary when there is none.
    - In check mode it is what was read, with the nil GUID for the id of a user that would be made.
  returned: success
  type: dict
  contains:
    systemuserid:
      description: The id of the user in the environment.
      type: str
    applicationid:
      description: The application id.
      type: str
    azureactivedirectoryobjectid:
      description: The object id of the service principal.
      type: str
    fullname:
      description: The full name.
      type: str
    domainname:
      description: The user name.
      type: str
    internalemailaddress:
      description: The e-mail address.
      type: str
    isdisabled:
      description: Whether the user is disabled.
      type: bool
    businessunitid:
      description: The id of the business unit.
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
          description: The id of the role's copy in the user's business unit.
          type: str
failure:
  description: The service's own words about a failed request.
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
      description: The service's id of the request, which Microsoft's support asks for.
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
