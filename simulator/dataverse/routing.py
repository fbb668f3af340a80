# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Routes a path and method to a resource."""

from __future__ import annotations

from . import definitions, metadata, multiple, operations, resources
from .calls import MAX_ADDRESS, MAX_ADDRESS_IN_BATCH, Reply, Session
from .errors import Refusal, method_not_allowed, no_segment
from .paths import Segment, segments
from .schema import NAMESPACE


def respond(session: Session) -> Reply:
    """The answer to a request by an authenticated member of the environment. Raises Refusal."""
    call = session.call
    longest = MAX_ADDRESS_IN_BATCH if call.in_batch else MAX_ADDRESS
    if len(call.root) + len(call.path) + len(call.query) > longest:
        raise Refusal(414, "0x80060888", "The request URI is too long.")
    path = segments(call.path)
    if not path:
        return metadata.service_document(session)
    first, rest = path[0], path[1:]
    if first.name == "WhoAmI":
        # A user without roles may still call it.
        return _unbound(session, first, rest)
    require_a_role(session)
    if call.headers.get("mscrm.bypasscustompluginexecution", "").lower() == "true":
        session.principal.require_privilege("prvBypassCustomPlugins")
    if first.name == "$metadata":
        if rest or first.inside is not None:
            raise no_segment(rest[0].name if rest else "$metadata")
        return metadata.document(session)
    if first.name in definitions.SETS:
        return definitions.respond(session, first, rest)
    table = session.data.catalogue.by_entity_set.get(first.name)
    if table is None:
        return _unbound(session, first, rest)
    if first.inside is not None:
        if not rest:
            return resources.one_row(session, table, first.inside)
        row = resources.existing_row(session, table, first.inside)
        if rest[0].name.startswith(f"{NAMESPACE}."):
            if len(rest) > 1:
                raise no_segment(rest[1].name)
            return operations.bound(session, table, row, rest[0])
        return resources.beyond_row(session, table, row, rest)
    if rest:
        return _beyond_collection(session, first, rest)
    if call.method == "GET":
        return resources.list_rows(session, table)
    if call.method == "POST":
        return resources.create(session, table)
    raise method_not_allowed(call.method)


def _beyond_collection(session: Session, first: Segment, rest: list[Segment]) -> Reply:
    table = session.data.catalogue.by_entity_set[first.name]
    if rest[0].name.startswith(f"{NAMESPACE}.") and len(rest) == 1:
        return multiple.respond(session, table, rest[0].name.removeprefix(f"{NAMESPACE}."))
    if [segment.name for segment in rest] != ["$count"]:
        raise no_segment(rest[0].name)
    if session.call.method != "GET":
        raise method_not_allowed(session.call.method)
    return resources.count_rows(session, table)


def _unbound(session: Session, first: Segment, rest: list[Segment]) -> Reply:
    reply = None if rest else operations.unbound(session, first)
    if reply is None:
        raise no_segment(first.name)
    return reply


def require_a_role(session: Session) -> None:
    """Refuse any request of a user without roles. Raises Refusal."""
    if not session.principal.role_count:
        raise Refusal(
            403,
            "0x80042f09",
            f"The user with id {session.user_id} has not been assigned any roles. They need a role with the "
            "prvReadUser privilege.",
        )
