# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services' words, spelled as Ansible spells names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake_case(content: Any) -> Any:
    """Return JSON content with the names of all its properties in snake_case, such as C(sign_in_audience)."""
    if isinstance(content, Mapping):
        return {_INNER_CAPITAL.sub("_", str(name)).lower(): snake_case(value) for name, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [snake_case(item) for item in content]
    return content
