# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the artifact with Galaxy's importer, with the settings of Automation Hub.

Stricter than the importer, which refuses little: each error or warning that it reports fails here, unless it is
tolerated below.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.gates.building import build

# Certification requires a tag from its list and a version from 1.0.0 on. The version of a checkout is a development
# version, which sorts before its release, so the artifact is built under the release's number.
AS_AUTOMATION_HUB = {
    "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",
    "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "true",
    "GALAXY_IMPORTER_RUN_FLAKE8": "true",
}
COMPLAINTS = ("ERROR:", "WARNING:")
# Part of a complaint, and why it is tolerated.
TOLERATED = {
    " W503 ": "PEP 8 itself wants the line broken before a binary operator, and ruff does so",
    " E203 ": "a slice of expressions has spaces around its colon, as PEP 8 and ruff have it",
    "Ignore files skip ansible-test sanity tests": "each line of these files carries its reason",
}


def complaints(log: str) -> list[str]:
    """Return the lines of the importer's log that are complaints about the collection."""
    said = [line for line in log.splitlines() if line.startswith(COMPLAINTS)]
    return [line for line in said if not any(part in line for part in TOLERATED)]


def main() -> int:
    """Build, import and print the importer's log; return 1 if it holds a complaint."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        artifact = build(folder, as_release=True)
        result = subprocess.run(
            [sys.executable, "-m", "galaxy_importer.main", artifact.name],
            cwd=folder, env={**os.environ, **AS_AUTOMATION_HUB}, check=False, capture_output=True, text=True,
        )  # fmt: skip
    log = result.stdout + result.stderr
    print(log)
    found = complaints(log)
    print("\n".join(found and ["Galaxy's importer complains:", *found]) or "Galaxy's importer has no complaint.")
    return 1 if found else result.returncode


if __name__ == "__main__":
    sys.exit(main())
