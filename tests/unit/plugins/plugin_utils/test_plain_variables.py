# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleError, AnsibleUndefinedVariable, AnsibleValueOmittedError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.template import Templar, trust_as_template
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._plain_variables import finalized

OR_OMIT = " | default(omit, true)"


def variables() -> dict[str, Any]:
    return {
        "text": "leads",
        "empty": "",
        "nothing": None,
        "number": 5,
        "false": False,
        "names": ["a", "b"],
        "nested": {"a": [{"b": "c"}], "d": 1},
        "template": trust_as_template("{{ text }} of {{ number }}"),
        "names_with_template": ["a", trust_as_template("{{ text }}")],
        "nested_template": {"a": [{"b": trust_as_template("{{ text }}")}]},
        "untrusted": "{{ text }}",
        "omitted": trust_as_template("{{ omit }}"),
        "range": "a variable that has the name of a function",
    }


class Engine:
    """Ansible's engine, which counts its calls."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.asked: list[Any] = []
        self._engine = Templar(DataLoader(), variables=given)._engine

    @property
    def available_variables(self) -> Mapping[str, Any]:
        return self._engine.available_variables

    def template(self, value: Any) -> Any:
        self.asked.append(value)
        return self._engine.template(value)


def outcome(way: Any, *arguments: Any) -> Any:
    """The result, including errors."""
    try:
        return way(*arguments)
    except (AnsibleUndefinedVariable, AnsibleValueOmittedError) as error:
        return type(error)


@pytest.mark.parametrize("spaced", [True, False], ids=["spaced", "narrow"])
@pytest.mark.parametrize("suffix", ["", OR_OMIT, " | default(omit)", " | default('x')", " | upper"])
@pytest.mark.parametrize("name", [*variables(), "missing", "omit"])
def test_an_argument_has_the_value_that_ansible_would_find(name: str, suffix: str, spaced: bool) -> None:
    space = " " if spaced else ""
    text = trust_as_template(f"{{{{{space}{name}{suffix}{space}}}}}")
    expected = outcome(Engine(variables()).template, text)
    assert outcome(finalized, text, Engine(variables())) == expected
    inside = {"solution": {"path": text, "other": [text, 1]}}
    expected = outcome(Engine(variables()).template, inside)
    assert outcome(finalized, inside, Engine(variables())) == expected


@pytest.mark.parametrize("name", ["text", "number", "names", "nested", "false"])
def test_a_variable_without_a_template_costs_no_template(name: str) -> None:
    engine = Engine(variables())
    value = {"a": trust_as_template(f"{{{{ {name} }}}}"), "b": trust_as_template("{{ missing | default(omit, true) }}")}
    assert finalized(value, engine) == {"a": variables()[name]}
    assert engine.asked == []


def test_untrusted_template_is_not_rendered() -> None:
    assert finalized("{{ text }}", Engine(variables())) == "{{ text }}"
    assert finalized(trust_as_template("{{ untrusted }}"), Engine(variables())) == "{{ text }}"


def test_an_encrypted_variable_is_left_to_ansible() -> None:
    secret = VaultSecret(b"password")
    text = VaultLib([("default", secret)]).encrypt("a value", secret).decode()
    engine = Engine(DataLoader().load("secret: !vault |\n" + "".join(f"  {line}\n" for line in text.splitlines())))
    with pytest.raises(AnsibleError, match="undecryptable"):
        finalized(trust_as_template("{{ secret }}"), engine)
    assert engine.asked == ["{{ secret }}"]
