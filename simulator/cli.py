# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: `serve` keeps the cloud running, `exec` runs one command with it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from .app import CloudApp
from .ca import CertificateAuthority
from .config import Configuration, read_configuration
from .inventory import write_inventory
from .server import Proxy
from .spec import generated_tenant
from .world import Settings, World

_PROXY_VARIABLES = ("HTTPS_PROXY", "https_proxy")
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_CLEARED_VARIABLES = ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.action == "exec" and not _command(options):
        print("simulator exec: no command: write python -m simulator exec -- COMMAND", file=sys.stderr)
        return 2
    try:
        world = build_world(options)
        return asyncio.run(_run(options, world))
    except (OSError, ValueError) as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    for name, text in (("serve", "keep the cloud running until interrupted"), ("exec", "run a command with the cloud")):
        action = actions.add_parser(name, help=text)
        action.add_argument("--tenants", type=int, metavar="N", help="create N tenants (default: 3 without --config)")
        action.add_argument(
            "--offers", type=int, default=0, metavar="N", help="give each created tenant N offers and a publisher"
        )
        action.add_argument("--config", type=Path, metavar="FILE", help="YAML file with tenants, settings and faults")
        action.add_argument("--seed", type=int, default=1, help="seed of IDs, secrets and chance (default: 1)")
        action.add_argument("--port", type=int, default=0, help="port of the proxy (default: a free one)")
        action.add_argument(
            "--inventory-out", type=Path, metavar="FILE", help="write an Ansible inventory of the tenants"
        )
        action.add_argument("--variables-out", type=Path, metavar="FILE", help="write the variables as export lines")
        action.add_argument("--log", type=Path, metavar="FILE", help="write every request as a line of JSON")
        action.add_argument("--state-in", type=Path, metavar="FILE", help="start from the state in this file")
        action.add_argument("--state-out", type=Path, metavar="FILE", help="write the state to this file at the end")
        action.add_argument("--import-seconds", type=float, help="how long a solution import takes")
        action.add_argument("--replication-seconds", type=float, help="how long until all replicas have a write")
        action.add_argument("--secret-activation-seconds", type=float, help="how long until a new secret can sign in")
        action.add_argument("--refuse-writes", action="store_true", help="answer every change with 403")
        action.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other setting")
    actions.choices["exec"].add_argument("command", nargs=argparse.REMAINDER, help="the command, after --")
    return parser


def _command(options: argparse.Namespace) -> list[str]:
    command: list[str] = options.command
    return command[1:] if command[:1] == ["--"] else command


def build_world(options: argparse.Namespace) -> World:
    """The world that the options describe. Raises ValueError with a sentence for the user."""
    configuration = read_configuration(options.config) if options.config else Configuration()
    settings = Settings()
    settings.update(configuration.settings)
    world = World(settings, seed=options.seed)
    if options.state_in:
        world.load(json.loads(options.state_in.read_text(encoding="utf-8")))
        world.settings.update(configuration.settings)
    else:
        for spec in configuration.tenants:
            world.add_tenant(spec)
        count = options.tenants if options.tenants is not None else 0 if options.config else 3
        for number in range(1, count + 1):
            world.add_tenant(generated_tenant(number, options.offers))
    _apply_settings(world.settings, options)
    for fault in configuration.faults:
        world.faults.add(fault)
    if options.log:
        world.log.open(options.log)
    if options.inventory_out:
        write_inventory(world, options.inventory_out)
    return world


def _apply_settings(settings: Settings, options: argparse.Namespace) -> None:
    for pair in options.set:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--set {pair!r} has no value: write NAME=VALUE.")
        settings.update({name: json.loads(value)})
    for name in ("import_seconds", "replication_seconds", "secret_activation_seconds"):
        if getattr(options, name) is not None:
            settings.update({name: getattr(options, name)})
    if options.refuse_writes:
        settings.refuse_writes = True


def environment_variables(port: int, bundle: Path) -> dict[str, str]:
    """The variables that make any client use the proxy at `port` and trust its authority."""
    variables = dict.fromkeys(_PROXY_VARIABLES, f"http://127.0.0.1:{port}")
    variables |= {name: str(bundle) for name in _BUNDLE_VARIABLES}
    # Makes the fetch of Node.js 24 use the proxy variables, as other clients do by default.
    variables["NODE_USE_ENV_PROXY"] = "1"
    variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"] = f"http://127.0.0.1:{port}"
    return variables | dict.fromkeys(_CLEARED_VARIABLES, "")


async def _run(options: argparse.Namespace, world: World) -> int:
    app = CloudApp(world)
    ca = CertificateAuthority()
    proxy = Proxy(app, ca, app.knows_host, app.plain)
    try:
        variables = environment_variables(await proxy.start(port=options.port), ca.bundle)
        exports = "".join(f"export {name}={value}\n" for name, value in variables.items())
        if options.variables_out:
            # In one step, so that a program that waits for the file never reads half of it.
            unfinished = options.variables_out.with_name(f"{options.variables_out.name}.part")
            unfinished.write_text(exports, encoding="utf-8")
            unfinished.replace(options.variables_out)
        if options.action == "exec":
            return await _execute(_command(options), variables)
        interrupted = _interruption()
        print(exports, end="", flush=True)
        await interrupted.wait()
        return 0
    finally:
        await proxy.stop()
        ca.close()
        world.log.close()
        if options.state_out:
            options.state_out.write_text(json.dumps(world.dump()), encoding="utf-8")


async def _execute(command: list[str], variables: dict[str, str]) -> int:
    child = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    loop = asyncio.get_running_loop()
    # The terminal sends an interrupt to the child as well.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    loop.add_signal_handler(signal.SIGTERM, child.terminate)
    status = await child.wait()
    return status if status >= 0 else 128 - status


def _interruption() -> asyncio.Event:
    """An event that a signal to stop sets; signals are handled before the first output."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    return asked
