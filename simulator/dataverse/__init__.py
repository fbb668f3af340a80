# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Dataverse Web API of one environment, with its security (contract: Dataverse)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .by_hand import control
from .initial_state import initial_state
from .service import answer
from .state import EnvironmentData

if TYPE_CHECKING:
    from ..world import Environment, Tenant, World


def new_environment(world: World, tenant: Tenant, environment: Environment) -> EnvironmentData:
    """The initial data of an environment."""
    return initial_state(world, tenant, environment)


def load_environment(world: World, tenant: Tenant, environment: Environment, dumped: dict[str, Any]) -> EnvironmentData:
    """The data of an environment from a dump. Raises KeyError if `dumped` is not a dump."""
    data = EnvironmentData(world, tenant, environment)
    data.restore(dumped)
    return data


__all__ = ["EnvironmentData", "answer", "control", "load_environment", "new_environment"]
