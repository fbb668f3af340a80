# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name, unless the secret to take over was given where others can read it.

It is an action because only the control process knows its command line.
"""

from __future__ import annotations

import re
from typing import Any

from ansible import context
from ansible.errors import AnsibleActionFail

from ..plugin_utils._in_process import InProcess

_SECRET = "lead_writer_adopt_secret"  # noqa: S105  # a variable's name
_PLAIN = re.compile(rf"\b{_SECRET}[\"']?\s*[:=](?!\s*[\"']?(?:\{{\{{|!vault|\$ANSIBLE_VAULT))")
"""The variable with a value that is neither a template nor encrypted."""


class ActionModule(InProcess):
    """Refuses a secret on the command line, then runs the module."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result. Raises AnsibleActionFail."""
        if any(_shows_secret(given) for given in context.CLIARGS.get("extra_vars") or ()):
            raise AnsibleActionFail(
                f"{_SECRET} was given on the command line, where the list of processes and the shell's history show "
                "it: give it encrypted in the variables of the host (ansible-vault encrypt_string), or in a file by -e "
                "@FILE."
            )
        return super().run(tmp, task_vars)


def _shows_secret(given: Any) -> bool:
    """Return whether an option `-e` contains the secret itself rather than a file's name or an encrypted value."""
    text = str(given)
    return not text.startswith("@") and _PLAIN.search(text) is not None
