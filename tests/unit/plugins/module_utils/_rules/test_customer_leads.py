# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lead destination of an offer: what counts as a difference, and what is posted."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.customer_leads import (
    Connection,
    connection_of,
    mask_of,
    resource_with,
    without_secrets,
)

APPLICATION = "22222222-2222-2222-2222-22222222222A"
WANTED = {
    "instanceUrl": "https://contoso.crm4.dynamics.com",
    "authentication": "azureAD",
    "applicationId": APPLICATION.lower(),
    "directoryId": "33333333-3333-3333-3333-333333333333",
}
READ: dict[str, Any] = {
    "$schema": "https://schema.mp.microsoft.com/schema/customer-leads/2022-03-01-preview3",
    "id": "customer-leads/1",
    "product": "product/1",
    "leadDestination": "dynamics",
    "dynamicsLeadConfiguration": {
        **WANTED,
        "applicationId": APPLICATION,
        "instanceUrl": "https://Contoso.crm4.dynamics.com/",
        "applicationKey": "*********",
        "contactEmail": ["b@contoso.example", "a@contoso.example"],
    },
    "validations": [{"level": "warning", "code": "x"}],
    "resourceName": "leads",
}


def test_spelling_and_order_are_no_difference() -> None:
    wanted = Connection("dynamics", WANTED, ("A@contoso.example", "b@contoso.example"))
    assert connection_of(READ).differing(wanted) == {}


def test_unspecified_addresses_are_kept_and_empty_list_removes_them() -> None:
    assert connection_of(READ).differing(Connection("dynamics", WANTED)) == {}
    assert connection_of(READ).differing(Connection("dynamics", WANTED, ())) == {
        "contactEmail": (["b@contoso.example", "a@contoso.example"], [])
    }


def test_another_destination_differs_in_everything() -> None:
    wanted = Connection("httpsEndpoint", {"httpsEndpointUrl": "https://leads.example"}, ())
    assert connection_of(READ).differing(wanted) == {
        "leadDestination": ("dynamics", "httpsEndpoint"),
        "httpsEndpointUrl": (None, "https://leads.example"),
    }


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"instanceUrl": "https://fabrikam.crm4.dynamics.com"}, True),
        ({"applicationId": "44444444-4444-4444-4444-444444444444"}, False),
        ({"directoryId": "44444444-4444-4444-4444-444444444444"}, False),
        ({"authentication": "office365", "username": "leads@contoso.example"}, False),
    ],
)
def test_secret_is_kept_only_for_its_own_application(change: dict[str, str], same: bool) -> None:
    assert connection_of(READ).signs_in_like(Connection("dynamics", {**WANTED, **change})) is same


def test_fields_of_the_other_authentication_are_ignored() -> None:
    both = {**READ["dynamicsLeadConfiguration"], "username": "leads@contoso.example", "password": "*********"}
    assert "username" not in connection_of({**READ, "dynamicsLeadConfiguration": both}).details


def test_posted_resource_keeps_unspecified_properties() -> None:
    read = {**READ, "dynamicsLeadConfiguration": {**READ["dynamicsLeadConfiguration"], "new": "field"}}
    posted = resource_with(read, Connection("dynamics", WANTED), "applicationKey", "*********")
    assert "validations" not in posted
    assert "resourceName" not in posted
    assert posted["dynamicsLeadConfiguration"] == {
        **WANTED,
        "applicationKey": "*********",
        "contactEmail": ["b@contoso.example", "a@contoso.example"],
        "new": "field",
    }


def test_secret_of_the_other_authentication_is_not_posted() -> None:
    details = {"instanceUrl": WANTED["instanceUrl"], "authentication": "office365", "username": "leads@contoso.example"}
    posted = resource_with(READ, Connection("dynamics", details, ()), "password", "the password")
    assert posted["dynamicsLeadConfiguration"] == {**details, "password": "the password", "contactEmail": []}


def test_no_destination_is_posted_without_a_configuration() -> None:
    posted = resource_with(READ, Connection("none"), None, None)
    assert posted == {**{name: READ[name] for name in ("$schema", "id", "product")}, "leadDestination": "none"}


def test_not_even_asterisks_are_shown() -> None:
    assert mask_of(READ, "applicationKey") == "*********"
    assert mask_of({"leadDestination": "none"}, "applicationKey") is None
    assert "*" not in str(without_secrets(READ))
