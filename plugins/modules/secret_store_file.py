# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Store a client secret in a file, encrypted by Ansible Vault."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_store_file
short_description: Store a client secret in a file, encrypted by Ansible Vault
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Writes a YAML file on the control node that contains a client secret, encrypted with the vault password of the run.
    Everything else, such as the key ID and the expiry date, is stored as plain text.
  - The file can be used with C(vars_files) or C(include_vars) like any file with an encrypted variable.
  - The file is written atomically and is readable by its owner only.
options:
  path:
    description:
      - The file. A relative path is relative to the current directory.
      - Directories that do not exist are created, accessible by their owner only.
    type: path
    required: true
  secret:
    description:
      - The secret's value. It is required only when the file is written, so not in check mode, nor if the file has
        this O(key_id) already.
    type: str
  key_id:
    description:
      - The key ID of the secret. A file that has this key ID already is left unchanged.
      - Required for O(state=present).
    type: str
  environment_url:
    description: The environment that the secret is for.
    type: str
  directory_id:
    description: The directory ID of the tenant.
    type: str
  application_id:
    description: The ID of the application that the secret belongs to.
    type: str
  user_name:
    description: The user, if the secret is a user's password.
    type: str
  secret_name:
    description: The display name of the secret.
    type: str
  end_date_time:
    description:
      - When the secret expires. With O(state=intended), when the secret that is about to be created will expire; no
        other run may choose the same time.
    type: str
  previous_key_ids:
    description: The key IDs of live secrets that this one has replaced.
    type: list
    elements: str
    default: []
  expected_key_id:
    description:
      - The key ID that the file held when the run began, an empty string for none. If it now holds a different one,
        another run has written it, and nothing is changed.
    type: str
  adopted_key_id:
    description:
      - The key ID of the secret that was taken over from a setup made by hand. A file keeps the one that it has.
      - A file that lacks it is written again, even if it has this O(key_id) already.
    type: str
  vault_id:
    description: Which of the run's vault IDs encrypts the secret. The default is the first one.
    type: str
  state:
    description:
      - V(present) stores a secret.
      - V(intended) records that a secret is about to be created, and changes nothing else in the file. If the run is
        killed before it can store the secret, the next one recognizes the secret by O(end_date_time). It fails if the
        secret could not be stored, because there is no vault password, or a different one from that of the secret in
        the file, or because the folder is not writable. It also fails while another run is creating a secret.
      - V(absent) removes the file.
    type: str
    choices: [present, intended, absent]
    default: present
attributes:
  check_mode:
    description: Can run in check mode and report the change it would make, without making any.
    support: full
  diff_mode:
    description: Returns what it changes, but never the secret.
    support: full
  action:
    description: Always runs on the control node, where the vault passwords are.
    support: full
seealso:
  - plugin: marketplace_leads.dynamics365.stored_secret
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Store the new secret
  marketplace_leads.dynamics365.secret_store_file:
    path: store/contoso.crm4.dynamics.com.yml
    environment_url: https://contoso.crm4.dynamics.com
    application_id: "{{ app.application.app_id }}"
    secret: "{{ app.secret.value }}"
    key_id: "{{ app.secret.key_id }}"
    end_date_time: "{{ app.secret.end_date_time }}"
  when: app.secret.value is defined
"""

RETURN = r"""
path:
  description: The absolute path of the file.
  returned: always
  type: str
changes:
  description: The names of the differences that were corrected, or would be in check mode.
  returned: always
  type: list
  elements: str
  sample: [stored_secret]
"""
