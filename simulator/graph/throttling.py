# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graph's quota of resource units for each application in each tenant (contract: throttling)."""

from __future__ import annotations

from .call import Call
from .errors import GraphError

_WINDOW_SECONDS = 10.0


class Quota:
    """Counts units in windows of ten seconds."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}

    def take(self, call: Call, units: int) -> dict[str, str]:
        """Take `units` from the caller's quota and return the headers about it. Raises GraphError 429."""
        limit = call.world.settings.graph_units_per_10_seconds
        headers = {"x-ms-resource-unit": str(units)}
        if call.admin_override or limit <= 0:
            return headers
        who = (call.tenant.id, call.caller.app_id)
        begun, used = self._windows.get(who, (call.now, 0))
        if call.now - begun >= _WINDOW_SECONDS or call.now < begun:
            begun, used = call.now, 0
        self._windows[who] = (begun, used + units)
        if used + units > limit:
            wait = max(1, round(begun + _WINDOW_SECONDS - call.now + 0.5))
            told = {"Retry-After": str(wait)} if call.world.settings.graph_sends_retry_after else {}
            raise GraphError(
                429,
                "TooManyRequests",
                f"Too many requests from Identifier:{call.caller.app_id} under category:throttle.resourceunit. Please "
                f"try again later.",
                headers={
                    **told,
                    "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{call.caller.app_id}/{call.tenant.id}",
                    "x-ms-throttle-information": "ResourceUnitLimitExceeded",
                },
            )
        if used + units > 0.8 * limit:
            headers["x-ms-throttle-limit-percentage"] = f"{(used + units) / limit:.1f}"
        return headers
