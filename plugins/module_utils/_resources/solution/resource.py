# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A solution of an environment: imported from a package, upgraded when the package is newer, removed.

Identity and version are those of the package's own manifest. A package is validated twice: while planning, from what
can be read, and by the environment itself, which has to store the package and is therefore asked only when the plan is
executed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from ..._desired_state.plan import Plan
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID
from ..._rules.solution_package import PackagedRole, SolutionPackage
from ..._rules.solution_version import SolutionVersion
from ..._services.environment.client import OBJECT_DOES_NOT_EXIST, EnvironmentClient
from ..._services.environment.roles import Roles
from ..._services.environment.settings import blocks_unmanaged_customizations
from ..._services.environment.solution_operations import (
    APPLY_UPGRADE,
    IMPORT,
    REMOVE,
    UPGRADE,
    Operation,
    SolutionOperations,
    Start,
)
from ..._services.environment.solutions import HOLDING_SUFFIX, Solution, Solutions, StagedPackage, as_text
from ..._transport.errors import CallFailed, TimedOut
from .options import DesiredSolution
from .package import role_ids


class SolutionResource:
    """Plans one solution."""

    def __init__(
        self,
        environment: EnvironmentClient,
        wanted: DesiredSolution,
        report_progress: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        """`report_progress` is given a sentence about the progress of a long operation now and then."""
        self._environment = environment
        self._host = environment.address.host
        self._solutions = Solutions(environment)
        self._roles = Roles(environment, role_ids(wanted.package))
        self._operations = SolutionOperations(environment, wanted.import_timeout, report_progress)
        self._wanted = wanted
        self._solution: Solution | None = None
        self._operation: Operation | None = None
        self._shown_only = True
        self._plan = Plan()
        self._planned = threading.Event()
        self._failed = False

    @property
    def package(self) -> SolutionPackage | None:
        """The desired package, with the security roles that it brings."""
        return self._wanted.package

    def roles_to_come(self) -> Mapping[str, PackagedRole]:
        """Wait until `plan` has ended in its thread, and return the roles that it will import.

        If the plan failed they count as pending: its failure is reported instead.
        """
        self._planned.wait()
        failed_or_to_import = self._failed or len(self._plan) > 0
        return self._wanted.package.roles if self._wanted.package and failed_or_to_import else {}

    def plan(self) -> Plan:
        """Plan the import, the upgrade or the removal; an operation that was started before is awaited instead."""
        self._failed = True
        try:
            plan = self._make_plan()
            self._failed = False
            return plan
        finally:
            self._planned.set()

    def _make_plan(self) -> Plan:
        self._plan = Plan()
        wanted = self._wanted
        if wanted.operation_id is not None:
            self._await_earlier(wanted.operation_id)
            return self._plan
        found = self._solutions.named([wanted.unique_name, wanted.unique_name + HOLDING_SUFFIX])
        self._solution = found.get(wanted.unique_name.lower())
        pending = found.get((wanted.unique_name + HOLDING_SUFFIX).lower())
        if not wanted.present:
            self._plan_absent(pending)
        elif wanted.package is not None:
            self._plan_present(wanted.package, pending)
        return self._plan

    def state(self) -> dict[str, Any]:
        """Return the solution as it is now, an empty one when there is none, and the operation that was started."""
        package = self._wanted.package
        operation = self._operation
        if len(self._plan) > 0 and self._shown_only:
            operation = Operation(NIL_GUID, NIL_GUID)
        return {
            "solution": self._solution_state(),
            "package": {
                "uniquename": package.unique_name,
                "version": str(package.version),
                "ismanaged": package.managed,
                "roles": [role.name for role in package.roles.values()],
            }
            if package
            else {},
            "operation_id": operation.operation_id if operation else None,
            "import_job_key": operation.import_job_key if operation else None,
        }

    # --- planning

    def _plan_present(self, package: SolutionPackage, pending: Solution | None) -> None:
        installed = self._solution
        if not package.managed and (installed is None or installed.version != package.version):
            self._refuse_unmanaged()
        if installed is None:
            self._find_missing_dependencies(package)
            self._plan.add("solution", None, _shown(package.unique_name, package.version, package.managed), self._bring)
            return
        self._refuse_other_kind(package, installed)
        if installed.version > package.version and not self._may_downgrade(package, installed):
            return
        apply = self._bring
        if pending is not None and installed.version < package.version:
            self._refuse_other_upgrade(package, pending)
            apply = self._apply_pending
        elif installed.version != package.version:
            self._find_missing_dependencies(package)
        self._plan.add("solution.version", str(installed.version), str(package.version), apply)

    def _plan_absent(self, pending: Solution | None) -> None:
        installed = self._solution
        if pending is not None:
            # An upgrade that was imported and never applied also has the solution's components, and keeps them there.
            before = _shown(pending.unique_name, pending.version, pending.managed)
            self._plan.add("solution.pending_upgrade", before, None, lambda: self._remove(pending, wait=True))
        if installed is None:
            return
        # An unmanaged solution leaves its components behind, so its removal breaks nothing.
        dependants = self._solutions.dependants(installed.unique_name) if installed.managed else []
        dependants = [name for name in dependants if pending is None or name != pending.unique_name]
        if dependants:
            raise InvalidInput(
                f"Solution {installed.unique_name} cannot be removed from {self._host} because {', '.join(dependants)} "
                "depends on its components: remove that first."
            )
        before = _shown(installed.unique_name, installed.version, installed.managed)
        self._plan.add("solution", before, None, lambda: self._remove(installed, wait=self._wanted.wait))

    def _refuse_unmanaged(self) -> None:
        """Raise InvalidInput if the environment accepts no unmanaged package."""
        if blocks_unmanaged_customizations(self._environment):
            raise InvalidInput(
                f"{self._wanted.origin} is an unmanaged package, but {self._host} blocks unmanaged customizations: "
                "give the managed package."
            )

    def _refuse_other_kind(self, package: SolutionPackage, installed: Solution) -> None:
        if installed.managed and not package.managed:
            raise InvalidInput(
                f"{self._wanted.origin} is an unmanaged package, but {self._host} has the managed solution "
                f"{installed.unique_name}: give the managed package."
            )
        if package.managed and not installed.managed:
            raise InvalidInput(
                f"{self._wanted.origin} is a managed package, but {self._host} has the unmanaged solution "
                f"{installed.unique_name}: give the unmanaged package, or remove that solution first."
            )

    def _may_downgrade(self, package: SolutionPackage, installed: Solution) -> bool:
        """Say whether an older package may replace a newer installation. Raises InvalidInput if it cannot."""
        newer = f"{self._host} has {installed.unique_name} {installed.version}, which is newer than {package.version}"
        if not self._wanted.allow_downgrade:
            self._plan.warnings.append(f"{newer} of {self._wanted.origin}: it is left as it is.")
            return False
        if package.managed:
            raise InvalidInput(
                f"{newer} of {self._wanted.origin}, and Dataverse does not install an older managed version over a "
                "newer one, even with allow_downgrade: remove the solution first (state absent), which also removes "
                "its security roles from users, then import the package."
            )
        return True

    def _refuse_other_upgrade(self, package: SolutionPackage, pending: Solution) -> None:
        if not self._wanted.upgrade or pending.version != package.version:
            raise InvalidInput(
                f"{self._host} holds an upgrade of {package.unique_name} to {pending.version} that was imported but "
                "never applied: give the package of that version with upgrade set to stage_and_upgrade to apply it, "
                f"or delete the solution {pending.unique_name}."
            )

    def _find_missing_dependencies(self, package: SolutionPackage) -> None:
        """Return the solutions that a package requires and the environment lacks, as far as the manifest names them."""
        asked = {str(each): each.named_solution for each in package.declared_dependencies}
        named = {text: solution for text, solution in asked.items() if solution is not None}
        there = self._solutions.named(sorted({name for name, _version in named.values()}))
        lacking = [
            text
            for text, (name, version) in named.items()
            if name.lower() not in there or there[name.lower()].version < version
        ]
        if lacking:
            self._plan.warnings.append(
                f"{self._wanted.origin} needs components that {self._host} seems to lack: {', '.join(lacking)}. "
                "Import the solutions that bring them first."
            )

    # --- executing

    def _bring(self) -> None:
        self._carry_out(self._prepare_import)

    def _apply_pending(self) -> None:
        def prepare(waited: bool) -> Start | None:
            if waited and self._is_there_now():
                return None
            return Start(APPLY_UPGRADE, {"UniqueName": self._wanted.unique_name})

        self._carry_out(prepare)

    def _carry_out(self, prepare: Callable[[bool], Start | None]) -> None:
        """Start what `prepare` makes, unless another run has done it in the meantime, and wait for its end."""
        self._shown_only = False
        self._operation = self._operations.start(prepare)
        if self._operation is None:
            self._read_back()
        elif self._wanted.wait:
            self._finish_import(self._operation)

    def _prepare_import(self, waited: bool) -> Start | None:
        wanted, package = self._wanted, self._wanted.package
        if package is None:
            raise AssertionError("an import is planned from a package")
        if waited and self._is_there_now():
            return None
        parameters: dict[str, Any] = {
            "OverwriteUnmanagedCustomizations": wanted.overwrite,
            "PublishWorkflows": wanted.publish_workflows,
            "SkipProductUpdateDependencies": False,
        }
        if wanted.stage:
            staged = self._solutions.stage(package.content)
            if staged.previous_version == package.version:
                # Another run was faster between the plan and now.
                return None
            self._judge(staged)
            parameters["SolutionParameters"] = {"StageSolutionUploadId": staged.upload_id}
        else:
            parameters["CustomizationFile"] = as_text(package.content)
        return Start(UPGRADE if wanted.upgrade and self._solution is not None else IMPORT, parameters)

    def _judge(self, staged: StagedPackage) -> None:
        """Raise InvalidInput with the environment's reasons to refuse the package."""
        if staged.missing:
            raise InvalidInput(
                f"{self._wanted.origin} needs components that {self._host} does not have: {', '.join(staged.missing)}. "
                "Import the solutions that bring them first."
            )
        reasons = " ".join(staged.problems)
        if not staged.passed:
            raise InvalidInput(f"{self._wanted.origin} is refused by {self._host}: {reasons or 'it gives no reason'}")
        if reasons:
            self._plan.warnings.append(f"{self._host} reports about {self._wanted.origin}: {reasons}")

    def _await_earlier(self, operation_id: str) -> None:
        """Wait for an operation that an earlier task started; it was that task's change."""
        self._shown_only = False
        # A dry run returns the nil GUID for an operation; there is nothing to wait for.
        if operation_id == NIL_GUID:
            self._is_there_now()
            return
        self._operation = Operation(operation_id)
        if self._wanted.present:
            self._finish_import(self._operation)
        else:
            self._finish_removal(self._operation, self._wanted.unique_name)

    def _finish_import(self, operation: Operation) -> None:
        package = self._wanted.package
        version = f" {package.version}" if package else ""
        try:
            self._operations.finish(operation, f"The import of {self._wanted.unique_name}{version}")
        except TimedOut:
            # The job of an import may stay unfinished for hours after the import has ended.
            if not (self._is_there_now() and self._operations.import_ended(operation)):
                raise
        problems = self._operations.problems(operation, self._wanted.unique_name)
        if problems:
            self._plan.warnings.append(
                f"{self._host} imported {self._wanted.unique_name}, but reported problems: "
                f"{'; '.join(str(problem) for problem in problems[:10])}"
            )
        self._read_back()

    def _read_back(self) -> None:
        """Check that the solution and its security roles exist. Raises CallFailed if they do not."""
        if not self._is_there_now():
            shown = f"version {self._solution.version}" if self._solution else "no such solution"
            raise CallFailed(
                f"{self._host} reports that {self._wanted.unique_name} was imported, but shows {shown}: check the "
                "solution history of the environment, and run again.",
                request="GET solutions",
            )
        there = self._roles.root_copies(self._wanted.roles)
        missing = [name for name in self._wanted.roles if name.lower() not in there]
        if missing:
            raise CallFailed(
                f"{self._host} imported {self._wanted.unique_name}, but the security role {', '.join(missing)} did not "
                "come with it: remove the solution (state absent) and import it again.",
                request="GET roles",
            )

    def _is_there_now(self) -> bool:
        """Read the solution again and say whether it is what the package brings."""
        name = self._wanted.unique_name
        self._solution = self._solutions.named([name]).get(name.lower())
        package = self._wanted.package
        return self._solution is not None and (package is None or self._solution.version == package.version)

    def _remove(self, installed: Solution, *, wait: bool) -> None:
        self._shown_only = False
        if not installed.managed:
            self._solutions.delete(installed)
            self._read_absence(installed.unique_name)
            return

        def prepare(waited: bool) -> Start | None:
            if waited and installed.unique_name.lower() not in self._solutions.named([installed.unique_name]):
                return None
            return Start(REMOVE, {"SolutionUniqueName": installed.unique_name})

        try:
            self._operation = self._operations.start(prepare)
        except CallFailed as failed:
            if failed.status != 404 or failed.has_code(OBJECT_DOES_NOT_EXIST):
                raise
            # An environment without the asynchronous action removes a solution while the caller waits.
            self._solutions.delete(installed)
        if self._operation is None:
            self._read_absence(installed.unique_name)
        elif wait:
            self._finish_removal(self._operation, installed.unique_name)

    def _finish_removal(self, operation: Operation, name: str) -> None:
        self._operations.finish(operation, f"The removal of {name}")
        self._read_absence(name)

    def _read_absence(self, name: str) -> None:
        found = self._solutions.named([name, self._wanted.unique_name])
        self._solution = found.get(self._wanted.unique_name.lower())
        if name.lower() in found:
            raise CallFailed(
                f"{self._host} reports that {name} was removed, but still shows it: check the solution history of the "
                "environment, and run again.",
                request="GET solutions",
            )

    def _solution_state(self) -> dict[str, Any]:
        solution, package = self._solution, self._wanted.package
        if solution is not None:
            return {
                "solutionid": solution.solution_id,
                "uniquename": solution.unique_name,
                "friendlyname": solution.friendly_name,
                "version": str(solution.version),
                "ismanaged": solution.managed,
                "installedon": solution.installed_on,
            }
        if package is None or not self._wanted.present:
            return {}
        return {
            "solutionid": NIL_GUID,
            "uniquename": package.unique_name,
            "friendlyname": package.friendly_name,
            "version": str(package.version),
            "ismanaged": package.managed,
            "installedon": None,
        }


def _shown(unique_name: str, version: SolutionVersion, managed: bool) -> dict[str, Any]:
    return {"uniquename": unique_name, "version": str(version), "ismanaged": managed}
