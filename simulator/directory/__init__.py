# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's directory: users, applications, service principals, grants, role assignments, and how they replicate."""

from __future__ import annotations

from .directory import Directory
from .first_party import DYNAMICS_CRM_APP_ID, GRAPH_APP_ID

__all__ = ["DYNAMICS_CRM_APP_ID", "GRAPH_APP_ID", "Directory"]
