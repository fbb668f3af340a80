# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Offers: their leads go to the requested destination with a working secret, and nothing else is published."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .cloud import Ansible, Cloud, Run
from .publisher import HOST, OFFER, Publisher

PACE = ("--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4")
pytestmark = pytest.mark.cloud("--tenants", "1", "--offers", "1", *PACE)
NIL = "00000000-0000-0000-0000-000000000000"
FRESH = ["leadDestination", "instanceUrl", "authentication", "applicationId", "directoryId"]
HTTPS: dict[str, Any] = {"destination": "https_endpoint", "https_endpoint_url": "https://leads.contoso.example/in"}
TABLE = "DefaultEndpointsProtocol=https;AccountName=leads;AccountKey={key};EndpointSuffix=core.windows.net"


def said(run: Run) -> str:
    """The output of a run, without line breaks."""
    return " ".join(run.output.split())


@pytest.fixture
def publisher(cloud: Cloud, ansible: Ansible) -> Publisher:
    return Publisher(cloud, ansible)


def test_leads_reach_the_environment_only_once_the_offer_is_live(publisher: Publisher) -> None:
    fresh = publisher.run(contact_emails=["sales@contoso.example"])
    assert publisher.changes(fresh) == [*FRESH, "contactEmail", "secret"]
    assert publisher.leads()["dynamicsLeadConfiguration"]["instanceUrl"] == publisher.tenant.environment_url
    assert "leads arrive as before until the offer is live. Publish the offer" in " ".join(fresh.output.split())
    told = publisher.told(fresh)
    assert (told["publish_needed"], told["live_since"]) == (True, None)
    assert told["live"]["lead_destination"] == "none"

    again = publisher.run(contact_emails=["Sales@contoso.example"], rehearse=False)
    assert again.changed_hosts() == set(), again.output
    asked = [entry for entry in publisher.cloud.requests_since(again.mark) if "product-ingestion" in entry["path"]]
    assert len(asked) == 4
    assert publisher.cloud.writes_since(again.mark) == []

    # Without a value the asterisks keep the secret.
    other_address = publisher.run(contact_emails=["leads@contoso.example"], application_key=None)
    assert publisher.changes(other_address) == ["contactEmail"]
    assert publisher.told(other_address)["handed_over"] == publisher.told(fresh)["handed_over"]

    preview = publisher.run(publish="preview", application_key=None)
    assert publisher.changes(preview) == ["published"]
    assert preview.result(HOST, "partner_center_lead_destination")["diff"]["after"] == {
        f"lead_destination.{OFFER}.published": "preview"
    }
    assert "only in preview" in preview.output
    assert publisher.leads("live")["leadDestination"] == "none"

    live = publisher.run(publish="live", application_key=None)
    assert publisher.changes(live) == ["published"]
    told = publisher.told(live)
    assert (told["publish_needed"], told["live"]["dynamics_lead_configuration"]["contact_email"]) == (
        False,
        ["leads@contoso.example"],
    )
    assert told["live_since"] > told["handed_over"]["at"]
    assert publisher.a_customer_comes() is None
    assert [len(publisher.submissions(target)) for target in ("preview", "live")] == [2, 2]

    done = publisher.run(publish="live", application_key=None)
    assert done.changed_hosts() == set(), done.output
    assert publisher.told(done)["live_since"] == told["live_since"]


