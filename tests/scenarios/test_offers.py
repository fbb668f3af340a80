# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Offers in a whole set-up: not published yet, being certified for days, or of an unsupported type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .cloud import Ansible, Cloud, Run
from .configure import Configure
from .publisher import HOST, OFFER, Publisher

CLOUD = str(Path(__file__).parent / "clouds" / "offers.yml")
PACE = ("--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4")
pytestmark = pytest.mark.cloud("--config", CLOUD, *PACE)
NEW = {"lead_writer_offers": ["new-offer"]}
LIVE: dict[str, Any] = {"lead_writer_publish": "live"}
DAY = 86400


class Life:
    """Runs configure repeatedly for one tenant."""

    def __init__(self, cloud: Cloud, configure: Configure, publisher: Publisher, folder: Path) -> None:
        self.cloud, self.publisher, self._configure, self._folder = cloud, publisher, configure, folder

    def run(self, **variables: Any) -> Run:
        """Run configure once, and expect success."""
        run = self._configure(variables=variables, rehearse=False)
        assert run.status == 0, run.output
        return run

    def fails(self, **variables: Any) -> str:
        """Run configure, which must fail before it writes anything; return the message."""
        run = self._configure(variables=variables, rehearse=False)
        assert run.status == 2, run.output
        assert self.cloud.writes_since(run.mark) == []
        return run.failure(HOST)

    def plan(self, run: Run) -> dict[str, Any]:
        """The one offer in a run's plan."""
        (found,) = plan_of(run)["lead_destinations"]
        one: dict[str, Any] = found
        return one

    def record(self, offer: str = OFFER) -> dict[str, Any]:
        """The handover file's entry of an offer."""
        (path,) = self._folder.rglob("*.handover.json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["offers"][offer]
        return found

    def customer_meets(self, offer: str = OFFER) -> str | None:
        """Let a customer use an offer; return why the lead did not arrive, None if it did."""
        path = f"/tenants/{self.cloud.contoso.tenant_id}/leads"
        error: str | None = self.cloud.control("POST", path, {"offer": offer})["error"]
        return error


@pytest.fixture
def life(cloud: Cloud, ansible: Ansible, configure: Configure, tmp_path: Path) -> Life:
    return Life(cloud, configure, Publisher(cloud, ansible), tmp_path)


def said(run: Run) -> str:
    """The output of a run, without line breaks."""
    return " ".join(run.output.split())


def plan_of(run: Run) -> dict[str, Any]:
    """The first plan of the run for the host."""
    plans = [each.result["environments"][HOST] for each in run.outcomes if HOST in each.result.get("environments", {})]
    first: dict[str, Any] = plans[0]
    return first


# --- before the first publication


def test_leads_are_set_up_before_the_first_publication(life: Life) -> None:
    first = life.run(**NEW)
    assert "lead_destination.new-offer.secret" in plan_of(first)["changes"]
    assert life.plan(life.run(**NEW))["draft"]["lead_destination"] == "dynamics"
    assert life.run(**NEW).changed_hosts() == set()


def test_the_first_publication_is_left_to_the_publisher(life: Life) -> None:
    run = life.run(**NEW, **LIVE)
    assert "Offer 'new-offer' has never been published" in said(run)
    again = life.run(**NEW, **LIVE)
    assert life.plan(again)["publication"]["state"] == "held"
    assert again.changed_hosts() == set()


def test_the_first_publication_is_made_on_request(life: Life) -> None:
    life.run(**NEW, **LIVE, lead_writer_publish_other_changes=True)
    assert life.customer_meets("new-offer") is None


# --- unsupported offers


@pytest.mark.parametrize(("offer", "kind"), [("solution-template", "azureApplication"), ("consulting", "consulting")])
def test_offer_of_an_unsupported_type_is_a_blocker(life: Life, offer: str, kind: str) -> None:
    message = life.fails(lead_writer_offers=[offer, OFFER])
    assert f"Offer '{offer}' is of type {kind}" in message
    assert "leave it out" in message


def test_offer_id_in_capitals_is_refused(life: Life) -> None:
    assert "give 'contoso-offer'" in life.fails(lead_writer_offers=["Contoso-Offer"])


def test_offers_may_be_given_as_one_string(life: Life) -> None:
    life.run(lead_writer_offers="contoso-offer, new-offer")
    assert life.record("new-offer")["key_id"] == life.record()["key_id"] != ""


def test_the_version_of_the_schemas_can_be_named(life: Life) -> None:
    run = life.run(lead_writer_partner_center_version="2022-03-01-preview3")
    asked = [each["path"] for each in life.cloud.requests_since(run.mark) if "product-ingestion" in each["path"]]
    assert {path.partition("$version=")[2] for path in asked} == {"2022-03-01-preview3"}


# --- publications that take days


def test_a_run_ends_well_while_an_offer_is_certified(life: Life) -> None:
    life.cloud.set(publish_seconds=2 * DAY)
    begun = life.run(**LIVE, lead_writer_publish_timeout=0)
    assert f"Offer '{OFFER}' is being published to preview" in said(begun)
    assert life.record()["publication"] == "waiting"

    life.cloud.jump(DAY)
    waiting = life.run(**LIVE)
    assert waiting.changed_hosts() == set(), waiting.output
    assert life.plan(waiting)["publication"]["state"] == "waiting"
    assert life.cloud.writes_since(waiting.mark) == []


def test_next_run_publishes_to_live_after_the_preview(life: Life) -> None:
    life.cloud.set(publish_seconds=2 * DAY)
    life.run(**LIVE, lead_writer_publish_timeout=0)
    life.cloud.jump(2 * DAY + 60)
    life.cloud.set(publish_seconds=0.4)

    live = life.run(**LIVE)
    assert life.customer_meets() is None
    assert f"lead_destination.{OFFER}.published" in live.changes(HOST)
    assert [len(life.publisher.submissions(target)) for target in ("preview", "live")] == [2, 2]
    assert life.plan(life.run(**LIVE))["publication"]["state"] == "live"


def test_certification_result_is_reported_by_a_later_run(life: Life) -> None:
    life.cloud.set(publish_seconds=2 * DAY, partner_center_certification_fails=True)
    life.run(**LIVE, lead_writer_publish_timeout=0)
    life.cloud.jump(2 * DAY + 60)
    assert life.publisher.submissions("preview")[0]["result"] == "failed"
    life.cloud.set(publish_seconds=0.4, partner_center_certification_fails=False)

    later = life.run(**LIVE)
    assert "invalidState: Issues found during Certification" in said(later)
    assert life.plan(later)["publication"]["state"] == "failed"
    assert life.cloud.writes_since(later.mark) == []
    life.run(**LIVE, lead_writer_publish_again=True)
    assert life.customer_meets() is None


def test_a_certification_that_fails_at_once_fails_the_run(life: Life) -> None:
    life.cloud.set(partner_center_certification_fails=True)
    run = life.publisher.run(publish="live", rehearse=False)
    assert "to preview failed: internalServerError" in run.failure(HOST)
    assert "invalidState: Issues found during Certification" in run.failure(HOST)


def test_a_secret_that_cannot_be_handed_over_yet_waits(life: Life) -> None:
    life.run(**LIVE)
    life.cloud.set(publish_seconds=2 * DAY)
    life.publisher.begin_publication()
    life.cloud.jump(DAY)
    old = life.record()["key_id"]

    locked = life.run(**LIVE, lead_writer_secret_rotate_after_days=0)
    assert "to hand over the changes to its lead destination" in said(locked)
    assert life.record()["key_id"] == old
    assert life.customer_meets() is None

    life.cloud.jump(2 * DAY)
    life.cloud.set(publish_seconds=0.4)
    life.run(**LIVE)
    assert life.record()["key_id"] != old
    assert life.customer_meets() is None


# --- other people


def test_a_change_of_another_person_fails_no_later_run(life: Life) -> None:
    life.run()
    life.publisher.edit("listing", {"title": "A title that is not ready"})
    assert "has changes by other people that are not live (listing/" in said(life.run(**LIVE))
    run = life.run(**LIVE)
    assert run.changed_hosts() == set()
    assert life.plan(run)["publication"]["state"] == "held"
