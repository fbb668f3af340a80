# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The evidence file lists every request, code, ID and permission of the collection, with the required details."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._evidence import (
    CERTAINTIES,
    Fact,
    read_evidence,
)

ROOT = Path(__file__).resolve().parents[2]
MODULE_UTILS = ROOT / "plugins/module_utils"
SERVICES = MODULE_UTILS / "_services"
FACTS = read_evidence().facts

_CLIENTS = ("_graph", "_environment", "_partner_center", "_power_platform")
_OFFERED = {"call", "get", "find", "rows", "list", "create", "update", "delete", "associate", "dissociate"}
"""The methods of the clients for the other classes of the services' floor, each of which sends a request."""

DATAVERSE_CODE = r"0x8[0-9a-fA-F]{7}\b"
GUID = r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
PERMISSION = (
    r"\b(?:[A-Z][A-Za-z]+-)?[A-Z][A-Za-z]+\.(?:Read|ReadWrite|Create|EnableDisableAccount|DeleteRestore)"
    r"(?:\.[A-Z][A-Za-z]+)*\b"
)


def sources() -> Iterator[tuple[str, str]]:
    """The text of the collection's Python files by path below the checkout."""
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def used(pattern: str) -> dict[str, str]:
    """The matches of a pattern in the collection's files, in lower case for codes, each with one such file."""
    return {found: path for path, text in sources() for found in re.findall(pattern, text)}


def constants(path: Path) -> Iterator[str]:
    """The texts in a file except docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.value


def listed(key: str) -> set[str]:
    """All codes or names of the evidence file."""
    return {name for fact in FACTS for name in getattr(fact, key)}


# --- the required content of an entry


def test_every_fact_has_a_unique_name() -> None:
    assert [name for name, count in Counter(fact.id for fact in FACTS).items() if count > 1] == []


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.id)
def test_fact_has_its_certainty_and_its_dependents(fact: Fact) -> None:
    assert fact.id.startswith(f"{fact.service}.")
    assert fact.certainty in CERTAINTIES
    assert fact.sources
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", fact.checked)
    assert fact.collection or fact.simulator


@pytest.mark.parametrize("fact", [each for each in FACTS if each.certainty == "unsure"], ids=lambda fact: fact.id)
def test_unsure_fact_says_how_the_collection_copes(fact: Fact) -> None:
    assert fact.tolerated or not fact.collection
    assert bool(fact.flips) != bool(fact.not_flipped)


@pytest.mark.parametrize("fact", [each for each in FACTS if each.requests], ids=lambda fact: fact.id)
def test_a_fact_about_a_request_can_be_checked_with_a_recording(fact: Fact) -> None:
    assert (fact.check is None) != (not fact.unchecked)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.id)
def test_dependents_of_a_fact_exist(fact: Fact) -> None:
    for user in fact.collection:
        path, _space, function = user.partition(" ")
        file = SERVICES / path if function else MODULE_UTILS / path
        assert file.is_file(), user
        assert not function or f"def {function}(" in file.read_text(encoding="utf-8"), user
    for path in fact.simulator:
        assert (ROOT / "simulator" / path).exists(), path


def test_every_source_of_the_list_is_used() -> None:
    evidence = read_evidence()
    cited = {source for fact in FACTS for source in fact.sources} | {entity.source for entity in evidence.entities}
    assert evidence.sources.keys() - cited == set()


# --- the collection's use of the services


def senders() -> set[str]:
    """The functions of the services' floor that send a request, each with its file."""
    found = set()
    for path in sorted(SERVICES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
        members = [*tree.body, *(node for each in classes for node in each.body)]
        for function in (node for node in members if isinstance(node, ast.FunctionDef)):
            # A client's methods for the others are listed where they are used.
            offered = path.name == "client.py" and {"path", "table"} & {each.arg for each in function.args.args}
            if path.parent != SERVICES and not offered and any(sends(node) for node in ast.walk(function)):
                found.add(f"{path.relative_to(SERVICES).as_posix()} {function.name}")
    return found


def sends(node: ast.AST) -> bool:
    """Whether a piece of code calls a client, or a client calls its own transport."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    called, owner = node.func.attr, node.func.value
    if isinstance(owner, ast.Attribute) and owner.attr in _CLIENTS:
        return called in _OFFERED
    if isinstance(owner, ast.Name) and f"_{owner.id}" in _CLIENTS:
        return called in _OFFERED
    return isinstance(owner, ast.Name) and (owner.id, called) in {
        ("self", "call"), ("self", "get"), ("self", "rows"), ("transport", "send"),
    }  # fmt: skip


@pytest.mark.parametrize("service", ["environment", "graph", "partner_center", "power_platform"])
def test_every_request_of_the_collection_has_a_fact(service: str) -> None:
    relied = {user for fact in FACTS for user in fact.collection if fact.requests}
    assert {sender for sender in senders() if sender.startswith(f"{service}/")} - relied == set()


def test_every_dataverse_code_has_a_fact() -> None:
    found = {code.lower(): path for code, path in used(DATAVERSE_CODE).items()}
    assert {code: path for code, path in found.items() if code not in listed("codes")} == {}


def test_every_sign_in_code_has_a_fact() -> None:
    numbers = {
        text
        for path in [*(MODULE_UTILS / "_identity").rglob("*.py"), MODULE_UTILS / "_rules/lead_failures.py"]
        for text in constants(path)
        if re.fullmatch(r"\d{5,7}", text)
    }
    numbers |= {code for _path, text in sources() for code in re.findall(r"AADSTS(\d{5,7})\b", text)}
    assert {f"AADSTS{number}" for number in numbers} - listed("codes") == set()


def test_every_graph_code_has_a_fact() -> None:
    words = {
        text
        for path in [*(SERVICES / "graph").rglob("*.py"), *(MODULE_UTILS / "_resources").rglob("*.py")]
        for text in constants(path)
        if re.fullmatch(r"[A-Z][A-Za-z]+_[A-Z][A-Za-z]+", text)
    }
    words |= codes_asked_for(SERVICES / "graph") | codes_asked_for(MODULE_UTILS / "_resources")
    assert words - listed("codes") == set()


def codes_asked_for(folder: Path) -> set[str]:
    """The arguments of has_code in a folder."""
    calls = (
        node
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "has_code"
    )
    arguments = (argument for call in calls for argument in call.args)
    return {str(each.value) for each in arguments if isinstance(each, ast.Constant)}


def test_every_permission_has_a_fact() -> None:
    assert {name: path for name, path in used(PERMISSION).items() if name not in listed("names")} == {}


def test_every_fixed_id_has_a_fact() -> None:
    documentation = ("plugins/modules/", "plugins/doc_fragments/", "plugins/lookup/", "plugins/filter/")
    found = {guid: path for guid, path in used(GUID).items() if not path.startswith(documentation)}
    assert {guid: path for guid, path in found.items() if guid not in listed("names")} == {}
