# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing is sent to an origin that does not belong to the service, whatever a response contains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.credentials import Credentials
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.sign_in import (
    SignIn,
    SignInFailed,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.clouds import (
    CLOUDS,
    environment_address,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.origins import (
    Origins,
    origin_shown,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.client import (
    Expect,
    ServiceClient,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.environment.client import (
    tenant_of_environment,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import (
    ADDRESS,
    CLIENTS,
    RUNNER,
    TENANT,
    Network,
    answer,
)

ELSEWHERE = {
    "another host": "https://other.example/x",
    "http": "http://{host}/x",
    "no scheme": "//other.example/x",
    "backslashes": "\\\\other.example/x",
    "a backslash after the host": "https://{host}\\@other.example/x",
    "slash and backslash": "/\\other.example/x",
    "user info": "https://{host}@other.example/x",
    "user info and password": "https://{host}:443@other.example/x",
    "own host as user info": "https://user@{host}/x",
    "another port": "https://{host}:8443/x",
    "port as user info": "https://{host}:443@other.example:443/x",
    "a longer name": "https://{host}.other.example/x",
    "a longer beginning": "https://not-{host}/x",
    "a fragment": "https://{host}#@other.example/x",
    "a question mark": "https://{host}?@other.example/x",
    "an encoded slash": "https://{host}%2f@other.example/x",
    "an encoded dot": "https://{host}%2eother.example/x",
    "a trailing dot": "https://{host}./x",
    "a unicode dot": "https://{host}\u3002other.example/x",
    "a unicode slash": "https://{host}\u2044other.example/x",
    "a full-width letter": "https://{wide}/x",
    "the long s": "http\u017f://{host}/x",
    "a blank before the host": "https:// {host}/x",
    "a tab in the host": "https://{host}\t.other.example/x",
    "a line break in the host": "https://{host}\n.other.example/x",
    "an unfinished address": "https://[{host}/x",
    "no slash": "https:{host}/x",
    "three slashes": "https:///{host}/x",
    "a file": "file:///etc/passwd",
    "a script": "javascript:alert(1)",
    "a number": 7,
    "a list": ["https://{host}/x"],
    "an object": {"href": "https://{host}/x"},
    "true": True,
}
"""Addresses that a response can contain instead of one of the service."""


def named(kind: str, host: str) -> Any:
    """An address of a kind, made for a host."""
    link = ELSEWHERE[kind]
    return link.format(host=host, wide="\uff47" + host[1:]) if isinstance(link, str) else link


def host_of(client: ServiceClient) -> str:
    return client.root.split("/")[2]


@pytest.mark.parametrize("kind", ELSEWHERE)
@pytest.mark.parametrize("service", CLIENTS)
def test_a_next_link_elsewhere_gets_no_request(service: str, kind: str) -> None:
    network = Network()
    client = CLIENTS[service](network)
    network.answers = [answer({"value": [{"id": 1}], client.next_link: named(kind, host_of(client))})]
    rows = client.rows("/things")
    assert next(rows) == {"id": 1}
    with pytest.raises(CallFailed, match="nothing was sent there"):
        next(rows)
    assert len(network.sent) == 1


@pytest.mark.parametrize("kind", [kind for kind, link in ELSEWHERE.items() if isinstance(link, str) and ":" in link])
@pytest.mark.parametrize("service", CLIENTS)
def test_an_absolute_address_elsewhere_gets_no_request(service: str, kind: str) -> None:
    network = Network({})
    client = CLIENTS[service](network)
    address = named(kind, host_of(client))
    try:
        client.call("DELETE", address, expect=Expect.NOTHING)
    except CallFailed as failed:
        assert "nothing was sent there" in str(failed)
        assert network.sent == []
    else:
        # Text that does not start like an address is a path below the service's root.
        assert [url for url, _auth in network.sent] == [client.root + address]


OWN = {
    "as it is": "https://{host}/next?$skiptoken=%3Ccookie%20a%3D%22b%22",
    "in capitals": "HTTPS://{capitals}/next?$skiptoken=%3Ccookie%20a%3D%22b%22",
    "with the port": "https://{host}:443/next?$skiptoken=%3Ccookie%20a%3D%22b%22",
    "relative": "/next?$skiptoken=%3Ccookie%20a%3D%22b%22",
    "another host in the query": "https://{host}/next?from=https://other.example/",
}


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("service", CLIENTS)
def test_a_next_link_of_the_service_is_followed(service: str, kind: str) -> None:
    network = Network()
    client = CLIENTS[service](network)
    host = host_of(client)
    link = OWN[kind].format(host=host, capitals=host.upper())
    network.answers = [answer({"value": [{"n": 1}], client.next_link: link}), answer({"value": [{"n": 2}]})]
    assert [row["n"] for row in client.rows("/things")] == [1, 2]
    assert network.sent[1][0] == f"https://{host}/next?" + link.partition("?")[2]


def test_environment_may_continue_at_its_api_host() -> None:
    link = "https://contoso.api.crm4.dynamics.com/api/x"
    network = Network({"value": [{"n": 1}], "@odata.nextLink": link}, {"value": [{"n": 2}]})
    assert [row["n"] for row in CLIENTS["environment"](network).rows("leads")] == [1, 2]


def test_environment_may_not_continue_at_another_api_host() -> None:
    network = Network({"value": [{}], "@odata.nextLink": "https://fabrikam.api.crm4.dynamics.com/api/x"})
    with pytest.raises(CallFailed, match=r"https://fabrikam\.api\.crm4\.dynamics\.com, which is not contoso"):
        [*CLIENTS["environment"](network).rows("leads")]


def test_a_refused_address_is_shown_without_its_secrets() -> None:
    assert origin_shown("https://user:pass@other.example:8443/path?sig=secret") == "https://other.example:8443"
    assert origin_shown(None) == origin_shown("/path") == "no address"


def test_same_host_in_other_letters_is_another_host() -> None:
    assert Origins("kelvin.example").own("https://\u212aelvin.example/") is None
    assert Origins("a.b").own("https://aXb/") is None


# --- sign-in

LOGIN = "login.microsoftonline.com"
ENDPOINTS = ("authorization_endpoint", "token_endpoint")


class Entra(Network):
    """Returns a discovery document with one endpoint of the test's choice, and gives any client a token."""

    def __init__(self, changed: str, address: Any) -> None:
        super().__init__({})
        self.document = {
            name: f"https://{LOGIN}/{TENANT}/oauth2/v2.0/{name.partition('_')[0]}" for name in ENDPOINTS
        } | {changed: address}
        self.forms: list[dict[str, str]] = []

    def send(self, method: str, url: str, *, form: Any = None, **_options: Any) -> Any:
        self.sent.append((url, None))
        if form is not None:
            self.forms.append(form)
        if "openid-configuration" in url:
            return answer(self.document)
        if "userrealm" in url:
            return answer({"account_type": "Managed"})
        return answer({"access_token": "a token", "expires_in": 3599, "token_type": "Bearer"})


def credentials(way: str, folder: Path) -> Credentials:
    token = folder / "token"
    token.write_text("an assertion", encoding="utf-8")
    return {
        "secret": Credentials(TENANT, RUNNER, "a secret"),
        "federated": Credentials(TENANT, RUNNER, federated_token_file=str(token)),
        "password": Credentials(TENANT, RUNNER, user_name="leads@contoso.com", password="not told"),
    }[way]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("kind", [*ELSEWHERE, "nothing", "the sign-in host of another cloud"])
@pytest.mark.parametrize("way", ["secret", "federated", "password"])
def test_no_credential_follows_a_discovery_document(way: str, kind: str, endpoint: str, tmp_path: Path) -> None:
    others = {"nothing": None, "the sign-in host of another cloud": "https://login.microsoftonline.us/x/token"}
    address = others[kind] if kind in others else named(kind, LOGIN)
    entra = Entra(endpoint, address)
    with pytest.raises(SignInFailed, match="no credential was sent"):
        SignIn(credentials(way, tmp_path), CLOUDS["public"], entra).token("https://graph.microsoft.com")
    assert entra.forms == []
    assert all(url.startswith(f"https://{LOGIN}/") for url, _auth in entra.sent)


@pytest.mark.parametrize("host", CLOUDS["public"].login_hosts)
def test_every_name_of_the_sign_in_service_is_its_own(host: str, tmp_path: Path) -> None:
    entra = Entra("token_endpoint", f"https://{host}/{TENANT}/oauth2/v2.0/token")
    signed_in = SignIn(credentials("secret", tmp_path), CLOUDS["public"], entra)
    assert signed_in.token("https://graph.microsoft.com") == "a token"
    assert entra.sent[-1][0].startswith(f"https://{host}/")


def test_a_token_of_a_managed_identity_is_for_one_service_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Machine(Network):
        def send(self, method: str, url: str, *, params: Any = None, **_options: Any) -> Any:
            self.sent.append((url, None))
            return answer({"access_token": f"for {params['resource']}", "expires_in": "3599"})

    for variable in ("IDENTITY_ENDPOINT", "MSI_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST"):
        monkeypatch.delenv(variable, raising=False)
    machine = Machine({})
    signed_in = SignIn(Credentials(None, None, managed_identity=True), CLOUDS["public"], machine)
    assert [signed_in.token(f"https://{each}.example") for each in "ab"] == [
        "for https://a.example",
        "for https://b.example",
    ]
    assert {url.split("/")[2] for url, _auth in machine.sent} == {"169.254.169.254"}


# --- the tenant in an environment's response


@pytest.mark.parametrize(
    ("challenge", "tenant"),
    [
        (f"Bearer authorization_uri=https://{LOGIN}/{TENANT}/oauth2/authorize, resource_id=https://x/", TENANT),
        (f'Bearer authorization_uri="https://login.windows.net/{TENANT}/oauth2/authorize"', TENANT),
        (f"Bearer authorization_uri=https://{LOGIN}/common/oauth2/authorize", None),
        (f"Bearer authorization_uri=https://{LOGIN}/------------------------------------/", None),
        (f"Bearer authorization_uri=https://other.example/{TENANT}/oauth2/authorize", None),
        (f"Bearer authorization_uri=https://{LOGIN}@other.example/{TENANT}/oauth2/authorize", None),
        (f"Bearer authorization_uri=http://{LOGIN}/{TENANT}/oauth2/authorize", None),
        (f"Bearer authorization_uri=https://login.microsoftonline.us/{TENANT}/oauth2/authorize", None),
        ("Bearer", None),
    ],
)
def test_tenant_is_accepted_only_from_its_clouds_sign_in(challenge: str, tenant: str | None) -> None:
    network = Network(answer("", 401, {"WWW-Authenticate": challenge}))
    assert tenant_of_environment(ADDRESS, network) == tenant


def test_an_environment_of_another_cloud_names_that_clouds_sign_in() -> None:
    challenge = f"Bearer authorization_uri=https://login.microsoftonline.us/{TENANT}/oauth2/authorize"
    network = Network(answer("", 401, {"WWW-Authenticate": challenge}))
    assert tenant_of_environment(environment_address("https://contoso.crm.microsoftdynamics.us"), network) == TENANT


def test_refused_discovery_document_is_not_cached(tmp_path: Path) -> None:
    entra = Entra("token_endpoint", "https://other.example/token")
    signed_in = SignIn(credentials("secret", tmp_path), CLOUDS["public"], entra)
    for _try in range(2):
        with pytest.raises(SignInFailed):
            signed_in.token("https://graph.microsoft.com")
    assert len(entra.sent) == 2
    assert json.dumps(entra.document).count("other.example") == 1
