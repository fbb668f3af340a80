# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demonstration: set up three tenants of the simulated cloud, and prove the result from the request log.

1. A full dry run on untouched tenants succeeds and writes nothing.
2. The set-up itself.
3. The same again changes nothing and writes nothing.
4. A test lead in each tenant, written with the handed over credentials, and a customer's lead through the published
   offer.
5. A table of what exists now, read from the cloud, and the locations of the handover files.

    python demo/run.py                           from a checkout
    python demo/run.py --collections-path PATH   from a collection installed in PATH
"""

from __future__ import annotations

import argparse
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
NAME = "marketplace_leads.dynamics365"
sys.path.insert(0, str(ROOT))

from packages.build import file_name, package  # noqa: E402  the root is not on sys.path before the line above


def main() -> int:
    """Run the demonstration; return 0 if every promise holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--collections-path", type=Path, help="where the collection is installed; default: this checkout"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "demo", help="the folder for the files")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.output = options.output.resolve()
    if options.inside:
        return Demonstration(options).run()
    shutil.rmtree(options.output, ignore_errors=True)
    options.output.mkdir(parents=True)
    return subprocess.run(
        [
            *(sys.executable, "-m", "simulator", "exec", "--tenants", "3", "--offers", "1", "--import-seconds", "3"),
            *("--set", "publish_seconds=1"),
            *(
                "--inventory-out",
                str(options.output / "inventory.yml"),
                "--log",
                str(options.output / "requests.jsonl"),
            ),
            "--",
            *(sys.executable, str(Path(__file__).resolve()), "--inside", *sys.argv[1:]),
        ],
        cwd=ROOT,
        check=False,
    ).returncode


