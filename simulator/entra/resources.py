# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resource of a token request, from `scope` or the v1 parameter `resource`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..directory.first_party import DYNAMICS_CRM_APP_ID, GRAPH_APP_ID
from .errors import SignInRefused

if TYPE_CHECKING:
    from ..world import Tenant, World

OPENID_SCOPES = frozenset({"openid", "profile", "offline_access", "email"})


@dataclass(frozen=True)
class Resource:
    """The resource and the permissions of a token."""

    audience: str
    app_id: str  # of the resource's service principal; empty for services without one here
    scopes: tuple[str, ...]  # the requested delegated permissions; ".default" means all granted ones


def resource_of_scope(world: World, tenant: Tenant, scope: str) -> Resource:
    """Read `scope`: one resource, with the permissions after its last slash.

    Raises SignInRefused: 70011 for an invalid scope, 500011 for a resource that this tenant does not have.
    """
    wanted = [item for item in scope.split() if item not in OPENID_SCOPES]
    if not wanted:
        raise _invalid_scope(scope)
    resources: dict[str, list[str]] = {}
    for item in wanted:
        resource, slash, permission = item.rpartition("/")
        if not slash or not permission or not resource:
            raise _invalid_scope(item)
        resources.setdefault(resource, []).append(permission)
    if len(resources) != 1:
        raise SignInRefused(
            28000,
            "invalid_scope",
            400,
            f"Provided value for the input parameter scope is not valid because it contains "
            f"more than one resource. Scope {scope} is not valid.",
        )
    name, permissions = next(iter(resources.items()))
    return _known(world, tenant, name, tuple(permissions))


def resource_of_name(world: World, tenant: Tenant, name: str) -> Resource:
    """Read the `resource` parameter of the older token endpoint."""
    return _known(world, tenant, name, (".default",))


def _known(world: World, tenant: Tenant, name: str, permissions: tuple[str, ...]) -> Resource:
    host = (urlsplit(name).hostname or "").lower()
    directory = tenant.directory
    if name == GRAPH_APP_ID or host == tenant.cloud.graph_host:
        return Resource(name, GRAPH_APP_ID, permissions)
    if host in tenant.cloud.resource_manager_hosts:
        return Resource(name, "", permissions)
    environment = world.environment_by_host(host)
    if (environment is not None and environment.tenant is tenant) or name == DYNAMICS_CRM_APP_ID:
        if directory.service_principal_by_app_id(DYNAMICS_CRM_APP_ID) is not None:
            return Resource(name, DYNAMICS_CRM_APP_ID, permissions)
    elif name.rstrip("/") == tenant.cloud.power_apps_resource.rstrip("/"):
        return Resource(name, "", permissions)
    raise SignInRefused(
        500011,
        "invalid_resource",
        400,
        f"The resource principal named {name} was not found in the tenant named {tenant.spec.display_name}. This can "
        "happen if the application has not been installed by the administrator of the tenant or consented to by any "
        "user in the tenant. You might have sent your authentication request to the wrong tenant.",
    )


def _invalid_scope(scope: str) -> SignInRefused:
    return SignInRefused(
        70011,
        "invalid_scope",
        400,
        f"The provided request must include a 'scope' input parameter. The provided value for the input parameter "
        f"'scope' is not valid. The scope {scope} is not valid.",
    )
