# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detects offers claimed by more than one host.

It is an action rather than a module because only the control process knows the variables of every host.
"""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ..plugin_utils._claims_of_hosts import ClaimsOfHosts
from ..plugin_utils._host_variables import HostVariables
from ..plugin_utils._offer_claims import claimed_twice, refusals
from ..plugin_utils._plain_variables import PlainVariables


class ActionModule(PlainVariables, ActionBase):
    """Compares the offers of all hosts."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the offers that more than one host claims."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        task_vars = task_vars or {}
        hosts = HostVariables(self._task, task_vars, self._templar)
        claims = ClaimsOfHosts(hosts)
        twice = claimed_twice(claims.read(task_vars.get("ansible_play_batch", []), task_vars))
        result.update(changed=False, claimed_twice=twice, refusals=refusals(twice), unknown=sorted(claims.unknown))
        warnings = [*claims.warnings(), *([hosts.unseen] if hosts.unseen else [])]
        if warnings:
            result["warnings"] = warnings
        return result
