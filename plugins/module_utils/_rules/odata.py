# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Formats values and queries of OData, as Graph and Dataverse both read them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote


def text_literal(text: str) -> str:
    """Return `text` as a literal of a filter or a key: in single quotes, those inside doubled."""
    return "'" + text.replace("'", "''") + "'"


def key_literal(text: str) -> str:
    """Return `text` as a key inside a path: a literal, percent-encoded."""
    return quote(text_literal(text), safe="'")


def any_of(conditions: list[str]) -> str:
    """Join filter conditions by `or`: Dataverse refuses OData's `in`."""
    return " or ".join(conditions)


def query(options: Mapping[str, str | None]) -> str:
    """Return a query string with its question mark, leaving out options without a value."""
    parts = [f"{name}={quote(value, safe='$,()=@:/')}" for name, value in options.items() if value is not None]
    return "?" + "&".join(parts) if parts else ""
