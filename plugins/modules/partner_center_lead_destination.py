# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage where an offer of the commercial marketplace sends its leads."""

from __future__ import annotations

DOCUMENTATION = r"""
module: partner_center_lead_destination
short_description: Manage where an offer of the commercial marketplace sends its leads
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Hands the connection details of a Dynamics 365 environment over to an offer in Partner Center, and publishes the
    offer if it is told to.
  - What is handed over changes the draft of the offer. Leads go on as before until the offer is published again, with
    the secret that is live; so keep an old secret until RV(lead_destination.live_since) has a value.
  - Nothing of the offer other than the lead destination is changed.
  - Nobody can read which secret an offer holds. The caller says by O(secret_key_id) which one is given and by
    O(handed_over_key_id) which one was handed over last; the value is handed over when the two differ, or when the
    draft has none of this application or user.
options:
  offer:
    description:
      - The offer ID, as Partner Center shows it in the offer overview. It is not the alias.
      - Offers of the types SaaS, virtual machine and container can be named. Partner Center's API does not serve
        others, such as Azure applications, consulting services and Dynamics 365 apps.
    type: str
    required: true
  destination:
    description:
      - Where the leads go. V(none) turns them away; they can still be seen in Partner Center.
      - With V(none) and O(environment_url), only an offer that sends its leads to this environment is changed.
      - Destinations that are not listed, such as Salesforce, can be replaced but not set.
    type: str
    choices: [dynamics, none, https_endpoint, azure_table]
    default: dynamics
  environment_url:
    description:
      - The address of the environment, such as V(https://contoso.crm4.dynamics.com). It has no port, path or query.
      - Required with O(destination=dynamics). The environment may belong to another tenant than the publisher.
    type: str
  authentication:
    description:
      - As what the lead service signs in to the environment, an application (V(azure_ad)) or a person's account
        (V(office365)).
      - An account with a second factor, or one that conditional access keeps out, cannot be used by the lead service.
    type: str
    choices: [azure_ad, office365]
    default: azure_ad
  application_id:
    description:
      - The application (client) ID. Required with O(authentication=azure_ad).
      - The nil GUID stands for an application that does not exist yet. It is accepted in check mode only.
    type: str
  directory_id:
    description: The directory (tenant) ID of the environment's tenant. Required with O(authentication=azure_ad).
    type: str
  application_key:
    description:
      - The value of the client secret, not its ID.
      - Needed only when a secret is handed over. In check mode it may be missing.
    type: str
  user_name:
    description: The user principal name. Required with O(authentication=office365).
    type: str
  password:
    description: The password of the user; see O(application_key).
    type: str
  https_endpoint_url:
    description: The https address that takes the leads. Required with O(destination=https_endpoint).
    type: str
  azure_table_connection_string:
    description: The connection string of the storage account, for O(destination=azure_table); see O(application_key).
    type: str
  contact_emails:
    description:
      - Addresses that are told of new leads, all of them.
      - An empty list removes them. If omitted, they stay as they are.
    type: list
    elements: str
  secret_key_id:
    description:
      - Which secret is given, as the key ID of the client secret or any text that is another one for another secret,
        such as the time when a password was changed.
      - If omitted, a value is handed over only where the draft has none.
    type: str
  handed_over_key_id:
    description: The O(secret_key_id) that was handed over last, as the result told then; empty when nobody knows.
    type: str
    default: ''
  handed_over_at:
    description: When that was, as the result told then.
    type: str
    default: ''
  replace_other_destination:
    description:
      - Whether another kind of destination than O(destination) may be given up. Without it the module fails and leaves
        the offer as it is. V(none) is given up without asking.
    type: bool
    default: false
  publish:
    description:
      - How far to publish the offer when what it holds is not there yet. V(never) says what is to be published.
      - An offer goes live by way of the preview, which takes V(live) both steps. Customers meet what is live.
      - Before it is published, Partner Center may write a test lead to the destination.
    type: str
    choices: [never, preview, live]
    default: never
  publish_other_changes:
    description:
      - Whether the offer may be published when it has other changes that are not live, for publishing publishes all.
      - Without it the lead destination is handed over to the draft, and the module warns that a person has to publish
        the offer. An offer that was never published counts as one with other changes.
    type: bool
    default: false
  publish_again:
    description:
      - Whether to publish an offer again whose last publication failed after the last handover. Without it the module
        warns of the failure, because nothing is submitted for certification twice unless that is asked for.
      - An offer whose draft is changed by the same run is published without it.
    type: bool
    default: false
  publication_job_id:
    description:
      - The RV(lead_destination.publication.job_id) that an earlier run returned. What the certification found is told
        by that job alone.
    type: str
    default: ''
  configure_timeout:
    description: How long Partner Center may work on a change of the lead destination, in seconds.
    type: int
    default: 600
  publish_timeout:
    description:
      - How long to wait for a publication, in seconds, from the time at which it began, and how long one by another
        person is waited for. V(0) does not wait.
      - A publication may take days, because offers are certified. One that takes longer goes on by itself. The module
        ends well and says so, and a later run finds it, begins no other one, and goes live when the preview is done.
    type: int
    default: 60
  api_version:
    description:
      - The version of Partner Center's schemas to use, such as V(2022-07-01).
      - Without it the newest one that is known is used, and an older one where that is refused.
    type: str
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
notes:
  - The credentials are the publisher's. O(tenant_id) is the publisher's tenant and O(client_id) an application that was
    added to the publisher's account (Account settings, User management, Microsoft Entra applications) with a role
    that may change offers, such as Manager. The application that writes leads is another one.
  - Partner Center is a service of the public cloud, so O(cloud) is left out.
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - name: Product ingestion API
    description: Microsoft's documentation of the API that is used.
    link: https://learn.microsoft.com/partner-center/marketplace-offers/product-ingestion-api
"""

