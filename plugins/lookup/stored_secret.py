# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads a stored secret's metadata and, where it is asked for, the secret."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stored_secret
short_description: Read a secret that the lead writer's store keeps in a file, or what is known of it
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Returns what a file written by M(marketplace_leads.dynamics365.secret_store_file) says of its secret, such as its
    key id and the day it ends. The secret itself is neither decrypted nor returned unless O(decrypt) asks for it.
  - Also tells whether a new secret could be encrypted, which needs a vault password.
options:
  _terms:
    description: Paths of the files. One that does not exist yet has empty metadata.
    type: list
    elements: path
    required: true
  vault_id:
    description: Which of the run's vault ids would encrypt a new secret. Any of them when it is left out.
    type: str
    default: ''
  decrypt:
    description:
      - Whether to return the secret too, decrypted by the vault passwords of the run.
      - Use it only where the secret goes straight into an option that is kept out of all output, and in no task that
        would show it.
    type: bool
    default: false
seealso:
  - module: marketplace_leads.dynamics365.secret_store_file
"""

EXAMPLES = r"""
- name: When does the stored secret end?
  ansible.builtin.debug:
    msg: "{{ lookup('marketplace_leads.dynamics365.stored_secret', 'store/contoso.yml').end_date_time }}"

- name: Does a lead arrive?
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
      C(key_id), C(secret_name), C(end_date_time) and C(adopted_key_id), all empty strings where the file does not
      exist.
    - The key C(can_encrypt) tells whether a vault password is there to encrypt a new secret.
    - With O(decrypt=true) the key C(secret) holds the secret, an empty string where the file does not exist.
  type: list
  elements: dict
"""

from typing import Any

from ansible.errors import AnsibleError, AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..plugin_utils._secret_file import METADATA, UnreadableSecretFile, read_encrypted, read_metadata


class LookupModule(LookupBase):
    """Reads stored secrets."""

    def run(self, terms: list[str], variables: Any = None, **kwargs: Any) -> list[dict[str, Any]]:
        """Return the metadata of each file, with its secret if that is asked for."""
        self.set_options(var_options=variables, direct=kwargs)
        vault = self._loader._vault if self._loader is not None else None
        vault_ids = [name for name, _secret in (vault.secrets if vault else None) or []]
        vault_id = self.get_option("vault_id")
        can_encrypt = vault_id in vault_ids if vault_id else bool(vault_ids)
        try:
            found = [read_metadata(term) or dict.fromkeys(METADATA, "") for term in terms]
            secrets = [self._decrypted(vault, term) for term in terms] if self.get_option("decrypt") else []
        except UnreadableSecretFile as error:
            raise AnsibleLookupError(str(error)) from error
        if secrets:
            found = [{**metadata, "secret": secret} for metadata, secret in zip(found, secrets)]
        return [{**metadata, "can_encrypt": can_encrypt} for metadata in found]

    def _decrypted(self, vault: Any, path: str) -> str:
        encrypted = read_encrypted(path)
        if encrypted is None:
            return ""
        try:
            return str(vault.decrypt(encrypted.encode()).decode())
        except AnsibleError as error:
            raise AnsibleLookupError(
                f"The secret in the store's file {path} cannot be decrypted: run with the vault password that "
                "encrypted it, by --vault-password-file or --vault-id."
            ) from error
