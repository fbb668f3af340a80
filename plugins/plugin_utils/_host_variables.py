# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of other hosts than the task's own, as the same task would see them there.

Only the control process and its workers have them. Templates are evaluated for one host after the other with one
templating environment, so that the same text is compiled once and not once for each host.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError

from ._ansible_internals import EncryptedString, InterfaceGone, inventory_only, variables_of_host
from ._plain_variables import finalized


class HostVariables:
    """The variables of the hosts of the inventory, as one task sees them."""

    def __init__(self, task: Any, task_vars: Mapping[str, Any], templar: Any) -> None:
        """`task`, `task_vars` and `templar` are those that Ansible gives to an action."""
        self._task = task
        self._task_vars = task_vars
        self._templar = templar.copy_with_new_env(available_variables={})
        _compile_once(self._templar)
        self._known: dict[str, dict[str, Any]] = {}
        self.unseen = ""
        """Why only the inventory's variables of other hosts can be read, a sentence; empty if all can be."""

    def of(self, host: str) -> dict[str, Any]:
        """Return the variables of a host, not templated, with those that the play and the role give it.

        The mapping `hostvars` has those of the inventory only. Changes to the dictionary take effect from then on.
        """
        if host not in self._known:
            self._known[host] = self._read(host)
        return self._known[host]

    def _read(self, host: str) -> dict[str, Any]:
        every, of_play = self._task_vars["hostvars"], self._task_vars.get("ansible_play_hosts_all")
        play, task = (self._task.get_play(), self._task) if host in (of_play or ()) else (None, None)
        try:
            return variables_of_host(every, host, play, task, self._task_vars.get("ansible_play_batch"), of_play)
        except InterfaceGone as gone:
            self.unseen = inventory_only(gone)
            own = host == self._task_vars["inventory_hostname"]
            return dict(self._task_vars if own else every.raw_get(host))

    def template(self, host: str, value: Any) -> Any:
        """Return a value with its templates evaluated for a host.

        Raises AnsibleError, of which AnsibleValueOmittedError is one kind.
        """
        self._templar.available_variables = self.of(host)
        return finalized(value, self._templar)

    def value(self, host: str, name: str) -> Any:
        """Return one variable of a host, or None. Raises AnsibleError."""
        raw = self.of(host).get(name)
        return self.template(host, raw) if holds_template(raw) else raw

    def evaluate_once(self, host: str, names: Sequence[str]) -> None:
        """Replace variables of a host by their values from now on. One that has none yet stays unchanged."""
        variables = self.of(host)
        for name in names:
            if holds_template(variables.get(name)):
                with contextlib.suppress(AnsibleError):
                    variables[name] = self.template(host, variables[name])

    def meets(self, host: str, conditions: list[Any]) -> bool:
        """Return whether all conditions, as in `when`, are true for a host. Raises AnsibleError."""
        if not conditions:
            return True
        templar = self._templar.copy_with_new_env(available_variables=self.of(host))
        return all(templar.evaluate_conditional(each) for each in conditions)

    def forget(self, host: str) -> None:
        """Drop the variables of a host, because those of a thousand hosts are large."""
        self._known.pop(host, None)


def holds_template(value: Any) -> bool:
    """Return whether a value must be evaluated before its content is known."""
    if isinstance(value, EncryptedString):
        return True
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    if isinstance(value, Mapping):
        return any(map(holds_template, value.values()))
    return isinstance(value, list) and any(map(holds_template, value))


def plain(value: Any) -> Any:
    """Return a value without the tags of ansible-core, which make it slow to copy."""
    if isinstance(value, Mapping):
        return {plain(key): plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return value


def reason_of(error: BaseException) -> str:
    """Return the innermost sentence of a chain of Ansible's errors: the others only say where it occurred."""
    *_outer, innermost = (each for each in _causes(error) if isinstance(each, AnsibleError))
    lines = str(getattr(innermost, "_original_message", innermost)).splitlines()
    return "\n".join(" ".join(line.split()) for line in lines)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__


def _compile_once(templar: Any) -> None:
    """Make the templar cache compiled templates. If this ansible-core differs, nothing changes."""
    environment: Any = getattr(getattr(templar, "_engine", None), "environment", None)
    compiled_by_jinja = getattr(environment, "compile", None)
    if compiled_by_jinja is None:
        return
    known: dict[str, Any] = {}

    def remembered(source: Any, *rest: Any, **more: Any) -> Any:
        # Whether a backslash is escaped depends on more than the text.
        if rest or more or not isinstance(source, str) or "\\" in source:
            return compiled_by_jinja(source, *rest, **more)
        text = str(source)
        if text not in known:
            known[text] = compiled_by_jinja(source)
        return known[text]

    environment.compile = remembered
