# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wrong variables of a host are reported first, in one message each, and nothing is requested or changed."""

from __future__ import annotations

from typing import Any

import pytest

from .cloud import Cloud
from .configure import Configure

ONE = pytest.mark.cloud("--tenants", "1")
HOST = "contoso_prod"


@ONE
@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (
            {"lead_writer_publsh": "live"},
            "lead_writer_publsh of contoso_prod is not a variable of the role: write lead_writer_publish",
        ),
        ({"lead_writer_xyz": 1}, "lead_writer_xyz of contoso_prod is not a variable of the role: remove it"),
        (
            {"lead_writer_state": "removed"},
            "lead_writer_state of contoso_prod is 'removed': set it to one of present, absent.",
        ),
        (
            {"lead_writer_authentication": "azuread"},
            "lead_writer_authentication of contoso_prod is 'azuread': set it to one of azure_ad, office365.",
        ),
        (
            {"lead_writer_publish": True},
            "lead_writer_publish of contoso_prod is True: set it to one of never, preview, live.",
        ),
        (
            {"lead_writer_secret_valid_days": "a year"},
            "lead_writer_secret_valid_days of contoso_prod is 'a year', which is not of the type int: correct it.",
        ),
        (
            {"lead_writer_client_secret": "{{ scret_of_contoso }}"},
            "lead_writer_client_secret of contoso_prod cannot be evaluated ('scret_of_contoso' is undefined)",
        ),
        (
            {"lead_writer_environment_url": "https://{{ }}"},
            "lead_writer_environment_url of contoso_prod cannot be evaluated (",
        ),
    ],
)
def test_wrong_variable_is_one_message(
    cloud: Cloud, configure: Configure, variables: dict[str, Any], sentence: str
) -> None:
    run = configure(variables=variables, rehearse=False)
    assert run.status != 0
    assert run.failure(HOST).startswith(sentence)
    assert "\n" not in run.failure(HOST)
    assert cloud.requests_since(run.mark) == []


@ONE
def test_all_wrong_variables_are_reported_at_once(configure: Configure) -> None:
    run = configure(variables={"lead_writer_publsh": "live", "lead_writer_state": "removed"}, rehearse=False)
    assert len(run.failure(HOST).splitlines()) == 2


def test_a_wrong_variable_of_one_host_stops_no_other(cloud: Cloud, configure: Configure) -> None:
    inventory = cloud.inventory.read_text(encoding="utf-8")
    url = f"lead_writer_environment_url: {cloud.tenants['fabrikam'].environment_url}"
    assert url in inventory
    cloud.inventory.write_text(
        inventory.replace(url, f"{url}\n          lead_writer_environment_uri: x"), encoding="utf-8"
    )
    run = configure(check=True)
    assert "write lead_writer_environment_url" in run.failure("fabrikam_prod")
    assert {"contoso_prod", "northwind_prod"} <= run.changed_hosts()


@ONE
def test_host_without_an_environment_is_one_message(cloud: Cloud, configure: Configure) -> None:
    inventory = cloud.inventory.read_text(encoding="utf-8")
    cloud.inventory.write_text(
        inventory.replace("        contoso_prod:\n", "        jumphost: {}\n        contoso_prod:\n"), encoding="utf-8"
    )
    run = configure(check=True)
    assert run.failure("jumphost").startswith(
        "lead_writer_environment_url of jumphost is not set: set it to the address"
    )
    assert run.changed_hosts() == {HOST}
    # The others are not planned twice because of it.
    first, second = (each.result["made_at"] for each in run.outcomes if "made_at" in each.result)
    assert first == second
