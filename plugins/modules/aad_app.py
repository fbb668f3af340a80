# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage an application in Microsoft Entra with its service principal, API permissions and client secret."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aad_app
short_description: Manage an application in Microsoft Entra and its client secret
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Registers an application in a tenant together with its service principal, gives it redirect URIs and API
    permissions, consents to them, and keeps a client secret that has not expired.
  - An application is recognized by O(unique_name) or O(application_id), never by its display name, which any number
    of applications may share. So a second run finds what the first one created, even if the first one was interrupted.
  - A deleted application with that unique name is restored from the recycle bin, because the bin keeps unique names.
  - A new secret is created as the last step, and returned only when a sign-in with it succeeds, which takes a few
    seconds. If no sign-in succeeds, the secret is removed again.
options:
  name:
    description:
      - The display name.
      - Required to create an application. If omitted, an existing one keeps its name.
    type: str
  unique_name:
    description:
      - The name by which the application is recognized in every run. It is unique in the tenant, is not shown in
        the portal, and can never be changed.
      - Together with O(application_id), it is assigned to an adopted application that has none yet.
    type: str
  application_id:
    description:
      - The application (client) ID of an existing application to adopt, such as one that was registered in the
        portal. An application is never created by this option.
      - One of O(unique_name) and O(application_id) is required.
    type: str
  sign_in_audience:
    description:
      - Which accounts may sign in. V(AzureADMyOrg) means this directory only.
      - A new application gets V(AzureADMyOrg) if omitted, and an existing one keeps what it has.
    type: str
    choices: [AzureADMyOrg, AzureADMultipleOrgs, AzureADandPersonalMicrosoftAccount, PersonalMicrosoftAccount]
  redirect_uris:
    description:
      - All redirect URIs of the Web platform. Others are removed.
      - If omitted, an existing application keeps what it has.
    type: list
    elements: str
  notes:
    description: Notes for the administrators of the tenant. If omitted, an application keeps what it has.
    type: str
  service_management_reference:
    description:
      - A reference to the application in the asset management of the organization. Some tenants demand one.
      - If omitted, an application keeps what it has.
    type: str
  api_permissions:
    description:
      - Delegated permissions that the application must list. Others that it lists are left unchanged.
      - Listing a permission does not grant it; see O(admin_consent).
    type: list
    elements: dict
    suboptions:
      api:
        description: The application ID of the API, or V(dynamics_crm).
        type: str
        default: dynamics_crm
      scopes:
        description: The values of the permissions, such as V(user_impersonation).
        type: list
        elements: str
        required: true
  admin_consent:
    description:
      - Whether to grant the permissions of O(api_permissions) for all users of the tenant.
      - Permissions that were granted before stay granted, and V(false) revokes none.
      - An application that signs in with its own secret, as the lead service does, needs no consent. The security
        roles of its application user decide what it can do in an environment.
    type: bool
    default: false
  secret:
    description:
      - A client secret that the application must have. If omitted, its secrets are left unchanged.
      - A value can never be read back. So store RV(secret.value) and RV(secret.key_id) at once when RV(secret.value)
        is returned, and pass the stored key ID as O(secret.stored_key_id) in the next run.
    type: dict
    suboptions:
      name:
        description: The name of this secret. Secrets of the application with other names are left unchanged.
        type: str
        required: true
      valid_days:
        description:
          - How long a new secret is valid, in days, up to 730.
          - A tenant's app management policy may allow less.
        type: int
        default: 365
      rotate_before_days:
        description:
          - A new secret is created if no secret of this name is valid for more than this many days.
          - The older ones stay, because they may still be in use; see O(secret.overlap_days). Expired ones are removed
            when the next one is created.
        type: int
        default: 45
      rotate_after_days:
        description:
          - A new secret is also created if the one in use is at least this many days old, however long it is valid.
          - V(0) creates one in every run.
        type: int
      overlap_days:
        description:
          - How many days older secrets of this name stay after O(secret.in_use_key_id) has come into use. Then they are
            removed.
          - A client that has an older secret needs it until it uses the new one. The marketplace signs in with the
            secret that was handed over before the offer was last published.
          - If omitted, they stay until they have expired.
        type: int
      in_use_key_id:
        description:
          - The key ID of the secret that everything uses now, as the caller knows or confirms.
          - Older ones are removed only if this is the current secret, which is O(secret.stored_key_id) if that is set.
        type: str
      in_use_since:
        description:
          - Since when everything uses O(secret.in_use_key_id), in UTC, such as V(2026-11-22T15:00:00Z). By default, the
            time when that secret became valid.
        type: str
      stored_key_id:
        description:
          - The key ID of the secret that the caller's store holds, an empty string if the store holds none. It counts
            regardless of the secret's name.
          - If that secret no longer exists, or is due, a new one is created. Live ones of this name that are not in the
            caller's record stay, because another store or an administrator may have created them.
          - If the store holds none and the application has live secrets of this name, the module fails before it
            changes anything, unless O(secret.store_lost) is V(true).
          - If omitted, the caller keeps no record, and only the expiry date counts.
        type: str
      previous_key_ids:
        description:
          - The key IDs of secrets that the store held before, as RV(secret.previous_key_ids) returned them. These, and
            no others, are removed when the overlap is over.
        type: list
        elements: str
        default: []
      adopted_key_id:
        description: The key ID of a secret that was created by hand and taken over. It is never removed automatically.
        type: str
      intended_end_date_times:
        description:
          - The expiry times that were chosen for secrets before they were created, in UTC; see
            O(secret.end_date_time).
          - A secret with such an expiry time that the store does not hold was created by an interrupted run. Its value
            is lost, so it is removed.
        type: list
        elements: str
        default: []
      store_lost:
        description:
          - Set to V(true) if the store was lost. A new secret is created, and the live ones of this name stay until the
            handover of the new one is confirmed.
        type: bool
        default: false
      end_date_time:
        description:
          - When a new secret expires, in UTC. By default it expires after O(secret.valid_days).
          - Choose a time that no other run chooses, and store it before the secret is created. If the run is killed
            before the secret's value is stored, pass that time in O(secret.intended_end_date_times).
        type: str
      expected_key_ids:
        description:
          - The key IDs of live secrets that the caller has seen before. If the application has another one of this name
            that is not in the caller's record, another run is active, and the module fails before it creates a secret.
        type: list
        elements: str
      absent_key_ids:
        description: The key IDs of secrets to remove, regardless of their names.
        type: list
        elements: str
        default: []
      state:
        description:
          - V(absent) creates no secret. It removes those in O(secret.absent_key_ids), or all of this name if that list
            is empty.
        type: str
        choices: [present, absent]
        default: present
  service_principal:
    description:
      - Whether to create the service principal if it does not exist, enable it, and list it under the enterprise
        applications.
      - V(false) leaves it unchanged, for example to remove only secrets from an application of someone else.
        O(admin_consent) needs V(true).
    type: bool
    default: true
  purge:
    description:
      - With O(state=absent), also remove the application from the recycle bin, which otherwise keeps it and its unique
        name for 30 days. This cannot be undone.
    type: bool
    default: false
  replication_timeout:
    description:
      - How long to wait, in seconds, until every read returns what was written, and for a new secret to sign in.
      - A few seconds are usual; Microsoft guarantees no time.
    type: int
    default: 300
  state:
    description:
      - V(absent) deletes the application (recoverable for 30 days) with its service principal, consent and secrets.
    type: str
    choices: [present, absent]
    default: present
