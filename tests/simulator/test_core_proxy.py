# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy: tunnels to simulated hosts only; the command line."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import requests
import yaml

import simulator
from simulator.cli import _parser, build_world, main
from simulator.clouds import CLOUDS
from simulator.spec import generated_tenant
from simulator.world import World

from .running import RunningCloud

ROOT = Path(simulator.__file__).parents[1]


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line from the repository's root."""
    return subprocess.run(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("host", ["example.com", "evil.microsoft.com", "unknown.crm4.dynamics.com", "127.0.0.1"])
def test_a_host_outside_the_cloud_cannot_be_reached(cloud: RunningCloud, host: str) -> None:
    with pytest.raises(requests.exceptions.ProxyError, match="403"):
        cloud.session().get(f"https://{host}/", timeout=5)


@pytest.mark.parametrize(
    "head",
    [
        b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"CONNECT graph.microsoft.com:80 HTTP/1.1\r\n\r\n",
        b"CONNECT graph.microsoft.com HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01 nonsense\r\n\r\n",
        b"CONNECT\r\n\r\n",
    ],
)
def test_the_proxy_refuses_all_but_tunnels_to_the_cloud(cloud: RunningCloud, head: bytes) -> None:
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=5) as connection:
        connection.sendall(head)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.rstrip().endswith(b".")


def test_both_host_names_of_an_environment_answer(cloud: RunningCloud) -> None:
    for host in ("contoso.crm4.dynamics.com", "contoso.api.crm4.dynamics.com"):
        assert cloud.session().get(f"https://{host}/api/data", timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("header", "status"), [("127.0.0.1:8443", 401), ("localhost", 401), ("graph.microsoft.com", 400), ("evil.com", 421)]
)
def test_the_proxys_address_in_a_tunnel_means_the_tunnels_host(cloud: RunningCloud, header: str, status: int) -> None:
    response = cloud.session().get(
        "https://contoso.crm4.dynamics.com/api/data/v9.2/WhoAmI", headers={"Host": header}, timeout=5
    )

    assert response.status_code == status
    assert cloud.world.log.entries[-1]["host"] == ("contoso.crm4.dynamics.com" if status == 401 else header)


def test_a_client_without_the_authority_gets_no_answer(cloud: RunningCloud) -> None:
    session = cloud.session()
    session.verify = True
    with pytest.raises(requests.exceptions.SSLError):
        session.get("https://graph.microsoft.com/v1.0/organization", timeout=5)
    assert cloud.world.log.entries == []


def test_many_requests_share_one_connection(cloud: RunningCloud) -> None:
    graph = cloud.graph()
    sources = {graph("GET", "/organization").raw._original_response is not None for _turn in range(5)}
    assert sources == {True}
    pools = graph.session.get_adapter("https://").proxy_manager.values()  # type: ignore[attr-defined]
    counts = [pool.num_connections for manager in pools for pool in manager.pools._container.values()]
    assert counts == [1]


def test_exec_returns_the_status_of_the_client(tmp_path: Path) -> None:
    program = tmp_path / "client.py"
    program.write_text(
        textwrap.dedent(
            """
            import sys, msal, requests, yaml
            group = yaml.safe_load(open(sys.argv[1]))["all"]["children"]["tenant_fabrikam"]
            variables = group["vars"]
            app = msal.ConfidentialClientApplication(
                variables["lead_writer_client_id"],
                client_credential=variables["lead_writer_client_secret"],
                authority="https://login.microsoftonline.us/" + variables["lead_writer_tenant_id"],
            )
            token = app.acquire_token_for_client(["https://graph.microsoft.us/.default"])["access_token"]
            answer = requests.get(
                "https://graph.microsoft.us/v1.0/organization", headers={"Authorization": "Bearer " + token}
            )
            print(answer.json()["value"][0]["displayName"])
            sys.exit(7)
            """
        )
    )
    inventory, log = tmp_path / "inventory.yml", tmp_path / "log"
    done = run(
        *("exec", "--tenants", "2", "--inventory-out", str(inventory), "--log", str(log)),
        *("--", sys.executable, str(program), str(inventory)),
        NO_PROXY="*",
    )
    assert (done.returncode, done.stdout.strip()) == (7, "Fabrikam"), done.stderr
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [entry["host"] for entry in entries] == ["login.microsoftonline.us"] * 2 + ["graph.microsoft.us"]
    assert all(set(entry) >= {"time", "host", "method", "path", "status", "write", "tenant"} for entry in entries)
    assert oct(inventory.stat().st_mode)[-3:] == "600"


