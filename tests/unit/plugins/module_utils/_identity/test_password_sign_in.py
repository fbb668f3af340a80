# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signing in with a name and a password: both go to Microsoft Entra, or nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.credentials import Credentials
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.sign_in import (
    FEDERATED,
    SignIn,
    SignInFailed,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.clouds import CLOUDS
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer

LOGIN = "https://login.microsoftonline.com"
TENANT = "11111111-2222-3333-4444-555555555555"
ENVIRONMENT = "https://contoso.crm4.dynamics.com"


class Network:
    """Responds like Microsoft Entra for users of one kind, and records the requests."""

    def __init__(self, account_type: str) -> None:
        self.account_type = account_type
        self.sent: list[tuple[str, dict[str, str]]] = []

    def send(self, method: str, url: str, form: dict[str, str] | None = None, **unused: Any) -> Answer:
        """Respond to one request."""
        self.sent.append((url, form or {}))
        if "openid-configuration" in url:
            endpoint = f"{LOGIN}/{TENANT}/oauth2/v2.0"
            body = {"authorization_endpoint": f"{endpoint}/authorize", "token_endpoint": f"{endpoint}/token"}
        elif "userrealm" in url:
            body = {"account_type": self.account_type, "federation_metadata_url": "https://sts.contoso.com/mex"}
        else:
            body = {"access_token": "a token", "expires_in": "3599", "token_type": "Bearer"}
        return Answer(200, {}, json.dumps(body), f"{method} {url}")


def sign_in(network: Network) -> SignIn:
    person = Credentials(TENANT, "a public client", user_name="leads@contoso.com", password="not told")
    return SignIn(person, CLOUDS["public"], network)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("error")
def test_user_signs_in_with_name_and_password_for_the_environment() -> None:
    network = Network("Managed")
    assert sign_in(network).token(ENVIRONMENT) == "a token"
    url, form = network.sent[-1]
    assert url == f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    assert (form["username"], form["password"]) == ("leads@contoso.com", "not told")
    assert f"{ENVIRONMENT}/.default" in form["scope"]


def test_a_password_is_not_sent_to_the_server_of_a_federated_domain() -> None:
    network = Network("Federated")
    with pytest.raises(SignInFailed) as refused:
        sign_in(network).token(ENVIRONMENT)
    assert refused.value.code == FEDERATED
    assert all(url.startswith(LOGIN) and not form for url, form in network.sent)


def test_a_password_is_in_no_representation_of_credentials() -> None:
    assert "not told" not in repr(Credentials(TENANT, "a public client", user_name="x", password="not told"))
