# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client secret of an application: planned last, because its value must not be lost to a later failure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID, guid
from ..._rules.secret_schedule import Decision, Schedule, Secret, decide
from ..._rules.store_record import read_moments
from ..._rules.timestamps import read_timestamp, write_timestamp
from ..._services.graph.applications import Application, Applications
from ..._services.graph.client import GraphClient
from ..._services.graph.replication import Replication
from ..._services.graph.secrets import NewSecret, Secrets
from .state import secret_state

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
            "stored_key_id": {"type": "str", "no_log": False},
            "previous_key_ids": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "adopted_key_id": {"type": "str", "no_log": False},
            "intended_end_date_times": {"type": "list", "elements": "str", "default": []},
            "store_lost": {"type": "bool", "default": False},
            "end_date_time": {"type": "str"},
            "expected_key_ids": {"type": "list", "elements": "str", "no_log": False},
            "in_use_key_id": {"type": "str", "no_log": False},
            "in_use_since": {"type": "str"},
            "absent_key_ids": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
    },
}


def schedule_from(options: Mapping[str, Any]) -> Schedule | None:
    """Read `secret`. Raises InvalidInput."""
    given = options["secret"]
    if given is None:
        return None
    expected = given["expected_key_ids"]
    schedule = Schedule(
        name=given["name"],
        valid_days=given["valid_days"],
        rotate_before_days=given["rotate_before_days"],
        rotate_after_days=given["rotate_after_days"],
        stored_key_id=_key_id(given, "stored_key_id") if given["stored_key_id"] else given["stored_key_id"],
        previous_key_ids=_key_ids(given, "previous_key_ids"),
        adopted_key_id=_key_id(given, "adopted_key_id"),
        intended_ends=read_moments(" ".join(given["intended_end_date_times"])),
        store_lost=given["store_lost"],
        overlap_days=given["overlap_days"],
        in_use_key_id=_key_id(given, "in_use_key_id"),
        in_use_since=_moment(given, "in_use_since"),
        absent_key_ids=_key_ids(given, "absent_key_ids"),
        present=given["state"] == "present",
        new_end=_moment(given, "end_date_time"),
        expected_key_ids=None if expected is None else _key_ids(given, "expected_key_ids"),
    )
    schedule.validate()
    return schedule


def _key_id(given: Mapping[str, Any], option: str) -> str | None:
    """Read one key ID, None if there is none. Raises InvalidInput."""
    return guid(given[option], f"secret.{option}") if given[option] else None


def _key_ids(given: Mapping[str, Any], option: str) -> frozenset[str]:
    """Read a list of key IDs. Raises InvalidInput."""
    return frozenset(guid(each, f"secret.{option}") for each in given[option])


def _moment(given: Mapping[str, Any], option: str) -> datetime | None:
    """Read a time. Raises InvalidInput."""
    if not given[option]:
        return None
    try:
        return read_timestamp(given[option])
    except ValueError as error:
        raise InvalidInput(
            f"secret.{option} is {given[option]!r}: give a time in UTC, such as 2026-11-22T15:00:00Z."
        ) from error


class StoreMissing(InvalidInput):
    """The caller's record is empty although secrets may be in use: `secrets` names them."""

    def __init__(self, sentence: str, secrets: str) -> None:
        super().__init__(sentence)
        self.secrets = secrets


