# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interface of every resource."""

from __future__ import annotations

from typing import Any, Protocol

from .plan import Plan


class Resource(Protocol):
    """Something in a service that can be brought to a desired state."""

    def plan(self) -> Plan:
        """Read the current state, and return the differences from the desired one. Writes nothing.

        Raises InvalidInput, CallFailed, SignInFailed or TimedOut.
        """

    def state(self) -> dict[str, Any]:
        """Return the resource's current state, with the service's names in snake_case.

        After `plan` alone, this is the state that was read, with the nil GUID for ids that execution would create.
        """
