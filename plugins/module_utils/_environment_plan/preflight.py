# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds, before the first write, what would stop a run after it.

Reading shows only that the runner may read. So if something is to be written, the runner's permissions and rights, the
tenant's policy for secrets, the environment's apps and this machine's clock are checked first. Parts without changes
are not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from .._desired_state.plan import Plan
from .._resources.application.options import DEFAULT_AUDIENCE
from .._resources.application.resource import DesiredApplication
from .._resources.security_role.companion_solution import IMPORT_RIGHT
from .._rules.access_levels import AccessLevel
from .._rules.audience_policy import audience_policy, may_be_forbidden
from .._rules.secret_policy import SecretPolicy, secret_policy
from .._rules.timestamps import whole_days
from .._services.environment.client import EnvironmentClient
from .._services.environment.roles import CREATE_LEAD, Roles
from .._services.environment.runner import privileges_missing
from .._services.graph.applications import Application, Applications
from .._services.graph.client import GraphClient
from .._services.graph.policies import READ_POLICIES, audience_rules, default_app_policy, own_app_policy
from .._services.graph.replication import Replication

_WRITE_APPLICATIONS = frozenset({"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"})
_CONSENT = frozenset({"DelegatedPermissionGrant.ReadWrite.All"})

_WRITE_USER = ("User.ReadWrite.All", "Directory.ReadWrite.All")
_USER_PERMISSIONS = {
    "user": ("User.Create", *_WRITE_USER),
    "user.restored": ("User.DeleteRestore.All", "User.ReadWrite.All"),
    "user.accountEnabled": ("User.EnableDisableAccount.All", "User.ReadWrite.All"),
    "user.assignedLicenses": ("LicenseAssignment.ReadWrite.All", *_WRITE_USER),
    "user.password": ("User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All"),
}
"""Application permissions that changes of a user require, least first; any one is enough. Others require
_WRITE_USER."""

_NEEDED = {
    "solution": ("prvImportCustomization",),
    "application_user": ("prvCreateUser", "prvAssignRole"),
    "environment_user": ("prvAssignRole",),
}
"""The minimum privileges that the parts in an environment require, for the whole organization. Likely: the names follow
Microsoft's pattern."""

_NEEDED_FOR_ROLES = {
    "companion_role": ("prvCreateRole", "prvWriteRole"),
    "companion_solution": (IMPORT_RIGHT,),
}
"""The same by the changes of privileges; all others edit a role."""

_CLOCK_TOLERANCE = timedelta(minutes=5)
"""Microsoft Entra accepts a client's signed assertion as long as the clocks differ by no more than this."""


