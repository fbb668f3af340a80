# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a run shows the next steps, without a callback and without -v."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from .cloud import Cloud, Run
from .configure import FRESH, Configure

ONE = pytest.mark.cloud("--tenants", "1")
ONE_OFFER = pytest.mark.cloud("--tenants", "1", "--offers", "1")
HOST = "contoso_prod"
DAY = 86400
ROTATE = "marketplace_leads.dynamics365.rotate_secrets"
VALIDATE = "marketplace_leads.dynamics365.validate"


def line_of(run: Run, host: str = HOST) -> str:
    """The one line that a run showed for a host."""
    (line,) = [line for line in run.output.splitlines() if line.startswith(f"{host}: ")]
    return line


@ONE
def test_a_rotated_secret_is_to_be_typed_in(cloud: Cloud, configure: Configure) -> None:
    configure(rehearse=False)
    soon = configure(playbook=ROTATE, rehearse=False)
    assert line_of(soon).startswith(f"{HOST}: the secret was not rotated, because it was created 0 hours ago")
    cloud.jump(2 * DAY)
    later = configure(playbook=ROTATE)
    assert later.status == 0, later.output
    sheet = configure.store / f"{cloud.contoso.environment_host}.handover.md"
    assert f"Enter the new secret in Partner Center's form from {sheet} and publish the offers." in line_of(later)
    assert line_of(later).endswith("Then run once with -e lead_writer_secret_in_use=true.")


@ONE
def test_validate_reports_what_arrived(configure: Configure) -> None:
    configure(rehearse=False)
    run = configure(playbook=VALIDATE, rehearse=False)
    assert line_of(run) == f"{HOST}: the test lead arrived. No lead of the marketplace has arrived yet."


@ONE
def test_validate_reports_hosts_without_leads(cloud: Cloud, configure: Configure) -> None:
    configure(rehearse=False)
    cloud.jump(400 * DAY)
    run = configure(playbook=VALIDATE, rehearse=False)
    assert run.status != 0
    assert line_of(run) == f"{HOST}: no lead can arrive; see above."


@ONE_OFFER
def test_offers_waiting_for_publication_are_named(configure: Configure) -> None:
    first = configure(rehearse=False)
    assert first.status == 0, first.output
    assert "Publish contoso-offer in Partner Center" in line_of(first)
    again = configure(rehearse=False)
    assert line_of(again).startswith(f"{HOST}: nothing to change. Publish contoso-offer in Partner Center")


def test_run_that_fails_for_one_host_reports_all(cloud: Cloud, configure: Configure, tmp_path: Path) -> None:
    refuse = tmp_path / "refuse.yml"
    task = {"name": "Refuse", "ansible.builtin.fail": {"msg": "full"}, "when": "inventory_hostname == 'fabrikam_prod'"}
    refuse.write_text(yaml.safe_dump([task]), encoding="utf-8")
    secret = cloud.tenants["northwind"].client_secret
    inventory = cloud.inventory.read_text(encoding="utf-8")
    cloud.inventory.write_text(inventory.replace(secret, "wrong"), encoding="utf-8")
    run = configure(variables={"lead_writer_store_write_tasks": str(refuse)}, rehearse=False)
    assert line_of(run, "fabrikam_prod").startswith("fabrikam_prod: failed, see above. Run again")
    assert line_of(run, "northwind_prod").startswith(
        "northwind_prod: stopped before anything was changed. lead_writer_client_secret is not valid"
    )
    changes = ", ".join(change for change in FRESH if change != "stored_secret")
    assert line_of(run).startswith(f"{HOST}: changed {changes}.")
