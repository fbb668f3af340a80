# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a solution package comes from: a file on the node, or a URL with a checksum."""

from __future__ import annotations

import functools
import hashlib
import hmac
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._rules.errors import InvalidInput
from ..._rules.solution_package import PackagedRole, SolutionPackage
from ..._services.environment.client import EnvironmentClient
from ..._services.environment.solutions import Solutions
from ..._transport.errors import CallFailed
from ..._transport.http import Transport, address_shown
from ..._transport.run_cache import RunCache

SOLUTION_PACKAGE: dict[str, dict[str, Any]] = {
    "solution_package": {"type": "str"},
    "solution_package_checksum": {"type": "str"},
}
"""The options of modules that, in check mode, treat the roles of a package to import as existing."""

COMING_ROLES: dict[str, dict[str, Any]] = {
    **SOLUTION_PACKAGE,
    "pending_roles": {"type": "list", "elements": "str", "default": []},
}
"""The same for modules that assign roles, which an earlier task may also create."""

LARGEST_PACKAGE = 128 * 1024 * 1024
"""Bytes: Dataverse accepts no solution of more than 95 MB (Microsoft: "Import solutions")."""

_SHA256 = re.compile("[0-9a-fA-F]{64}")

_DOWNLOADING = threading.Lock()
_FAILED: dict[tuple[str, str], CallFailed] = {}
"""Failed downloads of this process, which lives for one task: no environment waits for the same failure again."""

PendingRoles = Callable[[], Mapping[str, PackagedRole]]
"""Returns the roles that do not exist yet but will, by their name in lower case; called only when one is missing."""


def package_of(
    options: Mapping[str, Any], transport: Callable[[], Transport], cache: RunCache
) -> tuple[SolutionPackage | None, str]:
    """Return the package that `path` or `url` names, checked by `checksum`, and its name for sentences.

    `transport` is called only for a download. Without either option there is no package.
    """
    checksum = options.get("checksum")
    if options.get("path"):
        return package_at(options["path"], "path", checksum), f"path {options['path']}"
    if options.get("url"):
        return package_from(options["url"], checksum or "", transport(), cache), f"url {address_shown(options['url'])}"
    return None, ""


def package_at(path: str, option: str, checksum: str | None = None) -> SolutionPackage:
    """Read the package in a file, and check it if there is a `checksum`. Raises InvalidInput naming `option`."""
    try:
        with open(os.path.expanduser(path), "rb") as file:
            content = file.read()
    except OSError as error:
        raise InvalidInput(
            f"{option} {path} cannot be read ({error.strerror}): give the path of the solution package."
        ) from error
    if checksum:
        _check(content, _digest(checksum), f"{option} {path}")
    return _parsed(content, f"{option} {path}")


def package_from(url: str, checksum: str, transport: Transport, cache: RunCache) -> SolutionPackage:
    """Download the package at an https `url`, once per run, and check it.

    `checksum` is `sha256:<hex>`. Raises InvalidInput if the download does not match the checksum, and CallFailed if it
    fails.
    """
    digest = _digest(checksum)
    shown = address_shown(url)
    if not url.startswith("https://"):
        raise InvalidInput(f"url must be an https address, not {shown}.")
    # Environments that are planned in parallel wait for the first one's download.
    with _DOWNLOADING:
        content = cache.get_bytes("package", digest)
        if content is None:
            if (url, digest) in _FAILED:
                raise _FAILED[url, digest]
            try:
                content = _downloaded(url, shown, digest, transport)
            except CallFailed as failed:
                _FAILED[url, digest] = failed
                raise
            cache.put_bytes(content, "package", digest)
    return _parsed(content, f"url {shown}")


def _downloaded(url: str, shown: str, digest: str, transport: Transport) -> bytes:
    answer = transport.send("GET", url, download=LARGEST_PACKAGE)
    if answer.status != 200:
        raise CallFailed(
            f"url {shown} was answered with {answer.status}: get the package by other means and give its path.",
            request=answer.request,
            status=answer.status,
        )
    _check(answer.content, digest, f"url {shown}")
    return answer.content


@functools.lru_cache(maxsize=8)
def _parsed(content: bytes, origin: str) -> SolutionPackage:
    """Read a package once in a process: all environments of a run usually use the same one."""
    return SolutionPackage.read(content, origin)


def _digest(checksum: str) -> str:
    algorithm, _colon, digest = checksum.partition(":")
    if algorithm != "sha256" or not _SHA256.fullmatch(digest):
        raise InvalidInput("checksum must be written as sha256: and 64 hexadecimal digits, and a url needs one.")
    return digest.lower()


def _check(content: bytes, digest: str, origin: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if not hmac.compare_digest(found, digest):
        raise InvalidInput(
            f"{origin} holds a file whose checksum is sha256:{found}, not the one in checksum: do not import it until "
            "you know why."
        )


def no_coming_roles() -> Mapping[str, PackagedRole]:
    """Return no roles: nothing will be imported."""
    return {}


def expected_package(
    options: Mapping[str, Any], transport: Callable[[], Transport], cache: RunCache
) -> SolutionPackage | None:
    """Return the package in `solution_package`, a path or an https URL; None if the caller names none.

    Raises InvalidInput or CallFailed.
    """
    place = options.get("solution_package")
    if not place:
        return None
    if not place.startswith("https://"):
        return package_at(place, "solution_package")
    return package_from(place, options.get("solution_package_checksum") or "", transport(), cache)


def role_ids(package: SolutionPackage | None) -> dict[str, str]:
    """Return the ids of a package's roles by their names in lower case."""
    roles = package.roles.items() if package else ()
    return {name: role.role_id for name, role in roles if role.role_id}


def pending_roles(
    options: Mapping[str, Any], package: SolutionPackage | None, environment: Callable[[], EnvironmentClient]
) -> PendingRoles:
    """Return a function that returns the roles of a `package` unless that is installed already.

    It also returns those that `pending_roles` names, of which only the name is known.
    """

    def read() -> Mapping[str, PackagedRole]:
        named = named_roles(options.get("pending_roles") or [])
        if package is None:
            return named
        installed = Solutions(environment()).named([package.unique_name]).get(package.unique_name.lower())
        if installed is not None and installed.version >= package.version:
            return named
        return {**named, **package.roles}

    return read


def named_roles(names: Sequence[str]) -> dict[str, PackagedRole]:
    """Return roles of which only the name is known, by their names in lower case."""
    return {name.lower(): PackagedRole("", name, customizable=True, inherited=None, privileges={}) for name in names}
