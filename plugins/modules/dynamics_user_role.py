# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage the security roles of a licensed user in a Dynamics 365 environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamics_user_role
short_description: Manage the security roles of a licensed user in a Dynamics 365 environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Adds a licensed user of the tenant to a Dynamics 365 environment, without waiting for its first sign-in, and assigns
    security roles to it or removes them.
  - A user that does not exist in the environment yet is added by the Power Platform admin API. A new license takes
    minutes to arrive there; the module waits for it.
  - A user that is disabled in the environment is enabled again when its license has arrived there.
  - For the user of an application see M(marketplace_leads.dynamics365.dynamics_app_user).
options:
  user:
    description:
      - The user, by user principal name or by object ID.
      - With the object ID, Microsoft Graph is not used.
      - The nil GUID represents a user that does not exist yet. It is accepted in check mode only.
    type: str
    required: true
  roles:
    description:
      - Names of security roles that the user must hold, or with O(state=absent) must not hold.
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
  sync_timeout:
    description: How long to wait, in seconds, for the user and its license to arrive in the environment.
    type: int
    default: 600
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
  state:
    description:
      - V(absent) removes the roles in O(roles) and leaves the user itself unchanged, because the directory decides who
        is a user.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
notes:
  - The runner needs the security role System Administrator in the environment. To add a user, an administrator of
    the tenant must also register it with Power Platform once, for example by C(pac admin application register
    --application-id ID). To find a new user by its name, it needs C(User.Read.All) on Microsoft Graph.
seealso:
  - module: marketplace_leads.dynamics365.aad_user
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - name: Add users to an environment
    description: Microsoft's documentation of how users are added to an environment.
    link: https://learn.microsoft.com/power-platform/admin/add-users-to-environment
"""

EXAMPLES = r"""
- name: Allow the user to write leads
  marketplace_leads.dynamics365.dynamics_user_role:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    user: leads@contoso.onmicrosoft.com
    roles:
      - Microsoft Marketplace Lead Writer

- name: Remove the role again
  marketplace_leads.dynamics365.dynamics_user_role:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    user: leads@contoso.onmicrosoft.com
    roles:
      - Microsoft Marketplace Lead Writer
    state: absent
"""

RETURN = r"""
changes:
  description: The names of the differences that were corrected, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [environment_user, environment_user.roles]
environment_user:
  description:
    - The user in the environment after the run, or an empty dictionary if it does not exist there.
    - In check mode, the user as it was read, with the nil GUID for the ID of a user that would be added.
  returned: success
  type: dict
  contains:
    systemuserid:
      description: The ID of the user in the environment.
      type: str
    azureactivedirectoryobjectid:
      description: The object ID of the user in the directory.
      type: str
    fullname:
      description: The full name.
      type: str
    domainname:
      description: The user principal name.
      type: str
    internalemailaddress:
      description: The email address.
      type: str
    isdisabled:
      description: Whether the user is disabled.
      type: bool
    islicensed:
      description: Whether the user has a license in the environment.
      type: bool
    accessmode:
      description: The access mode; 0 is Read-Write.
      type: int
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
from ..module_utils._resources.environment_user.licensed_user import (
    OPTIONS,
    DesiredEnvironmentUser,
    LicensedUserResource,
)
from ..module_utils._resources.solution.package import COMING_ROLES

ARGUMENTS = CREDENTIALS + ENVIRONMENT + Arguments({**OPTIONS, **COMING_ROLES})


def resource(context: ModuleContext) -> LicensedUserResource:
    """Return the user that the call is about."""
    wanted = DesiredEnvironmentUser.from_options(context.options, context.pending_roles)
    return LicensedUserResource(context.environment, context.power_platform, context.graph, wanted, context.roles)


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    run(module_class, ARGUMENTS, resource)


if __name__ == "__main__":
    main()
