# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the lead service would fail: the cause follows from a refusal and from what the runner sees of the objects behind
it.

If the runner may not read the objects, the cause follows from the refusal alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..._identity.sign_in import SignInFailed
from ..._rules import lead_failures
from ..._rules.access_levels import AccessLevel
from ..._rules.environment_refusals import refusal_of
from ..._rules.errors import InvalidInput
from ..._rules.guids import is_guid
from ..._rules.lead_failures import OF_PEOPLE, SIGN_IN_CAUSES, LeadFailure
from ..._rules.marketplace_lead import (
    LEAD_PRIVILEGES,
    SYSTEM_JOB_PRIVILEGES,
    USER_INTERFACE_PRIVILEGES,
    lacking,
)
from ..._rules.timestamps import write_timestamp
from ..._services.environment.client import EnvironmentClient
from ..._services.environment.members import Member
from ..._services.environment.people import People
from ..._services.graph.applications import Application, Applications
from ..._services.graph.client import GraphClient
from ..._services.graph.replication import Replication
from ..._services.graph.service_principals import ServicePrincipals
from ..._services.graph.users import DirectoryUser, DirectoryUsers
from ..._transport.errors import CallFailed
from .options import HandedOver

Seen = TypeVar("Seen")

_UNKNOWN_APPLICATION = "700016"
_WRONG_SECRET = "7000215"  # noqa: S105  # a refusal's number
_EXPIRED_SECRET = "7000222"  # noqa: S105
_DISABLED = "7000112"
_NOT_A_MEMBER = "0x80072560"
_USER_DISABLED = "0x80040225"
NO_ROLES = "0x80042f09"

BEYOND_THE_LEAD = frozenset({"system_job_privileges_missing", "user_interface_privileges_missing"})
"""The causes that the documented set-up excludes, but that may not prevent a lead."""

_DOCUMENTED = {
    _UNKNOWN_APPLICATION: lead_failures.APPLICATION_NOT_FOUND,
    _WRONG_SECRET: lead_failures.CREDENTIALS_INVALID,
    _EXPIRED_SECRET: lead_failures.CREDENTIALS_INVALID,
}
"""Partner Center's message about a refusal, for any cause."""


