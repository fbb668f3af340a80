# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks the variables that a host sets for the role, before any request is sent.

Ansible does not report a misspelled variable in the inventory, and a wrong value might fail only in the last step.
"""

from __future__ import annotations

import difflib
import functools
import os
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ._ansible_internals import AnsibleValueOmittedError, folder_of_role, variables_of_role
from ._host_variables import HostVariables, holds_template, reason_of

_PREFIX, _PRIVATE = "lead_writer_", "lead_writer__"
_OF_PLAYBOOKS = frozenset({"lead_writer_hosts", "lead_writer_serial"})
_EVALUATED_LATER = frozenset(
    {
        "lead_writer_stored",
        "lead_writer_stored_value",
        "lead_writer_handed_over",
        "lead_writer_store_write_tasks",
        "lead_writer_store_remove_tasks",
    }
)
"""Variables that may read a store, or name what exists only later: they are evaluated where they are used."""


class RoleVariables:
    """Checks the variables of hosts against the role's argument specification."""

    def __init__(self, hosts: HostVariables, role: Any) -> None:
        """`role` is that of a task; without one there is nothing to check."""
        self._hosts = hosts
        self._own: dict[str, Any] = {}
        self._options: Mapping[str, Mapping[str, Any]] = {}
        folder = folder_of_role(role)
        if folder:
            self._own = variables_of_role(role)
            self._options = specification(folder)

    def problems(self, host: str) -> list[str]:
        """Return a sentence for each wrong variable of a host.

        Each variable of the host is replaced by its value, so that it is evaluated once.
        """
        if not self._options:
            return []
        variables = self._hosts.of(host)
        known = {*self._options, *self._own, *_OF_PLAYBOOKS}
        names = [name for name in variables if name.startswith(_PREFIX) and not name.startswith(_PRIVATE)]
        found = [_unknown(name, host, known) for name in sorted({*names} - known)]
        for name in names:
            if name in self._options and variables[name] is not self._own.get(name):
                found += self._wrong(host, name)
        return found

    def _wrong(self, host: str, name: str) -> Iterator[str]:
        variables = self._hosts.of(host)
        if name in _EVALUATED_LATER:
            return
        if holds_template(variables[name]):
            try:
                variables[name] = self._hosts.template(host, variables[name])
            except AnsibleValueOmittedError:
                return
            except AnsibleError as error:
                yield f"{name} of {host} cannot be evaluated ({reason_of(error)}): correct it or the variable it names."
                return
        yield from wrong_value(name, host, variables[name], self._options[name])


@functools.lru_cache(maxsize=4)
def specification(role_path: str) -> dict[str, dict[str, Any]]:
    """Return the options of all entry points of a role, by their names."""
    with open(os.path.join(role_path, "meta", "argument_specs.yml"), encoding="utf-8") as file:
        points = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))["argument_specs"]  # noqa: S506
    return {name: option for point in points.values() for name, option in point["options"].items()}


def wrong_value(name: str, host: str, value: Any, option: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence if a value is not among the choices of an option, or not of its type."""
    kind, choices = option.get("type", "str"), option.get("choices")
    if value is None or value == "" or (kind in ("str", "path") and not choices):
        return
    spec = {key: option[key] for key in ("type", "elements", "choices") if key in option}
    if not ArgumentSpecValidator({name: spec}).validate({name: value}).error_messages:
        return
    # A secret can be any text, so it never fails here and is never shown.
    if choices:
        yield f"{name} of {host} is {value!r}: set it to one of {', '.join(choices)}."
    else:
        yield f"{name} of {host} is {value!r}, which is not of the type {kind}: correct it."


def _unknown(name: str, host: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name[len(_PREFIX) :], sorted(each[len(_PREFIX) :] for each in known), n=1)
    what = f"write {_PREFIX}{near[0]}" if near else "remove it"
    unknown = f"{name} of {host} is not a variable of the role"
    return f"{unknown}: {what}, or rename it so that it does not begin with {_PREFIX}."
