# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the resources of an environment from the options of its plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible.module_utils.parsing.convert_bool import boolean

from .._desired_state.resource import Resource
from .._entry_point import ModuleContext
from .._resources.application import resource as application
from .._resources.directory_user import resource as directory_user
from .._resources.environment_user import application_user, licensed_user
from .._resources.lead_destination import batch as lead_destinations
from .._resources.lead_destination import resource as lead_destination
from .._resources.lead_destination.batch import LeadDestinations
from .._resources.security_role import resource as security_role
from .._resources.solution import options as solution_options
from .._resources.solution.package import PendingRoles, named_roles, role_ids
from .._resources.solution.resource import SolutionResource
from .._rules.errors import InvalidInput
from .._services.environment.roles import Roles
from .caller_store import CallerStore
from .identity import ByApplication, ByUser, LeadIdentity
from .options import options_of
from .plan import BY_APPLICATION, BY_USER, Parts
from .preflight import Preflight

# The resource itself reports a missing package.
_SOLUTION_RULES = {"mutually_exclusive": solution_options.RULES["mutually_exclusive"]}


def parts_of(context: ModuleContext) -> Parts:
    """Check the options of every part before any request to a service."""
    destinations = LeadDestinations(
        lambda: context.partner_center_of_publisher,
        options_of("lead_destinations", context["lead_destinations"], lead_destinations.OPTIONS),
        context.address.url,
        lambda given: options_of("lead_destinations", given, lead_destination.OPTIONS),
    )
    given_solution = options_of("solution", context["solution"], solution_options.OPTIONS, _SOLUTION_RULES)
    wanted_solution = solution_options.DesiredSolution.from_options(
        given_solution, lambda: context.transport, context.cache
    )
    solution_resource = SolutionResource(context.environment, wanted_solution)
    coming = solution_resource.roles_to_come
    privileges_options = options_of("role_privileges", context["role_privileges"], security_role.OPTIONS)
    solution_options.require_role(wanted_solution, privileges_options["role"])
    wanted_privileges = security_role.DesiredPrivileges.from_options(privileges_options, coming)

    roles = Roles(context.environment, role_ids(wanted_solution.package))
    signer = (_user if context["user"] else _application)(context, destinations, roles, coming)

    return Parts(
        solution=lambda: solution_resource,
        identity=signer.identity,
        role_privileges=lambda: security_role.RolePrivilegesResource(context.environment, wanted_privileges, roles),
        member=signer.member,
        destinations=destinations,
        checks=lambda plans: Preflight(context.graph, context.environment, roles).checks(
            plans, signer.wanted_application, wanted_privileges.privileges
        ),
        names=signer.names,
    )


@dataclass(frozen=True)
class _Signer:
    """The identity that the lead service uses; see Parts."""

    identity: Callable[[], LeadIdentity]
    member: Callable[[str, list[str]], Resource]
    names: tuple[str, str]
    wanted_application: application.DesiredApplication | None = None


def _application(context: ModuleContext, destinations: LeadDestinations, roles: Roles, coming: PendingRoles) -> _Signer:
    wanted = application.DesiredApplication.from_options(
        options_of("application", context["application"], application.OPTIONS)
    )

    def member(application_id: str, names: list[str]) -> Resource:
        given = {**context["application_user"], "application_id": application_id, "roles": names}
        checked = options_of("application_user", given, application_user.OPTIONS)
        # They may include a companion role, which no package brings.
        known = application_user.DesiredApplicationUser.from_options(
            checked, lambda: {**named_roles(names), **coming()}
        )
        return application_user.ApplicationUserResource(context.environment, known, roles)

    def identity() -> LeadIdentity:
        given = wanted.given(destinations.in_use(stored_key_id(context)))
        return ByApplication(application.ApplicationResource(context.graph, given), _store(context))

    return _Signer(identity, member, BY_APPLICATION, wanted)


def _user(context: ModuleContext, destinations: LeadDestinations, roles: Roles, coming: PendingRoles) -> _Signer:
    # A plan sets no password, and nothing here would hide one from the output.
    spec = {name: option for name, option in directory_user.OPTIONS.items() if name != "password"}
    wanted = directory_user.DesiredUser.from_options({"password": None, **options_of("user", context["user"], spec)})

    def member(object_id: str, names: list[str]) -> Resource:
        checked = options_of(
            "user_role", {**context["user_role"], "user": object_id, "roles": names}, licensed_user.OPTIONS
        )
        known = licensed_user.DesiredEnvironmentUser.from_options(checked, lambda: {**named_roles(names), **coming()})
        return licensed_user.LicensedUserResource(
            context.environment, context.power_platform, context.graph, known, roles
        )

    def identity() -> LeadIdentity:
        allowed = password_renewal(context, destinations)
        _refuse_missing_store(context, destinations)
        user = directory_user.DirectoryUserResource(context.graph, wanted.renewing(allowed))
        return ByUser(user, wanted.name)

    return _Signer(identity, member, BY_USER)


def _refuse_missing_store(context: ModuleContext, destinations: LeadDestinations) -> None:
    """Raise InvalidInput where a new password would end one that a published offer uses and that another store has."""
    store, name = _store(context), str(context["user"].get("user_principal_name"))
    told = context["user"].get("password_renewal") is not None
    if not (told or store.has_record or store.lost) and destinations.signed_in_as(name):
        what = f"a published offer signs in as {name}, whose password would be replaced"
        raise InvalidInput(store.missing(what, "set another password, which the offer then needs at once"))


def password_renewal(context: ModuleContext, destinations: LeadDestinations) -> bool:
    """Say whether a password in force may be replaced: as the caller says, otherwise as the offers show."""
    told = (context["user"] or {}).get("password_renewal")
    if told is not None:
        return bool(boolean(told))
    return bool(context["user"]) and destinations.password_may_change(str(context["user"].get("user_principal_name")))


def _store(context: ModuleContext) -> CallerStore:
    """The caller's store, as the control node reports it."""
    return CallerStore.from_options(context["store"])


def stored_key_id(context: ModuleContext) -> str:
    """The key id of the secret in the caller's store; an empty string if there is none."""
    return str(((context["application"] or {}).get("secret") or {}).get("stored_key_id") or "")
