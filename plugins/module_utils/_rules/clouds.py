# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""National clouds: which hosts belong together, and how an environment's URL identifies its cloud.

Sources: Microsoft Entra "national clouds" (sign-in hosts), the aliases in the answer of Microsoft Entra's instance
discovery (`/common/discovery/instance`, also the list of known hosts in msal), Microsoft Graph "national cloud
deployments" (Graph hosts), Dataverse "discovery service" and the Power Platform provider's list of clouds (environment
and admin hosts, and what a token for the latter is asked for).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from .errors import InvalidInput


@dataclass(frozen=True)
class Cloud:
    """One national cloud: its hosts, and the shape of its environments' host names.

    `login_hosts` are all names of the sign-in service, the one to use first; no credential is sent to any other host.
    `power_platform_host` is the one of the Power Platform admin API, and `power_apps_url` what its tokens are for.
    """

    name: str
    login_hosts: tuple[str, ...]
    graph_host: str
    environment_host: re.Pattern[str]
    power_platform_host: str
    power_apps_url: str

    @property
    def login_host(self) -> str:
        """The host name of the sign-in service that is used."""
        return self.login_hosts[0]

    @property
    def graph_url(self) -> str:
        """The root of Microsoft Graph in this cloud, without a version."""
        return f"https://{self.graph_host}"

    def authority(self, tenant: str) -> str:
        """Return the sign-in authority of `tenant`, a directory id or one of its domain names."""
        return f"https://{self.login_host}/{tenant}"


_PUBLIC_LOGIN = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net")
_US_LOGIN = ("login.microsoftonline.us", "login.usgovcloudapi.net")
_CHINA_LOGIN = ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn")

_NAME = r"(?P<name>[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)"

CLOUDS: dict[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        # crm9 is the government community cloud, so it is kept out of the public pattern.
        Cloud(
            "public",
            _PUBLIC_LOGIN,
            "graph.microsoft.com",
            re.compile(_NAME + r"\.(?P<region>crm(?!9\.)\d{0,2})\.dynamics\.com"),
            "api.bap.microsoft.com",
            "https://service.powerapps.com",
        ),
        Cloud(
            "gcc",
            _PUBLIC_LOGIN,
            "graph.microsoft.com",
            re.compile(_NAME + r"\.(?P<region>crm9)\.dynamics\.com"),
            "gov.api.bap.microsoft.us",
            "https://service.powerapps.us",
        ),
        Cloud(
            "gcc_high",
            _US_LOGIN,
            "graph.microsoft.us",
            re.compile(_NAME + r"\.(?P<region>crm)\.microsoftdynamics\.us"),
            "high.api.bap.microsoft.us",
            "https://high.service.apps.appsplatform.us",
        ),
        Cloud(
            "dod",
            _US_LOGIN,
            "dod-graph.microsoft.us",
            re.compile(_NAME + r"\.(?P<region>crm)\.appsplatform\.us"),
            "api.bap.appsplatform.us",
            "https://service.apps.appsplatform.us",
        ),
        Cloud(
            "china",
            _CHINA_LOGIN,
            "microsoftgraph.chinacloudapi.cn",
            re.compile(_NAME + r"\.(?P<region>crm\d{0,2})\.dynamics\.cn"),
            "api.bap.partner.microsoftonline.cn",
            "https://service.powerapps.cn",
        ),
    )
}


@dataclass(frozen=True)
class EnvironmentAddress:
    """The address of one environment: `url` without a trailing slash, its `host`, and its cloud."""

    url: str
    host: str
    cloud: Cloud

    @property
    def api_host(self) -> str:
        """The second host on which the same environment answers (Dataverse discovery service: `ApiUrl`)."""
        return self.host.replace(".", ".api.", 1)


def environment_address(text: str, cloud: str | None = None, option: str = "environment_url") -> EnvironmentAddress:
    """Read an environment's URL as a user enters it.

    `cloud` is the cloud the caller stated, if any. Raises InvalidInput when the URL is not the plain https root of an
    environment, or when it is in a different cloud than the stated one.
    """
    shown = _PASSWORD.sub("//", text)
    scheme, host, bare = _parts(text)
    if scheme != "https" or not host:
        raise InvalidInput(
            f"{option} must be the https address of an environment, such as https://contoso.crm4.dynamics.com, "
            f"not {shown!r}."
        )
    # The host is checked first: the path of another site says nothing about an environment.
    plain = host.replace(".api.", ".", 1)
    found = _cloud_of(plain)
    if found is None:
        raise InvalidInput(
            f"{option} names {host}, which is not the host of an environment in any Microsoft cloud: "
            "use the address that the Power Platform admin center shows, such as https://contoso.crm4.dynamics.com."
        )
    if plain != host:
        raise InvalidInput(f"{option} names the environment's API host: write https://{plain} instead of {shown!r}.")
    if not bare:
        raise InvalidInput(
            f"{option} must be the bare address of an environment without port, path or query: "
            f"write https://{host} instead of {shown!r}."
        )
    if cloud is not None and cloud != found.name:
        raise InvalidInput(
            f"cloud is {cloud}, but {option} {host} is in {found.name}: correct one of them, or leave cloud out."
        )
    return EnvironmentAddress(f"https://{host}", host, found)


_PASSWORD = re.compile(r"//[^/?#]*@")
"""The user part of an address, before the host: it may hold a password, and is never shown."""

_SERVICES = frozenset({"globaldisco", "disco", "api"})
"""Names before the region that belong to services of all environments, and to no environment."""


def _parts(text: str) -> tuple[str, str, bool]:
    """Return the scheme and the host of an address, and whether there is nothing else; all empty for no address."""
    try:
        parts = urlsplit(text.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return "", "", False
    # The text after a colon may not be a number, so it is read as it is written.
    bare = parts.netloc.lower() == host and not (parts.path.strip("/") or parts.query or parts.fragment)
    return parts.scheme.lower(), host, bare


def _cloud_of(host: str) -> Cloud | None:
    """Return the cloud whose environments have such a host, or None."""
    for cloud in CLOUDS.values():
        found = cloud.environment_host.fullmatch(host)
        if found is not None and found["name"] not in _SERVICES:
            return cloud
    return None
