# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's behavior: permissions, replication, queries, pages, batches, quotas, envelopes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree import ElementTree

import pytest

from simulator.ca import CertificateAuthority
from simulator.directory.first_party import GRAPH_ROLE_IDS
from simulator.entra import tokens
from simulator.graph.routes import ROUTES, Route
from simulator.spec import RunnerSpec, generated_tenant

from .running import Graph, RunningCloud, error_of

NewCloud = Callable[..., RunningCloud]
UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
EVENTUAL = {"ConsistencyLevel": "eventual"}


@pytest.fixture(scope="module")
def powerless(ca: CertificateAuthority) -> Iterator[Graph]:
    """Graph for a runner without any permission; its calls change nothing, so all tests share it."""
    spec = dataclasses.replace(generated_tenant(1), runner=RunnerSpec(permissions=()))
    cloud = RunningCloud(ca, spec)
    yield cloud.graph()
    cloud.close()


class TestPermissions:
    """Every call needs its permission or a higher one."""

    @staticmethod
    def path(route: Route) -> str:
        return "/" + route.pattern.replace("{id}", UNKNOWN_ID)

    @pytest.mark.parametrize(
        "route",
        [route for route in ROUTES if route.pattern != "me"],
        ids=lambda route: f"{route.method} {route.pattern}",
    )
    def test_without_any_permission_nothing_is_answered(self, powerless: Graph, route: Route) -> None:
        response = powerless(route.method, self.path(route), {})
        # The object in the recycle bin decides there, and the answer does not reveal whether it exists.
        expected = (404, "Request_ResourceNotFound") if "deletedItems/{id}" in route.pattern else None
        assert error_of(response) == (expected or (403, "Authorization_RequestDenied"))

    @pytest.mark.parametrize(
        "route",
        [route for route in ROUTES if route.permissions],
        ids=lambda route: f"{route.method} {route.pattern}",
    )
    def test_only_the_least_permission_is_needed(self, cloud: RunningCloud, route: Route) -> None:
        def called_with(*permissions: str) -> tuple[int, str]:
            tenant = cloud.tenant()
            app = tenant.directory.application_by_app_id(tenant.runner.app_id)
            principal = tenant.directory.service_principal_by_app_id(tenant.runner.app_id)
            assert app is not None
            token = tokens.mint(
                cloud.world,
                tenant,
                "https://graph.microsoft.com",
                app=app,
                service_principal=principal,
                roles=list(permissions),
            )
            graph = Graph(cloud.session(), "https://graph.microsoft.com/v1.0", token)
            response = graph(route.method, self.path(route), {})
            return (response.status_code, "" if response.ok else response.json()["error"]["code"])

        assert called_with(route.permissions[0])[0] in (200, 201, 204, 400, 404)
        others = set(GRAPH_ROLE_IDS) - set(route.permissions)
        assert called_with(*others) == (403, "Authorization_RequestDenied")

    @pytest.mark.parametrize(
        ("permission", "method", "path", "status"),
        [
            ("Application.Read.All", "GET", "/applications", 200),
            ("Application.Read.All", "POST", "/applications", 403),
            ("Directory.ReadWrite.All", "GET", "/applications", 200),
            ("Directory.ReadWrite.All", "POST", "/applications", 403),
            ("AppRegistration.Create", "POST", "/applications", 201),
            ("AppRegistration.Create", "GET", "/applications", 403),
            ("Organization.Read.All", "GET", "/organization", 200),
            ("Organization.Read.All", "GET", "/domains", 403),
            ("Domain.Read.All", "GET", "/domains", 200),
            ("LicenseAssignment.Read.All", "GET", "/subscribedSkus", 200),
            ("DelegatedPermissionGrant.Read.All", "GET", "/oauth2PermissionGrants", 200),
            ("Policy.Read.All", "GET", "/policies/defaultAppManagementPolicy", 200),
            ("User.Read.All", "GET", "/users", 200),
            ("User.Create", "GET", "/users", 403),
        ],
    )
    def test_each_permission_allows_exactly_its_calls(
        self, new_cloud: NewCloud, permission: str, method: str, path: str, status: int
    ) -> None:
        spec = dataclasses.replace(generated_tenant(1), runner=RunnerSpec(permissions=(permission,)))
        graph = new_cloud(spec).graph()
        assert graph(method, path, {"displayName": "x"} if method == "POST" else None).status_code == status

    def test_owned_by_permission_needs_ownership(self, cloud: RunningCloud, graph: Graph) -> None:
        foreign = cloud.admin_override()("POST", "/applications", {"displayName": "foreign"}).json()
        cloud.control("PATCH", f"/tenants/contoso/objects/application/{foreign['id']}", {"_owners": []})
        for method, suffix, body in (
            ("PATCH", "", {"notes": "mine"}),
            ("DELETE", "", None),
            ("POST", "/addPassword", {}),
        ):
            refused = graph(method, f"/applications/{foreign['id']}{suffix}", body)
            assert error_of(refused) == (403, "Authorization_RequestDenied")

    def test_a_caller_without_service_principal_is_refused(self, cloud: RunningCloud, graph: Graph) -> None:
        path = f"/servicePrincipals/{cloud.tenant().runner.service_principal_id}"
        assert cloud.admin_override()("DELETE", path).status_code == 204
        assert error_of(graph("GET", "/organization")) == (403, "Authorization_IdentityNotFound")


