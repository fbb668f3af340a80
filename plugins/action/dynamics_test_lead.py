# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module dynamics_test_lead inside Ansible's worker."""

from __future__ import annotations

from ..plugin_utils._in_process import InProcess


class ActionModule(InProcess):
    """The action of the module of the same name."""
