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
      - The application, by the options of M(marketplace_leads.dynamics365.aad_app) other than credentials.
    type: dict
    required: true
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
  lead_destinations:
    description:
      - The offers that are to send their leads to the environment, and what was handed over to them before.
      - The sub-options C(contact_emails), C(publish), C(publish_other_changes) and C(replace_other_destination) are
        those of M(marketplace_leads.dynamics365.partner_center_lead_destination), for all offers alike.
      - C(offers) lists the external ids. C(handed_over) is a dictionary with C(key_id) and C(handed_over_at) for each
        of them, as M(marketplace_leads.dynamics365.lead_writer_hand_off) keeps it.
      - Where there are no offers, C(secret_in_use_key_id) says which secret is known to be in use, so that older ones
        may go. Where there are, their publications tell.
      - C(refusal) is a sentence to fail with, as M(marketplace_leads.dynamics365.offer_claims) returns it for offers
        that two hosts name.
    type: dict
    default: {}
  publisher:
    description:
      - The credentials for the publisher's account in Partner Center, which is often in another tenant than the
        environment. They are needed where O(lead_destinations) names offers.
      - Nothing is taken from environment variables or from the other credentials.
    type: dict
    default: {}
    suboptions:
      tenant_id:
        description: The directory id of the publisher's tenant, or one of its domain names.
        type: str
      client_id:
        description: The application id of an application that is associated with the publisher's account.
        type: str
      client_secret:
        description: A client secret of that application.
        type: str
      client_certificate_path:
        description: A file with its private key and certificate.
        type: path
      client_certificate_passphrase:
        description: The passphrase of that file.
        type: str
      federated_token_file:
        description: A file with a token for which it has a federated credential.
        type: path
      managed_identity:
        description: Sign in as the managed identity of the machine.
        type: bool
        default: false
      azure_cli:
        description: Sign in as the person who is signed in to the Azure CLI.
        type: bool
        default: false
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.attributes.info
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.environment
seealso:
  - module: marketplace_leads.dynamics365.aad_app
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - module: marketplace_leads.dynamics365.dynamics_role_privilege
  - module: marketplace_leads.dynamics365.dynamics_solution
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
      type: list
      elements: str
    role_privileges:
      description: What would change about the security role.
      type: list
      elements: str
    application_user:
      description: What would change about the application user.
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
  description: The application id, or the nil GUID while there is no application.
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
    unknown:
      description: Whether an offer may be using a secret that nobody has a record of.
      type: bool
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

from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._entry_point import CREDENTIALS, ENVIRONMENT, Arguments, Call, report
from ..module_utils._identity.credentials import Credentials
from ..module_utils._resources import (
    application,
    application_user,
    lead_destination,
    lead_destinations,
    role_privileges,
    solution,
    solution_wanted,
)
from ..module_utils._resources.lead_destinations import LeadDestinations
from ..module_utils._resources.lead_writer import EnvironmentPlan, Parts, options_of
from ..module_utils._resources.package_source import named_roles
from ..module_utils._resources.preflight import Preflight
from ..module_utils._rules.errors import InvalidInput
from ..module_utils._rules.secret_in_use import SecretInUse
from ..module_utils._rules.timestamps import write_timestamp
from ..module_utils._services.environment.roles import Roles
from ..module_utils._services.partner_center.client import PartnerCenterClient

_PUBLISHER = {
    # The runner's environment variables are not the publisher's.
    name: {key: value for key, value in CREDENTIALS.options[name].items() if key != "fallback"}
    for name in CREDENTIALS.options
    if name not in ("cloud", "ca_bundle", "timeout")
}

ARGUMENTS = (
    CREDENTIALS
    + ENVIRONMENT
    + Arguments(
        {
            "solution": {"type": "dict", "required": True},
            "application": {"type": "dict", "required": True},
            "role_privileges": {"type": "dict", "required": True},
            "application_user": {"type": "dict", "default": {}},
            "lead_destinations": {"type": "dict", "default": {}},
            "publisher": {"type": "dict", "default": {}, "options": _PUBLISHER},
        }
    )
)

# That a package is needed is told by the resource, in a sentence of its own.
_SOLUTION_RULES = {"mutually_exclusive": solution_wanted.RULES["mutually_exclusive"]}


def read(call: Call) -> dict[str, Any]:
    """Return the plan of the environment."""
    call.check_tenant()
    parts = _parts(call)
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
        "findings": plan.findings,
        "application_id": plan.application_id,
        "directory_id": call.graph.directory_id(),
        "cloud": call.cloud.name,
        "secret_in_use": _in_use_state(parts.destinations.in_use(_known_key_id(call))),
        **plan.state(),
    }


def _parts(call: Call) -> Parts:
    """Check the options of every part, before any service is asked for anything."""
    options = {
        "solution": options_of("solution", call["solution"], solution_wanted.OPTIONS, _SOLUTION_RULES),
        "application": options_of("application", call["application"], application.OPTIONS),
        "role_privileges": options_of("role_privileges", call["role_privileges"], role_privileges.OPTIONS),
    }
    wanted_application = application.Wanted.from_options(options["application"])
    destinations = LeadDestinations(
        lambda: _partner_center(call),
        options_of("lead_destinations", call["lead_destinations"], lead_destinations.OPTIONS),
        call.address.url,
        lambda given: options_of("lead_destinations", given, lead_destination.OPTIONS),
    )
    wanted_solution = solution_wanted.Wanted.from_options(options["solution"], lambda: call.transport, call.cache)
    coming = wanted_solution.package.roles if wanted_solution.package else {}
    wanted_privileges = role_privileges.Wanted.from_options(options["role_privileges"], lambda: coming)

    roles = Roles(call.environment)

    def user(application_id: str, names: list[str]) -> application_user.ApplicationUserResource:
        given = {**call["application_user"], "application_id": application_id, "roles": names}
        checked = options_of("application_user", given, application_user.OPTIONS)
        # A companion role may be among them, which no package brings.
        wanted = application_user.Wanted.from_options(checked, lambda: {**named_roles(names), **coming})
        return application_user.ApplicationUserResource(call.environment, wanted, roles)

    return Parts(
        solution=lambda: solution.SolutionResource(call.environment, wanted_solution),
        application=lambda: application.ApplicationResource(
            call.graph, wanted_application.given(destinations.in_use(_known_key_id(call)))
        ),
        role_privileges=lambda: role_privileges.RolePrivilegesResource(call.environment, wanted_privileges, roles),
        application_user=user,
        destinations=destinations,
        checks=lambda plans: Preflight(call.graph, call.environment, roles).checks(
            plans, wanted_application, wanted_privileges.privileges
        ),
    )


def _known_key_id(call: Call) -> str:
    """The key id of the secret in the caller's store; an empty string where there is none."""
    return str((call["application"].get("secret") or {}).get("known_key_id") or "")


def _in_use_state(in_use: SecretInUse) -> dict[str, Any]:
    return {
        "key_id": in_use.key_id,
        "since": write_timestamp(in_use.since) if in_use.since else "",
        "unknown": in_use.unknown,
    }


def _partner_center(call: Call) -> PartnerCenterClient:
    """Partner Center in the account of the publisher, who may be somebody else than the runner."""
    try:
        credentials = Credentials.from_options(call["publisher"])
        return PartnerCenterClient.signed_in_with(credentials, call.transport, call.cache)
    except InvalidInput as error:
        raise InvalidInput(f"publisher: {error}") from error


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    report(module_class, ARGUMENTS, read)


if __name__ == "__main__":
    main()
