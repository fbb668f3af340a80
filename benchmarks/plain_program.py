# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lower bound: a plain Python program without Ansible that makes the requests of a list, on threads.

It is the simplest program that gets these responses: one session for each thread, so that connections are kept from
one environment to the next; one token for each host; every response parsed. It decides nothing.

    python plain_program.py LIST --threads N
"""

from __future__ import annotations

import argparse
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

_of_this_thread = threading.local()


def _session() -> requests.Session:
    if not hasattr(_of_this_thread, "session"):
        _of_this_thread.session = requests.Session()
    session: requests.Session = _of_this_thread.session
    return session


def read(environment: dict[str, Any]) -> int:
    """Make the requests of one environment and return their number. Raises RuntimeError for an unexpected response."""
    session = _session()
    tokens: dict[str, str] = {}
    for step in environment["steps"]:
        form = None
        headers = {}
        if step["token_for"]:
            form = {
                "grant_type": "client_credentials",
                "client_id": environment["client_id"],
                "client_secret": environment["client_secret"],
                "scope": f"https://{step['token_for']}/.default",
            }
        elif step["token_of"]:
            headers["Authorization"] = f"Bearer {tokens[step['token_of']]}"
        answer = session.request(step["method"], step["url"], data=form, headers=headers, timeout=60)
        if answer.status_code != step["status"]:
            raise RuntimeError(f"{step['method']} {step['url']} returned {answer.status_code}")
        content = answer.json() if answer.text else {}
        if step["token_for"]:
            tokens[step["token_for"]] = content["access_token"]
    return len(environment["steps"])


def main() -> None:
    """Read the list and make its requests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path)
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    environments = json.loads(options.list.read_text(encoding="utf-8"))
    with ThreadPoolExecutor(options.threads) as pool:
        print(sum(pool.map(read, environments)), "requests")


if __name__ == "__main__":
    main()