class ClientSecret:
    """The secret of one name on one application."""

    def __init__(
        self,
        graph: GraphClient,
        applications: Applications,
        replication: Replication,
        schedule: Schedule,
        *,
        made_by_caller: bool = True,
    ) -> None:
        """`made_by_caller` is false for an application that was taken over, whose secrets others may have made."""
        self._graph = graph
        self._secrets = Secrets(graph, applications, replication)
        self._schedule = schedule
        self._made_by_caller = made_by_caller
        self.in_recycle_bin = False
        """Whether the application is deleted: none of its secrets signs in, so none is in use."""
        self._decision = Decision(True, None, ())
        self._made: NewSecret | None = None

    def stored_among(self, secrets: Sequence[Secret]) -> bool:
        """Say whether the application has the caller's secret; true if the caller claims none."""
        stored = self._schedule.stored_key_id
        return not stored or stored in {secret.key_id for secret in secrets}

    def judge(self, secrets: Sequence[Secret]) -> None:
        """Decide about the secrets that the application has.

        Raises StoreMissing if the caller's record is empty although secrets may be in use, and InvalidInput if another
        run has made one in the meantime. Nothing was changed then.
        """
        schedule = self._schedule
        self._decision = decision = decide(secrets, schedule, self._graph.service_time())
        foreign = decision.foreign
        meanwhile = [each for each in foreign if each.key_id not in (schedule.expected_key_ids or ())]
        if schedule.expected_key_ids is not None and meanwhile:
            raise InvalidInput(
                f"Another run has made {_named(meanwhile)} for this application in the meantime: no secret was made; "
                "run again when the other run has ended."
            )
        unsure = foreign and not self.in_recycle_bin
        if schedule.record_is_empty and unsure and decision.create and not schedule.store_lost:
            raise StoreMissing(
                f"secret.stored_key_id is empty, but the application has live secrets named {schedule.name!r} that may "
                f"be in use ({_named(foreign)}): give the key ID of the one that you hold, or set secret.store_lost to "
                "true to make another one and keep these.",
                _named(foreign),
            )

    @property
    def before(self) -> Any:
        """What the plan shows of the secret in use."""
        current = self._decision.current
        return _shown(current) if current else None

    @property
    def after(self) -> Any:
        """What the plan shows of the future secret: the one in use, unless a new one is needed."""
        if not self._decision.create:
            return self.before
        return {"displayName": self._schedule.name, "validDays": self._schedule.valid_days}

    @property
    def surplus(self) -> list[dict[str, Any]]:
        """What the plan shows of the secrets to remove."""
        return [_shown(secret) for secret in self._decision.remove]

    @property
    def lost(self) -> list[dict[str, Any]]:
        """What the plan shows of the secrets whose values were lost by an interrupted run."""
        return [_shown(secret) for secret in self._decision.lost]

    @property
    def outdated(self) -> str:
        """Why the secret in the caller's store may not be the last one that was handed over; empty if it is."""
        current = self._decision.current
        if current is None or not self._decision.outdated:
            return ""
        younger = [secret for secret in self._decision.foreign if secret.younger_than(current)]
        return (
            f"The store holds secret {current.key_id}, but {_named(younger)} was made after it by another run or an "
            "administrator"
        )

    @property
    def warnings(self) -> list[str]:
        """Sentences about live secrets that are left unchanged, and about a stored one that no longer exists."""
        return [*self._about_the_stored_one(), *self._about_foreign_ones(), *self._about_previous_ones()]

    def _about_the_stored_one(self) -> list[str]:
        stored, decision = self._schedule.stored_key_id, self._decision
        if not stored or decision.current is not None or not self._schedule.present:
            return []
        return [f"The stored secret {stored} no longer exists or has expired, so another one is made: hand it over."]

    def _about_foreign_ones(self) -> list[str]:
        foreign = self._decision.foreign
        if not foreign or not self._schedule.keeps_record:
            return []
        if self._schedule.store_lost and self._decision.create:
            return [
                f"The secrets of the lost store stay until the handover of the new one is confirmed: {_named(foreign)}."
            ]
        return [
            (
                f"The application has live secrets named {self._schedule.name!r} that the store does not hold "
                f"({_named(foreign)}): they stay, because they may be in use; remove one that is not in use with "
                "secret.absent_key_ids."
            )
        ]

    def _about_previous_ones(self) -> list[str]:
        previous = self._decision.previous
        if self._schedule.overlap_days is None or not previous or self._in_use or self._decision.create:
            return []
        count = f"{len(previous)} replaced secrets" if len(previous) > 1 else "The replaced secret"
        return [
            (
                f"{count} of the application ({_named(previous)}) can be removed only when everything uses the new "
                "one: publish again the offers that use it, or confirm in secret.in_use_key_id that the new one is in "
                "use."
            )
        ]

    @property
    def _in_use(self) -> bool:
        """Say whether the caller confirmed that the secret in use is the stored one; then the overlap begins."""
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
        end = self._schedule.new_end or self._graph.service_time() + timedelta(days=self._schedule.valid_days)
        made = self._made = self._secrets.create(application, self._schedule.name, end)
        return application.having_secrets((*application.secrets, made.secret))

    def remove_lost(self, application: Application) -> Application:
        """Remove the secrets whose values were lost by an interrupted run, and return the application without them."""
        return self._without(application, self._decision.lost)

    def remove_surplus(self, application: Application) -> Application:
        """Remove the secrets that are due for removal, and return the application without them."""
        return self._without(application, self._decision.remove)

    def _without(self, application: Application, surplus: Sequence[Secret]) -> Application:
        for secret in surplus:
            self._secrets.remove(application, secret)
        return application.having_secrets(tuple(secret for secret in application.secrets if secret not in surplus))

    @property
    def made(self) -> Secret | None:
        """The new secret, once it was made."""
        return self._made.secret if self._made else None

    def state(self) -> dict[str, Any]:
        """Return the secret in use, with its value if it was made just now, and what the caller's record should say."""
        if not self._schedule.present:
            return {"secret": {}}
        if self._made is not None:
            known = {"value": self._made.value}
            return {"secret": {**self._record(self._made.secret), **known}, "contains_secret": True}
        if self._decision.create or self._decision.current is None:
            return {"secret": self._record(Secret(NIL_GUID, self._schedule.name, None, None))}
        return {"secret": self._record(self._decision.current)}

    def _record(self, secret: Secret) -> dict[str, Any]:
        """Return a secret, the ones that it has replaced, and all live ones that were seen."""
        decision, schedule = self._decision, self._schedule
        previous = [*decision.previous]
        if decision.create and decision.current is not None and decision.current.key_id != schedule.adopted_key_id:
            previous.append(decision.current)
        if decision.create and schedule.store_lost and self._made_by_caller:
            # The lost store had them. Of an application that was taken over, others may have made them.
            previous += decision.foreign
        seen = [*decision.previous, *decision.foreign, *([decision.current] if decision.current else [])]
        return {
            **secret_state(secret),
            "previous_key_ids": [each.key_id for each in previous],
            "seen_key_ids": [each.key_id for each in seen],
        }


def _named(secrets: Sequence[Secret]) -> str:
    """Secrets for a sentence: their key IDs and ends, the first few of them."""
    told = [f"{each.key_id} until {write_timestamp(each.end)[:10] if each.end else 'ever'}" for each in secrets]
    more = len(told) - _SHOWN
    return ", ".join(told[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


_SHOWN = 3
"""How many secrets a sentence names."""


def _shown(secret: Secret) -> dict[str, Any]:
    """What a plan shows of a secret."""
    return {
        "displayName": secret.name,
        "endDateTime": write_timestamp(secret.end) if secret.end else None,
        "keyId": secret.key_id,
    }
