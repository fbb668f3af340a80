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
    asks the environment who that is.
  - Looks, with the runner's rights, at everything that user may do there by all its roles, and compares it with what
    writing leads takes. The system jobs and user interface settings of the documented set-up are part of that.
  - Writes a lead with the values of Microsoft's own test lead, reads it back, compares it field by field, and removes
    it with the runner's rights.
  - When a lead could not arrive, the module fails with one sentence that names the cause and its cure. To find the
    cause it looks at the application, its secrets and its service principal in the directory, and at the user in the
    environment. What the runner may not look at makes the sentence less precise.
  - In check mode it does all of this except the write.
  - A written lead is a change, also when it was removed again, so the task is changed in every run.
  - It uses the Web API, while the lead service is believed to use an older interface. So the test is very good but no
    proof. Microsoft's own test, the button "Validate" in Partner Center, has no public interface.
options:
  authentication:
    description:
      - Which of the two choices of the form in Partner Center was made.
      - V(azure_ad) takes O(directory_id), O(application_id) and O(application_key).
      - V(office365) takes O(user_name) and O(password).
    type: str
    choices: [azure_ad, office365]
    default: azure_ad
  directory_id:
    description: The directory (tenant) id that was handed over.
    type: str
  application_id:
    description: The application (client) id that was handed over.
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
    description: The security role that is meant to give the right to write leads, for the sentences about it.
    type: str
    default: Microsoft Marketplace Lead Writer
  remove:
    description:
      - Whether the test lead is removed again. When that fails, a warning names the lead that stays.
      - Test leads can be found by their last name, which begins with C(MSFT_TEST_).
    type: bool
    default: true
  documented_privileges:
    description:
      - Whether the user must have all the privileges that the documented set-up asks for. With V(false) a missing
        privilege on system jobs or user interface settings is a warning, and the write shows whether the lead arrives.
    type: bool
    default: true
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
notes:
  - To find the cause of a failure, the runner needs the Graph application permission Application.ReadWrite.OwnedBy or
    Application.Read.All, and for O(authentication=office365) also User.Read.All. Nothing else of the test needs them.
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - name: Common questions and troubleshooting for lead configuration
    description: Microsoft's list of the errors that the lead service can answer with.
    link: https://learn.microsoft.com/azure/marketplace/lead-management-faq
"""

EXAMPLES = r"""
- name: Does a lead arrive?
  marketplace_leads.dynamics365.dynamics_test_lead:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    directory_id: 11111111-2222-3333-4444-555555555555
    application_id: 22222222-2222-2222-2222-222222222222
    application_key: "{{ handed_over_secret }}"

- name: Look at everything without writing a lead
  marketplace_leads.dynamics365.dynamics_test_lead:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    authentication: office365
    user_name: leads@contoso.onmicrosoft.com
    password: "{{ handed_over_password }}"
  check_mode: true
  register: looked

- name: How long ago did the last lead come?
  ansible.builtin.debug:
    msg: "{{ looked.newest_lead.age_days | default('never') }}"
"""

RETURN = r"""
changes:
  description: V(test_lead) when a lead was written, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: [test_lead]
test_lead:
  description: The test lead, with the values that were written, by the columns of the table.
  returned: success
  type: dict
  contains:
    leadid:
      description: Its id; the nil GUID in check mode.
      type: str
    written:
      description: Whether it was written.
      type: bool
    removed:
      description: Whether it was removed again.
      type: bool
    differences:
      description: The columns that the environment stored otherwise, each with C(sent) and C(stored).
      type: dict
    lastname:
      description: The last name, by which the lead can be found. The other columns are returned like this one.
      type: str
      sample: MSFT_TEST_636573304831318844
newest_lead:
  description:
    - The newest real lead of the marketplace, or null when there is none.
    - Leads that the same user created count, and those whose subject begins with one of the marketplace's sources.
      Test leads do not.
  returned: success
  type: dict
  contains:
    leadid:
      description: Its id.
      type: str
    created_on:
      description: When it was created, in UTC.
      type: str
    age_days:
      description: How many whole days ago that was.
      type: int
lead_service_user:
  description: The user that the lead service is in the environment.
  returned: success
  type: dict
  contains:
    systemuserid:
      description: The id of the user.
      type: str
    businessunitid:
      description: The id of its business unit.
      type: str
    authentication:
      description: How it signs in.
      type: str
    application_id:
      description: The application it is, if it is one.
      type: str
    user_name:
      description: The person it is, if it is one.
      type: str
    roles:
      description: The names of the security roles that it holds directly.
      type: list
      elements: str
    privileges:
      description: The access levels of the privileges that writing leads takes, by the names of those it has.
      type: dict
      sample: {prvCreateLead: Global}
cause:
  description:
    - Why a lead could not arrive, in one word that stays the same. The page on troubleshooting lists all of them.
  returned: when a lead could not arrive
  type: str
  sample: secret_expired
documented_error:
  description:
    - What Partner Center says in that case, as Microsoft documents it. Null where Microsoft documents nothing.
  returned: when a lead could not arrive
  type: str
  sample: >-
    Could not save the lead to Dynamics CRM using AAD. Exception:: Error validating credentials.: Invalid client secret
    is provided.
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
