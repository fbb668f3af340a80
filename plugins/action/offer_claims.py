# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds offers that two hosts of the inventory name.

An action rather than a module because only the control process knows the variables of every host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible.plugins.action import ActionBase

from ..plugin_utils._ansible_internals import InterfaceGone, inventory_only, variables_of_host
from ..plugin_utils._offer_claims import Claim, claimed_twice, refusals
from ..plugin_utils._plain_variables import PlainVariables

_OFFERS = "lead_writer_offers"


class ActionModule(PlainVariables, ActionBase):
    """Compares the offers of all hosts."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the offers that are claimed twice."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.validate_argument_spec(argument_spec={})
        task_vars = task_vars or {}
        self._unknown: dict[str, str] = {}
        self._unseen = ""
        here = task_vars.get("ansible_play_batch", [])
        claims = [claim for host in here for claim in self._claims_of(host, task_vars)]
        if claims:
            others = set(task_vars["groups"]["all"]).difference(here)
            claims += [claim for host in sorted(others) for claim in self._claims_of(host, task_vars)]
        twice = claimed_twice(claims)
        result.update(changed=False, claimed_twice=twice, refusals=refusals(twice), unknown=sorted(self._unknown))
        warnings = [
            f"{_OFFERS} of {host} cannot be read ({reason}), so its offers were not compared: correct the variable."
            for host, reason in sorted(self._unknown.items())
        ]
        warnings += [self._unseen] if self._unseen else []
        if warnings:
            result["warnings"] = warnings
        return result

    def _claims_of(self, host: str, task_vars: Mapping[str, Any]) -> Iterator[Claim]:
        """Yield what one host claims. A host that is no environment, or is to be none any more, claims nothing."""
        variables = self._variables_of(host, task_vars)
        if not variables.get(_OFFERS) or not variables.get("lead_writer_environment_url"):
            return
        try:
            if self._value(variables, "lead_writer_state") == "absent":
                return
            publisher = str(self._value(variables, "lead_writer_publisher_tenant_id") or "")
            offers = self._value(variables, _OFFERS) or []
        except AnsibleError as error:
            # That host will fail by itself; the others must not fail for it.
            self._unknown[host] = " ".join(str(error).split())
            return
        for offer in offers.split(",") if isinstance(offers, str) else offers:
            if str(offer).strip():
                yield Claim(str(offer), host, publisher)

    def _variables_of(self, host: str, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Return the variables of a host, not templated, and with those that the play and the role give it.

        The mapping of all hosts has those of the inventory only: an offer that a play names for all of its hosts would
        not be seen. Templating is left for later, because it is what costs.
        """
        every = task_vars["hostvars"]
        in_play = host in task_vars.get("ansible_play_hosts_all", ())
        play, task = (self._task.get_play(), self._task) if in_play else (None, None)
        try:
            return variables_of_host(every, host, play, task)
        except InterfaceGone as gone:
            self._unseen = inventory_only(gone)
            return dict(every.raw_get(host))

    def _value(self, variables: dict[str, Any], name: str) -> Any:
        """Return one variable of a host, templated if it has to be."""
        raw = variables.get(name)
        if not _is_template(raw):
            return raw
        return self._templar.copy_with_new_env(available_variables=variables).template(raw)


def _is_template(value: Any) -> bool:
    if isinstance(value, str):
        return "{{" in value or "{%" in value
    return isinstance(value, list) and any(_is_template(each) for each in value)
