# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a directory user, and their parsed form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..._rules.errors import InvalidInput
from ..._rules.password_schedule import NEVER_EXPIRES_POLICY, PasswordSchedule
from ..._rules.passwords import check_password
from ..._rules.timestamps import read_timestamp

OPTIONS: dict[str, dict[str, Any]] = {
    "user_principal_name": {"type": "str", "required": True},
    "display_name": {"type": "str"},
    "usage_location": {"type": "str"},
    "licenses": {"type": "list", "elements": "str", "default": []},
    "license_for_leads": {"type": "bool", "default": False},
    "password": {"type": "str", "no_log": True},
    "password_never_expires": {"type": "bool", "no_log": False},
    "password_renew_before_days": {"type": "int", "no_log": False},
    "password_renew_after_days": {"type": "int", "no_log": False},
    "password_renewal": {"type": "bool", "default": True, "no_log": False},
    "known_password_changed": {"type": "str", "no_log": False},
    "purge": {"type": "bool", "default": False},
    "replication_timeout": {"type": "int", "default": 300},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
"""The options of a user, also inside the plan of a whole environment."""

_NAME = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LOCATION = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class DesiredUser:
    """What the caller asks for; None leaves a property alone.

    `properties` are those with plain values, in the service's words. `licenses` are part numbers or ids of products.
    `license_for_leads` asks for one of any product that allows writing leads. `replication_timeout` is in seconds.
    """

    name: str
    properties: Mapping[str, str] = field(default_factory=dict)
    licenses: tuple[str, ...] = ()
    license_for_leads: bool = False
    password: str | None = field(default=None, repr=False)
    never_expires: bool | None = None
    schedule: PasswordSchedule = field(default_factory=PasswordSchedule)
    present: bool = True
    purge: bool = False
    replication_timeout: float = 300.0

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> DesiredUser:
        """Read the options of OPTIONS. Raises InvalidInput."""
        name = options["user_principal_name"].strip()
        if not _NAME.fullmatch(name):
            raise InvalidInput(
                f"user_principal_name must look like an email address, such as leads@contoso.com, not {name!r}."
            )
        if options["display_name"] is not None and not options["display_name"].strip():
            raise InvalidInput("display_name is empty: give the display name of the user.")
        location = options["usage_location"]
        if location is not None and not _LOCATION.fullmatch(location.upper()):
            raise InvalidInput(f"usage_location must be a two-letter country code, such as SE, not {location!r}.")
        if options["password"] is not None:
            check_password(options["password"], name)
        if options["purge"] and options["state"] != "absent":
            raise InvalidInput("purge is true, but state is present: set state to absent, or leave purge out.")
        properties = {
            "displayName": options["display_name"],
            "usageLocation": location.upper() if location else None,
        }
        return cls(
            name=name,
            properties={name: value for name, value in properties.items() if value is not None},
            licenses=tuple(dict.fromkeys(options["licenses"])),
            license_for_leads=options["license_for_leads"] and not options["licenses"],
            password=options["password"],
            never_expires=options["password_never_expires"],
            schedule=_schedule(options),
            present=options["state"] == "present",
            purge=options["purge"],
            replication_timeout=float(options["replication_timeout"]),
        )

    def renewing(self, allowed: bool) -> DesiredUser:
        """Return the same with another say about whether a password in force may be replaced."""
        return replace(self, schedule=replace(self.schedule, may_renew=allowed))

    @property
    def licensed(self) -> bool:
        """Whether any license is asked for."""
        return bool(self.licenses) or self.license_for_leads

    @property
    def domain(self) -> str:
        """The domain of the user principal name."""
        return self.name.partition("@")[2].lower()

    def policies(self, held: frozenset[str]) -> frozenset[str]:
        """Return the password policies that a user with those `held` is to have."""
        if self.never_expires is None:
            return held
        only = frozenset({NEVER_EXPIRES_POLICY})
        return held | only if self.never_expires else held - only


def may_return_password(given: Mapping[str, Any]) -> bool:
    """Say whether a user with these options, as a task gives them, may be given a password that the caller lacks."""
    return not given.get("password") and given.get("state") != "absent"


def policies_text(policies: frozenset[str]) -> str:
    """Return password policies as Graph writes them."""
    return ", ".join(sorted(policies)) or "None"


def _schedule(options: Mapping[str, Any]) -> PasswordSchedule:
    known = options["known_password_changed"]
    try:
        changed = read_timestamp(known)
    except ValueError as error:
        raise InvalidInput(
            "known_password_changed must be the changed_date_time that an earlier run returned, such as "
            f"2026-11-22T15:00:00Z, not {known!r}."
        ) from error
    schedule = PasswordSchedule(
        keeps_record=known is not None,
        known_changed=changed,
        renew_before_days=options["password_renew_before_days"],
        renew_after_days=options["password_renew_after_days"],
        may_renew=options["password_renewal"],
    )
    schedule.validate()
    return schedule
