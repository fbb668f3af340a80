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
  - Brings a licensed user of the tenant into a Dynamics 365 environment, without waiting for a first visit, and gives
    it security roles, or takes roles away from it.
  - A user that the environment does not know yet is brought in by the Power Platform admin API. A new license takes
    minutes to arrive there, and is waited for.
  - A user that is disabled in the environment is enabled again once its license is known there.
  - For the user of an application see M(marketplace_leads.dynamics365.dynamics_app_user).
options:
  user:
    description:
      - The user, by user principal name or by the object id in the directory.
      - With the object id nothing is asked of Microsoft Graph.
      - The nil GUID stands for a user that is yet to be made. It is accepted in check mode only.
    type: str
    required: true
  roles:
    description:
      - Names of security roles that the user must hold, or with O(state=absent) must not hold.
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
  sync_timeout:
    description: How long to wait, in seconds, for the user and its license to arrive in the environment.
    type: int
    default: 600
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
  state:
    description:
      - V(absent) takes the roles of O(roles) away and leaves the user itself alone, because the directory decides who
        is a user.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
notes:
  - The runner needs the security role System Administrator in the environment. To bring a user in, it must also be
    registered with Power Platform by an administrator of the tenant, once, such as by C(pac admin application register
    --application-id ID). To find a new user by its name, it needs C(User.Read.All) on Microsoft Graph.
seealso:
  - module: marketplace_leads.dynamics365.aad_user
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - name: Add users to an environment
    description: Microsoft's documentation of how users come into an environment.
    link: https://learn.microsoft.com/power-platform/admin/add-users-to-environment
"""

EXAMPLES = r"""
- name: Let the user write leads
  marketplace_leads.dynamics365.dynamics_user_role:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    user: leads@contoso.onmicrosoft.com
    roles:
      - Microsoft Marketplace Lead Writer

- name: Take the role away again
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
  description: The names of the differences that were put right, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [environment_user, environment_user.roles]
environment_user:
  description:
    - The user as the environment knows it after the run, or an empty dictionary when it does not.
    - In check mode it is what was read, with the nil GUID for the id of a user that would be brought in.
  returned: success
  type: dict
  contains:
    systemuserid:
      description: The id of the user in the environment.
      type: str
    azureactivedirectoryobjectid:
      description: The object id of the user in the directory.
      type: str
    fullname:
      description: The full name.
      type: str
    domainname:
      description: The user principal name.
      type: str
    internalemailaddress:
      description: The e-mail address.
      type: str
    isdisabled:
      description: Whether the user is disabled.
      type: bool
    islicensed:
      description: Whether the environment knows of a license.
      type: bool
    accessmode:
      description: The access mode; 0 is Read-Write.
      type: int
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
