# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-lint on a user's playbook that calls the modules of the collection."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .cloud import ROOT

PROGRAM = shutil.which("ansible-lint", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="ansible-lint is not installed")

MODULES = sorted(path.stem for path in (ROOT / "plugins/modules").glob("*.py") if path.stem != "__init__")


def examples() -> list[dict[str, object]]:
    """The first example of each module, a task as its documentation recommends it."""
    tasks = []
    for module in MODULES:
        _before, text = (ROOT / f"plugins/modules/{module}.py").read_text("utf-8").split('EXAMPLES = r"""', 1)
        tasks.append(yaml.safe_load(text.split('"""', 1)[0])[0])
    return tasks


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    """A playbook with a task for each module."""
    place = tmp_path / "playbooks" / "site.yml"
    place.parent.mkdir()
    play = {"name": "Use every module", "hosts": "all", "gather_facts": False, "tasks": examples()}
    place.write_text("---\n" + yaml.safe_dump([play], sort_keys=False, width=140), encoding="utf-8")
    return place


def lint(playbook: Path, collections: Path, *options: str) -> str:
    """Run ansible-lint like a user, in the playbook's own project; return its output."""
    command = [str(PROGRAM), "--offline", "--nocolor", "--profile", "production", *options, str(playbook)]
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_HOME": str(playbook.parent / "home"),
    }
    done = subprocess.run(
        command, cwd=playbook.parents[1], env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_fixing_a_playbook_keeps_the_names_of_its_modules(playbook: Path, collections: Path) -> None:
    lint(playbook, collections, "--fix")
    (play,) = yaml.safe_load(playbook.read_text("utf-8"))
    called = {key for task in play["tasks"] for key in task if key.startswith("marketplace_leads.")}
    assert called == {f"marketplace_leads.dynamics365.{module}" for module in MODULES}


def test_no_rule_suggests_another_name_for_a_module(playbook: Path, collections: Path) -> None:
    said = lint(playbook, collections)
    assert "fqcn" not in said
    assert "files processed" in said or "Passed" in said, said
