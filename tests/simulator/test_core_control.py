# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control: faults, refused writes, the clock, the log, state and manual changes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from openapi_core.exceptions import OpenAPIError

from simulator.spec import TenantSpec, generated_tenant

from .contract import check_exchange
from .running import CONTROL, Graph, RunningCloud, error_of

NewCloud = Callable[..., RunningCloud]


class TestFaults:
    """Faults on demand."""

    @pytest.fixture(autouse=True)
    def nonconforming(self, graph: Graph) -> None:
        graph.conforming = False

    def test_a_fault_hits_its_route_and_count_only(self, cloud: RunningCloud, graph: Graph) -> None:
        fault = {"route": "/v1.0/applications", "method": "GET", "count": 2, "skip": 1, "status": 503}
        cloud.control("POST", "/faults", fault)
        assert graph("GET", "/organization").status_code == 200
        statuses = [graph("GET", "/applications").status_code for _turn in range(4)]
        assert statuses == [200, 503, 503, 200]

    @pytest.mark.parametrize(
        ("fault", "retry_after", "content_type"),
        [
            ({"status": 429, "retry_after": 3}, "3", "application/json"),
            ({"status": 429}, None, "application/json"),
            ({"status": 401, "headers": {"WWW-Authenticate": 'Bearer claims="e30="'}}, None, "application/json"),
            ({"status": 502}, None, "text/html"),
            ({"status": 502, "body": "json"}, None, "application/json"),
            ({"status": 503, "body": "html", "retry_after": "1"}, "1", "text/html"),
            ({"status": 400, "body": "problem"}, None, "application/problem+json"),
            ({"status": 200, "content": "[1]"}, None, "application/json"),
            ({"status": 200, "content": "a, b", "headers": {"Content-Type": "text/csv"}}, None, "text/csv"),
        ],
    )
    def test_it_answers_as_asked(
        self, cloud: RunningCloud, graph: Graph, fault: dict[str, Any], retry_after: str | None, content_type: str
    ) -> None:
        cloud.control("POST", "/faults", fault)
        response = graph("GET", "/organization")
        assert response.status_code == fault["status"]
        assert response.headers.get("Retry-After") == retry_after
        assert response.headers["Content-Type"].startswith(content_type)
        assert fault.get("headers", {}).items() <= response.headers.items()

    def test_an_answer_may_be_empty(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/faults", {"status": 401, "body": "empty"})
        response = graph("GET", "/organization")
        assert (response.status_code, response.content) == (401, b"")
        assert "Content-Type" not in response.headers

    def test_an_answer_may_be_any_text(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/faults", {"status": 200, "content": '{"value": 7}'})
        assert graph("GET", "/organization").json() == {"value": 7}

    def test_problem_details_name_the_error(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/faults", {"status": 400, "body": "problem", "code": "x-id", "message": "It is needed."})
        problem = graph("GET", "/organization").json()
        assert (problem["title"], problem["errors"]) == ("It is needed.", {"x-id": ["It is needed."]})

    @pytest.mark.parametrize("applied", [False, True])
    @pytest.mark.parametrize("how", [{"reset": True}, {"status": 503}, {"truncate": "connection"}])
    def test_a_fault_can_follow_the_work(
        self, cloud: RunningCloud, graph: Graph, how: dict[str, Any], applied: bool
    ) -> None:
        cloud.control("POST", "/faults", {"method": "POST", "applied": applied, **how})
        try:
            graph("POST", "/applications", {"displayName": "Ghost"})
        except requests.RequestException:
            assert "status" not in how
        found = graph.get("/applications?$filter=displayName eq 'Ghost'")["value"]
        # A truncated answer always follows completed work.
        assert len(found) == (1 if applied or "truncate" in how else 0)

    def test_half_a_body_is_complete_http(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/faults", {"truncate": "body"})
        response = graph("GET", "/organization")
        assert response.status_code == 200
        with pytest.raises(requests.exceptions.JSONDecodeError):
            response.json()

    def test_an_answer_may_be_delayed(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/faults", {"latency_seconds": 0.3})
        started = time.monotonic()
        assert graph("GET", "/organization").status_code == 200
        assert time.monotonic() - started >= 0.3

    def test_the_clock_may_jump_within_a_run(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/faults", {"route": "/applications", "clock_jump_seconds": 4000})
        assert error_of(graph("GET", "/applications")) == (401, "InvalidAuthenticationToken")

    def test_chance_repeats_with_the_seed(self, new_cloud: NewCloud) -> None:
        def hits() -> list[int]:
            cloud = new_cloud()
            graph = cloud.graph()
            graph.conforming = False
            cloud.control("POST", "/faults", {"status": 503, "probability": 0.5, "count": 0})
            return [graph("GET", "/organization").status_code for _turn in range(12)]

        first = hits()
        assert set(first) == {200, 503}
        assert hits() == first

    def test_faults_can_be_removed(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/faults", [{"status": 503, "count": 0}])
        assert cloud.control("DELETE", "/faults") == {"waiting": 0}
        assert graph("GET", "/organization").status_code == 200

    @pytest.mark.parametrize(
        "fault",
        [
            {"rout": "x"},
            {"route": "("},
            {"truncate": "a bit"},
            {"body": "xml"},
            {"status": "x"},
            {"status": 7},
            {"count": True},
            ["x"],
            5,
        ],
    )
    def test_an_invalid_fault_is_refused(self, cloud: RunningCloud, fault: Any) -> None:
        response = cloud.session().post(f"{CONTROL}/faults", json=fault)
        assert error_of(response) == (400, "ControlRefused")


class TestRefusedWrites:
    """The simulator refuses writes, to check dry runs."""

    def test_refused_writes_still_allow_reads(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/writes", {"refuse": True})
        graph.conforming = False
        assert error_of(graph("POST", "/applications", {"displayName": "x"})) == (403, "SimulatorRefusesWrites")
        assert graph("GET", "/applications").status_code == 200
        assert "access_token" in cloud.sign_in("https://graph.microsoft.com")
        entries = cloud.control("GET", "/requests")["requests"]
        refused = [entry for entry in entries if entry.get("refused")]
        assert [(entry["method"], entry["write"]) for entry in refused] == [("POST", True)]
        cloud.control("POST", "/writes", {"refuse": False})
        assert graph("POST", "/applications", {"displayName": "x"}).status_code == 201

    @pytest.mark.parametrize("host", ["contoso.crm4.dynamics.com", "contoso.api.crm4.dynamics.com"])
    def test_an_environment_is_under_the_same_rule(self, cloud: RunningCloud, host: str) -> None:
        cloud.world.settings.refuse_writes = True
        response = cloud.session().post(f"https://{host}/api/data/v9.2/leads", json={})
        assert error_of(response) == (403, "SimulatorRefusesWrites")

    def test_a_batch_counts_as_its_requests(self, cloud: RunningCloud, graph: Graph) -> None:
        cloud.control("POST", "/writes", {"refuse": True})
        graph.conforming = False
        read = {"id": "1", "method": "GET", "url": "/organization"}
        write = {"id": "2", "method": "DELETE", "url": "/applications/x"}
        answers = graph("POST", "/$batch", {"requests": [read, write]}).json()["responses"]
        assert {item["id"]: item["status"] for item in answers} == {"1": 200, "2": 403}
        assert graph("POST", "/$batch", {"requests": [read]}).status_code == 200
        entries = [item for item in cloud.control("GET", "/requests")["requests"] if item["path"].endswith("$batch")]
        assert [(item["write"], item.get("refused", False)) for item in entries] == [(True, True), (False, False)]


class TestLog:
    """The request log."""

    def test_the_log_has_caller_request_and_answer(self, cloud: RunningCloud, graph: Graph) -> None:
        graph("POST", "/applications", {"displayName": "x"})
        entry = cloud.control("GET", "/requests")["requests"][-1]
        tenant = cloud.tenant()
        assert entry["host"] == "graph.microsoft.com"
        assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1.0/applications", 201)
        assert (entry["write"], entry["tenant"], entry["caller"]) == (True, tenant.id, tenant.runner.app_id)

    def test_the_log_is_read_in_increments(self, cloud: RunningCloud, graph: Graph) -> None:
        since = cloud.control("GET", "/requests")["next"]
        graph("GET", "/organization?$select=id")
        new = cloud.control("GET", f"/requests?since={since}")["requests"]
        assert [entry["path"] for entry in new] == ["/v1.0/organization?$select=id"]

    def test_the_log_has_tenant_and_client_of_a_sign_in(self, cloud: RunningCloud) -> None:
        cloud.sign_in("https://graph.microsoft.com", credential="wrong")
        entries = cloud.control("GET", "/requests")["requests"]
        entry = next(item for item in entries if item["path"].endswith("/token"))
        tenant = cloud.tenant()
        assert (entry["status"], entry["tenant"], entry["caller"]) == (401, tenant.id, tenant.runner.app_id)
        assert entry["write"] is False

    def test_the_log_has_no_secret(self, cloud: RunningCloud, graph: Graph) -> None:
        graph("GET", "/organization")
        assert cloud.tenant().runner.secret not in str(cloud.control("GET", "/requests"))


class TestExchanges:
    """Exchanges between clients and Graph can be checked against Graph's contract."""

    def test_one_exchange_of_each_shape_is_kept_without_secrets(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(record_graph=True)
        graph = cloud.graph()
        for name in ("One", "Two"):
            application = graph.create_application(name)
            secret = graph("POST", f"/applications/{application['id']}/addPassword", {}).json()["secretText"]
        graph("GET", "/applications?$filter=nonsense")

        kept = cloud.control("GET", "/exchanges")["exchanges"]

        assert [(item["method"], item["status"]) for item in kept.values()] == [
            ("POST", 201),
            ("POST", 200),
            ("GET", 400),
        ]
        assert secret not in json.dumps(kept)
        for item in kept.values():
            check_exchange(item)

    @pytest.mark.parametrize(
        "change",
        [
            {"body": {"displayName": 7}},
            {"answer": {"id": 7}},
            {"status": 299},
            {"url": "https://graph.microsoft.com/x"},
        ],
    )
    def test_an_exchange_that_violates_the_contract_is_found(self, new_cloud: NewCloud, change: dict[str, Any]) -> None:
        cloud = new_cloud(record_graph=True)
        cloud.graph().create_application("One")
        (kept,) = cloud.control("GET", "/exchanges")["exchanges"].values()
        with pytest.raises(OpenAPIError):
            check_exchange(kept | change)

    def test_nothing_is_kept_unless_asked(self, cloud: RunningCloud, graph: Graph) -> None:
        graph.create_application("One")
        assert cloud.control("GET", "/exchanges") == {"exchanges": {}}


class TestByHand:
    """Manual changes by a test."""

    def test_the_admin_override_for_graph_is_not_logged(self, cloud: RunningCloud) -> None:
        admin_override = cloud.admin_override()
        admin_override.conforming = False
        cloud.world.settings.refuse_writes = True
        assert admin_override("POST", "/applications", {"displayName": "by hand"}).status_code == 201
        assert admin_override("GET", "/domains").status_code == 200
        assert cloud.world.log.entries == []

    def test_an_environment_is_changed_by_hand(self, cloud: RunningCloud) -> None:
        response = cloud.session().get(f"{CONTROL}/admin-override/contoso.crm4.dynamics.com/api/data/v9.2/leads")
        assert response.status_code == 200, response.text
        assert cloud.world.log.entries == []

    def test_only_the_control_host_can_grant_it(self, cloud: RunningCloud) -> None:
        response = cloud.session().get(
            "https://graph.microsoft.com/v1.0/organization",
            headers={"X-Simulator-Admin_Override": "true", "X-Simulator-Tenant": "contoso"},
        )
        assert response.status_code == 401

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/nothing"),
            ("GET", "/admin-override/graph.microsoft.com/v1.0/users"),
            ("PATCH", "/tenants/unknown/objects/user/x"),
            ("PATCH", "/tenants/contoso/objects/user/x"),
            ("PATCH", "/tenants/contoso"),
            ("POST", "/environments/nowhere.crm.dynamics.com/x"),
        ],
    )
    def test_missing_objects_are_not_found(self, cloud: RunningCloud, method: str, path: str) -> None:
        response = cloud.session().request(method, CONTROL + path, json={})
        assert response.status_code in (400, 404)
        assert response.json()["error"]["code"] == "ControlRefused"

    def test_settings_are_changed_while_it_runs(self, cloud: RunningCloud) -> None:
        assert cloud.control("PATCH", "/settings", {"replication_seconds": 9})["replication_seconds"] == 9
        assert cloud.world.settings.replication_seconds == 9
        response = cloud.session().patch(f"{CONTROL}/settings", json={"speed": 1})
        assert "There is no setting 'speed'" in response.text


class TestState:
    """The state is complete."""

    def test_a_cloud_continues_from_a_saved_state(self, new_cloud: NewCloud) -> None:
        first = new_cloud(generated_tenant(1), generated_tenant(3))
        graph = first.graph()
        app = graph.create_application("kept", uniqueName="kept")
        graph("POST", "/servicePrincipals", {"appId": app["appId"]})
        secret = graph("POST", f"/applications/{app['id']}/addPassword", {}).json()["secretText"]
        host = "contoso.crm4.dynamics.com"
        leads = f"{CONTROL}/admin-override/{host}/api/data/v9.2/leads"
        first.session().post(leads, json={"subject": "kept", "lastname": "x"})
        first.world.clock.jump(1000)
        state = first.control("GET", "/state")

        second = new_cloud(TenantSpec("elsewhere"))
        second.control("PUT", "/state", state)
        assert "access_token" in second.sign_in(
            "https://graph.microsoft.com", credential=secret, client_id=app["appId"]
        )
        again = second.graph()
        assert again.get("/applications(uniqueName='kept')")["id"] == app["id"]
        assert [item["subject"] for item in second.session().get(leads).json()["value"]] == ["kept"]
        assert second.world.clock.offset_seconds >= 1000
        assert again.create_application("new")["id"] not in str(state)
        assert second.world.tenant_by_name_or_id("elsewhere") is None

    def test_an_invalid_state_is_refused(self, cloud: RunningCloud) -> None:
        response = cloud.session().put(f"{CONTROL}/state", json={"seed": 1})
        assert error_of(response) == (400, "ControlRefused")

    def test_a_thousand_tenants_use_no_memory_until_requested(self, new_cloud: NewCloud) -> None:
        cloud = new_cloud(*(generated_tenant(number) for number in range(1, 1001)))
        cloud.graph("tenant0999").get("/organization")
        touched = [tenant.name for tenant in cloud.world.tenants.values() if tenant.touched]
        assert touched == ["tenant0999"]
        assert len(cloud.control("GET", "/tenants")["tenants"]) == 1000
