# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan means for the run of the role: which steps run, what they change, and where the run ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible.errors import AnsibleError

from ..module_utils._environment_plan.handover import NEW_SECRETS
from ..module_utils._rules.errors import InvalidInput
from ._files import FileNotWritten, check_writable
from ._handover import is_current, sheet_path
from ._host_variables import reason_of
from ._role_words import in_words_of_the_role

CONFIGURE, ROTATE = "configure", "rotate_secrets"
PURPOSES = (CONFIGURE, ROTATE)

_TAGS = {
    "solution": "lead_writer_solution",
    "application": "lead_writer_application",
    "user": "lead_writer_application",
    "role_privileges": "lead_writer_user",
    "application_user": "lead_writer_user",
    "environment_user": "lead_writer_user",
    "lead_destinations": "lead_writer_offers",
}
"""The tag of the role's tasks by the plan's step."""
_IDENTITY = ("application", "user")
_MADE_BY = {
    "role_privileges": ("solution",),
    "application_user": ("solution", "application"),
    "environment_user": ("solution", "user"),
    "lead_destinations": _IDENTITY,
}
"""The steps that create what a step works on, each by the change of its own name."""
_ROTATED = (*_IDENTITY, "lead_destinations")
_ROTATES = (*NEW_SECRETS, "application.secret.removed", "lead_destination")
"""The prefixes of the changes for which a rotation continues after the plan."""

_NOTHING_ENCRYPTS = (
    "A new secret is needed, but there is no vault password to encrypt it with: run with --vault-password-file or "
    "--vault-id, or name another store in lead_writer_store_write_tasks."
)
_NO_STORE_TASKS = "lead_writer_store_write_tasks names a file that does not exist: correct the path."


@dataclass(frozen=True)
class Role:
    """The role's input, as far as it decides what follows a plan.

    `purpose` is one of PURPOSES. `store_file` is the path of the default store's file, empty for another store, whose
    tasks may not be found. `store_problem` says why nothing can be stored now, or is empty, and `has_stored_secret`
    whether the store has a secret. `read_stored_secret` raises AnsibleError if the store does not return its secret.
    `is_selected` says whether the tags of the run select the tasks with a tag.
    """

    purpose: str
    check_mode: bool
    end_early: bool
    can_keep_secret: bool
    store_problem: str
    has_stored_secret: bool
    store_file: str
    store_tasks_found: bool
    read_stored_secret: Callable[[], object]
    handover_file: str
    publisher_client_id: str
    is_selected: Callable[[str], bool]

    def outcome(self, plan: Mapping[str, Any]) -> dict[str, Any]:
        """Return a plan with what the role does with it.

        `would_change` are the changes of the run in order, including those on the control node. `ends` says whether
        the run ends after the plan. It is a failure if something would stop the steps that follow.
        """
        if plan.get("failed"):
            return {
                **plan,
                "msg": "\n".join(map(self._said, plan["msg"].split("\n"))),
                "would_change": [],
                "ends": False,
            }
        try:
            handover_changes = bool(self.handover_file) and not is_current(self.handover_file, plan["handover"])
        except InvalidInput as error:
            return _stopped([str(error)])
        would_change = self._changes(plan, handover_changes)
        blockers = self._blockers(plan, would_change)
        if blockers:
            return _stopped(blockers)
        ends = self.end_early and (self.check_mode or not self._goes_on(plan, handover_changes))
        sheet = os.path.abspath(os.path.expanduser(sheet_path(self.handover_file)))
        return {
            **plan,
            "would_change": would_change,
            "ends": ends,
            "sheet": sheet,
            "warnings": [*map(self._said, plan["warnings"])],
        }

    def _said(self, sentence: str) -> str:
        return in_words_of_the_role(sentence, self.publisher_client_id)

    def _goes_on(self, plan: Mapping[str, Any], handover_changes: bool) -> bool:
        if handover_changes:
            return True
        if self.purpose == ROTATE:
            return any(change.startswith(_ROTATES) for change in plan["changes"])
        return bool(plan["changes"])

    def _changes(self, plan: Mapping[str, Any], handover_changes: bool) -> list[str]:
        if not self._goes_on(plan, handover_changes):
            return []
        found: list[str] = []
        for step, changes in plan["steps"].items():
            if not self._takes(step):
                continue
            found += changes
            if step in _IDENTITY and self.store_file and NEW_SECRETS.intersection(changes):
                found.append("stored_secret")
        if self._takes("lead_destinations") and handover_changes:
            found.append("handover")
        return found

    def _takes(self, step: str) -> bool:
        if self.purpose == ROTATE:
            return step in _ROTATED
        return self.is_selected(_TAGS[step])

    def _blockers(self, plan: Mapping[str, Any], would_change: list[str]) -> list[str]:
        """Return what would stop the run on the control node."""
        blockers = list(self._left_out(plan))
        files = [self.handover_file] if "handover" in would_change else []
        if NEW_SECRETS.intersection(would_change):
            files.append(self.store_file)
            blockers += [self.store_problem] if self.store_problem else []
            if not self.can_keep_secret:
                blockers.append(_NOTHING_ENCRYPTS)
            elif self.has_stored_secret:
                # No later run could read a new secret that is encrypted with another password than the old one.
                blockers += self._unreadable()
            if not self.store_tasks_found:
                blockers.append(_NO_STORE_TASKS)
        elif any(change.startswith("lead_destination.") and change.endswith(".secret") for change in would_change):
            blockers += self._unreadable()
        return [*blockers, *(sentence for path in files if path for sentence in _not_writable(path))]

    def _left_out(self, plan: Mapping[str, Any]) -> Iterator[str]:
        """Yield a sentence for each step that works on what the tags of the run exclude."""
        for step, makers in _MADE_BY.items():
            for maker in makers:
                made = maker in plan["steps"].get(maker, ())
                if made and plan["steps"].get(step) and self._takes(step) and not self._takes(maker):
                    yield (
                        f"The step {step} needs the {maker}, which does not exist yet and is excluded by the tags of "
                        f"this run: select {_TAGS[maker]} as well."
                    )

    def _unreadable(self) -> list[str]:
        """Return why the secret to hand over cannot be read. The secret is discarded at once."""
        try:
            self.read_stored_secret()
        except AnsibleError as error:
            return [reason_of(error)]
        return []


def _stopped(blockers: list[str]) -> dict[str, Any]:
    return {"failed": True, "msg": "\n".join(blockers), "would_change": [], "ends": False}


def _not_writable(path: str) -> list[str]:
    try:
        check_writable(os.path.abspath(os.path.expanduser(path)))
    except FileNotWritten as error:
        return [str(error)]
    return []
