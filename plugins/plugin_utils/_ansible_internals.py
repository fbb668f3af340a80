# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All private interfaces of ansible-core that the collection uses.

They are looked up and tested when this file is imported, which the control process does once. Interfaces that a release
of ansible-core lacks or has changed are in `LACKING_FOR_ARGUMENTS` or `LACKING_FOR_MODULES`; tasks then use the way
that works with every release, and a warning reports it. An interface that is found missing only in use raises
`InterfaceGone`, but never after a step that cannot be repeated.
"""

from __future__ import annotations

import contextlib
import importlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ansible.module_utils import basic
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_core
from ansible.utils.display import Display


class InterfaceGone(Exception):
    """ansible-core lacks an interface or has changed it; the text is its name."""


@contextlib.contextmanager
def _using(name: str) -> Iterator[None]:
    """Turn the errors of a missing or changed interface into InterfaceGone."""
    try:
        yield
    except (AttributeError, ImportError, KeyError, TypeError):
        raise InterfaceGone(name) from None


# --- a module's arguments and its result, in the process that calls it ---

_PROFILE = "legacy"
"""The profile that ordinary modules written in Python use."""
_BASIC: Any = basic


def packed_arguments(action: Any, task_vars: Mapping[str, Any]) -> bytes:
    """Return the arguments of an action's task in the form in which a module reads them. Raises InterfaceGone."""
    arguments = dict(action._task.args)
    with _using("ActionBase._update_module_args"):
        action._update_module_args(action._task.action, arguments, task_vars)
    return _packed(arguments)


def _packed(arguments: dict[str, Any]) -> bytes:
    with _using("ansible.module_utils.common.json.get_module_encoder"):
        common: Any = importlib.import_module("ansible.module_utils.common.json")
        encoder = common.get_module_encoder(_PROFILE, common.Direction.CONTROLLER_TO_MODULE)
    return json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()


@contextlib.contextmanager
def arguments_laid_out(packed: bytes) -> Iterator[None]:
    """Put the arguments where AnsibleModule looks for them, as the module's wrapper does in ordinary execution."""
    before = _BASIC._ANSIBLE_ARGS, _BASIC._ANSIBLE_PROFILE
    _BASIC._ANSIBLE_ARGS, _BASIC._ANSIBLE_PROFILE = packed, _PROFILE
    try:
        yield
    finally:
        _BASIC._ANSIBLE_ARGS, _BASIC._ANSIBLE_PROFILE = before


def environment_of(action: Any) -> dict[str, str]:
    """Return the variables that the task's keyword `environment` sets. Raises InterfaceGone."""
    wanted: dict[str, Any] = {}
    with _using("ActionBase._compute_environment_string"):
        action._compute_environment_string(wanted)
    return {name: str(value) for name, value in wanted.items()}


def result_of(action: Any, printed: str) -> dict[str, Any]:
    """Return the result that a module printed, in the form in which an action returns it. Raises InterfaceGone."""
    with _using("ActionBase._parse_returned_data"):
        parsed: Any = action._parse_returned_data({"stdout": printed, "stderr": "", "rc": 0}, _PROFILE)
        if not isinstance(parsed, dict):  # from ansible-core 2.21 on
            parsed.remove_internal_keys()
            data: dict[str, Any] = parsed.as_result_dict(for_round_trip=True)
            return data
    with _using("ansible.vars.clean.remove_internal_keys"):
        clean: Any = importlib.import_module("ansible.vars.clean")
        clean.remove_internal_keys(parsed)
    return parsed


class _Idle(ActionBase):
    """An action without a task."""

    def run(self, tmp: Any = None, task_vars: Any = None) -> dict[str, Any]:
        return {}


def _try_arguments() -> None:
    for name in ("_ANSIBLE_ARGS", "_ANSIBLE_PROFILE"):
        if not hasattr(_BASIC, name):
            raise InterfaceGone(f"ansible.module_utils.basic.{name}")
    _packed({"name": "leads"})


def _try_result() -> None:
    """Read a sample result, because after a module has run it is too late to find that its result is unreadable."""
    action = _Idle.__new__(_Idle)
    action._used_interpreter = None
    result = result_of(action, '{"changed": true, "names": ["leads"]}')
    if (result.get("changed"), result.get("names")) != (True, ["leads"]):
        raise InterfaceGone("ActionBase._parse_returned_data")


