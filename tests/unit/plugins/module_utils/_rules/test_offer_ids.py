# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Offers: the form of their IDs, and the message for unsupported types."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.offers import (
    offer_id,
    type_refused,
)


@pytest.mark.parametrize("text", ["abc", " contoso-app ", "0_offer-1", "a" * 50])
def test_offer_id_is_stripped_of_blanks(text: str) -> None:
    assert offer_id(text, "offer") == text.strip()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "offer is empty"),
        ("  ", "offer is empty"),
        ("Contoso-App", "offer ids are in lower case: give 'contoso-app'"),
        ("ab", "which is no offer id"),
        ("a" * 51, "which is no offer id"),
        ("-app", "which is no offer id"),
        ("Contoso App (preview)", "which is no offer id"),
    ],
)
def test_invalid_offer_id_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInput) as told:
        offer_id(text, "offer")
    assert sentence in str(told.value)


def test_type_is_read_from_the_services_refusal() -> None:
    assert type_refused("Type AzureApplication is not supported") == "AzureApplication"
    assert type_refused("The product has never been published to live.") == ""
