# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The form of a marketplace lead, and the privileges of its writer.

Source: the values of Microsoft's own test lead and the privileges to set are those of its pages "Common questions and
troubleshooting for lead configuration" and "Configure lead management for Dynamics 365 Customer Engagement". The
mapping of values to columns is not published: the columns here are those with matching names.
"""

from __future__ import annotations

import random
from collections.abc import Mapping

from .access_levels import AccessLevel

TEST_MARK = "MSFT_TEST_"
"""The prefix of every text in a test lead, including Microsoft's own."""

SOURCES = ("AzureMarketplace", "AzurePortal", "AppSource", "SPZA", "TestDrive")
"""Where leads come from: the word before the hyphen in "Source-Action|Offer"."""

_WEB = 8
"""The standard option "Web" of a lead's source."""


def test_mark() -> str:
    """Return a new unique name of a test lead, with 18 digits, by which the lead is found again."""
    return f"{TEST_MARK}{random.randrange(10**17, 10**18)}"


def test_lead(mark: str) -> dict[str, str | int]:
    """Return the documented values of a test lead, by the columns of the table `lead`."""
    return {
        "subject": f"AzureMarketplace-INS|{mark}",
        "firstname": mark,
        "lastname": mark,
        "emailaddress1": f"{mark}@test.com",
        "telephone1": "1234567890",
        "address1_country": "US",
        "companyname": mark,
        "jobtitle": mark,
        "description": mark,
        "leadsourcecode": _WEB,
    }


USUAL_LENGTHS = {
    "subject": 300,
    "firstname": 50,
    "lastname": 50,
    "companyname": 100,
    "jobtitle": 100,
    "emailaddress1": 100,
    "telephone1": 50,
    "address1_country": 80,
}
"""How many characters Dynamics 365 Sales keeps in the columns of a lead, as its table reference lists them."""


def cut_columns(lengths: Mapping[str, int]) -> dict[str, tuple[int, int]]:
    """Return the columns that are shorter than usual, given all `lengths`, each with its length and the usual one."""
    return {
        column: (lengths[column], usual)
        for column, usual in USUAL_LENGTHS.items()
        if lengths.get(column, usual) < usual
    }


def differences(wanted: Mapping[str, object], stored: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Return the columns that were not stored as they were sent, each with what was `sent` and `stored`."""
    return {
        column: {"sent": value, "stored": stored.get(column)}
        for column, value in wanted.items()
        if stored.get(column) != value
    }


Needed = Mapping[str, AccessLevel]
"""Privileges by name, each with the narrowest level that is enough."""


# A writer owns what it writes, so the level User reaches it.
LEAD_PRIVILEGES: Needed = {"prvCreateLead": AccessLevel.BASIC, "prvReadLead": AccessLevel.BASIC}
SYSTEM_JOB_PRIVILEGES: Needed = {
    "prvReadAsyncOperation": AccessLevel.GLOBAL,
    "prvWriteAsyncOperation": AccessLevel.GLOBAL,
    "prvAppendToAsyncOperation": AccessLevel.GLOBAL,
}
USER_INTERFACE_PRIVILEGES: Needed = {
    "prvCreateUserEntityUISettings": AccessLevel.BASIC,
    "prvReadUserEntityUISettings": AccessLevel.BASIC,
    "prvWriteUserEntityUISettings": AccessLevel.BASIC,
}
ALL_PRIVILEGES = (*LEAD_PRIVILEGES, *SYSTEM_JOB_PRIVILEGES, *USER_INTERFACE_PRIVILEGES)
"""The names of everything that a writer of leads needs."""


def lacking(needed: Needed, held: Mapping[str, AccessLevel]) -> list[str]:
    """Return the names of needed privileges that `held` (by lower-case names) lacks or has at too narrow a level."""
    return [name for name, level in needed.items() if held.get(name.lower(), -1) < level]
