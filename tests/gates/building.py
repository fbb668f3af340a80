# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's artifact like a release: from tracked files, not from leftovers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def tracked_files(root: Path = ROOT) -> list[Path]:
    """Return the paths, relative to a checkout, of all files that git tracks or does not ignore."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted({Path(name) for name in listed if name and (root / name).is_file()})


def build(folder: Path, *, as_release: bool = False, root: Path = ROOT) -> Path:
    """Build the collection of a checkout into `folder` and return the path of the artifact.

    With `as_release`, a development version like 1.0.0-dev0 is built under the number of its release.
    """
    source = folder / "source"
    for path in tracked_files(root):
        target = source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, target)
    if as_release:
        galaxy = source / "galaxy.yml"
        text = galaxy.read_text("utf-8")
        galaxy.write_text(re.sub(r"(?m)^(version: [0-9.]+)-.*$", r"\1", text), "utf-8")
    subprocess.run(["ansible-galaxy", "collection", "build", source, "--output-path", folder], check=True)
    (artifact,) = folder.glob("*.tar.gz")
    shutil.rmtree(source)
    return artifact