def test_rotated_secret_is_live_only_after_another_publication(publisher: Publisher) -> None:
    first = publisher.run(publish="live", verbosity=5, rehearse=False)
    assert publisher.changes(first) == [*FRESH, "secret", "published"]
    since = publisher.told(first)["live_since"]

    applications = publisher.cloud.graph(publisher.tenant, "GET", "/applications")["value"]
    (runner,) = [each for each in applications if each["appId"] == publisher.tenant.client_id]
    added = publisher.cloud.graph(publisher.tenant, "POST", f"/applications/{runner['id']}/addPassword", {})
    publisher.cloud.jump(30)
    rotated = publisher.run(application_key=added["secretText"], secret_key_id=added["keyId"], verbosity=5)
    assert rotated.result(HOST, "partner_center_lead_destination")["diff"] == {
        "before": {f"lead_destination.{OFFER}.secret": "first"},
        "after": {f"lead_destination.{OFFER}.secret": added["keyId"]},
    }
    told = publisher.told(rotated)
    assert (told["live_since"], told["publish_needed"]) == (None, True)
    assert told["handed_over"]["key_id"] == added["keyId"]
    assert "leads arrive as before until the offer is live" in " ".join(rotated.output.split())

    new = {"application_key": added["secretText"], "secret_key_id": added["keyId"]}
    live = publisher.run(**new, publish="live", rehearse=False)
    assert publisher.changes(live) == ["published"]
    assert publisher.told(live)["live_since"] > told["handed_over"]["at"] > since
    publisher.cloud.graph(
        publisher.tenant,
        "PATCH",
        f"/applications/{runner['id']}",
        {"passwordCredentials": [{"keyId": added["keyId"]}]},
    )
    assert publisher.a_customer_comes() is None

    records = "".join(path.read_text(encoding="utf-8") for path in publisher.cloud.folder.glob("record*.jsonl"))
    for run in (first, rotated, live):
        for value in (publisher.tenant.client_secret, added["secretText"]):
            assert value not in run.output
            assert value not in records


def test_changes_of_others_are_published_only_on_request(publisher: Publisher) -> None:
    publisher.edit("listing", {"title": "A title that is not ready"})
    held = publisher.run(publish="live")
    assert "has changes by other people that are not live (listing/" in said(held)
    assert publisher.changes(held) == [*FRESH, "secret"]
    assert publisher.told(held)["publication"]["state"] == "held"
    assert publisher.leads("preview")["leadDestination"] == "none"

    both = publisher.run(publish="live", publish_other_changes=True, rehearse=False)
    assert publisher.changes(both) == ["published"]
    assert publisher.a_customer_comes() is None

    # A person changes the preview after this offer's lead destination got there.
    publisher.run(contact_emails=["leads@contoso.example"], publish="preview", rehearse=False)
    publisher.edit("listing", {"title": "Another one"}, target="preview")
    late = publisher.run(contact_emails=["leads@contoso.example"], publish="live", rehearse=False)
    assert "has changes by other people that are not live (listing/" in said(late)
    assert publisher.leads("live")["dynamicsLeadConfiguration"].get("contactEmail") is None


def test_other_kind_of_destination_is_replaced_only_on_request(publisher: Publisher) -> None:
    salesforce = {
        "leadDestination": "salesforce",
        "salesforceLeadConfiguration": {"objectIdentifier": "00D000000000000"},
    }
    publisher.edit("customer-leads", salesforce)
    refused = publisher.run()
    assert "sends its leads to salesforce, not to dynamics: set replace_other_destination" in refused.failure(HOST)
    assert publisher.cloud.writes_since(refused.mark) == []

    taken = publisher.run(replace_other_destination=True, rehearse=False)
    assert publisher.changes(taken) == [*FRESH, "secret"]
    assert "salesforceLeadConfiguration" not in publisher.leads()

    elsewhere = publisher.run(destination="none", environment_url="https://fabrikam.crm4.dynamics.com", rehearse=False)
    assert elsewhere.changed_hosts() == set(), elsewhere.output
    assert publisher.leads()["leadDestination"] == "dynamics"
    away = publisher.run(destination="none")
    assert publisher.changes(away) == ["leadDestination"]
    assert "dynamicsLeadConfiguration" not in publisher.leads()

    endpoint = publisher.run(**HTTPS, contact_emails=["leads@contoso.example"], rehearse=False)
    assert publisher.changes(endpoint) == ["leadDestination", "httpsEndpointUrl", "contactEmail"]

    publisher.handed_over = {}
    connection = TABLE.format(key="Zmlyc3Q=")
    table: dict[str, Any] = {
        "destination": "azure_table",
        "azure_table_connection_string": connection,
        "application_key": None,
    }
    stored = publisher.run(**table, replace_other_destination=True, verbosity=4, rehearse=False)
    assert publisher.changes(stored) == ["leadDestination", "secret"]
    assert connection not in stored.output
    assert publisher.run(**table, rehearse=False).changed_hosts() == set()


