# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Install published clients for the tests, one group of them at a time.

    python -m tests.gates.clients python npm

If a group is unavailable, `.nox/published-clients/GROUP/unavailable` holds the reason, and its tests are skipped with
it. Installed clients are kept until the group's file names other versions.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from tests.clients.installed import GROUPS, HERE, HOME, NPM

OLDEST_NODE = 20
#: The newest Python that a group supports.
NEWEST_PYTHON = {"airbyte": (3, 11)}
LONGEST_SECONDS = 900


def install(group: str) -> str:
    """Install a group if needed; return why it is unavailable, or nothing. Raises no error of a registry."""
    folder = HOME / group
    wanted = (HERE / ("package.json" if group == NPM else f"{group}.txt")).read_text("utf-8")
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    reason = _npm(folder) if group == NPM else _python(group, folder)
    if reason:
        (folder / "unavailable").write_text(reason + "\n", "utf-8")
    else:
        # The stamp is written last, so that an interrupted installation is repeated.
        stamp.write_text(wanted, "utf-8")
    return reason


def _python(group: str, folder: Path) -> str:
    newest = NEWEST_PYTHON.get(group)
    if newest is not None and sys.version_info[:2] > newest:
        return f"{group} needs Python {newest[0]}.{newest[1]} or older"
    # Next to the Python that runs nox, or anywhere else.
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    python, requirements = str(folder / "bin" / "python"), str(HERE / f"{group}.txt")
    if uv:
        commands = [
            [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, "--requirement", requirements],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", str(folder)],
            [python, "-m", "pip", "install", "--quiet", "--requirement", requirements],
        ]
    return _run(group, commands, folder)


def _npm(folder: Path) -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return "Node.js or npm is not installed"
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    if int(version.strip().lstrip("v").partition(".")[0] or 0) < OLDEST_NODE:
        return f"Node.js {version.strip()} is older than {OLDEST_NODE}"
    shutil.copyfile(HERE / "package.json", folder / "package.json")
    # No package scripts are run: none of these clients needs one.
    options = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--omit=dev", "--loglevel=error"]
    return _run(NPM, [[npm, "install", *options]], folder)


def _run(group: str, commands: list[list[str]], folder: Path) -> str:
    for command in commands:
        try:
            ended = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            return f"{group} was not installed within {LONGEST_SECONDS} seconds"
        if ended.returncode:
            last = (ended.stderr.strip() or "no reason given").splitlines()[-1]
            return f"{group} cannot be installed here: {last}"
    return ""


def main() -> int:
    """Install the groups that the command line names, and report unavailable ones; the status is always 0."""
    parser = argparse.ArgumentParser(description="Install published clients for the tests.")
    parser.add_argument("groups", nargs="+", choices=GROUPS)
    for group in parser.parse_args().groups:
        print(f"{group}: {install(group) or 'installed'}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
