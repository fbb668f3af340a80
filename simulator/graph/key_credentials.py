# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates of an application: only their public half is stored."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ..directory.store import Object
from .call import Call
from .errors import GraphError, bad_request


def replaced(call: Call, holder: Object, wanted: list[Any]) -> list[Object]:
    """The key credentials after an update: those repeated by `keyId` stay, those with a `key` are new.

    Raises GraphError for an invalid certificate.
    """
    known = {item["keyId"]: item for item in holder["keyCredentials"]}
    result: list[Object] = []
    for item in wanted:
        if not isinstance(item, dict):
            raise _invalid("A key credential is an object.")
        if item.get("key") is None and item.get("keyId") in known:
            result.append(known[item["keyId"]])
            continue
        if item.get("type") != "AsymmetricX509Cert" or item.get("usage") not in ("Verify", None):
            raise _invalid("The type of a key credential is 'AsymmetricX509Cert' and its usage 'Verify'.")
        made = call.directory.key_credential(_certificate(item.get("key")).public_bytes(Encoding.PEM))
        if item.get("displayName"):
            made["displayName"] = item["displayName"]
        result.append(made)
    return result


def _certificate(key: Any) -> x509.Certificate:
    try:
        content = base64.b64decode(key, validate=True)
        if content.startswith(b"-----BEGIN"):
            return x509.load_pem_x509_certificate(content)
        return x509.load_der_x509_certificate(content)
    except (TypeError, ValueError, binascii.Error) as error:
        raise _invalid("Key value is invalid certificate.") from error


def _invalid(message: str) -> GraphError:
    return bad_request(message, code="KeyCredentialsInvalidCertificate", target="keyCredentials")
