# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manage the Microsoft 365 user as whom marketplace leads are written, with its password and licenses."""

from __future__ import annotations

DOCUMENTATION = r"""
module: aad_user
short_description: Manage a Microsoft 365 user, its password and its licenses
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Makes a user in a tenant whose password need not be changed at the first sign-in, licenses it, and keeps a password
    that has not expired. This is the account for the choice "Office 365" in the lead form of Partner Center.
  - An application (M(marketplace_leads.dynamics365.aad_app)) is the better choice wherever it is possible. It needs no
    license, and no policy for people applies to it.
  - A user is recognized by its user principal name. One of that name that lies in the recycle bin is restored.
  - A user that holds a directory role is refused, because the lead service needs none and is given the password.
  - A new password is set as the last step where possible. It counts at once, and the old one is gone. Whoever signs in
    with the old one is locked out until they are given the new one.
options:
  user_principal_name:
    description:
      - The name by which the user signs in and is recognized in every run, such as V(leads@contoso.onmicrosoft.com).
      - Its domain must be one of the tenant whose passwords are kept there. A federated domain is refused.
    type: str
    required: true
  display_name:
    description:
      - The display name.
      - Needed to make a user. When it is left out, an existing one keeps its name.
    type: str
  usage_location:
    description:
      - The country in which licenses are used, as two letters, such as V(SE).
      - Needed for O(licenses) where the user has none yet. When it is left out, an existing user keeps what it has.
    type: str
  licenses:
    description:
      - Products that the user must have a license of, by part number, such as V(DYN365_ENTERPRISE_SALES), or by id.
        Licenses of other products are left alone.
      - Whether the tenant has them, with a free seat, is checked before anything is written, in check mode too.
    type: list
    elements: str
    default: []
  license_for_leads:
    description:
      - Whether the user must have a license that lets it write leads, of any product with such a service plan. It is
        looked at only where O(licenses) is empty.
      - A license that the user has is enough. Otherwise the tenant's product with a free seat is chosen that suits
        best, those of Dynamics 365 Sales before attached ones and trials.
    type: bool
    default: false
  password:
    description:
      - The password to set wherever one has to be set. When it is left out, one of 32 characters is made.
      - It is never compared with the one in force, because nobody can read that. So a user that needs no new password
        keeps the one it has.
    type: str
  password_never_expires:
    description:
      - Whether the password never expires, whatever the domain says.
      - When this is left out, a new user follows its domain, and an existing one keeps what it has.
    type: bool
  password_renew_before_days:
    description:
      - A new password is set when the one in force ends in this many days or fewer, or has ended.
      - A password ends as many days after it was set as the domain says, 90 where it says nothing. A password that
        never expires is not renewed.
      - When this is left out, no password is replaced because of its age.
    type: int
  password_renew_after_days:
    description:
      - A new password is set when the one in force is at least this many days old, also where it never expires.
      - When this is left out, O(password_renew_before_days) alone counts.
    type: int
  password_renewal:
    description:
      - Whether a password in force may be replaced by this run.
      - With V(false) a password that is due stays, and a warning says how long it lives. One that has expired, or that
        is not the one in O(known_password_changed), makes the module fail, because it is of no use to anybody.
      - A user that is yet to be made gets its password all the same.
    type: bool
    default: true
  known_password_changed:
    description:
      - The RV(password.changed_date_time) of the password that the caller's store holds, an empty string when the
        store holds none.
      - If the user's password was changed at another time, the store does not hold the one in force, and a new one is
        set.
      - When this is left out, only O(password_renew_before_days) counts.
    type: str
  purge:
    description:
      - With O(state=absent), also remove the user from the recycle bin, which keeps it for 30 days otherwise. It cannot
        be undone.
    type: bool
    default: false
  replication_timeout:
    description:
      - How long to wait, in seconds, for what was written to be seen everywhere, and for a new usage location to count.
      - Some seconds are usual; Microsoft promises no time.
    type: int
    default: 300
  state:
    description: V(absent) throws the user into the recycle bin.
    type: str
    choices: [present, absent]
    default: present
attributes:
  async:
    support: partial
    details: >-
      Refused with O(state=present) unless O(password) is given, because the result of a job is shown and kept in a
      file.
extends_documentation_fragment:
  - marketplace_leads.dynamics365.attributes
  - marketplace_leads.dynamics365.credentials
  - marketplace_leads.dynamics365.credentials.tenant
notes:
  - The runner needs these application permissions on Microsoft Graph. C(User.ReadWrite.All) is for the user,
    C(LicenseAssignment.ReadWrite.All) for O(licenses), and C(Domain.Read.All) to learn how long passwords live.
  - To replace the password of a user that exists, it also needs C(User-PasswordProfile.ReadWrite.All) and the directory
    role User Administrator. The first password of a new user needs neither.
  - With C(Policy.Read.All) the warning about sign-in policies says what was seen.
  - A result with a new password holds C(contains_secret), by which its display is censored at every verbosity. A
    registered variable holds the value, so do not print it.
seealso:
  - module: marketplace_leads.dynamics365.dynamics_user_role
  - module: marketplace_leads.dynamics365.aad_app
  - name: Product names and service plan identifiers for licensing
    description: Microsoft's list of part numbers.
    link: https://learn.microsoft.com/entra/identity/users/licensing-service-plan-reference
"""

EXAMPLES = r"""
# The password comes once, so it is stored by the very next task. The stored time is handed in again, so that a run
# that ended before it could store a password is noticed.
- name: Make the user that writes leads
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
  description: The names of the differences that were put right, or would be in check mode, in their order.
  returned: always
  type: list
  elements: str
  sample: [user, user.assignedLicenses, user.password]
user:
  description:
    - The user as it is after the run, or an empty dictionary when there is none.
    - In check mode it is what was read; one that would be made has the nil GUID for its id.
  returned: success
  type: dict
  contains:
    id:
      description: The object id.
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
          description: The id of the product.
          type: str
        sku_part_number:
          description: The part number, or the id again for products that O(licenses) does not name.
          type: str
password:
  description: What can be known of the password in force.
  returned: success and O(state=present)
  type: dict
  contains:
    value:
      description: The password, when it was set just now. It cannot be had a second time.
      returned: when a password was set
      type: str
    changed_date_time:
      description:
        - When the password was set, in UTC. Store it beside the password, for O(known_password_changed).
        - It is null in check mode for a user that would be made.
      type: str
    end_date_time:
      description: When the password ends, in UTC; null when it never does, or when the domain was not asked.
      type: str
contains_secret:
  description: Marks a result that holds a password, so that it is displayed nowhere.
  returned: when a password was set
  type: bool
failure:
  description: The service's own words about a failed request.
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
      description: The service's id of the request, which Microsoft's support asks for.
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
