# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers from objects: filtered, with selected properties, in pages (contract: lists)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from odata_query import ast

from ..directory.store import Object, View
from ..odata.filters import Dialect, compile_filter, parse_filter
from ..odata.model import QueryRefused
from .call import Answer, Call
from .errors import GraphError, bad_request, unsupported_query
from .schema import ADVANCED, Collection, GraphModel

_DIALECT = Dialect(functions=frozenset({"startswith", "endswith"}), in_operator=True)
_MODEL = GraphModel()
OPTIONS = frozenset({"select", "filter", "orderby", "top", "skip", "count", "search", "expand", "skiptoken", "format"})
_MAX_PAGE = 999

Expander = Callable[[Call, Object, str], list[dict[str, Any]]]


def list_view(call: Call) -> View:
    """The view that a list uses; advanced queries have a separate index, which lags more."""
    return View.SEARCH if call.eventual else View.LIST


def entity(
    call: Call, collection: Collection, item: Object, *, status: int = 200, expander: Expander | None = None
) -> Answer:
    """One object, with `$select` and `$expand`."""
    _check_options(call, frozenset({"select", "expand", "format"}))
    selected = _selected(call, collection, item)
    suffix = f"({','.join(selected)})" if call.query.get("select") else ""
    body: dict[str, Any] = {"@odata.context": call.context(f"{collection.name}{suffix}/$entity")}
    body |= shown(item, selected)
    body |= _expanded(call, collection, item, expander)
    return Answer(status, body)


def collection_of(
    call: Call, collection: Collection, items: Iterable[Object], *, expander: Expander | None = None
) -> Answer:
    """A list of objects with all query options that `collection` supports. Raises GraphError."""
    _check_options(call, OPTIONS)
    found = _filtered(call, collection, items)
    found = _searched(call, collection, found)
    found = _ordered(call, collection, found)
    total = len(found)
    page, next_link = _page(call, collection, found)
    selected = call.query.get("select", "")
    suffix = f"({','.join(name.strip() for name in selected.split(','))})" if selected else ""
    body: dict[str, Any] = {"@odata.context": call.context(f"{collection.name}{suffix}")}
    if call.eventual and call.query.get("count", "").lower() == "true":
        body["@odata.count"] = total
    if next_link:
        body["@odata.nextLink"] = next_link
    body["value"] = [
        shown(item, _selected(call, collection, item)) | _expanded(call, collection, item, expander) for item in page
    ]
    return Answer(200, body)


def counted(call: Call, collection: Collection, items: Iterable[Object]) -> Answer:
    """`GET .../$count`: a plain number, if the header was sent."""
    if not call.eventual:
        raise bad_request("$count is not currently supported.")
    call.query.setdefault("count", "true")
    return Answer(200, text=str(len(_searched(call, collection, _filtered(call, collection, items)))))


def shown(item: Object, properties: Iterable[str] | None = None) -> dict[str, Any]:
    """The properties of `item` that a client may see; those that begin with `_` are internal."""
    # The type of an object is always returned.
    names = item if properties is None else [*(name for name in item if name.startswith("@")), *properties]
    return {name: _without_secrets(item.get(name)) for name in names if not name.startswith("_")}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [{name: inner for name, inner in row.items() if not name.startswith("_")} for row in value]
    return value


def _check_options(call: Call, known: frozenset[str]) -> None:
    for name in call.query:
        if name in OPTIONS and name not in known:
            raise GraphError(400, "BadRequest", f"The query parameter '${name}' is not supported.")


def _selected(call: Call, collection: Collection, item: Object) -> list[str]:
    text = call.query.get("select", "")
    if not text:
        return list(collection.default_properties) or [
            name for name in item if not name.startswith("_") and name not in collection.only_selected
        ]
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name == "*" or name.startswith("_") or name not in item:
            raise GraphError(
                400,
                "BadRequest",
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
                f"'{collection.type_name}'.",
            )
    return names


def _expanded(call: Call, collection: Collection, item: Object, expander: Expander | None) -> dict[str, Any]:
    text = call.query.get("expand", "")
    result: dict[str, Any] = {}
    for name in (piece.strip().partition("(")[0] for piece in text.split(",") if piece.strip()):
        if name not in collection.expandable or expander is None:
            raise GraphError(
                400,
                "BadRequest",
                f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type "
                f"'{collection.type_name}'.",
            )
        result[name] = expander(call, item, name)
    return result


_OPERATORS: dict[type[ast._Comparator], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
    ast.In: "eq",
}


