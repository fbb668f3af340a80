# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of one environment that can block a run."""

from __future__ import annotations

from ..._rules.plain_xml import MALFORMED, DocumentTypeFound, plain_xml
from ..._transport.errors import CallFailed
from .client import EnvironmentClient

_LOCKDOWN = "IsLockdownOfUnmanagedCustomizationEnabled"
_FIREWALL, _FIREWALL_AUDITS = "enableipbasedfirewallrule", "enableipbasedfirewallruleinauditmode"
_LETS_APPLICATIONS_IN = "allowapplicationuseraccess"
_KEY = "blocks unmanaged customizations"


def blocks_unmanaged_customizations(environment: EnvironmentClient) -> bool | None:
    """Say whether the environment refuses unmanaged customizations, such as changes of security roles.

    None if the setting cannot be read: then only the environment's answer to a change shows it. A setting that was
    never changed is not listed by the organization, and is off. Read once per run.
    """
    known = environment.recall(_KEY)
    if known is None:
        known = {"blocks": _read(environment)}
        environment.remember(known, _KEY)
    blocks: bool | None = known["blocks"]
    return blocks


def keeps_applications_out(environment: EnvironmentClient) -> bool | None:
    """Say whether an IP firewall checks the address of applications, and so possibly of the lead service.

    False in audit mode, which only logs, and if application users are allowed from everywhere. None if the settings
    cannot be read, as in an environment without them. Source: "IP firewall in Power Platform environments".
    """
    try:
        rows = environment.list("organizations", select=(_FIREWALL, _FIREWALL_AUDITS, _LETS_APPLICATIONS_IN))
    except CallFailed as failed:
        if failed.status is None or failed.status >= 500:
            raise
        return None
    return any(
        row.get(_FIREWALL) and not row.get(_FIREWALL_AUDITS) and not row.get(_LETS_APPLICATIONS_IN) for row in rows
    )


def _read(environment: EnvironmentClient) -> bool | None:
    try:
        rows = environment.list("organizations", select=("orgdborgsettings",))
    except CallFailed as failed:
        if failed.status is None or failed.status >= 500:
            raise
        return None
    texts = [str(row.get("orgdborgsettings") or "") for row in rows]
    try:
        found = [plain_xml(text.encode()).findtext(_LOCKDOWN) for text in texts if text]
    except (DocumentTypeFound, *MALFORMED):
        return None
    if not rows:
        return None
    return any((value or "").strip().lower() in ("true", "1") for value in found)