def test_serve_saves_its_state(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    command = [sys.executable, "-m", "simulator", "serve", "--tenants", "1", "--state-out", str(state)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _turn in range(2)]
        assert all(line.startswith("export ") for line in lines)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert json.loads(state.read_text())["tenants"][0]["name"] == "contoso"


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("tenants: [{name: a, cloud: mars}]", "tenants[a].cloud: 'mars' is not a cloud"),
        ("tenants: [{nam: a}]", "there is no key 'nam'"),
        ("tenants: [{name: a}, {name: a}]", "Two tenants have the key"),
        ("settings: {speed: 1}", "There is no setting 'speed'"),
        ("faults: [{rout: x}]", "A fault has no key 'rout'"),
        ("faults: [{route: '('}]", "route is not a regular expression"),
        ("tenants: [", "is not valid YAML"),
        ("tenants: [{name: a, runner: {permissions: [Fly.All]}}]", "Graph has no permission 'Fly.All'"),
    ],
)
def test_an_invalid_configuration_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str, words: str
) -> None:
    path = tmp_path / "config.yml"
    path.write_text(config)
    assert main(["exec", "--config", str(path), "--", "true"]) == 2
    assert words in capsys.readouterr().err


def test_exec_without_a_command_shows_its_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["exec"]) == 2
    assert "COMMAND" in capsys.readouterr().err


def test_the_inventory_has_tenant_groups_with_environment_hosts(tmp_path: Path) -> None:
    inventory = tmp_path / "inventory.yml"
    assert run("exec", "--tenants", "5", "--inventory-out", str(inventory), "--", "true").returncode == 0
    groups = yaml.safe_load(inventory.read_text())["all"]["children"]
    assert list(groups) == [
        f"tenant_{name}" for name in ("contoso", "fabrikam", "northwind", "adventureworks", "tenant0005")
    ]
    url = "https://fabrikam.crm.microsoftdynamics.us"
    assert groups["tenant_fabrikam"]["hosts"] == {"fabrikam_prod": {"lead_writer_environment_url": url}}


