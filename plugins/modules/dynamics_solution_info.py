# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Return the solutions of a Dynamics 365 environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamics_solution_info
short_description: Get information about the solutions of a Dynamics 365 environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Lists the solutions of an environment with their versions and publishers. It changes nothing.
options:
  unique_name:
    description:
      - The unique name of one solution, regardless of case. By default, all solutions.
      - If the solution does not exist, the list is empty.
    type: str
  hidden:
    description:
      - Whether the list of all solutions includes hidden ones, which are the platform's own.
    type: bool
    default: false
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.attributes.info
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
seealso:
  - module: marketplace_leads.dynamics365.dynamics_solution
"""

EXAMPLES = r"""
- name: Get the installed version of the lead writer
  marketplace_leads.dynamics365.dynamics_solution_info:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    unique_name: MicrosoftMarketplacesLeadIntegrationSolution
  register: found

- name: Show the version
  ansible.builtin.debug:
    msg: "{{ found.solutions | map(attribute='version') | first | default('not installed') }}"
"""

RETURN = r"""
solutions:
  description: The solutions, by unique name.
  returned: success
  type: list
  elements: dict
  contains:
    solutionid:
      description: The ID of the solution.
      type: str
    uniquename:
      description: The unique name.
      type: str
    friendlyname:
      description: The display name.
      type: str
    version:
      description: The version.
      type: str
      sample: 1.0.0.0
    ismanaged:
      description: Whether it is a managed solution.
      type: bool
    isvisible:
      description: Whether the environment shows it.
      type: bool
    description:
      description: The description by its publisher.
      type: str
    solutionpackageversion:
      description: The version of the platform that its package was built for.
      type: str
    installedon:
      description: When it was installed.
      type: str
    createdon:
      description: When its row was created.
      type: str
    modifiedon:
      description: When it was last changed.
      type: str
    publisher:
      description: The publisher.
      type: dict
      contains:
        uniquename:
          description: The publisher's unique name.
          type: str
        friendlyname:
          description: The publisher's display name.
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

from ..module_utils._entry_point import CREDENTIALS, ENVIRONMENT, Arguments, ModuleContext, report
from ..module_utils._services.environment.solutions import Solutions

ARGUMENTS = (
    CREDENTIALS
    + ENVIRONMENT
    + Arguments({"unique_name": {"type": "str"}, "hidden": {"type": "bool", "default": False}})
)


def read(context: ModuleContext) -> dict[str, Any]:
    """Return the solutions that the call asks for."""
    rows = Solutions(context.environment).described(context["unique_name"], context["hidden"])
    return {"solutions": sorted(rows, key=lambda row: str(row["uniquename"]).lower())}


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    report(module_class, ARGUMENTS, read)


if __name__ == "__main__":
    main()
