# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage the privileges of a security role in a Dynamics 365 environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamics_role_privilege
short_description: Manage the privileges of a security role in a Dynamics 365 environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Adds privileges with an access level to a security role, and sets how members of a team inherit the role.
  - The role's copy in the root business unit is edited; the platform copies the change to the other copies.
  - A privilege that does not exist, or that cannot have the requested level, is refused before anything is written.
  - If the role cannot be edited, O(on_locked) can put the missing privileges into a second role.
options:
  role:
    description: The name of the security role.
    type: str
    required: true
  privileges:
    description: The privileges the role must have.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of one privilege, such as V(prvReadAsyncOperation), in any case.
        type: str
      table:
        description:
          - The logical name of a table, such as V(asyncoperation), for the privileges in O(privileges[].access).
          - Tables whose privileges are not named after them need O(privileges[].name).
        type: str
      access:
        description: The access rights on the table.
        type: list
        elements: str
        choices: [create, read, write, delete, append, append_to, assign, share]
      level:
        description:
          - The access level, in the vocabulary of either user interface or of the API.
          - V(user) is V(basic), V(business_unit) is V(local), V(parent_child) is V(deep) and V(organization) is
            V(global).
        type: str
        required: true
  mode:
    description:
      - V(at_least) leaves other privileges unchanged and keeps a wider level than the requested one.
      - V(exact) removes other privileges and narrows levels. A few privileges that the platform keeps in every
        role stay.
    type: str
    choices: [at_least, exact]
    default: at_least
  member_privilege_inheritance:
    description:
      - How members of a team get the role's privileges.
      - The form calls V(direct_user_and_team) "Direct User (Basic) access level and Team privileges".
      - The form calls V(team_only) "Team privileges only".
      - If omitted, it is left unchanged.
    type: str
    choices: [direct_user_and_team, team_only]
  on_locked:
    description:
      - What to do if the role lacks something and cannot be edited, because its managed solution does not allow it
        or because the environment blocks unmanaged customizations.
      - V(fail) fails and lists what is missing.
      - V(companion) creates a second, unmanaged role with only the missing privileges. Assign all roles named in
        RV(roles_to_assign). If the environment blocks unmanaged customizations, such a role cannot be created, so
        this does the same as V(companion_solution). An existing companion role stays what it is, unmanaged or part of
        a solution.
      - V(companion_solution) imports a small managed solution that contains the second role. The module builds its
        package, so no file is needed, and the runner needs the privilege C(prvImportCustomization). Choose it if
        nothing unmanaged is wanted in the environment, or if the setting that blocks it cannot be read.
      - An existing unmanaged companion role gets the privileges that are still missing. With O(mode=exact) it has only
        the privileges that the locked role lacks.
      - A companion role of a solution always has only the missing privileges. If they change, or if the role lacks a
        privilege that its solution contains, a new version of the solution is imported as an upgrade.
      - If the role can be edited, the privileges are added to the role itself, even if a companion role exists.
    type: str
    choices: [fail, companion, companion_solution]
    default: fail
  companion_role:
    description:
      - The name of the companion role. The default is the role's name followed by V((companion)).
      - A companion role's solution is found by this name, so set the same one to remove it.
    type: str
  import_timeout:
    description:
      - How long to wait, in seconds, until the solution of a companion role is imported or removed. This includes
        operations of other solutions that have to end first.
    type: int
    default: 3600
  held_by:
    description:
      - With O(state=absent), the users that may still hold the companion role, as application IDs or user names. The
        role is removed from them before it is deleted.
      - A companion role that another user or a team holds is left unchanged, and a warning names the holder.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(absent) removes the companion role, together with its solution if it has one. O(role) and its privileges stay
        unchanged. A role with the companion's name that belongs to another managed solution also stays.
    type: str
    choices: [present, absent]
    default: present
  solution_package:
    description:
      - A solution package that a later task imports, as a path or an https URL.
      - In check mode a role that it contains counts as existing, with the privileges that the package gives it.
    type: str
  solution_package_checksum:
    description: The checksum of a package given by URL, as V(sha256:) and 64 hexadecimal digits.
    type: str
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
seealso:
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - name: Security roles and privileges
    description: Microsoft's documentation of access levels and privilege inheritance.
    link: https://learn.microsoft.com/power-platform/admin/security-roles-privileges
