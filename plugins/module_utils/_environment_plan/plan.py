# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a whole environment: every resource of the set-up, planned in one process.

Each part is planned by the resource that would apply it. Independent reads are sent in parallel, so that a converged
environment costs few round trips.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .._desired_state.plan import Plan
from .._desired_state.resource import Resource
from .._identity.sign_in import SignInFailed
from .._resources.lead_destination.batch import LeadDestinations
from .._rules.errors import Blockers, InvalidInput
from .._rules.guids import NIL_GUID
from .._transport.errors import CallFailed, TimedOut
from .identity import LeadIdentity

BY_APPLICATION = ("application", "application_user")
"""The parts that create the lead service's identity and add it to the environment, for an application."""

BY_USER = ("user", "environment_user")
"""The same for a user of the directory."""


@dataclass(frozen=True)
class Parts:
    """How to make each resource of an environment.

    `identity` is what the lead service signs in as. It is made after `destinations` are read, because the offers show
    which secret is in use. `member` is the user that it is in the environment, made from the identity's id there and
    the names of the roles that carry the privileges. `names` are what the steps of these two are called. `checks`
    returns the checks to perform before any plan is executed; each returns blockers and warnings.
    """

    solution: Callable[[], Resource]
    identity: Callable[[], LeadIdentity]
    role_privileges: Callable[[], Any]
    member: Callable[[str, list[str]], Resource]
    destinations: LeadDestinations
    checks: Callable[[Mapping[str, Plan]], Sequence[Callable[[], tuple[list[str], list[str]]]]]
    names: tuple[str, str] = BY_APPLICATION

    @property
    def steps(self) -> tuple[str, ...]:
        """The parts of the set-up, in the order in which they are applied."""
        identity, member = self.names
        return ("solution", identity, "role_privileges", member, "lead_destinations")


class EnvironmentPlan:
    """Plans a whole environment; it can only be shown, because each part is executed by its own module."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._states: dict[str, Any] = {}
        self.plans: dict[str, Plan] = {}
        self.warnings: list[str] = []
        """Sentences for the user about conditions found; they stop nothing."""
        self.member_id = NIL_GUID

    def read(self) -> dict[str, Plan]:
        """Plan every part and return the plans by step.

        Raises InvalidInput with one sentence for each part that could not be planned, so that everything that would
        stop a run is reported at once.
        """
        blockers: list[str] = []
        with ThreadPoolExecutor(max_workers=3) as pool:
            # The first part also signs in; the others wait for its token instead of requesting their own.
            running = {
                "solution": pool.submit(self._plan, "solution", self._parts.solution),
                "identity": pool.submit(self._plan_identity),
                "role_privileges": pool.submit(self._plan, "role_privileges", self._parts.role_privileges),
            }
            made = {step: _outcome(future, blockers) for step, future in running.items()}
        identity, privileges = made["identity"], made["role_privileges"]
        if identity is not None and privileges is not None:
            self.member_id = identity.member_id
            with ThreadPoolExecutor(max_workers=1) as pool:
                member = functools.partial(self._parts.member, self.member_id, privileges.roles_to_assign)
                _outcome(pool.submit(self._plan, self._parts.names[1], member), blockers)
                _outcome(pool.submit(self._plan_destinations, identity), blockers)
        self._check(blockers)
        if blockers:
            raise Blockers(blockers)
        return {step: self.plans[step] for step in self._parts.steps}

    def state(self) -> dict[str, Any]:
        """Return what every part is now."""
        return self._states

    def _plan_identity(self) -> Resource:
        self._parts.destinations.read()
        return self._plan(self._parts.names[0], self._parts.identity)

    def _plan_destinations(self, identity: LeadIdentity) -> None:
        destinations = self._parts.destinations
        plan = destinations.plan(identity.connection, identity.key_id)
        if identity.outdated and any(path.endswith(".secret") for path in plan.paths):
            raise InvalidInput(
                f"{identity.outdated}, so handing over the stored one could cut leads: set lead_writer_store_directory "
                "to the store that has the newer one, or remove that with lead_writer_secret_absent_key_ids if it is "
                "not in use."
            )
        self.plans["lead_destinations"] = plan
        self._states["lead_destinations"] = destinations.state()

    def _check(self, blockers: list[str]) -> None:
        """Run the checks even if a part could not be planned, so that all blockers are reported at once."""
        self.warnings = [warning for plan in self.plans.values() for warning in plan.warnings]
        blockers += [each for plan in self.plans.values() for each in plan.blockers]
        checks = self._parts.checks(self.plans)
        if not checks:
            return
        with ThreadPoolExecutor(max_workers=3) as pool:
            for future in [pool.submit(check) for check in checks]:
                stopping, warnings = _outcome(future, blockers) or ([], [])
                blockers += stopping
                self.warnings += warnings

    def _plan(self, step: str, make: Callable[[], Resource]) -> Resource:
        resource = make()
        self.plans[step] = resource.plan()
        self._states.update(resource.state())
        return resource


def _outcome(future: Future[Any], blockers: list[str]) -> Any:
    try:
        return future.result()
    except (InvalidInput, CallFailed, SignInFailed, TimedOut) as error:
        blockers.append(str(error))
        return None
