# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environments in the Power Platform admin API, and the users that it adds to them."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..._rules.clouds import EnvironmentAddress
from ..._transport.errors import CallFailed
from ..client import Expect
from .client import PowerPlatformClient

NOT_LICENSED = "usernotlicensed"
"""In the refusal of a user whose license is not effective yet, or who has none (contract: people)."""

_UNKNOWN = "usernotfound"
"""In the refusal of a user who is not in the environment's view of the directory, which may lag behind."""

_OUTSIDE_OF_GROUP = "usernotpartofsecuritygroup"
"""In the refusal of a user who is not in the security group that an environment is restricted to."""


class AdminEnvironments:
    """Reads the environments of a tenant and adds people to them."""

    def __init__(self, power_platform: PowerPlatformClient) -> None:
        self._power_platform = power_platform

    def id_of(self, address: EnvironmentAddress) -> str:
        """Return the admin API's id of the environment at an address, which is not one of Dataverse's ids.

        Raises CallFailed, also when the tenant has no environment there.
        """
        found: str | None = self._power_platform.remembered(lambda: self._id_of(address), "environment", address.host)
        if found is None:
            raise CallFailed(
                f"Power Platform lists no environment at {address.host} in tenant "
                f"{self._power_platform.sign_in.credentials.tenant}: correct environment_url or tenant_id.",
                request="GET environments",
                status=404,
            )
        return found

    def _id_of(self, address: EnvironmentAddress) -> str | None:
        for row in self._power_platform.rows("/environments"):
            linked = (row.get("properties") or {}).get("linkedEnvironmentMetadata") or {}
            if urlsplit(str(linked.get("instanceUrl") or "")).hostname == address.host:
                return str(row["name"])
        return None

    def add_user(self, environment_id: str, object_id: str) -> bool:
        """Add a directory user to an environment now; False if the user or its license is not known there yet.

        An existing user stays unchanged, so this may be repeated. Raises CallFailed.
        """
        path = self._power_platform.versioned(f"/environments/{environment_id}/addUser")
        try:
            self._power_platform.call(
                "POST", path, expect=Expect.NOTHING, body={"objectId": object_id}, repeatable=True
            )
        except CallFailed as failed:
            said = " ".join((failed.code, *failed.details, failed.message)).lower()
            if _OUTSIDE_OF_GROUP in said:
                raise failed.reworded(
                    f"User {object_id} is not in the security group of the environment: add it to that group, or "
                    "choose another group for the environment in the Power Platform admin center."
                ) from failed
            if NOT_LICENSED not in said and _UNKNOWN not in said:
                raise
            return False
        return True
