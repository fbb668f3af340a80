# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes an environment's connection details for Partner Center as JSON and as a Markdown sheet.

It is an action rather than a module because its files belong to the control node, like the store.
"""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..module_utils._rules.errors import InvalidInput
from ..plugin_utils._files import FileNotWritten, remove_file, write_whole
from ..plugin_utils._handover import FIELDS, merged, read, read_text, render, sheet_path
from ..plugin_utils._plain_variables import PlainVariables


class ActionModule(PlainVariables, ActionBase):
    """Writes, compares or removes the two files of one environment."""

    TRANSFERS_FILES = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Bring both files to the desired state and return what changed."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _valid, options = self.validate_argument_spec(
            argument_spec={
                "path": {"type": "path", "required": True},
                **FIELDS,
                "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            },
        )
        path = os.path.abspath(os.path.expanduser(options["path"]))
        try:
            result.update(self._bring(path, options))
        except (FileNotWritten, InvalidInput) as error:
            raise AnsibleActionFail(str(error)) from None
        return result

    def _bring(self, path: str, options: dict[str, Any]) -> dict[str, Any]:
        before = read(path)
        # The record of what was handed over comes first, because the sheet can always be made from it.
        paths = (path, sheet_path(path))
        texts: tuple[str | None, ...] = (None, None)
        after: dict[str, Any] = {}
        if options["state"] == "present":
            after = merged(before, options)
            texts = render(after)
        held = tuple(read_text(each) for each in paths)
        changed = held != texts
        if not self._task.check_mode:
            for place, old, new in zip(paths, held, texts):
                if new is None:
                    remove_file(place)
                elif old != new:
                    write_whole(place, new)
        told = {
            "changed": changed,
            "changes": ["handover"] if changed else [],
            "path": paths[0],
            "sheet": paths[1],
            "handover": after,
        }
        if changed and self._task.diff:
            told["diff"] = [
                {"before_header": place, "after_header": place, "before": old or "", "after": new or ""}
                for place, old, new in zip(paths, held, texts)
                if old != new
            ]
        return told
