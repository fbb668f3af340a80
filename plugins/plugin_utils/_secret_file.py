# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file that stores an environment's secret: a record in plain text, the secret encrypted by Ansible Vault.

This file defines the format, for the action that writes the file and for the lookup that reads its record.
"""

from __future__ import annotations

import json
import os
from typing import Any

import yaml

from ..module_utils._rules.store_record import StoreRecord

SECRET = "secret"  # noqa: S105  # the key's name, not a secret
"""The key of the encrypted value."""

_HEADER = """\
---
# The connection of marketplace leads to this environment, as marketplace_leads.dynamics365 set it up.
# The secret is encrypted by Ansible Vault; everything else is no secret. Keep this file: without it the role cannot
# know which secret is in use. Do not edit it by hand.
"""


def render(record: StoreRecord, encrypted: str | None) -> str:
    """Return the file's text.

    `encrypted` is Ansible Vault's text for the secret, None if no secret exists yet.
    """
    lines = [f"{name}: {_quoted(value)}" for name, value in record.as_mapping().items() if value]
    text = _HEADER + "\n".join(lines) + "\n"
    if not encrypted:
        return text
    vault = "\n".join(f"  {line}" for line in encrypted.strip().splitlines())
    return f"{text}{SECRET}: !vault |\n{vault}\n"


class UnreadableSecretFile(Exception):
    """The file exists, but this collection did not write it; the text is a sentence with the cure."""


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Metadata(_Loader):  # type: ignore[misc]
    """Reads the file without decrypting anything."""


_Metadata.add_constructor("!vault", lambda loader, node: "encrypted")


class _Encrypted(_Loader):  # type: ignore[misc]
    """Reads the file with the encrypted text unchanged."""


_Encrypted.add_constructor("!vault", lambda loader, node: str(node.value))


def read_record(path: str) -> StoreRecord | None:
    """Return the record in a file that `render` wrote, or None if the file does not exist.

    Raises UnreadableSecretFile.
    """
    content = _load(path, _Metadata)
    if content is None:
        return None
    ours = isinstance(content, dict) and (content.get(SECRET) == "encrypted" or content.get("intended_at"))
    if not ours:
        raise UnreadableSecretFile(
            f"The store's file {path} was not written by this collection: move it away, or set another path."
        )
    return StoreRecord.read(content)


def read_encrypted(path: str) -> str | None:
    """Return Ansible Vault's text for the secret in a file that `render` wrote, or None if it has none.

    Raises UnreadableSecretFile.
    """
    if read_record(path) is None:
        return None
    encrypted = _load(path, _Encrypted).get(SECRET)
    return str(encrypted) if encrypted else None


def _load(path: str, loader: Any) -> Any:
    """Return the file's content, or None if the file does not exist."""
    try:
        with open(os.path.expanduser(path), encoding="utf-8") as file:
            return yaml.load(file, Loader=loader) or {}  # noqa: S506  # a safe loader that knows one tag more
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise UnreadableSecretFile(
            f"The store's file {path} cannot be read: repair or restore it; without it the run cannot know which "
            "secret is in use."
        ) from None


def _quoted(value: str) -> str:
    # Double-quoted YAML is JSON, which keeps any text a string.
    return json.dumps(value, ensure_ascii=False)
