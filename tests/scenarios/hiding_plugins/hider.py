# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hides parts of ansible-core from the collection, like a release without them; ansible-core itself keeps them.

HIDDEN holds places, separated by spaces: `ansible.module_utils.basic:_ANSIBLE_ARGS` for a name in a module of
ansible-core, `ansible.plugins.action:ActionBase._update_module_args` for an attribute of a class or of its objects.
"""

from __future__ import annotations

import importlib
import os
import sys
from types import ModuleType
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: hider
type: notification
short_description: Hides parts of ansible-core from the collection
description: Hides parts of ansible-core from the collection for the scenario tests.
"""

_ABSENT = object()


def _asked_by_the_collection() -> bool:
    """Whether the code that looks up an attribute belongs to the collection."""
    return str(sys._getframe(2).f_globals.get("__name__")).startswith("ansible_collections.marketplace_leads.")


class _Attribute:
    """Stands in for an attribute of a class, or for one that its objects set."""

    def __init__(self, name: str, original: Any) -> None:
        self._name = name
        self._original = original

    def __get__(self, one: Any, owner: Any = None) -> Any:
        if _asked_by_the_collection():
            raise AttributeError(self._name)
        if one is not None and self._name in vars(one):
            return vars(one)[self._name]
        if self._original is _ABSENT:
            raise AttributeError(self._name)
        return self._original.__get__(one, owner) if hasattr(self._original, "__get__") else self._original

    def __set__(self, one: Any, value: Any) -> None:
        vars(one)[self._name] = value


def _hide_in_module(module: ModuleType, name: str) -> None:
    class Without(type(module)):  # type: ignore[misc]  # each place may be hidden in turn
        def __getattribute__(self, wanted: str) -> Any:
            if wanted == name and _asked_by_the_collection():
                raise AttributeError(name)
            return super().__getattribute__(wanted)

    module.__class__ = Without


class CallbackModule(CallbackBase):
    """Hides what HIDDEN names before any plugin of the collection is loaded."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "hider"

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        assert not any("dynamics365.plugins.plugin_utils" in name for name in sys.modules), "it is loaded already"
        for hidden in os.environ["HIDDEN"].split():
            place, _colon, path = hidden.partition(":")
            module = importlib.import_module(place)
            owner, dot, name = path.rpartition(".")
            if dot:
                each = getattr(module, owner)
                setattr(each, name, _Attribute(name, each.__dict__.get(name, _ABSENT)))
            else:
                _hide_in_module(module, name)
