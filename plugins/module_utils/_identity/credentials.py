# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials: who signs in, and how."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from .._rules.errors import InvalidInput


@dataclass(frozen=True)
class Credentials:
    """One identity of one tenant. `tenant` is a directory id or a domain name, or None while it is not known yet.

    `method` selects exactly one way to sign in: `managed_identity`, `azure_cli`, `secret`, `certificate`, `federated`
    or, for a person through the public client `client_id`, `password`.
    """

    tenant: str | None
    client_id: str | None
    secret: str | None = field(default=None, repr=False)
    certificate_path: str | None = None
    certificate_passphrase: str | None = field(default=None, repr=False)
    federated_token_file: str | None = None
    managed_identity: bool = False
    azure_cli: bool = False
    user_name: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_options(cls, options: dict[str, Any]) -> Credentials:
        """Take the credentials out of a module's options.

        Raises InvalidInput if they are not enough to sign in; no request is sent.
        """
        credentials = cls(
            tenant=options.get("tenant_id") or None,
            client_id=options.get("client_id") or None,
            secret=options.get("client_secret") or None,
            certificate_path=options.get("client_certificate_path") or None,
            certificate_passphrase=options.get("client_certificate_passphrase") or None,
            federated_token_file=options.get("federated_token_file") or None,
            managed_identity=bool(options.get("managed_identity")),
            azure_cli=bool(options.get("azure_cli")),
        )
        credentials.validate()
        return credentials

    @property
    def method(self) -> str:
        """The way to sign in.

        Explicit methods come first, then what the caller gave, in the order of Azure SDK's variables, then what only
        those variables hold.
        """
        if self.managed_identity:
            return "managed_identity"
        if self.azure_cli:
            return "azure_cli"
        if self.user_name:
            return "password"
        given = {
            "secret": (self.secret, "AZURE_CLIENT_SECRET"),
            "certificate": (self.certificate_path, "AZURE_CLIENT_CERTIFICATE_PATH"),
            "federated": (self.federated_token_file, "AZURE_FEDERATED_TOKEN_FILE"),
        }
        there = [method for method, (value, _variable) in given.items() if value]
        own = [method for method in there if given[method][0] != os.environ.get(given[method][1])]
        return next(iter([*own, *there]), "none")

    def validate(self) -> None:
        """Check offline that the credentials are complete. Raises InvalidInput."""
        if self.managed_identity and self.azure_cli:
            raise InvalidInput("managed_identity and azure_cli exclude each other: set one of them.")
        if self.method == "none":
            raise InvalidInput(
                "No credentials were given: set client_secret, client_certificate_path or federated_token_file "
                "together with client_id, or one of managed_identity and azure_cli."
            )
        if self.method in ("secret", "certificate", "federated") and not self.client_id:
            raise InvalidInput("client_id is missing: give the application id that the credentials belong to.")
        for option, path in (
            ("client_certificate_path", self.certificate_path if self.method == "certificate" else None),
            ("federated_token_file", self.federated_token_file if self.method == "federated" else None),
        ):
            if path and not os.path.isfile(os.path.expanduser(path)):
                raise InvalidInput(f"{option} names {path}, which is not a file on the control node: correct the path.")

    def with_tenant(self, tenant: str) -> Credentials:
        """Return the same credentials for `tenant`."""
        return Credentials(**{**self.__dict__, "tenant": tenant})

    def fingerprint(self) -> tuple[str, ...]:
        """Everything that distinguishes these credentials from others; only ever hashed."""
        return tuple(f"{name}={value}" for name, value in sorted(self.__dict__.items()))
