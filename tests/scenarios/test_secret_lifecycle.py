# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret's life until its successor: leads keep arriving, and no old secret stays forever."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .cloud import Cloud, Run
from .configure import Configure, Made

HOST = "contoso_prod"
OFFER = "contoso-offer"
DAY = 86400
PACE = ("--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4")
ONE_OFFER = pytest.mark.cloud("--tenants", "1", "--offers", "1", *PACE)
ROTATE = "marketplace_leads.dynamics365.rotate_secrets"
LIVE = {"lead_writer_publish": "live"}
SECRET = f"lead_destination.{OFFER}.secret"
PUBLISHED = f"lead_destination.{OFFER}.published"


class Life:
    """The life of one tenant's secret."""

    def __init__(self, cloud: Cloud, configure: Configure) -> None:
        self._cloud = cloud
        self._configure = configure

    def run(self, **options: Any) -> Run:
        """Run the playbook, and expect success."""
        run = self._configure(**options)
        assert run.status == 0, run.output
        return run

    def pass_days(self, days: float) -> None:
        """Let time pass."""
        self._cloud.jump(days * DAY)

    @property
    def alive(self) -> list[str]:
        """The key IDs of the application's secrets, the oldest first."""
        secrets = Made(self._cloud, self._cloud.contoso).secrets
        return [each["keyId"] for each in sorted(secrets, key=lambda each: str(each["startDateTime"]))]

    @property
    def stored(self) -> str:
        """The key ID of the secret in the store."""
        return str(self._configure.stored(self._cloud.contoso)["key_id"])

    def assert_a_lead_arrives(self) -> None:
        """Have a customer use the offer, and check that the lead arrives with the live connection."""
        told = self._cloud.control("POST", "/tenants/contoso/leads", {"offer": OFFER})
        assert told["delivered"], told


@pytest.fixture
def life(cloud: Cloud, configure: Configure) -> Life:
    return Life(cloud, configure)


@ONE_OFFER
def test_rotation_keeps_leads_and_the_old_secret_until_unused(life: Life) -> None:
    life.run(variables=LIVE, rehearse=False)
    (first,) = life.alive
    life.assert_a_lead_arrives()

    life.pass_days(330)
    rotated = life.run()
    assert rotated.changes(HOST) == ["application.secret", "stored_secret", SECRET, "handover"]
    assert "leads arrive as before until the offer is live" in " ".join(rotated.output.split())
    assert life.alive == [first, life.stored]
    life.assert_a_lead_arrives()

    # Not published for longer than the overlap: the lead service still signs in with the old one.
    life.pass_days(10)
    waiting = life.run()
    assert waiting.changed_hosts() == set()
    assert f"The replaced secret of the application ({first} until" in " ".join(waiting.output.split())
    life.assert_a_lead_arrives()

    published = life.run(variables=LIVE)
    assert published.changes(HOST) == [PUBLISHED, "handover"]
    assert life.alive == [first, life.stored]
    life.pass_days(6)
    assert life.run(rehearse=False).changed_hosts() == set()
    life.pass_days(2)
    pruned = life.run()
    assert pruned.changes(HOST) == ["application.secret.removed"]
    assert life.alive == [life.stored]
    life.assert_a_lead_arrives()


@ONE_OFFER
@pytest.mark.parametrize(
    "point",
    [
        pytest.param({"route": "/addPassword", "applied": True}, id="the secret is made", marks=pytest.mark.torture),
        pytest.param({"route": "product-ingestion/submission", "skip": 1}, id="the secret is stored"),
        pytest.param(
            {"route": "product-ingestion/configure", "applied": True},
            id="the secret is handed over",
            marks=pytest.mark.torture,
        ),
    ],
)
def test_rotation_killed_anywhere_ends_with_one_new_live_secret(
    cloud: Cloud, life: Life, point: dict[str, Any]
) -> None:
    life.run(variables=LIVE, rehearse=False)
    (first,) = life.alive
    life.pass_days(2)
    cloud.fault(count=1, latency_seconds=20, **point)
    killed = life._configure(
        playbook=ROTATE,
        variables=LIVE,
        rehearse=False,
        killed_when=lambda: cloud.control("GET", "/faults")["waiting"] == 0,
    )
    assert killed.status != 0

    life.run(playbook=ROTATE, variables=LIVE, rehearse=False)
    assert life.alive == [first, life.stored]
    life.assert_a_lead_arrives()
    life.pass_days(8)
    life.run(rehearse=False)
    assert life.alive == [life.stored]
    life.assert_a_lead_arrives()


@ONE_OFFER
def test_repeated_rotation_rotates_once_and_changes_only_the_secret(cloud: Cloud, life: Life) -> None:
    life.run(variables=LIVE, rehearse=False)
    life.pass_days(2)
    role = Made(cloud, cloud.contoso).role["roleid"]
    cloud.web_api(cloud.contoso, "PATCH", f"roles({role})", {"isinherited": 0})
    first = life.run(playbook=ROTATE)
    assert first.changes(HOST) == ["application.secret", "stored_secret", SECRET, "handover"]
    again = life.run(playbook=ROTATE, rehearse=False)
    assert again.changed_hosts() == set(), again.output
    assert Made(cloud, cloud.contoso).role["isinherited"] == 0


@ONE_OFFER
def test_live_secret_of_a_lost_store_stays_until_another_is_live(configure: Configure, life: Life) -> None:
    life.run(variables=LIVE, rehearse=False)
    (lost,) = life.alive
    for file in configure.store.iterdir():
        file.unlink()
    life.run(rehearse=False, variables={"lead_writer_store_lost": True})
    assert life.alive == [lost, life.stored]
    life.assert_a_lead_arrives()

    life.run(rehearse=False, variables=LIVE)
    life.pass_days(8)
    pruned = life.run()
    assert pruned.changes(HOST) == ["application.secret.removed"]
    assert life.alive == [life.stored]
    life.assert_a_lead_arrives()


@pytest.mark.cloud("--tenants", "1")
def test_old_secret_is_removed_on_confirmation_without_partner_center(life: Life) -> None:
    life.run(rehearse=False)
    (first,) = life.alive
    life.pass_days(330)
    life.run(rehearse=False)
    life.pass_days(8)
    assert f"The replaced secret of the application ({first} until" in " ".join(life.run(rehearse=False).output.split())
    confirmed = life.run(variables={"lead_writer_secret_in_use": True})
    assert confirmed.changes(HOST) == ["application.secret.removed"]
    assert life.alive == [life.stored]


@pytest.mark.cloud("--tenants", "1", "--offers", "2", *PACE)
def test_handover_of_one_offer_is_kept_if_another_fails(cloud: Cloud, configure: Configure) -> None:
    cloud.fault(route="product-ingestion/configure", method="POST", skip=1, count=1, status=400, code="badRequest")
    failed = configure(rehearse=False)
    assert failed.status != 0
    record = json.loads((configure.store / f"{cloud.contoso.environment_host}.handover.json").read_text("utf-8"))
    assert record["offers"][OFFER]["key_id"] == configure.stored(cloud.contoso)["key_id"]

    run = configure(rehearse=False)
    assert run.status == 0, run.output
    assert all(each.startswith((f"lead_destination.{OFFER}-2.", "handover")) for each in run.changes(HOST)), run.output
