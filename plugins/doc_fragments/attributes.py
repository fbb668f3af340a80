# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all modules of the collection support."""

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of a module that changes something, and those of one that only reads."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and report the changes it would make, without making any.
    support: full
  diff_mode:
    description: Returns what it changes, or would change in check mode, when in diff mode.
    support: full
  platform:
    description: Where the module can run.
    platforms: posix
    support: full
  action_group:
    description: Use C(group/marketplace_leads.dynamics365.all) in C(module_defaults) to set the credentials once.
    support: full
    membership:
      - marketplace_leads.dynamics365.all
  async:
    description: Can be run with C(async); the module is then executed as an ordinary one.
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode; it never changes anything.
    support: full
  diff_mode:
    description: It never changes anything, so there is never a difference to show.
    support: full
"""
