# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils import _ansible_internals as internals
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._plain_variables import PlainVariables

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
GUARDED = {
    "_ANSIBLE_ARGS",
    "_ANSIBLE_PROFILE",
    "_compute_environment_string",
    "_default_vars",
    "_inventory",
    "_parent",
    "_parse_returned_data",
    "_remove_tmp_path",
    "_role",
    "_role_path",
    "_role_vars",
    "_tags",
    "_update_module_args",
    "_used_interpreter",
    "_variable_manager",
    "_vault",
    "AnsibleValueOmittedError",
    "Direction",
    "EncryptedString",
    "get_module_encoder",
    "is_trusted_as_template",
    "remove_internal_keys",
}
"""The parts of ansible-core without a promise of stability."""


def taken_from_elsewhere(tree: ast.AST) -> Iterator[str]:
    """The names that a file uses from modules and from objects, without imports from this collection."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not (isinstance(node.value, ast.Name) and node.value.id == "self"):
            yield node.attr
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert "._internal" not in f"{node.module}." and not (node.module or "").startswith("ansible._")
            yield from (alias.name for alias in node.names)


def test_only_one_file_uses_internals_of_ansible_core() -> None:
    users = {
        path.name
        for path in PLUGINS.rglob("*.py")
        if GUARDED & set(taken_from_elsewhere(ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert users == {"_ansible_internals.py"}


def test_nothing_is_missing_in_this_ansible_core() -> None:
    assert (internals.LACKING_FOR_MODULES, internals.LACKING_FOR_ARGUMENTS) == ((), ())


@pytest.mark.parametrize(
    "changed",
    [
        lambda action, printed, profile: {"failed": True},
        lambda action, printed, profile: object(),
        lambda action, printed: {},
        lambda action, printed, profile: {"changed": True, "names": ()},
    ],
    ids=["another-result", "another-kind", "another-call", "another-form"],
)
def test_changed_result_parsing_is_detected_before_a_module_runs(
    monkeypatch: pytest.MonkeyPatch, changed: Callable[..., Any]
) -> None:
    monkeypatch.setattr(ActionBase, "_parse_returned_data", changed)
    assert len(internals._lacking([], internals._try_result)) == 1


def test_interface_with_another_signature_counts_as_missing() -> None:
    with pytest.raises(internals.InterfaceGone, match=re.escape("DataLoader._vault")):
        internals.vault_of(object())


class Base:
    """An ansible-core that requests an action's arguments in another way."""

    @classmethod
    def finalize_task_arg(cls, argument: tuple[str, str], *, engine: Any) -> str:
        return str(engine.template(argument[1]))


class Action(PlainVariables, Base):
    """An action of the collection with that ansible-core."""


class Engine:
    """A templating engine."""

    available_variables: dict[str, Any] = {}  # noqa: RUF012  # never changed

    def template(self, value: str) -> str:
        return value.upper()


def test_another_way_to_ask_for_arguments_is_left_to_ansible_core(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(Display, "warning", lambda self, text: warnings.append(text))
    assert Action.finalize_task_arg(("name", "leads"), engine=Engine()) == "LEADS"
    assert [text.count("finalize_task_arg") for text in warnings] == [1]
