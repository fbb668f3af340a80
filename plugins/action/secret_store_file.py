# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps a client secret in a file, encrypted with the vault password of the run.

An action rather than a module because only the control process holds the vault passwords.
"""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils._files import FileNotWritten, remove_file, write_whole
from ..plugin_utils._plain_variables import PlainVariables
from ..plugin_utils._secret_file import METADATA, UnreadableSecretFile, read_metadata, render


class ActionModule(PlainVariables, ActionBase):
    """Writes, compares or removes the file of one secret."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Bring the file to the wanted state and return what changed."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _valid, options = self.validate_argument_spec(
            argument_spec={
                "path": {"type": "path", "required": True},
                "secret": {"type": "str", "no_log": True},
                "key_id": {"type": "str", "no_log": False},
                **{name: {"type": "str", "no_log": False} for name in METADATA if name != "key_id"},
                "vault_id": {"type": "str"},
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            },
            required_if=[("state", "present", ["key_id"])],
        )
        path = os.path.abspath(os.path.expanduser(options["path"]))
        try:
            before = read_metadata(path)
        except UnreadableSecretFile as error:
            raise AnsibleActionFail(str(error)) from error
        after = {name: options[name] for name in METADATA} if options["state"] == "present" else None
        # A file that says nothing of a take-over holds the same secret, but not what the role has to know of it.
        compared = ("key_id", "adopted_key_id") if (after or {}).get("adopted_key_id") else ("key_id",)
        changed = any((before or {}).get(name) != (after or {}).get(name) for name in compared)
        if changed and not self._task.check_mode:
            try:
                if after is None:
                    remove_file(path)
                else:
                    # Whole or not at all: the secret cannot be read again from the service.
                    write_whole(path, self._text(after, options["secret"], options["vault_id"]))
            except FileNotWritten as error:
                raise AnsibleActionFail(str(error)) from error
        result.update(changed=changed, path=path, changes=["stored_secret"] if changed else [])
        if changed and self._task.diff:
            result["diff"] = {"before": before or {}, "after": after or {}}
        return result

    def _text(self, metadata: dict[str, Any], secret: str | None, vault_id: str | None) -> str:
        """The file's text, with the secret encrypted."""
        if not secret:
            raise AnsibleActionFail("secret is missing: a new file needs the secret's value.")
        vault = self._loader._vault
        if not vault.secrets:
            raise AnsibleActionFail(
                "There is no vault password to encrypt the secret with: run with --vault-password-file or --vault-id."
            )
        encrypted = vault.encrypt(secret, secret=self._vault_secret(vault, vault_id), vault_id=vault_id)
        return render(metadata, encrypted.decode())

    def _vault_secret(self, vault: Any, vault_id: str | None) -> Any:
        if vault_id is None:
            return None
        for known, secret in vault.secrets:
            if known == vault_id:
                return secret
        raise AnsibleActionFail(f"vault_id {vault_id!r} is not among the run's vault ids: add it with --vault-id.")
