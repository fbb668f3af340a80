# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of taking over a set-up that was made by hand, and their parsed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._rules.errors import InvalidInput
from ..._rules.guids import guid
from ..lead_probe.options import OFFICE365
from ..lead_probe.options import OPTIONS as CONNECTION

OPTIONS: dict[str, dict[str, Any]] = {
    "authentication": CONNECTION["authentication"],
    "application_id": {"type": "str"},
    "user_name": {"type": "str"},
    "adopt_secret": {"type": "str", "no_log": True},
    "adopt_key_id": {"type": "str", "no_log": False},
    "offers": {"type": "list", "elements": "str", "default": []},
    "roles": {"type": "list", "elements": "str", "default": [CONNECTION["role"]["default"]]},
    "stored": {"type": "dict", "default": {}},
    "handed_over": {"type": "dict", "default": {}},
    "option_prefix": {"type": "str", "default": ""},
}


@dataclass(frozen=True)
class Stored:
    """What the caller's store holds; each is an empty string if it holds nothing.

    `adopted_key_id` is the key id of the secret that was taken over, also after that one was rotated.
    """

    key_id: str = ""
    adopted_key_id: str = ""
    owner: str = ""
    """The application id or the user name to which the secret belongs."""

    @property
    def rotated(self) -> bool:
        """Whether a secret was taken over, and another one has replaced it since."""
        return bool(self.adopted_key_id) and self.key_id != self.adopted_key_id


@dataclass(frozen=True)
class AdoptionRequest:
    """What the caller asks for. An empty `application_id`, `user_name` or `key_id` is looked up.

    `roles` are the names of the security roles that may carry the privileges. `handed_over` is what the handover file
    says of each offer. `prefix` comes before the names of options in sentences.
    """

    by_user: bool = False
    application_id: str = ""
    user_name: str = ""
    secret: str = field(default="", repr=False)
    key_id: str = ""
    offers: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    stored: Stored = field(default_factory=Stored)
    handed_over: Mapping[str, Any] = field(default_factory=dict)
    prefix: str = ""

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> AdoptionRequest:
        """Read the options of OPTIONS. Raises InvalidInput."""
        prefix, stored = options["option_prefix"], options["stored"]
        by_user = options["authentication"] == OFFICE365
        application_id, key_id = options["application_id"], options["adopt_key_id"]
        if by_user and key_id:
            raise InvalidInput(f"{prefix}adopt_key_id names a client secret, but a user has a password: leave it out.")
        return cls(
            by_user=by_user,
            application_id=guid(application_id, f"{prefix}application_id") if application_id and not by_user else "",
            user_name=(options["user_name"] or "").strip() if by_user else "",
            secret=options["adopt_secret"] or "",
            key_id=guid(key_id, f"{prefix}adopt_key_id") if key_id else "",
            offers=tuple(dict.fromkeys(options["offers"])),
            roles=tuple(options["roles"]),
            stored=Stored(
                key_id=str(stored.get("key_id") or ""),
                adopted_key_id=str(stored.get("adopted_key_id") or ""),
                owner=str((stored.get("user_name") if by_user else stored.get("application_id")) or ""),
            ),
            handed_over=options["handed_over"],
            prefix=prefix,
        )

    def option(self, name: str) -> str:
        """Return an option's name as the caller knows it."""
        return f"{self.prefix}{name}"

    def recorded(self, offer: str) -> Mapping[str, Any]:
        """Return what the handover file says of an offer; an empty mapping where it says nothing."""
        record = self.handed_over.get(offer) or {}
        return record if isinstance(record, Mapping) else {}
