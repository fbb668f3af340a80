# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partner Center: an offer's lead destination as draft, preview and live, and its publication."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simulator.spec import EnvironmentSpec, PublisherSpec, TenantSpec, generated_tenant

from .running import RunningCloud

BASE = "https://graph.microsoft.com/rp/product-ingestion"
SCHEMA = "https://schema.mp.microsoft.com/schema"

OTHERS = ("blob", "email", "httpsEndpoint", "marketo", "salesforce", "table")

NewCloud = Callable[..., RunningCloud]


class Offers:
    """Calls to a Partner Center account, by contoso's runner by default."""

    def __init__(self, cloud: RunningCloud, publisher: str = "contoso") -> None:
        self.cloud, self.tenant = cloud, cloud.tenant()
        publishing = cloud.tenant(publisher)
        application = publishing.publisher or publishing.runner
        self.sign_in(publisher, application.app_id, application.secret)
        self.session = cloud.session()
        self.product = self.get("product?externalId=contoso-offer")["value"][0]["id"].removeprefix("product/")

    def sign_in(self, tenant: str, client_id: str, secret: str) -> None:
        """Continue as another application."""
        signed_in = self.cloud.sign_in("https://graph.microsoft.com", tenant, secret, client_id)
        self.headers = {"Authorization": f"Bearer {signed_in['access_token']}"}

    def __call__(self, method: str, path: str, body: Any = None, version: str = "2022-03-01-preview3") -> Any:
        mark = "&" if "?" in path else "?"
        url = f"{BASE}/{path}{mark}$version={version}" if version else f"{BASE}/{path}"
        return self.session.request(method, url, json=body, headers=self.headers, timeout=10)

    def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        answer = self("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def destination(self, **configuration: Any) -> dict[str, Any]:
        """The resource that sends leads to contoso's environment, with an application's credentials."""
        values = {
            "instanceUrl": self.tenant.environments[0].url,
            "authentication": "azureAD",
            "applicationId": self.tenant.runner.app_id,
            "applicationKey": self.tenant.runner.secret,
            "directoryId": self.tenant.id,
            **configuration,
        }
        return {
            "$schema": f"{SCHEMA}/customer-leads/2022-03-01-preview3",
            "id": f"customer-leads/{self.product}",
            "product": f"product/{self.product}",
            "leadDestination": "dynamics",
            "dynamicsLeadConfiguration": {key: value for key, value in values.items() if value is not None},
        }

    def begin(self, *resources: dict[str, Any]) -> str:
        """Send resources and let the time of a change pass; returns the job's id."""
        body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": list(resources)}
        started = self("POST", "configure", body, "2022-03-01-preview2").json()
        assert started["jobResult"] == "pending"
        assert started["jobEnd"] == "0001-01-01T00:00:00"
        self.cloud.world.clock.jump(self.cloud.world.settings.configure_seconds)
        return str(started["jobId"])

    def status(self, job: str) -> dict[str, Any]:
        """The status of a job."""
        found: dict[str, Any] = self.get(f"configure/{job}/status")
        return found

    def configure(self, *resources: dict[str, Any]) -> dict[str, Any]:
        """Send resources and wait for the end of the job; returns its status."""
        status = self.status(self.begin(*resources))
        assert status["jobStatus"] == "completed"
        return status

    def request(self, target: str, **more: str) -> dict[str, Any]:
        """The resource that requests a publication."""
        return {
            "$schema": f"{SCHEMA}/submission/2022-03-01-preview2",
            "product": f"product/{self.product}",
            "target": {"targetType": target},
            **more,
        }

    def publish(self, target: str, *parts: dict[str, Any], identifier: str = "") -> dict[str, Any]:
        """Publish all, or only some resources; wait for the end, and return the job's status."""
        job = self.begin(*parts, self.request(target, **({"id": identifier} if identifier else {})))
        self.cloud.world.clock.jump(self.cloud.world.settings.publish_seconds)
        status = self.status(job)
        assert status["jobStatus"] == "completed"
        return status

    def submission(self, target: str) -> Any:
        """The latest submission to a target."""
        return self.get(f"submission/{self.product}?targetType={target}")["value"][0]

    def leads(self, target: str) -> Any:
        """The lead destination in one state of the offer."""
        return self.resource(target, "customer-leads")

    def by_hand(self, kind: str, **changes: Any) -> dict[str, Any]:
        """Another user's change of the draft."""
        body = {"resource": kind, "changes": changes}
        changed: dict[str, Any] = self.cloud.control("PATCH", "/tenants/contoso/offers/contoso-offer", body)
        return changed

    def resource(self, target: str, kind: str) -> dict[str, Any]:
        """A resource in one state of the offer."""
        tree = self.get(f"resource-tree/product/{self.product}?targetType={target}")["resources"]
        found: dict[str, Any] = next(item for item in tree if item["id"].startswith(f"{kind}/"))
        return found

    def leads_in_environment(self) -> list[dict[str, Any]]:
        """The leads of the lead service."""
        host = self.tenant.environments[0].host
        url = f"https://control.simulator.test/admin-override/{host}/api/data/v9.2/leads"
        found: list[dict[str, Any]] = self.session.get(url, timeout=10).json()["value"]
        return found


@pytest.fixture
def offers(cloud: RunningCloud) -> Offers:
    return Offers(cloud)


@pytest.fixture
def young(new_cloud: NewCloud) -> Offers:
    """A tenant's offer that was never published and has no lead destination yet."""
    only = ("contoso-offer",)
    return Offers(new_cloud(replace(generated_tenant(1), unpublished_offers=only, offers_without_leads=only)))


def test_a_change_affects_the_draft_only(offers: Offers) -> None:
    assert offers.configure(offers.destination())["jobResult"] == "succeeded"

    draft = offers.get(f"customer-leads/{offers.product}")
    assert draft["leadDestination"] == "dynamics"
    assert set(draft["dynamicsLeadConfiguration"]["applicationKey"]) == {"*"}
    assert offers.leads("draft") == draft
    assert offers.leads("preview")["leadDestination"] == offers.leads("live")["leadDestination"] == "none"


def test_leads_use_the_credentials_of_the_live_offer(offers: Offers) -> None:
    control = offers.cloud.control
    offers.configure(offers.destination())
    assert offers.publish("preview")["jobResult"] == "succeeded"
    test_leads = offers.leads_in_environment()
    assert [lead["lastname"].startswith("MSFT_TEST_") for lead in test_leads] == [True]
    assert control("POST", "/tenants/contoso/leads", {"offer": "contoso-offer"})["delivered"]
    assert len(offers.leads_in_environment()) == 1  # live still has no lead destination

    assert offers.publish("live", identifier=offers.submission("preview")["id"])["jobResult"] == "succeeded"

    assert offers.leads("live")["leadDestination"] == "dynamics"
    assert control("POST", "/tenants/contoso/leads", {"offer": "contoso-offer"}) == {"delivered": True, "error": None}
    assert len(offers.leads_in_environment()) == 2


def test_a_publication_fails_when_the_test_lead_does_not_arrive(offers: Offers) -> None:
    offers.configure(offers.destination(applicationKey="not the secret"))

    job = offers.publish("preview")

    submission = offers.submission("preview")
    (told,) = job["errors"][0]["details"][0]["details"]
    assert submission["validations"] == [told | {"level": "warning"}]
    assert (submission["status"], submission["result"]) == ("completed", "failed")
    assert "Unable to sign in to Dynamics CRM" in submission["validations"][0]["message"]
    assert offers.leads("preview")["leadDestination"] == "none"
    refused = offers.publish("live", identifier=submission["id"])
    assert refused["errors"][0]["code"] == "invalidState"


def test_a_publication_may_continue_without_its_test_lead(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_needs_test_lead = False
    offers.configure(offers.destination(applicationKey="not the secret"))
    offers.publish("preview")
    offers.publish("live", identifier=offers.submission("preview")["id"])

    answer = offers.cloud.control("POST", "/tenants/contoso/leads", {"offer": "contoso-offer"})
    assert offers.leads("live")["leadDestination"] == "dynamics"
    assert (answer["delivered"], "AADSTS" in answer["error"]) == (False, True)


@pytest.mark.parametrize("path", ["/main.aspx", "/"])
def test_only_the_bare_address_of_an_environment_takes_leads(offers: Offers, path: str) -> None:
    offers.configure(offers.destination(instanceUrl=offers.tenant.environments[0].url + path))
    offers.publish("preview")

    assert offers.submission("preview")["result"] == ("succeeded" if path == "/" else "failed")


def test_posting_the_mask_back_keeps_the_secret(offers: Offers) -> None:
    assert masked_back(offers)["result"] == "succeeded"


def test_a_mask_may_replace_the_secret(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_masks_keep = False

    assert "Invalid client secret" in masked_back(offers)["validations"][0]["message"]


def masked_back(offers: Offers) -> dict[str, Any]:
    """Change the resource and send it back with its mask; returns the publication that follows."""
    offers.configure(offers.destination())
    read = offers.get(f"customer-leads/{offers.product}")
    del read["validations"]
    read["dynamicsLeadConfiguration"]["contactEmail"] = ["sales@contoso.example"]
    assert offers.configure(read)["jobResult"] == "succeeded"
    offers.publish("preview")
    submission: dict[str, Any] = offers.submission("preview")
    return submission


def test_validations_of_a_draft_are_not_sent_back(offers: Offers) -> None:
    offers.configure(offers.destination())
    read = offers.get(f"customer-leads/{offers.product}")

    assert [item.keys() for item in read["validations"]] == [{"level", "code", "message", "resourceId"}]
    assert {"validations", "resourceName"} & offers.leads("live").keys() == set()
    assert [error["code"] for error in offers.configure(read)["errors"]] == ["schemaValidationError"]


def test_an_error_calls_a_resource_by_the_name_it_was_given(offers: Offers) -> None:
    status = offers.configure({**offers.destination(), "product": "product/none", "resourceName": "myLeads"})

    assert [error["resourceId"] for error in status["errors"]] == ["myLeads"]


def test_only_a_full_publication_includes_other_peoples_changes(offers: Offers) -> None:
    offers.by_hand("property", termsOfUse="half written")

    assert offers.publish("preview", offers.destination())["jobResult"] == "succeeded"
    assert offers.leads("preview")["leadDestination"] == "dynamics"
    assert offers.resource("preview", "property")["termsOfUse"] == ""

    assert offers.publish("preview")["jobResult"] == "succeeded"
    assert offers.resource("preview", "property")["termsOfUse"] == "half written"


def test_live_has_no_modular_publication(offers: Offers) -> None:
    identifier = offers.submission("preview")["id"]

    refused = offers.publish("live", offers.destination(), identifier=identifier)

    assert [error["code"] for error in refused["errors"]] == ["notSupported"]
    assert offers.get(f"customer-leads/{offers.product}")["leadDestination"] == "none"


def test_a_modular_publication_may_need_most_parts(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_modular_whole = True

    refused = offers.publish("preview", offers.destination())
    assert [error["code"] for error in refused["errors"]] == ["businessValidationError"]

    parts = [offers.resource("live", kind) for kind in ("product", "property", "plan")]
    assert offers.publish("preview", *parts, offers.destination())["jobResult"] == "succeeded"


def test_a_preview_that_goes_live_keeps_its_id(offers: Offers) -> None:
    before = {item["target"]["targetType"]: item for item in offers.get(f"submission/{offers.product}")["value"]}
    assert before["draft"].keys() == {"$schema", "id", "product", "target"}
    offers.configure(offers.destination())
    offers.publish("preview")
    offers.cloud.world.clock.jump(1800)
    offers.publish("live", identifier=offers.submission("preview")["id"])

    after = {item["target"]["targetType"]: item for item in offers.get(f"submission/{offers.product}")["value"]}
    assert after["live"]["id"] == after["preview"]["id"] != before["live"]["id"]
    assert after["live"]["created"] > after["preview"]["created"] > before["live"]["created"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"leadDestination": "nonsense"}, "schemaValidationError"),
        ({"validations": []}, "schemaValidationError"),
        ({"nonsense": 1}, "schemaValidationError"),
        ({"salesforceLeadConfiguration": {"objectIdentifier": "short"}}, "schemaValidationError"),
        ({f"{name}LeadConfiguration": {} for name in OTHERS}, "schemaValidationError"),
        ({"dynamicsLeadConfiguration": None}, "schemaValidationError"),
        ({"product": "product/11111111-1111-1111-1111-111111111111"}, "resourceNotFound"),
    ],
)
def test_an_invalid_resource_fails_the_whole_job(offers: Offers, change: dict[str, Any], code: str) -> None:
    status = offers.configure(offers.destination() | change)

    assert (status["jobResult"], [error["code"] for error in status["errors"]]) == ("failed", [code])
    assert offers.get(f"customer-leads/{offers.product}")["leadDestination"] == "none"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"applicationKey": None}, "schemaValidationError"),
        ({"username": "leads@contoso.example", "password": "x"}, "schemaValidationError"),
        ({"applicationKey": "****"}, "businessValidationError"),
        ({"authentication": "oauth"}, "schemaValidationError"),
        ({"instanceUrl": "contoso.crm4.dynamics.com"}, "schemaValidationError"),
        ({"contactEmail": "sales@contoso.example"}, "schemaValidationError"),
        ({"contactEmail": ["sales@contoso"]}, "schemaValidationError"),
        ({"applicationKey": "k" * 2049}, "schemaValidationError"),
        ({"directoryId": "contoso.onmicrosoft.com"}, "schemaValidationError"),
        ({"applicationSecret": "x"}, "schemaValidationError"),
    ],
)
def test_invalid_connection_details_fail_the_job(offers: Offers, change: dict[str, Any], code: str) -> None:
    assert [error["code"] for error in offers.configure(offers.destination(**change))["errors"]] == [code]


