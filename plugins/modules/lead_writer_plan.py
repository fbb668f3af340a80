# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the whole lead-writer set-up of one environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lead_writer_plan
short_description: Plan the whole lead-writer set-up of one environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Reads everything that marketplace leads need in one environment and its tenant, and returns what differs from what
    is wanted, step by step. It changes nothing.
  - Each step is planned by the same code as the module that applies it, so the two cannot disagree.
  - It signs in once for each service and reads side by side, which makes it the cheapest way to ask whether an
    environment needs anything at all.
  - Whatever would stop a run makes the module fail, with one sentence for each obstacle.
  - Security roles that the package of O(solution) will bring count as existing.
options:
  solution:
    description:
      - The solution that brings the security role, by the options of
        M(marketplace_leads.dynamics365.dynamics_solution) other than credentials and O(environment_url).
    type: dict
    required: true
  application:
    description:
      - The application, by the options of M(marketplace_leads.dynamics365.aad_app) other than credentials.
    type: dict
    required: true
  role_privileges:
    description:
      - The security role and its privileges, by the options of
        M(marketplace_leads.dynamics365.dynamics_role_privilege) other than credentials and O(environment_url).
    type: dict
    required: true
  application_user:
    description:
      - The application user, by the options of M(marketplace_leads.dynamics365.dynamics_app_user) other than
        credentials and O(environment_url).
      - The application id and the roles follow from O(application) and O(role_privileges), so they are not given.
    type: dict
    default: {}
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.attributes.info
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - module: marketplace_leads.dynamics365.dynamics_solution
"""

EXAMPLES = r"""
- name: Ask what an environment lacks
  marketplace_leads.dynamics365.lead_writer_plan:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    solution:
      path: MicrosoftMarketplacesLeadIntegrationSolution_1_0_0_0_target_CRM_6.1_managed.zip
    application:
      name: Marketplace Lead Writer
      unique_name: marketplace-lead-writer-contoso
    role_privileges:
      role: Microsoft Marketplace Lead Writer
      privileges:
        - table: asyncoperation
          access: [read, write, append_to]
          level: organization
  register: plan

- name: Show it
  ansible.builtin.debug:
    var: plan.steps
"""

RETURN = r"""
changes:
  description: The names of all differences, in the order in which they would be put right.
  returned: success
  type: list
  elements: str
  sample: [solution, application, service_principal, application.secret]
steps:
  description: The differences by step.
  returned: success
  type: dict
  contains:
    solution:
      description: What would change about the solution.
      type: list
      elements: str
    application:
      description: What would change about the application, its service principal, consent and secret.
      type: list
      elements: str
    role_privileges:
      description: What would change about the security role.
      type: list
      elements: str
    application_user:
      description: What would change about the application user.
      type: list
      elements: str
differences:
  description: What is and what would be, by the name of the difference.
  returned: success
  type: dict
  contains:
    before:
      description: What is.
      type: dict
    after:
      description: What would be.
      type: dict
findings:
  description: Sentences about what was seen and should be known, though it stops nothing.
  returned: success
  type: list
  elements: str
application_id:
  description: The application id, or the nil GUID while there is no application.
  returned: success
  type: str
directory_id:
  description: The directory id of the environment's tenant.
  returned: success
  type: str
cloud:
  description: The national cloud of the environment.
  returned: success
  type: str
application:
  description: The application as M(marketplace_leads.dynamics365.aad_app) returns it.
  returned: success
  type: dict
application_user:
  description: The application user as M(marketplace_leads.dynamics365.dynamics_app_user) returns it.
  returned: success
  type: dict
role:
  description: The security role as M(marketplace_leads.dynamics365.dynamics_role_privilege) returns it.
  returned: success
  type: dict
solution:
  description: The solution as M(marketplace_leads.dynamics365.dynamics_solution) returns it.
  returned: success
  type: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._entry_point import CREDENTIALS, ENVIRONMENT, Arguments, Call, report
from ..module_utils._resources import application, application_user, role_privileges, solution, solution_wanted
from ..module_utils._resources.lead_writer import EnvironmentPlan, Parts, options_of
from ..module_utils._resources.preflight import Preflight
from ..module_utils._services.environment.roles import Roles

ARGUMENTS = (
    CREDENTIALS
    + ENVIRONMENT
    + Arguments(
        {
            "solution": {"type": "dict", "required": True},
            "application": {"type": "dict", "required": True},
            "role_privileges": {"type": "dict", "required": True},
            "application_user": {"type": "dict", "default": {}},
        }
    )
)

# That a package is needed is told by the resource, in a sentence of its own.
_SOLUTION_RULES = {"mutually_exclusive": solution_wanted.RULES["mutually_exclusive"]}


def read(call: Call) -> dict[str, Any]:
    """Return the plan of the environment."""
    call.check_tenant()
    parts = _parts(call)
    plan = EnvironmentPlan(parts)
    plans = plan.read()
    differences = [each.diff for each in plans.values()]
    return {
        "changes": [path for each in plans.values() for path in each.paths],
        "steps": {step: each.paths for step, each in plans.items()},
        "differences": {
            side: {path: value for diff in differences for path, value in diff[side].items()}
            for side in ("before", "after")
        },
        "findings": plan.findings,
        "application_id": plan.application_id,
        "directory_id": call.graph.directory_id(),
        "cloud": call.cloud.name,
        **plan.state(),
    }


def _parts(call: Call) -> Parts:
    """Check the options of every part, before any service is asked for anything."""
    options = {
        "solution": options_of("solution", call["solution"], solution_wanted.OPTIONS, _SOLUTION_RULES),
        "application": options_of("application", call["application"], application.OPTIONS),
        "role_privileges": options_of("role_privileges", call["role_privileges"], role_privileges.OPTIONS),
    }
    wanted_application = application.Wanted.from_options(options["application"])
    wanted_solution = solution_wanted.Wanted.from_options(options["solution"], lambda: call.transport, call.cache)
    coming = wanted_solution.package.roles if wanted_solution.package else {}
    wanted_privileges = role_privileges.Wanted.from_options(options["role_privileges"], lambda: coming)

    roles = Roles(call.environment)

    def user(application_id: str, names: list[str]) -> application_user.ApplicationUserResource:
        given = {**call["application_user"], "application_id": application_id, "roles": names}
        checked = options_of("application_user", given, application_user.OPTIONS)
        wanted = application_user.Wanted.from_options(checked, lambda: coming)
        return application_user.ApplicationUserResource(call.environment, wanted, roles)

    return Parts(
        solution=lambda: solution.SolutionResource(call.environment, wanted_solution),
        application=lambda: application.ApplicationResource(call.graph, wanted_application),
        role_privileges=lambda: role_privileges.RolePrivilegesResource(call.environment, wanted_privileges, roles),
        application_user=user,
        checks=lambda plans: Preflight(call.graph, call.environment, roles).checks(
            plans, wanted_application, wanted_privileges.privileges
        ),
    )


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    report(module_class, ARGUMENTS, read)


if __name__ == "__main__":
    main()
