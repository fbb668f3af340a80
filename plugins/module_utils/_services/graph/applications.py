# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications of a directory: found by key, created by their unique name, deleted to the recycle bin and restored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..._rules.odata import key_literal, query, text_literal
from ..._rules.secret_schedule import Secret
from ..._rules.timestamps import read_timestamp
from ..._transport.errors import CallFailed
from ..._transport.http import Answer
from ..client import Expect
from .client import GraphClient
from .replication import Replication, not_there_yet

PROPERTIES = (
    "id",
    "appId",
    "displayName",
    "uniqueName",
    "signInAudience",
    "web",
    "api",
    "requiredResourceAccess",
    "notes",
    "serviceManagementReference",
    "isDisabled",
    "disabledByMicrosoftStatus",
    "createdDateTime",
    "passwordCredentials",
)
_SELECT = query({"$select": ",".join(PROPERTIES)})
_CREATED = 201
_DELETED = "/directory/deletedItems/"


@dataclass(frozen=True)
class Application:
    """An application: its two ids, what can be known about its secrets, and its properties by the service's names."""

    object_id: str
    application_id: str
    secrets: tuple[Secret, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)

    @property
    def unique_name(self) -> str | None:
        """The unique name; most applications have none."""
        return self.properties.get("uniqueName")

    @property
    def redirect_uris(self) -> list[str]:
        """The redirect URIs of the Web platform."""
        return list((self.properties.get("web") or {}).get("redirectUris") or [])

    @property
    def required_access(self) -> list[dict[str, Any]]:
        """The API permissions, as requiredResourceAccess writes them."""
        return list(self.properties.get("requiredResourceAccess") or [])

    @property
    def created(self) -> datetime | None:
        """When it was made."""
        return read_timestamp(self.properties.get("createdDateTime"))

    @property
    def token_version(self) -> int | None:
        """The version of the access tokens that it requests as an API."""
        return (self.properties.get("api") or {}).get("requestedAccessTokenVersion")

    @property
    def disabled_by_microsoft(self) -> bool:
        """Whether Microsoft has disabled it, which no one in the tenant can undo."""
        return is_disabled_by_microsoft(self.properties.get("disabledByMicrosoftStatus"))

    def having(self, properties: Mapping[str, Any]) -> Application:
        """Return the application with other values for some of its properties."""
        return Application(self.object_id, self.application_id, self.secrets, {**self.properties, **properties})

    def having_secrets(self, secrets: tuple[Secret, ...]) -> Application:
        """Return the application with other secrets."""
        return Application(self.object_id, self.application_id, secrets, self.properties)


