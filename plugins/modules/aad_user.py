# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage the Microsoft 365 user that writes marketplace leads, with its password and licenses."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aad_user
short_description: Manage a Microsoft 365 user, its password and its licenses
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Creates a user whose password need not be changed at the first sign-in, assigns licenses to it, and keeps a password
    that has not expired. This is the account for the choice "Office 365" in the lead form of Partner Center.
  - An application (M(marketplace_leads.dynamics365.aad_app)) is the better choice if it is possible. It needs no
    license, and no policy for people applies to it.
  - A user is recognized by its user principal name. A deleted user of that name is restored from the recycle bin.
  - A user that holds a directory role is refused, because the lead service needs none and gets the password.
  - A new password is set as the last step if possible. It replaces the old one at once. A client that signs in with the
    old password is locked out until it gets the new one.
options:
  user_principal_name:
    description:
      - The name with which the user signs in and is recognized in every run, such as V(leads@contoso.onmicrosoft.com).
      - Its domain must be a managed domain of the tenant. A federated domain is refused.
    type: str
    required: true
  display_name:
    description:
      - The display name.
      - Required to create a user. If omitted, an existing one keeps its name.
    type: str
  usage_location:
    description:
      - The country in which licenses are used, as two letters, such as V(SE).
      - Required for O(licenses) if the user has none yet. If omitted, an existing user keeps what it has.
    type: str
  licenses:
    description:
      - Products that the user must have a license of, by part number, such as V(DYN365_ENTERPRISE_SALES), or by ID.
        Licenses of other products are left unchanged.
      - Before anything is written, and also in check mode, the module checks that the tenant has them with a free seat.
    type: list
    elements: str
    default: []
  license_for_leads:
    description:
      - Whether the user must have a license that allows it to write leads, of any product with such a service plan.
        Ignored unless O(licenses) is empty.
      - A license that the user has is enough. Otherwise the most suitable product of the tenant with a free seat is
        chosen, those of Dynamics 365 Sales before attached ones and trials.
    type: bool
    default: false
  password:
    description:
      - The password to set when one has to be set. If omitted, one of 32 characters is generated.
      - It is never compared with the current one, because that cannot be read. So a user that needs no new password
        keeps the one it has.
    type: str
  password_never_expires:
    description:
      - Whether the password never expires, regardless of the domain's setting.
      - If omitted, a new user follows its domain, and an existing one keeps what it has.
    type: bool
  password_renew_before_days:
    description:
      - A new password is set if the current one expires in this many days or fewer, or has expired.
      - The domain defines how many days after it was set a password expires, 90 if it defines nothing. A password that
        never expires is not renewed.
      - If omitted, no password is replaced because of its age.
    type: int
  password_renew_after_days:
    description:
      - A new password is set if the current one is at least this many days old, even if it never expires.
      - If omitted, O(password_renew_before_days) alone counts.
    type: int
  password_renewal:
    description:
      - Whether this run is allowed to replace a valid password.
      - With V(false) a password that is due stays, and a warning says how long it remains valid. The module fails if
        the password has expired, or is not the one in O(known_password_changed), because it is of no use.
      - A user that does not exist yet gets its password regardless.
    type: bool
    default: true
  known_password_changed:
    description:
      - The RV(password.changed_date_time) of the password that the caller's store holds, an empty string if the store
        holds none.
      - If the user's password was changed at another time, the store does not hold the current one, and a new one is
        set.
      - If omitted, only O(password_renew_before_days) counts.
    type: str
  purge:
    description:
      - With O(state=absent), also remove the user from the recycle bin, which otherwise keeps it for 30 days. This
        cannot be undone.
    type: bool
    default: false
  replication_timeout:
    description:
      - How long to wait, in seconds, until every read returns what was written, and until a new usage location is
        effective.
      - A few seconds are usual; Microsoft guarantees no time.
    type: int
    default: 300
  state:
    description: V(absent) deletes the user (recoverable for 30 days).
    type: str
    choices: [present, absent]
    default: present
