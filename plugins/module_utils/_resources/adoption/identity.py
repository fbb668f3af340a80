# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The identity to take over: the application with one of its secrets, or the user with the password.

It is the identity that the offers sign in with, or the one that the caller names. Without the refusals here, the role
would later make wrong assumptions about a secret in use.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..._rules.errors import InvalidInput
from ..._rules.guids import is_guid
from ..._rules.password_schedule import PasswordSchedule
from ..._rules.secret_match import begins_like, match
from ..._rules.secret_schedule import Secret
from ..._rules.timestamps import write_timestamp
from ..._services.graph.applications import Application, Applications
from ..._services.graph.client import GraphClient
from ..._services.graph.replication import Replication
from ..._services.graph.users import DirectoryUsers
from ..directory_user.resource import DesiredUser, DirectoryUserResource
from ..lead_destination.feeds import Feed
from ..lead_destination.other_applications import listed_secrets
from .options import AdoptionRequest


@dataclass(frozen=True)
class TakenOver:
    """What is taken over: who signs in, and what identifies the secret. `secret` is never its value.

    `secret` has `key_id`, `display_name` and `end_date_time`, empty strings if a password has none.
    """

    who: str
    secret: Mapping[str, str]
    application: Application | None = None
    other_secrets: tuple[Secret, ...] = ()
    object_id: str = ""
    """The user's id in the directory."""

    @property
    def key_id(self) -> str:
        """The key id of the secret, or when the password was set."""
        return self.secret["key_id"]


