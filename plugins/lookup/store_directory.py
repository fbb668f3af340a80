# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the folder of the lead writer's store, which is next to the inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: store_directory
short_description: Find the folder of the lead writer's store, next to the inventory
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Returns the absolute path of a folder next to the inventory of the host, so that the store is found regardless of
    the current directory.
  - If the inventory is a folder, the path is next to that folder, because Ansible reads everything inside as part of
    the inventory.
  - For a host that comes from no file, such as one of C(-i HOST,), the folder is in the current directory.
options:
  _terms:
    description: Names of folders.
    type: list
    elements: str
    required: true
seealso:
  - module: marketplace_leads.dynamics365.secret_store_file
"""

EXAMPLES = r"""
- name: Show where the store of this host is
  ansible.builtin.debug:
    msg: "{{ lookup('marketplace_leads.dynamics365.store_directory', 'lead_writer_store') }}"
"""

RETURN = r"""
_raw:
  description: One absolute path for each name.
  type: list
  elements: str
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.plugins.lookup import LookupBase


class LookupModule(LookupBase):
    """Finds folders next to the inventory."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[str]:
        """Return the folder of each name."""
        self.set_options(var_options=variables, direct=kwargs)
        place = _beside_inventory(variables or {})
        return [os.path.join(place, term) for term in terms]


def _beside_inventory(variables: Mapping[str, Any]) -> str:
    """Return the folder that contains the host's inventory."""
    own = variables.get("inventory_dir")
    if not own:
        return os.getcwd()
    own = os.path.abspath(str(own))
    for source in variables.get("ansible_inventory_sources") or []:
        source = os.path.abspath(str(source))
        if os.path.isdir(source) and os.path.commonpath([source, own]) == source:
            return os.path.dirname(source)
    return own