class TestReplication:
    """New writes are not visible everywhere immediately."""

    def test_a_new_object_is_seen_inconsistently_at_first(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(replication_seconds=60)
        graph = cloud.graph()
        app = graph.create_application()
        by_id = {graph("GET", f"/applications/{app['id']}").status_code for _turn in range(3)}
        assert by_id == {200, 404}
        assert graph("GET", f"/applications(appId='{app['appId']}')").status_code == 404
        assert app["id"] not in [item["id"] for item in graph.get("/applications")["value"]]
        cloud.world.clock.jump(61)
        assert {graph("GET", f"/applications/{app['id']}").status_code for _turn in range(3)} == {200}
        assert graph("GET", f"/applications(appId='{app['appId']}')").status_code == 200
        assert app["id"] in [item["id"] for item in graph.get("/applications")["value"]]

    def test_changes_and_deletions_lag_too(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(replication_seconds=60)
        graph = cloud.graph()
        app = graph.create_application("before")
        cloud.world.clock.jump(61)
        path = f"/applications/{app['id']}"
        assert graph("PATCH", path, {"displayName": "after"}).status_code == 204
        assert {graph.get(path)["displayName"] for _turn in range(3)} == {"before", "after"}
        cloud.world.clock.jump(61)
        assert graph("DELETE", path).status_code == 204
        assert {graph("GET", path).status_code for _turn in range(3)} == {200, 404}

    def test_the_order_of_replica_views_repeats(self, new_cloud: NewCloud) -> None:
        def seen() -> list[int]:
            graph = new_cloud(replication_seconds=600).graph()
            app = graph.create_application()
            return [graph("GET", f"/applications/{app['id']}").status_code for _turn in range(6)]

        assert seen() == seen()

    def test_advanced_queries_read_a_staler_index(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(replication_seconds=100)
        graph = cloud.graph()
        graph.create_application("fresh")
        cloud.world.clock.jump(55)
        query = "/applications?$filter=displayName eq 'fresh'&$count=true"
        assert {len(graph.get(query)["value"]) for _turn in range(3)} == {0, 1}
        assert {len(graph.get(query, **EVENTUAL)["value"]) for _turn in range(3)} == {0}


class TestQueries:
    """Query options of directory objects."""

    @pytest.fixture
    def names(self, graph: Graph) -> list[str]:
        names = ["Alpha", "Beta", "O'Brien", "Gamma"]
        for name in names:
            graph.create_application(name, tags=[name.lower()])
        return names

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("displayName eq 'alpha'", ["Alpha"]),
            ("displayName eq 'O''Brien'", ["O'Brien"]),
            ("startswith(displayName,'b')", ["Beta"]),
            ("displayName in ('Alpha','Beta')", ["Alpha", "Beta"]),
            ("displayName eq 'Alpha' or displayName eq 'Gamma'", ["Alpha", "Gamma"]),
            ("tags/any(t:t eq 'beta')", ["Beta"]),
        ],
    )
    def test_plain_filters(self, graph: Graph, names: list[str], text: str, found: list[str]) -> None:
        result = graph.get(f"/applications?$filter={text}&$select=displayName")
        assert result["value"] == [{"displayName": name} for name in found]
        assert result["@odata.context"].endswith("#applications(displayName)")

    @pytest.mark.parametrize(
        "query",
        [
            "$filter=displayName ne 'Alpha'",
            "$filter=endswith(displayName,'a')",
            "$filter=not startswith(displayName,'a')",
            "$filter=startswith(displayName,'a')&$orderby=displayName",
        ],
    )
    def test_advanced_queries_need_header_and_count(self, graph: Graph, names: list[str], query: str) -> None:
        assert error_of(graph("GET", f"/applications?{query}")) == (400, "Request_UnsupportedQuery")
        assert error_of(graph("GET", f"/applications?{query}", **EVENTUAL)) == (400, "Request_UnsupportedQuery")
        result = graph.get(f"/applications?{query}&$count=true", **EVENTUAL)
        assert result["@odata.count"] == len(result["value"]) > 0

    def test_search_needs_the_header(self, graph: Graph, names: list[str]) -> None:
        query = '/applications?$search="displayName:rie"'
        assert graph("GET", query).status_code == 400
        assert [item["displayName"] for item in graph.get(query, **EVENTUAL)["value"]] == ["O'Brien"]

    @pytest.mark.parametrize(
        "query",
        [
            "$filter=notes eq 'x'",
            "$filter=shoeSize eq 43",
            "$filter=uniqueName eq 'x'",
            "$filter=displayName eq",
            "$filter=contains(displayName,'a')",
            "$select=shoeSize",
            "$select=_owners",
            "$expand=shoes",
            "$orderby=notes",
            "$top=0",
            "$top=1000",
            "$skip=1",
            "$skiptoken=rubbish",
            "$apply=x",
            "$top=1&$top=2",
        ],
    )
    def test_unsupported_requests_are_refused(self, graph: Graph, query: str) -> None:
        assert graph("GET", f"/applications?{query}").status_code == 400

    def test_pages_are_followed_to_the_end_without_loss(self, graph: Graph, names: list[str]) -> None:
        url, seen, pages = "/applications?$top=2&$select=id,displayName", [], 0
        while url:
            page = graph.get(url)
            seen += [item["displayName"] for item in page["value"]]
            url, pages = page.get("@odata.nextLink", ""), pages + 1
        assert pages == 3
        assert seen == ["Set-up runner", *names]

    def test_a_page_has_a_hundred_rows_by_default(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(graph_page_size=3)
        graph = cloud.graph()
        for number in range(4):
            graph.create_application(f"app {number}")
        page = graph.get("/applications")
        assert len(page["value"]) == 3
        assert len(graph.get(page["@odata.nextLink"])["value"]) == 2

    def test_counting_alone_gives_a_plain_number(self, graph: Graph, names: list[str]) -> None:
        assert graph("GET", "/applications/$count").status_code == 400
        response = graph("GET", "/applications/$count?$filter=startswith(displayName,'b')", **EVENTUAL)
        assert (response.text, response.headers["Content-Type"].partition(";")[0]) == ("1", "text/plain")


class TestEnvelope:
    """Headers and errors."""

    def test_every_answer_carries_the_services_headers(self, graph: Graph) -> None:
        own = "0d7b7b4c-0000-4000-8000-000000000001"
        response = graph("GET", "/organization", client_request_id=own)
        assert response.headers["client-request-id"] == own
        assert response.headers["request-id"] != own
        assert response.headers["OData-Version"] == "4.0"
        assert "ServerInfo" in response.headers["x-ms-ags-diagnostic"]
        assert response.headers["Content-Type"].startswith("application/json;odata.metadata=minimal")

    def test_an_error_names_the_request(self, graph: Graph) -> None:
        response = graph("GET", f"/applications/{UNKNOWN_ID}")
        inner = response.json()["error"]["innerError"]
        assert inner["request-id"] == response.headers["request-id"]
        assert inner["client-request-id"] == response.headers["client-request-id"]
        assert not inner["date"].endswith("Z")

    @pytest.mark.parametrize(
        "path", ["/aplications", "/applications/x/y/z", "/servicePrincipals(appId='x')/shoes", "/"]
    )
    def test_a_mistyped_path_is_refused(self, graph: Graph, path: str) -> None:
        graph.conforming = False
        response = graph("GET", path)
        assert error_of(response) == (400, "BadRequest")
        assert "Resource not found for the segment" in response.json()["error"]["message"]

    def test_a_body_that_is_not_json_is_refused(self, graph: Graph) -> None:
        for data, content_type in ((b"{", "application/json"), (b"{}", "text/plain"), (b"\xff", "application/json")):
            response = graph.session.post(
                f"{graph.base}/applications", data=data, headers={**graph.headers, "Content-Type": content_type}
            )
            assert error_of(response) == (400, "BadRequest")

    def test_me_is_for_people(self, graph: Graph) -> None:
        response = graph("GET", "/me")
        assert response.json()["error"]["message"] == "/me request is only valid with delegated authentication flow."


def test_the_model_is_public(cloud: RunningCloud) -> None:
    response = cloud.session().get("https://graph.microsoft.com/v1.0/$metadata")
    assert response.headers["Content-Type"] == "application/xml"
    model = ElementTree.fromstring(response.content)  # noqa: S314 - the simulator's own
    space = {"edm": "http://docs.oasis-open.org/odata/ns/edm"}
    sets = {item.get("Name") for item in model.iterfind(".//edm:EntitySet", space)}
    assert {"applications", "servicePrincipals", "users", "oauth2PermissionGrants"} <= sets
    declared = {
        f"microsoft.graph.{item.get('Name')}"
        for tag in ("Entity", "Complex")
        for item in model.iterfind(f".//edm:{tag}Type", space)
    }
    used = {str(item.get("Type")) for item in model.iterfind(".//edm:Property", space)}
    named = {kind.removeprefix("Collection(").removesuffix(")") for kind in used}
    assert {kind for kind in named if kind.startswith("microsoft.graph.")} <= declared
    unique_name = model.find(".//edm:EntityType[@Name='application']/edm:Property[@Name='uniqueName']", space)
    assert unique_name is not None


class TestBatch:
    """Several requests in one."""

    def test_each_request_has_its_own_answer(self, graph: Graph) -> None:
        json_type = {"Content-Type": "application/json"}
        requests = [
            {"id": "1", "method": "POST", "url": "/applications", "headers": json_type, "body": {"displayName": "x"}},
            {"id": "2", "method": "GET", "url": f"/applications/{UNKNOWN_ID}"},
            {"id": "3", "method": "GET", "url": "/organization?$select=id", "dependsOn": ["2"]},
            {"id": "4", "method": "GET", "url": "/organization?$select=id", "dependsOn": ["1"]},
        ]
        answers = graph("POST", "/$batch", {"requests": requests}).json()["responses"]
        assert {item["id"]: item["status"] for item in answers} == {"1": 201, "2": 404, "3": 424, "4": 200}

    def test_answers_come_in_no_promised_order(self, graph: Graph) -> None:
        requests = [{"id": str(number), "method": "GET", "url": "/organization"} for number in range(20)]
        orders = set()
        for _attempt in range(2):
            answers = graph("POST", "/$batch", {"requests": requests}).json()["responses"]
            orders.add(tuple(item["id"] for item in answers))
        assert tuple(str(number) for number in range(20)) not in orders

    @pytest.mark.parametrize(
        "requests",
        [
            [],
            [{"id": "1", "method": "GET"}],
            [{"id": "1", "method": "GET", "url": "/users"}] * 2,
            [{"id": str(number), "method": "GET", "url": "/users"} for number in range(21)],
            [{"id": "1", "method": "POST", "url": "/users", "body": {}}],
            [{"id": "1", "method": "GET", "url": "/users", "dependsOn": ["0"]}],
            [{"id": "1", "method": "SHOUT", "url": "/users"}],
        ],
    )
    def test_a_malformed_batch_is_refused_whole(self, graph: Graph, requests: list[Any]) -> None:
        assert error_of(graph("POST", "/$batch", {"requests": requests})) == (400, "Request_BadRequest")


def test_the_quota_is_enforced(new_cloud: NewCloud) -> None:
    cloud = new_cloud(graph_units_per_10_seconds=4)
    graph = cloud.graph()
    assert graph("GET", "/applications").headers["x-ms-resource-unit"] == "2"
    assert graph("GET", "/applications").headers["x-ms-throttle-limit-percentage"] == "1.0"
    refused = graph("GET", "/applications")
    assert error_of(refused) == (429, "TooManyRequests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 11
    cloud.world.clock.jump(11)
    assert graph("GET", "/applications").status_code == 200


def test_the_quota_may_be_enforced_without_a_time_to_wait(new_cloud: NewCloud) -> None:
    cloud = new_cloud(graph_units_per_10_seconds=2, graph_sends_retry_after=False)
    graph = cloud.graph()
    assert graph("GET", "/applications").status_code == 200
    refused = graph("GET", "/applications")
    assert error_of(refused) == (429, "TooManyRequests")
    assert "Retry-After" not in refused.headers
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"


class TestAddresses:
    """Addresses that name the tenant, and addresses of a part of an object."""

    def test_my_organization_in_an_address_is_the_tenant(self, cloud: RunningCloud) -> None:
        graph = cloud.graph()
        graph.conforming = False
        made = graph("POST", "/myorganization/applications", {"displayName": "Lead"})

        assert made.status_code == 201
        assert (
            graph.get(f"/myorganization/applications/{made.json()['id']}?$select=displayName")["displayName"] == "Lead"
        )
        assert error_of(graph("GET", "/yourorganization/applications")) == (400, "BadRequest")

    def test_one_property_of_an_object_has_an_address_of_its_own(self, cloud: RunningCloud) -> None:
        graph = cloud.graph()
        one = f"/applications/{graph.create_application('Lead')['id']}"
        graph.conforming = False

        assert graph.get(f"{one}/displayName")["value"] == "Lead"
        assert graph.get(f"{one}/appRoles")["value"] == []
        assert graph.get(f"{one}/web")["redirectUris"] == []
        assert graph("GET", f"{one}/notes").status_code == 204
        assert error_of(graph("GET", f"{one}/nonsense")) == (400, "BadRequest")
        assert error_of(graph("GET", f"{one}/_owners")) == (400, "BadRequest")
        assert error_of(graph("GET", f"/applications/{UNKNOWN_ID}/appRoles")) == (404, "Request_ResourceNotFound")

    def test_one_property_shows_no_secret(self, cloud: RunningCloud) -> None:
        graph = cloud.graph()
        one = f"/applications/{graph.create_application('Lead')['id']}"
        graph("POST", f"{one}/addPassword", {"passwordCredential": {"displayName": "x"}})
        graph.conforming = False

        (secret,) = graph.get(f"{one}/passwordCredentials")["value"]
        assert secret["secretText"] is None
        assert not [name for name in secret if name.startswith("_")]

    def test_one_property_needs_the_permission_of_the_object(self, powerless: Graph) -> None:
        powerless.conforming = False
        try:
            for path in ("applications", "servicePrincipals", "users"):
                answer = powerless("GET", f"/{path}/{UNKNOWN_ID}/displayName")
                assert error_of(answer) == (403, "Authorization_RequestDenied")
        finally:
            powerless.conforming = True

    def test_graph_lists_its_delegated_permissions(self, cloud: RunningCloud) -> None:
        found = cloud.graph().get("/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')")
        ids = {scope["value"]: scope["id"] for scope in found["oauth2PermissionScopes"]}

        assert ids["User.Read"] == "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
