# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a lead cannot arrive: each cause with its cure, and the message of Partner Center.

Partner Center's messages name symptoms, and several causes share one. Source of the messages: Microsoft's page "Common
questions and troubleshooting for lead configuration". Source of the AADSTS numbers: the Microsoft Entra error code
reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNABLE_TO_SIGN_IN = (
    "Could not save the lead to Dynamics CRM. Check the Dynamics CRM account settings. "
    "LastCRMError: Unable to sign in to Dynamics CRM, LastCRMException:"
)
NO_CREATE_PERMISSION = (
    "Could not save the lead to Dynamics CRM. "
    "User does not have create permissions for the leadsourcecode attribute in the lead entity"
)
TENANT_NOT_FOUND = (
    "Could not save the lead to Dynamics CRM using AAD. Exception:: Tenant not found. "
    "This instance may happen if there are no active subscriptions for the tenant."
)
NO_ROLES_ASSIGNED = (
    "Could not save the lead to Dynamics CRM. "
    "LastCRMError: SecLib::RetrievePrivilegeForUser failed - no roles are assigned to user."
)
APPLICATION_NOT_FOUND = (
    "Could not save the lead to Dynamics CRM using AAD. "
    "Exception:: Application with identifier was not found in the directory"
)
MALFORMED_TENANT = (
    "Could not save the lead to Dynamics CRM using AAD. "
    "Exception:: Requested tenant identifier is not valid and not valid external domain format"
)
CREDENTIALS_INVALID = (
    "Could not save the lead to Dynamics CRM using AAD. "
    "Exception:: Error validating credentials.: Invalid client secret is provided."
)
CHANNEL_TIMED_OUT = (
    "Could not save the lead to Dynamics CRM. "
    "LastCRMError: The request channel timed out while waiting for a reply after 00:02:00. "
    "Increase the timeout value passed to the call to Request or increase the SendTimeout value on the Binding. "
    "The time allotted to this operation may have been a portion of a longer timeout."
)


@dataclass(frozen=True)
class Cause:
    """One cause. `documented` is Partner Center's message, if Microsoft documents it.

    `sentence` names the cause and the cure; the parts that vary are in braces.
    """

    word: str
    documented: str | None
    sentence: str


