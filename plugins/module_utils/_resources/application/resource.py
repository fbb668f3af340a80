# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The application that the lead service uses to sign in, with its service principal, permissions, consent and secret.

It is recognized by its unique name, or by its application id if the caller adopts one explicitly, and never by its
display name, which several applications may share.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from ..._desired_state.plan import Plan
from ..._identity.sign_in import SignInFailed
from ..._rules.audience_policy import MOST_SECRETS_OF_PERSONAL, PERSONAL, TOKEN_VERSION_OF_PERSONAL
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID
from ..._rules.secret_schedule import Secret
from ..._rules.well_known import ENTERPRISE_APPLICATION_TAG
from ..._services.graph.applications import Application, Applications
from ..._services.graph.client import GraphClient
from ..._services.graph.ownership import Ownership
from ..._services.graph.replication import Replication
from ..._services.graph.service_principals import ServicePrincipal, ServicePrincipals
from ..._transport.errors import CallFailed, TimedOut
from .options import DEFAULT_AUDIENCE, OPTIONS, DesiredApplication
from .permissions import Permissions
from .secret import ClientSecret
from .state import application_state, principal_state

Result = TypeVar("Result")

_OWNER_LAG = 60.0
"""The maximum number of seconds for which a denial may come from a replica that does not know a new application's
owner."""

__all__ = ["OPTIONS", "ApplicationResource", "DesiredApplication"]


