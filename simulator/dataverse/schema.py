# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of a table: columns, relationships, ownership of its rows, privileges.

Tables are defined by short texts, a line for each column: `name kind[:detail] [=default] [flags]`. Kinds are string,
memo, int, long, double, decimal, bool, datetime, guid, picklist, lookup, managed and binary; a detail is the maximum
length, the option set's values or the tables of a lookup. Flags: `r` cannot be written by callers, `c` only at
creation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..odata.model import Kind, Navigation, Property

NAMESPACE = "Microsoft.Dynamics.CRM"

Ownership = Literal["user", "business", "organization", "none"]

_ODATA_KINDS: Mapping[str, Kind] = {
    "string": "string",
    "memo": "string",
    "int": "int",
    "long": "long",
    "double": "double",
    "decimal": "decimal",
    "bool": "bool",
    "datetime": "datetime",
    "guid": "guid",
    "lookup": "guid",
    "picklist": "int",
    "managed": "complex",
    "binary": "binary",
}

#: The rights of privileges, by the names of the platform, with the value of its `accessright` column.
ACCESS_RIGHTS: Mapping[str, int] = {
    "Read": 1,
    "Write": 2,
    "Append": 4,
    "AppendTo": 16,
    "Create": 32,
    "Delete": 65536,
    "Share": 262144,
    "Assign": 524288,
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `wire` is its name in requests and answers: `_ownerid_value` for the lookup `ownerid`."""

    name: str
    kind: str
    wire: str
    default: Any = None
    max_length: int = 0
    options: Mapping[int, str] | None = None
    targets: tuple[str, ...] = ()
    creatable: bool = True
    updatable: bool = True


@dataclass(frozen=True, slots=True)
class Relation:
    """A collection-valued navigation property.

    Through `lookup`, a column (by its wire name) of the target that holds this row's id; or, if that is None, through
    the intersect table `intersect`, in which this table is the left side if `left`.
    """

    name: str
    target: str
    lookup: str | None = None
    intersect: str | None = None
    left: bool = True


@dataclass(frozen=True, eq=False)
class Table:
    """A table definition; queries use it as their entity type."""

    logical: str
    schema: str
    entity_set: str
    type_code: int
    ownership: Ownership
    id_column: str
    name_column: str
    columns: Mapping[str, Column]
    relations: Mapping[str, Relation] = field(default_factory=dict)
    privilege_noun: str = ""
    rights: tuple[str, ...] = tuple(ACCESS_RIGHTS)
    #: The access levels of its privileges; None: by ownership.
    levels: str | None = None
    #: The levels of privileges of individual rights, if they differ.
    levels_of: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[tuple[str, ...], ...] = ()
    custom: bool = False
    managed: bool = True
    #: Whether rows have an ETag.
    versioned: bool = True
    #: Whether callers may create, change and delete rows through the plain verbs.
    writable: bool = True

    def __post_init__(self) -> None:
        properties = {
            column.wire: Property(column.wire, _ODATA_KINDS[column.kind], column.default)
            for column in self.columns.values()
        }
        navigations = {
            column.name: Navigation(column.name, column.targets[0], False)
            for column in self.columns.values()
            if column.kind == "lookup"
        }
        navigations |= {name: Navigation(name, relation.target, True) for name, relation in self.relations.items()}
        by_name = {column.name: column for column in self.columns.values()}
        for column in self.columns.values():
            for name, targets in ways(column):
                navigations.setdefault(name, Navigation(name, targets[0], False))
                by_name[name] = column
        object.__setattr__(self, "_properties", properties)
        object.__setattr__(self, "_navigations", navigations)
        object.__setattr__(self, "_by_name", by_name)

    @property
    def type_name(self) -> str:
        """The qualified type name of its rows."""
        return f"{NAMESPACE}.{self.logical}"

    def property(self, name: str) -> Property | None:
        """The column of that wire name, as queries see it."""
        return self._properties.get(name)  # type: ignore[attr-defined, no-any-return]

    def navigation(self, name: str) -> Navigation | None:
        """The navigation property of that name."""
        return self._navigations.get(name)  # type: ignore[attr-defined, no-any-return]

    def value_property(self, navigation: str) -> str | None:
        """`_x_value` for the lookup `x`."""
        column = self._by_name.get(navigation)  # type: ignore[attr-defined]
        return column.wire if column is not None and column.kind == "lookup" else None

    def column(self, name: str) -> Column | None:
        """The column with that name or wire name, or the column of a navigation property."""
        return self.columns.get(name) or self._by_name.get(name)  # type: ignore[attr-defined]

    def privilege(self, right: str) -> str:
        """The name of the privilege for a right on this table, for example `prvCreateLead`."""
        return f"prv{right}{self.privilege_noun}"


def ways(column: Column) -> list[tuple[str, tuple[str, ...]]]:
    """The navigation properties of a lookup, each with the tables that it leads to.

    A lookup to several tables has one for each of them, such as `parentcustomerid_account`; an owner has one for users
    and teams together.
    """
    if len(column.targets) > 1 and column.name != "ownerid":
        return [(f"{column.name}_{target}", (target,)) for target in column.targets]
    return [(column.name, column.targets)] if column.targets else []


def columns(*texts: str) -> dict[str, Column]:
    """Columns by wire name, from lines as the module's head describes them."""
    found: dict[str, Column] = {}
    for line in (line for text in texts for line in text.splitlines() if line.strip()):
        column = _column(line.split())
        found[column.wire] = column
    return found


def _column(words: list[str]) -> Column:
    name, (kind, _colon, detail), rest = words[0], words[1].partition(":"), words[2:]
    default = next((_default(kind, word[1:]) for word in rest if word.startswith("=")), None)
    read_only, create_only = "r" in rest, "c" in rest
    return Column(
        name=name,
        kind=kind,
        wire=f"_{name}_value" if kind == "lookup" else name,
        default=default,
        max_length=int(detail) if kind in ("string", "memo") and detail else 0,
        options=OPTION_SETS[detail] if kind == "picklist" and detail else None,
        targets=tuple(detail.split(",")) if kind == "lookup" else (),
        creatable=not read_only,
        updatable=not (read_only or create_only),
    )


def _default(kind: str, text: str) -> Any:
    if kind == "bool":
        return text == "true"
    if kind in ("int", "long", "picklist"):
        return int(text)
    if kind in ("double", "decimal"):
        return float(text)
    return text


OPTION_SETS: Mapping[str, Mapping[int, str]] = {
    "accessmode": {
        0: "Read-Write",
        1: "Administrative",
        2: "Read",
        3: "Support User",
        4: "Non-interactive",
        5: "Delegated Admin",
    },
    "azurestate": {0: "Exists", 1: "Soft deleted", 2: "Not found or hard deleted"},
    "deletedstate": {0: "Not deleted", 1: "Soft deleted"},
    "isinherited": {0: "Team privileges only", 1: "Direct User (Basic) access level and Team privileges"},
    "componentstate": {0: "Published", 1: "Unpublished", 2: "Deleted", 3: "Deleted Unpublished"},
    "solutiontype": {0: "None", 1: "Snapshot", 2: "Internal"},
    "jobstate": {0: "Ready", 1: "Suspended", 2: "Locked", 3: "Completed"},
    "jobstatus": {
        0: "Waiting For Resources",
        10: "Waiting",
        20: "In Progress",
        21: "Pausing",
        22: "Canceling",
        30: "Succeeded",
        31: "Failed",
        32: "Canceled",
    },
    "operationtype": {
        54: "Execute Async Request",
        202: "Export Solution Async Operation",
        203: "Import Solution Async Operation",
        204: "Publish All Async Operation",
        207: "Delete and Promote Async Operation",
        208: "Uninstall Solution Async Operation",
        211: "Stage and Upgrade Async Operation",
    },
    "leadsource": {
        1: "Advertisement",
        2: "Employee Referral",
        3: "External Referral",
        4: "Partner",
        5: "Public Relations",
        6: "Seminar",
        7: "Trade Show",
        8: "Web",
        9: "Word of Mouth",
        10: "Other",
    },
    "leadstate": {0: "Open", 1: "Qualified", 2: "Disqualified"},
    "leadstatus": {
        1: "New",
        2: "Contacted",
        3: "Qualified",
        4: "Lost",
        5: "Cannot Contact",
        6: "No Longer Interested",
        7: "Canceled",
    },
    "activestate": {0: "Active", 1: "Inactive"},
    "activestatus": {1: "Active", 2: "Inactive"},
    "quality": {1: "Hot", 2: "Warm", 3: "Cold"},
    "teamtype": {0: "Owner", 1: "Access", 2: "Security Group", 3: "Office Group"},
}


def address(number: int, *, composite: bool, customer: bool = False) -> str:
    """The lines of the columns of one address; a customer's has more."""
    prefix = f"address{number}_"
    lines = [
        "addressid guid c",
        "addresstypecode picklist",
        "city string:80",
        "country string:80",
        "county string:50",
        "fax string:50",
        "latitude double",
        "line1 string:250",
        "line2 string:250",
        "line3 string:250",
        "longitude double",
        "name string:200",
        "postalcode string:20",
        "postofficebox string:20",
        "shippingmethodcode picklist",
        "stateorprovince string:50",
        "telephone1 string:50",
        "telephone2 string:50",
        "telephone3 string:50",
        "upszone string:4",
        "utcoffset int",
    ]
    if composite:
        lines.append("composite memo:1000 r")
    if customer:
        lines += ["freighttermscode picklist", "primarycontactname string:150"]
    return "\n".join(prefix + line for line in lines)


#: The columns with creator, last editor and version of a row.
AUDIT = """
createdon datetime r
modifiedon datetime r
createdby lookup:systemuser r
modifiedby lookup:systemuser r
createdonbehalfby lookup:systemuser r
modifiedonbehalfby lookup:systemuser r
versionnumber long r
"""

#: The columns of a table whose rows users or teams own.
OWNER = """
ownerid lookup:systemuser,team
owningbusinessunit lookup:businessunit r
owninguser lookup:systemuser r
owningteam lookup:team r
"""


def relations(*items: Relation) -> dict[str, Relation]:
    """Relations by name."""
    return {item.name: item for item in items}


def by_logical_name(tables: Iterable[Table]) -> dict[str, Table]:
    """Tables by logical name."""
    return {table.logical: table for table in tables}
