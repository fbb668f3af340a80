# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invariants under any order of changes and publications, and malformed calls to the smaller services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from simulator.ca import CertificateAuthority
from simulator.spec import generated_tenant

from .running import CONTROL, RunningCloud
from .test_core_robustness import JSON_VALUES, METHODS, ODD_TEXT, examples
from .test_partnercenter import BASE, SCHEMA, Offers

PRODUCT = "__product__"
PIECES = (
    *("product", "customer-leads", "resource-tree", "submission", "configure", "status", "cancel", "property"),
    *("plan", "listing", PRODUCT, "x", "%00", "%E2%82", "..", "'", "public", "main"),
)
KEYS = st.sampled_from(
    [
        *("$schema", "resources", "id", "product", "target", "targetType", "leadDestination", "validations"),
        *("dynamicsLeadConfiguration", "instanceUrl", "authentication", "contactEmail", "resourceName", "externalId"),
        *("objectId", "servicePrincipalAppId", "resource", "changes", "offer"),
    ]
)
SCHEMAS = st.sampled_from([f"{SCHEMA}/{kind}/x" for kind in ("configure", "submission", "customer-leads", "plan", "")])
VALUES = JSON_VALUES | SCHEMAS | st.sampled_from([f"product/{PRODUCT}", "dynamics", "azureAD", "https://x", "preview"])
OBJECTS = st.dictionaries(KEYS, VALUES | st.dictionaries(KEYS, VALUES, max_size=3), max_size=6)
QUERIES = st.dictionaries(
    st.sampled_from(["$version", "targetType", "$maxpagesize", "continuationToken", "externalId", "type", "x"]),
    st.sampled_from(["2022-03-01-preview3", "live", "preview", "1", "-1", "99999999999999999999", "x", "", "å"]),
    max_size=4,
)


@pytest.fixture(scope="module")
def fuzzed(ca: CertificateAuthority) -> Iterator[Offers]:
    """A cloud for all malformed calls, without delays."""
    cloud = RunningCloud(ca, generated_tenant(1), configure_seconds=0.0, publish_seconds=0.0)
    yield Offers(cloud)
    cloud.close()


@pytest.fixture(scope="module")
def admin(fuzzed: Offers) -> dict[str, str]:
    """The header with the runner's token for the admin API of Power Platform."""
    return {"Authorization": f"Bearer {fuzzed.cloud.sign_in('https://service.powerapps.com')['access_token']}"}