class Demonstration:
    """Run the demonstration inside the simulated cloud."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._output: Path = options.output
        self._collections = options.collections_path or self._checkout_as_collection()
        self._package = self._output / file_name()
        self._package.write_bytes(package())
        self._vault_password = self._output / "vault_password"
        self._vault_password.write_text(secrets.token_urlsafe(24) + "\n", encoding="utf-8")
        self._vault_password.chmod(0o600)
        self._began = time.monotonic()

    def run(self) -> int:
        """Run all steps."""
        complaints = [
            *self._step("A dry run on untouched tenants", "--check", "--diff", writes=False, changes=True),
            *self._step("The set-up", writes=True, changes=True),
            *self._step("The same again", writes=False, changes=False),
            *self._step("A test lead for each tenant", playbook="validate", writes=True, changes=True),
        ]
        complaints += self._table()
        for complaint in complaints:
            print(f"FAILED: {complaint}")
        print(f"\n{time.monotonic() - self._began:.0f} s.")
        return 1 if complaints else 0

    def _step(self, title: str, *arguments: str, playbook: str = "configure", writes: bool, changes: bool) -> list[str]:
        print(f"\n=== {title} {'=' * max(0, 100 - len(title))}\n", flush=True)
        before = len(self._log())
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ansible", "playbook", f"{NAME}.{playbook}"),
                *("-i", str(self._output / "inventory.yml"), "--vault-password-file", str(self._vault_password)),
                *("-e", f"lead_writer_solution_path={self._package}"),
                *("-e", f"lead_writer_store_directory={self._output / 'store'}"),
                # A demonstration may publish; by default the role leaves that to you.
                *("-e", "lead_writer_publish=live"),
                *arguments,
            ],
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(self._collections), "ANSIBLE_FORCE_COLOR": "0"},
            cwd=self._output,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        print(done.stdout, flush=True)
        entries = self._log()[before:]
        written = [entry for entry in entries if entry["write"]]
        print(f"Requests: {len(entries)}, of which {len(written)} were writes.", flush=True)
        complaints = []
        if done.returncode != 0:
            complaints.append(f"{title}: ansible-playbook exited with {done.returncode}")
        if bool(written) != writes:
            complaints.append(f"{title}: {len(written)} writes reached the cloud")
        for host, changed in re.findall(r"^(\S+)\s*:.*?changed=(\d+)", done.stdout, re.MULTILINE):
            if (int(changed) > 0) != changes:
                complaints.append(f"{title}: changed={changed} on {host}")
        return complaints

    def _table(self) -> list[str]:
        """Show what exists in the cloud now, read from the cloud itself; return every broken promise."""
        print(f"\n=== What exists now {'=' * 84}\n")
        rows = [
            (
                "tenant",
                "solution",
                "application",
                "secret expires",
                "its roles",
                "test lead",
                "customer's lead",
                "handover",
            )
        ]
        complaints = []
        cloud = Cloud()
        for tenant in cloud.tenants():
            host = tenant["environments"][0]["url"].removeprefix("https://")
            solutions = cloud.environment(
                host, "solutions?$filter=uniquename eq 'MicrosoftMarketplacesLeadIntegrationSolution'&$select=version"
            )
            application = next(
                each
                for each in cloud.graph(tenant, "/applications")
                if (each.get("uniqueName") or "").startswith("marketplace-lead-writer")
            )
            user = cloud.environment(
                host,
                f"systemusers?$filter=applicationid eq {application['appId']}"
                "&$select=fullname&$expand=systemuserroles_association($select=name)",
            )[0]
            tested = self._test_lead_of(host, application["appId"])
            # Offers exist in the public cloud only; a government tenant has none.
            met = cloud.meet_the_offer(tenant) if self._has_an_offer(tenant["name"]) else "no offer"
            if "arrived" not in tested or met not in ("arrived", "no offer"):
                complaints.append(f"{tenant['name']}: test lead {tested}, customer's lead {met}")
            sheet = self._output / "store" / f"{host}.handover.md"
            rows.append(
                (
                    tenant["name"],
                    ", ".join(each["version"] for each in solutions),
                    application["appId"],
                    application["passwordCredentials"][0]["endDateTime"][:10],
                    ", ".join(role["name"] for role in user["systemuserroles_association"]),
                    tested,
                    met,
                    str(sheet.relative_to(ROOT) if sheet.is_relative_to(ROOT) else sheet),
                )
            )
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        return complaints

    def _has_an_offer(self, tenant: str) -> bool:
        """Whether the inventory names an offer for a tenant."""
        return f"{tenant}-offer" in (self._output / "inventory.yml").read_text(encoding="utf-8")

    def _test_lead_of(self, host: str, application_id: str) -> str:
        """Return what the request log says about the test lead: who wrote it, and whether it was deleted."""
        leads = [each for each in self._log() if each["host"] == host and "/leads" in each["path"]]
        made = [e for e in leads if e["method"] == "POST" and e["status"] < 300 and e["caller"] == application_id]
        gone = [each for each in leads if each["method"] == "DELETE" and each["status"] < 300]
        return f"{'arrived' if made else 'missing'}{', removed' if gone else ''}"

    def _log(self) -> list[dict[str, Any]]:
        lines = (self._output / "requests.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def _checkout_as_collection(self) -> Path:
        place = self._output / "collections"
        parent = place / "ansible_collections" / "marketplace_leads"
        parent.mkdir(parents=True)
        (parent / "dynamics365").symlink_to(ROOT, target_is_directory=True)
        return place


class Cloud:
    """Reads the simulated cloud through its control API, regardless of permissions."""

    def __init__(self) -> None:
        import requests

        self._session = requests.Session()

    def tenants(self) -> list[dict[str, Any]]:
        """The tenants."""
        found: list[dict[str, Any]] = self._get("/tenants")["tenants"]
        return found

    def environment(self, host: str, path: str) -> list[dict[str, Any]]:
        """Return rows of an environment."""
        rows: list[dict[str, Any]] = self._get(f"/admin-override/{host}/api/data/v9.2/{path}")["value"]
        return rows

    def graph(self, tenant: dict[str, Any], path: str) -> list[dict[str, Any]]:
        """Objects of a tenant's directory."""
        host = "graph.microsoft.us" if tenant["cloud"] == "gcc_high" else "graph.microsoft.com"
        objects: list[dict[str, Any]] = self._get(f"/admin-override/{host}/v1.0{path}", tenant["id"])["value"]
        return objects

    def meet_the_offer(self, tenant: dict[str, Any]) -> str:
        """Have a customer use the tenant's offer: the lead service writes a lead with the published credentials."""
        answer = self._session.post(
            f"https://control.simulator.test/tenants/{tenant['name']}/leads",
            json={"offer": f"{tenant['name']}-offer"},
            timeout=30,
        )
        told = answer.json()
        return "arrived" if told.get("delivered") else str(told)

    def _get(self, path: str, tenant: str = "") -> dict[str, Any]:
        answer = self._session.get(
            f"https://control.simulator.test{path}",
            headers={"X-Simulator-Tenant": tenant} if tenant else {},
            timeout=30,
        )
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body


if __name__ == "__main__":
    sys.exit(main())
