# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the whole lead-writer setup of one environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lead_writer_plan
short_description: Plan the whole lead-writer setup of one environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Reads everything that marketplace leads need in one environment and its tenant, and returns the differences from
    the desired state, step by step. It changes nothing.
  - Each step is planned by the same code as the module that applies it, so the two cannot disagree.
  - It signs in once for each service and reads in parallel, so it is the fastest way to find out whether an environment
    needs any change.
  - If anything would stop a run, the module fails with one sentence for each blocker.
  - Security roles that the package of O(solution) contains count as existing.
options:
  solution:
    description:
      - The solution that contains the security role, by the options of
        M(marketplace_leads.dynamics365.dynamics_solution) other than credentials and O(environment_url).
    type: dict
    required: true
  application:
    description:
      - The application that the lead service uses to sign in, by the options of
        M(marketplace_leads.dynamics365.aad_app) other than credentials.
      - Required unless O(user) is set, and ignored otherwise.
    type: dict
  user:
    description:
      - The Microsoft 365 user that the lead service uses to sign in instead, by the options of
        M(marketplace_leads.dynamics365.aad_user) other than credentials and C(password).
      - Without C(password_renewal), a valid password is replaced only if O(lead_destinations) names offers and either
        publishes them or none of them is live with this user.
    type: dict
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
      - The application ID and the roles follow from O(application) and O(role_privileges), so omit them.
    type: dict
    default: {}
  user_role:
    description:
      - The user in the environment, by the options of M(marketplace_leads.dynamics365.dynamics_user_role) other than
        credentials and O(environment_url).
      - The user and the roles follow from O(user) and O(role_privileges), so omit them.
    type: dict
    default: {}
  lead_destinations:
    description:
      - The offers that should send their leads to the environment, and what was handed over to them before.
      - The sub-options C(contact_emails), C(publish), C(publish_other_changes), C(publish_again), C(publish_timeout),
        C(replace_other_destination) and C(api_version) are those of
        M(marketplace_leads.dynamics365.partner_center_lead_destination), for all offers alike.
      - C(offers) lists the external IDs. C(handed_over) is a dictionary with C(key_id), C(handed_over_at) and
        C(job_id) for each of them, as M(marketplace_leads.dynamics365.lead_writer_handover) keeps it.
      - Without offers, C(secret_in_use_key_id) is the secret that is known to be in use, so that older ones can be
        removed. With offers, their publications show which secret is in use.
      - C(refusal) is a message to fail with, as M(marketplace_leads.dynamics365.offer_claims) returns it for offers
        that two hosts name.
    type: dict
    default: {}
  handover:
    description:
      - The part of the handover that only the caller knows, for RV(handover).
    type: dict
    default: {}
    suboptions:
      stored:
        description: The store's record of the secret, with C(key_id) and C(end_date_time).
        type: dict
        default: {}
      secret_in:
        description: Where the secret is stored.
        type: str
      show_secret_with:
        description: The command that shows the secret.
        type: str
  store:
    description:
      - The caller's store, as the control node sees it.
    type: dict
    default: {}
    suboptions:
      key_id:
        description: The key ID in the record, returned as RV(stored_key_id).
        type: str
        default: ''
      has_record:
        description: Whether the store has a record of the environment.
        type: bool
        default: true
      lost:
        description: Whether the store was lost, so that another secret is created.
        type: bool
        default: false
      path:
        description: The file with the record of the environment. Empty for a store of another kind.
        type: str
        default: ''
      looked_in:
        description: The directories in which a record was looked for.
        type: list
        elements: str
        default: []
      found_in:
        description: Those of them that have a record of the environment, if O(store.path) does not exist.
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.attributes.info
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
  - marketplace_leads.dynamics365.credentials.publisher
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.aad_user
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - module: marketplace_leads.dynamics365.dynamics_solution
  - module: marketplace_leads.dynamics365.dynamics_user_role
"""

EXAMPLES = r"""
- name: Plan an environment
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

- name: Show what would change
  ansible.builtin.debug:
    var: plan.steps
"""

RETURN = r"""
changes:
  description: The names of all differences, in the order in which they would be corrected.
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
      returned: when O(user) is not given
      type: list
      elements: str
    user:
      description: What would change about the user, its licenses and its password.
      returned: when O(user) is given
      type: list
      elements: str
    role_privileges:
      description: What would change about the security role.
      type: list
      elements: str
    application_user:
      description: What would change about the application user.
      returned: when O(user) is not given
      type: list
      elements: str
    environment_user:
      description: What would change about the user in the environment.
      returned: when O(user) is given
      type: list
      elements: str
    lead_destinations:
      description: What would change about the lead destinations of the offers.
      type: list
      elements: str
differences:
  description: The state before and after, by the name of the difference.
  returned: success
  type: dict
  contains:
    before:
      description: The current state.
      type: dict
    after:
      description: The state after the change.
      type: dict
application_id:
  description: The application ID, or the nil GUID if the application does not exist. Empty with O(user).
  returned: success
  type: str
user_id:
  description: The object ID of O(user), or the nil GUID if the user does not exist. Empty without O(user).
  returned: success
  type: str
password_renewal:
  description: Whether a valid password of O(user) is allowed to be replaced.
  returned: success
  type: bool
new_secret_end_date_time:
  description: When the new secret expires, if the application needs one; otherwise empty.
  returned: success
  type: str
stored_key_id:
  description: The key ID in the store's record when the plan was made. Another run may have changed the record since.
  returned: success
  type: str
directory_id:
  description: The directory ID of the environment's tenant.
  returned: success
  type: str
cloud:
  description: The national cloud of the environment.
  returned: success
  type: str
service_time:
  description: The time at which the plan was made, in UTC by the clock of Microsoft Graph.
  returned: success
  type: str
  sample: '2026-11-22T15:00:00Z'
application:
  description: The application as M(marketplace_leads.dynamics365.aad_app) returns it.
  returned: success
  type: dict
lead_destinations:
  description:
    - The lead destination of each offer as M(marketplace_leads.dynamics365.partner_center_lead_destination) returns
      it.
  returned: success
  type: list
  elements: dict
secret_in_use:
  description: Which secret of the application the published offers sign in with, as far as is known.
  returned: success
  type: dict
  contains:
    key_id:
      description: Its key ID, an empty string if unknown.
      type: str
    since:
      description: Since when all of them use it, an empty string if unknown.
      type: str
handover:
  description:
    - The connection after all changes, by the options of
      M(marketplace_leads.dynamics365.lead_writer_handover) other than C(path). Values that only the change itself
      determines are V(known after apply).
  returned: success
  type: dict
user:
  description: The user as M(marketplace_leads.dynamics365.aad_user) returns it.
  returned: success and O(user) is given
  type: dict
password:
  description: The details of the user's password, as M(marketplace_leads.dynamics365.aad_user) returns it.
  returned: success and O(user) is given
  type: dict
environment_user:
  description: The user in the environment as M(marketplace_leads.dynamics365.dynamics_user_role) returns it.
  returned: success and O(user) is given
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

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._entry_point import report
from ..module_utils._environment_plan.options import ARGUMENTS
from ..module_utils._environment_plan.report import read


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    report(module_class, ARGUMENTS, read)


if __name__ == "__main__":
    main()
