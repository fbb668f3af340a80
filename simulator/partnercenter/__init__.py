# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partner Center's product ingestion API: offers, lead destinations, publications (contract: Partner Center)."""

from .jobs import advance
from .service import BASE, answer

__all__ = ["BASE", "advance", "answer"]
