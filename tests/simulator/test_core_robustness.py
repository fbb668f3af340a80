# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Invariants under any sequence of calls, and under malformed calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from simulator.ca import CertificateAuthority
from simulator.clock import Clock
from simulator.directory.directory import APPLICATION, GRANT, SERVICE_PRINCIPAL
from simulator.spec import generated_tenant
from simulator.world import Settings

from .running import CONTROL, Graph, RunningCloud


def examples(number: int, steps: int = 1) -> settings:
    """That many examples, the same ones in every run; a state machine takes `steps` in each."""
    return settings(
        max_examples=number,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
        stateful_step_count=steps,
    )


METHODS = st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE"])
ODD_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n"), max_size=20)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXT, inner, max_size=3),
    max_leaves=8,
)
PROPERTIES = st.sampled_from(
    [
        *(
            "displayName",
            "uniqueName",
            "web",
            "tags",
            "requiredResourceAccess",
            "keyCredentials",
            "passwordCredentials",
        ),
        *("passwordCredential", "keyId", "appId", "clientId", "scope", "consentType", "principalId", "resourceId"),
        *("userPrincipalName", "passwordProfile", "usageLocation", "addLicenses", "removeLicenses", "requests"),
        *(
            "isEnabled",
            "conditions",
            "state",
            "accountEnabled",
            "mailNickname",
            "signInAudience",
            "identifierUris",
            "appRoleId",
            "passwordPolicies",
        ),
    ]
)
SETS = (
    "applications",
    "servicePrincipals",
    "users",
    "oauth2PermissionGrants",
    "organization",
    "domains",
    "subscribedSkus",
    "identity/conditionalAccess/policies",
    "policies/identitySecurityDefaultsEnforcementPolicy",
)
CONTROL_KEYS = st.sampled_from(
    [
        *("refuse", "jump_seconds", "replication_seconds", "graph_page_size", "route", "status", "count", "skip"),
        *("probability", "latency_seconds", "headers", "retry_after", "seed", "loads", "begun", "settings", "tenants"),
    ]
)
RUNNER_ID = "__runner__"
PATHS = st.builds(
    lambda pieces: "/" + "/".join(pieces),
    st.lists(
        st.sampled_from(
            [
                *SETS,
                *(
                    "directory",
                    "deletedItems",
                    "microsoft.graph.application",
                    "restore",
                    "policies",
                    "$batch",
                    "$count",
                ),
                *("addPassword", "removePassword", "owners", "$ref", "assignLicense", "appRoleAssignments", RUNNER_ID),
                *("applications(appId='x')", "applications(uniqueName=')", "applications()", "users('$x')", "(", "''"),
                *("%00", "%ff", "%E2%82", "a'b", "me", "."),
            ]
        ),
        min_size=1,
        max_size=4,
    ),
)
QUERIES = st.dictionaries(
    st.sampled_from(
        ["$filter", "$select", "$expand", "$orderby", "$top", "$skiptoken", "$count", "$search", "$x", "x"]
    ),
    st.sampled_from(
        [
            *(
                "displayName eq 'x'",
                "id",
                "((((",
                "tags/any(t:t eq 'x')",
                "not",
                "displayName in ('a')",
                "owners",
                "-1",
            ),
            *("displayName desc", "1e9", "AAAA", "true", '"displayName:x"', "displayName eq 'x' and", "null eq null"),
            *("startswith(displayName,1)", "a/b/c eq 1", "displayName eq 2020-01-01", "x/any()", "9" * 30, "\u00e5"),
        ]
    ),
    max_size=3,
)


@pytest.fixture(scope="module")
def fuzzed(ca: CertificateAuthority) -> Iterator[RunningCloud]:
    """A cloud for all malformed calls."""
    cloud = RunningCloud(ca, generated_tenant(1), graph_units_per_10_seconds=0)
    yield cloud
    cloud.close()


@pytest.fixture(scope="module")
def admin_override(fuzzed: RunningCloud) -> Graph:
    """Graph with all rights, so that no permission stops a malformed call early."""
    return fuzzed.admin_override()


@examples(300)
@given(
    method=METHODS, path=PATHS, query=QUERIES, body=st.none() | JSON_VALUES | st.dictionaries(PROPERTIES, JSON_VALUES)
)
def test_graph_refuses_malformed_calls(
    fuzzed: RunningCloud, admin_override: Graph, method: str, path: str, query: dict[str, str], body: Any
) -> None:
    path = path.replace(RUNNER_ID, fuzzed.tenant().runner.object_id)
    data = None if body is None else json.dumps(body).encode()
    response = admin_override.session.request(
        method,
        admin_override.base + path,
        params=query,
        data=data,
        headers={**admin_override.headers, "Content-Type": "application/json"},
    )
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert response.json()["error"]["code"]
        assert "Traceback" not in response.text


@examples(150)
@given(
    form=st.dictionaries(
        st.sampled_from(
            ["grant_type", "client_id", "client_secret", "client_assertion", "client_assertion_type", "scope"]
        ),
        ODD_TEXT | st.sampled_from(["client_credentials", "password", "a.b.c", "https://graph.microsoft.com/.default"]),
    ),
    right_client=st.booleans(),
    path=st.sampled_from(["/oauth2/v2.0/token", "/oauth2/token", "/v2.0/.well-known/openid-configuration", "/x"]),
)
def test_a_malformed_sign_in_is_refused_with_a_number(
    fuzzed: RunningCloud, admin_override: Graph, form: dict[str, str], right_client: bool, path: str
) -> None:
    tenant = fuzzed.tenant()
    if right_client:
        form = {**form, "client_id": tenant.runner.app_id}
    response = admin_override.session.post(f"https://login.microsoftonline.com/{tenant.id}{path}", data=form)
    assert response.status_code < 500, response.text
    if response.status_code >= 400 and response.content:
        assert response.json()["error_description"].startswith("AADSTS")


