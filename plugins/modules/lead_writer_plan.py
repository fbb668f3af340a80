# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plan the whole lead-writer set-up of one environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lead_writer_plan
short_description: Plan the whole lead-writer set-up of one environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Reads everything that marketplace leads need in one environment and its tenant, and returns what differs from what
    is wanted, step by step. It changes nothing.
  - Each step is planned by the same code as the module that applies it, so the two cannot disagree.
  - It signs in once for each service and reads side by side, which makes it the cheapest way to ask whether an
    environment needs anything at all.
  - Whatever would stop a run makes the module fail, with one sentence for each obstacle.
  - Security roles that the package of O(solution) will bring count as existing.
options:
  solution:
    description:
      - The solution that brings the security role, by the options of
        M(marketplace_leads.dynamics365.dynamics_solution) other than credentials and O(environment_url).
    type: dict
    required: true
  application:
    description:
      - The application as which the lead service signs in, by the options of
        M(marketplace_leads.dynamics365.aad_app) other than credentials.
      - Needed unless O(user) is given, and not looked at then.
    type: dict
  user:
    description:
      - The Microsoft 365 user as whom the lead service signs in instead, by the options of
        M(marketplace_leads.dynamics365.aad_user) other than credentials and C(password).
      - Without C(password_renewal), a password in force may be replaced where O(lead_destinations) names offers and
        either publishes them or none of them is live with this user.
    type: dict
  role_privileges:
    description:
      - The security role and its privileges, by the options of
        M(marketplace_leads.dynamics365.dynamics_role_privilege) other than credentials and O(environment_url).
    type: dict
    required: true
  application_user:
    description:
      - The application user, by the options of M(marketplace_leads.dynamics365.dynamics_app_user) other than
        credentials and O(environment_url).
      - The application id and the roles follow from O(application) and O(role_privileges), so they are not given.
    type: dict
    default: {}
  user_role:
    description:
      - The user in the environment, by the options of M(marketplace_leads.dynamics365.dynamics_user_role) other than
        credentials and O(environment_url).
      - The user and the roles follow from O(user) and O(role_privileges), so they are not given.
    type: dict
    default: {}
  lead_destinations:
    description:
      - The offers that are to send their leads to the environment, and what was handed over to them before.
      - The sub-options C(contact_emails), C(publish), C(publish_other_changes), C(publish_again), C(publish_timeout),
        C(replace_other_destination) and C(api_version) are those of
        M(marketplace_leads.dynamics365.partner_center_lead_destination), for all offers alike.
      - C(offers) lists the external ids. C(handed_over) is a dictionary with C(key_id), C(handed_over_at) and
        C(job_id) for each of them, as M(marketplace_leads.dynamics365.lead_writer_handover) keeps it.
      - Where there are no offers, C(secret_in_use_key_id) says which secret is known to be in use, so that older ones
        may go. Where there are, their publications tell.
      - C(refusal) is a sentence to fail with, as M(marketplace_leads.dynamics365.offer_claims) returns it for offers
        that two hosts name.
    type: dict
    default: {}
  handover:
    description:
      - The handover files of the environment, to be compared with what the connection is now. They are looked for where
        the module runs.
      - See M(marketplace_leads.dynamics365.lead_writer_handover), which writes them. The other fields follow from the
        other options and from what was read.
    type: dict
    suboptions:
      path:
        description: The file for programs.
        type: path
        required: true
      stored:
        description: What the store knows of the secret, with C(key_id) and C(end_date_time).
        type: dict
        default: {}
      secret_in:
        description: Where the secret is kept.
        type: str
      show_secret_with:
        description: The command that shows the secret.
        type: str
  store:
    description:
      - The caller's store, as the control node sees it.
    type: dict
    default: {}
    suboptions:
      key_id:
        description: The key ID in the record, returned as RV(stored_key_id).
        type: str
        default: ''
      has_record:
        description: Whether the store knows anything of the environment.
        type: bool
        default: true
      lost:
        description: Whether the store was lost, so that another secret may be made.
        type: bool
        default: false
      path:
        description: The file that holds the record of the environment. Empty for a store of another kind.
        type: str
        default: ''
      looked_in:
        description: The directories in which a record was looked for.
        type: list
        elements: str
        default: []
      found_in:
        description: Those of them that have a record of the environment, where O(store.path) does not exist.
        type: list
        elements: str
        default: []
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.attributes.info
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
  - marketplace_leads.dynamics365.credentials.publisher
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.aad_user
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - module: marketplace_leads.dynamics365.dynamics_solution
  - module: marketplace_leads.dynamics365.dynamics_user_role
