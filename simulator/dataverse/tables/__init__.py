# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of a new environment."""

from __future__ import annotations

from ..schema import Table
from . import business, customization, others, people

PLATFORM_TABLES: tuple[Table, ...] = people.TABLES + customization.TABLES + business.TABLES + others.TABLES
#: The tables of Dynamics 365 Sales; without it there is no Lead table and no privilege on it.
SALES_TABLES: tuple[Table, ...] = business.SALES_TABLES + others.SALES_TABLES
