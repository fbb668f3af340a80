# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Return where offers of the commercial marketplace send their leads."""

from __future__ import annotations

DOCUMENTATION = r"""
module: partner_center_lead_destination_info
short_description: Get information about where offers of the commercial marketplace send their leads
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Returns where offers in Partner Center send leads, for their drafts and for the live offers.
  - Fails if the publisher's account does not have one of the offers.
options:
  offers:
    description: The offer IDs, as Partner Center shows them in the offer overview.
    type: list
    elements: str
    required: true
  environment_url:
    description: An environment. RV(live_here) and RV(draft_here) list the offers that send their leads there.
    type: str
  api_version:
    description:
      - The version of Partner Center's schemas to use; see
        M(marketplace_leads.dynamics365.partner_center_lead_destination).
    type: str
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.attributes.info
  - marketplace_leads.dynamics365.credentials
notes:
  - The credentials are the publisher's, as for M(marketplace_leads.dynamics365.partner_center_lead_destination).
seealso:
  - module: marketplace_leads.dynamics365.partner_center_lead_destination
"""

EXAMPLES = r"""
- name: Fail if an offer still sends its leads to this environment
  marketplace_leads.dynamics365.partner_center_lead_destination_info:
    tenant_id: publisher.onmicrosoft.com
    client_id: "{{ publisher_client_id }}"
    client_secret: "{{ publisher_client_secret }}"
    offers: [contoso-app]
    environment_url: https://contoso.crm4.dynamics.com
  register: destinations
  failed_when: destinations.live_here | length > 0
"""

RETURN = r"""
lead_destinations:
  description: Where each offer sends its leads.
  returned: success
  type: list
  elements: dict
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
    live:
      description: The lead destination of the live offer; empty if the offer was never published.
      type: dict
live_here:
  description: The live offers whose leads go to O(environment_url).
  returned: success
  type: list
  elements: str
draft_here:
  description: The offers whose leads go to O(environment_url) when they are published again.
  returned: success
  type: list
  elements: str
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

from ..module_utils._entry_point import CREDENTIALS, Arguments, ModuleContext, report
from ..module_utils._resources.lead_destination.info import OPTIONS, lead_destinations
from ..module_utils._rules.clouds import environment_address

ARGUMENTS = CREDENTIALS + Arguments(OPTIONS)


def read(context: ModuleContext) -> dict[str, Any]:
    """Return where the offers send their leads."""
    stated = context["environment_url"]
    # The environment may lie in another cloud than Partner Center, so its address is read without the caller's.
    url = environment_address(stated).url if stated else None
    return lead_destinations(context.partner_center, context["offers"], url)


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    report(module_class, ARGUMENTS, read)


if __name__ == "__main__":
    main()
