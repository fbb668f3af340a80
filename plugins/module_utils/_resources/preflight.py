# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would stop a run after its first write, found before it.

Reading shows only that the runner may read. So where something is to be written, the runner's permissions and rights,
the tenant's policy for secrets, the environment's apps and this machine's clock are looked at first. Nothing is asked
about a part in which nothing is to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from .._desired_state.plan import Plan
from .._rules.access_levels import AccessLevel
from .._rules.audience_policy import audience_policy, may_be_forbidden
from .._rules.secret_policy import SecretPolicy, secret_policy
from .._rules.timestamps import whole_days
from .._services.environment.client import EnvironmentClient
from .._services.environment.roles import CREATE_LEAD, Roles
from .._services.environment.runner import privileges_missing
from .._services.graph.client import GraphClient
from .._services.graph.policies import READ_POLICIES, audience_rules, default_app_policy
from .application import Wanted as WantedApplication
from .application_options import DEFAULT_AUDIENCE
from .companion_solution import IMPORT_RIGHT

_WRITE_APPLICATIONS = frozenset({"Application.ReadWrite.OwnedBy", "Application.ReadWrite.All"})
_CONSENT = frozenset({"DelegatedPermissionGrant.ReadWrite.All"})

_WRITE_USER = ("User.ReadWrite.All", "Directory.ReadWrite.All")
_USER_PERMISSIONS = {
    "user": ("User.Create", *_WRITE_USER),
    "user.accountEnabled": ("User.EnableDisableAccount.All", "User.ReadWrite.All"),
    "user.assignedLicenses": ("LicenseAssignment.ReadWrite.All", *_WRITE_USER),
    "user.password": ("User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All"),
}
"""Application permissions that changes of a user take, least first; any one is enough. Others take _WRITE_USER."""

_NEEDED = {
    "solution": ("prvImportCustomization",),
    "application_user": ("prvCreateUser", "prvAssignRole"),
    "environment_user": ("prvAssignRole",),
}
"""Privileges that the parts in an environment take at least, for the whole organization. Likely: the names follow
Microsoft's pattern."""

_NEEDED_FOR_ROLES = {
    "companion_role": ("prvCreateRole", "prvWriteRole"),
    "companion_solution": (IMPORT_RIGHT,),
}
"""The same by the changes of privileges; all others edit a role."""

_CLOCK_TOLERANCE = timedelta(minutes=5)
"""Microsoft Entra takes a client's signed statement for as long as the clocks differ by no more than this."""


class Preflight:
    """Looks at one environment and its tenant before anything is written."""

    def __init__(self, graph: GraphClient, environment: EnvironmentClient, roles: Roles) -> None:
        self._graph = graph
        self._environment = environment
        self._roles = roles

    def checks(
        self, plans: Mapping[str, Plan], application: WantedApplication | None, to_grant: Mapping[str, AccessLevel]
    ) -> list[Callable[[], tuple[list[str], list[str]]]]:
        """Return the checks that the C(plans), by step, call for; each returns obstacles and findings.

        C(application) is what is wanted of the application, None where there is to be none. C(to_grant) are the
        privileges that a role gets or hands on: nobody grants what they do not hold.
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
        # The token names no directory role, or the permissions would not be told at all.
        return lacking, [
            (
                f"{self._graph.runner} seems to hold no directory role, without which the password of a user cannot be "
                "replaced: assign it the role User Administrator."
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

    def _policy(self, application: WantedApplication, paths: Sequence[str]) -> tuple[list[str], list[str]]:
        """Hold a new secret and a new audience against the tenant's policy."""
        is_new, granted = "application" in paths, self._graph.granted()
        secret = application.schedule if "application.secret" in paths else None
        audience = application.properties.get("signInAudience", DEFAULT_AUDIENCE)
        judged = may_be_forbidden(audience) and (is_new or "application.signInAudience" in paths)
        if not (secret or judged) or (granted is not None and not granted & READ_POLICIES):
            return [], []
        policy, now = default_app_policy(self._graph), self._graph.service_time()
        told: list[tuple[bool, str]] = []
        if secret is not None:
            about_secrets = secret_policy(policy, now)
            told += [(about_secrets.sure, each) for each in _refusals(about_secrets, secret.valid_days, is_new)]
        if judged and policy:
            about_audiences = audience_policy(audience_rules(self._graph, policy), audience, now)
            told += [(about_audiences.sure, _forbidden_audience(audience))] * about_audiences.forbidden
        # An application that exists already may have a policy of its own, which counts instead.
        stopping = [sentence for sure, sentence in told if sure and is_new]
        return stopping, [sentence for _sure, sentence in told if sentence not in stopping]

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


def _refusals(policy: SecretPolicy, valid_days: int, is_new: bool) -> list[str]:
    """What a policy says against a secret of so many days."""
    if policy.forbidden:
        way_out = (
            "make an application with a policy of its own and the runner as its owner, and name it in application_id "
            "(in the role lead_writer_application_id)"
            if is_new
            else "give this application a policy of its own that allows them"
        )
        return [
            (
                "The tenant's app management policy forbids client secrets: ask its administrator to exempt the runner "
                f"by a custom security attribute (excludeActors), or to {way_out}."
            )
        ]
    if policy.longest is not None and policy.longest < timedelta(days=valid_days):
        return [
            (
                f"The tenant's app management policy lets secrets live for {whole_days(policy.longest)} days, but "
                f"secret.valid_days is {valid_days}: lower it."
            )
        ]
    return []


def _forbidden_audience(audience: str) -> str:
    return (
        f"The tenant's app management policy forbids the sign-in audience {audience}: set sign_in_audience (in the "
        "role lead_writer_sign_in_audience) to AzureADMyOrg, or ask its administrator to exempt the runner by a custom "
        "security attribute (excludeActors)."
    )
