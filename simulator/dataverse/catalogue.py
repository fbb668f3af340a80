# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables and privileges of an environment, shared between environments with the same ones.

A privilege is named `prv<Right><Noun>`, has the same id in every environment (contract: privileges), and allows only
some access levels: all four on rows that users own, all but Basic on rows of business units, only Global on rows of the
organization, unless the table has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from .. import seeded
from .schema import ACCESS_RIGHTS, Table, by_logical_name
from .tables import PLATFORM_TABLES, SALES_TABLES

#: Access levels by the names of the enumeration PrivilegeDepth, narrow to wide; the index is the enumeration's value.
DEPTHS = ("Basic", "Local", "Deep", "Global")
BASIC, LOCAL, DEEP, GLOBAL = range(4)

_LEVEL_LETTERS = "BLDG"
_LEVELS_BY_OWNERSHIP = {"user": "BLDG", "business": "LDG", "organization": "G", "none": "G"}

#: Known ids; every other privilege's id is derived from its name.
_KNOWN_IDS = {
    "prvCreateUserEntityUISettings": "8d2aa266-8fee-43a4-85e7-2aa1aaab5259",
    "prvReadUserEntityUISettings": "8d2aa266-8fee-43a4-85e7-2aa1aaab525a",
    "prvWriteUserEntityUISettings": "8d2aa266-8fee-43a4-85e7-2aa1aaab525b",
    "prvReadAsyncOperation": "e84acc8f-0c61-43e3-a716-20964a483bdf",
    "prvWriteAsyncOperation": "4440769e-8d79-41fc-ae45-cd65480ffdba",
    "prvCreateAsyncOperation": "eba97ff0-c3e4-47e2-a064-84acd680092f",
    "prvDeleteAsyncOperation": "6ad0b110-c4d5-4dba-9a04-37528ef5df7d",
    "prvCreateLead": "a41f965b-2619-4c73-8625-da31945cccc7",
    "prvReadLead": "a8ecac53-09e8-4a13-b598-8d8c87bc3d33",
    "prvWriteLead": "cb4b339f-2b45-447e-bdd3-0bf4bbebc294",
    "prvDeleteLead": "b42d2f65-8929-455d-abe7-b4ec8367a8e1",
    "prvAppendLead": "387d6489-cfcc-47d7-98af-5b7946d7691d",
    "prvAppendToLead": "5e8d193d-184d-44be-92d8-0f3845d7a9eb",
    "prvAssignLead": "7755e1bc-6f11-465e-8ed0-a1616c5d32c4",
    "prvShareLead": "9805ebd7-4a57-4558-a7ef-c0ba93d28c68",
}

#: Privileges that protect no table; they apply to the whole organization.
_MISCELLANEOUS = """
prvActOnBehalfOfAnotherUser prvActOnBehalfOfExternalParty prvActivateBusinessProcessFlow
prvActivateBusinessRules prvActivateSynchronousWorkflow prvAddressBook prvAllowQuickCampaign prvAllowSPM prvAllowTDS
prvApproveRejectEmailAddress prvAssignManager prvAssignPosition prvBrowseAvailability prvBulkDelete prvBulkEdit
prvBypassCustomBusinessLogic prvBypassCustomPlugins prvConfigureInternetMarketing prvConfigureSharePoint
prvControlDecrementTerm prvCreateOwnCalendar prvDeleteOwnCalendar prvReadOwnCalendar prvWriteOwnCalendar
prvDisableBusinessUnit prvDisableUser prvEnableBusinessUnit prvEnableUser prvExportCustomization prvExportToExcel
prvFlow prvGoMobile prvGoOffline prvImportCustomization prvISVExtensions prvLanguageSettings prvLearningPath
prvMailMerge prvManageDataSyncs prvMerge prvPortalApplication prvPromoteToAdmin prvPublishArticle
prvPublishCustomization prvPublishDuplicateRule prvPublishReport prvReadLicense prvReparentBusinessUnit
prvReparentTeam prvReparentUser prvReplicateReport prvRetrieveMultipleSocialInsights prvSearchAvailability
prvSendAsUser prvSyncToOutlook prvTurnDevErrorsOnOff prvUnpublishArticle prvUpdateIntegrationUser prvUseOfficeApps
prvUseTabletApp prvWebMailMerge prvWorkflowExecution prvWriteHolidaySchedule prvWriteSolutionVersion
prvUndeleteRecord prvDocumentGeneration
"""

