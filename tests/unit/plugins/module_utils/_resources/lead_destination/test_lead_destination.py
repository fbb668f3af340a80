# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An offer's lead destination: the plan and the messages for an offer that was already read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._desired_state.plan import Plan
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._resources.lead_destination import (
    resource as lead_destination,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.partner_center.offers import (
    Offer,
    State,
    Submission,
)

URL = "https://contoso.crm4.dynamics.com"
HANDED_OVER = datetime(2026, 5, 1, 12, tzinfo=UTC)
RECORD = {"secret_key_id": "a", "handed_over_key_id": "a", "handed_over_at": "2026-05-01T12:00:00Z"}
USER = {"authentication": "office365", "user_name": "leads@contoso.example"}
NOWHERE: dict[str, Any] = {"id": "customer-leads/1", "leadDestination": "none"}
TO_USER: dict[str, Any] = {
    "id": "customer-leads/1",
    "leadDestination": "dynamics",
    "dynamicsLeadConfiguration": {
        "instanceUrl": URL,
        "authentication": "office365",
        "username": "leads@contoso.example",
        "password": "*****",
    },
}


def offer(draft: dict[str, Any] | None = None, live: dict[str, Any] | str | None = "nowhere", **others: Any) -> Offer:
    """An offer that went live an hour after the handover; `others` are further resources of its draft by kind.

    Without a draft it sends its leads nowhere; without a live state it was never published.
    """
    draft = draft or NOWHERE
    live = NOWHERE if isinstance(live, str) else live
    resources = {f"{kind}/1": {"id": f"{kind}/1", "value": value} for kind, value in others.items()}
    state = None if live is None else State({"customer-leads/1": live})
    done = Submission("submission/1/1", "live", "completed", "succeeded", HANDED_OVER + timedelta(hours=1))
    return Offer("an-offer", "1", State({"customer-leads/1": draft, **resources}), state, (done,) if live else ())


def planned(read: Offer, **options: Any) -> tuple[Plan, lead_destination.LeadDestinationResource]:
    given = {"offer": "an-offer", "environment_url": URL, "password": "the value", **USER, **options}
    wanted = lead_destination.DesiredLeadDestination.from_options(
        {**{name: spec.get("default") for name, spec in lead_destination.OPTIONS.items()}, **given}
    )
    resource = lead_destination.LeadDestinationResource(Mock(spec=()), wanted, read)
    return resource.plan(), resource


def told(resource: lead_destination.LeadDestinationResource) -> dict[str, Any]:
    found: dict[str, Any] = resource.state()["lead_destination"]
    return found


def test_live_offer_with_the_handed_over_secret_needs_no_change() -> None:
    plan, resource = planned(offer(TO_USER, TO_USER), **RECORD)
    assert (plan.paths, plan.warnings) == ([], [])
    assert told(resource)["live_since"] == "2026-05-01T13:00:00.000000Z"
    assert told(resource)["publish_needed"] is False


def test_secret_handed_over_after_the_publication_is_not_live() -> None:
    plan, resource = planned(offer(TO_USER, TO_USER), **{**RECORD, "handed_over_at": "2026-05-01T13:30:00Z"})
    assert plan.paths == []
    assert "leads are lost until the offer is live again" in plan.warnings[0]
    assert (told(resource)["live_since"], told(resource)["publish_needed"]) == (None, True)


def test_leads_keep_going_elsewhere_until_the_offer_is_live() -> None:
    plan, resource = planned(offer(TO_USER), **RECORD)
    assert plan.paths == []
    assert "leads arrive as before until the offer is live" in plan.warnings[0]
    assert (told(resource)["live_since"], told(resource)["publish_needed"]) == (None, True)


def test_new_password_is_reported_to_stop_leads_until_live() -> None:
    plan, resource = planned(offer(TO_USER, TO_USER), **{**RECORD, "secret_key_id": "b"})
    assert plan.diff == {
        "before": {"lead_destination.an-offer.secret": "a"},
        "after": {"lead_destination.an-offer.secret": "b"},
    }
    assert "leads are lost until the offer is live again" in plan.warnings[0]
    assert told(resource)["publish_needed"] is True


def test_record_of_a_dry_run_shows_what_will_be_known() -> None:
    _plan, resource = planned(offer(TO_USER, TO_USER), **{**RECORD, "secret_key_id": "b"}, publish="live")
    record = told(resource)["handover"]
    assert (record["key_id"], record["handed_over_at"]) == ("b", "known after apply")
    assert record["live_since"] == "known after apply"
    _plan, resource = planned(offer(TO_USER, TO_USER), **{**RECORD, "secret_key_id": "b"})
    assert told(resource)["handover"]["live_since"] == ""


def test_record_of_an_unchanged_offer_is_kept() -> None:
    _plan, resource = planned(offer(TO_USER, TO_USER), **RECORD)
    record = told(resource)["handover"]
    assert (record["key_id"], record["live_since"]) == ("a", "2026-05-01T13:00:00.000000Z")


def test_password_of_another_user_is_not_kept() -> None:
    plan, _resource = planned(offer(TO_USER), **RECORD, user_name="other@contoso.example")
    assert plan.diff["before"]["lead_destination.an-offer.secret"] is None


def test_unpublished_offer_sends_no_leads() -> None:
    plan, _resource = planned(offer(live=None))
    assert "no leads arrive until the offer is live" in plan.warnings[0]


def test_environment_of_another_cloud_is_reported() -> None:
    plan, _resource = planned(offer(), environment_url="https://contoso.crm.microsoftdynamics.us")
    assert "is in the cloud gcc_high" in plan.warnings[0]


def test_the_changes_of_others_are_named_but_not_all_of_many() -> None:
    others: dict[str, Any] = {f"plan{number}": number for number in range(7)}
    held, resource = planned(offer(**others), publish="preview")
    assert "plan0/1, plan1/1, plan2/1, plan3/1, plan4/1 and 2 more" in held.warnings[0]
    assert "lead_destination.an-offer.published" not in held.paths
    assert told(resource)["publication"]["state"] == "held"
    plan, _resource = planned(offer(**others), publish="preview", publish_other_changes=True)
    assert plan.paths[-1] == "lead_destination.an-offer.published"
    assert planned(offer(**others))[0].paths


def test_missing_value_can_be_shown_but_not_handed_over() -> None:
    plan, _resource = planned(offer(), password=None)
    assert "lead_destination.an-offer.secret" in plan.paths
    with pytest.raises(InvalidInput, match="password is missing: offer 'an-offer'"):
        plan.execute()


def test_offer_with_another_destination_has_no_leads_to_turn_away() -> None:
    plan, resource = planned(offer(TO_USER, TO_USER), destination="none", environment_url="https://x.crm4.dynamics.com")
    assert plan.paths == []
    assert (told(resource)["live_since"], told(resource)["publish_needed"]) == (None, False)


def test_leads_of_only_the_published_offer_are_turned_away() -> None:
    plan, resource = planned(offer(NOWHERE, TO_USER), destination="none")
    assert plan.paths == []
    assert told(resource)["publish_needed"] is True
    assert planned(offer(TO_USER, TO_USER), destination="none")[0].paths == [
        "lead_destination.an-offer.leadDestination"
    ]


# --- limits of Partner Center's schema

HTTPS = {"destination": "https_endpoint"}
TABLE = {"destination": "azure_table"}
ACCOUNT = "DefaultEndpointsProtocol=https;AccountName=leads;AccountKey=Zmlyc3Q="


def wanted_from(**options: Any) -> lead_destination.DesiredLeadDestination:
    given = {"offer": "an-offer", "environment_url": URL, **USER, **options}
    return lead_destination.DesiredLeadDestination.from_options(
        {**{name: spec.get("default") for name, spec in lead_destination.OPTIONS.items()}, **given}
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"contact_emails": ["leads@contoso"]}, "contact_emails names 'leads@contoso'"),
        ({"contact_emails": ["a@b.example, c@d.example"]}, "contact_emails names"),
        ({"password": "p" * 257}, "password has 257 characters, but Partner Center accepts at most 256"),
        ({"user_name": "u" * 129}, "user_name has 129 characters, but Partner Center accepts at most 128"),
        ({**HTTPS, "https_endpoint_url": "http://leads.example"}, "https_endpoint_url must be an https address"),
        ({**HTTPS, "https_endpoint_url": "https://"}, "https_endpoint_url must be an https address"),
        ({**HTTPS, "https_endpoint_url": "https://leads.example/a b"}, "https_endpoint_url must be an https address"),
        ({**TABLE, "azure_table_connection_string": f"{ACCOUNT};more"}, "is not a connection string"),
        (
            {**TABLE, "azure_table_connection_string": f"{ACCOUNT};EndpointSuffix=example.com"},
            "is not a connection string",
        ),
    ],
)
def test_schema_violation_is_reported_before_sending(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InvalidInput) as told_:
        wanted_from(**options)
    assert sentence in str(told_.value)


