# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Users of a directory: found by name or id, created, changed, deleted to the recycle bin and restored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from ..._rules.odata import query
from ..._rules.timestamps import read_timestamp
from ..._transport.errors import CallFailed
from ..client import Expect
from .client import DIRECTORY_NOT_READ, GraphClient
from .replication import Replication, not_there_yet

PROPERTIES = (
    "id",
    "userPrincipalName",
    "displayName",
    "usageLocation",
    "accountEnabled",
    "passwordPolicies",
    "assignedLicenses",
    "licenseAssignmentStates",
    "lastPasswordChangeDateTime",
    "onPremisesSyncEnabled",
)
_SELECT = query({"$select": ",".join(PROPERTIES)})
_DELETED = "/directory/deletedItems/"
_DIRECTORY_ROLE = "#microsoft.graph.directoryRole"

_TO_MAKE = "User.ReadWrite.All"
_TO_RESET = (
    "User-PasswordProfile.ReadWrite.All, and the role User Administrator in the directory, which a service principal "
    "is assigned like a person"
)


@dataclass(frozen=True)
class DirectoryUser:
    """A user: its id, and its properties by the service's names."""

    object_id: str
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The user principal name."""
        return str(self.properties.get("userPrincipalName") or "")

    @property
    def enabled(self) -> bool:
        """Whether the account may sign in."""
        return self.properties.get("accountEnabled") is not False

    @property
    def synchronized(self) -> bool:
        """Whether the user is a copy of one in an on-premises directory, where its password is kept."""
        return self.properties.get("onPremisesSyncEnabled") is True

    @property
    def password_changed(self) -> datetime | None:
        """When the password was set."""
        return read_timestamp(self.properties.get("lastPasswordChangeDateTime"))

    @property
    def password_policies(self) -> frozenset[str]:
        """The password policies; Graph writes them as one text with commas."""
        text = str(self.properties.get("passwordPolicies") or "")
        return frozenset(piece.strip() for piece in text.split(",")) - {"", "None"}

    @property
    def license_ids(self) -> tuple[str, ...]:
        """The ids of the products that the user is licensed for, directly or through a group."""
        return tuple(str(each["skuId"]).lower() for each in self.properties.get("assignedLicenses") or [])

    def license_errors(self, sku_id: str) -> list[str]:
        """Return why an assigned license is not active, as Graph names the reasons; none if it is."""
        states = [
            each
            for each in self.properties.get("licenseAssignmentStates") or []
            if str(each.get("skuId", "")).lower() == sku_id
        ]
        if any(each.get("state") in ("Active", "ActiveWithError") for each in states):
            return []
        return sorted({str(each["error"]) for each in states if each.get("error") not in (None, "None")})

    def having(self, properties: Mapping[str, Any]) -> DirectoryUser:
        """Return the user with other values for some properties."""
        return DirectoryUser(self.object_id, {**self.properties, **properties})


class DirectoryUsers:
    """Reads and edits the users of one directory."""

    def __init__(self, graph: GraphClient, replication: Replication) -> None:
        self._graph = graph
        self._replication = replication

    def by_name(self, name: str) -> DirectoryUser | None:
        """Return the user in use with a user principal name or an object id, or None."""
        try:
            row = self._graph.find(f"/users/{quote(name, safe='@')}{_SELECT}")
        except CallFailed as failed:
            raise self._told(failed, name, "User.Read.All") from failed
        return _user(row) if row else None

    def deleted(self, name: str) -> DirectoryUser | None:
        """Return the youngest user in the recycle bin that had a user principal name, or None.

        The service may write the object id in front of the name of a deleted user, so both are searched for.
        """
        found = [
            user
            for user in map(_user, self._graph.rows(f"{_DELETED}microsoft.graph.user{_SELECT_DELETED}"))
            if user.name.lower() in (name.lower(), user.object_id.replace("-", "") + name.lower())
        ]
        return max(found, key=lambda user: str(user.properties.get("deletedDateTime")), default=None)

    def directory_roles(self, user: DirectoryUser) -> list[str]:
        """Return the names of the directory roles that a user holds, itself or through a group.

        A caller that may not read roles sees that there is one, but not its name: then its id is used.
        """
        path = f"/users/{user.object_id}/transitiveMemberOf{query({'$select': 'id,displayName'})}"
        rows = [row for row in self._graph.rows(path) if row.get("@odata.type") == _DIRECTORY_ROLE]
        return sorted(str(row.get("displayName") or row.get("id")) for row in rows)

    def password_validity_days(self, domain: str) -> int | None:
        """Return the password lifetime of a domain in days, None if the directory does not say.

        Raises CallFailed, with 404 when the directory does not have the domain.
        """
        return self._domain(domain).get("passwordValidityPeriodInDays")

    def is_federated(self, domain: str) -> bool:
        """Say whether a domain is federated, so that the directory stores no passwords of its users."""
        return str(self._domain(domain).get("authenticationType")) == "Federated"

    def _domain(self, domain: str) -> Mapping[str, Any]:
        path = f"/domains/{quote(domain)}"
        read: Mapping[str, Any] = self._graph.remembered(lambda: self._graph.get(path), "domain", domain)
        return read

    def create(self, properties: Mapping[str, Any], password: str) -> DirectoryUser:
        """Create a user whose password does not have to be changed at the first sign-in, and return it; replicas may
        lack it yet.

        A lost answer is harmless: there is at most one user with a name, and the next try finds it. Raises CallFailed,
        also if another caller created that user in the meantime, or TimedOut.
        """
        name = str(properties["userPrincipalName"])
        body = {**properties, "passwordProfile": _profile(password)}
        lost: list[CallFailed] = []

        def send() -> DirectoryUser | None:
            try:
                row = self._graph.call("POST", "/users", expect=Expect.OBJECT, body=body, repeatable=False).body
                return DirectoryUser(str(row["id"]).lower(), dict(properties))
            except CallFailed as failed:
                if failed.has_code("ObjectConflict") and lost:
                    return None
                if failed.maybe_applied or failed.has_code(DIRECTORY_NOT_READ):
                    lost.append(failed)
                raise

        try:
            made = self._replication.retry(send, _perhaps_done)
        except CallFailed as failed:
            raise self._told(failed, name, f"User.Create (or {_TO_MAKE})") from failed
        return made or self.wait_until_seen(name)

    def wait_until_seen(
        self, name: str, done: Callable[[DirectoryUser], bool] = lambda user: True, what: str = ""
    ) -> DirectoryUser:
        """Return the user once every replica shows it, by the name that is used next.

        With `done`, once it is true of every replica; `what` names it. Raises TimedOut.
        """
        seen = self._replication.wait_until_consistent(
            lambda: self.by_name(name),
            lambda user: user is not None and user.password_changed is not None and done(user),
            f"{what + ' of ' if what else ''}user {name} is not visible everywhere",
        )
        if seen is None:
            raise AssertionError("settled without a user")
        return seen

    def update(self, user: DirectoryUser, values: Mapping[str, Any]) -> DirectoryUser:
        """Change properties, and return the user with them."""
        needs = "User.EnableDisableAccount.All (or User.ReadWrite.All)" if "accountEnabled" in values else _TO_MAKE
        try:
            self._replication.retry(
                lambda: self._graph.call("PATCH", f"/users/{user.object_id}", expect=Expect.NOTHING, body=values)
            )
        except CallFailed as failed:
            raise self._told(failed, user.name, needs) from failed
        return user.having(values)

    def set_password(self, user: DirectoryUser, password: str) -> DirectoryUser:
        """Set a password that does not have to be changed at the next sign-in, and return the user; `settled` says
        when.

        It is sent alone, because a partly forbidden change is refused as a whole (contract: update).
        """
        body = {"passwordProfile": _profile(password)}
        try:
            self._replication.retry(
                lambda: self._graph.call("PATCH", f"/users/{user.object_id}", expect=Expect.NOTHING, body=body)
            )
        except CallFailed as failed:
            raise self._told(failed, user.name, _TO_RESET) from failed
        return user.having({"lastPasswordChangeDateTime": None})

    def restore(self, deleted: DirectoryUser, name: str) -> DirectoryUser:
        """Restore a user from the recycle bin, and return it once every replica shows it."""

        def send() -> None:
            try:
                self._graph.call("POST", f"{_DELETED}{deleted.object_id}/restore", expect=Expect.NOTHING, body={})
            except CallFailed as failed:
                # After a lost answer, or another caller's restore, it exists already: a read shows that.
                if not _perhaps_done(failed) or not any(self._replication.samples(lambda: self.by_name(name))):
                    raise

        try:
            self._replication.retry(send, _perhaps_done)
        except CallFailed as failed:
            raise self._told(failed, name, _TO_MAKE) from failed
        return self.wait_until_seen(name)

    def delete(self, user: DirectoryUser) -> None:
        """Delete a user to the recycle bin, and return once no replica shows it."""
        self._delete(f"/users/{user.object_id}", user.name)
        self._replication.wait_until_consistent(
            lambda: self.by_name(user.object_id),
            lambda seen: seen is None,
            f"user {user.name} is not deleted everywhere",
        )

    def purge(self, user: DirectoryUser) -> None:
        """Permanently delete a user from the recycle bin."""
        path = f"{_DELETED}{user.object_id}"
        self._replication.wait_until_consistent(
            lambda: self._graph.find(path),
            lambda seen: seen is not None,
            f"user {user.name} was deleted but is not visible in the recycle bin",
        )
        self._delete(path, user.name)

    def _delete(self, path: str, name: str) -> None:
        try:
            self._graph.call("DELETE", path, expect=Expect.NOTHING)
        except CallFailed as failed:
            if not failed.has_code("Request_ResourceNotFound"):
                raise self._told(failed, name, _TO_MAKE) from failed

    def _told(self, failed: CallFailed, name: str, needs: str) -> CallFailed:
        """Name the cure for refused requests about users."""
        if failed.status == 403:
            runner = self._graph.sign_in.credentials.client_id or "the signed-in user"
            return failed.reworded(
                f"The runner ({runner}) is not allowed to do this to user {name} in tenant {self._graph.tenant}: grant "
                f"it {needs} (Graph says: {failed.message.rstrip('.')})."
            )
        if failed.has_code("ObjectConflict"):
            return failed.reworded(
                f"user_principal_name {name} was taken in tenant {self._graph.tenant} while this run was in progress: "
                "run again to manage that user."
            )
        if "password" in failed.message.lower() and failed.status == 400:
            return failed.reworded(
                f"The tenant does not accept the password for {name}: give another one, or leave password out to "
                f"generate one (Graph says: {failed.message.rstrip('.')})."
            )
        return failed


_SELECT_DELETED = query({"$select": ",".join((*PROPERTIES, "deletedDateTime"))})


def _profile(password: str) -> dict[str, Any]:
    return {"password": password, "forceChangePasswordNextSignIn": False}


def _perhaps_done(failed: CallFailed) -> bool:
    return failed.maybe_applied or not_there_yet(failed)


def _user(row: Mapping[str, Any]) -> DirectoryUser:
    return DirectoryUser(str(row["id"]).lower(), {name: row.get(name) for name in (*PROPERTIES, "deletedDateTime")})
