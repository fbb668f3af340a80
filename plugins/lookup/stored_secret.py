# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a stored secret's metadata and, on request, the secret."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stored_secret
short_description: Read a secret that the lead writer's store keeps in a file, or its metadata
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Returns the metadata of the secret in a file written by M(marketplace_leads.dynamics365.secret_store_file), such as
    its key ID and when it expires. The secret itself is neither decrypted nor returned unless O(decrypt) is true.
  - Also returns whether a new secret could be encrypted, which needs a vault password.
options:
  _terms:
    description: Paths of the files. One that does not exist yet has empty metadata.
    type: list
    elements: path
    required: true
  vault_id:
    description: Which of the run's vault IDs would encrypt a new secret. By default any of them.
    type: str
    default: ''
  decrypt:
    description:
      - Whether to return the secret too, decrypted by the vault passwords of the run.
      - Use it only to pass the secret directly to an option that is hidden from all output, and in no task that would
        show it.
    type: bool
    default: false
seealso:
  - module: marketplace_leads.dynamics365.secret_store_file
"""

EXAMPLES = r"""
- name: Show when the stored secret expires
  ansible.builtin.debug:
    msg: "{{ lookup('marketplace_leads.dynamics365.stored_secret', 'store/contoso.yml').end_date_time }}"

- name: Test whether a lead arrives
  marketplace_leads.dynamics365.dynamics_test_lead:
    environment_url: "{{ stored.environment_url }}"
    directory_id: "{{ stored.directory_id }}"
    application_id: "{{ stored.application_id }}"
    application_key: "{{ stored.secret }}"
  vars:
    stored: "{{ lookup('marketplace_leads.dynamics365.stored_secret', 'store/contoso.yml', decrypt=true) }}"
"""

RETURN = r"""
_raw:
  description:
    - One dictionary for each file, with the keys C(environment_url), C(directory_id), C(application_id), C(user_name),
      C(key_id), C(secret_name), C(end_date_time), C(previous_key_ids), C(adopted_key_id), C(intended_end_date_times),
      C(intended_at) and C(intended_by), all of them strings, and empty if the file does not exist.
    - The key C(path) is the absolute path of the file.
    - The key C(looked_in) lists the directories that were searched for a file of this name, the file's own first, and
      C(found_in) those that have one although the file itself does not exist.
    - The key C(can_encrypt) is whether there is a vault password to encrypt a new secret.
    - The key C(problem) is a sentence if another run is about to write the file, otherwise empty.
    - With O(decrypt=true) the key C(secret) is the secret, an empty string if there is none.
  type: list
  elements: dict
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.utils.display import Display

from ..module_utils._rules.store_record import StoreRecord
from ..plugin_utils._secret_file import UnreadableSecretFile, read_encrypted, read_record
from ..plugin_utils._secret_vault import SecretVault, VaultUnusable
from ..plugin_utils._store_use import other_folders, refusal_of_other_run


class LookupModule(LookupBase):
    """Reads stored secrets."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the record of each file, with its secret if requested."""
        self.set_options(var_options=variables, direct=kwargs)
        vault = SecretVault(self._loader, self.get_option("vault_id"))
        paths = [os.path.abspath(os.path.expanduser(term)) for term in terms]
        try:
            found = [_known(path, variables or {}) for path in paths]
            if self.get_option("decrypt"):
                found = [{**known, "secret": _secret(vault, path)} for known, path in zip(found, paths)]
        except (UnreadableSecretFile, VaultUnusable) as error:
            raise AnsibleLookupError(str(error)) from None
        if vault.unreachable:
            Display().warning(vault.unreachable)
        return [{**known, "can_encrypt": vault.can_encrypt} for known in found]


def _known(path: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of one file."""
    record = read_record(path)
    others = [] if record is not None else other_folders(path, variables)
    return {
        **(record or StoreRecord()).as_mapping(),
        "path": path,
        "looked_in": [os.path.dirname(path), *others],
        "found_in": [folder for folder in others if os.path.exists(os.path.join(folder, os.path.basename(path)))],
        "problem": refusal_of_other_run(path, record) if record is not None else "",
    }


def _secret(vault: SecretVault, path: str) -> str:
    encrypted = read_encrypted(path)
    return vault.decrypt(encrypted, path) if encrypted is not None else ""
