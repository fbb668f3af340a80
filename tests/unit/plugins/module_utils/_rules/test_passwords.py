# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A password that the directory would refuse is reported first, and a generated one is never refused."""

from __future__ import annotations

import itertools
import random

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.passwords import (
    GENERATED_LENGTH,
    check_password,
    generated_password,
)

NAME = "leads@contoso.com"


@pytest.mark.parametrize("password", ["Abcdef12", "abcdef1!", "ABCDEF1!", "x1!" * 85])
def test_password_that_the_directory_accepts_is_accepted(password: str) -> None:
    check_password(password, NAME)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("Abc12!x", "8 to 256 characters"),
        ("Ab1!" * 65, "8 to 256 characters"),
        ("abcdefgh12", "contain three of these"),
        ("My-Leads-2026", "must not contain the name of the user"),
    ],
)
def test_password_that_the_directory_refuses_is_never_shown(password: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as told:
        check_password(password, NAME)
    assert password not in str(told.value)


def test_every_generated_password_is_accepted_and_no_two_are_alike() -> None:
    made = [generated_password(NAME) for _time in range(200)]
    for password in made:
        check_password(password, NAME)
        assert len(password) == GENERATED_LENGTH
        assert password[0].isalpha()
    assert len(set(made)) == len(made)


def test_unsuitable_random_password_is_discarded() -> None:
    poor = ["a" * GENERATED_LENGTH, "leads" + "A1!" * 9]
    draws = itertools.chain("".join(poor), iter(lambda: random.choice("abzABZ019-!"), None))
    password = generated_password(NAME, lambda alphabet: next(draws))
    assert password not in poor
    check_password(password, NAME)
