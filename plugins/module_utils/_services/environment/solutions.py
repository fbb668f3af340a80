# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The solutions of one environment: what is installed, what a package requires, what a removal would break."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ..._rules.odata import any_of, key_literal, text_literal
from ..._rules.solution_version import SolutionVersion
from ..._transport.errors import CallFailed
from ..client import Expect
from .client import SOLUTION_CONCURRENCY, EnvironmentClient

HOLDING_SUFFIX = "_Upgrade"
"""An upgrade that was imported but not applied yet is a solution of its own, named with this ending."""

_COLUMNS = ("solutionid", "uniquename", "friendlyname", "version", "ismanaged", "installedon")
_ALL_COLUMNS = (*_COLUMNS, "description", "isvisible", "solutionpackageversion", "createdon", "modifiedon")


@dataclass(frozen=True)
class Solution:
    """An installed solution."""

    solution_id: str
    unique_name: str
    friendly_name: str
    version: SolutionVersion
    managed: bool
    installed_on: str | None = None


@dataclass(frozen=True)
class StagedPackage:
    """A package that the environment has stored and validated but not imported.

    `previous_version` is the version of the solution that is installed at that moment. `missing` are components that
    the package needs and the environment lacks, each with its solution; `problems` are the environment's own sentences.
    """

    upload_id: str
    passed: bool
    previous_version: SolutionVersion | None
    missing: tuple[str, ...]
    problems: tuple[str, ...]


class Solutions:
    """Reads solutions, and performs the operations without a job: staging a package, deleting an unmanaged solution."""

    def __init__(self, environment: EnvironmentClient) -> None:
        self._environment = environment

    def named(self, names: Collection[str]) -> dict[str, Solution]:
        """Return the installed solutions of these unique names, by their names in lower case."""
        if not names:
            return {}
        condition = any_of([f"uniquename eq {text_literal(name)}" for name in names])
        rows = self._environment.list("solutions", select=_COLUMNS, filter=condition)
        return {row["uniquename"].lower(): _solution(row) for row in rows}

    def described(self, unique_name: str | None, with_hidden: bool) -> list[dict[str, Any]]:
        """Return solutions with their publishers, with the environment's own names: one, or all that it shows."""
        conditions = [] if with_hidden or unique_name is not None else ["isvisible eq true"]
        if unique_name is not None:
            conditions.append(f"uniquename eq {text_literal(unique_name)}")
        rows = self._environment.list(
            "solutions",
            select=_ALL_COLUMNS,
            filter=" and ".join(conditions) or None,
            expand="publisherid($select=uniquename,friendlyname)",
        )
        return [_described(row) for row in rows]

    def stage(self, content: bytes) -> StagedPackage:
        """Have the environment store and validate a package. Raises CallFailed if it cannot read it.

        Staging twice leaves two uploads and nothing else, so the request may be repeated.
        """
        body = {"CustomizationFile": as_text(content)}
        answer = self._environment.call(
            "POST", "StageSolution", expect=Expect.OBJECT, body=body, repeatable=True, own_codes=(SOLUTION_CONCURRENCY,)
        )
        staged = answer.body.get("StageSolutionResults") or {}
        upload_id, details = staged.get("StageSolutionUploadId"), staged.get("SolutionDetails") or {}
        if not upload_id:
            raise CallFailed(
                f"{self._environment.address.host} staged the package but named no upload: set stage to false to send "
                "the package with the import itself.",
                request=answer.request,
                status=answer.status,
            )
        previous = details.get("PreviousSolutionVersion")
        return StagedPackage(
            upload_id=upload_id,
            passed=staged.get("StageSolutionStatus") == "Passed",
            previous_version=SolutionVersion.parse(previous) if previous else None,
            missing=_grouped(staged.get("MissingDependencies") or []),
            problems=tuple(
                " ".join(str(row["Message"]).split())
                for row in staged.get("SolutionValidationResults") or []
                if row.get("Message")
            ),
        )

    def dependants(self, unique_name: str) -> list[str]:
        """Return the unique names of solutions with components that need one of this solution's.

        If the environment cannot name the solution, its id is used.
        """
        answer = self._environment.get(
            f"RetrieveDependenciesForUninstall(SolutionUniqueName=@name)?@name={key_literal(unique_name)}"
        )
        ids = {str(row.get("dependentcomponentbasesolutionid") or "").lower() for row in answer.get("value") or []}
        ids.discard("")
        if not ids:
            # A dependency without a named solution still counts.
            return ["the environment's own customizations"] if answer.get("value") else []
        condition = any_of([f"solutionid eq {each}" for each in sorted(ids)])
        rows = self._environment.list("solutions", select=("solutionid", "uniquename"), filter=condition)
        names = {row["solutionid"].lower(): row["uniquename"] for row in rows}
        return sorted(names.get(each, each) for each in ids)

    def delete(self, solution: Solution) -> None:
        """Delete the row of a solution: an unmanaged one loses only its container, its components stay."""
        self._environment.delete("solutions", solution.solution_id)


def as_text(content: bytes) -> str:
    """Return a package in the form that the service accepts in JSON."""
    return base64.b64encode(content).decode("ascii")


def _solution(row: dict[str, Any]) -> Solution:
    return Solution(
        solution_id=row["solutionid"].lower(),
        unique_name=row["uniquename"],
        friendly_name=row.get("friendlyname") or row["uniquename"],
        version=SolutionVersion.parse(row["version"]),
        managed=bool(row["ismanaged"]),
        installed_on=row.get("installedon"),
    )


def _described(row: dict[str, Any]) -> dict[str, Any]:
    publisher = row.get("publisherid") or {}
    return {
        **{name: row.get(name) for name in _ALL_COLUMNS},
        "publisher": {name: publisher.get(name) for name in ("uniquename", "friendlyname")},
    }


_MOST_SHOWN = 5
"""The number of a solution's components that are named; the rest is counted."""


def _grouped(rows: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return what is missing by the solution that brings it, because only solutions can be installed."""
    by_solution: dict[str, dict[str, None]] = {}
    for row in rows:
        by_solution.setdefault(str(row.get("RequiredSolutionName") or ""), {})[_required(row)] = None
    return tuple(_shown_group(solution, [*components]) for solution, components in by_solution.items())


def _shown_group(solution: str, components: list[str]) -> str:
    named = ", ".join(components[:_MOST_SHOWN])
    if len(components) > _MOST_SHOWN:
        named += f" and {len(components) - _MOST_SHOWN} more"
    return f"{named} (from {solution})" if solution else named


def _required(row: dict[str, Any]) -> str:
    names = ("RequiredComponentDisplayName", "RequiredComponentSchemaName", "RequiredComponentId")
    return next((str(row[key]) for key in names if row.get(key)), "a component without a name")
