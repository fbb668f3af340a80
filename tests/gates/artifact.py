# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install the built artifact into an empty folder and run the demo with it.

A checkout does not reveal a file that is missing from the artifact; this does. The simulator and the demo itself are
not part of the artifact.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.gates.building import build, tracked_files

ROOT = Path(__file__).resolve().parents[2]

# Files for users. Every other tracked file may be in the artifact or not.
SHIPPED = ("plugins", "roles", "playbooks", "evidence", "docs", "meta", "requirements.txt", "README.md", "LICENSES")
# Files of a checkout that must not be published.
PRIVATE = (".git", ".github", ".ci", ".nox", ".venv", "build", "simulator", "demo", "packages", "__pycache__")


def complaints(installed: Path) -> Iterator[str]:
    """Yield one message for each file that is missing from the installed collection, or does not belong there."""
    for path in tracked_files():
        if path.parts[0] in SHIPPED and not (installed / path).is_file():
            yield f"{path} is not in the artifact; see build_ignore in galaxy.yml."
    for path in installed.rglob("*"):
        if any(part in PRIVATE for part in path.relative_to(installed).parts):
            yield f"{path.relative_to(installed)} is in the artifact; add it to build_ignore in galaxy.yml."


def main() -> int:
    """Build, install, compare, run the demo with the installed collection; return 1 if something is wrong."""
    with tempfile.TemporaryDirectory(prefix="artifact-") as place:
        collections = Path(place, "collections")
        install = ["ansible-galaxy", "collection", "install", "--offline", "--collections-path", str(collections)]
        subprocess.run([*install, str(build(Path(place)))], check=True)
        (installed,) = collections.glob("ansible_collections/*/*/")
        found = list(complaints(installed))
        if found:
            print("\n".join(found))
            return 1
        demo = [sys.executable, str(ROOT / "demo/run.py"), "--collections-path", str(collections), *sys.argv[1:]]
        # Without the checkout on the path, so that Ansible finds the collection in the artifact only.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(demo, cwd=place, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