def _operators(node: ast._Node) -> set[tuple[str, str]]:
    """Which properties a filter uses, and with which operator each."""
    match node:
        case ast.BoolOp():
            return _operators(node.left) | _operators(node.right)
        case ast.UnaryOp():
            inner = _operators(node.operand)
            return inner | {(name, "not") for name, _operator in inner} if isinstance(node.op, ast.Not) else inner
        case ast.Compare():
            return {(_root(node.left), _OPERATORS[type(node.comparator)])}
        case ast.Call():
            return {(_root(node.args[0]) if node.args else "", node.func.name)}
        case ast.CollectionLambda():
            return {(_root(node.owner), "eq")}
        case _:
            return {(_root(node), "eq")}


def _root(node: ast._Node) -> str:
    while isinstance(node, ast.Attribute):
        node = node.owner
    return node.name if isinstance(node, ast.Identifier) else ""


def _filtered(call: Call, collection: Collection, items: Iterable[Object]) -> list[Object]:
    text = call.query.get("filter", "")
    if not text:
        return list(items)
    try:
        for name, operator in _operators(parse_filter(text)):
            _check_filter(call, collection, name, operator)
        keep = compile_filter(text, collection, _MODEL, _DIALECT)
    except QueryRefused as error:
        raise GraphError(400, "BadRequest", f"Invalid filter clause: {error}") from error
    return [item for item in items if keep(item)]


def _check_filter(call: Call, collection: Collection, name: str, operator: str) -> None:
    if name not in collection.filters:
        raise unsupported_query(
            f"Unsupported or invalid query filter clause specified for property '{name}' of resource "
            f"'{collection.resource}'."
        )
    if operator in collection.filters[name][1]:
        return
    if operator in ADVANCED and collection.advanced and call.eventual and call.query.get("count", "").lower() == "true":
        return
    raise unsupported_query(
        f"Operator '{operator}' is not supported because the required parameters might be missing. Try adding "
        "$count=true query parameter and ConsistencyLevel:eventual header. Refer to "
        "https://aka.ms/graph-docs/advanced-queries for more information"
    )


def _searched(call: Call, collection: Collection, items: list[Object]) -> list[Object]:
    text = call.query.get("search", "")
    if not text:
        return items
    if not call.eventual or not collection.searchable:
        raise bad_request(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    name, colon, wanted = text.strip().strip('"').partition(":")
    if not colon or name not in collection.searchable:
        raise bad_request(f"Unrecognized query argument specified: '{text}'.")
    return [item for item in items if wanted.casefold() in str(item.get(name) or "").casefold()]


def _ordered(call: Call, collection: Collection, items: list[Object]) -> list[Object]:
    text = call.query.get("orderby", "")
    if not text:
        return items
    if call.query.get("filter") and not (call.eventual and call.query.get("count", "").lower() == "true"):
        raise unsupported_query("Sorting not supported for current query.")
    for piece in reversed(text.split(",")):
        words = piece.split()
        if not words or words[0] not in collection.orderable or words[1:] not in ([], ["asc"], ["desc"]):
            raise unsupported_query(
                f"Unsupported sort property '{words[0] if words else ''}' for '{collection.resource}'."
            )
        items = sorted(items, key=lambda item: str(item.get(words[0]) or "").casefold(), reverse=words[1:] == ["desc"])
    return items


def _page(call: Call, collection: Collection, items: list[Object]) -> tuple[list[Object], str]:
    if "skip" in call.query:
        raise bad_request("'$skip' is not supported by the service.")
    if not collection.pageable:
        return items, ""
    size = call.world.settings.graph_page_size
    if "top" in call.query:
        if not call.query["top"].isdigit() or not 1 <= int(call.query["top"]) <= _MAX_PAGE:
            raise bad_request(
                f"Invalid page size specified: '{call.query['top']}'. Must be between 1 and {_MAX_PAGE} inclusive."
            )
        size = int(call.query["top"])
    start = 0
    if "skiptoken" in call.query:
        last = _read_skip_token(call.query["skiptoken"])
        start = next((index + 1 for index, item in enumerate(items) if item["id"] == last), len(items))
    page = items[start : start + size]
    if start + size >= len(items):
        return page, ""
    query = {**call.query, "skiptoken": _skip_token(page[-1]["id"])}
    parts = [f"{'' if name.startswith('@') else '%24'}{name}={quote(value, safe='')}" for name, value in query.items()]
    return page, f"{call.url}?{'&'.join(parts)}"


def _skip_token(last_id: str) -> str:
    return base64.urlsafe_b64encode(json.dumps({"after": last_id}).encode()).decode()


def _read_skip_token(token: str) -> str:
    try:
        return str(json.loads(base64.urlsafe_b64decode(token))["after"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise GraphError(
            400,
            "Directory_ExpiredPageToken",
            "The specified page token value has expired and can no longer be included in your request.",
        ) from error
