# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write an environment's connection details for Partner Center."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lead_writer_handover
short_description: Write an environment's connection details for Partner Center
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Writes two files on the control node. The JSON file is for programs and has the fields of the connection as Partner
    Center's API names them. The Markdown sheet is for people and has the fields as Partner Center's form names them,
    the command that shows the secret, and what to do for each offer.
  - Neither file contains a secret; they show where it is stored and when it expires.
  - The JSON file also records which secret was handed over to which offer.
  - The same fields always produce the same files. They are written atomically and are readable by their owner only.
  - An omitted option keeps the value in the file.
options:
  path:
    description:
      - The JSON file, which should end in C(.json). The sheet is next to it and ends in C(.md) instead.
      - A relative path is relative to the current directory. Directories that do not exist are created.
    type: path
    required: true
  environment_url:
    description: The environment. Required for a file that does not exist yet.
    type: str
  authentication:
    description:
      - How the marketplace signs in, as an application of Microsoft Entra or as a Microsoft 365 user.
      - The default for a file that does not exist yet is V(azure_ad).
    type: str
    choices: [azure_ad, office365]
  application_id:
    description: The application ID, for O(authentication=azure_ad).
    type: str
  directory_id:
    description: The directory ID of the tenant, for O(authentication=azure_ad).
    type: str
  user_name:
    description: The user's name, for O(authentication=office365).
    type: str
  contact_emails:
    description: The addresses that are notified of new leads. Newer editions of the form have no such field.
    type: list
    elements: str
  key_id:
    description:
      - What identifies the secret, its key ID or the time when a password was changed. It is compared with what was
        handed over to each offer.
    type: str
  end_date_time:
    description: When the secret expires.
    type: str
  secret_in:
    description: Where the secret is stored, such as the path of its file in the store.
    type: str
  show_secret_with:
    description:
      - The command that shows the secret.
      - If O(secret_in) is a file that ends in C(.yml) or C(.yaml), the default is the command that shows its variable
        C(secret). Otherwise there is no default.
    type: str
  offers:
    description:
      - The external IDs of the offers whose leads go to this environment.
      - An offer that is no longer listed stays in the files as long as something is handed over to it, because it may
        still send its leads here.
    type: list
    elements: str
  handed_over:
    description:
      - What was handed over, by external ID of the offer. Each is a dictionary with C(key_id) and C(handed_over_at),
        and C(live_since) once the offer is live with it. C(publication), C(publication_since), C(submission_id) and
        C(job_id) record how far its publication has come, as
        M(marketplace_leads.dynamics365.partner_center_lead_destination) returns it under C(publication).
      - Offers that are not in it keep their record in the file. An empty dictionary for an offer means that nothing is
        handed over to it any more.
    type: dict
  state:
    description: V(absent) removes both files, but not the directory.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Can run in check mode and report the change it would make, without making any.
    support: full
  diff_mode:
    description: Returns both files as they were and as they are.
    support: full
  action:
    description: Always runs on the control node.
    support: full
seealso:
  - plugin: marketplace_leads.dynamics365.handover
    plugin_type: lookup
  - module: marketplace_leads.dynamics365.secret_store_file
"""

EXAMPLES = r"""
- name: Write the connection details for Partner Center
  marketplace_leads.dynamics365.lead_writer_handover:
    path: lead_writer_handover/contoso.crm4.dynamics.com.handover.json
    environment_url: https://contoso.crm4.dynamics.com
    application_id: "{{ app.application.app_id }}"
    directory_id: "{{ app.directory_id }}"
    key_id: "{{ app.secret.key_id }}"
    end_date_time: "{{ app.secret.end_date_time }}"
    secret_in: store/contoso.crm4.dynamics.com.yml
    offers: [contoso-app]

- name: Record that the offer has the secret
  marketplace_leads.dynamics365.lead_writer_handover:
    path: lead_writer_handover/contoso.crm4.dynamics.com.handover.json
    handed_over:
      contoso-app:
        key_id: "{{ app.secret.key_id }}"
        handed_over_at: "2026-11-22T16:59:09Z"
"""

RETURN = r"""
path:
  description: The absolute path of the JSON file.
  returned: success
  type: str
sheet:
  description: The absolute path of the sheet.
  returned: success
  type: str
handover:
  description: The content of the JSON file; empty with O(state=absent).
  returned: success
  type: dict
  contains:
    leadDestination:
      description: The kind of destination as Partner Center spells it, always V(dynamics).
      type: str
    dynamicsLeadConfiguration:
      description: The fields of the connection as Partner Center spells them, without the secret.
      type: dict
      sample:
        instanceUrl: https://contoso.crm4.dynamics.com
        authentication: azureAD
        applicationId: 33333333-4444-5555-6666-777777777777
        directoryId: 11111111-2222-3333-4444-555555555555
        contactEmail: []
    secret:
      description: The secret's key ID, when it expires, where it is stored and the command given to show it.
      type: dict
      sample:
        key_id: 44444444-5555-6666-7777-888888888888
        end_date_time: "2027-11-22T16:59:09Z"
        kept_in: store/contoso.crm4.dynamics.com.yml
        shown_by: ""
    offers:
      description: What was handed over, by external ID of the offer; empty strings if nothing was.
      type: dict
      sample:
        contoso-app:
          named: true
          key_id: 44444444-5555-6666-7777-888888888888
          handed_over_at: "2026-11-22T16:59:09Z"
          live_since: ""
changes:
  description: The names of the differences that were corrected, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [handover]
"""
