# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The README keeps its word: every test, fact, option and setting that it names exists, and none is left out."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import yaml

import simulator
from simulator.cli import _parser
from simulator.config import read_configuration
from simulator.faults import Fault
from simulator.world import Settings

ROOT = Path(simulator.__file__).parents[1]
README = (ROOT / "simulator" / "README.md").read_text(encoding="utf-8")
FACTS = (ROOT / "simulator" / "contract" / "sign-in-and-graph.md").read_text(encoding="utf-8")


def headings() -> set[str]:
    """The facts' headings, in small letters."""
    return {line.removeprefix("## ").lower() for line in FACTS.splitlines() if line.startswith("## ")}


def test_every_test_that_it_names_exists() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    named = set(re.findall(r"`(test_\w+)`", README))
    assert len(named) > 50
    assert {name for name in named if f"def {name}(" not in source} == set()


def test_every_fact_that_it_names_exists() -> None:
    section = README.partition("### Sign-in and Microsoft Graph")[2].partition("### Environments")[0]
    named = {row.split("|")[2].strip().lower() for row in section.splitlines() if "`" in row}
    assert named - headings() == set()


def test_every_fact_that_the_code_cites_exists() -> None:
    cited = {
        fact.strip().lower()
        for part in ("entra", "graph", "directory")
        for path in (ROOT / "simulator" / part).rglob("*.py")
        for fact in re.findall(r"contract: ([^).;,]+)", re.sub(r"\s+", " ", path.read_text(encoding="utf-8")))
    }
    assert len(cited) > 8
    assert cited - headings() == set()


def test_every_option_setting_and_fault_key_is_described() -> None:
    options = set(re.findall(r"--[a-z-]+", _parser().format_help() + _subcommand_help()))
    assert {name for name in options if f"`{name}" not in README} <= {"--help"}
    assert {item.name for item in fields(Settings) if f"`{item.name}`" not in README} == set()
    described = README.partition("## Faults")[2].partition("## Control")[0]
    assert {item.name for item in fields(Fault) if f"`{item.name}" not in described} == set()


def _subcommand_help() -> str:
    actions = _parser()._subparsers
    assert actions is not None
    choices = actions._group_actions[0].choices
    assert isinstance(choices, dict)
    return "".join(parser.format_help() for parser in choices.values())


def test_the_example_configuration_can_be_read(tmp_path: Path) -> None:
    example = README.partition("```yaml\n")[2].partition("```")[0]
    path = tmp_path / "config.yml"
    path.write_text(example, encoding="utf-8")
    configuration = read_configuration(path)
    assert yaml.safe_load(example)["tenants"][0]["name"] == configuration.tenants[0].name
    assert configuration.tenants[0].environments[0].business_units[1].children[0].name == "Sweden"
    assert configuration.faults[0].count == 2
