# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of the role's variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._role_variables import wrong_value

CHOICE = {"type": "str", "choices": ["never", "live"]}


@pytest.mark.parametrize(
    ("value", "option"),
    [
        ("never", CHOICE),
        ("7", {"type": "int"}),
        ("yes", {"type": "bool"}),
        ("one,two", {"type": "list", "elements": "str"}),
        ([{"table": "lead"}], {"type": "list", "elements": "dict"}),
        (None, {"type": "int"}),
        ("", {"type": "bool"}),
        ("anything", {"type": "str"}),
    ],
)
def test_right_values_pass(value: Any, option: dict[str, Any]) -> None:
    assert list(wrong_value("name", "host", value, option)) == []


@pytest.mark.parametrize(
    ("value", "option", "sentence"),
    [
        (True, CHOICE, "name of host is True: set it to one of never, live."),
        ("soon", {"type": "int"}, "name of host is 'soon', which is not of the type int: correct it."),
        (
            ["x"],
            {"type": "list", "elements": "dict"},
            "name of host is ['x'], which is not of the type list: correct it.",
        ),
    ],
)
def test_wrong_values_are_one_message(value: Any, option: dict[str, Any], sentence: str) -> None:
    assert list(wrong_value("name", "host", value, option)) == [sentence]
