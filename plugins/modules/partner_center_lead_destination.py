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
    offer if O(publish) asks for it.
  - The handover changes the draft of the offer. The live offer sends leads as before, with the live secret, until it is
    published again. So keep an old secret until RV(lead_destination.live_since) has a value.
  - Nothing of the offer other than the lead destination is changed.
  - Partner Center does not show which secret an offer holds. The caller sets O(secret_key_id) to the secret it passes
    and O(handed_over_key_id) to the one that was handed over last. The value is handed over if the two differ, or if
    the draft has none of this application or user.
options:
  offer:
    description:
      - The offer ID, as Partner Center shows it in the offer overview. It is not the alias.
      - The offer must be of the type SaaS, virtual machine or container. Partner Center's API does not support other
        types, such as Azure applications, consulting services and Dynamics 365 apps.
    type: str
    required: true
  destination:
    description:
      - Where the leads go. With V(none) they go nowhere; they can still be seen in Partner Center.
      - With V(none) and O(environment_url), only an offer that sends its leads to this environment is changed.
      - Destinations that are not listed, such as Salesforce, can be replaced but not set.
    type: str
    choices: [dynamics, none, https_endpoint, azure_table]
    default: dynamics
  environment_url:
    description:
      - The address of the environment, such as V(https://contoso.crm4.dynamics.com). It has no port, path or query.
      - Required with O(destination=dynamics). The environment can belong to a different tenant.
    type: str
  authentication:
    description:
      - How the lead service signs in to the environment, as an application (V(azure_ad)) or as a Microsoft 365 user
        (V(office365)).
      - The lead service cannot use an account with a second factor, or one that conditional access blocks.
    type: str
    choices: [azure_ad, office365]
    default: azure_ad
  application_id:
    description:
      - The application (client) ID. Required with O(authentication=azure_ad).
      - The nil GUID represents an application that does not exist yet. It is accepted in check mode only.
    type: str
  directory_id:
    description: The directory (tenant) ID of the environment's tenant. Required with O(authentication=azure_ad).
    type: str
  application_key:
    description:
      - The value of the client secret, not its ID.
      - Required only when a secret is handed over. In check mode it is optional.
    type: str
  user_name:
    description: The user principal name. Required with O(authentication=office365).
    type: str
  password:
    description: The password of the user; see O(application_key).
    type: str
  https_endpoint_url:
    description: The https address that receives the leads. Required with O(destination=https_endpoint).
    type: str
  azure_table_connection_string:
    description: The connection string of the storage account, for O(destination=azure_table); see O(application_key).
    type: str
  contact_emails:
    description:
      - All addresses that are notified of new leads.
      - An empty list removes them. If omitted, they stay unchanged.
    type: list
    elements: str
  secret_key_id:
    description:
      - Which secret is passed, as the key ID of the client secret or any text that is unique to the secret, such as the
        time when a password was changed.
      - If omitted, a value is handed over only if the draft has none.
    type: str
  handed_over_key_id:
    description: The O(secret_key_id) that was handed over last, as returned by that run; empty if unknown.
    type: str
    default: ''
  handed_over_at:
    description: When that was, as returned by that run.
    type: str
    default: ''
  replace_other_destination:
    description:
      - Whether to replace a destination of another kind than O(destination). Otherwise the module fails and leaves the
        offer unchanged. V(none) is always replaced.
    type: bool
    default: false
  publish:
    description:
      - How far to publish the offer if its lead destination is not published yet. V(never) only reports what waits for
        publication.
      - An offer goes live through the preview, so V(live) performs both steps. Customers see the live offer.
      - Before publication, Partner Center may write a test lead to the destination.
    type: str
    choices: [never, preview, live]
    default: never
  publish_other_changes:
    description:
      - Whether to publish the offer if it has other changes that are not live, because publishing includes all changes.
      - Otherwise the lead destination is handed over to the draft, and the module warns that a person has to publish
        the offer. An offer that was never published counts as one with other changes.
    type: bool
    default: false
  publish_again:
    description:
      - Whether to publish an offer again if its last publication failed after the last handover. Otherwise the module
        warns of the failure, because it never submits the same draft for certification twice on its own.
      - An offer whose draft changes in the same run is published without it.
    type: bool
    default: false
  publication_job_id:
    description:
      - The RV(lead_destination.publication.job_id) that an earlier run returned. Only that job contains the result of
        the certification.
    type: str
    default: ''
  configure_timeout:
    description: How long to wait for a change of the lead destination in Partner Center, in seconds.
    type: int
    default: 600
  publish_timeout:
    description:
      - How long to wait for a publication, in seconds, from the time at which it began. This includes publications by
        other people. V(0) does not wait.
      - A publication can take days, because offers are certified. If it takes longer than this, the module ends
        successfully and reports it, and the publication continues. A later run finds it, starts no other one, and goes
        live when the preview is done.
    type: int
    default: 60
  api_version:
    description:
      - The version of Partner Center's schemas to use, such as V(2022-07-01).
      - By default, the newest version that the collection knows, or an older one if Partner Center refuses that.
    type: str
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
notes:
  - The credentials are the publisher's. O(tenant_id) is the publisher's tenant and O(client_id) an application that was
    added to the publisher's account (Account settings, User management, Microsoft Entra applications) with a role
    that allows it to change offers, such as Manager. It is not the application that writes leads.
  - Partner Center is a service of the public cloud, so omit O(cloud).
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - name: Product ingestion API
    description: Microsoft's documentation of the API that this module uses.
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

- name: Record which secret the offer holds
  ansible.builtin.copy:
    content: "{{ handed_over_now.lead_destination.handed_over | to_nice_yaml }}"
    dest: offers/contoso-app.yml
    mode: "0644"

- name: Publish the offer too, unless someone else has changed it
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

- name: Stop an offer from sending leads to an environment that will be removed
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
  description: Where the offer sends its leads. In check mode, the state as it was read.
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
      description: The lead destination of the live offer; empty if the offer was never published.
      type: dict
    handed_over:
      description: What to pass as O(handed_over_key_id) and O(handed_over_at) in the next run.
      type: dict
      contains:
        key_id:
          description: Which secret the draft holds; empty if unknown.
          type: str
        at:
          description: When it was handed over, in UTC by the service's clock, or null.
          type: str
    live_since:
      description:
        - Since when leads go to the requested destination with the secret that was handed over, in UTC.
        - Null if they do not, or if it is not known when the secret was handed over.
      type: str
    publication:
      description: How far the publication of the draft has come.
      type: dict
      contains:
        state:
          description:
            - V(live) and V(preview) name the stage it has reached; V(none) means that it is in the draft only.
            - V(waiting) means that a publication is in progress, which can take days.
            - V(held) and V(failed) wait for a person. With V(held), other people's changes would be published too; with
              V(failed), the last publication failed.
          type: str
        target:
          description: The target of the publication that RV(lead_destination.publication.submission_id) names.
          type: str
        submission_id:
          description: The ID of that publication; empty if there is none, or if it is not shown yet.
          type: str
        job_id:
          description: What to pass as O(publication_job_id) in the next run; empty when the publication is done.
          type: str
        since:
          description: When that publication began, in UTC, or null.
          type: str
    publish_needed:
      description: Whether the draft, with the changes that a dry run shows, still has to be published.
      type: bool
    handover:
      description:
        - What the option C(handed_over) of M(marketplace_leads.dynamics365.lead_writer_handover) takes for the offer.
        - A dry run returns it as it is after the changes, with V(known after apply) for what only a change can show.
      type: dict
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
