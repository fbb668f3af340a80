# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The customer-leads resource: its required properties for each destination, its masked secrets and its validations."""

from __future__ import annotations

import copy
import re
from typing import Any

MASK = "*********"

#: Destination: the property of its configuration, and its required fields.
_CONFIGURATIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "none": ("", ()),
    "blob": ("blobLeadConfiguration", ("storageAccountConnectionString", "containerName")),
    "dynamics": ("dynamicsLeadConfiguration", ("instanceUrl", "authentication")),
    "email": ("emailLeadConfiguration", ("contactEmail",)),
    "httpsEndpoint": ("httpsEndpointLeadConfiguration", ("httpsEndpointUrl",)),
    "marketo": ("marketoLeadConfiguration", ("formId", "munchkinId")),
    "salesforce": ("salesforceLeadConfiguration", ("objectIdentifier",)),
    "table": ("tableLeadConfiguration", ("storageAccountConnectionString",)),
}
_DYNAMICS = {
    "azureAD": ("applicationId", "applicationKey", "directoryId"),
    "office365": ("username", "password"),
}
_DYNAMICS_FIELDS = frozenset(
    {"instanceUrl", "authentication", "contactEmail", *_DYNAMICS["azureAD"], *_DYNAMICS["office365"]}
)
#: The details of each destination, by their property.
DETAILS: dict[str, frozenset[str]] = {
    name: frozenset({*required, "contactEmail"}) | (_DYNAMICS_FIELDS if name == "dynamicsLeadConfiguration" else set())
    for name, required in _CONFIGURATIONS.values()
    if name
}
_SECRETS = frozenset({"applicationKey", "password", "storageAccountConnectionString", "clientSecret"})
_CONNECTION_STRING = (
    r"[*]+|DefaultEndpointsProtocol=https;AccountName=[a-z0-9]{3,24};AccountKey=[0-9a-zA-Z=+/]*(;|;EndpointSuffix="
    r"(core\.chinacloudapi\.cn|core\.cloudapi\.de|core\.usgovcloudapi\.net|core\.windows\.net))?"
)
_ADDRESS = r"[a-zA-Z0-9/?$+-~!@#%^&*()_='.:\[\]@,;]+"
#: The schema's rules for individual fields: a pattern and a maximum length.
_PATTERNS = {
    "applicationKey": (".+", 2048),
    "username": (".+", 128),
    "password": (".+", 256),
    "applicationId": ("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", 36),
    "directoryId": ("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", 36),
    "instanceUrl": (f"https?://{_ADDRESS}", 2048),
    "httpsEndpointUrl": (f"https://{_ADDRESS}", 2048),
    "containerName": ("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", 63),
    "formId": (r"\d{1,8}", 8),
    "munchkinId": ("[a-zA-Z0-9]{3}(-[a-zA-Z0-9]{3}){2}", 11),
    "objectIdentifier": ("[a-zA-Z0-9]{15}", 15),
    "storageAccountConnectionString": (_CONNECTION_STRING, 2048),
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_TOP = frozenset({"$schema", "id", "product", "leadDestination"})
_NAMES = frozenset(DETAILS)


def masked(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource as the API returns it: secrets are asterisks."""
    shown = copy.deepcopy(resource)
    for configuration in shown.values():
        if isinstance(configuration, dict):
            for name in _SECRETS & configuration.keys():
                configuration[name] = MASK
    return shown


def validations(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """The validations of a draft's resource, which do not prevent publication."""
    if resource.get("leadDestination") != "dynamics":
        return []
    return [
        {
            "level": "informational",
            "code": "businessValidationError",
            "message": "The connection is tried when the offer is published.",
            "resourceId": resource["id"],
        }
    ]


def merged(old: dict[str, Any], new: dict[str, Any], *, masks_keep: bool) -> dict[str, Any] | str:
    """The posted resource merged with the old one: a mask keeps the stored secret.

    Without `masks_keep` a mask becomes the secret, with which sign-in fails. Returns `code: message` for an invalid
    one.
    """
    destination = new.get("leadDestination")
    if destination not in _CONFIGURATIONS:
        return f"schemaValidationError: 'leadDestination' is one of {', '.join(_CONFIGURATIONS)}."
    name, required = _CONFIGURATIONS[destination]
    strange = next((key for key in new if key not in _TOP | _NAMES), None)
    if strange is not None:
        return f"schemaValidationError: The property '{strange}' is not known."
    others = _NAMES - {name}
    if others <= new.keys():
        return f"schemaValidationError: The details of all other destinations are not allowed with '{destination}'."
    if any(not isinstance(new[each], dict) or _wrong_fields(new[each]) for each in others & new.keys()):
        return "schemaValidationError: The details of another destination do not match the schema."
    if not name:
        return _keeping(old, new, masks_keep=masks_keep)
    configuration = new.get(name)
    if not isinstance(configuration, dict):
        return f"schemaValidationError: The destination '{destination}' needs '{name}'."
    wrong = _wrong_fields(configuration) or (_wrong_dynamics(configuration) if destination == "dynamics" else None)
    if wrong:
        return f"schemaValidationError: {wrong}"
    if destination == "dynamics":
        required = (*required, *_DYNAMICS[configuration["authentication"]])
    missing = next((field for field in required if not configuration.get(field)), None)
    if missing is not None:
        return f"schemaValidationError: '{name}' needs '{missing}'."
    return _keeping(old, new, masks_keep=masks_keep)


def _keeping(old: dict[str, Any], new: dict[str, Any], *, masks_keep: bool) -> dict[str, Any] | str:
    """The new resource with masks replaced by the old values."""
    kept = copy.deepcopy(new)
    for name in _NAMES & kept.keys() if masks_keep else ():
        for field in _SECRETS & kept[name].keys():
            if set(str(kept[name][field])) == {"*"}:
                before = old.get(name, {}).get(field)
                if not before:
                    return f"businessValidationError: '{field}' is a mask, and there is no value to keep."
                kept[name][field] = before
    return kept


def _wrong_dynamics(configuration: dict[str, Any]) -> str | None:
    strange = next((key for key in configuration if key not in _DYNAMICS_FIELDS), None)
    if strange is not None:
        return f"The property '{strange}' is not allowed in 'dynamicsLeadConfiguration'."
    authentication = configuration.get("authentication")
    if authentication not in _DYNAMICS:
        return "'authentication' is 'azureAD' or 'office365'."
    other = next(fields for name, fields in _DYNAMICS.items() if name != authentication)
    if set(other) <= configuration.keys():
        return f"{', '.join(other)} are not allowed together with '{authentication}'."
    return None


def _wrong_fields(configuration: dict[str, Any]) -> str | None:
    emails = configuration.get("contactEmail", [])
    if not isinstance(emails, list) or not all(isinstance(item, str) and _EMAIL.fullmatch(item) for item in emails):
        return "'contactEmail' is a list of e-mail addresses."
    for name, (pattern, longest) in _PATTERNS.items():
        value = configuration.get(name) or ""
        if not isinstance(value, str) or len(value) > longest or (value and not re.fullmatch(pattern, value, re.S)):
            return f"'{name}' does not match the schema."
    return None
