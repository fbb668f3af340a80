# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runner's certificate: the refusal of an unusable file names its fault."""

from __future__ import annotations

import base64
import functools
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.certificate import (
    read_certificate,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

PASSPHRASE = "not told"
_LOCK = serialization.BestAvailableEncryption(PASSPHRASE.encode())
_OPEN = serialization.NoEncryption()


@functools.cache
def rsa_key(number: int = 1) -> Any:
    return rsa.generate_private_key(65537, 2048)


@functools.cache
def ec_key() -> Any:
    return ec.generate_private_key(ec.SECP256R1())


def certificate(key: Any, days: int = 30) -> Any:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "runner")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=90))
    return builder.not_valid_after(now + timedelta(days=days)).sign(key, hashes.SHA256())


def key_pem(key: Any, encryption: Any = _OPEN) -> bytes:
    content: bytes = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    return content


def certificate_pem(key: Any, days: int = 30) -> bytes:
    content: bytes = certificate(key, days).public_bytes(serialization.Encoding.PEM)
    return content


def pfx(key: Any, of: Any = None, encryption: Any = _OPEN, days: int = 30) -> bytes:
    return pkcs12.serialize_key_and_certificates(b"runner", key, certificate(of or key, days), None, encryption)


RSA, OTHER, EC = rsa_key(1), rsa_key(2), ec_key()

GOOD = {
    "pem": (certificate_pem(RSA) + key_pem(RSA), None),
    "pem with passphrase": (certificate_pem(RSA) + key_pem(RSA, _LOCK), PASSPHRASE),
    "pem with a chain before its own": (certificate_pem(OTHER) + certificate_pem(RSA) + key_pem(RSA), None),
    "pfx": (pfx(RSA), None),
    "pfx with passphrase": (pfx(RSA, encryption=_LOCK), PASSPHRASE),
}

BAD = {
    "pem, wrong passphrase": (certificate_pem(RSA) + key_pem(RSA, _LOCK), "wrong", "cannot be opened with"),
    "pem, no passphrase": (certificate_pem(RSA) + key_pem(RSA, _LOCK), None, "is encrypted: give its passphrase"),
    "pem, passphrase not needed": (certificate_pem(RSA) + key_pem(RSA), PASSPHRASE, "is not encrypted, but"),
    "pem without key": (certificate_pem(RSA), None, "holds no private key"),
    "pem without certificate": (key_pem(RSA), None, "holds no certificate"),
    "pem of another key": (
        certificate_pem(OTHER) + key_pem(RSA),
        None,
        "a private key and a certificate that do not match",
    ),
    "pem with an elliptic curve": (certificate_pem(EC) + key_pem(EC), None, "a key that is not RSA"),
    "pem that has expired": (certificate_pem(RSA, -2) + key_pem(RSA), None, "expired on 20"),
    "half a pem": (certificate_pem(RSA) + key_pem(RSA)[:200], None, "holds no private key"),
    "a damaged pem": (
        certificate_pem(RSA) + key_pem(RSA).replace(b"M", b"!", 9),
        None,
        "no readable private key and certificate",
    ),
    "pfx, wrong passphrase": (pfx(RSA, encryption=_LOCK), "wrong", "cannot be opened with"),
    "pfx, no passphrase": (pfx(RSA, encryption=_LOCK), None, "is encrypted: give its passphrase"),
    "pfx, passphrase not needed": (pfx(RSA), PASSPHRASE, "is not encrypted, but"),
    "pfx without key": (
        pkcs12.serialize_key_and_certificates(None, None, certificate(RSA), None, _OPEN),
        None,
        "holds no private key",
    ),
    "pfx with an elliptic curve": (pfx(EC), None, "a key that is not RSA"),
    "pfx that has expired": (pfx(RSA, days=-2), None, "expired on 20"),
    "pfx as base64": (base64.b64encode(pfx(RSA)), None, "base64-encoded PFX file: decode it first"),
    "pfx as base64 in lines": (
        base64.encodebytes(pfx(RSA, encryption=_LOCK)),
        PASSPHRASE,
        "base64-encoded PFX file: decode",
    ),
    "text": (b"client-secret-123", None, "no readable private key and certificate: give a PEM or PFX file"),
    "nothing": (b"", None, "no readable private key and certificate: give a PEM or PFX file"),
    "too much": (b"\x30" * (2 * 1024 * 1024), None, "no readable private key and certificate: give a PEM or PFX file"),
}


@pytest.mark.parametrize("name", ["runner.pem", "runner.pfx", "runner"])
@pytest.mark.parametrize("kind", GOOD)
def test_a_good_file_is_read_under_any_name(tmp_path: Path, kind: str, name: str) -> None:
    content, passphrase = GOOD[kind]
    file = tmp_path / name
    file.write_bytes(content)
    read = read_certificate(str(file), passphrase)
    assert serialization.load_pem_private_key(read["private_key"].encode(), None)
    shown = x509.load_pem_x509_certificate(read["public_certificate"].encode())
    assert shown.public_key() == RSA.public_key()


@pytest.mark.parametrize("kind", BAD)
def test_refusal_of_a_file_names_its_fault(tmp_path: Path, kind: str) -> None:
    content, passphrase, words = BAD[kind]
    file = tmp_path / "runner.pfx"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match="client_certificate_path") as refused:
        read_certificate(str(file), passphrase)
    assert words in str(refused.value)
    assert PASSPHRASE not in str(refused.value)