def test_faults_and_settings_of_a_file_apply_from_the_start(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    fault = {"route": "/organization", "status": 503, "retry_after": 7, "count": 2}
    config.write_text(yaml.safe_dump({"settings": {"token_seconds": 60}, "faults": [fault]}))
    world = build_world(_parser().parse_args(["exec", "--config", str(config), "--tenants", "1"]))

    assert world.settings.token_seconds == 60
    assert world.faults.next("GET", "graph.microsoft.com/v1.0/users") is None
    hits = [world.faults.next("GET", "graph.microsoft.com/v1.0/organization") for _time in range(3)]
    assert [None if hit is None else (hit.status, hit.retry_after) for hit in hits] == [(503, "7"), (503, "7"), None]


def test_the_inventory_names_offers_with_their_publisher(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yml"
    build_world(_parser().parse_args(["exec", "--tenants", "2", "--offers", "2", "--inventory-out", str(path)]))
    groups = yaml.safe_load(path.read_text())["all"]["children"]
    contoso = groups["tenant_contoso"]["hosts"]["contoso_prod"]
    assert contoso["lead_writer_offers"] == ["contoso-offer", "contoso-offer-2"]
    assert contoso["lead_writer_publisher_tenant_id"] == groups["tenant_contoso"]["vars"]["lead_writer_tenant_id"]
    assert contoso["lead_writer_publisher_client_id"] != groups["tenant_contoso"]["vars"]["lead_writer_client_id"]
    assert contoso["lead_writer_publisher_client_secret"]
    # Partner Center exists only in the public cloud.
    assert groups["tenant_fabrikam"]["hosts"]["fabrikam_prod"].keys() == {"lead_writer_environment_url"}


def test_an_environment_can_name_offers_of_any_tenant(tmp_path: Path) -> None:
    config, path = tmp_path / "config.yml", tmp_path / "inventory.yml"
    tenants = [
        {"name": "contoso", "environments": [{"name": "contoso_prod", "offers": ["app"]}]},
        {"name": "publishing", "offers": ["app"], "publisher": {"client_secret": "open sesame"}},
    ]
    options = ["exec", "--config", str(config), "--inventory-out", str(path)]
    config.write_text(yaml.safe_dump({"tenants": tenants}))
    world = build_world(_parser().parse_args(options))
    groups = yaml.safe_load(path.read_text())["all"]["children"]
    assert list(groups) == ["tenant_contoso"]  # a tenant without an environment is in the inventory only as a publisher
    host = groups["tenant_contoso"]["hosts"]["contoso_prod"]
    publishing = world.tenant_by_name_or_id("publishing")
    assert publishing is not None
    assert host["lead_writer_publisher_tenant_id"] == publishing.id
    assert host["lead_writer_publisher_client_secret"] == "open sesame"

    config.write_text(yaml.safe_dump({"tenants": tenants[:1]}))
    with pytest.raises(ValueError, match="contoso_prod: no tenant has all the offers app"):
        build_world(_parser().parse_args(options))


def test_the_inventory_names_the_certificate_of_a_runner(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text("tenants: [{name: contoso, runner: {certificate: true}, environments: [{name: contoso_prod}]}]")
    inventory = tmp_path / "inventory.yml"
    assert run("exec", "--config", str(config), "--inventory-out", str(inventory), "--", "true").returncode == 0
    variables = yaml.safe_load(inventory.read_text())["all"]["children"]["tenant_contoso"]["vars"]
    assert "lead_writer_client_secret" not in variables
    pem = Path(variables["lead_writer_client_certificate_path"])
    assert pem.read_text().count("-----BEGIN") == 2
    assert oct(pem.stat().st_mode)[-3:] == "600"


def test_the_same_seed_makes_the_same_cloud() -> None:
    def described(seed: int) -> list[str]:
        world = World(seed=seed)
        for number in (1, 2, 3):
            world.add_tenant(generated_tenant(number))
        return [f"{item.id} {item.runner.secret} {item.environments[0].id}" for item in world.tenants.values()]

    assert described(1) == described(1)
    assert described(1) != described(2)


def test_no_two_national_clouds_share_an_environment_domain() -> None:
    domains = [domain for cloud in CLOUDS.values() for domain in cloud.environment_domains]
    assert len(domains) == len(set(domains))


def test_a_hundred_tenants_start_within_two_seconds() -> None:
    # Processor time, because other processes may be using the machine.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert run("exec", "--tenants", "100", "--", "true").returncode == 0
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_another_shell_reads_the_variables_of_serve(tmp_path: Path) -> None:
    variables, inventory = tmp_path / "cloud.env", tmp_path / "inventory.yml"
    script = """
        "$1" -m simulator serve --tenants 1 --variables-out "$2" --inventory-out "$3" > /dev/null &
        trap "kill $!" EXIT
        until [ -e "$2" ]; do sleep 0.1; done
        . "$2"
        "$1" -c 'import requests; print(requests.get("https://control.simulator.test/tenants").status_code)'
    """
    done = subprocess.run(
        ["sh", "-c", textwrap.dedent(script), "sh", sys.executable, str(variables), str(inventory)],
        cwd=ROOT, check=False, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.strip() == "200", done.stderr
