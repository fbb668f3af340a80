# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write a test lead with the connection that was handed over to Partner Center."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamics_test_lead
short_description: Write a test lead with the connection that was handed over to Partner Center
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Signs in with exactly the credentials that were handed over, as the lead service of the marketplace would, and
    asks the environment which user that is.
  - Reads, with the runner's rights, all privileges that the user has there through its roles, and compares them with
    those needed to write leads. These include the system jobs and user interface settings of the documented setup.
  - Writes a lead with the values of Microsoft's own test lead, reads it back, compares it field by field, and removes
    it with the runner's rights.
  - If a lead could not arrive, the module fails with one sentence that names the cause and its cure. To find the
    cause it reads the application, its secrets and its service principal in the directory, and the user in the
    environment. The sentence is less precise if the runner is not allowed to read all of these.
  - In check mode it does all of this except the write.
  - A written lead is a change, even if it was removed again, so the task is changed in every run.
  - It uses the Web API, while the lead service is believed to use an older interface. So the test is strong evidence
    but no proof. Microsoft's own test, the button "Validate" in Partner Center, has no public interface.
options:
  authentication:
    description:
      - Which of the two choices in the form of Partner Center was made.
      - V(azure_ad) takes O(directory_id), O(application_id) and O(application_key).
      - V(office365) takes O(user_name) and O(password).
    type: str
    choices: [azure_ad, office365]
    default: azure_ad
  directory_id:
    description: The directory (tenant) ID that was handed over.
    type: str
  application_id:
    description: The application (client) ID that was handed over.
    type: str
  application_key:
    description: The value of the client secret that was handed over.
    type: str
  user_name:
    description: The user name that was handed over.
    type: str
  password:
    description: The password that was handed over.
    type: str
  public_client_id:
    description:
      - The public client through which the user signs in with a password.
      - The default is the client of Microsoft's own samples, which needs no registration.
    type: str
    default: 51f81489-12ee-4a9e-aaae-a2591f45987d
  role:
    description: The security role that should grant the right to write leads, for use in messages.
    type: str
    default: Microsoft Marketplace Lead Writer
  remove:
    description:
      - Whether the test lead is removed again. If that fails, a warning names the lead that stays.
      - Test leads can be found by their last name, which begins with C(MSFT_TEST_).
    type: bool
    default: true
  documented_privileges:
    description:
      - Whether the user must have all privileges that the documented setup asks for. With V(false) a missing
        privilege on system jobs or user interface settings is a warning, and the write shows whether the lead arrives.
    type: bool
    default: true
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
notes:
  - To find the cause of a failure, the runner needs the Graph application permission Application.ReadWrite.OwnedBy or
    Application.Read.All, and for O(authentication=office365) also User.Read.All. Nothing else in the test needs them.
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - name: Common questions and troubleshooting for lead configuration
    description: Microsoft's list of the errors that the lead service can return.
    link: https://learn.microsoft.com/azure/marketplace/lead-management-faq
"""

EXAMPLES = r"""
- name: Test whether a lead arrives
  marketplace_leads.dynamics365.dynamics_test_lead:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    directory_id: 11111111-2222-3333-4444-555555555555
    application_id: 22222222-2222-2222-2222-222222222222
    application_key: "{{ handed_over_secret }}"

- name: Check everything without writing a lead
  marketplace_leads.dynamics365.dynamics_test_lead:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    authentication: office365
    user_name: leads@contoso.onmicrosoft.com
    password: "{{ handed_over_password }}"
  check_mode: true
  register: checked

- name: Show how long ago the last lead arrived
  ansible.builtin.debug:
    msg: "{{ checked.newest_lead.age_days | default('never') }}"
"""

RETURN = r"""
changes:
  description: V(test_lead) when a lead was written, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: [test_lead]
test_lead:
  description: The test lead, with the written values by column of the table.
  returned: success
  type: dict
  contains:
    leadid:
      description: Its ID; the nil GUID in check mode.
      type: str
    written:
      description: Whether it was written.
      type: bool
    removed:
      description: Whether it was removed again.
      type: bool
    differences:
      description: The columns that the environment stored differently, each with C(sent) and C(stored).
      type: dict
    lastname:
      description: The last name. Use it to find the lead. The other columns are returned like this one.
      type: str
      sample: MSFT_TEST_636573304831318844
newest_lead:
  description:
    - The newest real lead of the marketplace, or null if there is none.
    - Leads that the same user created count, and those whose subject begins with one of the marketplace's sources.
      Test leads do not count.
  returned: success
  type: dict
  contains:
    leadid:
      description: Its ID.
      type: str
    created_on:
      description: When it was created, in UTC.
      type: str
    age_days:
      description: How many whole days ago that was.
      type: int
lead_service_user:
  description: The user of the environment that the lead service signs in as.
  returned: success
  type: dict
  contains:
    systemuserid:
      description: The ID of the user.
      type: str
    businessunitid:
      description: The ID of its business unit.
      type: str
    authentication:
      description: How the lead service signs in.
      type: str
    application_id:
      description: The application ID, if it is an application user.
      type: str
    user_name:
      description: The user principal name, if it is a Microsoft 365 user.
      type: str
    roles:
      description: The names of the security roles that it holds directly.
      type: list
      elements: str
    privileges:
      description: The access levels of the privileges for writing leads that it has, by name.
      type: dict
      sample: {prvCreateLead: Global}
cause:
  description:
    - Why a lead could not arrive, as a stable identifier. The page on troubleshooting lists all of them.
  returned: when a lead could not arrive
  type: str
  sample: secret_expired
documented_error:
  description:
    - What Partner Center reports in that case, as Microsoft documents it. Null if Microsoft documents nothing.
  returned: when a lead could not arrive
  type: str
  sample: >-
    Could not save the lead to Dynamics CRM using AAD. Exception:: Error validating credentials.: Invalid client secret
    is provided.
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
from ..module_utils._resources.lead_probe.options import OPTIONS, RULES, HandedOver
from ..module_utils._resources.lead_probe.resource import Reach, TestLeadResource

ARGUMENTS = CREDENTIALS + ENVIRONMENT + Arguments(OPTIONS, RULES)


def resource(context: ModuleContext) -> TestLeadResource:
    """Return the test lead that the call is about."""
    reach = Reach(
        address=lambda: context.address,
        tenant=lambda: context.tenant_of_environment,
        environment=lambda: context.environment,
        graph=lambda: context.graph,
    )
    return TestLeadResource(
        HandedOver.from_options(context.options), context["remove"], reach, context["documented_privileges"]
    )


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    run(module_class, ARGUMENTS, resource)


if __name__ == "__main__":
    main()
