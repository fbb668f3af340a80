# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give an empty virtual environment its pip without a download.

ansible-test creates empty virtual environments for its sanity tests and then downloads a script that installs pip.
It checks its cache first, so this file is put there (see `ansible_test_home` in the noxfile). Its arguments are the
packages to install, usually one version of pip itself, and options that only the downloaded script would know.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

# The location of uv for a user who has installed it, and of the noxfile's link to the one in use.
UV = Path("~/.local/bin/uv").expanduser()
FOREIGN_OPTIONS = ("--no-setuptools", "--no-wheel")


def by_uv(packages: list[str]) -> bool:
    """Install these packages with uv; return False if uv is missing or fails (only pip is set up for a mirror)."""
    if not UV.exists():
        return False
    command = [str(UV), "pip", "install", "--quiet", "--python", sys.executable, *packages]
    return subprocess.run(command, check=False, env={**os.environ, "UV_SYSTEM_CERTS": "true"}).returncode == 0


def by_ensurepip(arguments: list[str]) -> int:
    """Install the interpreter's bundled pip, then let it install the packages; return its exit status."""
    # In a separate process: called as a function it would make pip ignore its configuration from then on.
    subprocess.run([sys.executable, "-m", "ensurepip"], check=True, stdout=subprocess.DEVNULL)
    wanted = [argument for argument in arguments if argument not in FOREIGN_OPTIONS]
    return subprocess.run([sys.executable, "-m", "pip", "install", *wanted], check=False).returncode


def main(arguments: list[str]) -> int:
    """Install the packages in the arguments; return the exit status."""
    packages = [argument for argument in arguments if not argument.startswith("-")]
    return 0 if by_uv(packages) else by_ensurepip(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
