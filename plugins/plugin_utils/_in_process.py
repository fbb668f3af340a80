# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the collection's modules inside Ansible's own worker.

Ordinary execution packs the module, copies it and starts a Python for every task and host; for modules that only
speak to web services nearly all of the time of a run goes there. Here the very same module code runs in the worker,
with the very same argument handling: AnsibleModule reads its arguments as it always does, and its printed result
takes the way of every module's result.

The imports are at the top because the control process imports this file once, for the first module that a play calls,
and every worker is a fork of it.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
from collections.abc import Iterator
from typing import Any

from ansible import constants
from ansible.module_utils import basic
from ansible.module_utils.common import json as common_json
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import lookup_loader
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible.vars import clean

from ..module_utils._identity.sign_in import MSAL_IMPORT_ERROR
from ..module_utils._rules.errors import InvalidInput
from ..module_utils._transport.trust import REQUESTS_IMPORT_ERROR, trusting, usual_bundle
from ._plain_variables import PlainVariables

MODULES = {
    name: importlib.import_module(f"..modules.{name}", __package__)
    for name in sorted(
        entry[: -len(".py")]
        for entry in os.listdir(os.path.join(os.path.dirname(__file__), os.pardir, "modules"))
        if entry.endswith(".py") and entry != "__init__.py"
    )
}

if REQUESTS_IMPORT_ERROR is None:
    # Read before any worker is forked; what is wrong with it is told by the task that needs it.
    with contextlib.suppress(InvalidInput):
        trusting(usual_bundle())

# Loaded with their documentation once, rather than by each worker that plans.
for _lookup in ("hand_off", "stored_secret"):
    lookup_loader.get(f"marketplace_leads.dynamics365.{_lookup}", class_only=True)

# The profile that ordinary modules written in Python use.
_PROFILE = "legacy"


class _InProcessModule(basic.AnsibleModule):
    """An AnsibleModule inside the worker.

    It knows the private directory of the run, which is where tokens are kept, and it can speak while it runs.
    """

    run_directory = constants.DEFAULT_LOCAL_TMP  # type: ignore[attr-defined]  # set when ansible.constants is imported

    def tell(self, sentence: str) -> None:
        """Show how far something long has come, while it goes on."""
        Display().display(sentence)


class InProcess(PlainVariables, ActionBase):
    """Executes a module of this collection inside the worker where that gives the same result, else the usual way.

    Each module has an action plugin of its own name that inherits from this one, so that errors, events and linters
    name the module.
    """

    _supports_check_mode = True
    _supports_async = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Execute the task's module and return its result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        task_vars = task_vars or {}
        if self._may_run_here():
            result = merge_hash(result, self._run_here(task_vars))
        else:
            wrap_async = bool(self._task.async_val) and not self._connection.has_native_async
            result = merge_hash(result, self._execute_module(task_vars=task_vars, wrap_async=wrap_async))
            if not wrap_async:
                self._remove_tmp_path(self._connection._shell.tmpdir)
        if result.get("contains_secret"):
            # Returned to the playbook, but shown by no callback at any verbosity.
            result["_ansible_no_log"] = True
        return result

    def _may_run_here(self) -> bool:
        """Say whether running in the worker is the same as running the usual way."""
        return (
            MSAL_IMPORT_ERROR is None
            and REQUESTS_IMPORT_ERROR is None
            and self._connection.transport == "local"
            and not self._task.async_val
            and not self._connection.become
            and os.environ.get("MARKETPLACE_LEADS_IN_PROCESS", "1").lower() not in ("0", "false", "no")
        )

    def _run_here(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        module = MODULES[self._task.action.rpartition(".")[2]]
        arguments = dict(self._task.args)
        self._update_module_args(self._task.action, arguments, task_vars)
        encoder = common_json.get_module_encoder(_PROFILE, common_json.Direction.CONTROLLER_TO_MODULE)
        packed = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()
        printed = io.StringIO()
        with (
            _arguments(packed),
            self._task_environment(),
            contextlib.redirect_stdout(printed),
            contextlib.suppress(SystemExit),
        ):
            module.main(_InProcessModule)
        parsed: Any = self._parse_returned_data({"stdout": printed.getvalue(), "stderr": ""}, _PROFILE)
        if isinstance(parsed, dict):  # ansible-core 2.19 and 2.20
            clean.remove_internal_keys(parsed)
            return parsed
        parsed.remove_internal_keys()
        data: dict[str, Any] = parsed.as_result_dict(for_round_trip=True)
        return data

    @contextlib.contextmanager
    def _task_environment(self) -> Iterator[None]:
        """Apply the task's C(environment:) for as long as the module runs."""
        wanted: dict[str, str] = {}
        self._compute_environment_string(wanted)
        before = dict(os.environ)
        os.environ.update({name: str(value) for name, value in wanted.items()})
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


@contextlib.contextmanager
def _arguments(packed: bytes) -> Iterator[None]:
    """Lay the arguments where AnsibleModule looks for them, as the module's wrapper does in ordinary execution."""
    before = basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE
    basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = packed, _PROFILE
    try:
        yield
    finally:
        basic._ANSIBLE_ARGS, basic._ANSIBLE_PROFILE = before
