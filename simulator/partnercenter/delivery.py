# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lead service: it signs in with an offer's connection details and writes a lead.

Its errors have the messages of Microsoft's list of lead connection errors (contract: documented errors).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..dataverse.calls import Call
from ..dataverse.service import answer_call
from ..directory.first_party import DYNAMICS_CRM_APP_ID
from ..entra.credentials import check_client
from ..entra.endpoints import application_of, tenant_of, token_endpoints, usable
from ..entra.errors import SignInRefused
from ..entra.passwords import signed_in
from ..entra.tokens import Caller

if TYPE_CHECKING:
    from ..world import Environment, World


def test_lead(world: World) -> dict[str, Any]:
    """The values of a test lead: its prefix and eighteen digits in every text."""
    mark = f"MSFT_TEST_{world.random.randrange(10**17, 10**18)}"
    return {
        "firstname": mark,
        "lastname": mark,
        "companyname": mark,
        "jobtitle": mark,
        "description": mark,
        "subject": f"AzureMarketplace-INS|{mark}",
        "emailaddress1": f"{mark}@test.com",
        "telephone1": "1234567890",
        "address1_country": "US",
        "leadsourcecode": 8,
    }


def deliver(world: World, resource: dict[str, Any], values: dict[str, Any]) -> str | None:
    """Write a lead to the destination of a customer-leads resource; returns what went wrong, or None.

    Destinations other than Dynamics accept every lead.
    """
    if resource.get("leadDestination") != "dynamics":
        return None
    configuration = resource["dynamicsLeadConfiguration"]
    environment = world.environment_by_host(urlsplit(configuration["instanceUrl"]).hostname or "")
    if environment is None or urlsplit(configuration["instanceUrl"]).path.strip("/"):
        return "The request channel timed out while waiting for a reply after 00:02:00."
    try:
        caller = _sign_in(world, configuration, environment)
    except SignInRefused as refused:
        return f"Unable to sign in to Dynamics CRM. LastCRMError: AADSTS{refused.number}: {refused.sentence}"
    return _write(environment, caller, values)


def _sign_in(world: World, configuration: dict[str, Any], environment: Environment) -> Caller:
    now = world.clock.now().timestamp()
    if configuration["authentication"] == "office365":
        tenant = environment.tenant
        user = signed_in(world, tenant, configuration["username"], configuration["password"], DYNAMICS_CRM_APP_ID)
        return Caller(tenant.id, "", user["id"], is_user=True, upn=user["userPrincipalName"])
    tenant = tenant_of(world, configuration["directoryId"], "invalid_request")
    application, principal = application_of(world, tenant, configuration["applicationId"])
    check_client({"client_secret": configuration["applicationKey"]}, application, token_endpoints(tenant), now)
    return Caller(tenant.id, configuration["applicationId"].lower(), usable(tenant, application, principal)["id"])


def _write(environment: Environment, caller: Caller, values: dict[str, Any]) -> str | None:
    if caller.tenant_id != environment.tenant.id:
        return "Unable to sign in to Dynamics CRM. LastCRMException: the environment belongs to another directory."
    call = Call(
        method="POST",
        root=f"{environment.url}/api/data/v9.2/",
        path="",
        query="",
        headers={"content-type": "application/json"},
        body=json.dumps(values).encode(),
    )
    reply = answer_call(environment.data, call, "/api/data/v9.2/leads", caller, {})
    return None if reply.status < 400 else str(reply.body["error"]["message"])
