# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a lead destination, checked before any request."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._resources.lead_destination.options import (
    OPTIONS,
    DesiredLeadDestination,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput

GIVEN: dict[str, Any] = {
    "offer": "contoso-offer",
    "environment_url": "https://Contoso.crm4.dynamics.com/",
    "application_id": "22222222-2222-2222-2222-22222222222A",
    "directory_id": "33333333-3333-3333-3333-333333333333",
}


def wanted(**options: Any) -> DesiredLeadDestination:
    defaults = {name: spec.get("default") for name, spec in OPTIONS.items()}
    return DesiredLeadDestination.from_options({**defaults, **GIVEN, **options})


def test_options_become_properties_of_the_service() -> None:
    found = wanted(contact_emails=["a@contoso.example", "a@contoso.example"], application_key="the value")
    assert found.connection.details == {
        "instanceUrl": "https://contoso.crm4.dynamics.com",
        "authentication": "azureAD",
        "applicationId": "22222222-2222-2222-2222-22222222222a",
        "directoryId": "33333333-3333-3333-3333-333333333333",
    }
    assert found.connection.contacts == ("a@contoso.example",)
    assert found.secret is not None
    assert (found.secret.option, found.secret.name, found.secret.value) == (
        "application_key",
        "applicationKey",
        "the value",
    )
    assert "the value" not in repr(found)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"offer": " "}, "offer is empty"),
        ({"environment_url": None}, "environment_url is missing"),
        ({"application_id": None}, "application_id is missing"),
        ({"application_id": "x"}, "application_id must be a GUID"),
        ({"directory_id": ""}, "directory_id is missing"),
        ({"authentication": "office365"}, "user_name is missing"),
        ({"application_key": "*********"}, "application_key holds only asterisks"),
        ({"handed_over_at": "yesterday"}, "handed_over_at must be a time"),
        ({"contact_emails": ["sales"]}, "contact_emails names 'sales'"),
        ({"destination": "https_endpoint"}, "https_endpoint_url is missing"),
        ({"destination": "https_endpoint", "https_endpoint_url": "http://x"}, "must be an https address"),
        ({"destination": "azure_table", "azure_table_connection_string": "x"}, "copy it from the access keys"),
    ],
)
def test_invalid_value_names_its_option(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        wanted(**options)


@pytest.mark.parametrize(
    ("given", "handed_over", "new", "same"),
    [("", "", False, False), ("a", "", True, False), ("a", "b", True, False), ("a", "a", False, True)],
)
def test_secret_is_new_if_another_one_was_handed_over(given: str, handed_over: str, new: bool, same: bool) -> None:
    secret = wanted(secret_key_id=given, handed_over_key_id=handed_over, application_key="x").secret
    assert secret is not None
    assert (secret.is_new, secret.is_same) == (new, same)


def test_leads_are_turned_away_from_the_named_environment_only() -> None:
    assert wanted(destination="none").only_from == "https://contoso.crm4.dynamics.com"
    assert wanted(destination="none", environment_url=None).only_from is None
    assert wanted().only_from is None
