# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of a whole environment: every resource of the set-up, planned in one process.

It has no opinion of its own: each part is planned by the very resource that would apply it. Reads that do not depend
on each other go out side by side, so that a converged environment costs few round trips.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._desired_state.plan import Plan
from .._desired_state.resource import Resource
from .._identity.sign_in import SignInFailed
from .._rules.errors import InvalidInput
from .._rules.guids import NIL_GUID
from .._transport.errors import CallFailed, TimedOut
from .lead_destinations import LeadDestinations

STEPS = ("solution", "application", "role_privileges", "application_user", "lead_destinations")
"""The parts of the set-up, in the order in which they are applied."""


def options_of(
    part: str,
    given: Mapping[str, Any],
    spec: Mapping[str, Mapping[str, Any]],
    rules: Mapping[str, tuple[Any, ...]] | None = None,
) -> dict[str, Any]:
    """Check the options of one part against those of its module, and return them with defaults filled in.

    Raises InvalidInput naming the part.
    """
    validator = ArgumentSpecValidator(
        {name: dict(option) for name, option in spec.items()},
        **{name: list(rule) for name, rule in (rules or {}).items()},
    )
    validated = validator.validate({name: value for name, value in given.items() if value is not None})
    if validated.error_messages:
        raise InvalidInput(f"{part}: {'; '.join(validated.error_messages)}")
    parameters: dict[str, Any] = validated.validated_parameters
    return parameters


@dataclass(frozen=True)
class Parts:
    """How to make each resource of an environment.

    C(application) is made when C(destinations) were read, for the offers tell which secret is in use, and
    C(application_user) from the application's id and the names of the roles that carry the privileges. C(checks)
    returns what is to be looked at before anything of the plans is executed; each returns sentences that stop a run,
    and findings that do not.
    """

    solution: Callable[[], Resource]
    application: Callable[[], Any]
    role_privileges: Callable[[], Any]
    application_user: Callable[[str, list[str]], Resource]
    destinations: LeadDestinations
    checks: Callable[[Mapping[str, Plan]], Sequence[Callable[[], tuple[list[str], list[str]]]]]


class EnvironmentPlan:
    """Plans a whole environment; it can only be shown, because each part is executed by its own module."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._states: dict[str, Any] = {}
        self.plans: dict[str, Plan] = {}
        self.findings: list[str] = []
        """Sentences for the user about what was seen; they stop nothing."""
        self.application_id = NIL_GUID

    def read(self) -> dict[str, Plan]:
        """Plan every part and return the plans by step.

        Raises InvalidInput with one sentence for each part that could not be planned, so that everything that would
        stop a run is told at once.
        """
        obstacles: list[str] = []
        with ThreadPoolExecutor(max_workers=3) as pool:
            # The first part in line also signs in; the others wait for its token rather than ask for one too.
            running = {
                "solution": pool.submit(self._plan, "solution", self._parts.solution),
                "application": pool.submit(self._plan_application),
                "role_privileges": pool.submit(self._plan, "role_privileges", self._parts.role_privileges),
            }
            made = {step: _outcome(future, obstacles) for step, future in running.items()}
        application, privileges = made["application"], made["role_privileges"]
        if application is not None and privileges is not None:
            self.application_id = application.application_id
            roles = privileges.roles_to_assign
            with ThreadPoolExecutor(max_workers=1) as pool:
                user = functools.partial(self._parts.application_user, self.application_id, roles)
                _outcome(pool.submit(self._plan, "application_user", user), obstacles)
                _outcome(pool.submit(self._plan_destinations, application), obstacles)
        self._check(obstacles)
        if obstacles:
            raise InvalidInput("\n".join(dict.fromkeys(obstacles)))
        return {step: self.plans[step] for step in STEPS}

    def state(self) -> dict[str, Any]:
        """Return what every part is now."""
        return self._states

    def _plan_application(self) -> Resource:
        self._parts.destinations.read()
        return self._plan("application", self._parts.application)

    def _plan_destinations(self, application: Any) -> None:
        state, destinations = application.state(), self._parts.destinations
        details = {"application_id": application.application_id, "directory_id": state["directory_id"]}
        self.plans["lead_destinations"] = destinations.plan(details, (state.get("secret") or {}).get("key_id") or "")
        self._states["lead_destinations"] = destinations.state()

    def _check(self, obstacles: list[str]) -> None:
        """Look ahead, also where a part could not be planned: all that is in the way is told at once."""
        self.findings = [finding for plan in self.plans.values() for finding in plan.findings]
        checks = self._parts.checks(self.plans)
        if not checks:
            return
        with ThreadPoolExecutor(max_workers=3) as pool:
            for future in [pool.submit(check) for check in checks]:
                stopping, findings = _outcome(future, obstacles) or ([], [])
                obstacles += stopping
                self.findings += findings

    def _plan(self, step: str, make: Callable[[], Resource]) -> Resource:
        resource = make()
        self.plans[step] = resource.plan()
        self._states.update(resource.state())
        return resource


def _outcome(future: Future[Any], obstacles: list[str]) -> Any:
    try:
        return future.result()
    except (InvalidInput, CallFailed, SignInFailed, TimedOut) as error:
        obstacles.append(str(error))
        return None
