# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give an empty virtual environment its pip without a download.

ansible-test makes bare virtual environments for its sanity tests and then wants to fetch a script that installs pip.
Before it does, it looks for that script in its cache, so this file is put there (see `ansible_test_home` in the
noxfile). It is called with what pip should install, usually one version of pip itself, and with options that only
the fetched script would know.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# Where uv lies for a user who has installed it, and where the noxfile puts a link to the one that it uses.
UV = Path("~/.local/bin/uv").expanduser()
FOREIGN_OPTIONS = ("--no-setuptools", "--no-wheel")


def by_uv(packages: list[str]) -> bool:
    """Install these packages in a moment; return False where uv is not or cannot (only pip is set up for a mirror)."""
    if not UV.exists():
        return False
    command = [str(UV), "pip", "install", "--quiet", "--python", sys.executable, *packages]
    return subprocess.run(command, check=False, env={**os.environ, "UV_SYSTEM_CERTS": "true"}).returncode == 0


def by_ensurepip(arguments: list[str]) -> int:
    """Install the interpreter's own bundled pip, then let it install what was asked for; return its exit status."""
    # In a process of its own: called as a function it would make pip blind to its configuration from here on.
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    wanted = [argument for argument in arguments if argument not in FOREIGN_OPTIONS]
    return subprocess.run([sys.executable, "-m", "pip", "install", *wanted], check=False).returncode


def main(arguments: list[str]) -> int:
    """Install what the arguments name; return the exit status."""
    packages = [argument for argument in arguments if not argument.startswith("-")]
    return 0 if by_uv(packages) else by_ensurepip(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
