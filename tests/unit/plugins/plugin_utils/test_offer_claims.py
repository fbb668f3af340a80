# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detects two hosts that name one offer, but not different offers with the same ID."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._offer_claims import (
    Claim,
    claimed_twice,
    refusals,
)

ONE = "11111111-2222-3333-4444-55555555555a"
OTHER = "22222222-2222-3333-4444-555555555555"


def test_an_offer_that_two_hosts_name_is_found_whatever_its_case() -> None:
    claims = [Claim("contoso-app", "prod"), Claim("Contoso-App ", "test"), Claim("contoso-vm", "test")]
    assert claimed_twice(claims) == {"contoso-app": ["prod", "test"]}


def test_an_offer_that_one_host_names_twice_is_not() -> None:
    assert claimed_twice([Claim("contoso-app", "prod"), Claim("contoso-app", "prod")]) == {}


@pytest.mark.parametrize(
    ("publishers", "contradict"),
    [
        ((ONE, OTHER), False),
        ((ONE, ONE.upper()), True),
        ((ONE, ""), True),
        (("", ""), True),
        (("contoso.com", "contoso.onmicrosoft.com"), True),
        ((ONE, "contoso.com"), True),
    ],
)
def test_only_different_publishers_may_share_offer_ids(publishers: tuple[str, str], contradict: bool) -> None:
    claims = [Claim("app", f"host{number}", publisher) for number, publisher in enumerate(publishers)]
    assert claimed_twice(claims) == ({"app": ["host0", "host1"]} if contradict else {})


def test_only_the_publisher_with_two_hosts_is_reported() -> None:
    claims = [Claim("app", "a", ONE), Claim("app", "b", OTHER), Claim("app", "c", OTHER)]
    assert claimed_twice(claims) == {"app": ["b", "c"]}
    # One more host with an unknown publisher, which may be the same as any other.
    assert claimed_twice([*claims, Claim("app", "d")]) == {"app": ["a", "b", "c", "d"]}


def test_every_host_gets_the_cure_and_the_message_stays_short() -> None:
    hosts = [f"host{number:04}" for number in range(1000)]
    told = refusals(claimed_twice([Claim("app", host) for host in hosts]))
    assert sorted(told) == hosts
    assert "host0007 names app, and so does host0000, host0001" in told["host0007"]
    assert "and 994 more: an offer can send its leads to one environment only" in told["host0007"]
    assert len(told["host0007"]) < 500
