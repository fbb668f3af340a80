# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs that are compared, and the cloud in the state in which each comparison starts."""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

from packages.build import file_name, package

from .cloud import ROOT, Cloud, running
from .request_log import Request, Step, by_environment, difference, kinds, steps_to_repeat
from .timing import Timing, timed
from .uri_playbook import inventory, playbook

COLLECTION = "marketplace_leads.dynamics365"
AT_ONCE = {"import_seconds": 0, "replication_seconds": 0, "secret_activation_seconds": 0}
"""Settings of a cloud without delays, so that a comparison measures work and not pauses."""

_THE_USUAL_WAY = {"MARKETPLACE_LEADS_IN_PROCESS": "0"}


class MeasuredWrongly(Exception):
    """A measurement is invalid; the message says what happened instead."""


class Laboratory:
    """Runs the programs. Every run of Ansible has the same settings, forks and interpreter."""

    def __init__(self, folder: Path, forks: int) -> None:
        self._folder = folder
        self.forks = forks
        self._package = folder / file_name()
        self._package.write_bytes(package())
        self._vault_password = folder / "vault_password"
        self._vault_password.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        namespace, name = COLLECTION.split(".")
        collections = folder / "collections"
        checkout = collections / "ansible_collections" / namespace / name
        checkout.parent.mkdir(parents=True)
        checkout.symlink_to(ROOT, target_is_directory=True)
        configuration = folder / "ansible.cfg"
        configuration.write_text("[defaults]\n", encoding="utf-8")
        self._environment = {
            # No personal configuration takes part.
            "ANSIBLE_CONFIG": str(configuration),
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_LOCALHOST_WARNING": "0",
            # The interpreter that has msal; discovering one on every host would only slow down the usual way.
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
        }

    @contextlib.contextmanager
    def cloud(self, name: str, environments: int, **settings: float) -> Iterator[CloudWithPrograms]:
        """Yield a cloud of untouched environments with the programs to run against it."""
        folder = self._folder / name
        with running(folder, environments, **settings) as cloud:
            yield CloudWithPrograms(self, cloud, folder)

    def role(
        self, cloud: Cloud, folder: Path, *arguments: str, forks: int = 0, environment: Mapping[str, str] | None = None
    ) -> Timing:
        """Run the playbook configure; the secrets are stored in `folder`."""
        command = [
            *(sys.executable, "-m", "ansible", "playbook", f"{COLLECTION}.configure", "-i", str(cloud.inventory)),
            *("--vault-password-file", str(self._vault_password), "--forks", str(forks or self.forks)),
            *("-e", f"lead_writer_solution_path={self._package}", "-e", f"lead_writer_store_directory={folder}/store"),
            *arguments,
        ]
        return timed(command, {**self._environment, **cloud.variables, **(environment or {})}, folder, cloud)

    def other_playbook(self, cloud: Cloud, folder: Path, path: Path, its_inventory: Path) -> Timing:
        """Run any playbook."""
        command = [sys.executable, "-m", "ansible", "playbook", str(path), "-i", str(its_inventory)]
        return timed([*command, "--forks", str(self.forks)], {**self._environment, **cloud.variables}, folder, cloud)


class CloudWithPrograms:
    """A cloud, and the programs that are run against it."""

    def __init__(self, laboratory: Laboratory, cloud: Cloud, folder: Path) -> None:
        self._laboratory = laboratory
        self.cloud = cloud
        self._folder = folder
        self.last_log: dict[str, list[Request]] = {}
        """Return the requests of the last program, by environment."""

    def role(self, *arguments: str, forks: int = 0) -> Timing:
        """Run the role as it is."""
        return self._logged(lambda: self._laboratory.role(self.cloud, self._folder, *arguments, forks=forks))

    def role_the_usual_way(self) -> Timing:
        """Run the same role by ordinary module execution and without its early end."""
        return self._logged(
            lambda: self._laboratory.role(
                self.cloud, self._folder, "-e", "lead_writer_end_early=false", environment=_THE_USUAL_WAY
            )
        )

    def uri_playbook(self) -> Timing:
        """Make the requests of a converged run as tasks of ansible.builtin.uri."""
        path, its_inventory = self._uri_files
        timing = self._logged(lambda: self._laboratory.other_playbook(self.cloud, self._folder, path, its_inventory))
        self._check_requests()
        return timing

    def plain_program(self) -> Timing:
        """Make the requests of a converged run by a plain program with as many threads as Ansible has forks."""
        command = [sys.executable, str(Path(__file__).with_name("plain_program.py")), str(self._list_of_requests)]
        command += ["--threads", str(self._laboratory.forks)]
        timing = self._logged(lambda: timed(command, self.cloud.variables, self._folder, self.cloud))
        self._check_requests()
        return timing

    def start_over(self, untouched: object) -> None:
        """Reset the cloud to its initial state, and forget every secret."""
        self.cloud.restore(untouched)
        shutil.rmtree(self._folder / "store", ignore_errors=True)

    @cached_property
    def converged(self) -> dict[str, list[Request]]:
        """Return the requests of a converged run for each environment. Raises MeasuredWrongly if it writes."""
        self.role()
        for requests in self.last_log.values():
            for request in requests:
                if request.write:
                    raise MeasuredWrongly(f"a second run wrote: {request.method} {request.host}{request.path}")
        return self.last_log

    @cached_property
    def _steps(self) -> dict[str, list[Step]]:
        steps = {name: steps_to_repeat(requests) for name, requests in self.converged.items()}
        longest = max(steps.values(), key=len)
        wanted = kinds(longest)
        for name, its_steps in steps.items():
            # A response may have been cached from another environment, so that this list ends earlier.
            if kinds(its_steps) != wanted[: len(its_steps)]:
                asked = "\n  ".join(f"{step.method} {step.url} {step.status}" for step in its_steps)
                raise MeasuredWrongly(
                    f"{name} receives different requests from the rest, which one play cannot make:\n  {asked}"
                )
        return steps

    @cached_property
    def _credentials(self) -> dict[str, dict[str, str]]:
        return {tenant["environments"][0]["name"]: tenant["runner"] for tenant in self.cloud.tenants}

    @cached_property
    def _uri_files(self) -> tuple[Path, Path]:
        # JSON is YAML as well.
        paths = self._folder / "uri_playbook.yml", self._folder / "uri_inventory.yml"
        most_steps = max(self._steps.values(), key=len)
        in_all = min(map(len, self._steps.values()))
        hosts = inventory(self._steps, self._credentials, self.cloud.variables["REQUESTS_CA_BUNDLE"])
        for path, content in zip(paths, (playbook(most_steps, in_all), hosts), strict=True):
            path.write_text(json.dumps(content), encoding="utf-8")
        return paths

    @cached_property
    def _list_of_requests(self) -> Path:
        path = self._folder / "requests.json"
        content = [
            {**self._credentials[name], "steps": [asdict(step) for step in steps]}
            for name, steps in self._steps.items()
        ]
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    def _logged(self, run: Callable[[], Timing]) -> Timing:
        self.cloud.forget_requests()
        timing = run()
        self.last_log = by_environment(self.cloud.requests(), self.cloud.tenants)
        return timing

    def _check_requests(self) -> None:
        """Raise MeasuredWrongly if the last program did not make exactly the requests of a converged run."""
        for name, requests in self.last_log.items():
            differing = difference(self.converged[name], requests)
            if differing:
                raise MeasuredWrongly(f"{name} received different requests: {differing[0]}")
