# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let uv install from pip's sources.

uv is used because it is fast. But a machine whose pip is configured (for a mirror of packages, or for the certificates
of a company's proxy) rarely has a configured uv, and uv does not read pip's configuration.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys

# Options of pip, and the equivalent variables of uv.
VARIABLES = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}
TRUST = "UV_SYSTEM_CERTS"


def let_uv_follow_pip() -> None:
    """Set the variables of uv in `os.environ` that pip's configuration defines, unless they are set."""
    if TRUST in os.environ:
        return  # Already done by the process that started this one.
    os.environ[TRUST] = "true"
    for option, value in configuration_of_pip().items():
        if option in VARIABLES:
            os.environ.setdefault(VARIABLES[option], value)


def configuration_of_pip() -> dict[str, str]:
    """Return pip's options by name, from its files and its environment variables alike."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, capture_output=True, check=False, text=True).stdout
    # A line reads global.index-url='https://...'; the part before the dot is the command or the scope.
    pairs = (line.split("=", 1) for line in listed.splitlines() if "=" in line)
    return {name.rpartition(".")[2]: str(ast.literal_eval(value)) for name, value in pairs}