EXAMPLES = r"""
- name: Hand the connection over to an offer
  marketplace_leads.dynamics365.partner_center_lead_destination:
    tenant_id: publisher.onmicrosoft.com
    client_id: "{{ publisher_client_id }}"
    client_secret: "{{ publisher_client_secret }}"
    offer: contoso-app
    environment_url: https://contoso.crm4.dynamics.com
    application_id: 22222222-2222-2222-2222-222222222222
    directory_id: 33333333-3333-3333-3333-333333333333
    application_key: "{{ stored.value }}"
    secret_key_id: "{{ stored.key_id }}"
    handed_over_key_id: "{{ handed_over.key_id | default('') }}"
    handed_over_at: "{{ handed_over.at | default('') }}"
    contact_emails:
      - sales@contoso.example
  register: handed_over_now

- name: Keep on record which secret the offer holds
  ansible.builtin.copy:
    content: "{{ handed_over_now.lead_destination.handed_over | to_nice_yaml }}"
    dest: offers/contoso-app.yml
    mode: "0644"

- name: Publish the offer too, unless somebody else has changed it
  marketplace_leads.dynamics365.partner_center_lead_destination:
    tenant_id: publisher.onmicrosoft.com
    client_id: "{{ publisher_client_id }}"
    client_secret: "{{ publisher_client_secret }}"
    offer: contoso-app
    environment_url: https://contoso.crm4.dynamics.com
    application_id: 22222222-2222-2222-2222-222222222222
    directory_id: 33333333-3333-3333-3333-333333333333
    application_key: "{{ stored.value }}"
    secret_key_id: "{{ stored.key_id }}"
    handed_over_key_id: "{{ handed_over.key_id }}"
    handed_over_at: "{{ handed_over.at }}"
    publish: live

- name: Turn the leads of an offer away from an environment that is to go
  marketplace_leads.dynamics365.partner_center_lead_destination:
    tenant_id: publisher.onmicrosoft.com
    client_id: "{{ publisher_client_id }}"
    client_secret: "{{ publisher_client_secret }}"
    offer: contoso-app
    destination: none
    environment_url: https://contoso.crm4.dynamics.com
"""

RETURN = r"""
changes:
  description: The names of the differences that were corrected, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [lead_destination.contoso-app.leadDestination, lead_destination.contoso-app.secret]
lead_destination:
  description: Where the offer sends its leads. In check mode it is what was read.
  returned: success
  type: dict
  contains:
    offer:
      description: The offer ID.
      type: str
    product_id:
      description: The ID of the product in Partner Center.
      type: str
    draft:
      description: The lead destination of the draft, without secrets.
      type: dict
      sample:
        lead_destination: dynamics
        dynamics_lead_configuration:
          instance_url: https://contoso.crm4.dynamics.com
          authentication: azureAD
          application_id: 22222222-2222-2222-2222-222222222222
          directory_id: 33333333-3333-3333-3333-333333333333
    live:
      description: The lead destination that customers meet; empty when the offer was never published.
      type: dict
    handed_over:
      description: What to give as O(handed_over_key_id) and O(handed_over_at) in the next run.
      type: dict
      contains:
        key_id:
          description: Which secret the draft holds; empty when nobody knows.
          type: str
        at:
          description: When it was handed over, in UTC by the service's clock, or null.
          type: str
    live_since:
      description:
        - Since when leads go to the wanted destination with the secret that was handed over, in UTC.
        - Null when they do not, or when it is not known when the secret was handed over.
      type: str
    publication:
      description: How far what the draft holds has come on its way to customers.
      type: dict
      contains:
        state:
          description:
            - V(live) and V(preview) say where it is, V(none) that it is in the draft alone.
            - V(waiting) says that a publication is under way, which may take days.
            - V(held) and V(failed) wait for a person. Other people's changes would be published too, or the last
              publication failed.
          type: str
        target:
          description: Where the publication goes that RV(lead_destination.publication.submission_id) names.
          type: str
        submission_id:
          description: The publication that says so; empty where there is none, or where it is not shown yet.
          type: str
        job_id:
          description: What to give as O(publication_job_id) in the next run; empty when the publication is done.
          type: str
        since:
          description: When that publication began, in UTC, or null.
          type: str
    publish_needed:
      description: Whether what the draft holds, or would hold after a dry run's changes, is still to be published.
      type: bool
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

from ..module_utils._entry_point import CREDENTIALS, Arguments, ModuleContext, run
from ..module_utils._resources.lead_destination.resource import OPTIONS, DesiredLeadDestination, LeadDestinationResource

ARGUMENTS = CREDENTIALS + Arguments(OPTIONS)


def resource(context: ModuleContext) -> LeadDestinationResource:
    """Return the lead destination that the call is about."""
    return LeadDestinationResource(
        context.partner_center,
        DesiredLeadDestination.from_options(context.options),
        report_progress=context.report_progress,
    )


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    run(module_class, ARGUMENTS, resource)


if __name__ == "__main__":
    main()
