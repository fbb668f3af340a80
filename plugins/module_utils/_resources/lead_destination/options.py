# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an offer's lead destination, and their parsed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..._rules.clouds import EnvironmentAddress, environment_address
from ..._rules.customer_leads import (
    AZURE_AD,
    DYNAMICS,
    HTTPS_ENDPOINT,
    LONGEST,
    NONE,
    OFFICE365,
    TABLE,
    Connection,
    is_address,
    is_connection_string,
    is_email,
)
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID, guid
from ..._rules.offers import offer_id
from ..._rules.timestamps import read_timestamp

OPTIONS: dict[str, dict[str, Any]] = {
    "offer": {"type": "str", "required": True},
    "destination": {
        "type": "str",
        "choices": ["dynamics", "none", "https_endpoint", "azure_table"],
        "default": "dynamics",
    },
    "environment_url": {"type": "str"},
    "authentication": {"type": "str", "choices": ["azure_ad", "office365"], "default": "azure_ad"},
    "application_id": {"type": "str"},
    "directory_id": {"type": "str"},
    "application_key": {"type": "str", "no_log": True},
    "user_name": {"type": "str"},
    "password": {"type": "str", "no_log": True},
    "https_endpoint_url": {"type": "str"},
    "azure_table_connection_string": {"type": "str", "no_log": True},
    "contact_emails": {"type": "list", "elements": "str"},
    "secret_key_id": {"type": "str", "no_log": False},
    "handed_over_key_id": {"type": "str", "default": "", "no_log": False},
    "handed_over_at": {"type": "str", "default": ""},
    "replace_other_destination": {"type": "bool", "default": False},
    "publish": {"type": "str", "choices": ["never", "preview", "live"], "default": "never"},
    "publish_other_changes": {"type": "bool", "default": False},
    "publish_again": {"type": "bool", "default": False},
    "publication_job_id": {"type": "str", "default": ""},
    "configure_timeout": {"type": "int", "default": 600},
    "publish_timeout": {"type": "int", "default": 60},
    "api_version": {"type": "str"},
}
"""The options of a lead destination, also inside the plan of a whole environment."""

_DESTINATIONS = {
    "dynamics": DYNAMICS,
    "none": NONE,
    "https_endpoint": HTTPS_ENDPOINT,
    "azure_table": TABLE,
}
_AUTHENTICATIONS = {"azure_ad": AZURE_AD, "office365": OFFICE365}


@dataclass(frozen=True)
class DesiredSecret:
    """The secret that goes with a connection.

    `option` is the option that brings its value, `name` the service's name for it. `key_id` says which one it is,
    `handed_over_key_id` which one the caller handed over last, and `handed_over_at` when; they are empty or None if
    unknown.
    """

    option: str
    name: str
    value: str | None = field(default=None, repr=False)
    key_id: str = ""
    handed_over_key_id: str = ""
    handed_over_at: datetime | None = None

    @property
    def is_new(self) -> bool:
        """Whether the caller knows that it is another secret than the one handed over last."""
        return bool(self.key_id) and self.key_id != self.handed_over_key_id

    @property
    def is_same(self) -> bool:
        """Whether the caller has the value that was handed over last.

        Then it is posted again: asterisks probably keep the current value, but this is not certain.
        """
        return bool(self.value and self.key_id) and self.key_id == self.handed_over_key_id


@dataclass(frozen=True)
class DesiredLeadDestination:
    """What the caller asks for. `secret` is None for a destination that needs none.

    `only_from` is the address of the environment from which leads are turned away: others are left alone. The timeouts
    are in seconds. `publication_job_id` is the job of the publication that an earlier run has begun.
    """

    offer: str
    connection: Connection
    secret: DesiredSecret | None = None
    environment: EnvironmentAddress | None = None
    only_from: str | None = None
    replace_other_destination: bool = False
    publish: str = "never"
    publish_other_changes: bool = False
    publish_again: bool = False
    publication_job_id: str = ""
    configure_timeout: float = 600.0
    publish_timeout: float = 60.0

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> DesiredLeadDestination:
        """Read the options of OPTIONS. Raises InvalidInput."""
        offer = offer_id(options["offer"], "offer")
        environment = environment_address(options["environment_url"]) if options["environment_url"] else None
        destination = _DESTINATIONS[options["destination"]]
        details, option, secret_field = _details(options, destination, environment)
        return cls(
            offer=offer,
            connection=Connection(destination, details, None if destination == NONE else _contacts(options)),
            secret=_secret(options, option, secret_field) if option else None,
            environment=environment if destination == DYNAMICS else None,
            only_from=environment.url if environment and destination == NONE else None,
            replace_other_destination=options["replace_other_destination"],
            publish=options["publish"],
            publish_other_changes=options["publish_other_changes"],
            publish_again=options["publish_again"],
            publication_job_id=options["publication_job_id"] or "",
            configure_timeout=float(options["configure_timeout"]),
            publish_timeout=float(options["publish_timeout"]),
        )

    @property
    def unknown(self) -> list[str]:
        """The options whose values are not known yet, as in the dry run on an empty tenant."""
        return ["application_id"] if self.connection.details.get("applicationId") == NIL_GUID else []


