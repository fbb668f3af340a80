# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where an offer sends its leads: the customer-leads resource of Partner Center, read, compared and written.

Source: Microsoft's schema of the resource, version 2022-03-01 (contract: lead destination).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NONE = "none"
DYNAMICS = "dynamics"
HTTPS_ENDPOINT = "httpsEndpoint"
TABLE = "table"

AZURE_AD = "azureAD"
OFFICE365 = "office365"

CONTACTS = "contactEmail"
SECRET_FIELDS = frozenset({"applicationKey", "password", "storageAccountConnectionString"})
"""The fields that are read back as asterisks."""

LONGEST = {"applicationKey": 2048, "username": 128, "password": 256}
"""The maximum number of characters of each of these fields (Microsoft's schema of the resource)."""

_OLD_SCHEMAS, _SCHEMAS = "https://product-ingestion.azureedge.net/", "https://schema.mp.microsoft.com/"
"""The former host of schemas, which resources may still name, and the current one."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_ADDRESS = re.compile("[!#-~]+")
_CONNECTION_STRING = re.compile(
    r"DefaultEndpointsProtocol=https;AccountName=[a-z0-9]{3,24};AccountKey=[0-9a-zA-Z=+/]*(;|;EndpointSuffix="
    r"(core\.chinacloudapi\.cn|core\.cloudapi\.de|core\.usgovcloudapi\.net|core\.windows\.net))?"
)
"""Microsoft's schema of the resource, with its own names."""
_CONFIGURATION = "LeadConfiguration"
_DESCRIBING = ("validations", "resourceName")
"""What a resource says about itself when it is read, and must not hold when it is posted."""
_BY_AUTHENTICATION = {
    AZURE_AD: frozenset({"applicationId", "applicationKey", "directoryId"}),
    OFFICE365: frozenset({"username", "password"}),
}
_WITHOUT_CASE = frozenset({"instanceUrl", "applicationId", "directoryId", "username"})


