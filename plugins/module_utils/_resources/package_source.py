# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a solution package comes from: a file on the node, or a URL with a checksum."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable, Mapping
from typing import Any

from .._rules.errors import InvalidInput
from .._rules.solution_package import PackagedRole, SolutionPackage
from .._transport.errors import CallFailed
from .._transport.http import Transport
from .._transport.run_cache import RunCache

SOLUTION_PACKAGE: dict[str, dict[str, Any]] = {
    "solution_package": {"type": "str"},
    "solution_package_checksum": {"type": "str"},
}
"""The options of modules that count the roles of a package yet to be imported as existing in check mode."""

ComingRoles = Callable[[], Mapping[str, PackagedRole]]
"""Gives the roles that do not exist yet but will, by their name in lower case; called only when one is missing."""


def package_at(path: str, option: str) -> SolutionPackage:
    """Read the package in a file. Raises InvalidInput naming C(option)."""
    try:
        with open(os.path.expanduser(path), "rb") as file:
            content = file.read()
    except OSError as error:
        raise InvalidInput(
            f"{option} {path} cannot be read ({error.strerror}): give the path of the solution package."
        ) from error
    return SolutionPackage.read(content, f"{option} {path}")


def package_from(url: str, checksum: str, transport: Transport, cache: RunCache) -> SolutionPackage:
    """Download the package at an https C(url), once per run, and check it.

    C(checksum) is C(sha256:<hex>). Raises InvalidInput when the download is not what the checksum says, and
    CallFailed when there is none.
    """
    algorithm, _colon, digest = checksum.partition(":")
    if algorithm != "sha256" or len(digest) != 64:
        raise InvalidInput("checksum must be written as sha256: and 64 hexadecimal digits.")
    if not url.startswith("https://"):
        raise InvalidInput(f"url must be an https address, not {url}.")
    content = cache.get_bytes("package", digest.lower())
    if content is None:
        answer = transport.send("GET", url)
        if answer.status != 200:
            raise CallFailed(
                f"url {url} was answered with {answer.status}: get the package by other means and give its path.",
                request=answer.request,
                status=answer.status,
            )
        content = answer.content
        found = hashlib.sha256(content).hexdigest()
        if not hmac.compare_digest(found, digest.lower()):
            raise InvalidInput(
                f"url {url} holds a file whose checksum is sha256:{found}, not the one in checksum: do not import it "
                "before you know why."
            )
        cache.put_bytes(content, "package", digest.lower())
    return SolutionPackage.read(content, f"url {url}")


def no_coming_roles() -> Mapping[str, PackagedRole]:
    """Give no roles: nothing is going to be imported."""
    return {}


def coming_roles(options: Mapping[str, Any], transport: Callable[[], Transport], cache: RunCache) -> ComingRoles:
    """Return what gives the roles of the package in C(solution_package), a path or an https URL."""

    def read() -> Mapping[str, PackagedRole]:
        place = options.get("solution_package")
        if not place:
            return {}
        if not place.startswith("https://"):
            return package_at(place, "solution_package").roles
        checksum = options.get("solution_package_checksum") or ""
        return package_from(place, checksum, transport(), cache).roles

    return read