class ApplicationResource:
    """Plans one application."""

    def __init__(self, graph: GraphClient, wanted: DesiredApplication) -> None:
        replication = Replication(wanted.replication_timeout)
        self._graph = graph
        self._wanted = wanted
        self._replication = replication
        self._applications = Applications(graph, replication)
        self._principals = ServicePrincipals(graph, replication)
        self._ownership = Ownership(graph)
        self._permissions = Permissions(graph, replication, wanted.permissions)
        self._secret = (
            ClientSecret(
                graph,
                self._applications,
                replication,
                wanted.schedule,
                made_by_caller=wanted.application_id is None,
            )
            if wanted.schedule
            else None
        )
        self._plan = Plan()
        self._application: Application | None = None
        self._principal: ServicePrincipal | None = None
        self._just_made = False
        self._is_new = False

    @property
    def application_id(self) -> str:
        """The application id after `plan`; the nil GUID until the application exists."""
        return self._application.application_id if self._application else NIL_GUID

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """What can be known of the application's secrets after `plan`."""
        return self._application.secrets if self._application else ()

    @property
    def secret_outdated(self) -> str:
        """Why the stored secret must not be handed over, after `plan`; empty where it may be."""
        return self._secret.outdated if self._secret else ""

    def plan(self) -> Plan:
        """Plan the application, its service principal, consent and secret, or the removal of all of it."""
        self._plan = Plan()
        self._application = self._find()
        if self._wanted.present:
            self._plan_present()
        else:
            self._plan_absent()
        self._check_ownership()
        self._check_room_for_a_secret()
        return self._plan

    def state(self) -> dict[str, Any]:
        """Return the application as it is now; an empty one when there is none."""
        if not self._wanted.present:
            return {"application": application_state(self._application) if self._application else {}}
        # A new secret exists only after its sign-in, for which the directory id had to be known: no request here can
        # fail and lose it.
        return {
            "application": application_state(self._application or self._coming()),
            "service_principal": principal_state(self._principal or ServicePrincipal(NIL_GUID, self.application_id)),
            "consent": self._permissions.consented() if self._wanted.admin_consent else {},
            "directory_id": self._graph.directory_id(),
            **(self._secret.state() if self._secret else {}),
        }

    # --- what is there

    def _find(self) -> Application | None:
        """Read the application that the caller means, and make sure that it is one."""
        wanted = self._wanted
        if wanted.application_id is None:
            return self._sure_of_secret(self._applications.by_unique_name(wanted.unique_name or ""))
        found = self._sure_of_secret(self._applications.by_application_id(wanted.application_id))
        if found and wanted.unique_name and found.unique_name not in (None, wanted.unique_name):
            raise InvalidInput(
                f"application_id {wanted.application_id} is the application with the unique name "
                f"{found.unique_name!r}, which cannot be changed: give that one, or leave unique_name out."
            )
        return found

    def _sure_of_secret(self, found: Application | None) -> Application | None:
        """Read again before the caller's secret counts as removed: a replica may lag behind."""
        if found is None or self._secret is None or self._secret.stored_among(found.secrets):
            return found
        seen = self._replication.samples(lambda: self._applications.by_application_id(found.application_id))
        return next((each for each in seen if each and self._secret.stored_among(each.secrets)), found)

    def _in_recycle_bin(self) -> Application | None:
        """Read the application that the caller means from the recycle bin, which keeps unique names.

        It is read once in a run. If an application is deleted in the meantime, its creation is refused.
        """
        wanted = self._wanted
        if self._graph.recall(*self._not_in_bin):
            return None
        try:
            for deleted in self._applications.deleted():
                if wanted.application_id in (None, deleted.application_id) and (
                    wanted.application_id or deleted.unique_name == wanted.unique_name
                ):
                    return deleted
            self._graph.remember(True, *self._not_in_bin)
        except CallFailed as failed:
            if failed.status != 403:
                raise
            self._plan.warnings.append(f"The recycle bin cannot be read. {failed}")
        return None

    @property
    def _not_in_bin(self) -> tuple[str, str]:
        return ("not in the recycle bin", self._wanted.application_id or self._wanted.unique_name or "")

    # --- present

    def _plan_present(self) -> None:
        self._permissions.read()
        deleted = self._in_recycle_bin() if self._application is None else None
        if deleted is not None:
            before, after = {"deleted": True}, {"deleted": False}
            self._plan.add("application.restored", before, after, lambda: self._restore(deleted))
            self._application = deleted
            if self._secret is not None:
                self._secret.in_recycle_bin = True
        if self._application is None:
            self._plan_creation()
        else:
            self._check_enabled(self._application.disabled_by_microsoft)
            self._plan_drift(self._application)
        if self._wanted.service_principal:
            self._plan_principal(self._application if deleted is None else None)
        if self._wanted.admin_consent:
            if self._principal is not None:
                self._permissions.read_consent(self._principal.object_id)
            before_consent, after_consent = self._permissions.consented(), self._permissions.to_consent()
            self._plan.add("admin_consent", before_consent, after_consent, self._consent)
        self._plan_secret()

    def _plan_creation(self) -> None:
        wanted = self._wanted
        if wanted.application_id is not None:
            raise InvalidInput(
                f"application_id {wanted.application_id} is not an application registered in tenant "
                f"{self._graph.tenant}: correct it, or leave it out to create a new application."
            )
        if "displayName" not in wanted.properties:
            raise InvalidInput(f"name is missing: {wanted.called} does not exist yet and needs a display name.")
        self._plan.add("application", None, self._creation(), self._create)

    def _creation(self) -> dict[str, Any]:
        """The properties of a new application, by the service's names."""
        properties: dict[str, Any] = {"signInAudience": DEFAULT_AUDIENCE, **self._wanted.properties}
        if properties["signInAudience"] in PERSONAL:
            properties["api"] = {"requestedAccessTokenVersion": TOKEN_VERSION_OF_PERSONAL}
        if self._wanted.redirect_uris:
            properties["web"] = {"redirectUris": list(self._wanted.redirect_uris)}
        if self._wanted.permissions:
            properties["requiredResourceAccess"] = self._permissions.merged_into([])
        return properties

    def _plan_drift(self, application: Application) -> None:
        if self._wanted.unique_name and application.unique_name is None:
            self._check_name_is_free(self._wanted.unique_name)
            self._plan_property("uniqueName", None, self._wanted.unique_name)
        self._plan_property("isDisabled", bool(application.properties.get("isDisabled")), False)
        self._plan_token_version(application)
        for name, value in self._wanted.properties.items():
            # The service does not store empty strings.
            self._plan_property(name, application.properties.get(name) or None, value or None)
        if self._wanted.redirect_uris is not None:
            before, after = sorted(application.redirect_uris), sorted(self._wanted.redirect_uris)
            # The rest of the Web platform is sent along, because it is only likely that the service would keep it.
            web = application.properties.get("web") or {}
            kept = {name: each for name, each in web.items() if each is not None and name != "redirectUriSettings"}
            whole = {**kept, "redirectUris": list(self._wanted.redirect_uris)}
            self._plan.add("application.web.redirectUris", before, after, lambda: self._update({"web": whole}))
        access = application.required_access
        merged = self._permissions.merged_into(access)
        self._plan.add(
            "application.requiredResourceAccess",
            self._permissions.shown(access),
            self._permissions.shown(merged),
            lambda: self._update({"requiredResourceAccess": merged}),
        )

    def _plan_property(self, name: str, before: Any, after: Any) -> None:
        self._plan.add(f"application.{name}", before, after, lambda: self._update({name: after}))

    def _plan_token_version(self, application: Application) -> None:
        """Plan what Graph requires of an application for personal accounts, before it becomes one."""
        if self._audience not in PERSONAL:
            return
        # The rest of it is sent along, because it is only likely that the service would keep it.
        kept = {name: each for name, each in (application.properties.get("api") or {}).items() if each is not None}
        whole = {**kept, "requestedAccessTokenVersion": TOKEN_VERSION_OF_PERSONAL}
        self._plan.add(
            "application.api.requestedAccessTokenVersion",
            application.token_version,
            TOKEN_VERSION_OF_PERSONAL,
            lambda: self._update({"api": whole}),
        )

    @property
    def _audience(self) -> str:
        """The sign-in audience that the application is to have."""
        current = self._application.properties.get("signInAudience") if self._application else None
        return str(self._wanted.properties.get("signInAudience") or current or DEFAULT_AUDIENCE)

    def _check_enabled(self, disabled_by_microsoft: bool) -> None:
        """Raise InvalidInput for an application that no one in the tenant can enable."""
        if disabled_by_microsoft:
            raise InvalidInput(
                f"application {self.application_id} is disabled by Microsoft (disabledByMicrosoftStatus): ask "
                "Microsoft support why, or use another application by giving another unique_name or application_id."
            )

    def _check_name_is_free(self, unique_name: str) -> None:
        """A unique name is permanent, so a dry run must check that it is available."""
        if self._applications.by_unique_name(unique_name) or self._in_recycle_bin():
            raise InvalidInput(
                f"unique_name {unique_name!r} belongs to another application in tenant {self._graph.tenant} or its "
                "recycle bin: choose another name, or leave application_id out to manage that application."
            )

    def _plan_principal(self, application: Application | None) -> None:
        """Plan the service principal; None stands for an application that cannot have one yet."""
        if application is not None:
            self._principal = self._principals.by_application_id(application.application_id)
        principal = self._principal
        if principal is None:
            after = {"accountEnabled": True, "tags": [ENTERPRISE_APPLICATION_TAG]}
            self._plan.add("service_principal", None, after, self._create_principal)
            return
        self._learn_directory(principal)
        self._check_enabled(principal.disabled_by_microsoft)
        tags = tuple(dict.fromkeys((*principal.tags, ENTERPRISE_APPLICATION_TAG)))
        self._plan.add(
            "service_principal.tags",
            list(principal.tags),
            list(tags),
            lambda: self._update_principal({"tags": list(tags)}, replace(principal, tags=tags)),
        )
        self._plan.add(
            "service_principal.accountEnabled",
            principal.enabled,
            True,
            lambda: self._update_principal({"accountEnabled": True}, replace(principal, tags=tags, enabled=True)),
        )
        self._plan.add(
            "service_principal.isDisabled",
            principal.deactivated,
            False,
            lambda: self._update_principal(
                {"isDisabled": False}, replace(principal, tags=tags, enabled=True, deactivated=False)
            ),
        )

    def _plan_secret(self) -> None:
        secret = self._secret
        if secret is None:
            return
        secret.judge(self.secrets)
        self._plan.add("application.secret.lost", secret.lost, [], self._remove_lost_secrets)
        self._plan.add("application.secret", secret.before, secret.after, self._make_secret)
        self._plan.add("application.secret.removed", secret.surplus, [], self._remove_secrets)
        self._plan.warnings += secret.warnings

    # --- absent

    def _plan_absent(self) -> None:
        application = self._application
        if application is not None:
            before = {
                "appId": application.application_id,
                "displayName": application.properties.get("displayName"),
                "uniqueName": application.unique_name,
            }
            self._plan.add("application", before, None, lambda: self._delete(application))
        if self._wanted.purge:
            deleted = application or self._in_recycle_bin()
            if deleted is not None:
                before = {"appId": deleted.application_id, "purged": False}
                after = {"appId": deleted.application_id, "purged": True}
                self._plan.add("application.purged", before, after, lambda: self._applications.purge(deleted))

    def _check_ownership(self) -> None:
        """Report before the first write that the runner may not write an application that others made."""
        application, paths = self._application, set(self._plan.paths)
        # One in the recycle bin shows no owners. Consent is written elsewhere, regardless of who owns the application.
        unowned = {"application.restored", "application.purged"} & paths or not paths - {"admin_consent"}
        if application is None or (unowned and "application" not in paths):
            return
        if self._ownership.lacking(application.object_id):
            self._plan.blockers.append(
                f"{self._graph.runner} does not own application {application.application_id}, and its permission "
                "Application.ReadWrite.OwnedBy covers only applications that it owns: "
                f"{self._ownership.cure(application.application_id)}."
            )

    def _check_room_for_a_secret(self) -> None:
        full = self._audience in PERSONAL and len(self.secrets) >= MOST_SECRETS_OF_PERSONAL
        if full and "application.secret" in self._plan.paths:
            self._plan.blockers.append(
                f"application {self.application_id} is for personal Microsoft accounts and has two secrets, the most "
                "that it can have: remove one that is not in use, or set sign_in_audience (in the role "
                "lead_writer_sign_in_audience) to AzureADMyOrg or AzureADMultipleOrgs."
            )

    # --- acts

    def _create(self) -> None:
        create = self._applications.create_owned if self._ownership.needed else self._applications.create
        self._application, self._is_new = create(self._wanted.unique_name or "", self._creation())
        self._just_made = True

    def _as_owner(self, act: Callable[[], Result]) -> Result:
        """Write to the application; if that is denied right after its creation, check whether the runner owns it.

        A denied request did nothing. Replicas may not know the owner yet (likely), so the request is retried for a
        while.
        """
        if not (self._just_made and self._ownership.needed):
            return act()
        application = self._managed

        def passing(failed: CallFailed) -> bool:
            if not failed.has_code("Authorization_RequestDenied"):
                return False
            if not all(self._replication.samples(lambda: self._ownership.lacking(application.object_id))):
                return True
            raise failed.reworded(
                f"application {application.application_id} was made, but Microsoft Graph did not make the runner its "
                f"owner: {self._ownership.cure(application.application_id)}, then run again."
            ) from failed

        return Replication(min(_OWNER_LAG, self._wanted.replication_timeout)).retry(act, passing)

    def _restore(self, deleted: Application) -> None:
        self._application = self._applications.restore(deleted)
        self._just_made = True

    def _update(self, values: Mapping[str, Any]) -> None:
        self._application = self._as_owner(lambda: self._applications.update(self._managed, values))

    def _create_principal(self) -> None:
        application = self._managed
        # A restored or existing application may have its own.
        principal = None if self._is_new else self._principals.by_application_id(application.application_id)
        if principal is None:
            # A successful sign-in with a secret proves more than a read, so it is awaited last.
            settled = self._secret is None or self._wanted.admin_consent
            principal = self._as_owner(
                lambda: self._principals.create(application.application_id, just_made=self._just_made, settled=settled)
            )
        if self._is_new and self._secret is None:
            # Only now, because replicas receive the application while the service principal is created.
            self._applications.wait_until_seen(unique_name=application.unique_name)
        self._principal = principal
        self._learn_directory(principal)

    def _update_principal(self, values: Mapping[str, Any], after: ServicePrincipal) -> None:
        self._principals.update(after, values)
        self._principal = after

    def _delete(self, application: Application) -> None:
        for name in (application.application_id, application.unique_name):
            self._graph.remember(False, "not in the recycle bin", name or "")
        self._applications.delete(application)
        self._application = None

    def _consent(self) -> None:
        if self._principal is None:
            raise AssertionError("consent is planned after the service principal")
        self._permissions.consent(self._principal.object_id)

    def _make_secret(self) -> None:
        secret = self._planned_secret
        planned = secret.surplus
        self._application = self._as_owner(lambda: secret.make(self._managed))
        if secret.made is not None:
            self._and_keep_the_secret(self._await_secret)
        if secret.surplus and not planned:
            self._remove_secrets()

    def _await_secret(self) -> None:
        """The next run reads the new secret; no replica may answer that it does not exist."""
        made, application = self._planned_secret.made, self._managed
        if made is not None:
            self._applications.wait_until_seen(
                unique_name=application.unique_name, application_id=application.application_id, secret=made.key_id
            )

    def _remove_lost_secrets(self) -> None:
        self._application = self._planned_secret.remove_lost(self._managed)

    def _remove_secrets(self) -> None:
        def remove() -> None:
            self._application = self._planned_secret.remove_surplus(self._managed)

        if self._planned_secret.made is None:
            remove()
        else:
            self._and_keep_the_secret(remove)

    def _and_keep_the_secret(self, act: Callable[[], None]) -> None:
        """Perform the steps after a new secret was made: they must not raise, or the secret's value would be lost."""
        try:
            act()
        except (CallFailed, SignInFailed, TimedOut) as failed:
            self._plan.warnings.append(f"The new secret works, but a later step failed: {failed}")

    @property
    def _managed(self) -> Application:
        if self._application is None:
            raise AssertionError("the application is made before anything is done with it")
        return self._application

    @property
    def _planned_secret(self) -> ClientSecret:
        if self._secret is None:
            raise AssertionError("a secret is planned only where one is asked for")
        return self._secret

    def _learn_directory(self, principal: ServicePrincipal) -> None:
        if principal.directory_id:
            self._graph.learn_directory_id(principal.directory_id)

    def _coming(self) -> Application:
        """The application as it would be made."""
        return Application(NIL_GUID, NIL_GUID, (), {"uniqueName": self._wanted.unique_name, **self._creation()})