"""

EXAMPLES = r"""
- name: Allow the lead writer to follow its system jobs
  marketplace_leads.dynamics365.dynamics_role_privilege:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    role: Microsoft Marketplace Lead Writer
    member_privilege_inheritance: direct_user_and_team
    privileges:
      - table: userentityuisettings
        access: [create, read, write]
        level: user
      - table: asyncoperation
        access: [read, write, append_to]
        level: organization

- name: The same by names of privileges, with a second role if the first one is locked
  marketplace_leads.dynamics365.dynamics_role_privilege:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    role: Microsoft Marketplace Lead Writer
    on_locked: companion
    privileges:
      - name: prvReadAsyncOperation
        level: global

- name: The same if nothing unmanaged is wanted in the environment
  marketplace_leads.dynamics365.dynamics_role_privilege:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    role: Microsoft Marketplace Lead Writer
    on_locked: companion_solution
    privileges:
      - name: prvReadAsyncOperation
        level: global

- name: Remove the second role unless another user than this application holds it
  marketplace_leads.dynamics365.dynamics_role_privilege:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    role: Microsoft Marketplace Lead Writer
    held_by: [33333333-4444-5555-6666-777777777777]
    state: absent
"""

RETURN = r"""
changes:
  description: The names of the differences that were corrected, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [role.privileges, role.isinherited]
role:
  description: The security role after the run.
  returned: success and O(state=present)
  type: dict
  contains:
    roleid:
      description: The ID of the role's copy in the root business unit; the nil GUID while the role does not exist.
      type: str
    name:
      description: The role's name.
      type: str
    ismanaged:
      description: Whether the role belongs to a managed solution.
      type: bool
    iscustomizable:
      description: Whether it can be edited.
      type: bool
    privileges:
      description: The access levels of the requested privileges, by their names in lower case.
      type: dict
      sample: {prvreadasyncoperation: Global}
companion_role:
  description: The companion role. Empty if none is needed or, with O(state=absent), if it does not exist.
  returned: success
  type: dict
  contains:
    roleid:
      description: The ID of its copy in the root business unit; the nil GUID while it does not exist.
      type: str
    name:
      description: Its name.
      type: str
roles_to_assign:
  description: The roles that together have the privileges, O(role) and the companion role if one is needed.
  returned: success and O(state=present)
  type: list
  elements: str
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
from ..module_utils._resources.security_role.companion_role import REMOVAL_OPTIONS, CompanionRoleRemoval
from ..module_utils._resources.security_role.resource import (
    OPTIONS,
    DesiredPrivileges,
    RolePrivilegesResource,
    companion_name,
)
from ..module_utils._resources.solution.package import SOLUTION_PACKAGE

ARGUMENTS = CREDENTIALS + ENVIRONMENT + Arguments({**OPTIONS, **REMOVAL_OPTIONS, **SOLUTION_PACKAGE})


def resource(context: ModuleContext) -> RolePrivilegesResource | CompanionRoleRemoval:
    """Return the role whose privileges the call is about, or the companion role that is to go."""
    if context["state"] == "absent":
        timeout = float(context["import_timeout"])
        return CompanionRoleRemoval(
            context.environment, companion_name(context.options), context["held_by"], timeout, context.report_progress
        )
    wanted = DesiredPrivileges.from_options(context.options, context.pending_roles)
    return RolePrivilegesResource(context.environment, wanted, context.roles, context.report_progress)


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    run(module_class, ARGUMENTS, resource)


if __name__ == "__main__":
    main()
