# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated cloud that both sides of a comparison talk to: one process, asked through its control API."""

from __future__ import annotations

import contextlib
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[1]
_CONTROL = "https://control.simulator.test"
_CLOCK_TICKS_PER_SECOND = 100  # of /proc on every Linux
_STARTING_SECONDS = 60


class Cloud:
    """A running simulator with one environment in each of its tenants."""

    def __init__(self, folder: Path, environments: int, **settings: float) -> None:
        """Start it with this number of tenants. `settings` are the simulator's, such as import_seconds."""
        self.inventory = folder / "inventory.yml"
        chosen = [argument for name, value in settings.items() for argument in ("--set", f"{name}={value}")]
        command = [sys.executable, "-m", "simulator", "serve", "--tenants", str(environments)]
        self._process = subprocess.Popen(
            [*command, "--inventory-out", str(self.inventory), *chosen], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.variables = self._read_variables()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.proxies = {"https": self.variables["HTTPS_PROXY"]}
        self._session.verify = self.variables["REQUESTS_CA_BUNDLE"]
        self.tenants: list[dict[str, Any]] = self._control("GET", "/tenants")["tenants"]

    def _read_variables(self) -> dict[str, str]:
        stdout = self._process.stdout
        assert stdout is not None
        variables: dict[str, str] = {}
        end = time.monotonic() + _STARTING_SECONDS
        # The variables come in one burst, after everything else is ready.
        while not {"HTTPS_PROXY", "REQUESTS_CA_BUNDLE"} <= variables.keys() or select.select([stdout], [], [], 0.05)[0]:
            line = stdout.readline()
            if not line or time.monotonic() > end:
                raise RuntimeError("The simulator did not start: run python -m simulator serve to see why.")
            if line.startswith("export "):
                name, _equals, value = line.removeprefix("export ").strip().partition("=")
                variables[name] = value
        return variables

    def close(self) -> None:
        """Stop the simulator."""
        self._session.close()
        self._process.terminate()
        self._process.wait(timeout=30)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def cpu_seconds(self) -> float | None:
        """The processor time that the simulator has used so far, or None if the system does not report it."""
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return None
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / _CLOCK_TICKS_PER_SECOND

    def forget_requests(self) -> None:
        """Empty the request log."""
        self._control("DELETE", "/requests")

    def requests(self) -> list[dict[str, Any]]:
        """Return the request log since it was last emptied."""
        entries: list[dict[str, Any]] = self._control("GET", "/requests")["requests"]
        return entries

    def delay_every_answer(self, seconds: float) -> None:
        """Delay every response from now on."""
        self._control("POST", "/faults", {"latency_seconds": seconds, "count": 0})

    def state(self) -> Any:
        """Everything that exists in the cloud."""
        return self._control("GET", "/state")

    def restore(self, state: Any) -> None:
        """Replace the state with `state`."""
        self._control("PUT", "/state", state)

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, _CONTROL + path, json=body, timeout=120)
        answer.raise_for_status()
        return answer.json()


@contextlib.contextmanager
def running(folder: Path, environments: int, **settings: float) -> Iterator[Cloud]:
    """Yield a simulator that stops at the end of the block. `folder` is created; the inventory is written there."""
    folder.mkdir(parents=True)
    cloud = Cloud(folder, environments, **settings)
    try:
        yield cloud
    finally:
        cloud.close()
