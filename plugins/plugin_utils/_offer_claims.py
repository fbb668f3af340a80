# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Offers that more than one host names. An offer has one lead destination, so two hosts would overwrite it in turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..module_utils._rules.guids import is_guid

_NAMED = 5
"""How many other hosts a sentence names."""


@dataclass(frozen=True)
class Claim:
    """One host's claim to the leads of an offer.

    `publisher` is the tenant of the publisher as set in the inventory, a directory ID, a domain name or nothing.
    """

    offer: str
    host: str
    publisher: str = ""


def claimed_twice(claims: Iterable[Claim]) -> dict[str, list[str]]:
    """Return the hosts with conflicting claims, by offer as the first of them spells it.

    External IDs are unique for one publisher only. So two claims of one ID are no conflict if the publishers are
    certainly different, which only two directory IDs can show: one tenant has any number of domain names.
    """
    by_offer: dict[str, list[Claim]] = {}
    for claim in claims:
        by_offer.setdefault(claim.offer.strip().lower(), []).append(claim)
    contradictions = ((same[0].offer.strip(), _contradicting(same)) for same in by_offer.values())
    return {offer: sorted(hosts) for offer, hosts in contradictions if hosts}


def _contradicting(same: Iterable[Claim]) -> set[str]:
    """Return the hosts with conflicting claims of one external ID."""
    by_publisher: dict[str, set[str]] = {}
    for claim in same:
        by_publisher.setdefault(claim.publisher.lower() if is_guid(claim.publisher) else "", set()).add(claim.host)
    everybody = set().union(*by_publisher.values())
    if "" in by_publisher:
        # An unknown publisher may be any of the others.
        return everybody if len(everybody) > 1 else set()
    return set().union(*(hosts for hosts in by_publisher.values() if len(hosts) > 1))


def refusals(twice: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return a sentence with the cure for each host with a conflict."""
    offers_of: dict[str, list[str]] = {}
    for offer, hosts in twice.items():
        for host in hosts:
            offers_of.setdefault(host, []).append(offer)
    return {host: _refusal(host, sorted(offers), twice) for host, offers in offers_of.items()}


def _refusal(host: str, offers: Sequence[str], twice: Mapping[str, Iterable[str]]) -> str:
    others = sorted({other for offer in offers for other in twice[offer]} - {host})
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    return (
        f"lead_writer_offers of {host} names {', '.join(offers)}, and so does {', '.join(others[:_NAMED])}{more}: an "
        "offer can send its leads to one environment only, so leave it to one host. (If they are offers of different "
        "publishers, set the directory ID of each in lead_writer_publisher_tenant_id.)"
    )