class Preflight:
    """Checks one environment and its tenant before anything is written."""

    def __init__(self, graph: GraphClient, environment: EnvironmentClient, roles: Roles) -> None:
        self._graph = graph
        self._environment = environment
        self._roles = roles

    def checks(
        self, plans: Mapping[str, Plan], application: DesiredApplication | None, to_grant: Mapping[str, AccessLevel]
    ) -> list[Callable[[], tuple[list[str], list[str]]]]:
        """Return the checks that the `plans`, by step, call for; each returns blockers and warnings.

        `application` is the desired application, None if there is to be none. `to_grant` are the privileges that a role
        gets or passes on: no one can grant privileges that they do not hold.
        """
        found: list[Callable[[], tuple[list[str], list[str]]]] = []
        if not any(plans.values()):
            return found
        rights = [name for step, names in _NEEDED.items() if plans.get(step) for name in names]
        for path in plans["role_privileges"].paths if plans.get("role_privileges") else ():
            rights += _NEEDED_FOR_ROLES.get(path, ("prvWriteRole",))
        needed = dict.fromkeys(rights, AccessLevel.GLOBAL)
        if needed:
            found.append(lambda: (self._rights({**to_grant, **needed}), []))
            found.append(lambda: (self._leads(), []))
        if application is not None and plans.get("application"):
            paths = plans["application"].paths
            found.append(lambda: (self._permissions(paths), []))
            found.append(lambda: self._policy(application, paths))
        if plans.get("user"):
            paths = plans["user"].paths
            found.append(lambda: self._user_permissions(paths))
        found.append(lambda: ([], self._clock()))
        return found

    def _permissions(self, paths: Sequence[str]) -> list[str]:
        granted = self._graph.granted()
        if granted is None:
            return []
        lacking = []
        if not granted & _WRITE_APPLICATIONS:
            owned = "Application.ReadWrite.OwnedBy"
            lacking.append(
                owned if "application" in paths else f"Application.ReadWrite.All (or {owned} for one that it owns)"
            )
        if "admin_consent" in paths and not granted & _CONSENT:
            lacking.append("DelegatedPermissionGrant.ReadWrite.All")
        return self._lacking(lacking)

    def _user_permissions(self, paths: Sequence[str]) -> tuple[list[str], list[str]]:
        granted = self._graph.granted()
        if granted is None:
            return [], []
        needed = {path: _USER_PERMISSIONS.get(path, _WRITE_USER) for path in paths}
        if "user" in needed:
            # The first password comes with a new user.
            needed.pop("user.password", None)
        lacking = self._lacking([any_of[0] for any_of in needed.values() if not granted & {*any_of}])
        if "user.password" not in needed:
            return lacking, []
        # The token names no directory role; otherwise `permissions` would return None.
        return lacking, [
            (
                f"{self._graph.runner} seems to hold no directory role, which replacing a user's password requires: "
                "assign it the role User Administrator."
            )
        ]

    def _lacking(self, permissions: Sequence[str]) -> list[str]:
        if not permissions:
            return []
        lacking = " and ".join(dict.fromkeys(permissions))
        return [
            (
                f"{self._graph.runner} lacks the application permission {lacking} on Microsoft Graph: grant it with "
                "admin consent."
            )
        ]

    def _rights(self, needed: Mapping[str, AccessLevel]) -> list[str]:
        return [self._environment.lacks(name) for name in privileges_missing(self._environment, needed)]

    def _leads(self) -> list[str]:
        if self._roles.known_privileges([CREATE_LEAD]):
            return []
        return [
            (
                f"{self._environment.address.host} has no table for leads: install an app that brings it, such as "
                "Dynamics 365 Sales, or correct environment_url."
            )
        ]

    def _policy(self, application: DesiredApplication, paths: Sequence[str]) -> tuple[list[str], list[str]]:
        """Check a new secret and a new audience against the policy that applies to the application."""
        is_new, granted = "application" in paths, self._graph.granted()
        secret = application.schedule if "application.secret" in paths else None
        audience = application.properties.get("signInAudience", DEFAULT_AUDIENCE)
        judged = may_be_forbidden(audience) and (is_new or "application.signInAudience" in paths)
        if not (secret or judged) or (granted is not None and not granted & READ_POLICIES):
            return [], []
        counting = self._counting_policy(None if is_new else application)
        policy, created = counting.policy, counting.created
        told: list[tuple[bool, str]] = []
        if secret is not None:
            about_secrets = secret_policy(policy, created)
            told += [(about_secrets.sure, each) for each in counting.refusals(about_secrets, secret.valid_days)]
        if judged and policy:
            rules = audience_rules(self._graph, policy, counting.own_of)
            about_audiences = audience_policy(rules, audience, created)
            told += [(about_audiences.sure, counting.forbidden_audience(audience))] * about_audiences.forbidden
        stopping = [sentence for sure, sentence in told if sure and counting.sure]
        return stopping, [sentence for _sure, sentence in told if sentence not in stopping]

    def _counting_policy(self, application: DesiredApplication | None) -> _CountingPolicy:
        """Return the policy that applies to an existing application, or, with None, to a new one."""
        policy, now = default_app_policy(self._graph), self._graph.service_time()
        if application is None:
            return _CountingPolicy(policy, now, is_new=True)
        known = self._existing(application)
        if known is None or known.created is None:
            return _CountingPolicy(policy, now, sure=False)
        own = own_app_policy(self._graph, known.object_id)
        if own is None:
            return _CountingPolicy(policy, known.created, sure=False)
        if own.get("isEnabled"):
            return _CountingPolicy(own, known.created, own_of=known.object_id)
        # It is not known whether a disabled policy of its own overrides the tenant's.
        return _CountingPolicy(policy, known.created, sure=not own)

    def _existing(self, application: DesiredApplication) -> Application | None:
        applications = Applications(self._graph, Replication(0.0))
        if application.application_id is not None:
            return applications.by_application_id(application.application_id)
        return applications.by_unique_name(application.unique_name or "")

    def _clock(self) -> list[str]:
        ahead = self._graph.clock_difference()
        if abs(ahead) <= _CLOCK_TOLERANCE:
            return []
        minutes = round(abs(ahead).total_seconds() / 60)
        return [
            (
                f"The clock of this machine is {minutes} minutes {'behind' if ahead > timedelta(0) else 'ahead of'} "
                "Microsoft's: set it, because a sign-in with a certificate fails when they differ."
            )
        ]


@dataclass(frozen=True)
class _CountingPolicy:
    """The policy that applies to an application, and the sentences about what it forbids.

    `created` is when the application was made. `own_of` is the object id of the application whose own policy it is,
    None for the tenant's default one. `sure` is false if another policy may apply instead.
    """

    policy: dict[str, Any]
    created: datetime
    own_of: str | None = None
    sure: bool = True
    is_new: bool = False

    def refusals(self, said: SecretPolicy, valid_days: int) -> list[str]:
        """Return the sentences about a secret of so many days that the policy forbids."""
        if said.forbidden:
            return [f"{self._whose} forbids client secrets: ask its administrator to {self._way_out}."]
        if said.longest is not None and said.longest < timedelta(days=valid_days):
            return [
                (
                    f"{self._whose} limits secrets to {whole_days(said.longest)} days, but secret.valid_days is "
                    f"{valid_days}: lower it."
                )
            ]
        return []

    def forbidden_audience(self, audience: str) -> str:
        """Return the sentence for an audience that the policy forbids."""
        way_out = _EXEMPT if self.own_of is None else _ALLOW
        return (
            f"{self._whose} forbids the sign-in audience {audience}: set sign_in_audience (in the role "
            f"lead_writer_sign_in_audience) to AzureADMyOrg, or ask its administrator to {way_out}."
        )

    @property
    def _whose(self) -> str:
        return f"The {'tenant' if self.own_of is None else 'application'}'s app management policy"

    @property
    def _way_out(self) -> str:
        if self.own_of is not None:
            return _ALLOW
        if not self.is_new:
            return f"{_EXEMPT}, or to give this application a policy of its own that allows them"
        return (
            f"{_EXEMPT}, or to make an application with a policy of its own and the runner as its owner, and name it "
            "in application_id (in the role lead_writer_application_id)"
        )


_EXEMPT = "exempt the runner by a custom security attribute (excludeActors)"
_ALLOW = "allow it in the policy"
