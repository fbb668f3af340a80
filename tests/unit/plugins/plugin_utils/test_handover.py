# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The handover files: the same for the same fields, with everything that may still be in use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils import _handover as handover
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._files import (
    FileNotWritten,
    remove_file,
    write_whole,
)

APPLICATION: dict[str, Any] = {
    "environment_url": "https://contoso.crm4.dynamics.com/",
    "application_id": "33333333-4444-5555-6666-777777777777",
    "directory_id": "11111111-2222-3333-4444-555555555555",
    "key_id": "key-2",
    "end_date_time": "2027-11-22T16:59:09Z",
    "secret_in": "my store/contoso.yml",
    "offers": ["contoso-vm", "contoso-app"],
}
USER: dict[str, Any] = {
    "environment_url": "https://contoso.crm4.dynamics.com",
    "authentication": "office365",
    "user_name": "leads@contoso.example",
    "key_id": "2026-11-22T16:59:09Z",
}
GIVEN = {"key_id": "key-2", "handed_over_at": "2026-11-22T17:00:00Z"}


def sheet_of(fields: dict[str, Any], before: dict[str, Any] | None = None) -> str:
    return handover.render(handover.merged(before, fields))[1]


def test_the_connection_is_spelled_as_partner_center_spells_it() -> None:
    content = handover.merged(None, {**APPLICATION, "contact_emails": ["sales@contoso.example"]})
    assert content["leadDestination"] == "dynamics"
    assert content["dynamicsLeadConfiguration"] == {
        "instanceUrl": "https://contoso.crm4.dynamics.com",
        "authentication": "azureAD",
        "applicationId": APPLICATION["application_id"],
        "directoryId": APPLICATION["directory_id"],
        "contactEmail": ["sales@contoso.example"],
    }
    assert handover.merged(None, USER)["dynamicsLeadConfiguration"] == {
        "instanceUrl": "https://contoso.crm4.dynamics.com",
        "authentication": "office365",
        "username": "leads@contoso.example",
        "contactEmail": [],
    }


def test_sheet_has_every_field_the_expiry_and_a_valid_command() -> None:
    sheet = sheet_of({**APPLICATION, "contact_emails": ["a@contoso.example", "b|c@contoso.example"]})
    rows = [tuple(cell.strip() for cell in line.split(" | ")) for line in sheet.splitlines() if line.startswith("| ")]
    typed = {row[0].removeprefix("| "): row[1].removesuffix(" |") for row in rows}
    assert typed["URL"] == "https://contoso.crm4.dynamics.com"
    assert typed["Application (client) ID"] == APPLICATION["application_id"]
    assert typed["Directory ID"] == APPLICATION["directory_id"]
    assert typed["Client secret"] == "see below"
    assert typed["Contact email"] == "a@contoso.example; b\\|c@contoso.example"
    assert "-e '@my store/contoso.yml' --ask-vault-password" in sheet
    assert "Expires: 2027-11-22T16:59:09Z" in sheet


def test_sheet_of_a_user_has_user_name_and_password() -> None:
    sheet = sheet_of(USER)
    assert "| User name | leads@contoso.example |" in sheet
    assert "| Password | see below |" in sheet
    assert "Application (client) ID" not in sheet
    assert "Directory ID" not in sheet


def test_store_without_a_file_has_the_given_command_or_none() -> None:
    assert "ansible localhost" not in sheet_of({**APPLICATION, "secret_in": "https://contoso.vault.azure.net"})
    assert "az keyvault" in sheet_of({**APPLICATION, "show_secret_with": "az keyvault secret show --id x"})


@pytest.mark.parametrize(
    ("record", "to_do"),
    [
        ({}, "Not handed over by a run: enter the connection in the form and publish the offer."),
        ({**GIVEN, "key_id": "key-1"}, "Has an older client secret, handed over on 2026-11-22T17:00:00Z: enter"),
        (GIVEN, "Has this client secret, handed over on 2026-11-22T17:00:00Z: publish the offer again"),
        ({**GIVEN, "live_since": "2026-11-23T08:00:00Z"}, "live with it since 2026-11-23T08:00:00Z"),
    ],
)
def test_sheet_lists_the_next_step_of_each_offer(record: dict[str, str], to_do: str) -> None:
    sheet = sheet_of({**APPLICATION, "offers": ["contoso-app"], "handed_over": {"contoso-app": record}})
    (row,) = [line for line in sheet.splitlines() if line.startswith("| contoso-app |")]
    assert to_do in row


def test_removed_offer_that_still_has_a_secret_is_remembered() -> None:
    before = handover.merged(None, {**APPLICATION, "handed_over": {"contoso-app": GIVEN}})
    after = handover.merged(before, {"offers": []})
    assert list(after["offers"]) == ["contoso-app"]
    assert "set another destination" in handover.render(after)[1]
    assert handover.merged(after, {"handed_over": {"contoso-app": {}}})["offers"] == {}


def test_field_order_is_irrelevant_and_omitted_fields_are_kept() -> None:
    first = handover.merged(None, {**APPLICATION, "handed_over": {"contoso-app": GIVEN}})
    again = handover.merged(first, {**dict(reversed(APPLICATION.items())), "offers": ["contoso-app", "contoso-vm"]})
    assert handover.render(first) == handover.render(again) == handover.render(handover.merged(first, {}))


def test_change_of_authentication_removes_the_other_fields() -> None:
    before = handover.merged(None, APPLICATION)
    after = handover.merged(before, USER)
    assert "applicationId" not in after["dynamicsLeadConfiguration"]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"offers": []}, "environment_url is missing"),
        ({**APPLICATION, "environment_url": "https://contoso.crm4.dynamics.com/main.aspx"}, "write https://contoso"),
        ({**APPLICATION, "handed_over": {"contoso-app": "key-1"}}, "handed_over must have a dictionary"),
    ],
)
def test_wrong_fields_are_one_message(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput, match=sentence):
        handover.merged(None, fields)


@pytest.mark.parametrize("text", ["{", "[]", '{"dynamicsLeadConfiguration": {}}', "\udcff"])
def test_file_of_another_program_is_not_overwritten(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(handover.UnreadableHandover, match="move it away"):
        handover.read(str(file))


def test_file_is_private_and_its_folder_survives_its_removal(tmp_path: Path) -> None:
    file = tmp_path / "new" / "deep" / "x.json"
    write_whole(str(file), "one")
    write_whole(str(file), "two")
    assert file.read_text(encoding="utf-8") == "two"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert list(file.parent.iterdir()) == [file]
    remove_file(str(file))
    remove_file(str(file))
    assert file.parent.is_dir()


def test_unwritable_folder_is_reported_and_nothing_is_left_there(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    with pytest.raises(FileNotWritten, match="cannot be written"):
        write_whole(str(occupied), "text")
    assert list(tmp_path.iterdir()) == [occupied]
    with pytest.raises(FileNotWritten, match="cannot be removed"):
        remove_file(str(occupied))
