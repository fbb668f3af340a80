# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query engine's interface to a service's data, and its refusals.

A row is a mapping of property names to JSON values: identifiers are lower-case strings, times are
`YYYY-MM-DDTHH:MM:SSZ` strings (so they sort as text). A property that a row lacks has its default.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Row = Mapping[str, Any]

Kind = Literal["string", "guid", "int", "long", "double", "decimal", "bool", "datetime", "binary", "complex"]

#: The Edm type of each kind, as the service names it in messages and in `$metadata`.
EDM_TYPES: Mapping[Kind, str] = {
    "string": "Edm.String",
    "guid": "Edm.Guid",
    "int": "Edm.Int32",
    "long": "Edm.Int64",
    "double": "Edm.Double",
    "decimal": "Edm.Decimal",
    "bool": "Edm.Boolean",
    "datetime": "Edm.DateTimeOffset",
    "binary": "Edm.Binary",
    "complex": "Edm.ComplexType",
}


@dataclass(frozen=True, slots=True)
class Property:
    """A property as queries see it."""

    name: str
    kind: Kind
    default: Any = None


@dataclass(frozen=True, slots=True)
class Navigation:
    """A navigation property."""

    name: str
    target: str
    collection: bool


class EntityType(Protocol):
    """The shape of the rows of one entity set."""

    @property
    def type_name(self) -> str:
        """The qualified name, for example `Microsoft.Dynamics.CRM.lead`."""

    def property(self, name: str) -> Property | None:
        """The property of that exact name, or None."""

    def navigation(self, name: str) -> Navigation | None:
        """The navigation property of that exact name, or None."""

    def value_property(self, navigation: str) -> str | None:
        """The property that holds the identifier behind a single-valued navigation property, if it has one."""


class Model(Protocol):
    """The data of a query, as its caller may see it."""

    def entity_type(self, name: str) -> EntityType:
        """The entity type a navigation property leads to."""

    def related(self, entity: EntityType, row: Row, navigation: Navigation) -> Iterable[Row]:
        """The rows a navigation property leads to; none or one for a single-valued property."""


class QueryRefused(Exception):
    """An invalid query option; the text is the message of Microsoft's OData library."""


class UnknownProperty(QueryRefused):
    """A query names a property that its entity type does not have."""

    def __init__(self, name: str, type_name: str) -> None:
        super().__init__(f"Could not find a property named '{name}' on type '{type_name}'.")


class SyntaxRefused(QueryRefused):
    """A query option cannot be parsed."""

    def __init__(self, position: int, text: str) -> None:
        super().__init__(f"Syntax error at position {position} in '{text}'.")


class NotSupported(QueryRefused):
    """A query option is well formed, but the service does not implement it."""
