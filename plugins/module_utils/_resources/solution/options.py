# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a solution, and their checks before any request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..._rules.errors import InvalidInput
from ..._rules.guids import guid
from ..._rules.solution_package import SolutionPackage
from ..._transport.http import Transport
from ..._transport.run_cache import RunCache
from .package import package_of

OPTIONS: dict[str, dict[str, Any]] = {
    "path": {"type": "path"},
    "url": {"type": "str"},
    "checksum": {"type": "str"},
    "unique_name": {"type": "str"},
    "roles": {"type": "list", "elements": "str"},
    "upgrade": {"type": "str", "choices": ["update", "stage_and_upgrade"], "default": "update"},
    "allow_downgrade": {"type": "bool", "default": False},
    "overwrite_unmanaged_customizations": {"type": "bool", "default": False},
    "publish_workflows": {"type": "bool", "default": True},
    "stage": {"type": "bool", "default": True},
    "wait": {"type": "bool", "default": True},
    "import_timeout": {"type": "int", "default": 3600},
    "operation_id": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
"""The options of a solution, also inside the plan of a whole environment."""

RULES: dict[str, tuple[Any, ...]] = {
    "mutually_exclusive": (("path", "url"),),
    "required_if": (
        ("state", "present", ("path", "url"), True),
        ("state", "absent", ("unique_name", "path", "url"), True),
    ),
}
"""The rules between the options."""


@dataclass(frozen=True)
class DesiredSolution:
    """What the caller asks for. `package` and its `origin` may be missing if the solution is to be removed.

    `roles` are names of security roles that must exist after an import. `operation_id` is a job that was started before
    and is only awaited. `import_timeout` is in seconds.
    """

    unique_name: str
    package: SolutionPackage | None = None
    origin: str = ""
    roles: tuple[str, ...] = ()
    upgrade: bool = False
    allow_downgrade: bool = False
    overwrite: bool = False
    publish_workflows: bool = True
    stage: bool = True
    wait: bool = True
    import_timeout: float = 3600.0
    operation_id: str | None = None
    present: bool = True

    @classmethod
    def from_options(
        cls, options: Mapping[str, Any], transport: Callable[[], Transport], cache: RunCache
    ) -> DesiredSolution:
        """Read the options of OPTIONS, and the package that they name.

        `transport` is called only when the package has to be downloaded. Raises InvalidInput or CallFailed.
        """
        package, origin = package_of(options, transport, cache)
        present = options["state"] == "present"
        if present and package is None:
            raise InvalidInput("path or url is needed to import a solution: name its package.")
        unique_name = options["unique_name"] or (package.unique_name if package else "")
        if not unique_name:
            raise InvalidInput("path, url and unique_name are missing: give one of them to identify the solution.")
        if package is not None and unique_name.lower() != package.unique_name.lower():
            raise InvalidInput(
                f"unique_name is {unique_name}, but {origin} holds the solution {package.unique_name}: "
                "correct it, or leave it out."
            )
        if present and package is not None and options["upgrade"] == "stage_and_upgrade" and not package.managed:
            raise InvalidInput(f"upgrade is stage_and_upgrade, but {origin} is an unmanaged package: set it to update.")
        return cls(
            unique_name=package.unique_name if package else unique_name,
            package=package,
            origin=origin,
            roles=_roles_that_come(options["roles"], package, origin),
            upgrade=options["upgrade"] == "stage_and_upgrade",
            allow_downgrade=options["allow_downgrade"],
            overwrite=options["overwrite_unmanaged_customizations"],
            publish_workflows=options["publish_workflows"],
            stage=options["stage"],
            wait=options["wait"],
            import_timeout=float(options["import_timeout"]),
            operation_id=guid(options["operation_id"], "operation_id") if options["operation_id"] else None,
            present=present,
        )


def require_role(wanted: DesiredSolution, role: str) -> None:
    """Require that a package brings the security role that is to be assigned. Raises InvalidInput.

    Regardless of what is installed: another package of the same name, or a wrong one, must not be imported.
    """
    if wanted.package is not None and role.lower() not in wanted.package.roles:
        raise InvalidInput(
            f"role {role!r} is not in {wanted.origin} (security roles in it: {_brought(wanted.package)}): name the "
            "package that brings it, or correct the role."
        )


def _brought(package: SolutionPackage) -> str:
    return ", ".join(role.name for role in package.roles.values()) or "none"


def _roles_that_come(names: list[str] | None, package: SolutionPackage | None, origin: str) -> tuple[str, ...]:
    """The names of the roles to read back, as the package spells them."""
    if package is None:
        return ()
    if names is None:
        return tuple(role.name for role in package.roles.values())
    unknown = [name for name in names if name.lower() not in package.roles]
    if unknown:
        brought = _brought(package)
        raise InvalidInput(
            f"roles names {', '.join(unknown)}, but {origin} does not bring it (security roles in it: {brought}): "
            "correct the name."
        )
    return tuple(package.roles[name.lower()].name for name in names)
