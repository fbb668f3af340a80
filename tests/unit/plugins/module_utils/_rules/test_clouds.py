# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cloud of an environment: a wrong result signs in to another government's cloud."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.clouds import environment_address
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput


@pytest.mark.parametrize(
    ("url", "cloud"),
    [
        ("https://contoso.crm.dynamics.com", "public"),
        ("https://contoso.crm4.dynamics.com/", "public"),
        ("https://Contoso-Test.CRM19.dynamics.com", "public"),
        ("https://contoso.crm9.dynamics.com", "gcc"),
        ("https://contoso.crm.microsoftdynamics.us", "gcc_high"),
        ("https://contoso.crm.appsplatform.us", "dod"),
        ("https://contoso.crm.dynamics.cn", "china"),
    ],
)
def test_environment_belongs_to_its_national_cloud(url: str, cloud: str) -> None:
    address = environment_address(url)
    assert address.cloud.name == cloud
    assert address.url == f"https://{address.host}"
    assert address.host == address.host.lower()


@pytest.mark.parametrize(
    ("url", "cure"),
    [
        ("https://contoso.crm4.dynamics.com/main.aspx?appid=1", "write https://contoso.crm4.dynamics.com instead"),
        ("https://contoso.crm4.dynamics.com:8443", "write https://contoso.crm4.dynamics.com instead"),
        ("https://me:pw@contoso.crm4.dynamics.com", "write https://contoso.crm4.dynamics.com instead"),
        ("https://contoso.api.crm4.dynamics.com", "write https://contoso.crm4.dynamics.com instead"),
        ("https://contoso.api.crm4.dynamics.com/api/data/v9.2/", "write https://contoso.crm4.dynamics.com instead"),
        ("https://contoso.crm4.dynamics.com:abc", "write https://contoso.crm4.dynamics.com instead"),
        ("https://[::1", "must be the https address"),
        ("https://make.powerapps.com/environments/x/home", "not the host of an environment"),
        ("https://admin.powerplatform.microsoft.com/manage/environments", "not the host of an environment"),
        ("https://globaldisco.crm.dynamics.com", "not the host of an environment"),
        ("https://disco.crm4.dynamics.com", "not the host of an environment"),
        ("https://api.crm4.dynamics.com", "not the host of an environment"),
        ("http://contoso.crm4.dynamics.com", "must be the https address"),
        ("contoso.crm4.dynamics.com", "must be the https address"),
        ("https://contoso.crm4.dynamics.com.evil.example", "not the host of an environment"),
        ("https://dynamics.com", "not the host of an environment"),
        ("https://contoso.crm10.example.com", "not the host of an environment"),
        ("https://a.b.crm4.dynamics.com", "not the host of an environment"),
        ("", "must be the https address"),
    ],
)
def test_wrong_address_is_refused_before_a_token_is_sent(url: str, cure: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        environment_address(url)
    assert str(refusal.value).startswith("environment_url ")
    assert cure in str(refusal.value)


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_password_in_an_address_is_never_shown(scheme: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        environment_address(f"{scheme}://me:hunter2@contoso.crm4.dynamics.com/main.aspx")
    assert "hunter2" not in str(refusal.value)


def test_cloud_that_contradicts_the_address_is_reported() -> None:
    with pytest.raises(InvalidInput, match=r"cloud is public, but environment_url .* is in gcc"):
        environment_address("https://contoso.crm9.dynamics.com", "public")
