# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes to a part of a row: one of its properties, or one of its references."""

from __future__ import annotations

import pytest

from .office import Office


@pytest.fixture
def office() -> Office:
    return Office()


def made(office: Office, entity_set: str, **values: object) -> str:
    return office("POST", entity_set, values).new_id


def test_one_property_is_set_and_cleared_by_its_address(office: Office) -> None:
    account = made(office, "accounts", name="A", telephone1="1")

    assert office("PUT", f"accounts({account})/telephone1", {"value": "2"}).status == 204
    assert office("GET", f"accounts({account})/telephone1").json["value"] == "2"
    assert office("DELETE", f"accounts({account})/telephone1").status == 204
    assert office("GET", f"accounts({account})/telephone1").status == 204
    assert office("GET", f"accounts({account})").json["name"] == "A"


def test_one_property_accepts_only_its_type(office: Office) -> None:
    account = made(office, "accounts", name="A", telephone1="1")
    address = f"accounts({account})/telephone1"

    assert office("PUT", address, {"value": 5}).error == (400, "0x80048d19")
    assert office("PUT", address, {"telephone1": "2"}).error == (400, "0x80048d19")
    assert office("PUT", address, {"value": "9" * 51}).error == (400, "0x80044331")
    assert office("PUT", address, {"value": "2"}, If_Match='W/"1"').status == 412
    assert office("PUT", f"accounts({account})/_parentaccountid_value", {"value": account}).status == 400
    assert office("GET", address).json["value"] == "1"


def test_one_property_needs_the_right_to_write_the_row(office: Office) -> None:
    account = made(office, "accounts", name="A")
    app_id, _user = office.new_application_user("Support User")

    assert office("PUT", f"accounts({account})/name", {"value": "B"}, caller=app_id).error == (403, "0x80040220")
    assert office("DELETE", f"accounts({account})/name", caller=app_id).error == (403, "0x80040220")


@pytest.mark.parametrize("by_query", [False, True])
def test_a_one_to_many_relationship_is_written_at_its_collection(office: Office, by_query: bool) -> None:
    account, contact = made(office, "accounts", name="A"), made(office, "contacts", lastname="Doe")
    many = f"accounts({account})/contact_customer_accounts"
    reference = {"@odata.id": office.address("contacts", contact)}

    assert office("POST", f"{many}/$ref", reference).status == 204
    assert [row["contactid"] for row in office("GET", f"{many}?$select=contactid").rows] == [contact]
    assert office("GET", f"contacts({contact})/parentcustomerid_account?$select=name").json["name"] == "A"

    removed = f"{many}/$ref?$id={reference['@odata.id']}" if by_query else f"{many}({contact})/$ref"
    assert office("DELETE", removed).status == 204
    assert office("GET", many).rows == []
    assert office("GET", f"contacts({contact})").json["_parentcustomerid_value"] is None


def test_only_rows_of_a_parent_are_removed_from_it(office: Office) -> None:
    mine, other = made(office, "accounts", name="A"), made(office, "accounts", name="B")
    contact = made(office, "contacts", lastname="Doe", **{"parentcustomerid_account@odata.bind": f"/accounts({other})"})

    assert office("DELETE", f"accounts({mine})/contact_customer_accounts({contact})/$ref").status == 204
    assert office("GET", f"contacts({contact})").json["_parentcustomerid_value"] == other


def test_a_relationship_takes_only_rows_of_its_table(office: Office) -> None:
    account, other = made(office, "accounts", name="A"), made(office, "accounts", name="B")
    many = f"accounts({account})/contact_customer_accounts/$ref"

    assert office("POST", many, {"@odata.id": office.address("accounts", other)}).error == (400, "0x80060888")
    assert office("PUT", many, {"@odata.id": office.address("accounts", other)}).status == 405


def test_a_relationship_needs_write_access_to_the_referencing_row(office: Office) -> None:
    account, contact = made(office, "accounts", name="A"), made(office, "contacts", lastname="Doe")
    app_id, user_id = office.new_application_user("Support User")
    assert user_id
    reference = {"@odata.id": office.address("contacts", contact)}

    refused = office("POST", f"accounts({account})/contact_customer_accounts/$ref", reference, caller=app_id)

    assert refused.error == (403, "0x80040220")
    assert office("GET", f"contacts({contact})").json["_parentcustomerid_value"] is None


def test_a_lookup_to_several_tables_leads_to_each(office: Office) -> None:
    account, contact = made(office, "accounts", name="A"), made(office, "contacts", lastname="Doe")
    way = f"contacts({contact})/parentcustomerid_account"

    assert office("PUT", f"{way}/$ref", {"@odata.id": f"accounts({account})"}).status == 204
    expanded = office("GET", f"contacts({contact})?$expand=parentcustomerid_account($select=name)").json
    assert expanded["parentcustomerid_account"]["name"] == "A"
    assert office("GET", f"contacts({contact})/parentcustomerid_contact").status == 204
    assert office("PUT", f"{way}/$ref", {"@odata.id": f"contacts({contact})"}).status == 400
    assert office("DELETE", f"{way}/$ref").status == 204
    assert office("GET", way).status == 204
