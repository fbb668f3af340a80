# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications and service principals as modules return them: the service's names in snake_case."""

from __future__ import annotations

from typing import Any

from ..._rules.secret_schedule import Secret
from ..._rules.timestamps import write_timestamp
from ..._rules.words import snake_case
from ..._services.graph.applications import Application
from ..._services.graph.service_principals import ServicePrincipal


def secret_state(secret: Secret) -> dict[str, Any]:
    """Return what can be known of a secret."""
    return {
        "key_id": secret.key_id,
        "display_name": secret.name,
        "hint": secret.hint,
        "start_date_time": write_timestamp(secret.start) if secret.start else None,
        "end_date_time": write_timestamp(secret.end) if secret.end else None,
    }


def application_state(application: Application) -> dict[str, Any]:
    """Return an application."""
    properties = application.properties
    return {
        "id": application.object_id,
        "app_id": application.application_id,
        "unique_name": application.unique_name,
        "display_name": properties.get("displayName"),
        "sign_in_audience": properties.get("signInAudience"),
        "notes": properties.get("notes"),
        "service_management_reference": properties.get("serviceManagementReference"),
        "is_disabled": bool(properties.get("isDisabled")),
        "web": {"redirect_uris": application.redirect_uris},
        "required_resource_access": snake_case(application.required_access),
        "password_credentials": [secret_state(secret) for secret in application.secrets],
    }


def principal_state(principal: ServicePrincipal) -> dict[str, Any]:
    """Return a service principal."""
    return {
        "id": principal.object_id,
        "app_id": principal.application_id,
        "display_name": principal.display_name,
        "account_enabled": principal.enabled,
        "is_disabled": principal.deactivated,
        "tags": list(principal.tags),
    }