def is_email(text: str) -> bool:
    """Say whether a text is an email address as the schema defines it."""
    return _EMAIL.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Say whether a text may follow the scheme of an address as the schema defines it: no spaces, no special
    characters."""
    return _ADDRESS.fullmatch(text) is not None


def is_connection_string(text: str) -> bool:
    """Say whether a text is a connection string of a storage account as the schema defines it."""
    return _CONNECTION_STRING.fullmatch(text) is not None


def configuration_name(destination: str) -> str:
    """Return the property that holds the details of a destination, such as `dynamicsLeadConfiguration`."""
    return f"{destination}{_CONFIGURATION}"


@dataclass(frozen=True)
class Connection:
    """Where leads go, as far as it can be read: without secrets.

    `destination` and the names in `details` are the service's own names. `contacts` are the email addresses that are
    notified of leads; a desired value of None leaves them unchanged.
    """

    destination: str
    details: Mapping[str, str] = field(default_factory=dict)
    contacts: tuple[str, ...] | None = None

    def differing(self, other: Connection) -> dict[str, tuple[Any, Any]]:
        """Return the differences from the desired `other`: by field, the current and the desired value.

        The order and case of addresses, the case of ids and a slash at the end of an address do not count as
        differences.
        """
        if self.destination != other.destination:
            return {
                "leadDestination": (self.destination, other.destination),
                **{name: (None, value) for name, value in other.details.items()},
                **({CONTACTS: ([], list(other.contacts))} if other.contacts else {}),
            }
        found: dict[str, tuple[Any, Any]] = {
            name: (self.details.get(name), value)
            for name, value in other.details.items()
            if _same(name, self.details.get(name)) != _same(name, value)
        }
        if other.contacts is not None and _addresses(self.contacts) != _addresses(other.contacts):
            found[CONTACTS] = (list(self.contacts or ()), list(other.contacts))
        return found

    def signs_in_like(self, other: Connection) -> bool:
        """Say whether both can have the same secret: same kind, same application or user."""
        names = ("authentication", "applicationId", "directoryId", "username")
        return self.destination == other.destination and all(
            _same(name, self.details.get(name)) == _same(name, other.details.get(name)) for name in names
        )


def connection_of(resource: Mapping[str, Any]) -> Connection:
    """Read the connection out of a customer-leads resource."""
    destination = str(resource.get("leadDestination") or NONE)
    configuration = _configuration(resource, destination)
    contacts = configuration.get(CONTACTS) or []
    authentication = configuration.get("authentication")
    # The service keeps the fields of the other way to sign in; they have no effect.
    foreign = {
        name for other, names in _BY_AUTHENTICATION.items() if authentication not in (None, other) for name in names
    }
    return Connection(
        destination,
        {
            name: str(value)
            for name, value in configuration.items()
            if name != CONTACTS and name not in SECRET_FIELDS and name not in foreign and value is not None
        },
        tuple(str(each) for each in contacts),
    )


def mask_of(resource: Mapping[str, Any], secret_field: str) -> str | None:
    """Return the asterisks that the resource shows instead of a secret, or None if it holds none."""
    configuration = _configuration(resource, str(resource.get("leadDestination") or NONE))
    mask = configuration.get(secret_field)
    return str(mask) if mask else None


def resource_with(
    resource: Mapping[str, Any], wanted: Connection, secret_field: str | None, secret: str | None
) -> dict[str, Any]:
    """Return the resource to post so that leads go to `wanted`.

    `resource` is the one that was read. `secret` is the content of `secret_field`: a value, or the asterisks that were
    read, which keep the current value (likely: contract, lead destination). Nothing else of the resource changes.
    """
    posted = {
        name: value for name, value in resource.items() if name not in _DESCRIBING and not name.endswith(_CONFIGURATION)
    }
    if "$schema" in posted:
        posted["$schema"] = str(posted["$schema"]).replace(_OLD_SCHEMAS, _SCHEMAS)
    posted["leadDestination"] = wanted.destination
    if wanted.destination == NONE:
        return posted
    kept = dict(_configuration(resource, wanted.destination))
    for authentication, names in _BY_AUTHENTICATION.items():
        if wanted.details.get("authentication") not in (None, authentication):
            kept = {name: value for name, value in kept.items() if name not in names}
    configuration = {name: value for name, value in kept.items() if name not in SECRET_FIELDS and value is not None}
    configuration.update(wanted.details)
    if secret_field is not None:
        configuration[secret_field] = secret
    if wanted.contacts is not None:
        configuration[CONTACTS] = list(wanted.contacts)
    posted[configuration_name(wanted.destination)] = configuration
    return posted


def without_secrets(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return a resource as it may be shown: without its asterisks and metadata."""
    return {
        name: {key: each for key, each in value.items() if key not in SECRET_FIELDS}
        if name.endswith(_CONFIGURATION) and isinstance(value, Mapping)
        else value
        for name, value in resource.items()
        if name not in _DESCRIBING
    }


def plain(resource: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a resource of any kind holds, for a comparison of draft, preview and live.

    The addresses of uploaded files, of the resource itself and in lists of images, are left out: they change every time
    (contract: publication).
    """
    return {
        name: _without_image_addresses(value)
        for name, value in resource.items()
        if name not in (*_DESCRIBING, "$schema", "url")
    }


def _without_image_addresses(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {
            name: [_without_address(each) for each in value]
            if name == "imageList" and isinstance(value, list)
            else _without_image_addresses(value)
            for name, value in content.items()
        }
    return content


def _without_address(image: Any) -> Any:
    return {name: value for name, value in image.items() if name != "url"} if isinstance(image, Mapping) else image


def _configuration(resource: Mapping[str, Any], destination: str) -> Mapping[str, Any]:
    found = resource.get(configuration_name(destination))
    return found if isinstance(found, Mapping) else {}


def _same(name: str, value: str | None) -> str | None:
    if value is None:
        return None
    text = value.rstrip("/") if name == "instanceUrl" else value
    return text.lower() if name in _WITHOUT_CASE else text


def _addresses(contacts: tuple[str, ...] | None) -> list[str]:
    return sorted({each.lower() for each in contacts or ()})
