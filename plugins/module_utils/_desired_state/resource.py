# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every resource can do."""

from __future__ import annotations

from typing import Any, Protocol

from .plan import Plan


class Resource(Protocol):
    """Something in a service that can be brought to a wanted state."""

    def plan(self) -> Plan:
        """Read what is, and return what differs from what is wanted. Writes nothing.

        Raises InvalidInput, CallFailed, SignInFailed or TimedOut.
        """

    def state(self) -> dict[str, Any]:
        """Return what the resource is now, in the service's words as snake_case.

        After `plan` alone it is what was read, with the nil GUID for ids that the plan's execution would make.
        """