"""

EXAMPLES = r"""
- name: Ask what an environment lacks
  marketplace_leads.dynamics365.lead_writer_plan:
    environment_url: https://contoso.crm4.dynamics.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    solution:
      path: MicrosoftMarketplacesLeadIntegrationSolution_1_0_0_0_target_CRM_6.1_managed.zip
    application:
      name: Marketplace Lead Writer
      unique_name: marketplace-lead-writer-contoso
    role_privileges:
      role: Microsoft Marketplace Lead Writer
      privileges:
        - table: asyncoperation
          access: [read, write, append_to]
          level: organization
  register: plan

- name: Show it
  ansible.builtin.debug:
    var: plan.steps
"""

RETURN = r"""
changes:
  description: The names of all differences, in the order in which they would be put right.
  returned: success
  type: list
  elements: str
  sample: [solution, application, service_principal, application.secret]
steps:
  description: The differences by step.
  returned: success
  type: dict
  contains:
    solution:
      description: What would change about the solution.
      type: list
      elements: str
    application:
      description: What would change about the application, its service principal, consent and secret.
      returned: when O(user) is not given
      type: list
      elements: str
    user:
      description: What would change about the user, its licenses and its password.
      returned: when O(user) is given
      type: list
      elements: str
    role_privileges:
      description: What would change about the security role.
      type: list
      elements: str
    application_user:
      description: What would change about the application user.
      returned: when O(user) is not given
      type: list
      elements: str
    environment_user:
      description: What would change about the user in the environment.
      returned: when O(user) is given
      type: list
      elements: str
    lead_destinations:
      description: What would change about the lead destinations of the offers.
      type: list
      elements: str
differences:
  description: What is and what would be, by the name of the difference.
  returned: success
  type: dict
  contains:
    before:
      description: What is.
      type: dict
    after:
      description: What would be.
      type: dict
findings:
  description: Sentences about what was seen and should be known, though it stops nothing.
  returned: success
  type: list
  elements: str
application_id:
  description: The application id, or the nil GUID while there is no application. Empty with O(user).
  returned: success
  type: str
user_id:
  description: The object id of the user of O(user), or the nil GUID while there is none. Empty without O(user).
  returned: success
  type: str
password_renewal:
  description: Whether the password of O(user), where it is in force, may be replaced.
  returned: success
  type: bool
new_secret_end_date_time:
  description: When the new secret is to end, where the application needs one; empty where it does not.
  returned: success
  type: str
stored_key_id:
  description: The key ID in the store's record when the plan was made; another run may have written it since.
  returned: success
  type: str
directory_id:
  description: The directory id of the environment's tenant.
  returned: success
  type: str
cloud:
  description: The national cloud of the environment.
  returned: success
  type: str
service_time:
  description: The time at which the plan was made, in UTC by the clock of Microsoft Graph.
  returned: success
  type: str
  sample: '2026-11-22T15:00:00Z'
application:
  description: The application as M(marketplace_leads.dynamics365.aad_app) returns it.
  returned: success
  type: dict
lead_destinations:
  description:
    - The lead destination of each offer as M(marketplace_leads.dynamics365.partner_center_lead_destination) returns
      it.
  returned: success
  type: list
  elements: dict
secret_in_use:
  description: Which secret of the application the published offers sign in with, as far as can be told.
  returned: success
  type: dict
  contains:
    key_id:
      description: Its key id, an empty string where that cannot be told.
      type: str
    since:
      description: Since when all of them do, an empty string where that is not known.
      type: str
handover_current:
  description: Whether both handover files are there and show the connection as it is when all changes are made.
  returned: success and O(handover) is given
  type: bool
user:
  description: The user as M(marketplace_leads.dynamics365.aad_user) returns it.
  returned: success and O(user) is given
  type: dict
password:
  description: What can be known of the user's password, as M(marketplace_leads.dynamics365.aad_user) returns it.
  returned: success and O(user) is given
  type: dict
environment_user:
  description: The user in the environment as M(marketplace_leads.dynamics365.dynamics_user_role) returns it.
  returned: success and O(user) is given
  type: dict
application_user:
  description: The application user as M(marketplace_leads.dynamics365.dynamics_app_user) returns it.
  returned: success
  type: dict
role:
  description: The security role as M(marketplace_leads.dynamics365.dynamics_role_privilege) returns it.
  returned: success
  type: dict
