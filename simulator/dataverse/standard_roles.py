# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The security roles of a new environment and their privileges.

The privileges of Microsoft's roles change with every release. These are approximations; they match the real ones in
what matters to callers: which roles can be edited, and who may do what to whom.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from .catalogue import BASIC, DEEP, GLOBAL, LOCAL, SHAREPOINT_BASELINE, Catalogue, standard_catalogue
from .state import SYSTEM_ADMINISTRATOR_TEMPLATE


@dataclass(frozen=True, slots=True)
class StandardRole:
    """A role of the platform. `rules` are lines: rights, access level, nouns (`*`: every table's) or names."""

    name: str
    rules: str
    template: str | None = None
    customizable: bool = True
    sales: bool = False


_PERSONAL = """
CRW Basic UserEntityUISettings
RW Basic UserSettings
CRWDPTAS Basic UserQuery UserChart UserForm
"""

_READ_THE_PLATFORM = """
R Global Organization BusinessUnit User Team Role Solution Publisher AppModule SystemForm Query WebResource Subject
R Global TransactionCurrency Territory Position PluginAssembly PluginType SdkMessage SdkMessageProcessingStep
R Global FieldSecurityProfile DocumentTemplate ConnectionRole CustomAPI KnowledgeArticle ServiceEndpoint
"""

_OWN_WORK = """
CRWDPTAS Basic Account Contact Activity Note Email Task PhoneCall Connection Feedback Queue SocialProfile
CRWDPT Basic AsyncOperation ImportFile ImportMap Report Workflow ProcessSession Letter Fax
prvFlow Global
prvGoOffline Global
prvExportToExcel Global
prvSyncToOutlook Global
"""

_SELLING = """
CRWDPTAS {level} Lead Opportunity Quote Order Invoice Account Contact Activity Note Task Email
R Global Product PriceLevel Competitor SalesLiterature
CRWDPT Basic AsyncOperation
"""

STANDARD_ROLES: tuple[StandardRole, ...] = (
    StandardRole("System Administrator", "", SYSTEM_ADMINISTRATOR_TEMPLATE, customizable=False),
    StandardRole(
        "System Customizer",
        _PERSONAL
        + _READ_THE_PLATFORM
        + """
        CRWDPT Global Solution Publisher SystemForm Query WebResource PluginAssembly PluginType SdkMessage
        CRWDPT Global SdkMessageProcessingStep ServiceEndpoint ImportJob AppModule CustomAPI
        CRWDPTAS Global Workflow EnvironmentVariableDefinition EnvironmentVariableValue connectionreference
        CRWDPTAS Basic *
        prvImportCustomization Global
        prvExportCustomization Global
        prvPublishCustomization Global
        prvISVExtensions Global
        """,
        "119f245c-3cc8-4b62-b31c-d1a046ced15d",
    ),
    StandardRole("Basic User", _PERSONAL + _READ_THE_PLATFORM + _OWN_WORK, customizable=False),
    StandardRole(
        "Environment Maker",
        _PERSONAL
        + """
        R Global Organization BusinessUnit User Role Solution Publisher
        CRW Global Solution Publisher WebResource
        CRWDPTAS Basic Workflow EnvironmentVariableDefinition EnvironmentVariableValue connectionreference
        R Basic AsyncOperation
        """,
        customizable=False,
    ),
    StandardRole("Delegate", "prvActOnBehalfOfAnotherUser Global", customizable=True),
    StandardRole("Service Reader", "R Global *", customizable=False),
    StandardRole("Service Writer", "CRWPT Global *", customizable=False),
    StandardRole("Service Deleter", "D Global *", customizable=False),
    StandardRole(
        "Support User",
        "R Global Organization BusinessUnit User Team Role Solution Publisher ImportJob AsyncOperation PluginTraceLog",
    ),
    StandardRole(
        "Export Customizations (Solution Checker)",
        "R Global Solution Publisher Organization WebResource Workflow PluginAssembly\nprvExportCustomization Global",
    ),
    StandardRole("Solution Checker", "R Global Solution Organization ImportJob", customizable=False),
    StandardRole("Salesperson", _PERSONAL + _READ_THE_PLATFORM + _SELLING.format(level="Basic"), sales=True),
    StandardRole("Sales Manager", _PERSONAL + _READ_THE_PLATFORM + _SELLING.format(level="Deep"), sales=True),
    StandardRole(
        "Vice President of Sales", _PERSONAL + _READ_THE_PLATFORM + _SELLING.format(level="Global"), sales=True
    ),
    StandardRole(
        "Marketing Professional",
        _PERSONAL
        + _READ_THE_PLATFORM
        + "CRWDPTAS Local Lead Campaign CampaignResponse List Account Contact\nCRWDPT Basic AsyncOperation",
        sales=True,
    ),
)

_LETTERS = {
    "C": "Create",
    "R": "Read",
    "W": "Write",
    "D": "Delete",
    "P": "Append",
    "T": "AppendTo",
    "A": "Assign",
    "S": "Share",
}
_LEVELS = {"Basic": BASIC, "Local": LOCAL, "Deep": DEEP, "Global": GLOBAL}


@lru_cache(maxsize=64)
def standard_grants(name: str, sales: bool) -> Mapping[str, int]:
    """The initial privileges of a standard role: privilege id to access level. Shared: never change it in place."""
    catalogue = standard_catalogue(sales)
    role = next(role for role in STANDARD_ROLES if role.name == name)
    grants: dict[str, int] = {}
    for rule in role.rules.splitlines():
        if rule.strip():
            _apply(rule.split(), catalogue, grants)
    return with_baseline(grants, catalogue)


def with_baseline(grants: Mapping[str, int], catalogue: Catalogue) -> dict[str, int]:
    """Grants with the immovable baseline."""
    return {**{catalogue.by_name[name.lower()].id: GLOBAL for name in SHAREPOINT_BASELINE}, **grants}


def _apply(words: list[str], catalogue: Catalogue, grants: dict[str, int]) -> None:
    what, level_name, *nouns = words
    level = _LEVELS[level_name]
    if what.startswith("prv"):
        grants[catalogue.by_name[what.lower()].id] = level
        return
    rights = {_LETTERS[letter] for letter in what}
    wanted = {noun.lower() for noun in nouns}
    for table in catalogue.tables.values():
        if "*" not in wanted and table.privilege_noun.lower() not in wanted:
            continue
        for right in rights:
            privilege = catalogue.privilege_for(right, table)
            if privilege is not None:
                # A rule for every table applies as far as that table allows it.
                allowed = [item for item in privilege.levels if item <= level]
                if allowed:
                    grants[privilege.id] = max(*allowed, grants.get(privilege.id, BASIC))
