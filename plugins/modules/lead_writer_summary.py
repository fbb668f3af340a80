# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show at the end of a run what to do next for each environment."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lead_writer_summary
short_description: Show at the end of a run what to do next for each environment
version_added: 1.0.0
author:
  - The marketplace_leads.dynamics365 contributors (@marketplace-leads)
description:
  - Shows one line for each environment that needs attention, such as one that was changed, one that failed, or one
    whose offers wait for their publication. Environments with the same text share a line, and one line counts those
    with nothing to change.
  - It is the last task of the role C(lead_writer) and reads what the tasks of the role registered. It changes
    nothing.
  - Run it once for a play (C(run_once)), in the C(always) section of a block, so that it also covers environments
    that failed.
options:
  purpose:
    description: What the run was for.
    type: str
    choices: [configure, rotate_secrets, validate]
    default: configure
attributes:
  check_mode:
    description: In check mode the lines say what would change.
    support: full
  diff_mode:
    description: Changes nothing, so there is nothing to show.
    support: full
  action:
    description: Always runs on the control node, where the variables of all hosts are.
    support: full
seealso:
  - module: marketplace_leads.dynamics365.lead_writer_fleet
"""

EXAMPLES = r"""
- name: Show what to do next
  marketplace_leads.dynamics365.lead_writer_summary:
  run_once: true
"""

RETURN = r"""
lines:
  description: The lines that were shown.
  returned: always
  type: list
  elements: str
  sample: ['Nothing to change: 54 environments.']
"""