solution:
  description: The solution as M(marketplace_leads.dynamics365.dynamics_solution) returns it.
  returned: success
  type: dict
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._desired_state.plan import Plan
from ..module_utils._desired_state.resource import Resource
from ..module_utils._entry_point import CREDENTIALS, ENVIRONMENT, PUBLISHER, Arguments, ModuleContext, report
from ..module_utils._resources import (
    application,
    application_user,
    caller_store,
    directory_user,
    handover,
    lead_destination,
    lead_destinations,
    licensed_user,
    role_privileges,
    solution,
    solution_options,
)
from ..module_utils._resources.caller_store import CallerStore
from ..module_utils._resources.lead_destinations import LeadDestinations
from ..module_utils._resources.lead_identity import ByApplication, ByUser, LeadIdentity
from ..module_utils._resources.lead_writer import BY_APPLICATION, BY_USER, EnvironmentPlan, Parts, options_of
from ..module_utils._resources.other_applications import OtherApplications
from ..module_utils._resources.package_source import PendingRoles, named_roles, role_ids
from ..module_utils._resources.preflight import Preflight
from ..module_utils._rules.errors import InvalidInput
from ..module_utils._rules.secret_in_use import SecretInUse
from ..module_utils._rules.store_record import chosen_end
from ..module_utils._rules.timestamps import write_timestamp
from ..module_utils._services.environment.roles import Roles

_HAND_OFF = {
    "path": {"type": "path", "required": True},
    "stored": {"type": "dict", "default": {}},
    **{name: handover.FIELDS[name] for name in ("secret_in", "show_secret_with")},
}

KNOWN_AFTER_APPLY = "known after apply"
NEW_SECRETS = frozenset({"application.secret", "user.password"})
"""The changes by which there is a secret that has to be stored."""

ARGUMENTS = (
    CREDENTIALS
    + ENVIRONMENT
    + PUBLISHER
    + Arguments(
        {
            "solution": {"type": "dict", "required": True},
            "application": {"type": "dict"},
            "user": {"type": "dict"},
            "role_privileges": {"type": "dict", "required": True},
            "application_user": {"type": "dict", "default": {}},
            "user_role": {"type": "dict", "default": {}},
            "lead_destinations": {"type": "dict", "default": {}},
            "handover": {"type": "dict", "options": _HAND_OFF},
            "store": {"type": "dict", "default": {}, "options": caller_store.OPTIONS},
        },
        {"required_one_of": (("application", "user"),)},
    )
)

# That a package is needed is told by the resource, in a sentence of its own.
_SOLUTION_RULES = {"mutually_exclusive": solution_options.RULES["mutually_exclusive"]}


def read(context: ModuleContext) -> dict[str, Any]:
    """Return the plan of the environment."""
    context.check_tenant()
    parts = _parts(context)
    plan = EnvironmentPlan(parts)
    plans = plan.read()
    differences = [each.diff for each in plans.values()]
    return {
        "changes": [path for each in plans.values() for path in each.paths],
        "steps": {step: each.paths for step, each in plans.items()},
        "differences": {
            side: {path: value for diff in differences for path, value in diff[side].items()}
            for side in ("before", "after")
        },
        "findings": [*plan.findings, *_fed_by_others(context, parts.destinations, plan.member_id)],
        "application_id": "" if context["user"] else plan.member_id,
        "user_id": plan.member_id if context["user"] else "",
        "stored_key_id": context["store"]["key_id"],
        "new_secret_end_date_time": _new_secret_end(context, plans),
        "directory_id": context.graph.directory_id(),
        "cloud": context.cloud.name,
        "service_time": write_timestamp(context.graph.service_time()),
        "secret_in_use": _in_use_state(parts.destinations.in_use(_stored_key_id(context))),
        "password_renewal": _password_renewal(context, parts.destinations),
        **plan.state(),
        **_handover(context, plan, {path for each in plans.values() for path in each.paths}),
    }


def _fed_by_others(context: ModuleContext, destinations: LeadDestinations, member_id: str) -> list[str]:
    """Warn of offers whose leads another application of the tenant writes; asked only where there are such offers."""
    return OtherApplications(context.graph, member_id).warnings_of(destinations.offers, context.address.url)


def _handover(context: ModuleContext, plan: EnvironmentPlan, changes: Set[str]) -> dict[str, bool]:
    """Say whether the handover files are what C(changes) will make of the connection, where the caller names them."""
    given = context["handover"]
    if not given:
        return {}
    user, destinations = context["user"], context["lead_destinations"]
    key_id, end_date_time = _secret_now(plan.state(), given["stored"])
    if changes & NEW_SECRETS:
        key_id = KNOWN_AFTER_APPLY
    fields = {
        "environment_url": context.address.url,
        "authentication": "office365" if user else "azure_ad",
        "user_name": str(user.get("user_principal_name") or "") if user else "",
        "application_id": "" if user else plan.member_id,
        "directory_id": context.graph.directory_id(),
        "key_id": key_id,
        "end_date_time": end_date_time,
        "secret_in": given["secret_in"],
        "show_secret_with": given["show_secret_with"],
        **{
            name: options_of("lead_destinations", destinations, lead_destinations.OPTIONS)[name]
            for name in ("contact_emails", "offers")
        },
        "handed_over": {
            each["offer"]: _handed_over(each, key_id, changes, destinations.get("publish") == "live")
            for each in plan.state().get("lead_destinations", [])
        },
    }
    return {"handover_current": handover.is_current(given["path"], fields)}