@examples(100)
@given(
    method=METHODS,
    path=st.sampled_from(
        ["/faults", "/writes", "/settings", "/clock", "/requests?since=x", "/state", "/admin-override/x", "/x"]
    ),
    body=JSON_VALUES | st.dictionaries(CONTROL_KEYS, JSON_VALUES, max_size=3),
)
def test_the_control_api_refuses_malformed_calls(
    fuzzed: RunningCloud, admin_override: Graph, method: str, path: str, body: Any
) -> None:
    response = admin_override.session.request(method, CONTROL + path, data=json.dumps(body).encode())
    assert response.status_code < 500, response.text
    fuzzed.control("DELETE", "/faults")
    fuzzed.world.settings = Settings(graph_units_per_10_seconds=0)
    fuzzed.world.clock = Clock()
    assert admin_override("GET", "/organization").status_code == 200
    fuzzed.control("POST", "/writes", {"refuse": False})


class DirectoryMachine(RuleBasedStateMachine):
    """Random sequences of valid calls to a directory."""

    cloud: RunningCloud
    NAMES = st.sampled_from(["one", "two", "three"])

    def __init__(self) -> None:
        super().__init__()
        state = self.cloud.control("GET", "/state")
        state["directories"] = {}
        self.cloud.control("PUT", "/state", state)
        self.graph = self.cloud.graph()
        self.ids: dict[str, str] = {}

    @rule(name=NAMES)
    def upsert(self, name: str) -> None:
        response = self.graph(
            "PATCH", f"/applications(uniqueName='{name}')", {"displayName": name}, Prefer="create-if-missing"
        )
        assert response.status_code in (201, 204, 400)
        if response.status_code == 201:
            self.ids[name] = response.json()["id"]

    @precondition(lambda self: bool(self.ids))
    @rule(name=NAMES, act=st.sampled_from(["delete", "restore", "purge", "secret", "principal", "consent"]))
    def work(self, name: str, act: str) -> None:
        object_id = self.ids.get(name)
        if object_id is None:
            return
        getattr(self, act)(object_id)

    def delete(self, object_id: str) -> None:
        assert self.graph("DELETE", f"/applications/{object_id}").status_code in (204, 404)

    def restore(self, object_id: str) -> None:
        assert self.graph("POST", f"/directory/deletedItems/{object_id}/restore").status_code in (200, 404)

    def purge(self, object_id: str) -> None:
        if self.graph("DELETE", f"/directory/deletedItems/{object_id}").status_code == 204:
            self.ids = {name: known for name, known in self.ids.items() if known != object_id}

    def secret(self, object_id: str) -> None:
        assert self.graph("POST", f"/applications/{object_id}/addPassword", {}).status_code in (200, 404)

    def principal(self, object_id: str) -> None:
        found = self.graph("GET", f"/applications/{object_id}")
        if found.status_code == 200:
            made = self.graph("POST", "/servicePrincipals", {"appId": found.json()["appId"]})
            assert made.status_code in (201, 409)

    def consent(self, object_id: str) -> None:
        directory = self.cloud.tenant().directory
        app = directory.store.get(APPLICATION, object_id)
        principal = directory.service_principal_by_app_id(app["appId"]) if app else None
        crm = directory.service_principal_by_app_id("00000007-0000-0000-c000-000000000000")
        if principal and crm:
            body = {"clientId": principal["id"], "consentType": "AllPrincipals", "resourceId": crm["id"], "scope": "x"}
            assert self.graph("POST", "/oauth2PermissionGrants", body).status_code in (201, 409)

    @invariant()
    def no_two_applications_share_a_unique_name(self) -> None:
        names = [item["uniqueName"] for item in self.everything(APPLICATION) if item["uniqueName"]]
        assert len(names) == len(set(names))

    @invariant()
    def no_two_service_principals_in_use_share_a_client_id(self) -> None:
        ids = [item["appId"] for item in self.everything(SERVICE_PRINCIPAL) if item["deletedDateTime"] is None]
        assert len(ids) == len(set(ids))

    @invariant()
    def no_application_in_use_has_one_in_the_bin_as_its_only_service_principal_by_surprise(self) -> None:
        deleted = {item["appId"] for item in self.everything(APPLICATION) if item["deletedDateTime"] is not None}
        alive = {item["appId"] for item in self.everything(SERVICE_PRINCIPAL) if item["deletedDateTime"] is None}
        assert not deleted & alive, "the service principal of a deleted application is deleted with it"

    @invariant()
    def one_consent_for_the_same_three(self) -> None:
        keys = [(item["clientId"], item["consentType"], item["resourceId"]) for item in self.everything(GRANT)]
        assert len(keys) == len(set(keys))

    @invariant()
    def no_two_secrets_share_a_key_id(self) -> None:
        ids = [key["keyId"] for item in self.everything(APPLICATION) for key in item["passwordCredentials"]]
        assert len(ids) == len(set(ids))

    def everything(self, kind: str) -> list[dict[str, Any]]:
        return list(self.cloud.tenant().directory.store.all(kind))


def test_no_order_of_valid_calls_creates_duplicates(ca: CertificateAuthority) -> None:
    cloud = RunningCloud(ca, generated_tenant(1), graph_units_per_10_seconds=0)
    Machine = type("Machine", (DirectoryMachine,), {"cloud": cloud})  # noqa: N806 - a class made here
    try:
        run_state_machine_as_test(Machine, settings=examples(15, steps=20))
    finally:
        cloud.close()
