# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Examine a lead writer setup made by hand, to take it over."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lead_writer_adoption
short_description: Examine a lead writer setup made by hand, to take it over
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Reads the offers' lead destinations in Partner Center to find the application or Microsoft 365 user that signs in to
    an environment to write leads. The caller can name it instead.
  - Finds the live client secret of the application that matches O(adopt_secret). Microsoft Graph shows the first
    characters of each secret. If several match, the module fails and asks for O(adopt_key_id).
  - Returns what the role C(lead_writer) has to record to continue from there, without the value of the secret. It
    changes nothing.
  - Warns of other live secrets of the application, and of other applications that can write leads to the environment.
  - It does not sign in with the secret. M(marketplace_leads.dynamics365.dynamics_test_lead) does, and shows whether a
    lead arrives.
options:
  authentication:
    description: Whether an application (V(azure_ad)) or a Microsoft 365 user (V(office365)) signs in.
    type: str
    choices: [azure_ad, office365]
    default: azure_ad
  application_id:
    description:
      - The application (client) ID of the application to take over.
      - By default, the one that O(offers) use.
    type: str
  user_name:
    description:
      - The user principal name of the user to take over, for O(authentication=office365).
      - By default, the one that O(offers) use.
    type: str
  adopt_secret:
    description:
      - The value of the client secret, or the password, that was handed over to Partner Center.
      - Not needed if O(stored) shows that the secret was taken over and has been rotated.
    type: str
  adopt_key_id:
    description: The key ID of that client secret, if other secrets begin with the same characters.
    type: str
  offers:
    description: The external IDs of the offers whose leads go to the environment.
    type: list
    elements: str
    default: []
  roles:
    description: The security roles that may allow other applications to write leads.
    type: list
    elements: str
    default: [Microsoft Marketplace Lead Writer]
  stored:
    description:
      - The store's current record of the environment, a dictionary with C(key_id), C(adopted_key_id),
        C(application_id) and C(user_name), as the lookup P(marketplace_leads.dynamics365.stored_secret#lookup) returns
        it.
      - The module fails if the store holds another secret, because taking over would overwrite it.
    type: dict
    default: {}
  handed_over:
    description:
      - What the handover file already records for each offer, as the lookup
        P(marketplace_leads.dynamics365.handover#lookup) returns it.
    type: dict
    default: {}
  option_prefix:
    description: The prefix of these options in messages, such as V(lead_writer_) in the role.
    type: str
    default: ''
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.attributes.info
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
  - marketplace_leads.dynamics365.credentials.publisher
notes:
  - The runner needs the application permission C(Application.Read.All) on Microsoft Graph, and for
    O(authentication=office365) C(User.Read.All) and C(Domain.Read.All).
  - O(adopt_secret) is refused if its variable C(lead_writer_adopt_secret) was given in plain text on the command line.
seealso:
  - module: marketplace_leads.dynamics365.dynamics_test_lead
  - module: marketplace_leads.dynamics365.lead_writer_handover
  - module: marketplace_leads.dynamics365.secret_store_file
"""

EXAMPLES = r"""
- name: Find the application that writes the leads of an offer
  marketplace_leads.dynamics365.lead_writer_adoption:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    offers: [contoso-app]
    publisher:
      tenant_id: publisher.onmicrosoft.com
      client_id: "{{ publisher_client_id }}"
      client_secret: "{{ publisher_client_secret }}"
    adopt_secret: "{{ handed_over_secret }}"
  register: found
"""

RETURN = r"""
state:
  description:
    - V(new) is a setup that is not taken over yet, V(taken_over) one whose secret is in the store already.
    - V(rotated) is one that was taken over and whose secret has been rotated; nothing else is returned then.
  returned: success
  type: str
  sample: new
directory_id:
  description: The directory ID of the tenant.
  returned: success
  type: str
secret:
  description: What identifies the secret, without its value.
  returned: success
  type: dict
  contains:
    key_id:
      description: The ID of the client secret, or when the password was set.
      type: str
    display_name:
      description: The name of the client secret; empty for a password.
      type: str
    end_date_time:
      description: When it expires; empty if it does not.
      type: str
handed_over:
  description:
    - For each offer that signs in with it, the record that M(marketplace_leads.dynamics365.lead_writer_handover) keeps.
  returned: success
  type: dict
  sample:
    contoso-app:
      key_id: 44444444-5555-6666-7777-888888888888
      handed_over_at: "2026-11-22T16:59:08.000000Z"
      live_since: "2026-11-22T17:12:00.000000Z"
application:
  description: The application as M(marketplace_leads.dynamics365.aad_app_info) returns it; empty for a user.
  returned: success
  type: dict
user_name:
  description: The user principal name of the user; empty for an application.
  returned: success
  type: str
member:
  description: The application's or user's user in the environment; empty if there is none.
  returned: success
  type: dict
  contains:
    systemuserid:
      description: The ID of the user.
      type: str
    businessunitid:
      description: The ID of its business unit.
      type: str
    isdisabled:
      description: Whether it is disabled.
      type: bool
    roles:
      description: The security roles that it holds directly.
      type: list
      elements: str
privileges:
  description: The access levels of the privileges for writing leads that it has, by name.
  returned: success
  type: dict
other_secrets:
  description: The other live secrets of the application, each with C(days_left).
  returned: success
  type: list
  elements: dict
other_applications:
  description: Other applications that the offers use, or whose users hold one of O(roles).
  returned: success
  type: list
  elements: dict
  contains:
    app_id:
      description: The application (client) ID.
      type: str
    display_name:
      description: The display name, or null if the tenant has no such application.
      type: str
    offers:
      description: The offers that use it, live or in their drafts.
      type: list
      elements: str
    holds_role:
      description: Whether its user holds one of O(roles).
      type: bool
    live_secrets:
      description: Its live secrets, each with C(days_left).
      type: list
      elements: dict
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._entry_point import CREDENTIALS, ENVIRONMENT, PUBLISHER, Arguments, ModuleContext, report
from ..module_utils._resources.adoption.options import OPTIONS, AdoptionRequest
from ..module_utils._resources.adoption.resource import Adoption, Reach

ARGUMENTS = CREDENTIALS + ENVIRONMENT + PUBLISHER + Arguments(OPTIONS)


def read(context: ModuleContext) -> dict[str, Any]:
    """Return what there is to take over."""
    context.check_tenant()
    request = AdoptionRequest.from_options(context.options)
    reach = Reach(context.graph, context.environment, lambda: context.partner_center_of_publisher)
    return Adoption(reach, request).read()


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    report(module_class, ARGUMENTS, read)


if __name__ == "__main__":
    main()
