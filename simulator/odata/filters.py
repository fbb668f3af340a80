# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`$filter`: a text becomes a predicate over rows.

The text is parsed by the odata-query library; its syntax tree is turned into nested Python functions once for each
query, so that a filter over thousands of rows needs no interpretation. Text comparison ignores case, as in the
simulated services.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from odata_query import ast, exceptions
from odata_query.grammar import ODataLexer, ODataParser

from .model import EDM_TYPES, EntityType, Kind, Model, NotSupported, QueryRefused, Row, SyntaxRefused, UnknownProperty

Predicate = Callable[[Row], bool]
#: A value of the row under test; the scope maps the variables of `any` and `all` to rows.
Evaluate = Callable[[Mapping[str, Row]], Any]

_SELF = "$it"
_NUMBERS = frozenset({"int", "long", "double", "decimal"})
_TOKENS_WITH_LISTS = re.compile(r"'(?:[^']|'')*'|\[|\]")


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled part of a filter: its kind (None: any, the literal `null`) and how to compute it."""

    kind: Kind | None
    evaluate: Evaluate


@dataclass(frozen=True, slots=True)
class Dialect:
    """Functions of a service's filters in addition to comparisons, `and`, `or` and `not`."""

    functions: frozenset[str] = frozenset({"contains", "startswith", "endswith"})
    in_operator: bool = False
    #: Functions with named parameters, by qualified name: the compiled predicate from property and values.
    query_functions: Mapping[str, Callable[[Expression, list[Any]], Evaluate]] = field(default_factory=dict)


def compile_filter(text: str, entity: EntityType, model: Model, dialect: Dialect) -> Predicate:
    """Turn the text of `$filter` into a predicate.

    Raises QueryRefused (or a subclass) with a message that names the problem.
    """
    expression = _Compiler(text, model, dialect).boolean(parse_filter(text), {_SELF: entity})
    return lambda row: expression({_SELF: row}) is True


@lru_cache(maxsize=4096)
def parse_filter(text: str) -> ast._Node:
    try:
        tokens = ODataLexer().tokenize(_with_round_lists(text.strip()))
        tree = ODataParser().parse(tokens)
    except exceptions.UnknownFunctionException as error:
        raise QueryRefused(
            f"An unknown function with name '{error.function_name}' was found. This may also be a function import or a "
            "key lookup on a navigation property, which is not allowed."
        ) from None
    except exceptions.TokenizingException as error:
        raise SyntaxRefused(error.token.index, text) from None
    except exceptions.ParsingException as error:
        raise SyntaxRefused(len(text) if error.token is None else error.token.index, text) from None
    except exceptions.ODataException:
        raise SyntaxRefused(0, text) from None
    except (AttributeError, NotImplementedError, RecursionError, ValueError):
        # The library raises these for input that its grammar covers only partly.
        raise SyntaxRefused(0, text) from None
    if not isinstance(tree, ast._Node):
        raise SyntaxRefused(len(text), text)
    return tree


def _with_round_lists(text: str) -> str:
    """Write `['a','b']` as the grammar's lists, with a trailing comma for one value; quoted texts are kept."""
    if "[" not in text:
        return text
    pieces: list[str] = []
    position = 0
    commas = 0
    for match in _TOKENS_WITH_LISTS.finditer(text):
        between = text[position : match.start()]
        commas += between.count(",")
        pieces.append(between)
        token = match.group()
        if token == "[":  # noqa: S105 - a bracket, not a secret
            commas = 0
            pieces.append("(")
        elif token == "]":  # noqa: S105
            pieces.append(")" if commas else ",)")
        else:
            pieces.append(token)
        position = match.end()
    pieces.append(text[position:])
    return "".join(pieces)


def _incompatible(left: Expression, right: Expression, operator: str) -> QueryRefused:
    def name(expression: Expression) -> str:
        return EDM_TYPES[expression.kind] if expression.kind else "<null>"

    return QueryRefused(
        "A binary operator with incompatible types was detected. Found operand types "
        f"'{name(left)}' and '{name(right)}' for operator kind '{operator}'."
    )


def comparable(value: Any) -> Any:
    """A value for comparisons: text without case."""
    return value.casefold() if isinstance(value, str) else value


def _equal(left: Any, right: Any) -> bool:
    return bool(comparable(left) == comparable(right))


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def ordered(left: Any, right: Any) -> bool:
        return left is not None and right is not None and compare(comparable(left), comparable(right))

    return ordered


