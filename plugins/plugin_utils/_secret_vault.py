# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run's vault passwords, for the secrets of a store."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleError

from ._ansible_internals import InterfaceGone, vault_of, without_vault


class VaultUnusable(Exception):
    """A secret cannot be encrypted or decrypted; the text is a sentence with the cure."""


class SecretVault:
    """Encrypts and decrypts with the vault passwords of the run."""

    def __init__(self, loader: Any, vault_id: str | None) -> None:
        """`loader` is Ansible's data loader or None; `vault_id` names one of the run's passwords."""
        self._vault: Any = None
        self._vault_id = vault_id or None
        self.unreachable = ""
        """Why the run's passwords cannot be reached, a sentence; empty if they can."""
        if loader is not None:
            try:
                self._vault = vault_of(loader)
            except InterfaceGone as gone:
                self.unreachable = without_vault(gone)

    @property
    def can_encrypt(self) -> bool:
        """Return whether there is a password to encrypt with."""
        names = [name for name, _secret in self._passwords]
        return self._vault_id in names if self._vault_id else bool(names)

    def check_encryption(self) -> None:
        """Raise VaultUnusable if there is no password to encrypt with."""
        if self.unreachable:
            raise VaultUnusable(self.unreachable)
        if not self._passwords:
            raise VaultUnusable(
                "There is no vault password to encrypt the secret with: run with --vault-password-file or --vault-id."
            )
        if not self.can_encrypt:
            raise VaultUnusable(
                f"vault_id {self._vault_id!r} is not among the run's vault IDs: add it with --vault-id."
            )

    def encrypt(self, secret: str) -> str:
        """Return Ansible Vault's text for a secret. Raises VaultUnusable."""
        self.check_encryption()
        chosen = next((known for name, known in self._passwords if name == self._vault_id), None)
        return str(self._vault.encrypt(secret, secret=chosen, vault_id=self._vault_id).decode())

    def decrypt(self, encrypted: str, path: str) -> str:
        """Return the secret in Ansible Vault's text, which is in the file at `path`. Raises VaultUnusable."""
        if self.unreachable:
            raise VaultUnusable(self.unreachable)
        try:
            return str(self._vault.decrypt(encrypted.encode()).decode())
        except AnsibleError:
            raise VaultUnusable(
                f"The secret in the store's file {path} cannot be decrypted: run with the vault password that "
                "encrypted it, with --vault-password-file or --vault-id."
            ) from None

    @property
    def _passwords(self) -> list[tuple[str, Any]]:
        return list(self._vault.secrets or []) if self._vault is not None else []
