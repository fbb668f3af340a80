# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was handed over to Partner Center: the connection that the lead service signs in with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._identity.credentials import Credentials
from ..._rules.well_known import SAMPLE_CLIENT_ID

AZURE_AD, OFFICE365 = "azure_ad", "office365"

OPTIONS: dict[str, dict[str, Any]] = {
    "authentication": {"type": "str", "choices": [AZURE_AD, OFFICE365], "default": AZURE_AD},
    "directory_id": {"type": "str"},
    "application_id": {"type": "str"},
    "application_key": {"type": "str", "no_log": True},
    "user_name": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "public_client_id": {"type": "str", "default": SAMPLE_CLIENT_ID},
    "role": {"type": "str", "default": "Microsoft Marketplace Lead Writer"},
    "remove": {"type": "bool", "default": True},
    "documented_privileges": {"type": "bool", "default": True},
}
"""The options of a test lead: the fields of the form in Partner Center, and how to test."""

RULES: dict[str, tuple[Any, ...]] = {
    "required_if": (
        ("authentication", AZURE_AD, ("directory_id", "application_id", "application_key")),
        ("authentication", OFFICE365, ("user_name", "password")),
    ),
}


@dataclass(frozen=True)
class HandedOver:
    """The connection as it was entered: the test finds what is wrong with it."""

    authentication: str
    directory_id: str
    application_id: str
    user_name: str
    public_client_id: str
    role: str
    secret: str = field(repr=False)
    """The application's key or the user's password."""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> HandedOver:
        """Read the options of OPTIONS."""
        by_user = options["authentication"] == OFFICE365
        return cls(
            authentication=options["authentication"],
            directory_id=(options["directory_id"] or "").strip().lower(),
            application_id=(options["application_id"] or "").strip().lower(),
            user_name=(options["user_name"] or "").strip(),
            public_client_id=options["public_client_id"].strip().lower(),
            role=options["role"],
            secret=options["password"] if by_user else options["application_key"],
        )

    @property
    def by_user(self) -> bool:
        """Whether it is a user's name and password."""
        return self.authentication == OFFICE365

    @property
    def who(self) -> str:
        """Who signs in, for sentences."""
        return self.user_name if self.by_user else f"application {self.application_id}"

    @property
    def user(self) -> str:
        """What that is in an environment, for sentences."""
        return f"user {self.user_name}" if self.by_user else f"application user {self.application_id}"

    def credentials(self, tenant: str | None) -> Credentials:
        """Return what the lead service signs in with. `tenant` is the environment's, if it names one."""
        if self.by_user:
            # A user's name determines its tenant, as for the lead service, which gets no directory id.
            return Credentials(
                tenant or "organizations", self.public_client_id, user_name=self.user_name, password=self.secret
            )
        return Credentials(self.directory_id, self.application_id, secret=self.secret)
