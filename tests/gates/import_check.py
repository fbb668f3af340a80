# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let Galaxy's importer judge the artifact, with the settings of Automation Hub.

Stricter than the importer itself in one point: what it reports as an error without refusing the import fails here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.gates.building import build

# Certification asks for a tag of its list and for a version from 1.0.0 on. The version of a checkout is a development
# version, which sorts before its release, so the artifact is built under the release's number.
AS_AUTOMATION_HUB = {
    "GALAXY_IMPORTER_CHECK_REQUIRED_TAGS": "true",
    "GALAXY_IMPORTER_REQUIRE_V1_OR_GREATER": "true",
    "GALAXY_IMPORTER_RUN_FLAKE8": "true",
}
ERROR = "ERROR:"
# Said of a tool that the importer looks for and does not find: without this line a check would vanish unseen.
MISSING = "not found"


def main() -> int:
    """Build, import and print the importer's log; return 1 when it holds an error."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        artifact = build(folder, as_release=True)
        result = subprocess.run(
            [sys.executable, "-m", "galaxy_importer.main", artifact.name],
            cwd=folder, env={**os.environ, **AS_AUTOMATION_HUB}, check=False, capture_output=True, text=True,
        )  # fmt: skip
    log = result.stdout + result.stderr
    print(log)
    complaints = [line for line in log.splitlines() if line.startswith(ERROR) or MISSING in line]
    print(
        "\n".join(["Galaxy's importer complains:", *complaints])
        if complaints
        else "Galaxy's importer has no complaint."
    )
    return 1 if complaints else result.returncode


if __name__ == "__main__":
    sys.exit(main())
