# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The national clouds: which host names each one answers on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cloud:
    """Host names of one national cloud (contract: national clouds)."""

    name: str
    login_hosts: tuple[str, ...]  # the first one is what discovery advertises
    graph_host: str
    issuer_host: str  # of version 1.0 access tokens
    instance_name: str  # "cloud_instance_name" of the discovery document
    power_platform_host: str
    power_apps_resource: str
    initial_domain_suffix: str
    resource_manager_hosts: tuple[str, ...]  # of Azure; only older clients request tokens for the last one
    environment_domains: tuple[str, ...]  # the first one is the default domain of an environment


_PUBLIC_REGIONS = (
    "crm4",
    "crm",
    *(f"crm{number}" for number in (2, 3, 5, 6, 7, 8, 11, 12, 14, 15, 16, 17, 19, 20, 21)),
)
_PUBLIC_LOGIN = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net")

CLOUDS: dict[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            name="public",
            login_hosts=_PUBLIC_LOGIN,
            graph_host="graph.microsoft.com",
            issuer_host="sts.windows.net",
            instance_name="microsoftonline.com",
            power_platform_host="api.bap.microsoft.com",
            power_apps_resource="https://service.powerapps.com/",
            initial_domain_suffix="onmicrosoft.com",
            resource_manager_hosts=("management.azure.com", "management.core.windows.net"),
            environment_domains=tuple(f"{region}.dynamics.com" for region in _PUBLIC_REGIONS),
        ),
        Cloud(
            name="gcc",
            login_hosts=_PUBLIC_LOGIN,
            graph_host="graph.microsoft.com",
            issuer_host="sts.windows.net",
            instance_name="microsoftonline.com",
            power_platform_host="gov.api.bap.microsoft.us",
            power_apps_resource="https://service.powerapps.us/",
            initial_domain_suffix="onmicrosoft.com",
            resource_manager_hosts=("management.azure.com", "management.core.windows.net"),
            environment_domains=("crm9.dynamics.com",),
        ),
        Cloud(
            name="gcc_high",
            login_hosts=("login.microsoftonline.us", "login.usgovcloudapi.net"),
            graph_host="graph.microsoft.us",
            issuer_host="sts.windows.net",
            instance_name="microsoftonline.us",
            power_platform_host="high.api.bap.microsoft.us",
            power_apps_resource="https://high.service.apps.appsplatform.us/",
            initial_domain_suffix="onmicrosoft.us",
            resource_manager_hosts=("management.usgovcloudapi.net", "management.core.usgovcloudapi.net"),
            environment_domains=("crm.microsoftdynamics.us",),
        ),
        Cloud(
            name="dod",
            login_hosts=("login.microsoftonline.us", "login.usgovcloudapi.net"),
            graph_host="dod-graph.microsoft.us",
            issuer_host="sts.windows.net",
            instance_name="microsoftonline.us",
            power_platform_host="api.bap.appsplatform.us",
            power_apps_resource="https://service.apps.appsplatform.us/",
            initial_domain_suffix="onmicrosoft.us",
            resource_manager_hosts=("management.usgovcloudapi.net", "management.core.usgovcloudapi.net"),
            environment_domains=("crm.appsplatform.us",),
        ),
        Cloud(
            name="china",
            login_hosts=("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
            graph_host="microsoftgraph.chinacloudapi.cn",
            issuer_host="sts.chinacloudapi.cn",
            instance_name="partner.microsoftonline.cn",
            power_platform_host="api.bap.partner.microsoftonline.cn",
            power_apps_resource="https://service.powerapps.cn/",
            initial_domain_suffix="partner.onmschina.cn",
            resource_manager_hosts=("management.chinacloudapi.cn", "management.core.chinacloudapi.cn"),
            environment_domains=("crm.dynamics.cn",),
        ),
    )
}

LOGIN_HOSTS: frozenset[str] = frozenset(host for cloud in CLOUDS.values() for host in cloud.login_hosts)
GRAPH_HOSTS: frozenset[str] = frozenset(cloud.graph_host for cloud in CLOUDS.values())
POWER_PLATFORM_HOSTS: frozenset[str] = frozenset(cloud.power_platform_host for cloud in CLOUDS.values())
RESOURCE_MANAGER_HOSTS: frozenset[str] = frozenset(cloud.resource_manager_hosts[0] for cloud in CLOUDS.values())
CONTROL_HOST = "control.simulator.test"


def clouds_of_login_host(host: str) -> frozenset[str]:
    """Names of the clouds whose directories sign in at `host`."""
    return frozenset(cloud.name for cloud in CLOUDS.values() if host in cloud.login_hosts)


def clouds_of_graph_host(host: str) -> frozenset[str]:
    """Names of the clouds whose directories Graph serves at `host`."""
    return frozenset(cloud.name for cloud in CLOUDS.values() if host == cloud.graph_host)


def api_twin(environment_host: str) -> str:
    """The second host name of an environment: `contoso.crm4.dynamics.com` → `contoso.api.crm4.dynamics.com`."""
    name, _dot, domain = environment_host.partition(".")
    return f"{name}.api.{domain}"