def test_details_of_another_destination_are_allowed(offers: Offers) -> None:
    table = "DefaultEndpointsProtocol=https;AccountName=leads;AccountKey=a2V5"
    beside = {"tableLeadConfiguration": {"storageAccountConnectionString": table}}

    assert offers.configure(offers.destination() | beside)["jobResult"] == "succeeded"

    read = offers.leads("draft")
    assert set(read["tableLeadConfiguration"]["storageAccountConnectionString"]) == {"*"}
    masked = {name: value for name, value in read.items() if name not in ("validations", "resourceName")}
    assert offers.configure(masked)["jobResult"] == "succeeded"


@pytest.mark.parametrize(("status", "code"), [(404, "notFound"), (400, "badRequest")])
def test_a_state_never_reached_may_be_refused_otherwise(young: Offers, status: int, code: str) -> None:
    young.cloud.world.settings.partner_center_unpublished_status = status
    answer = young("GET", f"resource-tree/product/{young.product}?targetType=live")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_a_state_never_reached_may_be_empty(young: Offers) -> None:
    young.cloud.world.settings.partner_center_unpublished_status = 200
    assert young.get(f"resource-tree/product/{young.product}?targetType=live")["resources"] == []


def test_every_state_may_have_validations(offers: Offers) -> None:
    assert "validations" not in offers.leads("live")
    offers.cloud.world.settings.partner_center_validates_all = True
    assert "validations" in offers.leads("live")


