# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a solution package comes from: a file on the node, or a URL with a checksum."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._rules.errors import InvalidInput
from .._rules.solution_package import PackagedRole, SolutionPackage
from .._transport.errors import CallFailed
from .._transport.http import Transport, address_shown
from .._transport.run_cache import RunCache

SOLUTION_PACKAGE: dict[str, dict[str, Any]] = {
    "solution_package": {"type": "str"},
    "solution_package_checksum": {"type": "str"},
}
"""The options of modules that count the roles of a package yet to be imported as existing in check mode."""

COMING_ROLES: dict[str, dict[str, Any]] = {
    **SOLUTION_PACKAGE,
    "coming_roles": {"type": "list", "elements": "str", "default": []},
}
"""The same for modules that assign roles, which may also be made by a task before them."""

LARGEST_PACKAGE = 128 * 1024 * 1024
"""Bytes: Dataverse takes no solution of more than 95 MB (Microsoft: "Import solutions")."""

_SHA256 = re.compile("[0-9a-fA-F]{64}")

ComingRoles = Callable[[], Mapping[str, PackagedRole]]
"""Gives the roles that do not exist yet but will, by their name in lower case; called only when one is missing."""


def package_of(
    options: Mapping[str, Any], transport: Callable[[], Transport], cache: RunCache
) -> tuple[SolutionPackage | None, str]:
    """Return the package that C(path) or C(url) names, checked by C(checksum), and how to speak of it.

    C(transport) is called only for a download. Without either option there is no package.
    """
    checksum = options.get("checksum")
    if options.get("path"):
        return package_at(options["path"], "path", checksum), f"path {options['path']}"
    if options.get("url"):
        return package_from(options["url"], checksum or "", transport(), cache), f"url {address_shown(options['url'])}"
    return None, ""


def package_at(path: str, option: str, checksum: str | None = None) -> SolutionPackage:
    """Read the package in a file, and check it if there is a C(checksum). Raises InvalidInput naming C(option)."""
    try:
        with open(os.path.expanduser(path), "rb") as file:
            content = file.read()
    except OSError as error:
        raise InvalidInput(
            f"{option} {path} cannot be read ({error.strerror}): give the path of the solution package."
        ) from error
    if checksum:
        _check(content, _digest(checksum), f"{option} {path}")
    return SolutionPackage.read(content, f"{option} {path}")


def package_from(url: str, checksum: str, transport: Transport, cache: RunCache) -> SolutionPackage:
    """Download the package at an https C(url), once per run, and check it.

    C(checksum) is C(sha256:<hex>). Raises InvalidInput when the download is not what the checksum says, and
    CallFailed when there is none.
    """
    digest = _digest(checksum)
    shown = address_shown(url)
    if not url.startswith("https://"):
        raise InvalidInput(f"url must be an https address, not {shown}.")
    content = cache.get_bytes("package", digest)
    if content is None:
        answer = transport.send("GET", url, download=LARGEST_PACKAGE)
        if answer.status != 200:
            raise CallFailed(
                f"url {shown} was answered with {answer.status}: get the package by other means and give its path.",
                request=answer.request,
                status=answer.status,
            )
        content = answer.content
        _check(content, digest, f"url {shown}")
        cache.put_bytes(content, "package", digest)
    return SolutionPackage.read(content, f"url {shown}")


def _digest(checksum: str) -> str:
    algorithm, _colon, digest = checksum.partition(":")
    if algorithm != "sha256" or not _SHA256.fullmatch(digest):
        raise InvalidInput("checksum must be written as sha256: and 64 hexadecimal digits, and a url needs one.")
    return digest.lower()


def _check(content: bytes, digest: str, origin: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if not hmac.compare_digest(found, digest):
        raise InvalidInput(
            f"{origin} holds a file whose checksum is sha256:{found}, not the one in checksum: do not import it "
            "before you know why."
        )


def no_coming_roles() -> Mapping[str, PackagedRole]:
    """Give no roles: nothing is going to be imported."""
    return {}


def coming_roles(options: Mapping[str, Any], transport: Callable[[], Transport], cache: RunCache) -> ComingRoles:
    """Return what gives the roles of the package in C(solution_package), a path or an https URL.

    To them come those that C(coming_roles) names, of which no more than the name is known.
    """

    def packaged() -> Mapping[str, PackagedRole]:
        place = options.get("solution_package")
        if not place:
            return {}
        if not place.startswith("https://"):
            return package_at(place, "solution_package").roles
        checksum = options.get("solution_package_checksum") or ""
        return package_from(place, checksum, transport(), cache).roles

    def read() -> Mapping[str, PackagedRole]:
        return {**named_roles(options.get("coming_roles") or []), **packaged()}

    return read


def named_roles(names: Sequence[str]) -> dict[str, PackagedRole]:
    """Return roles of which no more than the name is known, by their names in lower case."""
    return {name.lower(): PackagedRole("", name, customizable=True, inherited=None, privileges={}) for name in names}