attributes:
  async:
    support: partial
    details: >-
      Refused if O(secret) is set with O(secret.state=present), because the result of a job is shown and stored in a
      file.
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
notes:
  - The runner needs the application permission C(Application.ReadWrite.OwnedBy) on Microsoft Graph,
    C(Application.ReadWrite.All) for an application that it does not own, C(Application.Read.All) to restore or purge an
    application in the recycle bin, and C(DelegatedPermissionGrant.ReadWrite.All) for O(admin_consent).
  - A result with a new secret contains C(contains_secret), so its display is censored at every verbosity. A
    registered variable holds the value, so do not print it.
seealso:
  - module: marketplace_leads.dynamics365.aad_app_info
  - module: marketplace_leads.dynamics365.dynamics_app_user
  - name: Register an application with the Microsoft identity platform
    description: Microsoft's documentation of the same steps in the portal.
    link: https://learn.microsoft.com/entra/identity-platform/quickstart-register-app
"""

EXAMPLES = r"""
- name: Register the application that writes leads
  marketplace_leads.dynamics365.aad_app:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    name: Marketplace Lead Writer
    unique_name: marketplace-lead-writer
    redirect_uris:
      - https://contosoapp1/auth
    api_permissions:
      - api: dynamics_crm
        scopes: [user_impersonation]
  register: lead_writer

# The secret's value is returned once, so the next task stores it. The stored key ID is passed again, so that the
# module knows which secret the caller has. An empty one stops the run if the application has a secret already.
- name: Keep a client secret, and create a new one 45 days before it expires
  marketplace_leads.dynamics365.aad_app:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    unique_name: marketplace-lead-writer
    name: Marketplace Lead Writer
    secret:
      name: marketplace-leads
      valid_days: 365
      rotate_before_days: 45
      stored_key_id: "{{ stored.key_id | default('') }}"
      previous_key_ids: "{{ stored.previous_key_ids | default([]) }}"
  register: lead_writer

- name: Store the new secret
  community.hashi_vault.vault_kv2_write:
    path: leads/contoso
    data:
      key_id: "{{ lead_writer.secret.key_id }}"
      previous_key_ids: "{{ lead_writer.secret.previous_key_ids }}"
      value: "{{ lead_writer.secret.value }}"
  no_log: true
  when: lead_writer.secret.value is defined

- name: Remove a rotated secret when nothing uses it
  marketplace_leads.dynamics365.aad_app:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    unique_name: marketplace-lead-writer
    secret:
      name: marketplace-leads
      stored_key_id: "{{ stored.key_id }}"
      absent_key_ids:
        - 33333333-3333-3333-3333-333333333333

