# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows at the end of a run what to do next for each environment.

It is an action rather than a module because only the control process knows what was registered for every host.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils._fleet_outcome import CONFIGURE, PURPOSES
from ..plugin_utils._host_variables import HostVariables
from ..plugin_utils._next_steps import Environment, grouped, next_steps, test_lead_sentence
from ..plugin_utils._place_in_play import takes_all_hosts_together
from ..plugin_utils._recorded_facts import recorded_facts

_VALIDATE = "validate"


class ActionModule(ActionBase):
    """Shows the lines of a batch, or of one host if Ansible does not run hosts together."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Show what to do next, and return it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _valid, options = self.validate_argument_spec(
            argument_spec={"purpose": {"type": "str", "choices": [*PURPOSES, _VALIDATE], "default": CONFIGURE}}
        )
        self._vars = task_vars or {}
        self._hosts = HostVariables(self._task, self._vars, self._templar)
        if options["purpose"] == _VALIDATE:
            lines = grouped(self._test_leads())
        else:
            lines = next_steps(self._environments(), check_mode=self._task.check_mode, purpose=options["purpose"])
        lines += recorded_facts(self._here(), self._hosts)
        for line in lines:
            Display().display(line)
        result.update(changed=False, lines=lines)
        return result

    def _here(self) -> list[str]:
        """The hosts to report, including those for which the play has stopped."""
        if not takes_all_hosts_together(self._task):
            return [self._vars["inventory_hostname"]]
        batch = {*self._vars["ansible_play_batch"]} | self._stopped()
        return [host for host in self._vars["ansible_play_hosts_all"] if host in batch]

    def _stopped(self) -> set[str]:
        return {*self._vars["ansible_play_hosts_all"]} - {*self._vars["ansible_play_hosts"]}

    def _test_leads(self) -> Iterator[tuple[str, str]]:
        for host in self._here():
            result = self._hosts.of(host).get("lead_writer__test_lead")
            if result is not None:
                yield host, test_lead_sentence(result)

    def _environments(self) -> Iterator[Environment]:
        fleet = (self._vars.get("lead_writer__fleet") or {}).get("environments") or {}
        stopped = self._stopped()
        for host in fleet or self._here():
            known = self._hosts.of(host)
            plan = fleet.get(host) or known.get("lead_writer__plan")
            # The plan has reported the hosts for which the role ended with it; one that is removed has no steps.
            if plan and not plan.get("ends") and "would_change" in plan and ("steps" in plan or plan.get("failed")):
                results = (known.get("lead_writer__destinations") or {}).get("results") or []
                now = [each["lead_destination"] for each in results if each.get("lead_destination")]
                yield Environment(host, plan, host in stopped, now)
            self._hosts.forget(host)
