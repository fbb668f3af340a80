# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file: tenants, settings and faults, as YAML."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from .faults import Fault
from .spec import SpecError, TenantSpec


@dataclass(frozen=True)
class Configuration:
    """The content of a configuration file."""

    tenants: tuple[TenantSpec, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


def read_configuration(path: Path) -> Configuration:
    """Read `path`. Raises SpecError with the wrong place, OSError if the file cannot be read."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise SpecError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict) or set(content) - {"tenants", "settings", "faults"}:
        raise SpecError(f"{path} has an unknown key: the top-level keys are 'tenants', 'settings' and 'faults'.")
    try:
        faults = tuple(Fault.parse(record) for record in content.get("faults") or ())
    except (TypeError, ValueError) as error:
        raise SpecError(f"{path}: faults: {error}") from error
    tenants = tuple(TenantSpec.parse(item) for item in content.get("tenants") or ())
    return Configuration(tenants=tenants, settings=dict(content.get("settings") or {}), faults=faults)
