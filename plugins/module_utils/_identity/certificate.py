# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner's certificate, opened before msal sees it, so that errors name what is wrong with the file.

Through cryptography, which msal itself depends on.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from datetime import datetime, timezone
from typing import Any

from .._rules.errors import InvalidInput

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import pkcs12
except ImportError:  # pragma: no cover - comes with msal, whose absence the entry point reports
    pass

_LARGEST_FILE = 1024 * 1024
"""Bytes: a key with a chain of certificates has a few thousand."""

_DER = b"\x30"
"""Every PFX file begins with this (a sequence of ASN.1)."""

_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----.+?-----END [A-Z ]*PRIVATE KEY-----", re.DOTALL)
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def read_certificate(path: str, passphrase: str | None) -> dict[str, Any]:
    """Return what msal needs to sign in with the private key and the certificate in a file, as PEM or as PFX.

    Raises InvalidInput that names what is wrong with the file or its passphrase.
    """
    content = _content(path)
    secret = passphrase.encode() if passphrase else None
    if b"-----BEGIN" in content:
        key, certificates = _from_pem(path, content, secret)
    else:
        key, certificates = _from_pfx(path, content, secret)
    certificate = _check(path, key, certificates)
    return {
        "private_key": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode(),
        "public_certificate": certificate.public_bytes(serialization.Encoding.PEM).decode(),
    }


def _content(path: str) -> bytes:
    try:
        with open(os.path.expanduser(path), "rb") as file:
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise InvalidInput(
            f"client_certificate_path {path} cannot be read: correct the path or its permissions."
        ) from error
    if len(content) > _LARGEST_FILE:
        raise _no_file_of_ours(path)
    return content


def _from_pem(path: str, content: bytes, passphrase: bytes | None) -> tuple[Any, list[Any]]:
    key, certificates = _KEY.search(content), _CERTIFICATE.findall(content)
    if not key:
        raise _lacks(path, "private key")
    try:
        loaded = serialization.load_pem_private_key(key.group(), passphrase)
        return loaded, [x509.load_pem_x509_certificate(each) for each in certificates]
    except TypeError as error:
        raise (_not_needed(path) if passphrase else _needed(path)) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise (_wrong(path) if passphrase else _no_file_of_ours(path)) from error


def _from_pfx(path: str, content: bytes, passphrase: bytes | None) -> tuple[Any, list[Any]]:
    if not content.startswith(_DER):
        raise _base64(path) if _is_base64(content) else _no_file_of_ours(path)
    opened = _opened(content, passphrase)
    if opened is None:
        if passphrase is None:
            raise _needed(path)
        raise _wrong(path) if _opened(content, None) is None else _not_needed(path)
    key, certificate, others = opened
    if key is None:
        raise _lacks(path, "private key")
    return key, [each for each in (certificate, *others) if each is not None]


def _opened(content: bytes, passphrase: bytes | None) -> Any:
    """Return key and certificates of a PFX file, or None when the passphrase does not open it."""
    try:
        return pkcs12.load_key_and_certificates(content, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        # A file without a passphrase is written in two ways: with none, and with an empty one.
        return _opened(content, b"") if passphrase is None else None


def _is_base64(content: bytes) -> bool:
    try:
        return base64.b64decode(b"".join(content.split()), validate=True).startswith(_DER)
    except binascii.Error:
        return False


def _check(path: str, key: Any, certificates: list[Any]) -> Any:
    """Return the certificate that belongs to the key. Raises InvalidInput when msal could not sign in with the two."""
    if not certificates:
        raise _lacks(path, "certificate")
    if not isinstance(key, RSAPrivateKey):
        raise InvalidInput(
            f"client_certificate_path {path} holds a key that is not RSA, which Microsoft Entra does not accept: make "
            "a certificate with an RSA key and register it."
        )
    own = [each for each in certificates if _bytes_of(each.public_key()) == _bytes_of(key.public_key())]
    if not own:
        raise InvalidInput(
            f"client_certificate_path {path} holds a private key and a certificate that do not match: put a matching "
            "pair into the file."
        )
    certificate = max(own, key=_end)
    if _end(certificate) < datetime.now(timezone.utc):
        raise InvalidInput(
            f"The certificate in client_certificate_path {path} expired on {_end(certificate):%Y-%m-%d}: register a "
            "new one and give its path, or set this machine's clock if that day is in the future."
        )
    return certificate


def _bytes_of(public_key: Any) -> bytes:
    made: bytes = public_key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return made


def _end(certificate: Any) -> datetime:
    # Older releases of cryptography know only the time without a zone, which is UTC.
    end: datetime | None = getattr(certificate, "not_valid_after_utc", None)
    return end if end is not None else certificate.not_valid_after.replace(tzinfo=timezone.utc)


def _lacks(path: str, what: str) -> InvalidInput:
    return InvalidInput(
        f"client_certificate_path {path} holds no {what}: put the private key and the certificate into one file, as "
        "PEM or as PFX."
    )


def _needed(path: str) -> InvalidInput:
    return InvalidInput(
        f"client_certificate_path {path} is encrypted: give its passphrase in client_certificate_passphrase."
    )


def _not_needed(path: str) -> InvalidInput:
    return InvalidInput(
        f"client_certificate_path {path} is not encrypted, but client_certificate_passphrase is given: leave it out, "
        "and unset AZURE_CLIENT_CERTIFICATE_PASSWORD if it comes from there."
    )


def _wrong(path: str) -> InvalidInput:
    return InvalidInput(
        f"client_certificate_path {path} cannot be opened with client_certificate_passphrase: correct the passphrase, "
        "or the file if it is damaged."
    )


def _base64(path: str) -> InvalidInput:
    return InvalidInput(
        f"client_certificate_path {path} holds a base64-encoded PFX file: decode it first, for example by base64 -d."
    )


def _no_file_of_ours(path: str) -> InvalidInput:
    return InvalidInput(
        f"client_certificate_path {path} holds no readable private key and certificate: give a PEM or PFX file."
    )