@examples(200)
@given(
    method=METHODS,
    pieces=st.lists(st.sampled_from(PIECES), min_size=1, max_size=4),
    query=QUERIES,
    body=st.none() | JSON_VALUES | OBJECTS,
    resources=st.none() | st.lists(OBJECTS, max_size=3),
)
def test_partner_center_refuses_malformed_calls(
    fuzzed: Offers, method: str, pieces: list[str], query: dict[str, str], body: Any, resources: list[Any] | None
) -> None:
    if resources is not None:
        method, pieces = "POST", ["configure"]
        body = {"$schema": f"{SCHEMA}/configure/x", "resources": resources}
        query = {"$version": "2022-03-01-preview2"}
    path = "/".join(pieces).replace(PRODUCT, fuzzed.product)
    data = None if body is None else json.dumps(body).replace(PRODUCT, fuzzed.product).encode()
    answer = fuzzed.session.request(
        method, f"{BASE}/{path}", params=query, data=data, headers=fuzzed.headers, timeout=10
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["code"]
    # An accepted call is a job that ended, and nothing is broken.
    for job in fuzzed.cloud.tenant().services["partner center"]["jobs"]:
        fuzzed.get(f"configure/{job}/status")
    fuzzed.cloud.tenant().services["partner center"]["jobs"].clear()
    assert fuzzed.leads("live")["leadDestination"]


@examples(150)
@given(
    method=METHODS,
    path=st.sampled_from(
        [
            *("", "/__environment__", "/__environment__/addAppUser", "/__environment__/addUser", "/x/addUser", "/x"),
            *("/../../adminApplications/x", "/%00"),
        ]
    ),
    query=st.sampled_from(["?api-version=2023-06-01", "", "?api-version=", "?api-version=x&$skiptoken=x"]),
    body=st.none() | JSON_VALUES | OBJECTS,
)
def test_the_admin_api_refuses_malformed_calls(
    fuzzed: Offers, admin: dict[str, str], method: str, path: str, query: str, body: Any
) -> None:
    base = "https://api.bap.microsoft.com/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments"
    url = base + path.replace("__environment__", fuzzed.tenant.environments[0].id) + query
    data = None if body is None else json.dumps(body).encode()
    answer = fuzzed.session.request(method, url, data=data, headers=admin, timeout=10)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["code"]


@examples(100)
@given(
    method=METHODS,
    path=st.sampled_from(
        [
            *("/tenants/contoso/offers/contoso-offer", "/tenants/contoso/leads", "/tenants/contoso", "/exchanges"),
            *("/tenants/contoso/objects/user/x", "/tenants/x/leads", "/federated-tokens", "/tenants/contoso/offers/x"),
        ]
    ),
    body=JSON_VALUES | OBJECTS | st.dictionaries(st.sampled_from(["issuer", "subject", "target"]), ODD_TEXT),
)
def test_a_malformed_manual_change_is_refused(fuzzed: Offers, method: str, path: str, body: Any) -> None:
    answer = fuzzed.session.request(method, CONTROL + path, data=json.dumps(body).encode(), timeout=10)
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.json()["error"]["code"] == "ControlRefused"


class OfferMachine(RuleBasedStateMachine):
    """Changes of an offer's lead destination and publications, by two people, at any time."""

    ca: CertificateAuthority

    def __init__(self) -> None:
        super().__init__()
        self.cloud = RunningCloud(self.ca, generated_tenant(1), configure_seconds=10.0, publish_seconds=30.0)
        self.offers = Offers(self.cloud)
        self.shown_in_preview = [self.offers.leads("preview")]

    def teardown(self) -> None:
        """Stop the cloud."""
        self.cloud.close()

    def post(self, *resources: dict[str, Any]) -> None:
        """Request a change without waiting for it."""
        body = {"$schema": f"{SCHEMA}/configure/2022-03-01-preview2", "resources": list(resources)}
        assert self.offers("POST", "configure", body).status_code == 200

    @rule(email=st.sampled_from(["a@contoso.example", "b@contoso.example"]), right=st.booleans())
    def change(self, email: str, right: bool) -> None:
        """Send leads to the environment, with the right secret or another."""
        secret = self.offers.tenant.runner.secret if right else "wrong"
        self.post(self.offers.destination(applicationKey=secret, contactEmail=[email]))

    @rule()
    def take_leads_away(self) -> None:
        """Remove the lead destination."""
        leads = self.offers.destination()
        del leads["dynamicsLeadConfiguration"]
        self.post(leads | {"leadDestination": "none"})

    @rule(text=st.sampled_from(["one", "two"]))
    def change_something_else(self, text: str) -> None:
        """Another user's change."""
        self.offers.by_hand("property", termsOfUse=text)

    @rule(parts=st.booleans())
    def publish_to_preview(self, parts: bool) -> None:
        """Publish everything, or only the leads."""
        self.post(*([self.offers.destination()] if parts else []), self.offers.request("preview"))

    @rule()
    def publish_to_live(self) -> None:
        """Publish the latest preview to live."""
        self.post(self.offers.request("live", id=self.offers.submission("preview")["id"]))

    @rule(seconds=st.sampled_from([1, 11, 31, 60]))
    def wait(self, seconds: int) -> None:
        """Let time pass in small steps, so that every state occurs."""
        for _second in range(seconds):
            self.cloud.world.clock.jump(1)
            preview = self.offers.leads("preview")
            if preview != self.shown_in_preview[-1]:
                self.shown_in_preview.append(preview)

    @rule()
    def save_and_restore(self) -> None:
        """Continue from a dump."""
        self.cloud.world.load(json.loads(json.dumps(self.cloud.world.dump())))

    @invariant()
    def one_publication_at_a_time(self) -> None:
        """The product is locked during a publication."""
        states = [item.get("status") for item in self.offers.get(f"submission/{self.offers.product}")["value"]]
        assert states.count("running") <= 1

    @invariant()
    def live_is_what_preview_was(self) -> None:
        """Nothing goes live that was not in preview before."""
        assert self.offers.leads("live") in self.shown_in_preview

    @invariant()
    def no_secret_is_shown(self) -> None:
        """Secrets are masked in every state."""
        for target in ("draft", "preview", "live"):
            configuration = self.offers.leads(target).get("dynamicsLeadConfiguration", {"applicationKey": "*"})
            assert set(configuration["applicationKey"]) == {"*"}


def test_no_order_of_publications_breaks_an_offer(ca: CertificateAuthority) -> None:
    Machine = type("Machine", (OfferMachine,), {"ca": ca})  # noqa: N806 - a class made here
    run_state_machine_as_test(Machine, settings=examples(12, steps=15))
