# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans the environments of all hosts of a batch in one process, or that of one host.

It is an action rather than a module because only the control process knows the variables of every host, and because the
store and the handover are on the control node.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Mapping
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils._identity.sign_in import MSAL_IMPORT_ERROR
from ..module_utils._transport.trust import REQUESTS_IMPORT_ERROR
from ..plugin_utils._ansible_internals import role_of
from ..plugin_utils._claims_of_hosts import ClaimsOfHosts
from ..plugin_utils._fleet_outcome import CONFIGURE, PURPOSES, Role
from ..plugin_utils._host_variables import HostVariables, plain, reason_of
from ..plugin_utils._next_steps import Environment, grouped, next_steps
from ..plugin_utils._offer_claims import claimed_twice, refusals
from ..plugin_utils._place_in_play import conditions_of, environment_around, is_selected, takes_all_hosts_together
from ..plugin_utils._plain_variables import finalized
from ..plugin_utils._plan_diff import plan_diff
from ..plugin_utils._planner import Planner, fault
from ..plugin_utils._recorded_facts import recorded_facts
from ..plugin_utils._role_variables import RoleVariables

_URL = "lead_writer_environment_url"

_OPTIONS: dict[str, dict[str, Any]] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "purpose": {"type": "str", "choices": list(PURPOSES), "default": CONFIGURE},
    "threads": {"type": "int", "default": 32},
    "end_early": {"type": "bool", "default": True},
    "can_keep_secret": {"type": "bool", "default": True},
    "store_problem": {"type": "str", "default": ""},
    "has_stored_secret": {"type": "bool", "default": False},
    "store_file": {"type": "str", "default": ""},
    "handover_file": {"type": "str", "default": ""},
    "store_tasks": {"type": "str", "default": ""},
}
"""The options that are evaluated for each host."""
_USED_OFTEN = (
    "lead_writer_environment_host",
    "lead_writer_store_path",
    "lead_writer_handover_path",
    "lead_writer_stored",
    "lead_writer__adopted",
)
"""Variables of the role that many of its templates use, and that are slow to evaluate."""
_FRESH_SECONDS = 600.0
"""How long a plan of an earlier play of the run stays valid."""

_NO_PLAN: dict[str, Any] = {"changes": [], "would_change": [], "ends": False}
"""The plan of an environment that is removed."""
_RUN_DIRECTORY = constants.DEFAULT_LOCAL_TMP  # type: ignore[attr-defined]  # set when ansible.constants is imported


