# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the runner signs in, and that a real run names what prevents it."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from .cloud import Ansible, Cloud, Run, task

pytestmark = pytest.mark.cloud("--tenants", "1")
HOST = "contoso_prod"
PASSPHRASE = "not told"


@pytest.fixture
def files(cloud: Cloud, tmp_path: Path) -> Path:
    """A folder with a registered certificate of the runner, as PEM and as PFX with a passphrase."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "runner")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1))
    certificate = builder.not_valid_after(now + timedelta(days=30)).sign(key, hashes.SHA256())
    der = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    (runner,) = [
        each
        for each in cloud.graph(cloud.contoso, "GET", "/applications")["value"]
        if each["appId"] == cloud.contoso.client_id
    ]
    given = {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": der}]}
    cloud.graph(cloud.contoso, "PATCH", f"/applications/{runner['id']}", given)
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "runner.pem").write_bytes(pem)
    locked = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    (tmp_path / "runner.pfx").write_bytes(
        pkcs12.serialize_key_and_certificates(b"runner", key, certificate, None, locked)
    )
    return tmp_path


def look(ansible: Ansible, cloud: Cloud, environment: dict[str, str] | None = None, **credentials: Any) -> Run:
    """Read the runner's applications with credentials that differ from the inventory's."""
    given = {"tenant_id": cloud.contoso.tenant_id, "client_id": cloud.contoso.client_id, **credentials}
    look_at = {"marketplace_leads.dynamics365.aad_app_info": {"display_name": "Nothing", **given}}
    plays = [{"hosts": HOST, "connection": "local", "gather_facts": False, "tasks": [look_at]}]
    return ansible.play(plays, rehearse=False, environment=environment)


@pytest.mark.parametrize(("name", "passphrase"), [("runner.pem", None), ("runner.pfx", PASSPHRASE)])
def test_a_certificate_signs_in(cloud: Cloud, ansible: Ansible, files: Path, name: str, passphrase: str | None) -> None:
    path = str(files / name)
    run = look(ansible, cloud, client_certificate_path=path, client_certificate_passphrase=passphrase)
    assert run.status == 0, run.output


def test_wrong_passphrase_is_not_blamed_on_the_tenant(cloud: Cloud, ansible: Ansible, files: Path) -> None:
    path = str(files / "runner.pfx")
    run = look(ansible, cloud, client_certificate_path=path, client_certificate_passphrase="wrong")
    assert "cannot be opened with client_certificate_passphrase" in run.failure(HOST)
    assert cloud.requests_since(run.mark) == []


def test_a_clock_that_is_wrong_is_named(cloud: Cloud, ansible: Ansible, files: Path) -> None:
    cloud.jump(1200)
    run = look(ansible, cloud, client_certificate_path=str(files / "runner.pem"))
    assert "differ by 20 minutes: set the clock of this machine (AADSTS700024)" in run.failure(HOST)


def test_a_discovery_document_cannot_send_the_secret_elsewhere(cloud: Cloud, ansible: Ansible) -> None:
    endpoint = "https://login.microsoftonline.com.other.example/token"
    document = {"authorization_endpoint": endpoint, "token_endpoint": endpoint}
    cloud.fault(route="openid-configuration", status=200, content=json.dumps(document), count=0)
    run = look(ansible, cloud, client_secret=cloud.contoso.client_secret)
    assert "so no credential was sent" in run.failure(HOST)
    assert {entry["method"] for entry in cloud.requests_since(run.mark)} == {"GET"}


def test_after_401_a_new_token_is_requested(cloud: Cloud, ansible: Ansible) -> None:
    cloud.fault(route="graph.microsoft.com/v1.0", status=401, code="InvalidAuthenticationToken")
    run = look(ansible, cloud, client_secret=cloud.contoso.client_secret)
    assert run.status == 0, run.output
    tokens = [entry for entry in cloud.requests_since(run.mark) if entry["path"].endswith("/token")]
    assert len(tokens) == 2


@pytest.mark.parametrize("proxy", ["socks5://{login}127.0.0.1:1080", "http://{login}127.0.0.1:80x80"])
def test_a_proxy_that_can_never_work_fails_at_once(cloud: Cloud, ansible: Ansible, proxy: str) -> None:
    address = proxy.format(login="proxy-user:proxy-word@")
    started = time.monotonic()
    run = look(
        ansible, cloud, {"HTTPS_PROXY": address, "https_proxy": address}, client_secret=cloud.contoso.client_secret
    )
    assert "the proxy setting is not usable" in run.failure(HOST)
    assert time.monotonic() - started < 60
    assert "proxy-word" not in run.output


@pytest.mark.parametrize("in_process", ["1", "0"])
def test_the_login_and_query_of_a_packages_address_are_not_shown(ansible: Ansible, in_process: str) -> None:
    signed = "https://some-user:some-word@packages.example/leads.zip?sig=signature-of-it"
    wanted = {"environment_url": "{{ lead_writer_environment_url }}", "url": signed, "checksum": "sha256:" + "0" * 64}
    run = ansible.tasks(
        task("dynamics_solution", **wanted),
        hosts=HOST,
        rehearse=False,
        environment={"MARKETPLACE_LEADS_IN_PROCESS": in_process},
    )
    assert run.status != 0
    assert "packages.example/leads.zip" in run.failure(HOST)
    shown = run.output + json.dumps([outcome.result for outcome in run.outcomes])
    assert "signature-of-it" not in shown
    assert "some-word" not in shown