def test_refusal_of_partner_center_is_reported_item_by_item(publisher: Publisher) -> None:
    # A field that the service returns but does not accept.
    publisher.run(rehearse=False)
    changed = {**publisher.leads()["dynamicsLeadConfiguration"], "shown": "only"}
    publisher.edit("customer-leads", {"dynamicsLeadConfiguration": changed})
    run = publisher.run(contact_emails=["leads@contoso.example"])
    assert f"refused the lead destination of offer '{OFFER}': schemaValidationError for customer-leads/" in run.failure(
        HOST
    )
    assert "'shown' is not allowed" in run.failure(HOST)
    failed = run.result(HOST, "partner_center_lead_destination")
    assert (failed["failure"]["code"], failed["changes"]) == ("schemaValidationError", [])


def test_immediate_refusal_reports_what_is_wrong_with_a_resource(publisher: Publisher) -> None:
    details = [{"code": "schemaValidationError", "message": "contactEmail/0 is no e-mail address."}]
    error = {"code": "badRequest", "message": "Invalid configuration", "details": details}
    refused = json.dumps({"error": error})
    publisher.cloud.fault(route="configure\\?", method="POST", status=400, content=refused, count=0)
    run = publisher.run(rehearse=False)
    assert "Invalid configuration; schemaValidationError: contactEmail/0 is no e-mail address." in run.failure(HOST)


@pytest.mark.parametrize(("status", "body"), [(401, "empty"), (403, "empty"), (403, "problem")])
def test_application_refused_without_a_message_gets_the_cure(publisher: Publisher, status: int, body: str) -> None:
    publisher.cloud.fault(route="product-ingestion", status=status, body=body, count=0)
    run = publisher.run(rehearse=False)
    assert "add it to the publisher's account there" in run.failure(HOST)


def test_failed_publication_reports_a_broken_connection(publisher: Publisher) -> None:
    run = publisher.run(application_key="a-secret-of-no-application", publish="live", rehearse=False)
    sentence = run.failure(HOST)
    assert f"The publication of offer '{OFFER}' to preview failed: internalServerError for submission/" in sentence
    assert "; businessValidationError for customer-leads/" in sentence
    assert sentence.count("AADSTS7000215") == 1
    assert run.result(HOST, "partner_center_lead_destination")["changes"][-1].endswith(".secret")
    assert publisher.leads("live")["leadDestination"] == "none"


@pytest.mark.parametrize("at_once", [False, True], ids=["failed-job", "conflict"])
def test_run_waits_for_an_offer_being_published(publisher: Publisher, at_once: bool) -> None:
    publisher.cloud.set(publish_seconds=1000, partner_center_conflicts_at_once=at_once)
    publisher.begin_publication()
    publisher.cloud.jump(1)
    impatient = publisher.run(publish_timeout=0, rehearse=False)
    assert publisher.changes(impatient) == []
    assert "to hand over the changes to its lead destination" in said(impatient)

    # The publication ends during the wait.
    publisher.cloud.fault(route="submission/", skip=2, clock_jump_seconds=1000)
    run = publisher.run(rehearse=False)
    assert publisher.changes(run) == [*FRESH, "secret"]
    assert "waiting for a publication to end" in run.output
    assert publisher.leads()["leadDestination"] == "dynamics"

    # A run that stopped waiting has published anyway: the next one does not publish again.
    given_up = publisher.run(publish="preview", publish_timeout=0, rehearse=False)
    assert publisher.changes(given_up) == ["published"]
    assert publisher.told(given_up)["publication"]["state"] == "waiting"
    publisher.cloud.set(publish_seconds=0.4)
    publisher.cloud.jump(1000)
    assert publisher.changes(publisher.run(publish="live", rehearse=False)) == ["published"]
    assert [len(publisher.submissions(target)) for target in ("preview", "live")] == [3, 2]


