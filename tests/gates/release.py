# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a release, and their rehearsal.

    python -m tests.gates.release prepare 1.0.0           set the version and write the changelog, in this checkout
    python -m tests.gates.release artifact 1.0.0 FOLDER   build what a tag publishes, and its notes, into FOLDER
    python -m tests.gates.release check                   rehearse both in a copy, for the next version

A release is a commit made by `prepare`, reviewed like any other, with the version as its tag.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import yaml

from .building import ROOT, build, tracked_files

_VERSION = re.compile(r"\d+\.\d+\.\d+")


class NotReady(Exception):
    """The checkout cannot be released; the message says why and what to do."""


def version_of(checkout: Path) -> str:
    """Return the version in galaxy.yml."""
    return str(yaml.safe_load((checkout / "galaxy.yml").read_text("utf-8"))["version"])


def prepare(checkout: Path, version: str) -> None:
    """Set the version in galaxy.yml, and turn the changelog's fragments into a section of it. Raises NotReady."""
    if not _VERSION.fullmatch(version):
        raise NotReady(f"{version} is not a version such as 1.2.3: name one.")
    if not any((checkout / "changelogs" / "fragments").glob("*.y*ml")):
        raise NotReady("There is no fragment in changelogs/fragments: write one for what users notice.")
    galaxy = checkout / "galaxy.yml"
    text = re.sub(r"(?m)^version: .*$", f"version: {version}", galaxy.read_text("utf-8"))
    galaxy.write_text(text, "utf-8")
    subprocess.run(["antsibull-changelog", "lint"], cwd=checkout, check=True)
    subprocess.run(["antsibull-changelog", "release", "--version", version], cwd=checkout, check=True)


def notes_of(checkout: Path, version: str) -> str:
    """Return the changelog's section of a version. Raises NotReady."""
    text = (checkout / "CHANGELOG.md").read_text("utf-8").replace("\\", "")
    found = re.search(rf"(?ms)^## v{re.escape(version)}$\n(.*?)(?=^## v|\Z)", text)
    if found is None:
        raise NotReady(f"CHANGELOG.md has no section v{version}: run python -m tests.gates.release prepare {version}.")
    # The page's anchors would be shown as text.
    return re.sub(r"<a id=.*?></a>\n?", "", found.group(1)).strip() + "\n"


def artifact(checkout: Path, version: str, folder: Path) -> Path:
    """Build the artifact of a tag and its notes into a folder; return the artifact's path. Raises NotReady."""
    if version_of(checkout) != version:
        raise NotReady(f"galaxy.yml says {version_of(checkout)}, the tag {version}: tag the commit of that release.")
    notes = notes_of(checkout, version)
    folder.mkdir(parents=True, exist_ok=True)
    built = build(folder, root=checkout)
    (folder / "notes.md").write_text(notes, "utf-8")
    with tarfile.open(built) as archive:
        manifest = json.load(archive.extractfile("MANIFEST.json") or sys.stdin)
    if manifest["collection_info"]["version"] != version:
        raise NotReady(f"The artifact {built.name} is not of version {version}: build from a clean checkout.")
    return built


def check() -> None:
    """Rehearse the next release in a copy of the checkout. Raises NotReady."""
    version = version_of(ROOT).partition("-")[0]
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place, "checkout")
        for path in tracked_files():
            target = copy / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, target)
        subprocess.run(["git", "init", "--quiet"], cwd=copy, check=True)
        prepare(copy, version)
        built = artifact(copy, version, Path(place, "release"))
        notes = Path(place, "release", "notes.md").read_text("utf-8")
        print(f"{built.name}: {built.stat().st_size // 1024} KiB\n\n{notes}")
        left = list((copy / "changelogs" / "fragments").glob("*.y*ml"))
        if left:
            raise NotReady(f"{left[0].name} was left out of the changelog: correct changelogs/config.yaml.")


def main() -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Make a release, or rehearse it.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare").add_argument("version")
    publish = commands.add_parser("artifact")
    publish.add_argument("version")
    publish.add_argument("folder", type=Path)
    commands.add_parser("check")
    arguments = parser.parse_args()
    try:
        if arguments.command == "prepare":
            prepare(ROOT, arguments.version)
        elif arguments.command == "artifact":
            print(artifact(ROOT, arguments.version, arguments.folder.resolve()))
        else:
            check()
    except NotReady as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
