# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users that the admin API adds to an environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..dataverse import people, sync

if TYPE_CHECKING:
    from ..world import Environment


def add_application(environment: Environment, application: str) -> None:
    """Make an application a user of the environment with System Administrator, in the root business unit.

    A second call changes nothing.
    """
    data = environment.data
    user = next(iter(data.where("systemuser", applicationid=application)), None)
    if user is None:
        principal = data.tenant.directory.service_principal_by_app_id(application, as_seen_by="dataverse")
        if principal is None:
            return
        user = people.add_user(
            data,
            systemuserid=data.world.new_guid(),
            businessunit=people.root_business_unit(data),
            applicationid=application,
            accessmode=4,
            azureactivedirectoryobjectid=principal["id"],
            **people.names_from_directory(principal["displayName"], application, data.tenant.domain),
        )
    role = next(
        row["roleid"]
        for row in data.where("role", name="System Administrator", _businessunitid_value=user["_businessunitid_value"])
    )
    data.link("systemuserroles", user["systemuserid"], role)


def add_person(environment: Environment, user: Mapping[str, Any]) -> None:
    """Add a person of the directory to the environment, or update it."""
    sync.person(environment.data, user)