def test_lost_responses_neither_duplicate_nor_lose_anything(publisher: Publisher) -> None:
    publisher.cloud.fault(route="configure\\?", method="POST", reset=True, applied=True)
    publisher.cloud.fault(route="configure/[^/]+/status", status=500, count=2)
    handed_over = publisher.run(rehearse=False)
    assert publisher.changes(handed_over) == [*FRESH, "secret"]

    publisher.cloud.fault(route="configure\\?", method="POST", reset=True, applied=True, count=2)
    publisher.cloud.fault(route="submission/", status=500, skip=4, count=2)
    live = publisher.run(publish="live", rehearse=False)
    assert publisher.changes(live) == ["published"]
    assert publisher.configured(live) == 2
    assert [len(publisher.submissions(target)) for target in ("preview", "live")] == [2, 2]
    assert publisher.run(publish="live", rehearse=False).changed_hosts() == set()

    # A request that was never accepted is not repeated blindly either.
    publisher.run(contact_emails=["leads@contoso.example"], rehearse=False)
    publisher.cloud.fault(route="configure\\?", method="POST", reset=True)
    lost = publisher.run(publish="live", configure_timeout=2, rehearse=False)
    assert "got no answer" in lost.failure(HOST)
    assert publisher.configured(lost) == 1
    assert publisher.changes(publisher.run(publish="live", rehearse=False)) == ["published"]


def test_dry_run_completes_before_an_application_exists(publisher: Publisher) -> None:
    coming: dict[str, Any] = {"application_id": NIL, "application_key": None, "secret_key_id": NIL}
    dry = publisher.run(**coming, publish="live", check=True)
    assert publisher.changes(dry) == [*FRESH, "secret", "published"]
    assert publisher.told(dry)["publish_needed"] is True
    real = publisher.run(**coming, rehearse=False)
    assert "application_key is missing" in real.failure(HOST)
    assert publisher.cloud.writes_since(real.mark) == []


def test_unusable_publisher_credentials_are_one_message(publisher: Publisher) -> None:
    runner = {"client_id": "{{ lead_writer_client_id }}", "client_secret": "{{ lead_writer_client_secret }}"}
    cases: list[tuple[dict[str, Any], str]] = [
        ({"client_secret": "not-the-secret"}, "client_secret is not valid for application"),
        (runner, "Partner Center does not accept application"),
        ({"offer": "no-offer"}, "offer 'no-offer' matches 0 offers of the publisher's account in tenant"),
        ({"cloud": "gcc_high"}, "leave cloud out, and give the credentials of the publisher"),
    ]
    tasks = [{**publisher.task(**options), "ignore_errors": True} for options, _sentence in cases]
    run = publisher.ansible.tasks(*tasks, check=True)
    messages = [one.result["msg"] for one in run.of(HOST, "partner_center_lead_destination")]
    assert len(messages) == len(cases), run.output
    for message, (_options, sentence) in zip(messages, cases, strict=True):
        assert sentence in message
        assert "\n" not in message
    assert "Traceback" not in run.output


@pytest.mark.cloud("--tenants", "1", "--offers", "1", *PACE, "--set", "partner_center_as_documented=true")
def test_spellings_of_the_documentation_are_accepted(publisher: Publisher) -> None:
    fresh = publisher.run(publish="live", rehearse=False)
    assert publisher.changes(fresh) == [*FRESH, "secret", "published"]
    assert publisher.a_customer_comes() is None
    assert publisher.run(publish="live", rehearse=False).changed_hosts() == set()


@pytest.mark.cloud("--tenants", "1", "--offers", "1", *PACE, "--set", "partner_center_masks_keep=false")
def test_known_secret_is_posted_instead_of_its_asterisks(publisher: Publisher) -> None:
    publisher.run(rehearse=False)
    publisher.run(contact_emails=["leads@contoso.example"], publish="live", rehearse=False)
    assert publisher.a_customer_comes() is None


VERSIONS = ["2022-07-01", "2022-03-01-preview3", "2022-03-01-preview2"]


def deprecate(publisher: Publisher, *versions: str) -> None:
    publisher.cloud.set(partner_center_deprecated_versions=",".join(versions))


