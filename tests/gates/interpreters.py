# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Pythons for each ansible-core, and which of them this machine has."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess

# For each supported ansible-core the Pythons its controller runs on, the one to test with first.
# Source: the support matrix of ansible-core; a core outside this table is outside `requires_ansible` as tested.
PYTHONS_OF_CORE: dict[str, tuple[str, ...]] = {
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.12", "3.13", "3.14"),
    "2.21": ("3.13", "3.12", "3.14"),
}

# The same for an ansible-core that has only pre-releases. Once it is released, its line moves up.
PYTHONS_OF_UPCOMING_CORE: dict[str, tuple[str, ...]] = {
    "2.22": ("3.13", "3.14"),
}

# The oldest Python on a target (`modules.python_requires` in tests/config.yml).
OLDEST_FOR_MODULES = "3.9"


def python_for_core(core: str) -> str | None:
    """Return the version ("3.12") of the first installed Python that suits this ansible-core, else None."""
    return next((version for version in pythons_of(core) if is_here(version)), None)


def pythons_of(core: str) -> tuple[str, ...]:
    """Return the versions of Python that suit this ansible-core, the one to test with first."""
    return (PYTHONS_OF_CORE | PYTHONS_OF_UPCOMING_CORE)[core]


def newest_core() -> str | None:
    """Return the newest supported ansible-core that a Python of this machine can run, else None."""
    return next((core for core in reversed(PYTHONS_OF_CORE) if python_for_core(core)), None)


def outer_cores() -> list[str]:
    """Return the oldest and the newest supported ansible-core: what both take, those between them take as well."""
    cores = [*PYTHONS_OF_CORE]
    return [cores[0], cores[-1]] if len(cores) > 1 else cores


def is_here(version: str) -> bool:
    """Whether this Python can be used: it starts, and it can create virtual environments."""
    return program(version) is not None


@functools.cache
def program(version: str) -> str | None:
    """Return the path of the program itself, else None.

    The file on PATH may be a shim of pyenv: it may exist for a version that is not selected, and it needs environment
    variables that not every tool passes on.
    """
    command = shutil.which(f"python{version}")
    if command is None:
        return None
    question = "import ensurepip, sys, venv; print(sys.executable)"
    answer = subprocess.run([command, "-c", question], capture_output=True, check=False, text=True)
    return answer.stdout.strip() or None if answer.returncode == 0 else None


def select_all_of_pyenv() -> None:
    """Make every Python installed by pyenv available as `pythonX.Y`, as if all of them were selected.

    Does nothing without pyenv. The user's selection stays first, so plain `python3` means the same as before.
    """
    pyenv = shutil.which("pyenv")
    if pyenv is None:
        return
    selected = _lines(pyenv, "version-name")
    chosen = selected[0].split(":") if selected else []
    # Newest first: if two patch releases of one version are installed, the shim takes the first.
    installed = sorted(_lines(pyenv, "versions", "--bare", "--skip-aliases"), key=_by_number, reverse=True)
    others = [version for version in installed if version not in chosen and _by_number(version) >= (3,)]
    os.environ["PYENV_VERSION"] = ":".join([*chosen, *others])
    program.cache_clear()


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, check=False, text=True).stdout.split()


def _by_number(version: str) -> tuple[int, ...]:
    """Sort key of "3.12.1"; other names (pypy, named environments) sort first and are left out."""
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()