class Diagnosis:
    """Finds the cause of a connection's failure with the runner's rights."""

    def __init__(
        self, given: HandedOver, environment: EnvironmentClient, graph: GraphClient, tenant: str | None
    ) -> None:
        """`tenant` is the directory id that the environment names, if any."""
        self._given = given
        self._environment = environment
        self._graph = graph
        self._tenant = tenant
        replication = Replication(0.0)
        self._applications = Applications(graph, replication)
        self._principals = ServicePrincipals(graph, replication)
        self._people = DirectoryUsers(graph, replication)

    def failure(self, word: str, failure: Mapping[str, Any] | None = None, **names: Any) -> LeadFailure:
        """Return the failure of a cause, with the names that many sentences use filled in."""
        given = self._given
        known = {
            "who": given.who,
            "user": given.user,
            "host": self._environment.address.host,
            "tenant": self._tenant or "the directory id of the environment's tenant",
            "login_host": self._environment.address.cloud.login_host,
            "role": given.role,
            "directory_id": given.directory_id,
            "application_id": given.application_id,
            "user_name": given.user_name,
            "public_client_id": given.public_client_id,
        }
        return LeadFailure(word, failure=failure, **{**known, **names})

    # --- what was entered

    def check_ids(self) -> None:
        """Raise LeadFailure for malformed ids, without asking a service.

        Raises InvalidInput when there is no secret at all.
        """
        if not self._given.secret:
            option = "password" if self._given.by_user else "application_key"
            raise InvalidInput(f"{option} is empty: give the value that was handed over.")
        if self._given.by_user:
            return
        if not is_guid(self._given.directory_id):
            raise self.failure("directory_id_malformed")
        if not is_guid(self._given.application_id):
            raise self.failure("application_id_malformed")

    # --- signing in

    def of_sign_in(self, refused: SignInFailed) -> LeadFailure:
        """Return why Microsoft Entra refused the sign-in."""
        code = refused.code
        if self._given.by_user:
            word, names = self._of_user(code)
        else:
            word, names = self._of_application(code)
            if code in _DOCUMENTED:
                names = {"documented": _DOCUMENTED[code], **names}
        return self.failure(word, refused.failure, **{"code": code or "unknown", **names})

    def _of_application(self, code: str) -> tuple[str, dict[str, Any]]:
        cause = SIGN_IN_CAUSES.get(code)
        if cause == "directory_unknown":
            return cause, {}
        if self._tenant and self._given.directory_id != self._tenant:
            return "directory_of_another", {}
        if code == _UNKNOWN_APPLICATION:
            return self._of_unknown_application()
        if code in (_WRONG_SECRET, _EXPIRED_SECRET):
            return self._of_secret(code)
        if code == _DISABLED:
            return self._of_disabled(), {}
        return "sign_in_refused" if cause is None or cause in OF_PEOPLE else cause, {}

    def _of_disabled(self) -> str:
        """Return which of the switches is off: four of them cause the same refusal."""
        wanted = self._given.application_id
        application = self._seen(lambda: self._applications.by_application_id(wanted))
        principal = self._seen(lambda: self._principals.by_application_id(wanted))
        if any(each is not None and each.disabled_by_microsoft for each in (application, principal)):
            return "disabled_by_microsoft"
        if application is not None and application.properties.get("isDisabled"):
            return "application_deactivated"
        if principal is not None and principal.deactivated:
            return "service_principal_deactivated"
        return "service_principal_disabled"

    def _of_unknown_application(self) -> tuple[str, dict[str, Any]]:
        wanted = self._given.application_id
        try:
            if self._applications.by_application_id(wanted):
                if self._principals.by_application_id(wanted) is None:
                    return "service_principal_missing", {}
                return "sign_in_refused", {}
            other = self._applications.by_object_id(wanted)
            if other is not None:
                return "object_id_given", {"name": _name(other), "right_id": other.application_id}
            if any(deleted.application_id == wanted for deleted in self._applications.deleted()):
                return "application_deleted", {}
        except CallFailed:
            # The runner cannot distinguish what it may not read.
            return "application_unknown", {}
        return "application_unknown", {}

    def _of_secret(self, code: str) -> tuple[str, dict[str, Any]]:
        value = self._given.secret.strip()
        if is_guid(value):
            return "secret_id_given", {}
        application = self._seen(lambda: self._applications.by_application_id(self._given.application_id))
        secrets = application.secrets if application else ()
        alike = [secret for secret in secrets if secret.hint and value.startswith(secret.hint)]
        now = self._graph.service_time()
        if code == _EXPIRED_SECRET:
            ends = [secret.end for secret in alike if secret.end is not None and secret.end <= now]
            return "secret_expired", {"when": f" on {write_timestamp(max(ends))}" if ends else ""}
        if application is None:
            return "secret_invalid", {"reason": "the runner may not read the application's secrets"}
        live = [secret for secret in secrets if secret.ends_after(now)]
        if not live:
            return "secret_missing", {}
        for secret in alike:
            if secret in live:
                return "secret_mistyped", {"key_id": secret.key_id}
        return "secret_replaced", {}

    def _of_user(self, code: str) -> tuple[str, dict[str, Any]]:
        cause = SIGN_IN_CAUSES.get(code, "sign_in_refused")
        if cause == "directory_unknown":
            # Without a directory id, the user's name determines the tenant.
            cause = "user_unknown"
        elif code == _UNKNOWN_APPLICATION or cause.startswith("service_principal"):
            # The only application in a person's sign-in is the public client.
            cause = "public_client_refused"
        if cause == "password_wrong":
            person = self._person()
            changed = person.password_changed if person else None
            return cause, {"when": f" (it was changed on {write_timestamp(changed)})" if changed else ""}
        return cause, {}

    # --- being a user of the environment

    def of_gate(self, refused: CallFailed) -> LeadFailure | None:
        """Return which gate of the environment blocks the lead service, or None."""
        known = refusal_of(refused.code, refused.message)
        if known is None or not known.closed:
            return None
        return self.failure("environment_closed", refused.failure, reason=str(refused))

    def of_first_call(self, refused: CallFailed) -> LeadFailure | CallFailed:
        """Return why the environment refused an identity that Microsoft Entra accepted."""
        gate = self.of_gate(refused)
        if gate is not None:
            return gate
        if refused.status == 401:
            elsewhere = self._tenant and not self._given.by_user and self._given.directory_id != self._tenant
            return self.failure("directory_of_another" if elsewhere else "token_refused", refused.failure)
        if refused.has_code(_NOT_A_MEMBER):
            person = self._person() if self._given.by_user else None
            word = "license_missing" if person is not None and not person.license_ids else "user_missing"
            return self.failure(word, refused.failure)
        if refused.has_code(_USER_DISABLED):
            # The platform disables users who lose their license.
            known = People(self._environment).by_name(self._given.user_name) if self._given.by_user else None
            word = "license_missing" if known is not None and not known.licensed else "user_disabled"
            return self.failure(word, refused.failure)
        if refused.has_code(NO_ROLES):
            return self.failure("no_role", refused.failure)
        return refused

    def check_rights(self, member: Member, held: Mapping[str, AccessLevel]) -> None:
        """Raise LeadFailure for the first required right that a user lacks."""
        if not held and not member.roles:
            raise self.failure("no_role")
        has_role = self._given.role.lower() in {name.lower() for name in member.roles}
        for needed, word in (
            (LEAD_PRIVILEGES, "lead_privileges_missing" if has_role else "role_missing"),
            (SYSTEM_JOB_PRIVILEGES, "system_job_privileges_missing"),
            (USER_INTERFACE_PRIVILEGES, "user_interface_privileges_missing"),
        ):
            missing = lacking(needed, held)
            if missing:
                raise self.failure(word, privileges=_listed(missing), roles=_listed(member.roles))

    # --- looking

    def _person(self) -> DirectoryUser | None:
        return self._seen(lambda: self._people.by_name(self._given.user_name))

    def _seen(self, read: Callable[[], Seen | None]) -> Seen | None:
        """Return what the runner sees; None if there is nothing, or if it may not read it."""
        try:
            return read()
        except CallFailed:
            return None


def _name(application: Application) -> str:
    return str(application.properties.get("displayName") or application.application_id)


def _listed(names: Any) -> str:
    return ", ".join(names)
