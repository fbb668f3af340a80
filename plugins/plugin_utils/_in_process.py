# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the collection's modules inside Ansible's own worker.

Ordinary execution packs the module, copies it and starts a Python process for every task and host; for modules that
only call web services, this takes nearly all of the time of a run. Here the same module code runs in the worker, with
the same argument handling: AnsibleModule reads its arguments as usual, and its printed result is processed like every
module's result.

The imports are at the top because the control process imports this file once, for the first module that a play calls,
and every worker is a fork of it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible import constants
from ansible.errors import AnsibleActionFail
from ansible.module_utils import basic
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash

from ..module_utils._entry_point import missing_library
from ..module_utils._rules.errors import InvalidInput
from ..module_utils._transport.trust import REQUESTS_IMPORT_ERROR, default_ca_bundle, ssl_context
from . import _ansible_internals as internals
from ._plain_variables import PlainVariables
from ._role_words import in_words_of_the_role

MODULES = {
    name: importlib.import_module(f"..modules.{name}", __package__)
    for name in sorted(
        entry[: -len(".py")]
        for entry in os.listdir(os.path.join(os.path.dirname(__file__), os.pardir, "modules"))
        if entry.endswith(".py") and entry != "__init__.py"
    )
}

if REQUESTS_IMPORT_ERROR is None:
    # Read before any worker is forked; the task that needs it reports its errors.
    with contextlib.suppress(InvalidInput):
        ssl_context(default_ca_bundle())

# Loaded with their documentation once, rather than by each worker that plans.
for _lookup in ("handover", "stored_secret"):
    lookup_loader.get(f"marketplace_leads.dynamics365.{_lookup}", class_only=True)


_ROLE = os.path.realpath(os.path.join(os.path.dirname(__file__), *(os.pardir,) * 2, "roles", "lead_writer"))
"""The folder of the collection's role."""


class _InProcessModule(basic.AnsibleModule):
    """An AnsibleModule inside the worker.

    It knows the private directory of the run, where tokens are cached, and it can show progress while it runs.
    """

    run_directory = getattr(constants, "DEFAULT_LOCAL_TMP", None)

    said: Callable[[str], str] = staticmethod(str)
    """Returns a warning in the terms of the task's user."""

    def warn(self, warning: str, *arguments: Any, **keywords: Any) -> None:
        """Warn the user."""
        super().warn(self.said(warning), *arguments, **keywords)

    def report_progress(self, sentence: str) -> None:
        """Show the progress of a long operation."""
        Display().display(sentence)


