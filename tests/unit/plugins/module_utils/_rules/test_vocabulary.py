# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The terms of the two user interfaces and of the API: a misread level would grant access to the organization."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.access_levels import (
    AccessLevel,
    access_level,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.guids import guid
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.odata import (
    key_literal,
    query,
    text_literal,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.privilege_names import privilege_name


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("user", AccessLevel.BASIC),
        ("Basic", AccessLevel.BASIC),
        ("business_unit", AccessLevel.LOCAL),
        ("Business Unit", AccessLevel.LOCAL),
        ("local", AccessLevel.LOCAL),
        ("parent_child", AccessLevel.DEEP),
        ("Parent: Child Business Units", AccessLevel.DEEP),
        ("deep", AccessLevel.DEEP),
        ("organization", AccessLevel.GLOBAL),
        ("GLOBAL", AccessLevel.GLOBAL),
    ],
)
def test_a_level_means_the_same_in_every_vocabulary(word: str, level: AccessLevel) -> None:
    assert access_level(word) is level


def test_an_unknown_level_names_the_option_and_the_choices() -> None:
    with pytest.raises(InvalidInput, match=r"privileges\.level must be one of user .* not 'everything'"):
        access_level("everything", "privileges.level")


def test_levels_are_ordered_from_narrow_to_wide() -> None:
    assert AccessLevel.BASIC < AccessLevel.LOCAL < AccessLevel.DEEP < AccessLevel.GLOBAL


@pytest.mark.parametrize(
    ("table", "right", "name"),
    [
        ("asyncoperation", "append_to", "prvAppendToasyncoperation"),
        ("lead", "create", "prvCreatelead"),
        ("systemuser", "read", "prvReadUser"),
    ],
)
def test_a_privilege_is_found_by_its_table(table: str, right: str, name: str) -> None:
    assert privilege_name(table, right) == name


def test_quote_in_a_name_cannot_escape_its_literal() -> None:
    assert text_literal("O'Brien' or 1 eq 1") == "'O''Brien'' or 1 eq 1'"
    assert key_literal("a'b/c") == "'a''b%2Fc'"


def test_query_omits_empty_options_and_encodes_special_characters() -> None:
    assert query({"$select": "a,b", "$filter": None}) == "?$select=a,b"
    assert query({"$filter": "name eq 'R&D #1'"}) == "?$filter=name%20eq%20%27R%26D%20%231%27"
    assert query({}) == ""


def test_an_id_is_compared_in_one_spelling() -> None:
    assert guid("{AAAAAAAA-bbbb-cccc-dddd-EEEEEEEEEEEE}", "application_id") == "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
    with pytest.raises(InvalidInput, match="application_id must be a GUID"):
        guid("my app", "application_id")
