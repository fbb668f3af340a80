# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client secrets: made by the service, shown once, used only seconds later (contract: secrets)."""

from __future__ import annotations

import datetime
from typing import Any

from .. import seeded
from ..clock import graph_time, graph_time_precise, parse_time
from ..directory.store import Object
from . import app_policies
from .call import Answer, Call
from .errors import bad_request
from .payload import is_guid
from .schema import PERSONAL_AUDIENCES

_DEFAULT_DAYS = 730
_MOST_OF_PERSONAL = 2
_SETTABLE = frozenset({"displayName", "endDateTime", "startDateTime"})
_ANSWER_ORDER = (
    "customKeyIdentifier",
    "displayName",
    "endDateTime",
    "hint",
    "keyId",
    "secretText",
    "startDateTime",
)


def add(call: Call, holder: Object) -> Answer:
    """The action ``addPassword``: 200 with the secret, this one time. ``holder`` is changed, not yet put back."""
    body = call.body if call.body is not None else {}
    credential = (body.get("passwordCredential") if isinstance(body, dict) else None) or {}
    made = _generate(call, holder, credential)
    shown = _with_text(made)
    context = {"@odata.context": call.context("microsoft.graph.passwordCredential")}
    return Answer(200, context | {name: shown[name] for name in _ANSWER_ORDER})


def remove(call: Call, holder: Object) -> Answer:
    """The action ``removePassword``: 204. ``holder`` is changed, not yet put back."""
    key_id = call.json_object().get("keyId")
    if not is_guid(key_id):
        raise bad_request(
            "One or more parameters of the operation 'removePassword' are missing from the request "
            "payload. The missing parameters are: keyId."
        )
    kept = [item for item in holder["passwordCredentials"] if item["keyId"] != str(key_id).lower()]
    if len(kept) == len(holder["passwordCredentials"]):
        raise bad_request("No password credential found with keyId.", code="InvalidValue", target="keyId")
    holder["passwordCredentials"] = kept
    return Answer(204)


def generate_all(call: Call, holder: Object, credentials: list[Any]) -> list[Object]:
    """Make a secret for each entry of ``passwordCredentials`` in a create request; the values come back this once."""
    return [_with_text(_generate(call, holder, credential)) for credential in credentials]


def check_unchanged(holder: Object, credentials: list[Any]) -> None:
    """An update may drop secrets or repeat those there are; new ones come from the action only. Raises GraphError."""
    known = {item["keyId"] for item in holder["passwordCredentials"]}
    wanted = [item.get("keyId") if isinstance(item, dict) else None for item in credentials]
    if any(key_id not in known for key_id in wanted):
        raise bad_request(
            "New password credentials must be generated using service actions.",
            code="CannotUpdatePasswordCredential",
            target="passwordCredentials",
        )
    holder["passwordCredentials"] = [item for item in holder["passwordCredentials"] if item["keyId"] in wanted]


def _generate(call: Call, holder: Object, credential: Any) -> Object:
    if not isinstance(credential, dict):
        raise bad_request("Invalid value specified for property 'passwordCredential'.")
    for name in credential:
        if name.startswith("@"):
            continue
        if name not in _SETTABLE and credential[name] is not None:
            raise bad_request(
                f"Property '{name}' of a password credential is set by the service and cannot be given.",
                code="InvalidValue",
                target=f"passwordCredentials.{name}",
            )
    now = call.world.clock.now()
    start = _moment(credential.get("startDateTime"), "startDateTime") or now
    end = _moment(credential.get("endDateTime"), "endDateTime") or start + datetime.timedelta(days=_DEFAULT_DAYS)
    if end <= start:
        raise bad_request(
            "The credential's end date must be later than its start date.",
            code="InvalidValue",
            target="passwordCredential.endDateTime",
        )
    count = len(holder["passwordCredentials"]) + 1
    if count > _MOST_OF_PERSONAL and holder["signInAudience"] in PERSONAL_AUDIENCES and "publisherDomain" in holder:
        raise bad_request(
            f"Not allowed to add {count} passwords. You can only add a maximum of {_MOST_OF_PERSONAL} passwords."
        )
    app_policies.check_new_secret(call, holder, start, end)
    key_id = call.world.new_guid()
    text = seeded.secret_text(call.world.seed, key_id)
    made: Object = {
        "customKeyIdentifier": None,
        "displayName": credential.get("displayName"),
        "endDateTime": graph_time(end),
        "hint": text[:3],
        "keyId": key_id,
        "secretText": None,
        "startDateTime": graph_time_precise(start),
        "_secret": text,
        "_active_from": call.now + call.world.settings.secret_activation_seconds,
    }
    holder["passwordCredentials"] = [*holder["passwordCredentials"], made]
    return made


def _with_text(made: Object) -> Object:
    return {**made, "secretText": made["_secret"]}


def _moment(value: Any, name: str) -> datetime.datetime | None:
    if value is None:
        return None
    try:
        return parse_time(value)
    except (AttributeError, ValueError, OverflowError) as error:
        raise bad_request(
            f"Cannot convert the literal '{value}' to the expected type 'Edm.DateTimeOffset'.",
            code="InvalidValue",
            target=f"passwordCredential.{name}",
        ) from error
