# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The other authentication: leads written by a Microsoft 365 user, whose password must not expire unnoticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from .cloud import Ansible, Cloud, Run
from .configure import Configure
from .people import CLOUD, DAY, HOST, NAME, Person

OFFER = "contoso-offer"
PACE = ("--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4", "--set", "usage_location_seconds=0.3")
pytestmark = pytest.mark.cloud("--config", CLOUD, *PACE)
FRESH = [
    "solution",
    "user",
    "user.assignedLicenses",
    "user.password",
    "stored_secret",
    "role.privileges",
    "role.isinherited",
    "environment_user",
    "environment_user.roles",
]
OFFICE365 = {
    "lead_writer_authentication": "office365",
    "lead_writer_user_name": NAME,
    "lead_writer_user_usage_location": "SE",
}
ROTATE = "marketplace_leads.dynamics365.rotate_secrets"
LIVE: dict[str, Any] = {"lead_writer_publish": "live"}
HANDED_OVER = [f"lead_destination.{OFFER}.{what}" for what in ("secret", "published")]


@pytest.fixture
def person(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> Person:
    return Person(cloud, ansible, tmp_path)


def run(configure: Configure, *, rehearse: bool = True, expect: int = 0, **variables: Any) -> Run:
    done = configure("--limit", HOST, variables={**OFFICE365, **variables}, rehearse=rehearse)
    assert (done.status != 0) == bool(expect), done.output
    return done


def delivered(cloud: Cloud) -> bool:
    """Have a customer use the offer, and check whether the lead arrives with the live connection."""
    return bool(cloud.control("POST", "/tenants/contoso/leads", {"offer": OFFER})["delivered"])


def test_user_is_set_up_and_a_second_run_writes_nothing(cloud: Cloud, configure: Configure, person: Person) -> None:
    first = run(configure, lead_writer_offers=[])
    assert first.changes(HOST) == [*FRESH, "handover"], first.output
    stored = configure.stored(cloud.contoso)
    assert stored["user_name"] == NAME
    assert person.signs_in(stored["secret"])
    assert stored["secret"] not in first.output
    sheet = (configure.store / f"{cloud.contoso.environment_host}.handover.md").read_text(encoding="utf-8")
    assert NAME in sheet
    assert stored["secret"] not in sheet

    second = run(configure, lead_writer_offers=[])
    assert second.changed_hosts() == set(), second.output
    assert cloud.writes_since(second.mark) == []

    validated = configure(
        "--limit", HOST, playbook="marketplace_leads.dynamics365.validate", variables=OFFICE365, rehearse=False
    )
    assert validated.status == 0, validated.output


def test_password_is_renewed_only_with_publication_of_the_offers(cloud: Cloud, configure: Configure) -> None:
    run(configure, rehearse=False, **LIVE)
    assert delivered(cloud)
    first = configure.stored(cloud.contoso)["secret"]

    cloud.jump(80 * DAY)
    held_back = run(configure)
    assert held_back.changed_hosts() == set(), held_back.output
    assert f"The password of {NAME} expires in 9 days and is not renewed" in " ".join(held_back.output.split())
    assert delivered(cloud)

    renewed = run(configure, **LIVE)
    assert renewed.changes(HOST) == ["user.password", "stored_secret", *HANDED_OVER, "handover"], renewed.output
    assert configure.stored(cloud.contoso)["secret"] != first
    assert delivered(cloud)

    cloud.jump(91 * DAY)
    assert not delivered(cloud)
    expired = run(configure, expect=1)
    assert f"The password of {NAME} has expired, and lead_writer_password_renewal is false" in expired.failure(HOST)
    by_hand = run(configure, lead_writer_password_renewal=True)
    assert by_hand.changes(HOST) == ["user.password", "stored_secret", HANDED_OVER[0], "handover"], by_hand.output
    assert run(configure, **LIVE).changes(HOST) == [HANDED_OVER[1], "handover"]
    assert delivered(cloud)

    cloud.jump(2 * DAY)
    rotated = configure("--limit", HOST, variables={**OFFICE365, **LIVE}, playbook=ROTATE)
    assert rotated.changes(HOST) == ["user.password", "stored_secret", *HANDED_OVER, "handover"], rotated.output
    assert delivered(cloud)


def test_password_that_cannot_be_stored_leaves_no_user_behind(
    configure: Configure, person: Person, tmp_path: Path
) -> None:
    refuse = {"name": "Refuse", "ansible.builtin.fail": {}, "when": "lead_writer_store_entry.secret | length > 0"}
    (tmp_path / "refuse.yml").write_text(yaml.safe_dump([refuse]), encoding="utf-8")
    own_store = {
        "lead_writer_store_write_tasks": str(tmp_path / "refuse.yml"),
        "lead_writer_stored": {"key_id": "", "can_encrypt": True},
        "lead_writer_stored_value": "",
    }
    run(configure, rehearse=False, expect=1, **own_store)
    assert person.users() == []
    assert person.graph("GET", "/directory/deletedItems/microsoft.graph.user")["value"] == []
    again = run(configure, lead_writer_offers=[])
    assert again.changes(HOST)[:4] == FRESH[1:5], again.output


def test_a_run_without_the_store_replaces_no_password_in_use(cloud: Cloud, configure: Configure) -> None:
    run(configure, rehearse=False, **LIVE)
    elsewhere = {**LIVE, "lead_writer_store_directory": str(configure.store.parent / "elsewhere")}
    refused = run(configure, expect=1, rehearse=False, **elsewhere)
    assert f"a published offer signs in as {NAME}, whose password would be replaced" in refused.failure(HOST)
    assert cloud.writes_since(refused.mark) == []
    assert delivered(cloud)

    run(configure, rehearse=False, lead_writer_store_lost=True, **elsewhere)
    assert delivered(cloud)
