# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sheet for entering the connection in Partner Center's form.

Only this file has the form's labels. They have changed several times and will change again: they are those of
Microsoft's article "Configure lead management for Dynamics 365 Customer Engagement".
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

AUTHENTICATIONS = {"azure_ad": "azureAD", "office365": "office365"}
"""The choices of authentication: our value for each, and that of Partner Center's API."""

FORM = ("the offer", "Offer setup", "Customer leads", "Connect")
"""The way to the form."""

LABELS = {
    "leadDestination": "Lead destination",
    "instanceUrl": "URL",
    "authentication": "Authentication",
    "applicationId": "Application (client) ID",
    "directoryId": "Directory ID",
    "applicationKey": "Client secret",
    "username": "User name",
    "password": "Password",
    "contactEmail": "Contact email",
}
"""The form's label of each field, by the field's name in Partner Center's API."""

_CHOICES = {
    "dynamics": "Dynamics 365 Customer Engagement",
    "azureAD": "Azure Active Directory (it may also be called Azure AD or Microsoft Entra)",
    "office365": "Office 365",
}
_SECRET_FIELD = {"azureAD": "applicationKey", "office365": "password"}


def sheet(content: Mapping[str, Any]) -> str:
    """Return the sheet, in Markdown, for the content of a handover file."""
    return "\n".join(_lines(content)) + "\n"


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    connection, secret = content["dynamicsLeadConfiguration"], content["secret"]
    field = LABELS[_SECRET_FIELD[connection["authentication"]]]
    yield f"# Marketplace leads into {connection['instanceUrl']}"
    yield ""
    yield "Written by marketplace_leads.dynamics365, and updated when something changes. It contains no secret."
    yield ""
    yield "## What to enter in Partner Center's form"
    yield ""
    yield f"In Partner Center: {', '.join(FORM)}."
    yield ""
    yield "| field | what to enter or choose |"
    yield "|---|---|"
    for name, value in _form(content):
        yield f"| {LABELS[name]} | {_cell(value)} |"
    yield ""
    yield "Then select Validate: Microsoft writes a test lead whose name begins with `MSFT_TEST`."
    yield ""
    yield f"## {field}"
    yield ""
    yield from _secret(field, secret)
    yield ""
    yield "## Offers"
    yield ""
    yield from _offers(content["offers"], secret["key_id"], field.lower())


def _form(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields of the form in its order."""
    connection = content["dynamicsLeadConfiguration"]
    yield "leadDestination", _CHOICES[content["leadDestination"]]
    for name in ("instanceUrl", "authentication", "applicationId", "directoryId", "username"):
        if name in connection:
            yield name, _CHOICES.get(connection[name], connection[name])
    yield _SECRET_FIELD[connection["authentication"]], "see below"
    # Newer editions of the form have no such field.
    if connection["contactEmail"]:
        yield "contactEmail", "; ".join(connection["contactEmail"])


def _secret(field: str, secret: Mapping[str, str]) -> Iterator[str]:
    if secret["kept_in"]:
        yield f"Stored in: `{secret['kept_in']}`, encrypted."
    else:
        yield "Stored in: not specified."
    command = secret["shown_by"] or _command(secret["kept_in"])
    if command:
        yield ""
        yield "To show it, run this command in the folder of this sheet, and clear the screen afterward:"
        yield ""
        yield "```shell"
        yield command
        yield "```"
    yield ""
    if secret["end_date_time"]:
        yield f"Expires: {secret['end_date_time']}. After that no lead arrives."
    else:
        yield "Expires: unknown."
    if secret["key_id"]:
        yield f"Key ID, for reference only (do not enter it): `{secret['key_id']}`."
    if field == LABELS["applicationKey"]:
        yield "Enter the value that the command shows, never the ID of the secret."


def _command(kept_in: str) -> str:
    """Return the command that shows a secret stored in a file of variables, or nothing for another location."""
    if not kept_in.endswith((".yml", ".yaml")):
        return ""
    file = shlex.quote(f"@{kept_in}")
    return f"ansible localhost -m ansible.builtin.debug -a var=secret -e {file} --ask-vault-password"


def _offers(offers: Mapping[str, Mapping[str, Any]], key_id: str, field: str) -> Iterator[str]:
    if not offers:
        yield "No offer is named for this environment (`lead_writer_offers`)."
    else:
        yield "| offer | what to do |"
        yield "|---|---|"
        for offer, record in offers.items():
            yield f"| {_cell(offer)} | {_to_do(record, key_id, field)} |"
    yield ""
    yield "A new connection takes effect only when the offer is published again. Until then the marketplace uses the"
    yield "one that was published last."


def _to_do(record: Mapping[str, Any], key_id: str, field: str) -> str:
    given = f"handed over on {record['handed_over_at']}" if record["handed_over_at"] else "handed over by a run"
    if not record["named"]:
        return (
            f"No longer named for this environment, but a {field} was {given}: set another destination and publish "
            "it, or its leads continue to come here."
        )
    if not record["key_id"]:
        return "Not handed over by a run: enter the connection in the form and publish the offer."
    if record["key_id"] != key_id:
        return f"Has an older {field}, {given}: enter the connection in the form and publish the offer again."
    if record["live_since"]:
        return f"Nothing: has this {field}, and has been live with it since {record['live_since']}."
    why = _WAITS.get(record.get("publication", ""))
    if why is not None:
        return f"Has this {field}, {given}: {why}"
    return f"Has this {field}, {given}: publish the offer again, unless you have done so since."


_WAITS = {
    "waiting": "it is being published, which can take days.",
    "held": "other people have changed the offer too, so publish it when their changes are ready.",
    "failed": "its publication failed, so correct what Partner Center reports and publish it again.",
}
"""What an offer waits for, by the state of its publication."""


def _cell(text: str) -> str:
    """Return a text that stays inside its cell of a table."""
    return " ".join(text.replace("|", "\\|").split())