attributes:
  async:
    support: partial
    details: >-
      Refused with O(state=present) unless O(password) is set, because the result of a job is shown and stored in a
      file.
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.tenant
notes:
  - The runner needs these application permissions on Microsoft Graph. C(User.ReadWrite.All) is for the user,
    C(LicenseAssignment.ReadWrite.All) for O(licenses), and C(Domain.Read.All) to read how long passwords are valid.
  - To replace the password of a user that exists, it also needs C(User-PasswordProfile.ReadWrite.All) and the directory
    role User Administrator. The first password of a new user needs neither.
  - With C(Policy.Read.All) the warning about sign-in policies names the policies that were found.
  - A result with a new password contains C(contains_secret), so its display is censored at every verbosity. A
    registered variable holds the value, so do not print it.
seealso:
  - module: marketplace_leads.dynamics365.dynamics_user_role
  - module: marketplace_leads.dynamics365.aad_app
  - name: Product names and service plan identifiers for licensing
    description: Microsoft's list of part numbers.
    link: https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
"""

EXAMPLES = r"""
# The password is returned once, so the next task stores it. The stored time is passed again, so that the module notices
# a run that ended before it could store a password.
- name: Create the user that writes leads
  marketplace_leads.dynamics365.aad_user:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    user_principal_name: leads@contoso.onmicrosoft.com
    display_name: Marketplace Lead Writer
    usage_location: SE
    licenses: [DYN365_ENTERPRISE_SALES]
    password_renew_before_days: 14
    known_password_changed: "{{ stored.changed_date_time | default('') }}"
  register: lead_writer

- name: Store the new password
  community.hashi_vault.vault_kv2_write:
    path: leads/contoso
    data:
      changed_date_time: "{{ lead_writer.password.changed_date_time }}"
      value: "{{ lead_writer.password.value }}"
  no_log: true
  when: lead_writer.password.value is defined

- name: Remove the user; it stays in the recycle bin for 30 days
  marketplace_leads.dynamics365.aad_user:
    tenant_id: contoso.onmicrosoft.com
    client_id: "{{ runner_client_id }}"
    client_secret: "{{ runner_client_secret }}"
    user_principal_name: leads@contoso.onmicrosoft.com
    state: absent
"""

RETURN = r"""
changes:
  description: The names of the differences that were corrected, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [user, user.assignedLicenses, user.password]
user:
  description:
    - The user after the run, or an empty dictionary if it does not exist.
    - In check mode, the user as it was read. One that would be created has the nil GUID for its ID.
  returned: success
  type: dict
  contains:
    id:
      description: The object ID.
      type: str
    user_principal_name:
      description: The user principal name.
      type: str
    display_name:
      description: The display name.
      type: str
    usage_location:
      description: The country in which licenses are used.
      type: str
    account_enabled:
      description: Whether the user may sign in.
      type: bool
    password_policies:
      description: The password policies, such as V(None) or V(DisablePasswordExpiration).
      type: str
    assigned_licenses:
      description: The products that the user is licensed for, directly or through a group.
      type: list
      elements: dict
      contains:
        sku_id:
          description: The ID of the product.
          type: str
        sku_part_number:
          description: The part number, or the ID again for products that O(licenses) does not name.
          type: str
password:
  description: The details of the current password.
  returned: success and O(state=present)
  type: dict
  contains:
    value:
      description: The password, if it was just set. It cannot be read again.
      returned: when a password was set
      type: str
    changed_date_time:
      description:
        - When the password was set, in UTC. Store it with the password, for O(known_password_changed).
        - It is null in check mode for a user that would be created.
      type: str
    end_date_time:
      description: When the password expires, in UTC; null if it never does, or if the domain was not read.
      type: str
contains_secret:
  description: Marks a result that contains a password, so that it is never displayed.
  returned: when a password was set
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

from ..module_utils._entry_point import CREDENTIALS, TENANT, Arguments, ModuleContext, run
from ..module_utils._resources.directory_user.options import may_return_password
from ..module_utils._resources.directory_user.resource import OPTIONS, DesiredUser, DirectoryUserResource

ARGUMENTS = CREDENTIALS + TENANT + Arguments(OPTIONS, may_return_secret=may_return_password)


def resource(context: ModuleContext) -> DirectoryUserResource:
    """Return the user that the call is about."""
    if context["environment_url"]:
        context.check_tenant()
    return DirectoryUserResource(context.graph, DesiredUser.from_options(context.options))


def main(module_class: type[AnsibleModule] = AnsibleModule) -> None:
    """Run the module."""
    run(module_class, ARGUMENTS, resource)


if __name__ == "__main__":
    main()
