# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partner Center: an offer's lead destination as draft, preview and live, and what its publication does."""

from __future__ import annotations

from typing import Any

import pytest

from .running import RunningCloud

BASE = "https://graph.microsoft.com/rp/product-ingestion"
SCHEMA = "https://schema.mp.microsoft.com/schema"


class Offers:
    """Calls of contoso's runner to its Partner Center account."""

    def __init__(self, cloud: RunningCloud) -> None:
        self.cloud, self.tenant = cloud, cloud.tenant()
        token = cloud.sign_in("https://graph.microsoft.com")["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}
        self.session = cloud.session()
        self.product = self.get("product?externalId=contoso-offer")["value"][0]["id"].removeprefix("product/")

    def __call__(self, method: str, path: str, body: Any = None, version: str = "2022-03-01-preview3") -> Any:
        mark = "&" if "?" in path else "?"
        url = f"{BASE}/{path}{mark}$version={version}" if version else f"{BASE}/{path}"
        return self.session.request(method, url, json=body, headers=self.headers, timeout=10)

    def get(self, path: str) -> Any:
        """The JSON of a GET that has to succeed."""
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

    def configure(self, *resources: dict[str, Any]) -> dict[str, Any]:
        """Send resources and wait for the end of the job; gives its status."""
        body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": list(resources)}
        started = self("POST", "configure", body, "2022-03-01-preview2").json()
        assert started["jobResult"] == "pending"
        assert started["jobEnd"] == "0001-01-01T00:00:00"
        self.cloud.world.clock.jump(self.cloud.world.settings.configure_seconds)
        status: dict[str, Any] = self.get(f"configure/{started['jobId']}/status")
        assert status["jobStatus"] == "completed"
        return status

    def publish(self, target: str, identifier: str = "") -> dict[str, Any]:
        """Publish, wait for the end, and give the job's status."""
        submission: dict[str, Any] = {
            "$schema": f"{SCHEMA}/submission/2022-03-01-preview2",
            "product": f"product/{self.product}",
            "target": {"targetType": target},
        }
        if identifier:
            submission["id"] = identifier
        status = self.configure(submission)
        self.cloud.world.clock.jump(self.cloud.world.settings.publish_seconds)
        return status

    def submission(self, target: str) -> Any:
        """The latest submission to a target."""
        return self.get(f"submission/{self.product}?targetType={target}")["value"][0]

    def leads(self, target: str) -> Any:
        """The lead destination in one state of the offer."""
        tree = self.get(f"resource-tree/product/{self.product}?targetType={target}")
        return next(item for item in tree["resources"] if item["id"] == f"customer-leads/{self.product}")

    def leads_in_environment(self) -> list[dict[str, Any]]:
        """What the lead service has written."""
        host = self.tenant.environments[0].host
        url = f"https://control.simulator.test/god/{host}/api/data/v9.2/leads"
        found: list[dict[str, Any]] = self.session.get(url, timeout=10).json()["value"]
        return found


@pytest.fixture
def offers(cloud: RunningCloud) -> Offers:
    return Offers(cloud)


def test_a_change_reaches_the_draft_alone_and_its_secret_is_masked(offers: Offers) -> None:
    assert offers.configure(offers.destination())["jobResult"] == "succeeded"

    draft = offers.get(f"customer-leads/{offers.product}")
    assert draft["leadDestination"] == "dynamics"
    assert set(draft["dynamicsLeadConfiguration"]["applicationKey"]) == {"*"}
    assert offers.leads("draft") == draft
    assert offers.leads("preview")["leadDestination"] == offers.leads("live")["leadDestination"] == "none"


def test_leads_arrive_only_after_the_offer_is_live_and_with_what_was_handed_over_then(offers: Offers) -> None:
    control = offers.cloud.control
    offers.configure(offers.destination())
    assert offers.publish("preview")["jobResult"] == "succeeded"
    test_leads = offers.leads_in_environment()
    assert [lead["lastname"].startswith("MSFT_TEST_") for lead in test_leads] == [True]
    assert control("POST", "/tenants/contoso/leads", {"offer": "contoso-offer"})["delivered"]
    assert len(offers.leads_in_environment()) == 1  # live still sends leads nowhere

    assert offers.publish("live", offers.submission("preview")["id"])["jobResult"] == "succeeded"

    assert offers.leads("live")["leadDestination"] == "dynamics"
    assert control("POST", "/tenants/contoso/leads", {"offer": "contoso-offer"}) == {"delivered": True, "error": None}
    assert len(offers.leads_in_environment()) == 2


def test_a_publication_fails_when_the_test_lead_does_not_arrive(offers: Offers) -> None:
    offers.configure(offers.destination(applicationKey="not the secret"))

    assert offers.publish("preview")["jobResult"] == "succeeded"

    submission = offers.submission("preview")
    assert (submission["status"], submission["result"]) == ("completed", "failed")
    assert "Unable to sign in to Dynamics CRM" in submission["errors"][0]["message"]
    assert offers.leads("preview")["leadDestination"] == "none"
    refused = offers.publish("live", submission["id"])
    assert refused["errors"][0]["code"] == "invalidState"


@pytest.mark.parametrize("path", ["/main.aspx", "/"])
def test_only_the_bare_address_of_an_environment_takes_leads(offers: Offers, path: str) -> None:
    offers.configure(offers.destination(instanceUrl=offers.tenant.environments[0].url + path))
    offers.publish("preview")

    assert offers.submission("preview")["result"] == ("succeeded" if path == "/" else "failed")


def test_posting_the_mask_back_keeps_the_secret(offers: Offers) -> None:
    offers.configure(offers.destination())
    read = offers.get(f"customer-leads/{offers.product}")
    read["dynamicsLeadConfiguration"]["contactEmail"] = ["sales@contoso.example"]

    assert offers.configure(read)["jobResult"] == "succeeded"
    offers.publish("preview")

    assert offers.submission("preview")["result"] == "succeeded"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"leadDestination": "nonsense"}, "schemaValidationError"),
        ({"resourceName": "x"}, "schemaValidationError"),
        ({"validations": []}, "schemaValidationError"),
        ({"nonsense": 1}, "schemaValidationError"),
        ({"dynamicsLeadConfiguration": None}, "schemaValidationError"),
        ({"product": "product/11111111-1111-1111-1111-111111111111"}, "resourceNotFound"),
    ],
)
def test_a_resource_that_does_not_fit_fails_the_job_and_changes_nothing(
    offers: Offers, change: dict[str, Any], code: str
) -> None:
    status = offers.configure(offers.destination() | change)

    assert (status["jobResult"], [error["code"] for error in status["errors"]]) == ("failed", [code])
    assert offers.get(f"customer-leads/{offers.product}")["leadDestination"] == "none"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"applicationKey": None}, "businessValidationError"),
        ({"applicationKey": "****"}, "businessValidationError"),
        ({"authentication": "oauth"}, "schemaValidationError"),
        ({"instanceUrl": "http://contoso.crm4.dynamics.com"}, "schemaValidationError"),
        ({"contactEmail": "sales@contoso.example"}, "schemaValidationError"),
        ({"applicationSecret": "x"}, "schemaValidationError"),
    ],
)
def test_connection_details_that_do_not_fit_fail_the_job(offers: Offers, change: dict[str, Any], code: str) -> None:
    assert [error["code"] for error in offers.configure(offers.destination(**change))["errors"]] == [code]


