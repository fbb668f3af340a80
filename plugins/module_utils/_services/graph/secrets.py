# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Client secrets of an application: created, tested, removed.

The value of a new secret comes once, in one answer. A secret whose value was lost is a useless credential, so after an
incomplete answer it is looked up and removed before another one is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ..._identity.credentials import Credentials
from ..._identity.sign_in import SignInFailed
from ..._rules.secret_schedule import Secret
from ..._rules.timestamps import read_timestamp, write_timestamp
from ..._transport.errors import CallFailed, TimedOut
from ..._transport.waiting import wait_for
from ..client import Expect
from .applications import Application, Applications
from .client import DIRECTORY_NOT_READ, GraphClient
from .replication import Replication, not_there_yet

_NOT_ACTIVE_YET = frozenset({"7000215", "700016", "7000229", "unknown"})
"""How sign-in refuses while it does not know a new secret, its application, or the service principal."""

_MOST_LOST_ANSWERS = 3


@dataclass(frozen=True)
class NewSecret:
    """A new secret; `value` is known nowhere else."""

    secret: Secret
    value: str = field(repr=False)


class Secrets:
    """Edits the client secrets of applications in one directory."""

    def __init__(self, graph: GraphClient, applications: Applications, replication: Replication) -> None:
        self._graph = graph
        self._applications = applications
        self._replication = replication

    def create(self, application: Application, name: str, end: datetime) -> NewSecret:
        """Create a secret and return it once it signs in.

        After any later failure it is removed again before the failure is raised: CallFailed, SignInFailed or TimedOut.
        """
        known = {secret.key_id for secret in application.secrets}
        lost: list[CallFailed] = []

        def send() -> NewSecret:
            if lost:
                self._remove_lost(application, name, known)
            try:
                return self._add(application, name, end)
            except CallFailed as failed:
                # An unknown application got no secret; a directory that could not be read may have made one.
                if failed.maybe_applied or failed.has_code(DIRECTORY_NOT_READ):
                    lost.append(failed)
                raise

        def passing(failed: CallFailed) -> bool:
            if failed.maybe_applied:
                return sum(each.maybe_applied for each in lost) < _MOST_LOST_ANSWERS
            return not_there_yet(failed)

        try:
            made = self._replication.retry(send, passing)
        except CallFailed:
            if lost:
                self._remove_lost(application, name, known)
            raise
        try:
            self._wait_until_it_signs_in(application, made)
            if lost:
                # A replica may have shown the lost one too late for the first look.
                self._remove_lost(application, name, {*known, made.secret.key_id})
        except (CallFailed, SignInFailed, TimedOut) as failed:
            outcome = self._taken_back(application, made.secret)
            if isinstance(failed, CallFailed):
                raise failed.reworded(f"{failed} {outcome}") from failed
            if isinstance(failed, SignInFailed):
                raise SignInFailed(f"{failed} {outcome}", failed.code, failed.message) from failed
            raise TimedOut(f"{failed} {outcome}") from failed
        return made

    def remove(self, application: Application, secret: Secret) -> None:
        """Remove a secret; it may be removed already."""

        def send() -> None:
            try:
                self._graph.call(
                    "POST",
                    f"/applications/{application.object_id}/removePassword",
                    expect=Expect.NOTHING,
                    body={"keyId": secret.key_id},
                    repeatable=True,
                )
            except CallFailed as failed:
                # A replica that does not know the secret yet refuses as if it were removed.
                if failed.status not in (400, 404) or self._is_there(application, secret):
                    raise

        self._replication.retry(send, lambda failed: failed.status in (400, 404))

    def _taken_back(self, application: Application, secret: Secret) -> str:
        """Remove a secret that cannot be handed over, and return the sentence that says so."""
        try:
            self.remove(application, secret)
        except CallFailed:
            return f"The new secret {secret.key_id} could not be removed again: remove it manually."
        return "The new secret was removed again."

    def _add(self, application: Application, name: str, end: datetime) -> NewSecret:
        answer = self._graph.call(
            "POST",
            f"/applications/{application.object_id}/addPassword",
            expect=Expect.OBJECT,
            body={"passwordCredential": {"displayName": name, "endDateTime": write_timestamp(end)}},
            repeatable=False,
        )
        row = answer.body
        if not row.get("secretText") or not row.get("keyId"):
            raise CallFailed(
                f"{answer.request} was accepted, but its answer holds no secret: run again.",
                request=answer.request,
                status=answer.status,
                maybe_applied=True,
            )
        secret = Secret(
            key_id=str(row["keyId"]).lower(),
            name=name,
            start=read_timestamp(row.get("startDateTime")),
            end=read_timestamp(row.get("endDateTime")),
            hint=row.get("hint"),
        )
        return NewSecret(secret, str(row["secretText"]))

    def _remove_lost(self, application: Application, name: str, known: set[str]) -> None:
        """Remove the secrets of a name that are not `known`, whatever replica shows them."""
        found: dict[str, Secret] = {}
        for seen in self._replication.samples(lambda: self._applications.by_application_id(application.application_id)):
            for secret in seen.secrets if seen else ():
                if secret.name == name and secret.key_id not in known:
                    found[secret.key_id] = secret
        for secret in found.values():
            self.remove(application, secret)

    def _is_there(self, application: Application, secret: Secret) -> bool:
        seen = self._replication.samples(lambda: self._applications.by_application_id(application.application_id))
        return any(secret.key_id == each.key_id for found in seen if found for each in found.secrets)

    def _wait_until_it_signs_in(self, application: Application, made: NewSecret) -> None:
        """Sign in with the new secret until it works, which takes some seconds."""
        sign_in = self._graph.sign_in_as(
            Credentials(self._graph.directory_id(), application.application_id, secret=made.value)
        )
        who = f"application {application.application_id}"
        refused = wait_for(
            lambda: sign_in.try_once(self._graph.sign_in.cloud.graph_url),
            lambda code: code not in _NOT_ACTIVE_YET,
            timeout=self._replication.timeout,
            describe=lambda code: (
                f"the new secret of {who} does not sign in yet (AADSTS{code}): run again, or raise replication_timeout."
            ),
            first_pause=0.5,
            longest_pause=5.0,
        )
        if refused is not None:
            raise SignInFailed(
                f"Microsoft Entra refuses the sign-in of {who} with its new secret (AADSTS{refused}): look up that "
                "number in the sign-in log of the tenant; a common cause is a conditional access policy.",
                refused,
            )
