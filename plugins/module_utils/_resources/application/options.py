# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an application, and their parsed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from ..._rules.errors import InvalidInput
from ..._rules.guids import guid
from ..._rules.secret_in_use import SecretInUse
from ..._rules.secret_schedule import Schedule
from . import permissions, secret
from .permissions import Permission, permissions_from
from .secret import schedule_from

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str"},
    "unique_name": {"type": "str"},
    "application_id": {"type": "str"},
    "sign_in_audience": {
        "type": "str",
        "choices": [
            "AzureADMyOrg",
            "AzureADMultipleOrgs",
            "AzureADandPersonalMicrosoftAccount",
            "PersonalMicrosoftAccount",
        ],
    },
    "redirect_uris": {"type": "list", "elements": "str"},
    "notes": {"type": "str"},
    "service_management_reference": {"type": "str"},
    **permissions.OPTIONS,
    **secret.OPTIONS,
    "service_principal": {"type": "bool", "default": True},
    "purge": {"type": "bool", "default": False},
    "replication_timeout": {"type": "int", "default": 300},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
"""The options of an application, also inside the plan of a whole environment."""

DEFAULT_AUDIENCE = "AzureADMyOrg"
"""This directory only: the default of a new application."""


@dataclass(frozen=True)
class DesiredApplication:
    """What the caller asks for; None leaves a property alone.

    `properties` are those with plain values, in the service's words. `replication_timeout` is in seconds.
    """

    unique_name: str | None = None
    application_id: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)
    redirect_uris: tuple[str, ...] | None = None
    permissions: tuple[Permission, ...] = ()
    admin_consent: bool = False
    schedule: Schedule | None = None
    service_principal: bool = True
    present: bool = True
    purge: bool = False
    replication_timeout: float = 300.0

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> DesiredApplication:
        """Read the options of OPTIONS. Raises InvalidInput."""
        properties = {
            "displayName": options["name"],
            "signInAudience": options["sign_in_audience"],
            "notes": options["notes"],
            "serviceManagementReference": options["service_management_reference"],
        }
        if options["name"] is not None and not options["name"].strip():
            raise InvalidInput("name is empty: give the display name of the application.")
        if not (options["unique_name"] or options["application_id"]):
            raise InvalidInput(
                "unique_name is missing: give a name that identifies the application in every run (a display name is "
                "not unique), or application_id to adopt an existing one."
            )
        if options["purge"] and options["state"] != "absent":
            raise InvalidInput("purge is true, but state is present: set state to absent, or leave purge out.")
        if options["admin_consent"] and not options["service_principal"]:
            raise InvalidInput(
                "admin_consent is true, but service_principal is false: set it to true, because consent is given to it."
            )
        uris = options["redirect_uris"]
        return cls(
            unique_name=options["unique_name"] or None,
            application_id=guid(options["application_id"], "application_id") if options["application_id"] else None,
            properties={name: value for name, value in properties.items() if value is not None},
            redirect_uris=None if uris is None else tuple(dict.fromkeys(_redirect_uri(uri) for uri in uris)),
            permissions=permissions_from(options),
            admin_consent=options["admin_consent"],
            schedule=schedule_from(options),
            service_principal=options["service_principal"],
            present=options["state"] == "present",
            purge=options["purge"],
            replication_timeout=float(options["replication_timeout"]),
        )

    def given(self, in_use: SecretInUse) -> DesiredApplication:
        """Return the same, with the secret that is in use."""
        if self.schedule is None:
            return self
        schedule = replace(
            self.schedule,
            in_use_key_id=in_use.key_id or None,
            in_use_since=in_use.since,
        )
        return replace(self, schedule=schedule)

    @property
    def called(self) -> str:
        """The application as the caller names it, for sentences."""
        if self.unique_name:
            return f"the application with the unique name {self.unique_name!r}"
        return f"application {self.application_id}"


def may_return_secret(given: Mapping[str, Any]) -> bool:
    """Say whether an application with these options, as a task gives them, may be given a new secret."""
    secret = given.get("secret")
    removed = isinstance(secret, Mapping) and secret.get("state") == "absent"
    return bool(secret) and not removed and given.get("state") != "absent"


def _redirect_uri(uri: str) -> str:
    """Check one redirect URI offline. Raises InvalidInput."""
    parts = urlsplit(uri)
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    if not parts.hostname or parts.fragment or not (parts.scheme == "https" or local):
        raise InvalidInput(
            f"redirect_uris names {uri!r}: a redirect URI starts with https:// (or http://localhost) and has no "
            "fragment."
        )
    return uri
