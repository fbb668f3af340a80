# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows by address: lists, single rows, writes, and the links between rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..odata.model import QueryRefused
from ..odata.options import QueryOptions, parse_options
from ..odata.query import aggregated_count, cut
from . import role_rules
from .answers import Shape, etag
from .calls import MAX_PAGE_SIZE, Call, Reply, Session
from .errors import (
    Refusal,
    bad_payload,
    bad_query,
    changed_meanwhile,
    duplicate_row,
    method_not_allowed,
    no_row,
    no_segment,
)
from .leads import LeadRules, NamedPersonRules
from .paths import Segment, arguments, guid, text_value
from .payloads import convert, reachable, read_values, referenced_row
from .queries import View
from .role_rules import RoleRules
from .rules import Rules
from .schema import Relation, Table
from .solutions import actions
from .users import BusinessUnitRules, UserRules

_PLAIN = Rules()


class _SolutionRules(Rules):
    def delete(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        actions.delete(session, row)

    def prepare(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        missing = next((name for name in ("uniquename", "friendlyname", "version") if not row.get(name)), None)
        if missing or not row.get("_publisherid_value"):
            raise Refusal(400, "0x80040203", f"A solution needs a {missing or 'publisherid'}.")

    def unique(self, session: Session, table: Table, row: Mapping[str, Any]) -> None:
        if any(item["uniquename"].lower() == row["uniquename"].lower() for item in session.data.all("solution")):
            raise Refusal(400, "0x8004f023", f"The solution unique name '{row['uniquename']}' is already being used.")


RULES: Mapping[str, Rules] = {
    "systemuser": UserRules(),
    "businessunit": BusinessUnitRules(),
    "role": RoleRules(),
    "lead": LeadRules(),
    "contact": NamedPersonRules(),
    "account": NamedPersonRules(),
    "solution": _SolutionRules(),
}


#: Options that replace a whole query, with FetchXML or the id of a view.
_QUERIES = ("fetchXml", "savedQuery", "userQuery")


def rules_of(table: Table) -> Rules:
    """The rules of a table's writes."""
    return RULES.get(table.logical, _PLAIN)


def options_of(call: Call) -> QueryOptions:
    """The query options of a request. Raises Refusal."""
    try:
        options = parse_options(call.options)
    except QueryRefused as refused:
        raise bad_query(str(refused)) from None
    query = next((name for name in _QUERIES if name in options.others), None)
    if query is not None:
        # Ignoring it would return rows that the caller did not request.
        raise Refusal(501, "SimulatorServesNoSuchQuery", f"The simulator does not run queries given as {query}.")
    return options


# Lists


def list_rows(session: Session, table: Table, rows: Any = None, fragment: str | None = None) -> Reply:
    """A list of a table's rows, or of `rows`, as the query options request it."""
    options, view, call = options_of(session.call), View(session), session.call
    shape = Shape(session, table, options)
    found = view.matching(view.rows(table) if rows is None else rows, options, table)
    name = table.entity_set if fragment is None else fragment
    if options.apply is not None:
        try:
            alias = aggregated_count(options.apply)
        except QueryRefused as refused:
            raise bad_query(str(refused)) from None
        return Reply(200, {"@odata.context": session.context(name), "value": [{alias: len(found)}]})
    try:
        limit = session.data.world.settings.dataverse_page_size
        page = cut(found, table.id_column, options, min(call.page_size or limit, limit))
    except QueryRefused as refused:
        raise Refusal(400, "0x80040203", str(refused)) from None
    body: dict[str, Any] = {"@odata.context": session.context(name + shape.fragment)}
    if options.count:
        # The platform's maximum.
        body["@odata.count"] = min(page.total, MAX_PAGE_SIZE)
    if call.annotations:
        body["@Microsoft.Dynamics.CRM.totalrecordcount"] = min(page.total, MAX_PAGE_SIZE) if options.count else -1
        body["@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded"] = options.count and page.total > MAX_PAGE_SIZE
    body["value"] = [shape.write(row) for row in page.rows]
    if page.next_token is not None:
        body["@odata.nextLink"] = _next_link(call, page.next_token)
    return Reply(200, body, _preference_applied(call))


def _next_link(call: Call, token: str) -> str:
    kept = [
        piece for piece in call.query.split("&") if piece and not piece.startswith(("$skiptoken=", "%24skiptoken="))
    ]
    return f"{call.root}{call.path}?{'&'.join([*kept, f'$skiptoken={token}'])}"


def _preference_applied(call: Call) -> dict[str, str]:
    applied = []
    if call.page_size is not None:
        applied.append(f"odata.maxpagesize={call.page_size}")
    if call.annotations:
        applied.append(f'odata.include-annotations="{call.annotations}"')
    return {"Preference-Applied": ",".join(applied)} if applied else {}


def count_rows(session: Session, table: Table, rows: Any = None) -> Reply:
    """The number of rows, as plain text."""
    view, options = View(session), options_of(session.call)
    found = view.matching(view.rows(table) if rows is None else rows, options, table)
    return Reply(200, str(min(len(found), MAX_PAGE_SIZE)), {"Content-Type": "text/plain"})


# Single rows


def find_row(session: Session, table: Table, inside: str) -> tuple[str | None, Any, dict[str, Any]]:
    """The row that an address names in parentheses, by id or by alternate key.

    Returns its id (None for an alternate key without a row), the row or None, and the key's columns. Raises Refusal.
    """
    identifier = guid(inside)
    if identifier is not None:
        return identifier, View(session).find(table, identifier), {}
    given = arguments(inside, session.call.options) if "=" in inside else {}
    if set(given) == {table.id_column}:
        return find_row(session, table, given[table.id_column])
    if not given or tuple(sorted(given)) not in {tuple(sorted(key)) for key in table.keys}:
        raise bad_query(
            f"The key in '{table.entity_set}({inside})' is neither an id nor an alternate key of '{table.type_name}'."
        )
    columns = {name: convert(table, table.columns[name], text_value(value)) for name, value in given.items()}
    row = next(
        (
            item
            for item in session.data.all(table.logical)
            if all(str(item.get(name, "")).lower() == str(value).lower() for name, value in columns.items())
        ),
        None,
    )
    return (None if row is None else row[table.id_column]), row, columns


def existing_row(session: Session, table: Table, inside: str) -> Any:
    """The row that an address names. Raises Refusal if it does not exist."""
    identifier, row, _key = find_row(session, table, inside)
    if row is None:
        raise no_row(table.schema, identifier or inside)
    return row


def one_row(session: Session, table: Table, inside: str) -> Reply:
    """GET, PATCH, PUT or DELETE of a row."""
    call = session.call
    if call.method == "PATCH":
        return upsert(session, table, inside)
    row = existing_row(session, table, inside)
    if call.method == "GET":
        session.principal.require("Read", table, row)
        return retrieve(session, table, row)
    if call.method == "DELETE":
        _check_version(session, table, row)
        rules_of(table).delete(session, table, row)
        return Reply(204)
    raise method_not_allowed(call.method)


def retrieve(session: Session, table: Table, row: Mapping[str, Any]) -> Reply:
    """One row as the query options ask for it; 304 if the caller already has it."""
    shape = Shape(session, table, options_of(session.call))
    known = session.call.headers.get("if-none-match", "").strip()
    if table.versioned and known and known == etag(row) and not options_of(session.call).expand:
        return Reply(304)
    body = {"@odata.context": session.context(f"{table.entity_set}{shape.fragment}/$entity"), **shape.write(row)}
    headers = _preference_applied(session.call)
    if table.versioned:
        headers["ETag"] = etag(row)
    return Reply(200, body, headers)


def create(session: Session, table: Table, known: Mapping[str, Any] | None = None) -> Reply:
    """POST to a collection, or the creating half of an upsert (then `known` is the key of the address)."""
    values = read_values(session, table, session.call.payload(table.entity_set), creating=True)
    values |= known or {}
    with session.data.transaction():
        row = rules_of(table).create(session, table, values)
        _file_in_solution(session, table, row)
    return _written(session, table, row, 201)


def upsert(session: Session, table: Table, inside: str) -> Reply:
    """PATCH: change a row, or create it unless the request forbids that."""
    identifier, row, key = find_row(session, table, inside)
    headers = session.call.headers
    if row is None:
        if "if-match" in headers or table.logical in ("privilege", "solution", "asyncoperation", "importjob"):
            raise no_row(table.schema, identifier or inside)
        known = dict(key) if identifier is None else {table.id_column: identifier}
        return create(session, table, known)
    if headers.get("if-none-match", "").strip() == "*":
        raise duplicate_row()
    _check_version(session, table, row)
    values = read_values(session, table, session.call.payload(table.entity_set), creating=False)
    with session.data.transaction():
        rules_of(table).update(session, table, row, values)
    return _written(session, table, row, 200)


def _check_version(session: Session, table: Table, row: Mapping[str, Any]) -> None:
    wanted = session.call.headers.get("if-match", "").strip()
    if wanted and wanted != "*" and wanted != etag(row):
        raise changed_meanwhile(table.logical)


def _written(session: Session, table: Table, row: Mapping[str, Any], status: int) -> Reply:
    address = session.address(table.entity_set, row[table.id_column])
    headers = {"OData-EntityId": address, "Location": address}
    if not session.call.wants_representation:
        return Reply(204, None, headers)
    session.principal.require("Read", table, row)
    reply = retrieve(session, table, row)
    applied = ",".join(["return=representation", *filter(None, [reply.headers.get("Preference-Applied")])])
    return Reply(status, reply.body, {**headers, **reply.headers, "Preference-Applied": applied})


#: Kinds of components that a header can add to an unmanaged solution, with their number.
_COMPONENTS = {"role": 20, "webresource": 61, "systemform": 60, "appmodule": 80}


def _file_in_solution(session: Session, table: Table, row: Mapping[str, Any]) -> None:
    name = session.call.headers.get("mscrm.solutionuniquename")
    if not name or table.logical not in _COMPONENTS:
        return
    data = session.data
    solution = next((item for item in data.all("solution") if item["uniquename"].lower() == name.lower()), None)
    if solution is None:
        raise Refusal(404, "0x80040217", f"solution With uniquename = {name} Does Not Exist")
    if solution["ismanaged"]:
        raise Refusal(400, "0x8004f024", f"The solution '{name}' is managed; components cannot be added to it.")
    data.insert(
        "solutioncomponent",
        {
            "solutioncomponentid": data.world.new_guid(),
            "_solutionid_value": solution["solutionid"],
            "objectid": row[table.id_column],
            "componenttype": _COMPONENTS[table.logical],
            "createdon": data.stamp(),
            "modifiedon": data.stamp(),
        },
    )


# Properties and references of a row


def beyond_row(session: Session, table: Table, row: Mapping[str, Any], rest: list[Segment]) -> Reply:
    """A property, a navigation property or its references."""
    first = rest[0]
    column = table.columns.get(first.name)
    if column is not None and first.inside is None and len(rest) <= 2:
        return _property(session, table, row, first.name, raw=rest[1:] == [Segment("$value")])
    navigation = table.navigation(first.name)
    if navigation is None or navigation.target not in session.data.catalogue.tables:
        raise no_segment(first.name)
    session.principal.require("Read", table, row)
    tail = [segment.name for segment in rest[1:]]
    target = session.data.table(navigation.target)
    if tail == ["$ref"] or (session.call.method != "GET" and first.inside is not None):
        return _references(session, table, row, first)
    if session.call.method != "GET" or tail not in ([], ["$count"]):
        raise method_not_allowed(session.call.method) if tail in ([], ["$count"]) else no_segment(tail[0])
    related = View(session).related(table, row, navigation)
    if first.inside is not None:
        wanted = guid(first.inside)
        found = next((item for item in related if item[target.id_column] == wanted), None)
        if found is None:
            raise no_row(target.schema, first.inside)
        return retrieve(session, target, found)
    if not navigation.collection:
        found = next(iter(related), None)
        return Reply(204) if found is None else retrieve(session, target, found)
    return count_rows(session, target, related) if tail else list_rows(session, target, related)


def _property(session: Session, table: Table, row: Mapping[str, Any], name: str, *, raw: bool) -> Reply:
    method = session.call.method
    if method in ("PUT", "DELETE") and not raw:
        return _write_property(session, table, row, name)
    if method != "GET":
        raise method_not_allowed(method)
    session.principal.require("Read", table, row)
    value = row.get(name, table.columns[name].default)
    if value is None:
        return Reply(204)
    if raw:
        return Reply(200, str(value), {"Content-Type": "text/plain"})
    context = session.context(f"{table.entity_set}({row[table.id_column]})/{name}")
    return Reply(200, {"@odata.context": context, "value": value})


def _write_property(session: Session, table: Table, row: Any, name: str) -> Reply:
    """PUT sets one column to the `value` of its body, DELETE clears it (contract: one property)."""
    _check_version(session, table, row)
    given = None
    if session.call.method == "PUT":
        payload = session.call.payload(table.entity_set)
        if "value" not in payload:
            raise bad_payload(table.entity_set, f"The property 'value' is expected in the body of a PUT of '{name}'.")
        given = payload["value"]
    changes = read_values(session, table, {name: given}, creating=False)
    with session.data.transaction():
        rules_of(table).update(session, table, row, changes)
    return Reply(204)


def _references(session: Session, table: Table, row: Mapping[str, Any], segment: Segment) -> Reply:
    """`$ref`: the references of a navigation property, add one, or remove one."""
    relation, method = table.relations.get(segment.name), session.call.method
    if method == "GET":
        return _reference_list(session, table, row, segment)
    if relation is None:
        return _single_reference(session, table, row, segment)
    write = _link if relation.intersect is not None else _refer
    if method == "POST" or (method == "PUT" and relation.intersect is not None):
        if segment.inside is not None:
            raise method_not_allowed(method)
        address = _named_row(session, segment)
        target, identifier = _referenced_role(session, address)
        _check_target(relation, target, address)
        write(session, table, row, relation, identifier, add=True)
        return Reply(204)
    if method == "DELETE":
        address = session.call.options.get("$id", "")
        if segment.inside is not None:
            target, identifier = session.data.table(relation.target), guid(segment.inside) or ""
            if View(session).find(target, identifier) is None:
                raise no_row(target.schema, segment.inside)
        else:
            target, identifier = _referenced_role(session, address)
            _check_target(relation, target, address)
        write(session, table, row, relation, identifier, add=False)
        return Reply(204)
    raise method_not_allowed(method)


def _named_row(session: Session, segment: Segment) -> str:
    """The address in the body of a reference. Raises Refusal."""
    address = session.call.payload(f"{segment.name}/$ref").get("@odata.id")
    if not isinstance(address, str):
        raise bad_payload(segment.name, "The reference must name a row by '@odata.id'.")
    return address


def _refer(
    session: Session, table: Table, row: Mapping[str, Any], relation: Relation, identifier: str, *, add: bool
) -> None:
    """Set or clear another row's lookup to this row: a one-to-many relationship, written at its "one" side."""
    assert relation.lookup is not None
    target, here = session.data.table(relation.target), row[table.id_column]
    there, column = session.data.get(relation.target, identifier), target.columns[relation.lookup]
    if there is None or not target.writable or not column.updatable:
        raise bad_query(f"The relationship '{relation.name}' cannot be written.")
    if not add and there.get(relation.lookup) != here:
        return
    with session.data.transaction():
        rules_of(target).update(session, target, there, {relation.lookup: here if add else None})


def _referenced_role(session: Session, address: str) -> tuple[Table, str]:
    """The referenced row; a missing one is an error of the address (contract: role id bad in $ref)."""
    try:
        return referenced_row(session, address)
    except Refusal as refused:
        if refused.code != "0x80040217":
            raise
        raise Refusal(404, "0x80060888", refused.message) from None


def _check_target(relation: Relation, target: Table, address: str) -> None:
    if target.logical != relation.target:
        raise bad_query(f"The reference '{address}' does not lead to a row of the table '{relation.target}'.")


def _link(
    session: Session, table: Table, row: Mapping[str, Any], relation: Relation, identifier: str, *, add: bool
) -> None:
    """Link or unlink this row and another, from either side."""
    data = session.data
    here, there = row, data.get(relation.target, identifier)
    if there is None:
        raise bad_query(f"The relationship '{relation.name}' cannot be written.")
    left_table, left, right = (table, here, there) if relation.left else (data.table(relation.target), there, here)
    if relation.intersect in ("systemuserroles", "teamroles"):
        change = role_rules.assign if add else role_rules.unassign
        change(session, left_table, left, right)
        return
    if relation.intersect != "teammembership":
        raise bad_query(f"The relationship '{relation.name}' cannot be written.")
    session.principal.require("Write", left_table, left)
    if left.get("isdefault"):
        raise Refusal(400, "0x80040203", "The members of a business unit's default team cannot be changed.")
    if add:
        data.link("teammembership", left["teamid"], right["systemuserid"])
    else:
        data.unlink("teammembership", left["teamid"], right["systemuserid"])


def _reference_list(session: Session, table: Table, row: Mapping[str, Any], segment: Segment) -> Reply:
    navigation = table.navigation(segment.name)
    assert navigation is not None
    target = session.data.table(navigation.target)
    related = View(session).related(table, row, navigation)
    addresses = [{"@odata.id": session.address(target.entity_set, item[target.id_column])} for item in related]
    if navigation.collection:
        return Reply(200, {"@odata.context": session.context("Collection($ref)"), "value": addresses})
    if not addresses:
        return Reply(204)
    return Reply(200, {"@odata.context": session.context("$ref"), **addresses[0]})


def _single_reference(session: Session, table: Table, row: Any, segment: Segment) -> Reply:
    """PUT or DELETE of a lookup through its reference."""
    column = table.column(segment.name)
    if column is None or session.call.method not in ("PUT", "DELETE"):
        raise method_not_allowed(session.call.method)
    value: str | None = None
    if session.call.method == "PUT":
        address = _named_row(session, segment)
        target, value = referenced_row(session, address)
        if target.logical not in reachable(table, segment.name):
            raise bad_query(f"The reference '{address}' does not lead to a row that '{segment.name}' may hold.")
    if column.updatable:
        with session.data.transaction():
            rules_of(table).update(session, table, row, {column.wire: value})
    return Reply(204)
