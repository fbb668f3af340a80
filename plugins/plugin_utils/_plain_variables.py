# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A short way to the value of a task's argument that only names a variable.

Ansible compiles every template again for every task and host, a millisecond each, and the role passes about fifty
variables: templates like `{{ name }}` and `{{ name | default(omit, true) }}`. If such a variable contains no template
itself, its value is the result of the template, so nothing has to be compiled. Ansible evaluates everything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ._ansible_internals import (
    LACKING_FOR_ARGUMENTS,
    AnsibleValueOmittedError,
    EncryptedString,
    is_trusted_as_template,
    warn_of_lacking,
)

_NAMED = re.compile(r"\{\{ ?([a-z_][a-z0-9_]*)( \| default\(omit(, true)?\))? ?\}\}", re.IGNORECASE)
_BEGINS_A_TEMPLATE = ("{{", "{%", "{#", "#jinja2:")
_OMITTED = object()
_UNKNOWN = object()


class PlainVariables:
    """For an action plugin, before ActionBase: evaluates its arguments the short way."""

    @classmethod
    def finalize_task_arg(cls, *given: Any, **named: Any) -> Any:
        """Return an argument's value; ansible-core allows an action to find it in its own way.

        It is called with the argument's name and value, the templating engine and a context, but ansible-core calls
        that unstable. So if the short way fails, ansible-core's own way decides.
        """
        usual = getattr(super(), "finalize_task_arg", _by_template)
        if LACKING_FOR_ARGUMENTS:
            return usual(*given, **named)
        try:
            _name, value, templar, _context = given
            return finalized(value, templar)
        except (AttributeError, TypeError, ValueError):
            found = usual(*given, **named)
            warn_of_lacking("ActionBase.finalize_task_arg")
            return found


def _by_template(_name: str, value: Any, templar: Any, _context: Any) -> Any:
    return templar.template(value)


def finalized(value: Any, templar: Any) -> Any:
    """Return what `templar.template(value)` returns.

    `templar` is the engine that Ansible hands to `ActionBase.finalize_task_arg`. Raises AnsibleValueOmittedError
    when the whole value is omitted, and what `templar.template` raises.
    """
    result = _resolved(value, templar)
    if result is _OMITTED:
        raise AnsibleValueOmittedError
    return result


def _resolved(value: Any, templar: Any) -> Any:
    if isinstance(value, EncryptedString):  # it looks like a str and may hide a template
        return _by_ansible(value, templar)
    if isinstance(value, dict):
        pairs = ((key, _resolved(each, templar)) for key, each in value.items())
        return {key: each for key, each in pairs if each is not _OMITTED}
    if isinstance(value, list):
        return [each for each in (_resolved(each, templar) for each in value) if each is not _OMITTED]
    if isinstance(value, str):
        known = _named_value(value, templar)
        return _by_ansible(value, templar) if known is _UNKNOWN else known
    return _by_ansible(value, templar)


def _by_ansible(value: Any, templar: Any) -> Any:
    try:
        return templar.template(value)
    except AnsibleValueOmittedError:
        return _OMITTED


def _named_value(text: str, templar: Any) -> Any:
    """The value of the variable that `text` names, _OMITTED, or _UNKNOWN if only Ansible knows."""
    variables: Mapping[str, Any] = templar.available_variables
    named = _NAMED.fullmatch(text)
    if named is None or not is_trusted_as_template(text):
        return _UNKNOWN
    name, or_omit, also_if_empty = named.groups()
    if name not in variables:
        return _OMITTED if or_omit else _UNKNOWN
    value = variables[name]
    if not _is_plain(value):
        if isinstance(value, (dict, list)) and not or_omit:
            return _resolved(value, templar)
        # A template that only names another variable need not be compiled either.
        return _by_ansible(value, templar) if isinstance(value, str) and not or_omit else _UNKNOWN
    return _OMITTED if also_if_empty and not value else value


def _is_plain(value: Any) -> bool:
    """Return whether the value has no template and nothing that Ansible shows in another form."""
    if isinstance(value, EncryptedString):
        return False
    if isinstance(value, str):
        return not any(mark in value for mark in _BEGINS_A_TEMPLATE)
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float))
