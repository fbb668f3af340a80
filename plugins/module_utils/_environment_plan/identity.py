# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The identity that the lead service uses to sign in: an application, or a user of the directory. The plan treats both
alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from .._desired_state.plan import Plan
from .._resources.application.resource import ApplicationResource
from .._resources.application.secret import StoreMissing
from .._resources.directory_user.resource import DirectoryUserResource
from .._rules.errors import InvalidInput
from .caller_store import CallerStore


class LeadIdentity(Protocol):
    """A resource that also returns, after `plan`, what the other parts of the set-up need to know."""

    def plan(self) -> Plan:
        """Plan the identity."""

    def state(self) -> dict[str, Any]:
        """Return the identity as it is now."""

    @property
    def member_id(self) -> str:
        """The id by which an environment knows it; the nil GUID until it exists."""

    @property
    def connection(self) -> Mapping[str, str]:
        """What a lead destination names of it, by the options of a lead destination."""

    @property
    def key_id(self) -> str:
        """What identifies its secret; the nil GUID until that exists."""

    @property
    def outdated(self) -> str:
        """Why its secret must not be handed over, because the store may be out of date; empty if it may be."""


class ByApplication:
    """The application, the choice "Azure AD" of Partner Center's form."""

    def __init__(self, application: ApplicationResource, store: CallerStore) -> None:
        self._application = application
        self._store = store

    def plan(self) -> Plan:
        """Plan the application. Raises InvalidInput if the store has no record of a secret that may be in use."""
        try:
            return self._application.plan()
        except StoreMissing as missing:
            what = f"its application has live secrets that may be in use ({missing.secrets})"
            raise InvalidInput(self._store.missing(what, "make another secret and keep these")) from None

    def state(self) -> dict[str, Any]:
        """Return the application as it is now."""
        return self._application.state()

    @property
    def member_id(self) -> str:
        """The application id."""
        return self._application.application_id

    @property
    def connection(self) -> Mapping[str, str]:
        """The application id and the directory id."""
        return {"application_id": self.member_id, "directory_id": str(self.state()["directory_id"])}

    @property
    def key_id(self) -> str:
        """The key id of the secret."""
        return str((self.state().get("secret") or {}).get("key_id") or "")

    @property
    def outdated(self) -> str:
        """Why the secret must not be handed over; empty if it may be."""
        return self._application.secret_outdated


class ByUser:
    """The user, the choice "Office 365" of Partner Center's form."""

    def __init__(self, user: DirectoryUserResource, name: str) -> None:
        """`name` is the user principal name."""
        self._user = user
        self._name = name

    def plan(self) -> Plan:
        """Plan the user."""
        return self._user.plan()

    def state(self) -> dict[str, Any]:
        """Return the user as it is now."""
        return self._user.state()

    @property
    def member_id(self) -> str:
        """The object id."""
        return self._user.object_id

    @property
    def connection(self) -> Mapping[str, str]:
        """The name that the lead service signs in with."""
        return {"authentication": "office365", "user_name": self._name}

    @property
    def key_id(self) -> str:
        """When the password was set."""
        return self._user.key_id

    @property
    def outdated(self) -> str:
        """Empty: a user has one password, and one that is not the stored one is found by the time it was set."""
        return ""
