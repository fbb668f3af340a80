# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hosts of an inventory claim of the marketplace's offers."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleError

from ._host_variables import HostVariables, reason_of
from ._offer_claims import Claim

_OFFERS = "lead_writer_offers"


class ClaimsOfHosts:
    """Reads the claims of hosts; `unknown` has the reason for each host whose offers could not be read."""

    def __init__(self, hosts: HostVariables) -> None:
        self._hosts = hosts
        self.unknown: dict[str, str] = {}

    def read(self, here: Collection[str], task_vars: Mapping[str, Any]) -> list[Claim]:
        """Return the claims of the hosts `here`, and of all others of the inventory if there are any."""
        claims = [claim for host in here for claim in self._of(host)]
        if claims:
            others = set(task_vars["groups"]["all"]).difference(here)
            for host in sorted(others):
                claims += self._of(host)
                self._hosts.forget(host)
        return claims

    def warnings(self, besides: Collection[str] = ()) -> list[str]:
        """Return a sentence for each host whose offers could not be compared, except for those in `besides`."""
        return [
            f"{_OFFERS} of {host} cannot be read ({reason}), so its offers were not compared: correct the variable."
            for host, reason in sorted(self.unknown.items())
            if host not in besides
        ]

    def _of(self, host: str) -> Iterator[Claim]:
        """Yield what one host claims. A host that is no environment, or that is removed, claims nothing."""
        variables = self._hosts.of(host)
        if not variables.get(_OFFERS) or not variables.get("lead_writer_environment_url"):
            return
        try:
            if self._hosts.value(host, "lead_writer_state") == "absent":
                return
            publisher = str(self._hosts.value(host, "lead_writer_publisher_tenant_id") or "")
            offers = self._hosts.value(host, _OFFERS) or []
        except AnsibleError as error:
            # That host fails by itself; the others must not fail because of it.
            self.unknown[host] = reason_of(error)
            return
        for offer in offers.split(",") if isinstance(offers, str) else offers:
            if str(offer).strip():
                yield Claim(str(offer), host, publisher)