def _secret_now(state: Mapping[str, Any], stored: Mapping[str, Any]) -> tuple[str, str]:
    """Return the key id and the end of the secret as it was read, else as the store knows it; a password has times."""
    secret = state.get("secret") or {}
    if state.get("password"):
        secret = {**state["password"], "key_id": state["password"].get("changed_date_time")}
    known = secret or stored
    return str(known.get("key_id") or ""), str(known.get("end_date_time") or "")


def _handed_over(offer: Mapping[str, Any], key_id: str, changes: Set[str], publishes: bool) -> dict[str, str]:
    """Return the record of an offer as it is after the changes; what is known only then is a word that differs."""
    path = f"lead_destination.{offer['offer']}"
    given, live = f"{path}.secret" in changes, publishes and f"{path}.published" in changes
    return {
        **handover.record_of(offer),
        "key_id": key_id if given else offer["handed_over"]["key_id"],
        "handed_over_at": KNOWN_AFTER_APPLY if given else offer["handed_over"]["at"],
        "live_since": KNOWN_AFTER_APPLY if live else "" if given else offer["live_since"],
    }


def _parts(context: ModuleContext) -> Parts:
    """Check the options of every part, before any service is asked for anything."""
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
    solution_resource = solution.SolutionResource(context.environment, wanted_solution)
    coming = solution_resource.roles_to_come
    privileges_options = options_of("role_privileges", context["role_privileges"], role_privileges.OPTIONS)
    solution_options.require_role(wanted_solution, privileges_options["role"])
    wanted_privileges = role_privileges.DesiredPrivileges.from_options(privileges_options, coming)

    roles = Roles(context.environment, role_ids(wanted_solution.package))
    signer = (_user if context["user"] else _application)(context, destinations, roles, coming)

    return Parts(
        solution=lambda: solution_resource,
        identity=signer.identity,
        role_privileges=lambda: role_privileges.RolePrivilegesResource(context.environment, wanted_privileges, roles),
        member=signer.member,
        destinations=destinations,
        checks=lambda plans: Preflight(context.graph, context.environment, roles).checks(
            plans, signer.wanted_application, wanted_privileges.privileges
        ),
        names=signer.names,
    )


@dataclass(frozen=True)
class _Signer:
    """As whom the lead service signs in; see Parts."""

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
        # A companion role may be among them, which no package brings.
        known = application_user.DesiredApplicationUser.from_options(
            checked, lambda: {**named_roles(names), **coming()}
        )
        return application_user.ApplicationUserResource(context.environment, known, roles)

    def identity() -> LeadIdentity:
        given = wanted.given(destinations.in_use(_stored_key_id(context)))
        return ByApplication(application.ApplicationResource(context.graph, given), _store(context))

    return _Signer(identity, member, BY_APPLICATION, wanted)


def _user(context: ModuleContext, destinations: LeadDestinations, roles: Roles, coming: PendingRoles) -> _Signer:
    # A plan sets no password, and here nothing would keep one out of the output.
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
        allowed = _password_renewal(context, destinations)
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
        raise InvalidInput(store.missing(what, "another password set, which the offer then needs at once"))


def _password_renewal(context: ModuleContext, destinations: LeadDestinations) -> bool:
    """Say whether a password in force may be replaced: as the caller says, else as the offers tell."""
    told = (context["user"] or {}).get("password_renewal")
    if told is not None:
        return bool(boolean(told))
    return bool(context["user"]) and destinations.password_may_change(str(context["user"].get("user_principal_name")))


def _store(context: ModuleContext) -> CallerStore:
    """The caller's store, as the control node reports it."""
    return CallerStore.from_options(context["store"])


def _stored_key_id(context: ModuleContext) -> str:
    """The key id of the secret in the caller's store; an empty string where there is none."""
    return str(((context["application"] or {}).get("secret") or {}).get("stored_key_id") or "")


def _new_secret_end(context: ModuleContext, plans: Mapping[str, Plan]) -> str:
    """When the new secret is to end, chosen now so that the store can record it before the secret is made."""
    if not any("application.secret" in plan.paths for plan in plans.values()):
        return ""
    schedule = application.DesiredApplication.from_options(
        options_of("application", context["application"], application.OPTIONS)
    ).schedule
    return write_timestamp(chosen_end(context.graph.service_time(), schedule.valid_days)) if schedule else ""


def _in_use_state(in_use: SecretInUse) -> dict[str, Any]:
    return {
        "key_id": in_use.key_id,
        "since": write_timestamp(in_use.since) if in_use.since else "",
    }


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    report(module_class, ARGUMENTS, read)


if __name__ == "__main__":
    main()
