# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of one environment that decide whether a run can do its work."""

from __future__ import annotations

from ..._rules.plain_xml import MALFORMED, DocumentTypeFound, plain_xml
from ..._transport.errors import CallFailed
from .client import EnvironmentClient

_LOCKDOWN = "IsLockdownOfUnmanagedCustomizationEnabled"


def blocks_unmanaged_customizations(environment: EnvironmentClient) -> bool:
    """Say whether the environment is known to refuse unmanaged customizations, such as changes of security roles.

    Where the setting cannot be read, or is not among the ones that the organization names, nothing is known, and the
    environment's own answer to a change is the first to say so.
    """
    try:
        rows = environment.list("organizations", select=("orgdborgsettings",))
    except CallFailed as failed:
        if failed.status is None or failed.status >= 500:
            raise
        return False
    try:
        found = [plain_xml(str(row.get("orgdborgsettings") or "").encode()).findtext(_LOCKDOWN) for row in rows]
    except (DocumentTypeFound, *MALFORMED):
        return False
    return any((value or "").strip().lower() in ("true", "1") for value in found)
