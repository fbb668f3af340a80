# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detect offers claimed by more than one host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: offer_claims
short_description: Detect offers claimed by more than one host
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - An offer of the marketplace has one lead destination. If two hosts name the same offer in C(lead_writer_offers),
    each run would take it from one and give it to the other.
  - Compares the offers of all hosts of the inventory, including those that C(--limit) excludes, without any request to
    a service. It changes nothing and does not fail by itself. If no host of the play names an offer, nothing is
    compared.
  - External IDs are compared without regard to case. The same ID is no conflict between hosts whose
    C(lead_writer_publisher_tenant_id) are different directory IDs. A publisher that is omitted, or given as a domain
    name, is assumed to be the same one.
  - Hosts without C(lead_writer_environment_url), and those with C(lead_writer_state=absent), claim nothing.
  - Run it once for a play (C(run_once)).
attributes:
  check_mode:
    description: Reads only, so it does the same in check mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: full
  action:
    description: Always runs on the control node, where the variables of all hosts are.
    support: full
seealso:
  - module: marketplace_leads.dynamics365.lead_writer_handover
"""

EXAMPLES = r"""
- name: Find offers that are named twice
  marketplace_leads.dynamics365.offer_claims:
  run_once: true
  register: claims

- name: Stop if this host names such an offer
  ansible.builtin.fail:
    msg: "{{ claims.refusals[inventory_hostname] }}"
  when: inventory_hostname in claims.refusals
"""

RETURN = r"""
claimed_twice:
  description: The hosts that name the same offer, by its external ID.
  returned: always
  type: dict
  sample:
    contoso-app: [contoso_prod, contoso_test]
refusals:
  description: A sentence with the cure for each host that names such an offer.
  returned: always
  type: dict
unknown:
  description: The hosts whose offers could not be read, for example because a variable is not defined.
  returned: always
  type: list
  elements: str
"""
