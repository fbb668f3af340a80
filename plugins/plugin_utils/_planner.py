# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans many environments in parallel in one process.

Each environment is planned by the code of the module `lead_writer_plan`. They share connections and their trust
settings, the package, and the caches of the run. A failure of one never affects another.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values

from ..module_utils._entry_point import CREDENTIALS, EXPECTED_FAILURES, ModuleContext, logins_in, said
from ..module_utils._environment_plan.options import ARGUMENTS
from ..module_utils._environment_plan.report import read
from ..module_utils._transport.errors import forms_checked
from ..module_utils._transport.http import Transport
from ..module_utils._transport.run_cache import RunCache

_MANY = 20
"""The number of environments from which progress is shown."""
_PROGRESS_SECONDS = 5.0
_SPEC = {name: value for name, value in ARGUMENTS.module_arguments().items() if name != "supports_check_mode"}
_CREDENTIALS = frozenset(
    name for option in CREDENTIALS.options.values() for name in option.get("fallback", ((), ()))[1]
)
"""The environment variables that replace omitted options."""


class Planner:
    """Plans environments on its own threads; to be used in a `with` statement.

    Planning starts while environments are still added, so that templates are evaluated while services respond.
    """

    def __init__(self, threads: int, run_directory: str | None, total: int, say: Callable[[str], None]) -> None:
        """`run_directory` is Ansible's private one for the run; `say` shows how far the plans of `total` hosts are."""
        self._pool = ThreadPoolExecutor(max_workers=max(1, threads))
        self._cache = RunCache(run_directory)
        self._total = total
        self._say = say
        self._running: dict[Future[dict[str, Any]], str] = {}
        self._transports: dict[tuple[Any, ...], Transport] = {}
        self._process_environment = dict(os.environ)
        self._environment: Mapping[str, str] = {}
        self._last_said = time.monotonic()
        self._plans: dict[str, dict[str, Any]] = {}

    def __enter__(self) -> Planner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._use({})

    def add(self, host: str, given: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        """Plan the environment of a host by the options of `lead_writer_plan`.

        `environment` are the environment variables of its task. Credentials among them are read here. The others
        apply to the whole process, so environments that differ in them wait for each other.
        """
        others = {name: value for name, value in environment.items() if name not in _CREDENTIALS}
        if others != self._environment:
            self._wait_for_all()
            self._use(others)
        with _variables({name: value for name, value in environment.items() if name in _CREDENTIALS}):
            validated = ArgumentSpecValidator(**_SPEC).validate(dict(given))
        if validated.error_messages:
            self._plans[host] = {"failed": True, "msg": "; ".join(validated.error_messages)}
            return
        options = validated.validated_parameters
        key = options["ca_bundle"], options["timeout"], options["record_directory"]
        if key not in self._transports:
            self._transports[key] = ModuleContext(options, self._cache).transport
        context = ModuleContext(options, self._cache, transport=self._transports[key])
        self._running[self._pool.submit(_plan, context, {*validated._no_log_values, *logins_in(options)})] = host
        self._collect(0)

    def plans(self) -> dict[str, dict[str, Any]]:
        """Wait for all plans and return them by host.

        A plan that could not be made has `failed`, `msg` with a sentence for each blocker, and `failure`.
        """
        self._wait_for_all()
        return self._plans

    def _wait_for_all(self) -> None:
        while self._running:
            self._collect(_PROGRESS_SECONDS)

    def _collect(self, seconds: float) -> None:
        """Take the plans that are ready within a few seconds."""
        done, _others = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        for future in done:
            self._plans[self._running.pop(future)] = future.result()
        now = time.monotonic()
        if self._total > _MANY and now - self._last_said >= _PROGRESS_SECONDS and len(self._plans) < self._total:
            self._last_said = now
            self._say(f"Planned {len(self._plans)} of {self._total} environments")

    def _use(self, environment: Mapping[str, str]) -> None:
        if environment != self._environment:
            self._environment = environment
            os.environ.clear()
            os.environ.update({**self._process_environment, **environment})


def _plan(context: ModuleContext, secrets: set[str]) -> dict[str, Any]:
    try:
        with forms_checked():
            plan = read(context)
    except EXPECTED_FAILURES as error:
        plan = {"failed": True, "msg": said(error), "failure": getattr(error, "failure", None)}
    except Exception as error:  # whatever it is, the other environments continue
        plan = {"failed": True, "msg": fault(error)}
    cleaned: dict[str, Any] = remove_values(plan, secrets)
    return cleaned


@contextlib.contextmanager
def _variables(added: Mapping[str, str]) -> Iterator[None]:
    """Add environment variables for as long as something is read."""
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def fault(error: Exception) -> str:
    """Return the sentence for an unexpected error."""
    return f"The plan was not made because of a fault of this collection ({type(error).__name__}: {error}): report it."