- name: Adopt an application that was registered in the portal, and give it a unique name
  marketplace_leads.dynamics365.aad_app:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    application_id: 22222222-2222-2222-2222-222222222222
    unique_name: marketplace-lead-writer

- name: Remove the application; it stays in the recycle bin for 30 days
  marketplace_leads.dynamics365.aad_app:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    unique_name: marketplace-lead-writer
    state: absent
"""

RETURN = r"""
changes:
  description: The names of the differences that were corrected, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [application, service_principal, application.secret]
application:
  description:
    - The application after the run, or an empty dictionary if it does not exist.
    - In check mode, the application as it was read. One that would be created has the nil GUID for its IDs.
  returned: success
  type: dict
  contains:
    id:
      description: The object ID of the application.
      type: str
    app_id:
      description: The application (client) ID.
      type: str
    unique_name:
      description: The unique name, or null when it has none.
      type: str
    display_name:
      description: The display name.
      type: str
    sign_in_audience:
      description: Which accounts may sign in.
      type: str
    notes:
      description: Notes for the administrators of the tenant.
      type: str
    service_management_reference:
      description: The reference to the application in the asset management of the organization.
      type: str
    is_disabled:
      description: Whether the application is deactivated, so that it gets no tokens.
      type: bool
    web:
      description: The Web platform.
      type: dict
      contains:
        redirect_uris:
          description: The redirect URIs.
          type: list
          elements: str
    required_resource_access:
      description: The API permissions that the application lists, by API.
      type: list
      elements: dict
      contains:
        resource_app_id:
          description: The application ID of the API.
          type: str
        resource_access:
          description: The permissions, each with its C(id) and C(type) (V(Scope) or V(Role)).
          type: list
          elements: dict
    password_credentials:
      description: The details of all client secrets of the application, without their values.
      type: list
      elements: dict
      contains:
        key_id:
          description: The ID of the secret.
          type: str
        display_name:
          description: The name of the secret.
          type: str
        hint:
          description: The first three characters of the value.
          type: str
        start_date_time:
          description: When the secret becomes valid, in UTC.
          type: str
        end_date_time:
          description: When the secret expires, in UTC.
          type: str
service_principal:
  description: The service principal of the application.
  returned: success and O(state=present)
  type: dict
  contains:
    id:
      description: The object ID of the service principal.
      type: str
    app_id:
      description: The application (client) ID.
      type: str
    display_name:
      description: The display name.
      type: str
    account_enabled:
      description: Whether the application may sign in.
      type: bool
    is_disabled:
      description: Whether the service principal is deactivated, so that it gets no tokens.
      type: bool
    tags:
      description: The tags. One of them makes the portal list it under the enterprise applications.
      type: list
      elements: str
consent:
  description: The permissions granted for all users, by the application ID of each API of O(api_permissions).
  returned: success and O(state=present)
  type: dict
  sample:
    00000007-0000-0000-c000-000000000000: [user_impersonation]
directory_id:
  description: The directory (tenant) ID.
  returned: success and O(state=present)
  type: str
secret:
  description:
    - The client secret that is in use; empty with O(secret.state=absent).
    - In check mode a secret that would be created has the nil GUID for its key ID.
  returned: success, O(state=present) and O(secret) is given
  type: dict
  contains:
    value:
      description: The value of a secret that was just created. It cannot be read again.
      returned: when a secret was created
      type: str
    key_id:
      description: The ID of the secret.
      type: str
    display_name:
      description: The name of the secret.
      type: str
    hint:
      description: The first three characters of the value.
      type: str
    start_date_time:
      description: When the secret becomes valid, in UTC.
      type: str
    end_date_time:
      description: When the secret expires, in UTC.
      type: str
    previous_key_ids:
      description:
        - The key IDs of live secrets that it has replaced. Store them with the key ID, and pass them as
          O(secret.previous_key_ids) in the next run.
      type: list
      elements: str
    seen_key_ids:
      description: The key IDs of all live secrets of the name that existed before.
      type: list
      elements: str
contains_secret:
  description: Marks a result that contains a secret, so that it is never displayed.
  returned: when a secret was created
  type: bool
failure:
  description: The service's error response to a failed request.
  returned: when a request failed
  type: dict
  contains:
    request:
      description: The method and address of the request.
      type: str
    status:
      description: The HTTP status.
      type: int
    code:
      description: The service's error code.
      type: str
    message:
      description: The service's error message.
      type: str
    request_id:
      description: The service's ID of the request, which Microsoft's support asks for.
      type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._entry_point import CREDENTIALS, Arguments, ModuleContext, run
from ..module_utils._resources.application.options import may_return_secret
from ..module_utils._resources.application.resource import OPTIONS, ApplicationResource, DesiredApplication

ARGUMENTS = CREDENTIALS + Arguments(OPTIONS, may_return_secret=may_return_secret)


def resource(context: ModuleContext) -> ApplicationResource:
    """Return the application that the call is about."""
    return ApplicationResource(context.graph, DesiredApplication.from_options(context.options))


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    run(module_class, ARGUMENTS, resource)


if __name__ == "__main__":
    main()
