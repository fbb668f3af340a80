# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps a client secret in a file, encrypted with the vault password of the run.

An action rather than a module because only the control process holds the vault passwords.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils._secret_file import METADATA, UnreadableSecretFile, read_metadata, render


class ActionModule(ActionBase):
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
        changed = (before or {}).get("key_id") != (after or {}).get("key_id")
        if changed and not self._task.check_mode:
            if after is None:
                os.unlink(path)
            else:
                self._write(path, after, options["secret"], options["vault_id"])
        result.update(changed=changed, path=path, changes=["stored_secret"] if changed else [])
        if changed and self._task.diff:
            result["diff"] = {"before": before or {}, "after": after or {}}
        return result

    def _write(self, path: str, metadata: dict[str, Any], secret: str | None, vault_id: str | None) -> None:
        if not secret:
            raise AnsibleActionFail("secret is missing: a new file needs the secret's value.")
        vault = self._loader._vault
        if not vault.secrets:
            raise AnsibleActionFail(
                "There is no vault password to encrypt the secret with: run with --vault-password-file or --vault-id."
            )
        text = render(
            metadata, vault.encrypt(secret, secret=self._vault_secret(vault, vault_id), vault_id=vault_id).decode()
        )
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        # Whole or not at all: the secret cannot be read again from the service.
        handle, scratch = tempfile.mkstemp(dir=os.path.dirname(path))
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(scratch, path)
        except OSError:
            os.unlink(scratch)
            raise

    def _vault_secret(self, vault: Any, vault_id: str | None) -> Any:
        if vault_id is None:
            return None
        for known, secret in vault.secrets:
            if known == vault_id:
                return secret
        raise AnsibleActionFail(f"vault_id {vault_id!r} is not among the run's vault ids: add it with --vault-id.")
