# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ids that Microsoft gave and that are the same in every tenant.

Source: public documentation and client code of Microsoft; the scope's id is resolved at run time and is listed here
only to recognize it.
"""

from __future__ import annotations

DYNAMICS_CRM_APPLICATION_ID = "00000007-0000-0000-c000-000000000000"
"""The application id of "Dynamics CRM" (the portal also calls it Dataverse), the API of every environment."""

ENTERPRISE_APPLICATION_TAG = "WindowsAzureActiveDirectoryIntegratedApp"
"""The tag by which the portal lists a service principal under "Enterprise applications"."""

SAMPLE_CLIENT_ID = "51f81489-12ee-4a9e-aaae-a2591f45987d"
"""The public client that Microsoft's samples for environments sign in with; every tenant knows it."""
