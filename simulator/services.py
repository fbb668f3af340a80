# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated services: the hosts of each, and the function that answers its requests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from . import dataverse, entra, graph, partnercenter, powerplatform, resource_manager
from .clouds import GRAPH_HOSTS, LOGIN_HOSTS, POWER_PLATFORM_HOSTS, RESOURCE_MANAGER_HOSTS
from .web import json_response
from .world import Tenant, World

Answer = Callable[[Request, World, str, Tenant | None], Awaitable[Response]]
"""Answers a request to a host. The tenant is that of an admin override, which has all rights."""


@dataclass(frozen=True)
class Service:
    """A service behind fixed hosts; `base` is the path below which it answers if it shares its hosts."""

    name: str
    hosts: frozenset[str]
    answer: Answer
    base: str = ""


async def _entra(request: Request, world: World, host: str, _override: Tenant | None) -> Response:
    return await entra.answer(request, world, host)


async def _resource_manager(request: Request, world: World, host: str, _override: Tenant | None) -> Response:
    return resource_manager.answer(request, world, host)


async def _environment(request: Request, world: World, host: str, _override: Tenant | None) -> Response:
    if world.busy_accounts:
        # A publication that ends meanwhile writes a lead to the environment.
        partnercenter.advance(world)
    environment = world.environment_by_host(host)
    if environment is None:
        error = {"code": "SimulatorUnknownHost", "message": f"The simulator has no host {host!r}."}
        return json_response({"error": error}, 421)
    return await dataverse.answer(request, environment, request.headers.get("authorization"))


# The first that fits answers, so a service with a path comes before the other one on the same hosts.
_SERVICES = (
    Service("entra", frozenset(LOGIN_HOSTS), _entra),
    Service("partner_center", frozenset(GRAPH_HOSTS), partnercenter.answer, f"{partnercenter.BASE}/"),
    Service("graph", frozenset(GRAPH_HOSTS), graph.answer),
    Service("power_platform", frozenset(POWER_PLATFORM_HOSTS), powerplatform.answer),
    Service("resource_manager", frozenset(RESOURCE_MANAGER_HOSTS), _resource_manager),
)
ENVIRONMENTS = Service("dataverse", frozenset(), _environment)
"""The environments of all tenants, each of which has a host of its own."""


def service_of(world: World, host: str, path: str = "") -> Service | None:
    """The service that answers requests to `path` of `host`, None for a host that is not simulated."""
    for service in _SERVICES:
        if host in service.hosts and path.startswith(service.base):
            return service
    return ENVIRONMENTS if world.environment_by_host(host) is not None else None


async def answer(request: Request, world: World, host: str, override_tenant: Tenant | None = None) -> Response:
    """The response of the service behind `host`. `override_tenant` is the tenant of an admin override."""
    service = service_of(world, host, request.url.path) or ENVIRONMENTS
    return await service.answer(request, world, host, override_tenant)
