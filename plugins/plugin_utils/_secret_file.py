# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that keeps an environment's secret: metadata in clear, the secret itself encrypted by Ansible Vault.

One place knows the format, for the action that writes the file and for the lookup that reads its metadata.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import yaml

METADATA = (
    "environment_url",
    "directory_id",
    "application_id",
    "user_name",
    "key_id",
    "secret_name",
    "end_date_time",
    "adopted_key_id",
)
"""What stands in clear, in the file's order."""

SECRET = "secret"  # noqa: S105  # the key's name, not a secret
"""The key of the encrypted value."""

_HEADER = """\
---
# The connection of marketplace leads to this environment, as marketplace_leads.dynamics365 set it up.
# The secret is encrypted by Ansible Vault; everything else is no secret. The role reads the metadata to tell whether
# the secret in this file is the live one, so do not edit the file by hand.
"""


def render(metadata: Mapping[str, Any], encrypted: str) -> str:
    """Return the file's text. C(encrypted) is Ansible Vault's text for the secret."""
    lines = [f"{name}: {_quoted(metadata.get(name))}" for name in METADATA]
    vault = "\n".join(f"  {line}" for line in encrypted.strip().splitlines())
    return _HEADER + "\n".join(lines) + f"\n{SECRET}: !vault |\n{vault}\n"


class UnreadableSecretFile(Exception):
    """The file is there, but it is not one of ours; the text is a sentence with the cure."""


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Metadata(_Loader):  # type: ignore[misc]
    """Reads the file without touching what is encrypted."""


_Metadata.add_constructor("!vault", lambda loader, node: "encrypted")


class _Encrypted(_Loader):  # type: ignore[misc]
    """Reads the file with the encrypted text as it stands there."""


_Encrypted.add_constructor("!vault", lambda loader, node: str(node.value))


def read_metadata(path: str) -> dict[str, str] | None:
    """Return the metadata of a file that C(render) made, or None when there is no file.

    Raises UnreadableSecretFile.
    """
    content = _load(path, _Metadata)
    if content is None:
        return None
    if not isinstance(content, dict) or content.get(SECRET) != "encrypted":
        raise UnreadableSecretFile(
            f"The store's file {path} is not one that this collection wrote: move it away, or name another place."
        )
    return {name: str(content.get(name) or "") for name in METADATA}


def read_encrypted(path: str) -> str | None:
    """Return Ansible Vault's text for the secret in a file that C(render) made, or None when there is no file.

    Raises UnreadableSecretFile.
    """
    if read_metadata(path) is None:
        return None
    return str(_load(path, _Encrypted)[SECRET])


def _load(path: str, loader: Any) -> Any:
    """Return the file's content, or None when there is no file."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return yaml.load(file, Loader=loader) or {}  # noqa: S506  # a safe loader that knows one tag more
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UnreadableSecretFile(
            f"The store's file {path} cannot be read: mend it, or move it away to have a new secret made."
        ) from error


def _quoted(value: Any) -> str:
    # Double-quoted YAML is JSON, which keeps any text a string.
    return "null" if value is None else '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
