# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage a solution in a Dynamics 365 environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamics_solution
short_description: Manage a solution in a Dynamics 365 environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Imports a solution from its package, upgrades it if the package is newer than the installed version, or removes it.
  - The name and version of the solution are read from the package's manifest, never from the name of the file.
  - An installed solution of the same version is left unchanged. A newer one is also left unchanged, with a warning.
  - The environment stores and validates the package (staging) before it is imported. Components that it needs and
    the environment lacks are listed by name. A dry run stores nothing and reports what it can find out by reading.
  - An import is a job of the environment that takes minutes. If a job of this or another solution is running, the
    module waits for it before it starts anything. If the response to a start is lost, it looks for the job. So no
    import is started twice, not even after a run that was killed.
  - After an import the solution and the security roles that come with it are read back.
options:
  path:
    description:
      - The path of the package, a zip file as exported from an environment or as supplied by its publisher.
      - Required for O(state=present) unless O(url) is given.
    type: path
  url:
    description:
      - An https address to download the package from, once for all hosts of a run. Needs O(checksum).
      - The address of a package can disappear; to be safe, keep a copy of the package and set O(path).
    type: str
  checksum:
    description:
      - V(sha256:) and the 64 hexadecimal digits of the package's SHA-256 checksum. A package with a different
        checksum is not used.
      - Required with O(url).
    type: str
  unique_name:
    description:
      - The unique name of the solution.
      - Required to remove a solution without its package. If a package is given too, the names must be the same.
    type: str
  roles:
    description:
      - Names of the security roles that must exist after an import. Each of them must be in the package.
      - By default, all security roles of the package.
    type: list
    elements: str
  upgrade:
    description:
      - What a newer managed package does to the installed solution.
      - V(update) installs what is new and changed. Components that the newer package no longer has stay.
      - V(stage_and_upgrade) removes those components; if they are tables, their data is removed too.
    type: str
    choices: [update, stage_and_upgrade]
    default: update
  allow_downgrade:
    description:
      - Whether a package that is older than the installed solution is imported over it.
      - This is possible for unmanaged solutions only. For managed ones the module fails and says what to do instead,
        because the platform installs no older version over a newer one.
    type: bool
    default: false
  overwrite_unmanaged_customizations:
    description:
      - Whether changes made to the solution's components by hand, outside of any managed solution, are undone.
      - This may undo privileges that were added to a security role of the solution.
    type: bool
    default: false
  publish_workflows:
    description: Whether the solution's processes are activated after the import.
    type: bool
    default: true
  stage:
    description:
      - Whether the environment stores and validates the package before it is imported.
      - Set it to V(false) for an environment that refuses to stage the package. It is then sent with the import
        itself, and errors in the package are reported only when the import has failed.
    type: bool
    default: true
  wait:
    description:
      - Whether to wait until the operation has ended.
      - With V(false) the module returns when the operation is started. Pass RV(operation_id) to a later task to
        wait for it.
    type: bool
    default: true
  import_timeout:
    description:
      - How long to wait for the operation, in seconds, including other operations that have to end first.
      - After a timeout the operation continues in the environment, and the next run waits for it again.
    type: int
    default: 3600
  operation_id:
    description:
      - Waits for an operation that an earlier task started with O(wait=false), and reads back what it did.
      - It is never a change, because the task that started the operation reported the change.
      - The nil GUID, which that task returns in check mode, means no operation.
    type: str
  state:
    description:
      - V(absent) removes the solution. A managed one is removed with all its components and the data in its tables, and
        users lose its security roles. An unmanaged one leaves its components in the environment.
      - A managed solution on which others depend is not removed, and those solutions are named.
      - An upgrade of the solution that was imported but never applied is removed first.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
notes:
  - During a long operation, a line about its progress is shown every half minute. This requires that the module runs in
    Ansible's own process, which it does if the task's connection is local and neither C(async) nor C(become) is used.
seealso:
  - module: marketplace_leads.dynamics365.dynamics_solution_info
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - name: Update or upgrade a solution
    description: Microsoft's description of what an update and an upgrade do.
    link: https://learn.microsoft.com/power-apps/maker/data-platform/update-solutions
"""

EXAMPLES = r"""
- name: Import the solution that contains the security role for writing leads
  marketplace_leads.dynamics365.dynamics_solution:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    path: files/MicrosoftMarketplacesLeadIntegrationSolution_1_0_0_0_target_CRM_6.1_managed.zip
    roles:
      - Microsoft Marketplace Lead Writer

- name: Start an import and do something else meanwhile
  marketplace_leads.dynamics365.dynamics_solution:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    url: https://packages.contoso.example/lead_writer_managed.zip
    checksum: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    wait: false
  register: started

- name: Wait for it
  marketplace_leads.dynamics365.dynamics_solution:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    url: https://packages.contoso.example/lead_writer_managed.zip
    checksum: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    operation_id: "{{ started.operation_id }}"
  when: started.operation_id is not none

- name: Remove the solution
  marketplace_leads.dynamics365.dynamics_solution:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    unique_name: MicrosoftMarketplacesLeadIntegrationSolution
    state: absent
"""

RETURN = r"""
changes:
  description:
    - The names of the differences that were corrected, or would be in check mode.
    - V(solution) is an import or a removal, V(solution.version) an update or an upgrade, and
      V(solution.pending_upgrade) the removal of an upgrade that was imported but never applied.
  returned: always
  type: list
  elements: str
  sample: [solution.version]
solution:
  description:
    - The solution after the run, or an empty dictionary if it does not exist.
    - In check mode, and with O(wait=false), a solution that does not exist yet is returned as the package describes it,
      with the nil GUID for its ID.
  returned: success
  type: dict
  contains:
    solutionid:
      description: The ID of the solution in the environment.
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
    installedon:
      description: When it was installed.
      type: str
      sample: "2026-11-22T11:03:41Z"
package:
  description: The content of the package's manifest, or an empty dictionary if no package was given.
  returned: success
  type: dict
  contains:
    uniquename:
      description: The unique name of the solution in it.
      type: str
    version:
      description: The version of the solution in it.
      type: str
    ismanaged:
      description: Whether it is a managed package.
      type: bool
    roles:
      description: The names of the security roles in it.
      type: list
      elements: str
operation_id:
  description:
    - The ID of the operation that was started or waited for, null if there was nothing to start.
    - In check mode, the nil GUID for an operation that would be started.
  returned: success
  type: str
import_job_key:
  description: The ID of the import job of an operation that was started. That job has its progress and its results.
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

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._entry_point import CREDENTIALS, ENVIRONMENT, Arguments, ModuleContext, run
from ..module_utils._resources.solution.options import OPTIONS, RULES, DesiredSolution
from ..module_utils._resources.solution.resource import SolutionResource

ARGUMENTS = CREDENTIALS + ENVIRONMENT + Arguments(OPTIONS, RULES)


def resource(context: ModuleContext) -> SolutionResource:
    """Return the solution that the call is about."""
    wanted = DesiredSolution.from_options(context.options, lambda: context.transport, context.cache)
    return SolutionResource(context.environment, wanted, context.report_progress)


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    run(module_class, ARGUMENTS, resource)


if __name__ == "__main__":
    main()