CAUSES = {
    cause.word: cause
    for cause in (
        # --- the address
        Cause("address_malformed", CHANNEL_TIMED_OUT, "The lead service cannot use the address: {reason}"),
        Cause(
            "address_silent",
            CHANNEL_TIMED_OUT,
            "No Dynamics 365 environment answers at {host}: use the address that the Power Platform admin center "
            "shows, and see there whether the environment is in operation ({reason}).",
        ),
        # --- the directory
        Cause(
            "directory_id_malformed",
            MALFORMED_TENANT,
            "directory_id is not a directory id, which is a GUID: hand over {tenant} instead of {directory_id}.",
        ),
        Cause(
            "directory_unknown",
            TENANT_NOT_FOUND,
            "directory_id {directory_id} names no tenant known to {login_host}: hand over {tenant} instead.",
        ),
        Cause(
            "directory_of_another",
            UNABLE_TO_SIGN_IN,
            "directory_id is {directory_id}, but {host} belongs to another tenant: hand over {tenant} instead.",
        ),
        # --- the application
        Cause(
            "application_id_malformed",
            APPLICATION_NOT_FOUND,
            "application_id is not an application (client) id, which is a GUID: hand over the id of the application "
            "that was set up for {host}.",
        ),
        Cause(
            "object_id_given",
            APPLICATION_NOT_FOUND,
            "application_id is the object id of the application {name}: hand over its application (client) id, "
            "{right_id}, instead.",
        ),
        Cause(
            "application_unknown",
            APPLICATION_NOT_FOUND,
            "application_id {application_id} names no application in tenant {tenant}: hand over the id of the "
            "application that was set up for {host}, or set one up first.",
        ),
        Cause(
            "application_deleted",
            APPLICATION_NOT_FOUND,
            "Application {application_id} was deleted and is in the recycle bin of tenant {tenant}: restore it, or set "
            "up another one and hand that over.",
        ),
        Cause(
            "service_principal_missing",
            UNABLE_TO_SIGN_IN,
            "Application {application_id} has no service principal in tenant {tenant}: create it (with the module "
            "aad_app, or az ad sp create --id {application_id}).",
        ),
        Cause(
            "application_deactivated",
            UNABLE_TO_SIGN_IN,
            "Application {application_id} is deactivated in tenant {tenant} (isDisabled): activate it in its app "
            "registration.",
        ),
        Cause(
            "service_principal_deactivated",
            UNABLE_TO_SIGN_IN,
            "The service principal of application {application_id} is deactivated in tenant {tenant} (isDisabled): "
            "activate this enterprise application.",
        ),
        Cause(
            "disabled_by_microsoft",
            UNABLE_TO_SIGN_IN,
            "Application {application_id} is disabled by Microsoft (disabledByMicrosoftStatus): ask Microsoft support "
            "why, or set up another application and hand that over.",
        ),
        Cause(
            "service_principal_disabled",
            UNABLE_TO_SIGN_IN,
            "The service principal of application {application_id} is disabled in tenant {tenant}: enable sign-in for "
            "users of this enterprise application.",
        ),
        # --- the secret
        Cause(
            "secret_id_given",
            CREDENTIALS_INVALID,
            "application_key is the id of a secret, not its value: hand over the value, and if it is lost, make a new "
            "secret for application {application_id} and hand that over.",
        ),
        Cause(
            "secret_expired",
            CREDENTIALS_INVALID,
            "The secret that was handed over for application {application_id} expired{when}: make a new one, hand it "
            "over, and publish the offer again.",
        ),
        Cause(
            "secret_missing",
            CREDENTIALS_INVALID,
            "Application {application_id} has no valid secret: make one and hand it over.",
        ),
        Cause(
            "secret_mistyped",
            CREDENTIALS_INVALID,
            "application_key begins like the secret {key_id} of application {application_id} but is not its value: "
            "copy the whole value, and hand it over again.",
        ),
        Cause(
            "secret_replaced",
            CREDENTIALS_INVALID,
            "application_key does not match any secret of application {application_id}, so it was replaced or removed: "
            "hand over the value of the valid secret.",
        ),
        Cause(
            "secret_invalid",
            CREDENTIALS_INVALID,
            "application_key does not match a valid secret of application {application_id}: hand over the value of one "
            "({reason}).",
        ),
        # --- the person of the choice "Office 365"
        Cause(
            "user_unknown",
            UNABLE_TO_SIGN_IN,
            "user_name {user_name} names no user of tenant {tenant}: hand over the name of the user that was set up "
            "for {host}.",
        ),
        Cause(
            "password_wrong",
            UNABLE_TO_SIGN_IN,
            "The password of {user_name} differs from the one that was handed over{when}: hand over the new one, or "
            "set another one.",
        ),
        Cause(
            "password_expired",
            UNABLE_TO_SIGN_IN,
            "The password of {user_name} has expired or must be changed at the next sign-in: set a new one that does "
            "not have to be changed, hand it over, and publish the offer again.",
        ),
        Cause(
            "account_disabled",
            UNABLE_TO_SIGN_IN,
            "The account of {user_name} is disabled in tenant {tenant}: enable sign-in for it.",
        ),
        Cause(
            "account_locked",
            UNABLE_TO_SIGN_IN,
            "The account of {user_name} is locked after too many wrong passwords or a risky address: stop trying, and "
            "hand over the right password once the lock has ended.",
        ),
        Cause(
            "more_than_a_password",
            UNABLE_TO_SIGN_IN,
            "{user_name} needs more than a password to sign in (AADSTS{code}), which the lead service does not have: "
            "exempt the user from multi-factor authentication, or choose authentication azure_ad.",
        ),
        Cause(
            "user_federated",
            UNABLE_TO_SIGN_IN,
            "{user_name} belongs to a federated domain, whose passwords Microsoft Entra does not store: hand over a "
            "user of another domain, such as one of onmicrosoft.com.",
        ),
        Cause(
            "license_missing",
            UNABLE_TO_SIGN_IN,
            "{user_name} has no license to use {host}: assign it a Dynamics 365 Customer Engagement license.",
        ),
        Cause(
            "public_client_refused",
            None,
            "public_client_id {public_client_id} cannot be used for this test (AADSTS{code}): leave it out, or name a "
            "public client that tenant {tenant} has consented to.",
        ),
        # --- sign-in of either kind
        Cause(
            "conditional_access",
            UNABLE_TO_SIGN_IN,
            "Conditional access in tenant {tenant} blocks the sign-in of {who}: exempt it from the policy.",
        ),
        Cause(
            "sign_in_refused",
            UNABLE_TO_SIGN_IN,
            "Microsoft Entra refuses the sign-in of {who} (AADSTS{code}): look up that number in the sign-in log of "
            "tenant {tenant}.",
        ),
        # --- the user in the environment
        Cause(
            "user_missing",
            UNABLE_TO_SIGN_IN,
            "{host} has no {user}: add it there with the security role {role}.",
        ),
        Cause(
            "user_disabled",
            UNABLE_TO_SIGN_IN,
            "In {host} the {user} is disabled: enable it there.",
        ),
        Cause(
            "token_refused",
            UNABLE_TO_SIGN_IN,
            "{host} does not accept the sign-in of {who}: check whether the environment belongs to tenant {tenant}.",
        ),
        Cause(
            "environment_closed",
            UNABLE_TO_SIGN_IN,
            "The environment blocks the lead service: {reason}",
        ),
        # --- its rights
        Cause(
            "no_role",
            NO_ROLES_ASSIGNED,
            "In {host} the {user} has no security role: assign it the role {role}.",
        ),
        Cause(
            "lead_table_missing",
            None,
            "{host} has no table for leads: install Dynamics 365 Sales, which brings it.",
        ),
        Cause(
            "role_missing",
            NO_CREATE_PERMISSION,
            "In {host} the {user} lacks {privileges}, because it has the role {roles} but not the role {role}: assign "
            "it that role.",
        ),
        Cause(
            "lead_privileges_missing",
            NO_CREATE_PERMISSION,
            "In {host} the {user} lacks {privileges}, although it has the role {role}: add them to the role with the "
            "access level Organization.",
        ),
        Cause(
            "system_job_privileges_missing",
            None,
            "In {host} the {user} lacks {privileges}, which are needed to write a lead: add them to its role {role} "
            "with the access level Organization.",
        ),
        Cause(
            "user_interface_privileges_missing",
            None,
            "In {host} the {user} lacks {privileges}, which the documented setup requires: add them to its role {role} "
            "with the access level User.",
        ),
        # --- the lead itself
        Cause(
            "privilege_missing",
            None,
            "{host} refuses the test lead because the {user} lacks {privileges}: add them to its role {role}, because "
            "a plug-in or workflow of the environment may require them.",
        ),
        Cause(
            "owner_privileges_missing",
            None,
            "{host} refuses the test lead because the user or team that would own it lacks privileges: assign it a "
            "security role that reads leads ({reason}).",
        ),
        Cause(
            "value_too_long",
            None,
            "{host} refuses the test lead because a column of the table Lead is shorter than its value: raise the "
            "maximum length of the column ({reason}).",
        ),
        Cause(
            "option_missing",
            None,
            "{host} refuses the test lead because a column of the table Lead lacks an option: add the option to the "
            "column again ({reason}).",
        ),
        Cause(
            "duplicate_refused",
            None,
            "{host} refuses the test lead as a duplicate: change the duplicate detection rules for leads ({reason}).",
        ),
        Cause(
            "plug_in_refused",
            None,
            "A plug-in or workflow in {host} refuses the test lead: change it so that it accepts leads from the "
            "marketplace ({reason}).",
        ),
        Cause(
            "plug_in_unfinished",
            None,
            "A plug-in that {host} runs for new leads does not finish: repair the plug-in, or make it asynchronous "
            "({reason}).",
        ),
        Cause(
            "lead_refused",
            None,
            "{host} refuses the test lead, which has only the documented values: find the plug-in, workflow or "
            "business rule on leads that refuses it, and exempt such leads ({reason}).",
        ),
        Cause(
            "lead_unreadable",
            None,
            "{host} accepted the test lead {lead_id} but does not show it to the {user}: check what changes, moves or "
            "deletes new leads there ({reason}).",
        ),
    )
}


