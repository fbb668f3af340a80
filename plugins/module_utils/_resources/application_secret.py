# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client secret of an application: planned last, because its value must not be lost to a later failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from .._rules.errors import InvalidInput
from .._rules.guids import NIL_GUID, guid
from .._rules.secret_schedule import Decision, Schedule, Secret, decide
from .._rules.timestamps import read_timestamp, write_timestamp
from .._services.graph.applications import Application, Applications
from .._services.graph.client import GraphClient
from .._services.graph.replication import Replication
from .._services.graph.secrets import NewSecret, Secrets
from .application_state import secret_state

OPTIONS: dict[str, dict[str, Any]] = {
    "secret": {
        "type": "dict",
        "no_log": False,
        "options": {
            "name": {"type": "str", "required": True},
            "valid_days": {"type": "int", "default": 365},
            "rotate_before_days": {"type": "int", "default": 45},
            "rotate_after_days": {"type": "int"},
            "overlap_days": {"type": "int"},
            "known_key_id": {"type": "str", "no_log": False},
            "in_use_key_id": {"type": "str", "no_log": False},
            "in_use_since": {"type": "str"},
            "unknown_in_use": {"type": "bool", "default": False},
            "absent_key_ids": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    },
}


def schedule_from(options: Mapping[str, Any]) -> Schedule | None:
    """Read C(secret). Raises InvalidInput."""
    given = options["secret"]
    if given is None:
        return None
    known, in_use = given["known_key_id"], given["in_use_key_id"]
    schedule = Schedule(
        name=given["name"],
        valid_days=given["valid_days"],
        rotate_before_days=given["rotate_before_days"],
        rotate_after_days=given["rotate_after_days"],
        known_key_id=guid(known, "secret.known_key_id") if known else known,
        overlap_days=given["overlap_days"],
        in_use_key_id=guid(in_use, "secret.in_use_key_id") if in_use else None,
        in_use_since=_moment(given["in_use_since"]),
        unknown_in_use=given["unknown_in_use"],
        absent_key_ids=frozenset(guid(each, "secret.absent_key_ids") for each in given["absent_key_ids"]),
        present=given["state"] == "present",
    )
    schedule.validate()
    return schedule


def _moment(given: str | None) -> datetime | None:
    """Read C(secret.in_use_since). Raises InvalidInput."""
    if not given:
        return None
    try:
        return read_timestamp(given)
    except ValueError as error:
        raise InvalidInput(
            f"secret.in_use_since is {given!r}: give a time in UTC, such as 2026-11-22T15:00:00Z."
        ) from error


class ClientSecret:
    """The secret of one name on one application."""

    def __init__(
        self, graph: GraphClient, applications: Applications, replication: Replication, schedule: Schedule
    ) -> None:
        self._graph = graph
        self._secrets = Secrets(graph, applications, replication)
        self._schedule = schedule
        self._decision = Decision(True, None, ())
        self._made: NewSecret | None = None

    def known_among(self, secrets: Sequence[Secret]) -> bool:
        """Say whether the caller's secret is among those of an application; so it is when the caller claims none."""
        known = self._schedule.known_key_id
        return not known or known in {secret.key_id for secret in secrets}

    def judge(self, secrets: Sequence[Secret]) -> None:
        """Decide about the secrets that the application has."""
        self._decision = decide(secrets, self._schedule, self._graph.service_time())

    @property
    def before(self) -> Any:
        """What the plan shows of the secret in use."""
        current = self._decision.current
        return _shown(current) if current else None

    @property
    def after(self) -> Any:
        """What the plan shows of the secret to be: the one in use, unless a new one is needed."""
        if not self._decision.create:
            return self.before
        return {"displayName": self._schedule.name, "validDays": self._schedule.valid_days}

    @property
    def surplus(self) -> list[dict[str, Any]]:
        """What the plan shows of the secrets to remove."""
        return [_shown(secret) for secret in self._decision.remove]

    @property
    def findings(self) -> list[str]:
        """Sentences about live secrets of the caller's name that are left alone."""
        unclaimed = [
            f"The application has another live secret named {self._schedule.name!r}, {secret.key_id}, younger than the "
            "known one: if nobody uses it, name it in secret.absent_key_ids."
            for secret in self._decision.unclaimed
        ]
        if self._schedule.overlap_days is None or not self._decision.rotated or self._in_use:
            return unclaimed
        waiting = ", ".join(secret.key_id for secret in self._decision.rotated)
        stays = (
            f"The rotated secret {waiting} of the application stays, because nothing says that everybody uses the new "
            "one: publish the offers that use it again, or confirm in secret.in_use_key_id that the new one is in use."
        )
        return [*unclaimed, stays]

    @property
    def _in_use(self) -> bool:
        """Say whether the caller confirmed that the secret in use is the one known; then the overlap is awaited."""
        current = self._decision.current
        return current is not None and current.key_id == self._schedule.in_use_key_id

    def make(self, application: Application) -> Application:
        """Make a new secret that works, and return the application with it.

        An application that turned out to exist already may have secrets that the plan did not know of, so it is
        judged again. Raises CallFailed, SignInFailed or TimedOut, and leaves no new secret behind then.
        """
        self.judge(application.secrets)
        if not self._decision.create:
            return application
        end = self._graph.service_time() + timedelta(days=self._schedule.valid_days)
        made = self._made = self._secrets.create(application, self._schedule.name, end)
        return application.having_secrets((*application.secrets, made.secret))

    def remove_surplus(self, application: Application) -> Application:
        """Remove the secrets that are to go, and return the application without them."""
        for secret in self._decision.remove:
            self._secrets.remove(application, secret)
        return application.having_secrets(
            tuple(secret for secret in application.secrets if secret not in self._decision.remove)
        )

    @property
    def made(self) -> Secret | None:
        """The new secret, once it was made."""
        return self._made.secret if self._made else None

    def state(self) -> dict[str, Any]:
        """Return the secret in use, with its value if it was made just now."""
        if self._made is not None:
            return {
                "secret": {**secret_state(self._made.secret), "value": self._made.value},
                "contains_secret": True,
            }
        if not self._schedule.present:
            return {"secret": {}}
        if self._decision.create or self._decision.current is None:
            coming = Secret(NIL_GUID, self._schedule.name, None, None)
            return {"secret": secret_state(coming)}
        return {"secret": secret_state(self._decision.current)}


def _shown(secret: Secret) -> dict[str, Any]:
    """What a plan shows of a secret."""
    return {
        "displayName": secret.name,
        "endDateTime": write_timestamp(secret.end) if secret.end else None,
        "keyId": secret.key_id,
    }
