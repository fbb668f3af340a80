# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CreateMultiple and UpdateMultiple: many rows of one table in one request, all or nothing."""

from __future__ import annotations

from typing import Any

from .calls import Reply, Session
from .errors import bad_payload, method_not_allowed, no_row, no_segment
from .paths import guid
from .payloads import read_values
from .resources import rules_of
from .schema import NAMESPACE, Table


def respond(session: Session, table: Table, action: str) -> Reply:
    """The answer of an action bound to a collection. Raises Refusal."""
    handler = {"CreateMultiple": _create, "UpdateMultiple": _update}.get(action)
    if handler is None:
        raise no_segment(f"{NAMESPACE}.{action}")
    if session.call.method != "POST":
        raise method_not_allowed(session.call.method)
    targets = session.call.payload(action).get("Targets")
    if not isinstance(targets, list) or not targets or not all(isinstance(item, dict) for item in targets):
        raise bad_payload(action, "The parameter 'Targets' is expected to be a collection of entities.")
    with session.data.transaction():
        return handler(session, table, targets)


def _create(session: Session, table: Table, targets: list[dict[str, Any]]) -> Reply:
    made = [
        rules_of(table).create(session, table, read_values(session, table, target, creating=True)) for target in targets
    ]
    context = session.context(f"{NAMESPACE}.CreateMultipleResponse")
    return Reply(200, {"@odata.context": context, "Ids": [row[table.id_column] for row in made]})


def _update(session: Session, table: Table, targets: list[dict[str, Any]]) -> Reply:
    for target in targets:
        identifier = guid(str(target.get(table.id_column, "")))
        row = session.data.get(table.logical, identifier or "")
        if row is None:
            raise no_row(table.schema, str(target.get(table.id_column)))
        rules_of(table).update(session, table, row, read_values(session, table, target, creating=False))
    return Reply(204)
