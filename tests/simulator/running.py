# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated cloud inside the test's process, and clients that use it like the real one."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import msal
import requests

from simulator.app import CloudApp
from simulator.ca import CertificateAuthority
from simulator.cli import environment_variables
from simulator.server import Proxy
from simulator.spec import TenantSpec
from simulator.world import Settings, Tenant, World

from .contract import check

CONTROL = "https://control.simulator.test"


class RunningCloud:
    """A cloud that runs in its own thread until `close`. Its world can be read directly."""

    def __init__(self, ca: CertificateAuthority, *specs: TenantSpec, seed: int = 1, **settings: Any) -> None:
        # No delays by default.
        quiet = {"replication_seconds": 0.0, "secret_activation_seconds": 0.0, "usage_location_seconds": 0.0}
        self.world = World(Settings(**{**quiet, "import_seconds": 0.0, **settings}), seed=seed)
        for spec in specs:
            self.world.add_tenant(spec)
        self.app = CloudApp(self.world)
        self.loop = asyncio.new_event_loop()
        self._proxy = Proxy(self.app, ca, self.app.knows_host, self.app.plain)
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self.port = asyncio.run_coroutine_threadsafe(self._proxy.start(), self.loop).result(10)
        self.variables = environment_variables(self.port, ca.bundle)
        self._sessions: list[requests.Session] = []

    def close(self) -> None:
        """Stop serving."""
        for session in self._sessions:
            session.close()
        asyncio.run_coroutine_threadsafe(self._proxy.stop(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    def session(self) -> requests.Session:
        """A new requests session that uses the proxy and trusts the cloud's authority."""
        session = requests.Session()
        session.trust_env = False
        session.proxies = {"https": f"http://127.0.0.1:{self.port}"}
        session.verify = self.variables["REQUESTS_CA_BUNDLE"]
        self._sessions.append(session)
        return session

    def tenant(self, name: str = "contoso") -> Tenant:
        """The tenant of that name."""
        tenant = self.world.tenant_by_name_or_id(name)
        assert tenant is not None
        return tenant

    def sign_in(
        self, resource: str, name: str = "contoso", credential: Any = None, client_id: str = ""
    ) -> dict[str, Any]:
        """msal's result of a sign-in for `resource`, as the tenant's runner by default."""
        tenant = self.tenant(name)
        application = msal.ConfidentialClientApplication(
            client_id or tenant.runner.app_id,
            client_credential=credential or tenant.runner.secret,
            authority=f"https://{tenant.cloud.login_hosts[0]}/{tenant.id}",
            http_client=self.session(),
        )
        result: dict[str, Any] = application.acquire_token_for_client([f"{resource}/.default"])
        return result

    def graph(self, name: str = "contoso") -> Graph:
        """A Graph client signed in as the tenant's runner."""
        tenant = self.tenant(name)
        token = self.sign_in(f"https://{tenant.cloud.graph_host}", name)["access_token"]
        return Graph(self.session(), f"https://{tenant.cloud.graph_host}/v1.0", token)

    def admin_override(self, name: str = "contoso") -> Graph:
        """Graph with the admin override: all rights, nothing counted."""
        host = self.tenant(name).cloud.graph_host
        graph = Graph(self.session(), f"{CONTROL}/admin-override/{host}/v1.0", "", {"X-Simulator-Tenant": name})
        graph.conforming = False
        return graph

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON answer of the control API, which must accept the call."""
        response = self.session().request(method, CONTROL + path, json=body, timeout=10)
        assert response.ok, response.text
        return response.json()


class Graph:
    """Calls to Graph; each returns the whole response."""

    conforming = True  # whether every exchange is checked against Graph's contract

    def __init__(self, session: requests.Session, base: str, token: str, headers: dict[str, str] | None = None) -> None:
        self.session = session
        self.base = base
        self.headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """One call; `headers` have `_` for `-`."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("https://") else self.base + path
        response = self.session.request(method, url, json=body, headers={**self.headers, **given}, timeout=10)
        if self.conforming and response.status_code != 405:
            check(response)
        return response

    def get(self, path: str, **headers: str) -> Any:
        """The JSON of a GET that must succeed."""
        response = self("GET", path, **headers)
        assert response.status_code == 200, response.text
        return response.json()

    def create_application(self, name: str = "Marketplace Lead Writer", **properties: Any) -> dict[str, Any]:
        """A new application."""
        response = self("POST", "/applications", {"displayName": name, **properties})
        assert response.status_code == 201, response.text
        created: dict[str, Any] = response.json()
        return created


def error_of(response: requests.Response) -> tuple[int, str]:
    """Status and error code of a refusal in the services' envelope."""
    return response.status_code, response.json()["error"]["code"]
