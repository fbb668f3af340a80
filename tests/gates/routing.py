# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check meta/runtime.yml against the modules that exist.

A module that is missing in the action group does not get its credentials by `module_defaults`; one that is missing in
the routing runs as an ordinary module, which is right but slow. Neither is seen when it happens, so it is checked here.

A module with an action plugin of its own name works on the control node without credentials, so it is in neither.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
GROUP = "all"
ACTION = "in_process"


def complaints(modules: set[str], runtime: dict[str, Any], collection: str) -> Iterator[str]:
    """Yield one sentence for everything that meta/runtime.yml says wrongly about these modules.

    `runtime` is the parsed file, `collection` the name as in "namespace.name".
    """
    yield from _difference(modules, set(runtime["action_groups"][GROUP]), f"action_groups.{GROUP}")
    actions = runtime["plugin_routing"]["action"]
    yield from _difference(modules, set(actions), "plugin_routing.action")
    for module, route in sorted(actions.items()):
        if route != {"redirect": f"{collection}.{ACTION}"}:
            yield f"plugin_routing.action.{module} must redirect to {collection}.{ACTION}, and do nothing else."


def _difference(modules: set[str], listed: set[str], where: str) -> Iterator[str]:
    for module in sorted(modules - listed):
        yield f"Add the module {module} to {where} of meta/runtime.yml."
    for module in sorted(listed - modules):
        yield f"Remove {module} from {where} of meta/runtime.yml, or add plugins/modules/{module}.py."


def main() -> int:
    """Print the complaints about this checkout; return 1 when there are any."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text("utf-8"))
    runtime = yaml.safe_load((ROOT / "meta/runtime.yml").read_text("utf-8"))
    # A module with an action of its own name never signs in: it needs no credentials and no routing.
    actions = {path.stem for path in (ROOT / "plugins/action").glob("*.py")}
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")} - {"__init__"} - actions
    found = list(complaints(modules, runtime, f"{galaxy['namespace']}.{galaxy['name']}"))
    if ACTION not in actions:
        found.append(f"plugins/action/{ACTION}.py is missing, to which every module is routed.")
    print("\n".join(found) or f"{len(modules)} modules, all of them in the action group and routed.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