_COMPARATORS: Mapping[type[ast._Comparator], tuple[str, Callable[[Any, Any], bool]]] = {
    ast.Eq: ("Equal", _equal),
    ast.NotEq: ("NotEqual", lambda left, right: not _equal(left, right)),
    ast.Lt: ("LessThan", _ordered(lambda left, right: left < right)),
    ast.LtE: ("LessThanOrEqual", _ordered(lambda left, right: left <= right)),
    ast.Gt: ("GreaterThan", _ordered(lambda left, right: left > right)),
    ast.GtE: ("GreaterThanOrEqual", _ordered(lambda left, right: left >= right)),
}

_TEXT_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startswith": lambda text, part: text.startswith(part),
    "endswith": lambda text, part: text.endswith(part),
}


class _Compiler:
    def __init__(self, text: str, model: Model, dialect: Dialect) -> None:
        self._text = text
        self._model = model
        self._dialect = dialect

    def boolean(self, node: ast._Node, scope: Mapping[str, EntityType]) -> Evaluate:
        expression = self._expression(node, scope)
        if expression.kind not in ("bool", None):
            raise QueryRefused("The $filter expression must evaluate to a single boolean value.")
        return expression.evaluate

    def _expression(self, node: ast._Node, scope: Mapping[str, EntityType]) -> Expression:
        match node:
            case ast.BoolOp():
                return self._logical(node, scope)
            case ast.UnaryOp(op=ast.Not()):
                operand = self.boolean(node.operand, scope)
                return Expression("bool", lambda rows: operand(rows) is not True)
            case ast.Compare():
                return self._comparison(node, scope)
            case ast.Call():
                return self._call(node, scope)
            case ast.CollectionLambda():
                return self._collection(node, scope)
            case ast.Identifier() | ast.Attribute():
                return self._path(node, scope)
            case _:
                return self._literal(node)

    def _logical(self, node: ast.BoolOp, scope: Mapping[str, EntityType]) -> Expression:
        left, right = self.boolean(node.left, scope), self.boolean(node.right, scope)
        if isinstance(node.op, ast.And):
            return Expression("bool", lambda rows: left(rows) is True and right(rows) is True)
        return Expression("bool", lambda rows: left(rows) is True or right(rows) is True)

    def _comparison(self, node: ast.Compare, scope: Mapping[str, EntityType]) -> Expression:
        if isinstance(node.comparator, ast.In):
            return self._membership(node, scope)
        left, right = self._expression(node.left, scope), self._expression(node.right, scope)
        operator, compare = _COMPARATORS[type(node.comparator)]
        if not _compatible(left.kind, right.kind):
            raise _incompatible(left, right, operator)
        first, second = left.evaluate, right.evaluate
        return Expression("bool", lambda rows: compare(first(rows), second(rows)))

    def _membership(self, node: ast.Compare, scope: Mapping[str, EntityType]) -> Expression:
        if not self._dialect.in_operator:
            raise NotSupported("The query node In is not supported.")
        left = self._expression(node.left, scope)
        values = [self._literal(item) for item in node.right.val] if isinstance(node.right, ast.List) else []
        for value in values:
            if not _compatible(left.kind, value.kind):
                raise _incompatible(left, value, "Equal")
        wanted = frozenset(comparable(value.evaluate({})) for value in values)
        return Expression("bool", lambda rows: comparable(left.evaluate(rows)) in wanted)

    def _call(self, node: ast.Call, scope: Mapping[str, EntityType]) -> Expression:
        name = node.func.full_name()
        if name in self._dialect.query_functions:
            return self._query_function(name, node, scope)
        if node.func.namespace or name not in _TEXT_TESTS or name not in self._dialect.functions:
            raise NotSupported(f"Function {name} is not supported.")
        text, part = (self._expression(argument, scope) for argument in node.args)
        if text.kind not in ("string", None) or part.kind not in ("string", None):
            raise QueryRefused(
                f"No function signature for the function with name '{name}' matches the specified arguments. "
                f"The function signatures considered are: {name}(Edm.String Nullable=true, Edm.String Nullable=true)."
            )
        test, whole, piece = _TEXT_TESTS[name], text.evaluate, part.evaluate

        def evaluate(rows: Mapping[str, Row]) -> bool:
            value, wanted = whole(rows), piece(rows)
            return value is not None and wanted is not None and test(value.casefold(), wanted.casefold())

        return Expression("bool", evaluate)

    def _query_function(self, name: str, node: ast.Call, scope: Mapping[str, EntityType]) -> Expression:
        given = {argument.name.name: argument.param for argument in node.args if isinstance(argument, ast.NamedParam)}
        named = given.get("PropertyName")
        if len(given) != len(node.args) or not isinstance(named, ast.String):
            raise QueryRefused(f"The parameters of the function '{name}' are not valid.")
        target = self._path(ast.Identifier(named.val), scope)
        listed = given.get("PropertyValues", given.get("PropertyValue"))
        items = listed.val if isinstance(listed, ast.List) else [] if listed is None else [listed]
        values = [self._literal(item).evaluate({}) for item in items]
        return Expression("bool", self._dialect.query_functions[name](target, values))

    def _collection(self, node: ast.CollectionLambda, scope: Mapping[str, EntityType]) -> Expression:
        owner = node.owner
        if not isinstance(owner, ast.Identifier) or owner.name in scope:
            raise NotSupported("The query node CollectionNavigationNode is not supported at this place.")
        entity = scope[_SELF]
        navigation = entity.navigation(owner.name)
        if navigation is None:
            raise UnknownProperty(owner.name, entity.type_name)
        if not navigation.collection:
            raise QueryRefused("Any/All may only be used following a collection.")
        model = self._model
        if node.lambda_ is None:
            return Expression("bool", lambda rows: any(True for _row in model.related(entity, rows[_SELF], navigation)))
        variable = node.lambda_.identifier.name
        inner = self.boolean(node.lambda_.expression, {**scope, variable: model.entity_type(navigation.target)})
        quantifier = any if isinstance(node.operator, ast.Any) else all

        def evaluate(rows: Mapping[str, Row]) -> bool:
            found = model.related(entity, rows[_SELF], navigation)
            return quantifier(inner({**rows, variable: row}) is True for row in found)

        return Expression("bool", evaluate)

    def _path(self, node: ast._Node, scope: Mapping[str, EntityType]) -> Expression:
        names = _names(node)
        variable = names[0] if names[0] in scope else _SELF
        if variable != _SELF and len(names) > 1:
            names.pop(0)  # a variable on its own is kept: it is the value of a collection of plain values
        entity, navigations = scope[variable], []
        for name in names[:-1]:
            navigation = entity.navigation(name)
            if navigation is None:
                raise UnknownProperty(name, entity.type_name)
            if navigation.collection:
                raise QueryRefused(
                    "The parent value for a property access of a property '" + names[-1] + "' is not a single value."
                )
            navigations.append((entity, navigation))
            entity = self._model.entity_type(navigation.target)
        found = entity.property(names[-1])
        if found is None:
            behind = entity.value_property(names[-1])
            found = entity.property(behind) if behind else None
        if found is None:
            raise UnknownProperty(names[-1], entity.type_name)
        name, default = found.name, found.default
        if not navigations:
            return Expression(found.kind, lambda rows: rows[variable].get(name, default))
        return Expression(found.kind, self._through(navigations, variable, name, default))

    def _through(self, navigations: list[tuple[EntityType, Any]], variable: str, name: str, default: Any) -> Evaluate:
        model = self._model

        def evaluate(rows: Mapping[str, Row]) -> Any:
            row = rows[variable]
            for entity, navigation in navigations:
                found = next(iter(model.related(entity, row, navigation)), None)
                if found is None:
                    return None
                row = found
            return row.get(name, default)

        return evaluate

    def _literal(self, node: ast._Node) -> Expression:
        kind: Kind | None
        value: Any
        match node:
            case ast.Null():
                kind, value = None, None
            case ast.String():
                kind, value = "string", node.val
            case ast.GUID():
                kind, value = "guid", node.val.lower()
            case ast.Integer():
                kind, value = ("int" if abs(int(node.val)) < 2**31 else "long"), int(node.val)
            case ast.Float():
                kind, value = "double", float(node.val)
            case ast.Boolean():
                kind, value = "bool", node.val.lower() == "true"
            case ast.Date() | ast.DateTime():
                kind, value = "datetime", _instant(node.val, self._text)
            case ast.UnaryOp(op=ast.USub()):
                operand = self._literal(node.operand)
                if operand.kind not in _NUMBERS:
                    raise SyntaxRefused(0, self._text)
                kind, value = operand.kind, -operand.evaluate({})
            case _:
                raise NotSupported(f"The query node {type(node).__name__} is not supported.")
        return Expression(kind, lambda rows: value)


def _names(node: ast._Node) -> list[str]:
    if isinstance(node, ast.Identifier):
        return [node.full_name()]
    if isinstance(node, ast.Attribute):
        return [*_names(node.owner), node.attr]
    raise NotSupported(f"The query node {type(node).__name__} is not supported.")


def _compatible(left: Kind | None, right: Kind | None) -> bool:
    return left is None or right is None or left == right or (left in _NUMBERS and right in _NUMBERS)


def _instant(text: str, whole: str) -> str:
    """A date or time literal as rows hold times: UTC, whole seconds."""
    try:
        value = datetime.fromisoformat(text.upper().replace("Z", "+00:00"))
    except ValueError:
        raise SyntaxRefused(max(whole.find(text), 0), whole) from None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
