# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads an environment's handover files, and whether they are up to date."""

from __future__ import annotations

DOCUMENTATION = r"""
name: handover
short_description: Read the handover files of an environment, and whether they are up to date
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Returns the content of a file written by M(marketplace_leads.dynamics365.lead_writer_handover), and whether the file
    and its sheet are what that module would write for the fields given here.
  - It only reads two small files, so it can be used in every run.
options:
  _terms:
    description: Paths of the JSON files, which end in C(.json). One that does not exist yet has no offers.
    type: list
    elements: path
    required: true
  environment_url:
    description: The environment. All fields are those of M(marketplace_leads.dynamics365.lead_writer_handover).
    type: str
  authentication:
    description: The choice of authentication.
    type: str
    choices: [azure_ad, office365]
  application_id:
    description: The application ID.
    type: str
  directory_id:
    description: The directory ID.
    type: str
  user_name:
    description: The user's name.
    type: str
  contact_emails:
    description: The addresses that are notified of new leads.
    type: list
    elements: str
  key_id:
    description: The key ID of the secret.
    type: str
  end_date_time:
    description: When the secret expires.
    type: str
  secret_in:
    description: Where the secret is stored.
    type: str
  show_secret_with:
    description: The command that shows the secret.
    type: str
  offers:
    description: The offers of the environment.
    type: list
    elements: str
  handed_over:
    description: What was handed over to each offer.
    type: dict
seealso:
  - module: marketplace_leads.dynamics365.lead_writer_handover
"""

EXAMPLES = r"""
- name: Show which secret the offer has
  ansible.builtin.debug:
    msg: "{{ lookup('marketplace_leads.dynamics365.handover', path).offers['contoso-app'].key_id | default('') }}"
  vars:
    path: lead_writer_handover/contoso.crm4.dynamics.com.handover.json
"""

RETURN = r"""
_raw:
  description:
    - One dictionary for each file, with its content. A file that does not exist has empty C(offers) and nothing else.
    - The key C(current) is whether both files exist and match the given fields.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils._rules.errors import InvalidInput
from ..plugin_utils._handover import FIELDS, is_current, read


class LookupModule(LookupBase):
    """Reads handover files."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the content of each file, and whether it is up to date."""
        self.set_options(var_options=variables, direct=kwargs)
        fields = {name: self.get_option(name) for name in FIELDS}
        try:
            return [_look(term, fields) for term in terms]
        except InvalidInput as error:
            raise AnsibleLookupError(str(error)) from None


def _look(path: str, fields: dict[str, Any]) -> dict[str, Any]:
    content = read(path)
    if content is None:
        return {"offers": {}, "current": False}
    return {**content, "current": is_current(path, fields)}
