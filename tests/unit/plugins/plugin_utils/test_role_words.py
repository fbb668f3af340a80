# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of the modules with the role's variables."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._role_words import (
    _CREDENTIALS,
    VARIABLES,
    in_words_of_the_role,
)

SPECIFICATION = Path(__file__).resolve().parents[4] / "roles/lead_writer/meta/argument_specs.yml"


@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        (
            "path or url is needed to import",
            "lead_writer_solution_path or lead_writer_solution_url is needed to import",
        ),
        ("path /a.zip is not a zip file: x", "lead_writer_solution_path /a.zip is not a zip file: x"),
        (
            "unique_name is x, but path a.zip holds y: correct the path.",
            "lead_writer_application_unique_name is x, but lead_writer_solution_path a.zip holds y: correct the path.",
        ),
        ("secret.valid_days is 365: lower it.", "lead_writer_secret_valid_days is 365: lower it."),
        (
            "publish again, or confirm in secret.in_use_key_id that the new one is in use.",
            "publish again, or confirm by one run with -e lead_writer_secret_in_use=true that the new one is in use.",
        ),
        (
            "publisher: No credentials were given: set client_secret or azure_cli.",
            "No credentials were given: set lead_writer_publisher_client_secret or lead_writer_publisher_azure_cli.",
        ),
        (
            "client_secret of application runner has expired.",
            "lead_writer_client_secret of application runner has expired.",
        ),
        (
            "client_secret of application seller in tenant x has expired.",
            "lead_writer_publisher_client_secret of application seller in tenant x has expired.",
        ),
        ("role 'x' does not exist in y.", "lead_writer_role 'x' does not exist in y."),
        ("lead_writer_client_id is x.", "lead_writer_client_id is x."),
        ("The runner's role path is fine: publish it.", "The runner's role path is fine: publish it."),
        ("https://graph.microsoft.com/client_id failed.", "https://graph.microsoft.com/client_id failed."),
    ],
)
def test_options_become_variables(sentence: str, said: str) -> None:
    assert in_words_of_the_role(sentence, "seller") == said


def test_every_variable_exists() -> None:
    options = yaml.safe_load(SPECIFICATION.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
    named = {*VARIABLES.values(), *(f"lead_writer_publisher_{name}" for name in _CREDENTIALS)}
    assert named <= {*options}