def test_a_product_is_locked_while_it_is_published(offers: Offers) -> None:
    offers.cloud.world.settings.publish_seconds = 100.0
    submission = {
        "$schema": f"{SCHEMA}/submission/2022-03-01-preview2",
        "product": {"externalId": "contoso-offer"},
        "target": {"targetType": "preview"},
    }
    assert offers.configure(submission)["jobResult"] == "succeeded"

    status = offers.configure(offers.destination())

    assert [error["code"] for error in status["errors"]] == ["productLocked"]
    assert offers.submission("preview")["status"] == "running"


def test_a_job_can_be_cancelled_before_it_has_done_anything(offers: Offers) -> None:
    offers.cloud.world.settings.configure_seconds = 100.0
    body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": [offers.destination()]}
    job = offers("POST", "configure", body).json()["jobId"]
    assert offers("GET", f"configure/{job}").status_code == 404

    assert offers("POST", f"configure/{job}/cancel").json()["jobResult"] == "cancelled"

    offers.cloud.world.clock.jump(200)
    assert offers.get(f"customer-leads/{offers.product}")["leadDestination"] == "none"


def test_the_version_is_mandatory_and_unknown_things_are_told(offers: Offers) -> None:
    assert offers("GET", "product", version="").json()["error"]["code"] == "badRequest"
    assert offers("GET", "customer-leads/11111111-1111-1111-1111-111111111111").json()["error"]["code"] == "notFound"
    assert offers("DELETE", "product").status_code == 405
    assert offers("POST", "configure", {"resources": []}).json()["error"]["code"] == "badRequest"


def test_an_application_outside_the_account_is_refused(offers: Offers) -> None:
    application = offers.cloud.graph().create_application()
    offers.cloud.graph()("POST", "/servicePrincipals", {"appId": application["appId"]})
    secret = offers.cloud.graph()("POST", f"/applications/{application['id']}/addPassword", {}).json()["secretText"]
    signed_in = offers.cloud.sign_in("https://graph.microsoft.com", credential=secret, client_id=application["appId"])
    offers.headers = {"Authorization": f"Bearer {signed_in['access_token']}"}

    assert offers("GET", "product").json()["error"]["code"] == "forbidden"


def test_the_account_survives_a_dump_of_the_state(offers: Offers) -> None:
    offers.configure(offers.destination())

    offers.cloud.world.load(offers.cloud.world.dump())

    assert offers.get(f"customer-leads/{offers.product}")["leadDestination"] == "dynamics"