class InProcess(PlainVariables, ActionBase):
    """Executes a module of this collection inside the worker if that gives the same result, otherwise the usual way.

    Each module has an action plugin of its own name that inherits from this one, so that errors, events and linters
    name the module.
    """

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Execute the task's module and return its result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._refuse_to_leave_a_secret()
        prepared = self._prepared(task_vars or {}) if self._may_run_here() else None
        outcome = self._run_usually(task_vars or {}) if prepared is None else self._run_here(prepared, task_vars or {})
        result = merge_hash(result, self._without_result(outcome) if "module_stdout" in outcome else outcome)
        if result.get("contains_secret"):
            # Returned to the playbook, but shown by no callback at any verbosity.
            result["_ansible_no_log"] = True
        if result.get("failed") and isinstance(result.get("msg"), str):
            result["msg"] = self._said(result["msg"], task_vars or {})
        return result

    @property
    def _in_role(self) -> bool:
        """Return whether the task belongs to the role lead_writer, whose users see variables and no options."""
        folder = internals.folder_of_role(internals.role_of(self._task))
        return bool(folder) and os.path.realpath(folder) == _ROLE

    def _said(self, sentence: str, task_vars: dict[str, Any]) -> str:
        """Return a sentence in the terms of the task's user: in the role with variables instead of options."""
        if not self._in_role:
            return sentence
        publisher = str(task_vars.get("lead_writer_publisher_client_id") or "")
        secret = str(task_vars.get("lead_writer__secret_called") or "lead_writer_stored_value")
        return in_words_of_the_role(sentence, publisher).replace("application_key", secret)

    def _warned(self, sentence: str, task_vars: dict[str, Any]) -> str:
        """Return a warning, in the role with its host, because Ansible shows equal warnings of all hosts once."""
        said = self._said(sentence, task_vars)
        return f"{task_vars.get('inventory_hostname')}: {said}" if self._in_role else said

    def _refuse_to_leave_a_secret(self) -> None:
        """Refuse a job that would have a secret in its file and in the output. Raises AnsibleActionFail.

        Only a task that waits for its module returns here, where its result is censored.
        """
        if self._task.async_val and self._module.ARGUMENTS.may_return_secret(self._task.args):
            raise AnsibleActionFail(
                f"{self._task.action} may return a new secret, which async would write into the file of the job and "
                "show: remove async and poll from the task."
            )

    @property
    def _module(self) -> Any:
        """The file of the task's module."""
        return MODULES[self._task.action.rpartition(".")[2]]

    def _may_run_here(self) -> bool:
        """Return whether running in the worker gives the same result as running the usual way."""
        return (
            missing_library() is None
            and self._connection.transport == "local"
            and not self._task.async_val
            and not self._connection.become
            and os.environ.get("MARKETPLACE_LEADS_IN_PROCESS", "1").lower() not in ("0", "false", "no")
        )

    def _prepared(self, task_vars: dict[str, Any]) -> _Prepared | None:
        """Return what running the module here needs, or None if this ansible-core does not allow it."""
        try:
            if internals.LACKING_FOR_MODULES:
                raise internals.InterfaceGone(internals.LACKING_FOR_MODULES[0])
            prepared = _Prepared(internals.packed_arguments(self, task_vars), internals.environment_of(self))
        except internals.InterfaceGone as gone:
            internals.warn_of_lacking(str(gone))
            return None
        if internals.LACKING_FOR_ARGUMENTS:
            internals.warn_of_lacking()
        return prepared

    def _run_here(self, prepared: _Prepared, task_vars: dict[str, Any]) -> dict[str, Any]:
        class Module(_InProcessModule):
            """The module of this task."""

            said = staticmethod(lambda sentence: self._warned(sentence, task_vars))

        printed = io.StringIO()
        with (
            internals.arguments_laid_out(prepared.arguments),
            _variables(prepared.environment),
            contextlib.redirect_stdout(printed),
            contextlib.suppress(SystemExit),
        ):
            self._module.main(Module)
        return internals.result_of(self, printed.getvalue())

    def _run_usually(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """Execute the module as Ansible executes modules; Ansible itself removes the temporary files."""
        wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
        result: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=wrap_async)
        return result

    def _without_result(self, outcome: dict[str, Any]) -> dict[str, Any]:
        """Return the failure of a module whose output is no result."""
        if self._module.ARGUMENTS.may_return_secret(self._task.args):
            outcome = {**outcome, "module_stdout": "(left out, because it may hold a new secret)"}
        lacking = missing_library()
        if lacking is None or self._connection.transport != "local":
            return outcome
        # Another Python was tried because the library is missing, and it does not even start the module.
        seen = " ".join(f"{outcome['module_stdout']} {outcome.get('module_stderr') or ''}".split())
        return {
            "failed": True,
            "msg": f"{lacking}, and the Python that Ansible found in its place does not run the module ({seen[:200]}): "
            f"install the library with {sys.executable} -m pip, or set ansible_python_interpreter to a Python that has "
            "it.",
        }


@dataclass(frozen=True)
class _Prepared:
    """A module's arguments as it reads them, and the environment variables that its task sets."""

    arguments: bytes = field(repr=False)
    environment: dict[str, str] = field(repr=False)


@contextlib.contextmanager
def _variables(wanted: dict[str, str]) -> Iterator[None]:
    """Apply environment variables for as long as the module runs."""
    before = dict(os.environ)
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