#: Every role has these, and they cannot be removed (contract: role privileges, the SharePoint baseline).
SHAREPOINT_BASELINE = (
    "prvReadSharePointData",
    "prvWriteSharePointData",
    "prvCreateSharePointData",
    "prvReadSharePointDocument",
)


@dataclass(frozen=True, slots=True)
class Privilege:
    """One privilege: its row, and the data that security needs."""

    id: str
    name: str
    right: str | None
    table: str | None
    levels: frozenset[int]
    row: Mapping[str, Any]

    @property
    def widest(self) -> int:
        """The widest access level that it supports."""
        return max(self.levels)


def invalid_depth(privilege: Privilege, level: int, role_id: str) -> tuple[str, str]:
    """Code and message for an unsupported level (contract: Privileges)."""
    named = f"The privilege {privilege.name} with id = {privilege.id}"
    return "0x8004140b", f"{named} can't have depth = {DEPTHS[level]}, RoleId = {role_id}"


@dataclass(frozen=True)
class Catalogue:
    """Tables and privileges, with lookups."""

    tables: Mapping[str, Table]
    privileges: Mapping[str, Privilege]
    by_entity_set: Mapping[str, Table] = field(init=False)
    by_name: Mapping[str, Privilege] = field(init=False)
    rows: list[Mapping[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_entity_set", {table.entity_set: table for table in self.tables.values()})
        object.__setattr__(self, "by_name", {item.name.lower(): item for item in self.privileges.values()})
        object.__setattr__(self, "rows", [item.row for item in self.privileges.values()])

    def privilege_for(self, right: str, table: Table) -> Privilege | None:
        """The privilege for a right on a table; None if the platform has no such privilege."""
        return self.by_name.get(table.privilege(right).lower())

    def with_tables(self, tables: Iterable[Table]) -> Catalogue:
        """This catalogue and further tables, each with its privileges."""
        added = by_logical_name(tables)
        new = {item.id: item for table in added.values() for item in _table_privileges(table)}
        return Catalogue({**self.tables, **added}, {**self.privileges, **new})


@lru_cache(maxsize=8)
def standard_catalogue(sales: bool) -> Catalogue:
    """The initial catalogue of an environment, with or without Dynamics 365 Sales."""
    tables = by_logical_name(PLATFORM_TABLES + (SALES_TABLES if sales else ()))
    found = [item for table in tables.values() for item in _table_privileges(table)]
    found += [_privilege(name, None, None, "G") for name in _MISCELLANEOUS.split()]
    found.append(_privilege("prvAssignRole", None, None, "LDG"))
    return Catalogue(tables, {item.id: item for item in found})


def _table_privileges(table: Table) -> list[Privilege]:
    levels = table.levels or _LEVELS_BY_OWNERSHIP[table.ownership]
    return [
        _privilege(table.privilege(right), right, table.logical, table.levels_of.get(right, levels))
        for right in table.rights
        # Assigning roles to users is a separate privilege, created once for all.
        if not (table.logical == "role" and right == "Assign")
    ]


@lru_cache(maxsize=4096)
def _privilege(name: str, right: str | None, table: str | None, levels: str) -> Privilege:
    allowed = frozenset(_LEVEL_LETTERS.index(letter) for letter in levels)
    identifier = _KNOWN_IDS.get(name) or seeded.guid("privilege", name.lower())
    row = {
        "privilegeid": identifier,
        "name": name,
        "accessright": ACCESS_RIGHTS.get(right or "", 0),
        "canbebasic": BASIC in allowed,
        "canbelocal": LOCAL in allowed,
        "canbedeep": DEEP in allowed,
        "canbeglobal": GLOBAL in allowed,
        "canbeentityreference": right is not None,
        "privilegerowid": seeded.guid("privilege row", name.lower()),
        "versionnumber": 20_000 + int(identifier[:4], 16),
    }
    return Privilege(identifier, name, right, table, allowed, row)
