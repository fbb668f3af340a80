# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads what an import job reports about its components.

An import that the environment calls succeeded may still have components that failed or were imported with a warning:
the job's `data` is XML in which every component has a `result`. Source: import jobs of real environments; which
elements there are depends on the package, so every element with a result of its own counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from .plain_xml import MALFORMED, DocumentTypeFound, plain_xml

_NAMES = ("LocalizedName", "localizedname", "name", "Name", "originalname", "id")


@dataclass(frozen=True)
class ComponentProblem:
    """A component of an import that did not simply succeed. `outcome` is failure or warning."""

    kind: str
    name: str
    outcome: str
    code: str
    text: str

    def __str__(self) -> str:
        reason = " ".join(part for part in (self.code, self.text) if part and part != "0")
        return f"{self.kind} {self.name}: {self.outcome}" + (f" ({reason})" if reason else "")


def component_problems(data: str) -> list[ComponentProblem]:
    """Return the components of an import job's `data` that failed or gave a warning.

    An unreadable text yields none: the important results are read back from the environment anyway.
    """
    try:
        root = plain_xml(data.encode("utf-8"))
    except (DocumentTypeFound, *MALFORMED):
        return []
    found = []
    for element in root.iter():
        result = element.find("result")
        if result is None or result.get("result") not in ("failure", "warning"):
            continue
        found.append(
            ComponentProblem(
                kind=element.tag,
                name=next((name for name in (element.get(key) for key in _NAMES) if name), "without a name"),
                outcome=result.get("result") or "",
                code=hex_code(result.get("errorcode") or ""),
                text=" ".join((result.get("errortext") or "").split())[:300],
            )
        )
    return found


def hex_code(code: int | str | None) -> str:
    """Return an error code as the service's documentation spells it.

    Jobs carry codes as signed 32-bit numbers: -2147188685 is 0x80048033. Zero and None become an empty text; anything
    that is not a number is returned unchanged.
    """
    try:
        number = int(code or 0)
    except ValueError:
        return str(code)
    return f"0x{number & 0xFFFFFFFF:08x}" if number else ""
