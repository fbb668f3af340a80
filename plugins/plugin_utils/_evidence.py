# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts about Microsoft's services that this collection relies on, as evidence/facts.yml lists them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FACTS = Path(__file__).resolve().parents[2] / "evidence" / "facts.yml"
"""The file, at the same place in a checkout and in an installed collection."""

CERTAINTIES = ("certain", "likely", "unsure")


@dataclass(frozen=True)
class Condition:
    """What an exchange must show; every given part must be true. evidence/README.md explains the parts."""

    status: Sequence[int] = ()
    codes: Sequence[str] = ()
    fields: Sequence[str] = ()
    lacks: Sequence[str] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    headers: Sequence[str] = ()
    asks: Sequence[str] = ()
    sends: Mapping[str, str] = field(default_factory=dict)
    query: Sequence[str] = ()


@dataclass(frozen=True)
class Check:
    """How a recording confirms or refutes a fact: of the exchanges for `request` and `where`."""

    request: str
    where: Condition
    confirmed_by: Condition | None
    refuted_by: Condition | None


@dataclass(frozen=True)
class Fact:
    """One fact, with `service` and `topic` under which it is listed; the other fields are its keys in the file."""

    id: str
    service: str
    topic: str
    fact: str
    certainty: str
    sources: Sequence[str]
    checked: str
    requests: Sequence[str] = ()
    codes: Sequence[str] = ()
    names: Sequence[str] = ()
    collection: Sequence[str] = ()
    simulator: Sequence[str] = ()
    tolerated: str = ""
    flips: Sequence[Mapping[str, Any]] = ()
    not_flipped: str = ""
    check: Check | None = None
    unchecked: str = ""


@dataclass(frozen=True)
class Entity:
    """The properties of an object of a service, and the `source` with which they were compared."""

    entity: str
    source: str
    certainty: str
    checked: str
    properties: Sequence[str]
    unlisted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Evidence:
    """The whole file: `sources` by their keys, facts in the order of the pages, entities."""

    sources: Mapping[str, str]
    facts: Sequence[Fact]
    entities: Sequence[Entity]


@lru_cache(maxsize=1)
def read_evidence(path: Path = FACTS) -> Evidence:
    """Read the evidence file. Raises TypeError for a key that no fact has, KeyError for one that is missing."""
    # The loader in C is as safe and ten times faster, but not always available.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    return Evidence(
        sources=content["sources"],
        facts=tuple(_facts(content["services"])),
        entities=tuple(_entity(entry) for entry in content["entities"]),
    )


def _entity(entry: Mapping[str, Any]) -> Entity:
    return Entity(**{**entry, "checked": str(entry["checked"]), "properties": entry["properties"].split()})


def _facts(services: Mapping[str, Any]) -> Iterator[Fact]:
    for service, section in services.items():
        for topic in section["topics"]:
            for entry in topic["facts"]:
                check = _check(entry["check"], entry.get("requests", ())) if "check" in entry else None
                yield Fact(
                    **{**entry, "service": service, "topic": topic["topic"], "checked": str(entry["checked"])}
                    | ({"check": check} if check else {})
                )


def _check(entry: Mapping[str, Any], requests: Sequence[str]) -> Check:
    unknown = entry.keys() - {"request", "where", "confirmed_by", "refuted_by"}
    if unknown:
        raise TypeError(", ".join(sorted(unknown)))
    return Check(
        request=entry.get("request") or requests[0],
        where=Condition(**entry.get("where", {})),
        confirmed_by=Condition(**entry["confirmed_by"]) if "confirmed_by" in entry else None,
        refuted_by=Condition(**entry["refuted_by"]) if "refuted_by" in entry else None,
    )
