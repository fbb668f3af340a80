# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The evidence file names every request, code, id and property of the simulator."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import simulator
from simulator.dataverse import operations
from simulator.dataverse.tables import PLATFORM_TABLES, SALES_TABLES
from simulator.directory import shapes
from simulator.graph import routes as graph_routes
from simulator.partnercenter import jobs, leads, offers
from simulator.partnercenter import service as partner_center
from simulator.powerplatform import service as power_platform
from simulator.powerplatform.shapes import described
from simulator.spec import generated_tenant
from simulator.world import Settings, World

ROOT = Path(simulator.__file__).parent
EVIDENCE = yaml.safe_load((ROOT.parent / "evidence" / "facts.yml").read_text(encoding="utf-8"))
FACTS = [
    {**fact, "service": service}
    for service, section in EVIDENCE["services"].items()
    for topic in section["topics"]
    for fact in topic["facts"]
]
PARTS = {
    "entra": ("entra",),
    "graph": ("graph", "directory"),
    "environment": ("dataverse", "odata"),
    "power-platform": ("powerplatform",),
    "partner-center": ("partnercenter",),
}
"""The services of the evidence file, each with the simulator's folders for it."""

GUID = r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"


def files(service: str) -> Iterator[Path]:
    for part in PARTS[service]:
        yield from sorted((ROOT / part).rglob("*.py"))


def listed(key: str) -> set[str]:
    return {name for fact in FACTS for name in fact.get(key, ())}


def codes(service: str) -> Iterator[str]:
    """The error codes of a service of the simulator: texts in the calls that create its errors."""
    for path in files(service):
        text = path.read_text(encoding="utf-8")
        yield from (code.lower() for code in re.findall(r"0x8[0-9a-fA-F]{7}\b", text))
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("GraphError", "Refused", "Refusal", "SignInRefused") and len(node.args) > 1:
                code = node.args[1]
                if isinstance(code, ast.Constant) and isinstance(code.value, str) and not code.value.startswith("0x"):
                    yield code.value
            for keyword in node.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant) and keyword.value.value:
                    yield str(keyword.value.value)


@pytest.mark.parametrize("service", PARTS)
def test_every_code_has_a_fact(service: str) -> None:
    # The simulator has its own codes for unsupported requests.
    assert {code for code in codes(service) if not code.startswith("Simulator")} - listed("codes") == set()


def test_every_sign_in_code_has_a_fact() -> None:
    numbers = {
        node.value
        for path in files("entra")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, int) and 16_000 <= node.value <= 9_999_999
    }
    assert {f"AADSTS{number}" for number in numbers} - listed("codes") == set()


@pytest.mark.parametrize("service", PARTS)
def test_every_fixed_id_has_a_fact(service: str) -> None:
    found = {guid for path in files(service) for guid in re.findall(GUID, path.read_text(encoding="utf-8"))}
    assert found - listed("names") == set()


@pytest.mark.parametrize("service", PARTS)
def test_every_file_follows_a_fact(service: str) -> None:
    """Files without a fact are infrastructure; those with service behavior name their topic."""
    topics = {topic["topic"].lower() for section in EVIDENCE["services"].values() for topic in section["topics"]}
    cited = {
        fact.strip().lower()
        for path in files(service)
        for fact in re.findall(r"contract: ([^).;,]+)", re.sub(r"\s+(#:? )?", " ", path.read_text(encoding="utf-8")))
    }
    assert cited - topics == set()


def properties(entity: str) -> set[str]:
    return {name for entry in EVIDENCE["entities"] if entry["entity"] == entity for name in entry["properties"].split()}


def entities() -> Iterator[tuple[str, Any]]:
    """The objects of the simulator's services with their property names."""
    for table in (*PLATFORM_TABLES, *SALES_TABLES):
        yield f"environment {table.logical}", set(table.columns)
    yield "graph application", shapes.new_application("", "", "", "", "").keys()
    yield "graph servicePrincipal", _service_principal().keys()
    yield "graph user", shapes.new_user("", "", "", "").keys()
    yield from _of_an_account()


def _of_an_account() -> Iterator[tuple[str, Any]]:
    """The objects of Partner Center, and of the admin API, that a new cloud has."""
    world = World(Settings(), seed=1)
    tenant = world.add_tenant(generated_tenant(1, 1))
    account = offers.account_of(world, tenant)
    assert account is not None
    ((product, offer),) = account["offers"].items()
    for resource in offer["draft"].values():
        shown = offers.shown_resource(world, resource, "draft")
        yield f"partner-center {offers.kind_of(resource)}", shown.keys()
    for name, fields in leads.DETAILS.items():
        yield f"partner-center {name}", fields
    failed = offer["submissions"][0] | {"failed": jobs.problem("businessValidationError", "", "")}
    yield "partner-center submission", jobs.shown_submission(world, product, failed).keys()
    job = jobs.start_job(world, tenant, account, [])
    yield "partner-center configure-status", jobs.shown_job(world, job).keys()
    yield "partner-center error", jobs.problem("", "", "").keys()
    yield "power-platform environment", _paths(described(world, tenant.environments[0]))


def _paths(content: Any, before: str = "") -> Iterator[str]:
    """The properties of an object with nested ones, such as `properties.states.runtime.id`."""
    for name, value in content.items():
        first = value[0] if isinstance(value, list) and value else value
        yield f"{before}{name}"
        if isinstance(first, dict):
            yield from _paths(first, f"{before}{name}.")


def _service_principal() -> dict[str, Any]:
    arguments = inspect.signature(shapes.new_service_principal).parameters
    given: list[Any] = [""] * len(arguments)
    return shapes.new_service_principal(*given)


@pytest.mark.parametrize(
    ("entity", "names"), list(entities()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_property_has_been_compared(entity: str, names: Any) -> None:
    shown = {name for name in names if not name.startswith("_")}
    assert shown - properties(entity) == set()


def routes() -> Iterator[tuple[str, str]]:
    """The requests that the simulator's services answer, each in the evidence file's format."""
    for route in graph_routes.ROUTES:
        yield "graph", f"{route.method} {_with_blanks(route.pattern)}"
    for (table, name), (is_function, _handler) in operations.BOUND.items():
        yield "environment", f"{'GET' if is_function else 'POST'} {table}s({{}})/{name}"
    for name in operations.FUNCTIONS:
        yield "environment", f"GET {name}"
    for name in operations.ACTIONS:
        yield "environment", f"POST {name}"
    yield from (("partner-center", f"{each[0]} {each[1]}") for each in partner_center.ROUTES)
    yield from (("power-platform", f"{each[0]} {each[1]}") for each in power_platform.ROUTES)


def _with_blanks(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)


@pytest.mark.parametrize(("service", "request_line"), list(routes()))
def test_every_route_has_a_fact(service: str, request_line: str) -> None:
    described = {line for fact in FACTS if fact["service"] == service for line in fact.get("requests", ())}
    assert request_line in described
