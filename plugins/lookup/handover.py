# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the handover files of environments."""

from __future__ import annotations

DOCUMENTATION = r"""
name: handover
short_description: Read the handover of an environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Returns the content of a file that M(marketplace_leads.dynamics365.lead_writer_handover) wrote.
options:
  _terms:
    description: Paths of the files for programs, which end in C(.json). A file that does not exist holds no offers.
    type: list
    elements: path
    required: true
seealso:
  - module: marketplace_leads.dynamics365.lead_writer_handover
"""

EXAMPLES = r"""
- name: Show which secret an offer has
  ansible.builtin.debug:
    msg: "{{ lookup('marketplace_leads.dynamics365.handover', path).offers['contoso-app'].key_id | default('') }}"
  vars:
    path: lead_writer_handover/contoso.crm4.dynamics.com.handover.json
"""

RETURN = r"""
_raw:
  description: A dictionary for each file, with its content. For a file that does not exist, C(offers) is empty.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._rules.errors import InvalidInput
from ..plugin_utils._handover import read


class LookupModule(LookupBase):
    """Reads handovers."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the content of each file."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [read(term) or {"offers": {}} for term in terms]
        except InvalidInput as error:
            raise AnsibleLookupError(str(error)) from None
