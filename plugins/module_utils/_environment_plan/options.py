# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of an environment's plan, and how those of one part are checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from .._entry_point import CREDENTIALS, ENVIRONMENT, PUBLISHER, Arguments
from .._rules.errors import InvalidInput
from . import caller_store

_HANDOVER = {
    "stored": {"type": "dict", "default": {}},
    "secret_in": {"type": "str", "no_log": False},
    "show_secret_with": {"type": "str", "no_log": False},
}

ARGUMENTS = (
    CREDENTIALS
    + ENVIRONMENT
    + PUBLISHER
    + Arguments(
        {
            "solution": {"type": "dict", "required": True},
            "application": {"type": "dict"},
            "user": {"type": "dict"},
            "role_privileges": {"type": "dict", "required": True},
            "application_user": {"type": "dict", "default": {}},
            "user_role": {"type": "dict", "default": {}},
            "lead_destinations": {"type": "dict", "default": {}},
            "handover": {"type": "dict", "default": {}, "options": _HANDOVER},
            "store": {"type": "dict", "default": {}, "options": caller_store.OPTIONS},
        },
        {"required_one_of": (("application", "user"),)},
    )
)


def options_of(
    part: str,
    given: Mapping[str, Any],
    spec: Mapping[str, Mapping[str, Any]],
    rules: Mapping[str, tuple[Any, ...]] | None = None,
) -> dict[str, Any]:
    """Check the options of one part against those of its module, and return them with defaults filled in.

    Raises InvalidInput naming the part.
    """
    validator = ArgumentSpecValidator(
        {name: dict(option) for name, option in spec.items()},
        **{name: list(rule) for name, rule in (rules or {}).items()},
    )
    validated = validator.validate({name: value for name, value in given.items() if value is not None})
    if validated.error_messages:
        raise InvalidInput(f"{part}: {'; '.join(validated.error_messages)}")
    parameters: dict[str, Any] = validated.validated_parameters
    return parameters