REFUSAL_CAUSES = {
    "0x80040231": "owner_privileges_missing",
    "0x80044331": "value_too_long",
    "0x8004431a": "option_missing",
    "0x80040333": "duplicate_refused",
    "0x80040224": "plug_in_refused",
    "0x80040265": "plug_in_refused",
    "0x80044171": "plug_in_unfinished",
    "0x80044172": "plug_in_unfinished",
    "0x80044173": "plug_in_unfinished",
    "0x80044174": "plug_in_unfinished",
    "0x8004418d": "plug_in_unfinished",
    "0x8004418e": "plug_in_unfinished",
    "0x80081111": "plug_in_unfinished",
}
"""The causes that the code of a refused lead identifies: effects of the environment's own customizations.

Source: Microsoft's list of Dataverse web service error codes.
"""


class LeadFailure(Exception):
    """A lead would not arrive; the text is the sentence for the user.

    `answer` is what the module returns with it: the cause's name, the documented error, and `failure`, the service's
    own error, if there is one.
    """

    def __init__(self, word: str, *, failure: Mapping[str, Any] | None = None, **names: Any) -> None:
        """`word` is one of CAUSES; `names` are the values for the braces in its sentence."""
        cause = CAUSES[word]
        super().__init__(cause.sentence.format(**names))
        self.failure = failure
        self.answer: dict[str, Any] = {"cause": word, "documented_error": names.get("documented", cause.documented)}