class AdoptedIdentity:
    """Finds the identity that signs in, and its secret."""

    def __init__(self, graph: GraphClient, request: AdoptionRequest, host: str) -> None:
        """`host` is the environment's, for sentences."""
        self._graph = graph
        self._request = request
        self._host = host

    def find(self, feeds: Sequence[Feed]) -> TakenOver:
        """Return who the offers sign in as, or who the caller names, with the secret that the caller gave.

        Raises InvalidInput with what the caller has to give or to correct, CallFailed or SignInFailed.
        """
        self._check_choice(feeds)
        if not self._request.secret:
            raise InvalidInput(
                f"{self._request.option('adopt_secret')} is empty for {self._host}: give the secret or password that "
                "was handed over to Partner Center, encrypted by ansible-vault encrypt_string, or leave this "
                "environment out."
            )
        who = self._named(feeds)
        return self._user(who) if self._request.by_user else self._application(who)

    def _check_choice(self, feeds: Sequence[Feed]) -> None:
        """Refuse offers that sign in with the other method: their secrets would be misinterpreted."""
        other = next((feed for feed in feeds if bool(feed.user_name) != self._request.by_user), None)
        if other is not None:
            shown = f"user {other.user_name}" if other.user_name else f"application {other.application_id}"
            choice = "office365" if other.user_name else "azure_ad"
            raise InvalidInput(
                f"Offer {other.offer.external_id!r} signs in as {shown}: set {self._request.option('authentication')} "
                f"to {choice}, or leave the offer out."
            )

    def _named(self, feeds: Sequence[Feed]) -> str:
        """Return the application id or the user name to take over."""
        request = self._request
        option = request.option("user_name" if request.by_user else "application_id")
        named = request.user_name if request.by_user else request.application_id
        if named:
            return named
        found = {(feed.user_name or feed.application_id).lower(): feed for feed in feeds}
        if not found:
            raise InvalidInput(self._nothing_found(option))
        if len(found) > 1:
            told = ", ".join(f"{feed.offer.external_id} as {who}" for who, feed in found.items())
            raise InvalidInput(
                f"The offers sign in to {self._host} with different identities ({told}): name the one to take over in "
                f"{option}."
            )
        who, feed = found.popitem()
        return feed.user_name or who

    def _nothing_found(self, option: str) -> str:
        offers = self._request.option("offers")
        if self._request.offers:
            return (
                f"None of the offers {', '.join(self._request.offers)} sends its leads to {self._host}: correct "
                f"{offers} or {self._request.option('environment_url')}, or name the identity to take over in {option}."
            )
        return (
            f"It is not specified what to take over in {self._host}: name its offers in {offers}, with the publisher's "
            f"credentials, or name the identity that signs in there in {option}."
        )

    # --- an application

    def _application(self, application_id: str) -> TakenOver:
        found = Applications(self._graph, Replication(0.0)).by_application_id(application_id)
        if found is None:
            raise InvalidInput(
                f"Application {application_id} cannot be taken over, because it is not registered in tenant "
                f"{self._graph.tenant}: correct {self._request.option('application_id')}, restore the application, or "
                "register one here, because the secrets of another tenant's application cannot be managed from here."
            )
        secret = self._secret(found)
        now = self._graph.service_time()
        return TakenOver(
            who=application_id,
            secret={
                "key_id": secret.key_id,
                "display_name": secret.name or "",
                "end_date_time": write_timestamp(secret.end) if secret.end else "",
            },
            application=found,
            other_secrets=tuple(
                each for each in found.secrets if each.ends_after(now) and each.key_id != secret.key_id
            ),
        )

    def _secret(self, application: Application) -> Secret:
        """Return the live secret of an application whose value the caller gave."""
        request = self._request
        option = request.option("adopt_secret")
        if is_guid(request.secret.strip()):
            raise InvalidInput(
                f"{option} is a secret's id, not its value: give the value that was handed over to Partner Center."
            )
        if request.key_id:
            return self._secret_named(application)
        found = match(application.secrets, request.secret, self._graph.service_time())
        if found.certain:
            return found.possible[0]
        if found.possible:
            raise InvalidInput(
                f"{option} may be any of the secrets {listed_secrets(found.possible)} of application "
                f"{application.application_id}: name the right one in {request.option('adopt_key_id')}."
            )
        if found.ended:
            raise InvalidInput(
                f"{option} begins like a secret of application {application.application_id} that has expired, "
                f"{listed_secrets(found.ended)}: give the value of a live one, or run configure to make a new one, "
                "because no lead arrives with the expired one."
            )
        raise InvalidInput(
            f"{option} does not match any live secret of application {application.application_id}: give the value that "
            "was handed over to Partner Center."
        )

    def _secret_named(self, application: Application) -> Secret:
        key_id, option = self._request.key_id, self._request.option("adopt_key_id")
        secret = next((each for each in application.secrets if each.key_id == key_id), None)
        now = self._graph.service_time()
        if secret is None or not secret.ends_after(now):
            live = [each for each in application.secrets if each.ends_after(now)]
            raise InvalidInput(
                f"{option} {key_id} is not a live secret of application {application.application_id}: give the id of a "
                f"live one ({listed_secrets(live)})."
            )
        if not begins_like(secret, self._request.secret):
            raise InvalidInput(
                f"{self._request.option('adopt_secret')} does not begin like the secret {key_id} of application "
                f"{application.application_id}: correct the value or {option}."
            )
        return secret

    # --- a user

    def _user(self, name: str) -> TakenOver:
        if DirectoryUsers(self._graph, Replication(0.0)).by_name(name) is None:
            raise InvalidInput(
                f"User {name} cannot be taken over, because it does not exist in tenant {self._graph.tenant}: correct "
                f"{self._request.option('user_name')}."
            )
        # Only to learn when the password was set and when it expires; an expired one is refused.
        wanted = DesiredUser(name, schedule=PasswordSchedule(renew_before_days=0, may_renew=False))
        user = DirectoryUserResource(self._graph, wanted)
        user.plan()
        end = user.password.end
        return TakenOver(
            who=name,
            secret={
                "key_id": user.key_id,
                "display_name": "",
                "end_date_time": write_timestamp(end) if end else "",
            },
            object_id=user.object_id,
        )
