# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the lead-writer setup of all environments of a play at once."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lead_writer_fleet
short_description: Plan the lead-writer setup of all environments of a play at once
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - With C(run_once), plans the environments of all hosts of the batch in one process, and returns the plan of each. A
    host whose environment cannot be planned gets its own failure; the others continue.
  - A host also fails, before any request is sent, if it has a variable that begins with C(lead_writer_) and is not a
    variable of the role, or that has a wrong value.
  - Without C(run_once), returns the plan of its own host, and fails if it could not be made. With O(plan) it returns
    that plan instead of making one.
  - Each environment is planned by the code of M(marketplace_leads.dynamics365.lead_writer_plan), which
    has the same options. Their templates are evaluated for each host, with the variables that the same task has
    there.
  - Hosts without C(lead_writer_environment_url) are skipped. With a strategy other than C(linear), and inside an
    include that has a loop, nothing is planned with C(run_once), because Ansible does not run hosts together there.
  - Environments share connections and the package. How many are planned at a time does not depend on the number of
    forks.
  - It is the first task of the role C(lead_writer). It changes nothing.
options:
  options:
    description: What to plan. Templates in it are evaluated for each host.
    type: dict
    required: true
    suboptions:
      environment:
        description:
          - The environment, by the options of M(marketplace_leads.dynamics365.lead_writer_plan) other than credentials.
        type: dict
        required: true
      runner:
        description:
          - The credentials of the runner, with the other options of the same name in
            M(marketplace_leads.dynamics365.lead_writer_plan) such as C(cloud), C(ca_bundle) and C(timeout).
        type: dict
        default: {}
      purpose:
        description: Whether the role configures the environments or only rotates their secrets, with fewer steps.
        type: str
        choices: [configure, rotate_secrets]
        default: configure
      state:
        description: With V(absent) no plan is made.
        type: str
        choices: [present, absent]
        default: present
      threads:
        description: How many environments are planned at a time.
        type: int
        default: 32
      end_early:
        description: Whether the role ends for an environment after its plan if there is nothing to change.
        type: bool
        default: true
      can_keep_secret:
        description: Whether the store can store a new secret. If V(false), a plan that needs a new secret fails.
        type: bool
        default: true
      store_file:
        description: The file that stores the secret, if it is stored in a file. A new secret changes it.
        type: str
        default: ''
      handover_file:
        description: The handover file for programs. It is compared with RV(environments) on the control node.
        type: str
        default: ''
      store_tasks:
        description: The file of tasks that stores the secret elsewhere.
        type: str
        default: ''
  plan:
    description: The plan of this host, as the task with C(run_once) returned it.
    type: dict
  reuse:
    description:
      - Whether plans that an earlier play of the same run registered as C(lead_writer__fleet) are returned, if they are
        not older than ten minutes.
    type: bool
    default: false
attributes:
  check_mode:
    description: Reads only. In check mode the task is changed if the plan has changes, because the role ends after it.
    support: full
  diff_mode:
    description: Shows the differences of each environment in check mode, under the name of its host.
    support: full
  action:
    description: Always runs on the control node, which has the variables of all hosts.
    support: full
seealso:
  - module: marketplace_leads.dynamics365.lead_writer_plan
"""

EXAMPLES = r"""
- name: Plan all environments
  marketplace_leads.dynamics365.lead_writer_fleet:
    options:
      runner:
        client_id: "{{ lead_writer_client_id }}"
        client_secret: "{{ lead_writer_client_secret }}"
      environment:
        environment_url: "{{ lead_writer_environment_url }}"
        solution:
          path: MicrosoftMarketplacesLeadIntegrationSolution_1_0_0_0_target_CRM_6.1_managed.zip
        application:
          name: Marketplace Lead Writer
          unique_name: "marketplace-lead-writer-{{ inventory_hostname }}"
        role_privileges:
          role: Microsoft Marketplace Lead Writer
          privileges:
            - table: asyncoperation
              access: [read, write, append_to]
              level: organization
  run_once: true
  register: fleet

- name: Show what one environment lacks
  ansible.builtin.debug:
    var: fleet.environments[inventory_hostname].changes
"""

RETURN = r"""
environments:
  description:
    - The plan of each environment by its host, as M(marketplace_leads.dynamics365.lead_writer_plan) returns it, with
      RV(would_change), RV(sheet) and RV(ends).
    - A plan that could not be made has C(failed) and C(msg), with a sentence for each blocker.
  returned: with C(run_once)
  type: dict
pending:
  description: The hosts for which the role does not end after the plan.
  returned: with C(run_once)
  type: list
  elements: str
made_at:
  description: When the plans were made, in seconds since 1970.
  returned: with C(run_once)
  type: float
would_change:
  description:
    - The names of the changes that the role makes by this plan, in order. They include those on the control node, which
      are C(stored_secret) and C(handover).
    - With C(--tags), only those of the selected steps.
  returned: without C(run_once), as is the rest of the plan
  type: list
  elements: str
  sample: [solution, application, service_principal, application.secret, stored_secret]
sheet:
  description: The path of the sheet for entering the connection in Partner Center's form.
  returned: without C(run_once)
  type: str
ends:
  description: Whether the role ends for the environment after its plan.
  returned: without C(run_once)
  type: bool
"""
