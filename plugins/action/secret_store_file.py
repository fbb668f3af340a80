# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stores a client secret in a file, encrypted with the vault password of the run.

It is an action rather than a module because only the control process has the vault passwords.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._rules.store_record import NAMES, StoreRecord
from ..module_utils._rules.timestamps import write_timestamp
from ..plugin_utils._files import FileNotWritten, check_writable, locked_folder, remove_file, write_whole
from ..plugin_utils._plain_variables import PlainVariables
from ..plugin_utils._run_identity import this_run
from ..plugin_utils._secret_file import UnreadableSecretFile, read_encrypted, read_record, render
from ..plugin_utils._secret_vault import SecretVault, VaultUnusable
from ..plugin_utils._store_use import refusal_of_other_run

_OPTIONS: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "secret": {"type": "str", "no_log": True},
    **{name: {"type": "str", "no_log": False} for name in NAMES if not name.endswith(("_ids", "_times"))},
    "previous_key_ids": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "expected_key_id": {"type": "str", "no_log": False},
    "vault_id": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "intended", "absent"], "default": "present"},
}
for _written_by_the_action in ("intended_at", "intended_by"):
    del _OPTIONS[_written_by_the_action]


class ActionModule(PlainVariables, ActionBase):
    """Writes, compares or removes the file of one secret."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Bring the file to the desired state and return what changed."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _valid, options = self.validate_argument_spec(
            argument_spec=_OPTIONS, required_if=[("state", "present", ["key_id"])]
        )
        path = os.path.abspath(os.path.expanduser(options["path"]))
        writes = options["state"] != "absent" and not self._task.check_mode
        try:
            with locked_folder(os.path.dirname(path), make=writes):
                result.update(self._bring(path, options))
        except (FileNotWritten, UnreadableSecretFile, VaultUnusable) as error:
            raise AnsibleActionFail(str(error)) from None
        result["path"] = path
        return result

    def _bring(self, path: str, options: dict[str, Any]) -> dict[str, Any]:
        before = read_record(path)
        if options["state"] == "absent":
            if before is not None and not self._task.check_mode:
                remove_file(path)
            return self._answer(before, None, changed=before is not None)
        self._refuse_other_runs(path, before or StoreRecord(), options)
        if options["state"] == "intended":
            return self._announce(path, before or StoreRecord(), options)
        after = (before or StoreRecord()).holding(_given(options))
        same = before is not None and before.key_id == after.key_id
        changed = not same or (before or after).adopted_key_id != after.adopted_key_id
        if changed and not self._task.check_mode:
            kept = read_encrypted(path) if same else None
            if kept is None and not options["secret"]:
                raise AnsibleActionFail("secret is missing: set it, because a new file needs the secret's value.")
            # Written atomically, because the secret cannot be read from the service again.
            write_whole(path, render(after, kept or self._vault(options).encrypt(options["secret"])))
        return self._answer(before, after, changed=changed)

    def _announce(self, path: str, before: StoreRecord, options: dict[str, Any]) -> dict[str, Any]:
        """Record that a secret is about to be created, if it is certain that it can be stored."""
        vault = self._vault(options)
        vault.check_encryption()
        encrypted = read_encrypted(path)
        if encrypted is not None:
            # No later run could read a new secret that is encrypted with another password than the old one.
            vault.decrypt(encrypted, path)
        check_writable(path)
        if not self._task.check_mode:
            given = {
                **_given(options).as_mapping(),
                **{name: each for name, each in before.as_mapping().items() if each},
            }
            now = write_timestamp(datetime.now(timezone.utc))
            after = StoreRecord.read(given).intending(options["end_date_time"] or "", now, this_run())
            write_whole(path, render(replace(after, end_date_time=before.end_date_time), encrypted))
        # It is no change of the stored secret, and it is removed with the secret.
        return {"changed": False, "changes": []}

    def _refuse_other_runs(self, path: str, before: StoreRecord, options: dict[str, Any]) -> None:
        expected = options["expected_key_id"]
        refusal = refusal_of_other_run(path, before)
        if not refusal and expected is not None and before.key_id not in (expected, options["key_id"]):
            refusal = (
                f"Another run has stored a secret in {path} since this one began: this run changes nothing; run again."
            )
        if refusal:
            raise AnsibleActionFail(refusal)

    def _answer(self, before: StoreRecord | None, after: StoreRecord | None, *, changed: bool) -> dict[str, Any]:
        answer: dict[str, Any] = {"changed": changed, "changes": ["stored_secret"] if changed else []}
        if changed and self._task.diff:
            sides = [_shown(before), _shown(after)]
            names = [name for name in NAMES if sides[0].get(name) != sides[1].get(name)]
            answer["diff"] = {
                side: {name: content[name] for name in names if name in content}
                for side, content in zip(("before", "after"), sides)
            }
        return answer

    def _vault(self, options: dict[str, Any]) -> SecretVault:
        return SecretVault(self._loader, options["vault_id"])


def _given(options: dict[str, Any]) -> StoreRecord:
    """The record for the options."""
    return StoreRecord.read({**options, "previous_key_ids": " ".join(options["previous_key_ids"])})


def _shown(record: StoreRecord | None) -> dict[str, str]:
    """What a diff shows of a record: the known values that concern the secret."""
    if record is None:
        return {}
    return {name: each for name, each in record.as_mapping().items() if each and not name.startswith("intended_")}