def test_a_live_submission_may_keep_the_time_of_its_preview(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_keeps_created = True
    offers.configure(offers.destination())
    offers.publish("preview")
    offers.cloud.world.clock.jump(1800)
    offers.publish("live", identifier=offers.submission("preview")["id"])
    assert offers.submission("live")["created"] == offers.submission("preview")["created"]


def test_a_job_may_not_report_its_end(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_shows_job_end = False
    done = offers.configure(offers.destination())
    assert (done["jobResult"], done["jobEnd"]) == ("succeeded", "0001-01-01T00:00:00")


def test_deprecated_versions_may_be_refused_only_in_the_query(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_deprecated_versions = "2022-03-01-preview2,2022-03-01-preview3"
    offers.cloud.world.settings.partner_center_deprecated_in_bodies = False
    body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": [offers.destination()]}

    assert offers("POST", "configure", body, "2022-03-01-preview2").status_code == 400
    assert offers("POST", "configure", body, "2022-07-01").status_code == 200
    tree = offers("GET", f"resource-tree/product/{offers.product}", version="2022-07-01").json()
    assert any(each["$schema"].endswith("/2022-03-01-preview3") for each in tree["resources"])


def test_an_offer_may_have_no_lead_destination_until_one_is_written(young: Offers) -> None:
    assert young("GET", f"customer-leads/{young.product}").status_code == 404
    assert young.configure(young.destination())["jobResult"] == "succeeded"
    assert young.get(f"customer-leads/{young.product}")["leadDestination"] == "dynamics"


def test_an_offer_without_a_lead_destination_is_published(young: Offers) -> None:
    assert young.publish("preview")["jobResult"] == "succeeded"


def test_a_product_is_locked_while_it_is_published(offers: Offers) -> None:
    offers.cloud.world.settings.publish_seconds = 100.0
    submission = {
        "$schema": f"{SCHEMA}/submission/2022-03-01-preview2",
        "product": {"externalId": "contoso-offer"},
        "target": {"targetType": "preview"},
    }
    assert offers.status(offers.begin(submission))["jobStatus"] == "running"

    status = offers.configure(offers.destination())

    assert [error["code"] for error in status["errors"]] == ["productLocked"]
    assert offers.submission("preview")["status"] == "running"

    offers.cloud.world.settings.partner_center_conflicts_at_once = True
    body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": [offers.destination()]}
    refused = offers("POST", "configure", body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "conflict")


def test_a_publications_job_runs_as_long_as_its_certification(offers: Offers) -> None:
    offers.cloud.world.settings.publish_seconds = 3000.0
    offers.configure(offers.destination())
    job = offers.begin(offers.request("preview"))
    offers.cloud.world.clock.jump(2000)

    assert (offers.status(job)["jobStatus"], offers.submission("preview")["status"]) == ("running", "running")
    assert offers("POST", f"configure/{job}/cancel").status_code == 400
    offers.cloud.world.clock.jump(1000)
    assert (offers.status(job)["jobResult"], offers.submission("preview")["result"]) == ("succeeded", "succeeded")


def test_a_publication_job_may_end_when_the_publication_begins(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_jobs_certify = False
    offers.cloud.world.settings.publish_seconds = 100.0

    assert offers.configure(offers.request("preview"))["jobResult"] == "succeeded"
    assert offers.submission("preview")["status"] == "running"


def test_certification_results_are_only_in_the_job(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_certification_fails = True
    offers.configure(offers.destination())

    job = offers.publish("preview")

    assert job["errors"][0]["details"][0]["details"][0]["message"] == "Issues found during Certification."
    submission = offers.submission("preview")
    assert (submission["result"], "errors" in submission) == ("failed", False)


def test_a_submission_may_be_sent_back_as_it_was_read(offers: Offers) -> None:
    offers.configure(offers.destination())
    offers.publish("preview")
    read = offers.submission("preview")

    offers.begin(read | {"target": {"targetType": "live"}})
    offers.cloud.world.clock.jump(offers.cloud.world.settings.publish_seconds)

    assert offers.leads("live")["leadDestination"] == "dynamics"


def test_schema_violations_may_be_refused_immediately(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_schema_at_once = True
    wrong = offers.destination(contactEmail=["no-address"])
    body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": [wrong]}

    refused = offers("POST", "configure", body)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "badRequest")
    assert refused.json()["error"]["details"] == [
        {"code": "schemaValidationError", "message": "'contactEmail' is a list of e-mail addresses."}
    ]
    assert offers.configure(offers.destination())["jobResult"] == "succeeded"


def test_deprecated_versions_are_refused(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_deprecated_versions = "2022-03-01-preview2, 2022-03-01-preview3"

    refused = offers("GET", f"customer-leads/{offers.product}").json()["error"]
    read = offers("GET", f"customer-leads/{offers.product}", version="2022-07-01").json()
    body = {"$schema": f"{SCHEMA}/configure/2022-07-01", "resources": [offers.destination()]}
    written = offers("POST", "configure", body, "2022-07-01")

    assert refused["message"] == '"2022-03-01-preview3" is a deprecated schema'
    assert read["$schema"] == f"{SCHEMA}/customer-leads/2022-07-01"
    assert written.status_code == 400


def test_schemas_at_the_old_host_may_be_refused(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_old_host_gone = True
    old = {"$schema": "https://product-ingestion.azureedge.net/schema/customer-leads/2022-03-01-preview3"}

    assert [item["code"] for item in offers.configure(offers.destination() | old)["errors"]] == [
        "schemaValidationError"
    ]
    assert offers.configure(offers.destination())["jobResult"] == "succeeded"


class TestUnpublished:
    """Offers that were never published."""

    @pytest.fixture
    def offers(self, new_cloud: NewCloud) -> Offers:
        tenant = replace(generated_tenant(1), unpublished_offers=("contoso-offer",))
        return Offers(new_cloud(tenant))

    def test_an_offer_never_published_has_only_a_draft(self, offers: Offers) -> None:
        path = f"resource-tree/product/{offers.product}?targetType"
        assert [offers("GET", f"{path}={target}").status_code for target in ("draft", "preview", "live")] == [
            200,
            400,
            400,
        ]
        listed = offers.get(f"submission/{offers.product}")["value"]
        assert [item["target"]["targetType"] for item in listed] == ["draft"]

    def test_it_has_no_customers(self, offers: Offers) -> None:
        answer = offers.cloud.control("POST", "/tenants/contoso/leads", {"offer": "contoso-offer"})
        assert (answer["delivered"], "not live" in answer["error"]) == (False, True)

    def test_it_is_published_like_any_other(self, offers: Offers) -> None:
        offers.configure(offers.destination())
        offers.publish("preview")
        assert offers.publish("live", identifier=offers.submission("preview")["id"])["jobResult"] == "succeeded"
        assert offers.cloud.control("POST", "/tenants/contoso/leads", {"offer": "contoso-offer"})["delivered"]


def test_an_offer_of_a_type_that_is_not_served_is_only_listed(new_cloud: NewCloud) -> None:
    tenant = replace(generated_tenant(1), offer_types={"contoso-offer": "azureApplication"})
    offers = Offers(new_cloud(tenant))

    assert offers.get("product?externalId=contoso-offer")["value"][0]["type"] == "azureApplication"
    refused = offers("GET", f"resource-tree/product/{offers.product}")
    assert (refused.status_code, refused.json()["error"]["message"]) == (400, "Type AzureApplication is not supported")
    assert [item["code"] for item in offers.configure(offers.destination())["errors"]] == ["notSupported"]


def test_a_job_can_be_cancelled_before_it_has_done_anything(offers: Offers) -> None:
    offers.cloud.world.settings.configure_seconds = 100.0
    body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": [offers.destination()]}
    job = offers("POST", "configure", body).json()["jobId"]
    assert offers("GET", f"configure/{job}").status_code == 404

    assert offers("POST", f"configure/{job}/cancel").json()["jobResult"] == "cancelled"
    assert offers("POST", f"configure/{job}/cancel").json()["error"]["code"] == "badRequest"

    offers.cloud.world.clock.jump(200)
    assert offers.get(f"customer-leads/{offers.product}")["leadDestination"] == "none"


def test_a_completed_job_reports_what_it_wrote(offers: Offers) -> None:
    written = offers.get(f"configure/{offers.configure(offers.destination())['jobId']}")
    nothing = offers.get(f"configure/{offers.configure({'$schema': 'nonsense'})['jobId']}")

    assert [item["id"] for item in written["resources"]] == [f"customer-leads/{offers.product}"]
    assert set(written["resources"][0]["dynamicsLeadConfiguration"]["applicationKey"]) == {"*"}
    assert nothing["resources"] == []


def test_names_may_be_spelled_as_documented(offers: Offers) -> None:
    offers.cloud.world.settings.partner_center_as_documented = True

    product = offers.get("product?externalID=contoso-offer")["value"][0]
    started = offers(
        "POST", "configure", {"$schema": f"{SCHEMA}/configure/x", "resources": [offers.request("preview")]}
    )

    assert product["identity"] == {"externalID": "contoso-offer"}
    assert product["$schema"].startswith("https://product-ingestion.azureedge.net/schema/product/")
    assert "jobID" in started.json()


def test_products_and_submissions_come_in_pages(offers: Offers) -> None:
    first = offers.get(f"submission/{offers.product}?$maxpagesize=2")
    second = offers.session.get(first["@nextLink"], headers=offers.headers, timeout=10).json()

    assert [item["target"]["targetType"] for item in first["value"] + second["value"]] == ["draft", "live", "preview"]


def test_the_version_is_mandatory(offers: Offers) -> None:
    assert offers("GET", "product", version="").json()["error"]["code"] == "badRequest"
    assert offers("GET", "customer-leads/11111111-1111-1111-1111-111111111111").json()["error"]["code"] == "notFound"
    assert offers("DELETE", "product").status_code == 405
    assert offers("POST", "configure", {"resources": []}).json()["error"]["code"] == "badRequest"


def test_an_application_outside_the_account_is_refused(offers: Offers) -> None:
    application = offers.cloud.graph().create_application()
    offers.cloud.graph()("POST", "/servicePrincipals", {"appId": application["appId"]})
    secret = offers.cloud.graph()("POST", f"/applications/{application['id']}/addPassword", {}).json()["secretText"]
    offers.sign_in("contoso", application["appId"], secret)

    assert offers("GET", "product").json()["error"]["code"] == "forbidden"
    offers.headers = {}
    assert offers("GET", "product").json()["error"]["code"] == "unauthorized"


class TestPublishers:
    """The publisher of an offer is not the runner, and may be in another tenant."""

    def test_an_offer_of_another_tenant_can_send_leads(self, new_cloud: NewCloud) -> None:
        publisher = TenantSpec(name="publishing", offers=("contoso-offer",), publisher=PublisherSpec())
        customer = TenantSpec(name="contoso", environments=(EnvironmentSpec(name="contoso_prod"),))
        offers = Offers(new_cloud(customer, publisher), "publishing")
        offers.configure(offers.destination())
        offers.publish("preview")

        assert offers.submission("preview")["result"] == "succeeded"
        assert len(offers.leads_in_environment()) == 1

    def test_other_accounts_do_not_see_the_offers(self, new_cloud: NewCloud) -> None:
        foreign = TenantSpec(name="foreign", offers=("foreign-offer",))
        offers = Offers(new_cloud(generated_tenant(1), foreign, TenantSpec(name="no-address")))
        for name, status in (("foreign", 404), ("no-address", 403)):
            runner = offers.cloud.tenant(name).runner
            offers.sign_in(name, runner.app_id, runner.secret)
            assert offers("GET", f"customer-leads/{offers.product}").status_code == status
        assert offers("GET", "product").json()["error"]["message"] == "The directory has no Partner Center account."

    def test_a_publisher_may_edit_offers_only(self, new_cloud: NewCloud) -> None:
        offers = Offers(new_cloud(generated_tenant(1, offers=1)))
        assert offers.configure(offers.destination())["jobResult"] == "succeeded"
        url = "https://graph.microsoft.com/v1.0/applications"
        assert offers.session.get(url, headers=offers.headers, timeout=10).status_code == 403

        offers.sign_in("contoso", offers.tenant.runner.app_id, offers.tenant.runner.secret)
        assert offers("GET", "product").json()["error"]["code"] == "forbidden"


class TestOffice365:
    """Leads from a user account, by name and password."""

    PASSWORD = "xWwvJ]6NMw+bWH-d"
    NAME = "leads@contoso.onmicrosoft.com"

    @pytest.fixture
    def user(self, offers: Offers) -> str:
        """The id of a person with a license."""
        admin_override = offers.cloud.admin_override()
        body = {
            "accountEnabled": True,
            "displayName": "Lead Writer",
            "mailNickname": "leads",
            "userPrincipalName": self.NAME,
            "usageLocation": "SE",
            "passwordProfile": {"password": self.PASSWORD, "forceChangePasswordNextSignIn": False},
        }
        user: str = admin_override("POST", "/users", body).json()["id"]
        sku = admin_override.get("/subscribedSkus")["value"][0]["skuId"]
        licenses = {"addLicenses": [{"skuId": sku, "disabledPlans": []}], "removeLicenses": []}
        assert admin_override("POST", f"/users/{user}/assignLicense", licenses).status_code == 200
        return user

    def publish(self, offers: Offers) -> dict[str, Any]:
        """Hand over the account and publish to preview; returns the submission."""
        values = {"applicationId": None, "applicationKey": None, "directoryId": None}
        destination = offers.destination(
            authentication="office365", username=self.NAME, password=self.PASSWORD, **values
        )
        assert offers.configure(destination)["jobResult"] == "succeeded"
        assert set(offers.get(f"customer-leads/{offers.product}")["dynamicsLeadConfiguration"]["password"]) == {"*"}
        offers.publish("preview")
        submission: dict[str, Any] = offers.submission("preview")
        return submission

    def test_a_user_account_with_a_role_delivers_leads(self, offers: Offers, user: str) -> None:
        assert "has not been assigned any roles" in self.publish(offers)["validations"][0]["message"]

        host = offers.tenant.environments[0].host
        base = f"https://control.simulator.test/admin-override/{host}/api/data/v9.2"
        query = f"systemusers?$filter=azureactivedirectoryobjectid eq {user}"
        person = offers.session.get(f"{base}/{query}", timeout=10).json()["value"][0]
        unit = person["_businessunitid_value"]
        query = f"roles?$filter=name eq 'System Administrator' and _businessunitid_value eq {unit}"
        role = offers.session.get(f"{base}/{query}", timeout=10).json()["value"][0]["roleid"]
        path = f"{base}/systemusers({person['systemuserid']})/systemuserroles_association/$ref"
        reference = {"@odata.id": f"https://{host}/api/data/v9.2/roles({role})"}
        assert offers.session.post(path, json=reference, timeout=10).status_code == 204

        assert self.publish(offers)["result"] == "succeeded"
        assert len(offers.leads_in_environment()) == 1

    @pytest.mark.parametrize(
        ("number", "trouble"),
        [
            ("AADSTS50055", {"lastPasswordChangeDateTime": "2020-01-01T00:00:00Z"}),
            ("AADSTS50055", {"_must_change_password": True}),
            ("AADSTS50076", {"_requires_mfa": True}),
            ("AADSTS53003", {"_blocked_by_conditional_access": True}),
            ("AADSTS50126", {"_password": "another one"}),
        ],
    )
    def test_an_account_unusable_for_programs_gets_no_leads(
        self, offers: Offers, user: str, number: str, trouble: dict[str, Any]
    ) -> None:
        offers.cloud.control("PATCH", f"/tenants/contoso/objects/user/{user}", trouble)

        message = self.publish(offers)["validations"][0]["message"]

        assert message.startswith("Unable to sign in to Dynamics CRM")
        assert number in message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"directoryId": "11111111-1111-4111-8111-111111111111"}, "AADSTS90002"),
        ({"applicationId": "11111111-1111-4111-8111-111111111111"}, "AADSTS700016"),
        ({"applicationKey": "f0b0b335-1d71-4883-8f98-567911bfdca6"}, "AADSTS7000215"),
        ({"instanceUrl": "https://nowhere.crm4.dynamics.com"}, "timed out"),
    ],
)
def test_each_wrong_detail_of_a_connection_has_its_message(offers: Offers, change: dict[str, Any], words: str) -> None:
    offers.configure(offers.destination(**change))
    offers.publish("preview")

    assert words in offers.submission("preview")["validations"][0]["message"]


def test_the_account_survives_a_dump_of_the_state(offers: Offers) -> None:
    offers.configure(offers.destination())

    offers.cloud.world.load(offers.cloud.world.dump())

    assert offers.get(f"customer-leads/{offers.product}")["leadDestination"] == "dynamics"