def _details(
    options: Mapping[str, Any], destination: str, environment: EnvironmentAddress | None
) -> tuple[dict[str, str], str, str]:
    """Return the details of a destination, the option that brings its secret and the service's name for that."""
    if destination == NONE:
        return {}, "", ""
    if destination == HTTPS_ENDPOINT:
        url = _needed(options, "https_endpoint_url")
        scheme, mark, rest = url.partition("://")
        if scheme.lower() != "https" or not mark or not is_address(rest):
            raise InvalidInput(f"https_endpoint_url must be an https address, not {url!r}.")
        # The schema accepts the scheme only in lower case.
        return {"httpsEndpointUrl": f"https://{rest}"}, "", ""
    if destination == TABLE:
        connection = options["azure_table_connection_string"]
        if connection and connection.strip("*") and not is_connection_string(connection):
            raise InvalidInput(
                "azure_table_connection_string is not a connection string of a storage account: copy it from the "
                "access keys of the storage account; it begins with DefaultEndpointsProtocol=https."
            )
        return {}, "azure_table_connection_string", "storageAccountConnectionString"
    if environment is None:
        raise InvalidInput(f"environment_url is missing: offer {options['offer']!r} needs one to send leads to.")
    authentication = _AUTHENTICATIONS[options["authentication"]]
    details = {"instanceUrl": environment.url, "authentication": authentication}
    if authentication == OFFICE365:
        user_name = _needed(options, "user_name")
        _check_length(user_name, "user_name", "username")
        return {**details, "username": user_name}, "password", "password"
    return (
        {
            **details,
            "applicationId": guid(_needed(options, "application_id"), "application_id"),
            "directoryId": guid(_needed(options, "directory_id"), "directory_id"),
        },
        "application_key",
        "applicationKey",
    )


def _needed(options: Mapping[str, Any], option: str) -> str:
    value = str(options[option] or "").strip()
    if not value:
        raise InvalidInput(
            f"{option} is missing: destination {options['destination']} of offer {options['offer']!r} needs it."
        )
    return value


def _check_length(value: str, option: str, name: str) -> None:
    longest = LONGEST.get(name)
    if longest is not None and len(value) > longest:
        raise InvalidInput(
            f"{option} has {len(value)} characters, but Partner Center accepts at most {longest}: give a shorter one."
        )


def _secret(options: Mapping[str, Any], option: str, secret_field: str) -> DesiredSecret:
    value = options[option] or None
    if value and not value.strip("*"):
        raise InvalidInput(f"{option} holds only asterisks: give the value itself, or leave it out to keep it.")
    _check_length(value or "", option, secret_field)
    try:
        handed_over_at = read_timestamp(options["handed_over_at"])
    except ValueError as error:
        raise InvalidInput(
            f"handed_over_at must be a time such as 2026-01-31T12:00:00Z, not {options['handed_over_at']!r}."
        ) from error
    return DesiredSecret(
        option,
        secret_field,
        value,
        options["secret_key_id"] or "",
        options["handed_over_key_id"] or "",
        handed_over_at,
    )


def _contacts(options: Mapping[str, Any]) -> tuple[str, ...] | None:
    given = options["contact_emails"]
    if given is None:
        return None
    wrong = next((each for each in given if not is_email(each)), None)
    if wrong is not None:
        raise InvalidInput(f"contact_emails names {wrong!r}, which is not an email address: correct it.")
    return tuple(dict.fromkeys(given))
