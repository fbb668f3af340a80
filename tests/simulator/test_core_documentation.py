# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation is complete: every test, fact, option and setting that it names exists, and none is missing."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

import simulator
from simulator.cli import _parser, environment_variables
from simulator.config import read_configuration
from simulator.faults import Fault
from simulator.world import Settings

from ..clients.installed import CLIENTS

ROOT = Path(simulator.__file__).parents[1]
FOLDER = ROOT / "simulator"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
BEHAVIOR, CONFIGURATION, CONTROL = (
    (FOLDER / "docs" / f"{name}.md").read_text(encoding="utf-8") for name in ("behavior", "configuration", "control")
)
TABLES = {
    "Sign-in and Microsoft Graph": ("entra", "graph"),
    "Environments": ("environment",),
    "Power Platform administration and Partner Center": ("power-platform", "partner-center", "lead-service"),
}
"""The headings above the tables of behavior, each with the services of the evidence file."""
EVIDENCE = yaml.safe_load((ROOT / "evidence" / "facts.yml").read_text(encoding="utf-8"))["services"]


def topics(table: str) -> set[str]:
    """The topics of a table's services in which the simulator follows a fact, in lower case."""
    listed = (topic for service in TABLES[table] for topic in EVIDENCE[service]["topics"])
    return {topic["topic"].lower() for topic in listed if any(fact.get("simulator") for fact in topic["facts"])}


def behaviors(table: str) -> list[list[str]]:
    """The rows of the table below a heading: the behavior, the topic and the tests."""
    section = BEHAVIOR.partition(f"## {table}\n")[2].partition("\n## ")[0]
    rows = section.partition("| behavior | fact | tests |\n|---|---|---|\n")[2].partition("\n\n")[0].splitlines()
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def test_every_named_test_exists() -> None:
    here = Path(__file__).parent
    paths = [*here.glob("test_*.py"), *here.parent.joinpath("clients").glob("test_*.py")]
    source = "".join(path.read_text(encoding="utf-8") for path in paths)
    named = set(re.findall(r"`(test_\w+)`", README + BEHAVIOR))
    assert len(named) > 50
    assert {name for name in named if f"def {name}(" not in source} == set()


@pytest.mark.parametrize("table", TABLES)
def test_behaviors_match_the_topics_of_the_facts(table: str) -> None:
    rows = behaviors(table)
    assert len(rows) > 10
    assert [row for row in rows if len(row) != 3 or not re.fullmatch(r"`test_\w+`(, `test_\w+`)*", row[2])] == []
    assert {row[1].lower() for row in rows} == topics(table)


def test_no_behavior_is_outside_these_tables() -> None:
    facts = BEHAVIOR.partition("\n## The simulator itself\n")[0]
    rows = [line for line in facts.splitlines() if re.match(r"\| (?!behavior)", line)]
    assert len(rows) == sum(len(behaviors(table)) for table in TABLES)


def test_every_option_setting_and_fault_key_is_described() -> None:
    options = set(re.findall(r"--[a-z-]+", _parser().format_help() + _subcommand_help()))
    assert {name for name in options if f"`{name}" not in README} <= {"--help"}
    assert {item.name for item in fields(Settings) if f"`{item.name}`" not in CONFIGURATION} == set()
    described = CONTROL.partition("## Faults")[2].partition("## Control")[0]
    assert {item.name for item in fields(Fault) if f"`{item.name}" not in described} == set()


def test_every_published_client_has_one_version_and_a_row() -> None:
    folder = ROOT / "tests" / "clients"
    tests = "".join(path.read_text(encoding="utf-8") for path in folder.glob("test_*.py"))
    run = set(re.findall(r'mark\.client\("([^"]+)"\)', tests))
    assert len(run) > 8
    assert {name for name in run if not re.fullmatch(r"\d+(\.\d+)+", CLIENTS[name].version)} == set()
    table = README.partition("## Published clients")[2].partition("\nTwo of them")[0].lower()
    names = {"azure-cli": "azure cli", "airbyte-source-microsoft-dataverse": "airbyte's source for dataverse"}
    assert {name for name in run if names.get(name, name.lower()) not in table} == set()


def test_every_variable_is_described() -> None:
    assert {name for name in environment_variables(8443, Path("ca.pem")) if f"`{name}`" not in README} == set()


def _subcommand_help() -> str:
    actions = _parser()._subparsers
    assert actions is not None
    choices = actions._group_actions[0].choices
    assert isinstance(choices, dict)
    return "".join(parser.format_help() for parser in choices.values())


def test_the_example_configuration_can_be_read(tmp_path: Path) -> None:
    example = CONFIGURATION.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "config.yml"
    path.write_text(example, encoding="utf-8")
    configuration = read_configuration(path)
    assert yaml.safe_load(example)["tenants"][0]["name"] == configuration.tenants[0].name
    assert configuration.tenants[0].environments[0].business_units[1].children[0].name == "Sweden"
    assert configuration.faults[0].count == 2