class Applications:
    """Reads and edits the applications of one directory."""

    def __init__(self, graph: GraphClient, replication: Replication) -> None:
        self._graph = graph
        self._replication = replication

    def by_unique_name(self, unique_name: str) -> Application | None:
        """Return the application in use with a unique name, or None."""
        return self._at(f"/applications(uniqueName={key_literal(unique_name)})")

    def by_application_id(self, application_id: str) -> Application | None:
        """Return the application in use with an application id, or None."""
        return self._at(f"/applications(appId={key_literal(application_id)})")

    def by_object_id(self, object_id: str) -> Application | None:
        """Return the application in use with an object id, or None."""
        return self._at(f"/applications/{object_id}")

    def by_display_name(self, display_name: str) -> list[Application]:
        """Return all applications of a display name, which any number of them may share."""
        options = {"$filter": f"displayName eq {text_literal(display_name)}", "$select": ",".join(PROPERTIES)}
        return [_application(row) for row in self._graph.rows("/applications" + query(options))]

    def deleted(self) -> Iterator[Application]:
        """Yield the applications in the recycle bin.

        They are searched here, because filtering the bin by the unique name is not documented.
        """
        for row in self._graph.rows(f"{_DELETED}microsoft.graph.application{_SELECT}"):
            yield _application(row)

    def create(self, unique_name: str, properties: Mapping[str, Any]) -> tuple[Application, bool]:
        """Create an application and return it, and whether it is new: replicas may not show a new one yet.

        A lost answer is harmless: the same request, sent again, updates what it created. Raises CallFailed or TimedOut.
        """
        path = f"/applications(uniqueName={key_literal(unique_name)})"
        try:
            answer = self._replication.retry(
                lambda: self._graph.call(
                    "PATCH",
                    path,
                    expect=Expect.OBJECT_IF_CREATED,
                    body=properties,
                    headers={"Prefer": "create-if-missing"},
                )
            )
        except CallFailed as failed:
            # An incomplete answer counts as none.
            if failed.status != _CREATED:
                raise self._name_taken(failed, unique_name) from failed
        else:
            if answer.status == _CREATED:
                return _application(answer.body), True
        return self.wait_until_seen(unique_name=unique_name), False

    def create_owned(self, unique_name: str, properties: Mapping[str, Any]) -> tuple[Application, bool]:
        """Do the same as `create` for a runner that may write only what it owns.

        `POST` makes its caller an owner, which an upsert may fail to do (`msgraph-bicep-types` 134 and 154). It is sent
        with the unique name, so that a request sent again after a lost answer is refused. A directory that accepts no
        unique name there gets an upsert, which cannot create a second one.
        """
        body = {**properties, "uniqueName": unique_name}
        lost: list[CallFailed] = []

        def send() -> Answer | None:
            if lost and any(self._replication.samples(lambda: self.by_unique_name(unique_name))):
                return None
            try:
                return self._graph.call("POST", "/applications", expect=Expect.OBJECT, body=body, repeatable=False)
            except CallFailed as failed:
                if _perhaps_done(failed):
                    lost.append(failed)
                raise

        try:
            answer = self._replication.retry(send, _perhaps_done)
        except CallFailed as failed:
            return self._not_posted(failed, unique_name, properties, bool(lost))
        return self._posted(answer, unique_name)

    def _posted(self, answer: Answer | None, unique_name: str) -> tuple[Application, bool]:
        try:
            made = _application(answer.body) if answer else None
        except CallFailed:
            # An incomplete answer counts as none.
            made = None
        if made is None:
            return self.wait_until_seen(unique_name=unique_name), False
        if made.unique_name is None:
            # Immediately, because without it no later run would recognize the application.
            made = self.update(made, {"uniqueName": unique_name})
        return made, True

    def _not_posted(
        self, failed: CallFailed, unique_name: str, properties: Mapping[str, Any], lost: bool
    ) -> tuple[Application, bool]:
        if _is_taken(failed):
            # By this very request, if its first answer was lost, or by another run.
            if lost or any(self._replication.samples(lambda: self.by_unique_name(unique_name))):
                return self.wait_until_seen(unique_name=unique_name), False
            raise self._name_taken(failed, unique_name) from failed
        if failed.status == 400 and "uniqueName" in failed.message:
            return self.create(unique_name, properties)
        raise failed

    def wait_until_seen(
        self, *, unique_name: str | None = None, application_id: str | None = None, secret: str | None = None
    ) -> Application:
        """Return the application once every replica shows it, by the key that is used next.

        With `secret`, a key id, once every replica shows that secret as well. Raises TimedOut.
        """

        def look() -> Application | None:
            return self.by_unique_name(unique_name) if unique_name else self.by_application_id(application_id or "")

        def done(seen: Application | None) -> bool:
            return seen is not None and (secret is None or secret in {each.key_id for each in seen.secrets})

        what = f"application {unique_name or application_id}" + (f" with secret {secret}" if secret else "")
        seen = self._replication.wait_until_consistent(look, done, f"{what} is not visible everywhere")
        if seen is None:
            raise AssertionError("settled without an application")
        return seen

    def update(self, application: Application, values: Mapping[str, Any]) -> Application:
        """Change properties, and return the application with them."""
        try:
            self._replication.retry(
                lambda: self._graph.call(
                    "PATCH", f"/applications/{application.object_id}", expect=Expect.NOTHING, body=values
                )
            )
        except CallFailed as failed:
            raise self._name_taken(failed, values.get("uniqueName")) from failed
        return application.having(values)

    def restore(self, deleted: Application) -> Application:
        """Restore an application from the recycle bin, and return it once every replica shows it."""

        def send() -> None:
            try:
                self._graph.call("POST", f"{_DELETED}{deleted.object_id}/restore", expect=Expect.NOTHING, body={})
            except CallFailed as failed:
                # After a lost answer, or another caller's restore, it exists already: a read shows that.
                if not _perhaps_done(failed) or not any(self._replication.samples(look)):
                    raise

        def look() -> Application | None:
            return self.by_application_id(deleted.application_id)

        self._replication.retry(send, _perhaps_done)
        return self.wait_until_seen(unique_name=deleted.unique_name, application_id=deleted.application_id)

    def delete(self, application: Application) -> None:
        """Delete an application to the recycle bin, and return once no replica shows it."""
        self._delete(f"/applications/{application.object_id}")
        self._replication.wait_until_consistent(
            lambda: self.by_application_id(application.application_id),
            lambda seen: seen is None,
            f"application {application.application_id} is not deleted everywhere",
        )

    def purge(self, application: Application) -> None:
        """Permanently delete an application from the recycle bin."""
        path = f"{_DELETED}{application.object_id}"
        # Right after a deletion the bin may not show it yet, which does not mean that it is permanently deleted.
        self._replication.wait_until_consistent(
            lambda: self._graph.find(path),
            lambda seen: seen is not None,
            f"application {application.application_id} was deleted but is not visible in the recycle bin",
        )
        self._delete(path)

    def _delete(self, path: str) -> None:
        try:
            self._graph.call("DELETE", path, expect=Expect.NOTHING)
        except CallFailed as failed:
            if not failed.has_code("Request_ResourceNotFound"):
                raise

    def _at(self, path: str) -> Application | None:
        row = self._graph.find(path + _SELECT)
        return _application(row) if row else None

    def _name_taken(self, failed: CallFailed, unique_name: str | None) -> CallFailed:
        if _is_taken(failed):
            return failed.reworded(
                f"unique_name {unique_name!r} is taken in tenant {self._graph.tenant} by an application in the recycle "
                "bin or one just made: run again, and if it persists, restore or purge that application."
            )
        return failed


def is_disabled_by_microsoft(status: str | None) -> bool:
    """Read `disabledByMicrosoftStatus`: nothing and `NotDisabled` mean no. Source: Graph reference."""
    return status not in (None, "", "NotDisabled")


def _is_taken(failed: CallFailed) -> bool:
    return "uniqueName" in failed.message and "already exists" in failed.message


def _perhaps_done(failed: CallFailed) -> bool:
    return failed.maybe_applied or not_there_yet(failed)


def _application(row: Mapping[str, Any]) -> Application:
    """Read one row; secrets are reduced to what can be known about them."""
    secrets = tuple(
        Secret(
            key_id=str(each["keyId"]).lower(),
            name=each.get("displayName"),
            start=read_timestamp(each.get("startDateTime")),
            end=read_timestamp(each.get("endDateTime")),
            hint=each.get("hint"),
        )
        for each in row.get("passwordCredentials") or []
    )
    properties = {name: row.get(name) for name in PROPERTIES if name not in ("id", "appId", "passwordCredentials")}
    return Application(str(row["id"]).lower(), str(row["appId"]).lower(), secrets, properties)
