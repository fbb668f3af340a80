# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every client of the services' floor over a network whose responses a test chooses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.credentials import Credentials
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.sign_in import SignIn
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.clouds import (
    CLOUDS,
    environment_address,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.client import ServiceClient
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.environment.client import (
    EnvironmentClient,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.graph.client import GraphClient
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.partner_center.client import (
    PartnerCenterClient,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.power_platform.client import (
    PowerPlatformClient,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer, Transport

ADDRESS = environment_address("https://contoso.crm4.dynamics.com")
TENANT = "11111111-2222-3333-4444-555555555555"
RUNNER = "99999999-2222-3333-4444-555555555555"


class Network(Transport):
    """Returns prepared responses (the last one repeatedly), and records every request."""

    def __init__(self, *answers: Answer | dict[str, Any]) -> None:
        super().__init__()
        self.answers = [each if isinstance(each, Answer) else answer(each) for each in answers]
        self.sent: list[tuple[str, Any]] = []

    def send(self, method: str, url: str, *, auth: Any = None, **_options: Any) -> Answer:
        """Respond to one request."""
        self.sent.append((url, auth))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class SignedIn(SignIn):
    """An identity that already has its token."""

    def token(self, resource: str) -> str:
        """Return a token."""
        return f"a token for {resource}"


def answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """A response with a JSON value, or with plain text."""
    text = content if isinstance(content, str) else json.dumps(content)
    return Answer(status, headers or {"Content-Type": "application/json"}, text, "GET https://service/thing")


def _signed_in(network: Transport) -> SignIn:
    return SignedIn(Credentials(TENANT, RUNNER, "a secret"), CLOUDS["public"], network)


CLIENTS: dict[str, Callable[[Transport], ServiceClient]] = {
    "graph": lambda network: GraphClient(_signed_in(network), network),
    "environment": lambda network: EnvironmentClient(ADDRESS, _signed_in(network), network),
    "power_platform": lambda network: PowerPlatformClient(_signed_in(network), network),
    "partner_center": lambda network: PartnerCenterClient(_signed_in(network), network),
}
"""How to create the client of each service, by the name of its folder."""