@pytest.mark.parametrize("end", ["", ";", ";EndpointSuffix=core.windows.net", ";EndpointSuffix=core.chinacloudapi.cn"])
def test_connection_strings_of_the_schema_are_accepted(end: str) -> None:
    wanted = wanted_from(**TABLE, azure_table_connection_string=ACCOUNT + end)
    assert wanted.secret is not None
    assert wanted.secret.value == ACCOUNT + end


def test_the_scheme_of_an_endpoint_is_sent_in_lower_case() -> None:
    wanted = wanted_from(**HTTPS, https_endpoint_url="HTTPS://Leads.example/In")
    assert wanted.connection.details == {"httpsEndpointUrl": "https://Leads.example/In"}


# --- progress of a publication


def published(target: str, result: str, status: str = "completed", hours: int = 2) -> Submission:
    moment = HANDED_OVER + timedelta(hours=hours)
    return Submission("submission/1/2", target, status, result, moment, ("invalidState: Not good",))


def with_submissions(read: Offer, *submissions: Submission) -> Offer:
    return Offer(read.external_id, read.product_id, read.draft, read.live, submissions)


def test_running_publication_is_awaited_and_not_started() -> None:
    read = with_submissions(offer(TO_USER), published("live", "pending", "running"))
    plan, resource = planned(read, **RECORD, publish="live", publish_timeout=0)
    assert plan.paths == []
    assert "is being published to live since 2026-05-01T14:00:00" in plan.warnings[0]
    assert told(resource)["publication"] == {
        "state": "waiting",
        "target": "live",
        "submission_id": "submission/1/2",
        "job_id": "",
        "since": "2026-05-01T14:00:00.000000Z",
    }


def test_publication_that_failed_since_is_not_restarted() -> None:
    read = with_submissions(offer(TO_USER), published("preview", "failed"))
    plan, resource = planned(read, **RECORD, publish="live")
    assert plan.paths == []
    assert "(invalidState: Not good): correct that" in plan.warnings[0]
    assert told(resource)["publication"]["state"] == "failed"


@pytest.mark.parametrize("again", [{"publish_again": True}, {"handed_over_at": "2026-05-01T15:00:00Z"}])
def test_failed_publication_is_restarted_for_a_reason(again: dict[str, Any]) -> None:
    read = with_submissions(offer(TO_USER), published("preview", "failed"))
    plan, _resource = planned(read, **{**RECORD, **again}, publish="live")
    assert plan.paths == ["lead_destination.an-offer.published"]