class ActionModule(ActionBase):
    """Plans environments, or returns the plan of one."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    @classmethod
    def finalize_task_arg(cls, name: str, value: Any, templar: Any, context: Any) -> Any:  # noqa: ARG003
        """Leave the templates of `options` unchanged: they are evaluated for each host."""
        return value if name == "options" else finalized(value, templar)

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the plans of the batch if the task runs once, otherwise the plan of its host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._vars = task_vars or {}
        self._hosts = HostVariables(self._task, self._vars, self._templar)
        self._checks = RoleVariables(self._hosts, role_of(self._task))
        self._warnings: list[str] = []
        self._purpose = CONFIGURE
        self._evaluated: dict[str, dict[str, Any]] = {}
        if self._task.run_once:
            # With -v, the plans of a thousand environments would be one line.
            result["_ansible_verbose_override"] = True
            result.update(self._reused() or self._made(self._batch()))
            plans, batch = result["environments"], self._vars["ansible_play_batch"]
            result["pending"] = [host for host in batch if not plans.get(host, _NO_PLAN)["ends"]]
        else:
            result.update({"changed": False, **self._own_plan()})
        if self._warnings:
            result["warnings"] = self._warnings
        return result

    def _made(self, hosts: list[str]) -> dict[str, Any]:
        plans = self._plan(hosts)
        return {"environments": plans, "made_at": time.time(), **self._shown(plans)}

    def _reused(self) -> dict[str, Any] | None:
        """Return the plans that an earlier play made for the batch, None if some are missing or too old."""
        if not boolean(self._task.args.get("reuse", False)) or not takes_all_hosts_together(self._task):
            return None
        known = self._vars.get("lead_writer__fleet") or {}
        plans, made_at = known.get("environments") or {}, known.get("made_at", 0.0)
        wanted = [host for host in self._vars["ansible_play_batch"] if self._hosts.of(host).get(_URL)]
        if time.time() - made_at > _FRESH_SECONDS or not plans.keys() >= {*wanted}:
            return None
        return {"environments": {host: plans[host] for host in wanted}, "made_at": made_at}

    # --- which environments are planned

    def _batch(self) -> list[str]:
        """Return the hosts that are planned together; none if each must be planned by itself."""
        if not self._plans_here() or not takes_all_hosts_together(self._task):
            return []
        self._hosts.of(self._vars["inventory_hostname"])
        if self._hosts.unseen:
            # Then only the variables of the task's own host are known.
            return []
        conditions = conditions_of(self._task)
        return [host for host in self._vars["ansible_play_batch"] if self._meets_task(host, conditions)]

    def _meets_task(self, host: str, conditions: list[Any]) -> bool:
        if not self._hosts.of(host).get(_URL):
            return False
        try:
            return self._hosts.meets(host, conditions)
        except AnsibleError:
            # Ansible reports the error in the condition when it runs the task for the host.
            return False

    def _plans_here(self) -> bool:
        """Return whether this process can do what the module would; see the action `in_process`."""
        return (
            MSAL_IMPORT_ERROR is None
            and REQUESTS_IMPORT_ERROR is None
            and os.environ.get("MARKETPLACE_LEADS_IN_PROCESS", "1").lower() not in ("0", "false", "no")
        )

    def _own_plan(self) -> dict[str, Any]:
        host = self._vars["inventory_hostname"]
        plan = self._task.args.get("plan")
        if plan is not None:
            return _as_result(plan)
        if not self._hosts.of(host).get(_URL):
            return _failed(
                f"{_URL} of {host} is not set: set it to the address of its environment, or exclude the host."
            )
        plan = (self._plan([host]) if self._plans_here() else self._plan_as_module(host))[host]
        return {**_as_result(plan), **self._shown({host: plan})}

    def _plan_as_module(self, host: str) -> dict[str, dict[str, Any]]:
        """Run the module the ordinary way, for example in another Python that has the libraries."""
        self._refusals = self._claims([host])
        try:
            prepared = self._prepared(host)
        except AnsibleError as error:
            return {host: _failed(reason_of(error))}
        if prepared is None:
            return {host: _NO_PLAN}
        given, role = prepared
        module = "marketplace_leads.dynamics365.lead_writer_plan"
        plan = self._execute_module(module_name=module, module_args=given, task_vars=self._vars)
        # In the form in which this Ansible passes them on.
        self._warnings += plan.pop("warnings", [])
        return {host: role.outcome({**plan, "warnings": []})}

    # --- planning

    def _plan(self, hosts: list[str]) -> dict[str, dict[str, Any]]:
        self._refusals = self._claims(hosts)
        outcomes: dict[str, dict[str, Any]] = {}
        roles: dict[str, Role] = {}
        with Planner(self._threads(hosts), _RUN_DIRECTORY, len(hosts), Display().display) as planner:
            for host in hosts:
                try:
                    prepared = self._prepared(host)
                    if prepared is not None:
                        given, roles[host] = prepared
                        planner.add(host, given, self._environment_of(host))
                except AnsibleError as error:
                    outcomes[host] = _failed(reason_of(error))
                except Exception as error:  # a failure of this task would stop all hosts
                    outcomes[host] = _failed(fault(error))
                self._hosts.forget(host)
                self._evaluated.pop(host, None)
            outcomes.update({host: roles[host].outcome(plan) for host, plan in planner.plans().items()})
        warnings = ((host, each) for host in hosts for each in outcomes.get(host, {}).get("warnings", []))
        self._warnings += grouped(warnings)
        return {host: outcomes.get(host, _NO_PLAN) for host in hosts}

    def _threads(self, hosts: list[str]) -> int:
        """The number of threads of the first host that sets one."""
        for host in hosts:
            with contextlib.suppress(AnsibleError):
                return int(self._options(host)["threads"])
        return 1

    def _shown(self, plans: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
        """Show what to do next for the environments for which the role ends here, and return what a dry run returns."""
        environments = (Environment(host, plan) for host, plan in plans.items() if plan["ends"])
        lines = next_steps(environments, check_mode=self._task.check_mode, purpose=self._purpose)
        # A run that continues shows it at its end.
        if all(plan["ends"] for plan in plans.values()):
            lines += recorded_facts(plans, self._hosts)
        for line in lines:
            Display().display(line)
        if not self._task.check_mode:
            return {"changed": False}
        shown: dict[str, Any] = {"changed": any(plan["would_change"] for plan in plans.values())}
        if self._task.diff:
            diffs = (plan_diff(host, plan) for host, plan in plans.items() if plan["would_change"])
            shown["diff"] = [{"prepared": each} for each in diffs if each]
        return shown

    def _claims(self, hosts: list[str]) -> dict[str, str]:
        claims = ClaimsOfHosts(self._hosts)
        refused = refusals(claimed_twice(claims.read(hosts, self._vars)))
        # Each host of the batch fails by itself.
        self._warnings += claims.warnings(besides=hosts)
        self._warnings += [self._hosts.unseen] if self._hosts.unseen else []
        return refused

    def _prepared(self, host: str) -> tuple[dict[str, Any], Role] | None:
        """Return the options for a host's plan and what follows from it, None if no plan is made.

        Raises AnsibleError.
        """
        problems = self._checks.problems(host)
        if problems:
            raise AnsibleError("\n".join(problems))
        own = self._options(host)
        if own["state"] == "absent":
            return None
        given = {**own["runner"], **own["environment"]}
        if host in self._refusals:
            given["lead_destinations"] = {**given["lead_destinations"], "refusal": self._refusals[host]}
        self._purpose = own["purpose"]
        role = Role(
            purpose=own["purpose"],
            check_mode=self._task.check_mode,
            end_early=own["end_early"],
            can_keep_secret=own["can_keep_secret"],
            store_problem=own["store_problem"],
            has_stored_secret=own["has_stored_secret"],
            store_file=own["store_file"],
            store_tasks_found=self._finds(own["store_tasks"]),
            read_stored_secret=lambda: self._hosts.value(host, "lead_writer_stored_value"),
            handover_file=own["handover_file"],
            publisher_client_id=str((given.get("publisher") or {}).get("client_id") or ""),
            is_selected=lambda tag: is_selected(self._task, tag, self._vars),
        )
        return given, role

    def _finds(self, tasks: str) -> bool:
        """Return whether a file of tasks is where an include of the role looks for it."""
        try:
            return not tasks or bool(
                self._loader.path_dwim_relative_stack(self._task.get_search_path(), "tasks", tasks)
            )
        except AnsibleError:
            return False

    def _options(self, host: str) -> dict[str, Any]:
        """The options, evaluated for a host and checked. Raises AnsibleError."""
        if host not in self._evaluated:
            self._hosts.evaluate_once(host, _USED_OFTEN)
            given = plain(self._hosts.template(host, self._task.args.get("options") or {}))
            # Large ones, which the module checks; the validator would copy them.
            passed_on = {name: given.pop(name, {}) for name in ("environment", "runner")}
            checked = ArgumentSpecValidator(_OPTIONS).validate(given)
            if checked.error_messages:
                raise AnsibleError("; ".join(checked.error_messages))
            self._evaluated[host] = {**checked.validated_parameters, **passed_on}
        return self._evaluated[host]

    def _environment_of(self, host: str) -> dict[str, str]:
        """The environment variables that the play sets for its tasks, evaluated for a host."""
        found: dict[str, str] = {}
        for each in filter(None, environment_around(self._task)):
            found.update({name: str(value) for name, value in self._hosts.template(host, each).items()})
        return found


def _failed(sentence: str) -> dict[str, Any]:
    return {"failed": True, "msg": sentence, "would_change": [], "ends": False}


def _as_result(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan as the result of a task for its host. Ansible shows all of it if it failed."""
    if not plan.get("failed"):
        # The task that made the plans has shown its warnings.
        return {name: value for name, value in plan.items() if name != "warnings"}
    return {name: plan[name] for name in ("failed", "msg", "failure") if plan.get(name)}