SIGN_IN_CAUSES = {
    "50020": "user_unknown",
    "50034": "user_unknown",
    "50053": "account_locked",
    "50055": "password_expired",
    "50057": "account_disabled",
    "50072": "more_than_a_password",
    "50074": "more_than_a_password",
    "50076": "more_than_a_password",
    "50079": "more_than_a_password",
    "50097": "conditional_access",
    "50105": "public_client_refused",
    "50126": "password_wrong",
    "50135": "password_expired",
    "50144": "password_expired",
    "50158": "more_than_a_password",
    "53000": "conditional_access",
    "53001": "conditional_access",
    "53002": "conditional_access",
    "53003": "conditional_access",
    "53011": "conditional_access",
    "530032": "conditional_access",
    "530035": "more_than_a_password",
    "65001": "public_client_refused",
    "65002": "public_client_refused",
    "650052": "public_client_refused",
    "650057": "public_client_refused",
    "7000112": "service_principal_disabled",
    "7000216": "public_client_refused",
    "7000217": "service_principal_missing",
    "7000218": "public_client_refused",
    "7000229": "service_principal_missing",
    "90002": "directory_unknown",
    "90038": "directory_unknown",
    "90051": "directory_unknown",
    "90072": "user_unknown",
    "90094": "public_client_refused",
    "900023": "directory_unknown",
    "federated": "user_federated",
}
"""The causes that a refusal's number identifies; the others have to be looked up."""

OF_PEOPLE = frozenset(
    {
        "user_unknown",
        "password_wrong",
        "password_expired",
        "account_disabled",
        "account_locked",
        "more_than_a_password",
        "user_federated",
        "public_client_refused",
    }
)
"""Causes that only the sign-in of a person can have."""