def _lacking(names: Iterable[str], *attempts: Callable[[], None]) -> tuple[str, ...]:
    """Return which of these methods of an action are missing, and which interfaces these attempts find missing."""
    lacking = [f"ActionBase.{name}" for name in names if not hasattr(ActionBase, name)]
    return (*lacking, *filter(None, map(_failed, attempts)))


def _failed(attempt: Callable[[], None]) -> str | None:
    try:
        attempt()
    except InterfaceGone as gone:
        return str(gone)
    return None


LACKING_FOR_MODULES = _lacking(("_update_module_args", "_compute_environment_string"), _try_arguments, _try_result)
"""What is missing to run a module in the process that calls it."""


# --- warning the value of a task's argument ---

_not_found: list[str] = []


def _taken(place: str, name: str, instead: Any) -> Any:
    try:
        return getattr(importlib.import_module(place), name)
    except (AttributeError, ImportError):
        _not_found.append(f"{place}.{name}")
        return instead


AnsibleValueOmittedError: type[Exception] = _taken("ansible.errors", "AnsibleValueOmittedError", Exception)
"""Raised if an argument is omitted as a whole."""
EncryptedString: type = _taken("ansible.parsing.vault", "EncryptedString", str)
"""A value encrypted by Ansible Vault; it looks like a str and may hide a template."""
is_trusted_as_template: Callable[[object], bool] = _taken("ansible.template", "is_trusted_as_template", bool)
"""Says whether a text may be used as a template."""

LACKING_FOR_ARGUMENTS = (*_not_found, *_lacking(["finalize_task_arg"]))
"""What is missing for the short way to the value of an argument."""


# --- variables of other hosts, and the vault passwords ---


def variables_of_host(every: Any, host: str, play: Any, task: Any, batch: Any, hosts: Any) -> dict[str, Any]:
    """Return the variables of a host, not templated: those of the inventory, and of a play and a task if given.

    `every` is the variable `hostvars`, `batch` and `hosts` those of the play's batch and of all its hosts. Raises
    InterfaceGone.
    """
    with _using("HostVars._variable_manager"):
        found: dict[str, Any] = every._variable_manager.get_vars(
            play=play, task=task, host=every._inventory.get_host(host), _hosts=batch, _hosts_all=hosts
        )
    return found


def vault_of(loader: Any) -> Any:
    """Return the vault of the run, whose attribute `secrets` holds its ids and passwords. Raises InterfaceGone."""
    with _using("DataLoader._vault"):
        return loader._vault


# --- where a task is; what cannot be read counts as missing ---


def outwards(task: Any) -> Iterator[Any]:
    """Yield a task and what encloses it in its play: blocks and includes, from the inside to the outside."""
    each = task
    while each is not None:
        yield each
        each = getattr(each, "_parent", None)


def role_of(task: Any) -> Any:
    """Return the role that a task belongs to, or None."""
    return getattr(task, "_role", None)


def own_tags(part: Any) -> list[str]:
    """Return the tags that a part of a play has itself."""
    found = getattr(part, "_tags", None)
    return [str(tag) for tag in found] if isinstance(found, list) else []


def variables_of_role(role: Any) -> dict[str, Any]:
    """Return the defaults and variables of a role, not templated."""
    return {**(getattr(role, "_default_vars", None) or {}), **(getattr(role, "_role_vars", None) or {})}


def folder_of_role(role: Any) -> str:
    """Return the path of a role, an empty string if it cannot be read."""
    return str(getattr(role, "_role_path", "") or "")


# --- messages for the user ---


def warn_of_lacking(*more: str) -> None:
    """Warn of missing interfaces that only cost time, including `more`.

    Ansible shows equal warnings once per run, so this may be called for every task.
    """
    lacking = dict.fromkeys([*LACKING_FOR_MODULES, *LACKING_FOR_ARGUMENTS, *more])
    Display().warning(
        f"ansible-core {ansible_core} lacks {', '.join(lacking)}, so the tasks of this collection take longer and give "
        "the same results: update the collection, or use an ansible-core that its README names."
    )


def inventory_only(gone: InterfaceGone) -> str:
    """Return the sentence for a comparison of hosts that could read only the inventory."""
    return (
        f"ansible-core {ansible_core} lacks {gone}, so only offers that the inventory names were compared: update the "
        "collection, or name offers in the inventory and not in a play."
    )


def without_vault(gone: InterfaceGone) -> str:
    """Return the sentence for a run whose vault passwords cannot be reached."""
    return (
        f"The vault passwords of this run cannot be reached, because ansible-core {ansible_core} lacks {gone}: update "
        "the collection, or use an ansible-core that its README names."
    )
