# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ansible inventory of the simulated tenants: a group for each tenant, a host for each environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .spec import SpecError
from .world import Environment, Tenant, World


def inventory(world: World, certificate_paths: dict[str, Path]) -> dict[str, Any]:
    """The inventory as YAML. `certificate_paths` has the PEM file of each tenant that has one, by id."""
    children = {
        f"tenant_{tenant.name.replace('-', '_')}": _group(world, tenant, certificate_paths)
        for tenant in world.tenants.values()
        if tenant.environments
    }
    return {"all": {"children": children}}


def _group(world: World, tenant: Tenant, certificate_paths: dict[str, Path]) -> dict[str, Any]:
    variables = {"lead_writer_tenant_id": tenant.id, "lead_writer_client_id": tenant.runner.app_id}
    if tenant.id in certificate_paths:
        variables["lead_writer_client_certificate_path"] = str(certificate_paths[tenant.id])
    else:
        variables["lead_writer_client_secret"] = tenant.runner.secret
    hosts = {item.name: _host(world, item) for item in tenant.environments}
    return {"vars": variables, "hosts": hosts}


def _host(world: World, environment: Environment) -> dict[str, Any]:
    """The variables of an environment; if offers send their leads to it, with their publisher's credentials.

    Raises SpecError for an offer that no tenant has, or offers of several tenants.
    """
    variables: dict[str, Any] = {"lead_writer_environment_url": environment.url}
    if environment.spec.offers:
        publisher = _publishing_tenant(world, environment)
        application = publisher.publisher or publisher.runner
        variables["lead_writer_offers"] = list(environment.spec.offers)
        variables["lead_writer_publisher_tenant_id"] = publisher.id
        variables["lead_writer_publisher_client_id"] = application.app_id
        variables["lead_writer_publisher_client_secret"] = application.secret
    return variables


def _publishing_tenant(world: World, environment: Environment) -> Tenant:
    for tenant in (environment.tenant, *world.tenants.values()):
        if set(environment.spec.offers) <= set(tenant.spec.offers):
            return tenant
    raise SpecError(
        f"{environment.name}: no tenant has all the offers {', '.join(environment.spec.offers)}: name them in the "
        "'offers' of one tenant."
    )


def write_inventory(world: World, path: Path) -> None:
    """Write the inventory to `path`, readable by its owner only, and next to it the certificates that it names."""
    certificate_paths: dict[str, Path] = {}
    for tenant in world.tenants.values():
        if tenant.spec.runner.certificate:
            certificate_path = path.parent / f"{tenant.name}-runner.pem"
            _write_private(certificate_path, tenant.directory.runner_certificate_pem())
            certificate_paths[tenant.id] = certificate_path.resolve()
    _write_private(path, yaml.safe_dump(inventory(world, certificate_paths), sort_keys=False))


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(text, encoding="utf-8")
