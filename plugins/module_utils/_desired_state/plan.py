# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan lists the differences, in the order in which they are corrected.

Showing and executing it use the same list, so `changed`, the diff and the dry run always agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .._rules.errors import InvalidInput


class Postponed(Exception):
    """A change cannot be made yet, although nothing is wrong: a later run makes it, and those after it."""


@dataclass(frozen=True)
class Change:
    """One difference between the current and the desired state.

    `path` names it, such as `application_user.roles`. `before` and `after` hold no secrets: they are shown.
    """

    path: str
    before: Any
    after: Any
    apply: Callable[[], None] = field(repr=False, compare=False)


class Plan:
    """The ordered changes that bring something to its desired state."""

    def __init__(self, *changes: Change) -> None:
        self._changes = list(changes)
        self._preview_only_because: list[str] = []
        self.blockers: list[str] = []
        """Sentences, each with its cure, about what would stop the execution; with any of them, the plan is not even
        shown."""
        self.warnings: list[str] = []
        """Sentences for the user about conditions found while planning; they stop nothing."""

    def add(self, path: str, before: Any, after: Any, apply: Callable[[], None]) -> None:
        """Add a change, unless there is none to make."""
        if before != after:
            self._changes.append(Change(path, before, after, apply))

    def preview_only(self, sentence: str) -> None:
        """Say why this plan can be shown but not be executed, as with an id that is known only after apply."""
        self._preview_only_because.append(sentence)

    def __iter__(self) -> Iterator[Change]:
        return iter(self._changes)

    def __len__(self) -> int:
        return len(self._changes)

    def __add__(self, other: Plan) -> Plan:
        joined = Plan(*self, *other)
        joined._preview_only_because = self._preview_only_because + other._preview_only_because
        joined.blockers = self.blockers + other.blockers
        joined.warnings = self.warnings + other.warnings
        return joined

    @property
    def paths(self) -> list[str]:
        """The names of the changes, in order."""
        return [change.path for change in self]

    @property
    def diff(self) -> dict[str, dict[str, Any]]:
        """Ansible's diff: both sides hold only what changes."""
        return {
            "before": {change.path: change.before for change in self},
            "after": {change.path: change.after for change in self},
        }

    def check(self) -> None:
        """Raise InvalidInput with all blockers, also in a dry run: it must not predict changes that cannot be made."""
        if self._changes and self.blockers:
            raise InvalidInput("\n".join(self.blockers))

    def execute(self, report_progress: Callable[[str], None] = lambda path: None) -> None:
        """Make the changes in order, and pass the path of each to `report_progress`.

        A postponed change, and those after it, are no longer part of this plan. Raises InvalidInput before the first
        change if the plan is blocked or preview-only.
        """
        self.check()
        if self._changes and self._preview_only_because:
            raise InvalidInput(self._preview_only_because[0])
        for number, change in enumerate(self._changes):
            try:
                change.apply()
            except Postponed:
                del self._changes[number:]
                return
            report_progress(change.path)