def asked_with(publisher: Publisher, run: Run) -> list[str]:
    """The versions of the schemas that a run requested, each once, in order."""
    asked = [entry["path"] for entry in publisher.cloud.requests_since(run.mark)]
    return list(dict.fromkeys(path.partition("$version=")[2] for path in asked if "$version=" in path))


def test_older_version_is_used_if_the_newest_is_refused(publisher: Publisher) -> None:
    deprecate(publisher, VERSIONS[0])
    run = publisher.run(publish="live", rehearse=False)
    assert publisher.changes(run) == [*FRESH, "secret", "published"]
    assert asked_with(publisher, run) == VERSIONS[:2]
    refused = [entry for entry in publisher.cloud.requests_since(run.mark) if f"={VERSIONS[0]}" in entry["path"]]
    assert len(refused) == 1
    assert publisher.a_customer_comes() is None


def test_newest_version_is_used_if_older_ones_are_refused(publisher: Publisher) -> None:
    deprecate(publisher, *VERSIONS[1:])
    run = publisher.run(publish="live", rehearse=False)
    assert asked_with(publisher, run) == VERSIONS[:1]
    assert publisher.a_customer_comes() is None


def test_a_version_that_is_named_is_the_only_one_used(publisher: Publisher) -> None:
    run = publisher.run(api_version=VERSIONS[1], rehearse=False)
    assert publisher.changes(run) == [*FRESH, "secret"]
    assert asked_with(publisher, run) == VERSIONS[1:2]


def test_refusal_of_all_versions_is_reported(publisher: Publisher) -> None:
    deprecate(publisher, *VERSIONS)
    failure = publisher.run(rehearse=False).failure(HOST)
    assert "refuses version 2022-03-01-preview2 of its schemas as deprecated: set api_version" in failure


@pytest.mark.cloud(
    *("--tenants", "1", "--offers", "1", *PACE, "--set", "partner_center_as_documented=true"),
    *("--set", "partner_center_old_host_gone=true"),
)
def test_a_resource_is_posted_with_the_schema_that_is_served_now(publisher: Publisher) -> None:
    assert publisher.leads()["$schema"].startswith("https://product-ingestion.azureedge.net/")
    publisher.run(publish="live", rehearse=False)
    assert publisher.a_customer_comes() is None


def test_immediate_refusal_names_field_and_problem(publisher: Publisher) -> None:
    publisher.run(rehearse=False)
    publisher.cloud.set(partner_center_schema_at_once=True)
    changed = {**publisher.leads()["dynamicsLeadConfiguration"], "shown": "only"}
    publisher.edit("customer-leads", {"dynamicsLeadConfiguration": changed})
    failure = publisher.run(contact_emails=["leads@contoso.example"], rehearse=False).failure(HOST)
    assert "Invalid configuration: schema validation failed" in failure
    assert failure.count("schemaValidationError: The property 'shown' is not allowed") == 1


@pytest.mark.cloud("--tenants", "1", "--offers", "1", *PACE, "--set", "partner_center_masks_keep=false")
def test_asterisks_that_are_sent_back_cause_a_warning(publisher: Publisher) -> None:
    assert "asterisks" not in said(publisher.run(rehearse=False))
    changed = publisher.run(contact_emails=["leads@contoso.example"], application_key=None, rehearse=False)
    assert "give application_key to be sure" in said(changed)


def test_timeout_of_a_job_also_names_the_variable(publisher: Publisher) -> None:
    publisher.cloud.set(configure_seconds=1000)
    failure = publisher.run(configure_timeout=1, rehearse=False).failure(HOST)
    assert "raise configure_timeout (lead_writer_configure_timeout in the role)" in failure


def test_handover_is_returned_although_its_publication_failed(publisher: Publisher) -> None:
    run = publisher.run(application_key="a-secret-of-no-application", publish="live", rehearse=False)
    told = run.result(HOST, "partner_center_lead_destination")["lead_destination"]
    assert told["handed_over"]["key_id"] == "first"
    assert (told["publication"]["state"], told["publication"]["job_id"] != "") == ("failed", True)
