# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every gate, the demo and the benchmarks, each in its own virtual environment.

`make demo`, `make test`, `make bench` and `make lint` are the shortcuts. Run one gate with
`.venv/bin/python -m nox -s ansible-lint`; list all with `.venv/bin/python -m nox -l`. Arguments after `--` are passed
on, for example `nox -s unit -- -k tokens` or `nox -s sanity-2.19 -- --test validate-modules`.

The sessions yamllint, license-check, extra-checks and ansible-lint come from antsibull-nox and are set up
in antsibull-nox.toml; the others are below.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import antsibull_nox
import antsibull_nox.sessions
import nox

ROOT = Path(__file__).parent.resolve()
sys.path.insert(0, str(ROOT))

# The root is not on sys.path before the line above.
from tests.gates import clients as published  # noqa: E402
from tests.gates import installer, interpreters  # noqa: E402

COLLECTION = "marketplace_leads.dynamics365"
RECORDINGS = ROOT / ".nox" / "recordings"
# Recorded only if it is compared with the evidence afterwards: `make test FACTS=1`.
RECORDED = {"MARKETPLACE_LEADS_RECORDINGS": str(RECORDINGS)} if os.environ.get("FACTS") else {}
# Bounded above by the newest core that the gates cover, so that a new one does not surprise the demo.
ANSIBLE_CORE = "ansible-core>=2.19,<2.22"
# The packages of every interpreter that runs the collection against the simulator.
TO_RUN = (ANSIBLE_CORE, "-r", "requirements.txt", "-r", "simulator/requirements.txt")
TO_TEST = (ANSIBLE_CORE, "-r", "tests/requirements.txt")
# Bounded, like the linters of antsibull-nox.toml: another release finds other faults, and a gate should fail only
# because of a change to the project.
RUFF = "ruff>=0.17,<0.18"
MYPY = ("mypy>=2.4,<2.5", "types-PyYAML", "types-requests")
ANTSIBULL_DOCS = "antsibull-docs>=2.28,<2.29"
ANSIBLE_LINT = "ansible-lint>=26.10,<26.11"
GALAXY_IMPORTER = ("galaxy-importer>=0.4.44,<0.5", ANSIBLE_LINT)
ANTSIBULL_CHANGELOG = "antsibull-changelog>=0.36,<0.37"

nox.needs_version = ">=2026.10.20"
# uv creates an environment in a second; without it, virtualenv and pip are used.
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
# A missing interpreter is reported and skipped (`session_for_core`), never downloaded.
nox.options.download_python = "never"
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
# The gates start thousands of Pythons. uv installs without bytecode, and PYTHONDONTWRITEBYTECODE prevents storing any,
# so each Python would compile all that it imports. With this folder each file is compiled once, and nothing is written
# beside the sources, which is the purpose of that variable.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
os.environ["PYTHONPYCACHEPREFIX"] = str(ROOT / ".nox" / "bytecode")
# The license gate asks git at its start what is ignored, and would find a cache that ruff creates a moment later.
os.environ["RUFF_CACHE_DIR"] = str(ROOT / ".nox" / "ruff")

nox.options.allow_parallel = True
# A change is tried with the oldest and the newest ansible-core; `make test CORES=all` and the CI take them all.
CORES = [*interpreters.PYTHONS_OF_CORE] if os.environ.get("CORES") == "all" else interpreters.outer_cores()
# The gates of `make test` run several side by side, so the longest come first.
nox.options.sessions = [
    "scenarios",
    *(f"sanity-{core}" for core in CORES),
    "simulator",
    "azure-cli",
    "clients",
    "build-import-check",
    *(f"in-process-{core}" for core in CORES),
    *(f"units-{core}" for core in CORES),
    "mypy",
    "artifact",
    "simulator-package",
    "ansible-lint",
    "unit",
    "oldest-python",
    "docs-check",
    "license-check",
    "codeqa",
    "yamllint",
    "antsibull-nox-config",
    "extra-checks",
    "users-lint",
    "release-check",
]

# Pre-releases of ansible-core are tested by the weekly run, or by `make test PRE=1`: an unreleased version must not
# fail a change to the project.
if os.environ.get("PRE"):
    nox.options.sessions += [
        f"{command}-{core}"
        for core in interpreters.PYTHONS_OF_UPCOMING_CORE
        for command in ("sanity", "in-process", "units")
    ]

installer.let_uv_follow_pip()
interpreters.select_all_of_pyenv()
antsibull_nox.load_antsibull_nox_toml()


# --- try it, measure it -------------------------------------------------------------------------------------------


@nox.session
def demo(session: nox.Session) -> None:
    """Set up three tenants in the simulated cloud, twice, and show the result."""
    session.install(*TO_RUN)
    session.run("python", "demo/run.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure the collection against the simulator; prints ratios and writes benchmarks/results.json."""
    session.install(*TO_RUN)
    session.run("python", "-m", "benchmarks", *session.posargs)


# Scenarios with separate sessions, the first of them one for each ansible-core.
WITH_EACH_CORE = ["tests/scenarios/test_in_process.py", "tests/scenarios/test_without_internals.py"]
BY_AZURE_CLI = "tests/clients/test_azure_cli.py"
BY_ANSIBLE_LINT = ["tests/scenarios/test_linting.py"]


# --- tests that pytest runs ---------------------------------------------------------------------------------------


@nox.session
def unit(session: nox.Session) -> None:
    """Run the unit tests with plain pytest."""
    run_pytest(session, "tests/unit")


# What takes too long for every change: `make torture` runs these three side by side.
IN_PARALLEL = ("--numprocesses", "3", "--dist", "worksteal")


@nox.session(name="torture-facts")
def torture_facts(session: nox.Session) -> None:
    """Run configure in every cloud in which a fact does not hold."""
    session.env["MARKETPLACE_LEADS_FLIPS"] = "all"
    run_pytest(session, "tests/scenarios/test_flipped_facts.py", *IN_PARALLEL)


@nox.session(name="torture-secrets")
def torture_secrets(session: nox.Session) -> None:
    """Try many more histories of secrets than the unit tests do."""
    session.env["MARKETPLACE_LEADS_EXAMPLES"] = "20000"
    run_pytest(session, "tests/unit/plugins/module_utils/_rules/test_no_live_secret_is_removed.py")


@nox.session(name="torture-scenarios")
def torture_scenarios(session: nox.Session) -> None:
    """Run the scenarios that are marked `torture`."""
    session.env["MARKETPLACE_LEADS_THOROUGH"] = "1"
    run_pytest(session, "tests/scenarios", "-m", "torture", *IN_PARALLEL)


@nox.session
def simulator(session: nox.Session) -> None:
    """Run the simulator's own tests."""
    run_pytest(session, "tests/simulator", env=RECORDED)


@nox.session(name="simulator-package")
def simulator_package(session: nox.Session) -> None:
    """Install the simulator as the package that it is, and run its command far from the checkout."""
    with tempfile.TemporaryDirectory(prefix="simulator-") as place:
        # A copy, because building leaves files beside the sources.
        shutil.copytree(ROOT / "simulator", Path(place, "source"))
        session.install("--reinstall-package", "marketplace-leads-simulator", str(Path(place, "source")), "requests")
        question = "import requests; print(requests.get('https://login.microsoftonline.com/common/discovery/keys'))"
        with session.chdir(place):
            session.run("marketplace-leads-simulator", "exec", "--tenants", "1", "--", "python", "-c", question)


@nox.session
def clients(session: nox.Session) -> None:
    """Run published clients of others, unchanged, against the simulator."""
    run_clients(session, ["python", "airbyte", "npm"], "tests/clients", f"--ignore={BY_AZURE_CLI}")


@nox.session(name="azure-cli")
def azure_cli(session: nox.Session) -> None:
    """Run the Azure CLI, unchanged, against the simulator: alone, and as the role's credential."""
    run_clients(session, ["azure-cli"], BY_AZURE_CLI)


def run_clients(session: nox.Session, groups: list[str], path: str, *options: str) -> None:
    """Install these groups of published clients and run their tests; skip the session if there is none.

    They are installed outside the session's environment: tests and clients need different versions of some packages.
    """
    reasons = {group: reason for group in groups if (reason := published.install(group))}
    if len(reasons) == len(groups):
        session.skip("; ".join(reasons.values()))
    for reason in reasons.values():
        session.warn(f"Some tests are skipped: {reason}")
    run_pytest(session, path, *options)


@nox.session
def scenarios(session: nox.Session) -> None:
    """Run the scenarios: real ansible-playbook runs against the simulator."""
    # More processes than cores: a scenario spends much of its time waiting for the platform's delays.
    elsewhere = [f"--ignore={path}" for path in WITH_EACH_CORE + BY_ANSIBLE_LINT]
    run_pytest(
        session,
        "tests/scenarios",
        "--numprocesses",
        "3",
        "--dist",
        "worksteal",
        "--durations",
        "15",
        *elsewhere,
        env=RECORDED,
    )


@nox.session(name="recorded-facts")
def recorded_facts(session: nox.Session) -> None:
    """Compare the recordings of the sessions scenarios and simulator with the evidence file."""
    session.install(*TO_TEST)
    with checkout_as_collection() as place:
        session.run("python", "-m", "tests.gates.recorded_facts", str(RECORDINGS), env=collection_in(place))


def run_pytest(session: nox.Session, folder: str, *options: str, env: dict[str, str] | None = None) -> None:
    """Run one folder of tests from the checkout, importable as the collection."""
    session.install(*TO_TEST)
    with checkout_as_collection() as place:
        session.run(
            "python", "-m", "pytest", *options, folder, *session.posargs,
            env={**collection_in(place), **(env or {})},
        )  # fmt: skip


def collection_in(place: Path) -> dict[str, str]:
    """Return the variables that let Python and Ansible find the collection below a folder."""
    return {"PYTHONPATH": f"{place}{os.pathsep}{ROOT}", "ANSIBLE_COLLECTIONS_PATH": str(place)}


@contextlib.contextmanager
def checkout_as_collection() -> Iterator[Path]:
    """Yield a folder with ansible_collections/NAMESPACE/NAME, a link to the checkout."""
    with tempfile.TemporaryDirectory(prefix="collections-") as place:
        namespace, name = COLLECTION.split(".")
        parent = Path(place, "ansible_collections", namespace)
        parent.mkdir(parents=True)
        (parent / name).symlink_to(ROOT, target_is_directory=True)
        yield Path(place)


# --- tests that run with every supported ansible-core -------------------------------------------------------------


def run_ansible_test(session: nox.Session, core: str, command: str, python: str, *arguments: str) -> None:
    """Run one command of ansible-test on a copy of the checkout in the place that ansible-test requires."""
    session.install(requirement(core), "-r", "tests/requirements.txt")
    prepared = antsibull_nox.sessions.prepare_collections(
        session, ansible_core_version=core, install_in_site_packages=False, install_out_of_tree=True
    )
    if prepared is None:
        session.error("A session of ansible-test needs a virtual environment; run nox without --no-venv.")
    # An interpreter missing from the session's environment is searched for on PATH.
    path = os.pathsep.join([str(Path(interpreters.program(python) or "").parent), os.environ["PATH"]])
    with session.chdir(prepared.current_path):
        session.run(
            "ansible-test", command, "--color", "no", "--python", python, *arguments, *session.posargs,
            env={"HOME": str(ansible_test_home()), "PATH": path},
        )  # fmt: skip
    shutil.rmtree(prepared.current_place)


def run_in_process(session: nox.Session, core: str) -> None:
    """Compare in-process and ordinary execution with one ansible-core, and remove what it may lose.

    Running a module in process relies on parts of ansible-core that change without notice.
    """
    session.install(requirement(core), "-r", "tests/requirements.txt")
    session.run("python", "-m", "pytest", *WITH_EACH_CORE, *session.posargs)


def requirement(core: str) -> str:
    """Return the requirement for pip that installs the newest release of this ansible-core.

    For an upcoming one this is the newest pre-release: pip takes pre-releases if the bound is one.
    """
    major, minor = core.split(".")
    oldest = f"{core}.0a1" if core in interpreters.PYTHONS_OF_UPCOMING_CORE else core
    return f"ansible-core>={oldest},<{major}.{int(minor) + 1}"


def ansible_test_home() -> Path:
    """Return a home folder inside .nox, where ansible-test finds its inputs and stores its results.

    ansible-test passes on hardly any variable, so pip's settings come from this folder.
    """
    home = ROOT / ".nox" / "ansible-test-home"
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    for pip_version in ("24_2", "25_2"):  # the requirement of the supported versions of ansible-core
        shutil.copyfile(ROOT / "tests/gates/get_pip.py", cache / f"get_pip_{pip_version}.py")
    links = {name: Path.home() / name for name in (".config", ".pip", ".cache")}
    if uv := shutil.which("uv", path=str(Path(sys.executable).parent)):
        links[".local/bin/uv"] = Path(uv)
    for name, target in links.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        # Two sessions may do this at the same time.
        with contextlib.suppress(FileExistsError):
            (home / name).symlink_to(target)
    return home


NOT_RUN_BY_ANSIBLE = ("benchmarks/", "demo/", "packages/", "simulator/", "tests/", "noxfile.py")
ONLY_RUN_BY_ANSIBLE = [f"--exclude={path}" for path in NOT_RUN_BY_ANSIBLE]
DESCRIPTIONS = {
    "sanity": "ansible-test sanity",
    "units": "ansible-test units",
    "in-process": "the tests of in-process execution",
}


def session_for_core(command: str, core: str) -> None:
    """Register the session `<command>-<core>`; without an interpreter for this core it is skipped with a reason.

    nox itself would report a missing interpreter as an error if CI=true is set.
    """
    python = interpreters.python_for_core(core)
    name = f"{command}-{core}"

    def run(session: nox.Session) -> None:
        if python is None:
            session.skip(f"none of Python {', '.join(interpreters.pythons_of(core))} is installed")
        if command == "in-process":
            run_in_process(session, core)
        elif command == "units":
            # What reads the project's pages and its evidence is no matter of ansible-core: the session unit has it.
            run_ansible_test(session, core, command, python, "tests/unit/plugins/")
        elif command == "sanity" and core != interpreters.newest_core():
            # Code for this project's own Pythons is checked once, code for every ansible-core with each of them.
            # pylint reads the same files alike with each core: the weekly run takes it with all of them.
            without = [] if os.environ.get("PRE") else ["--skip-test", "pylint"]
            run_ansible_test(session, core, command, python, *ONLY_RUN_BY_ANSIBLE, *without)
        elif command == "sanity" and not session.posargs:
            # ruff and mypy read the rest of the files with stricter rules.
            run_ansible_test(session, core, command, python, "--skip-test", "pylint")
            run_ansible_test(session, core, command, python, "--test", "pylint", *ONLY_RUN_BY_ANSIBLE)
        else:
            run_ansible_test(session, core, command, python)

    run.__doc__ = f"Run {DESCRIPTIONS[command]} with ansible-core {core}."
    # `python=False` creates no environment, for a session that only reports why it is skipped.
    nox.session(name=name, python=python or False)(run)


for _core in (*interpreters.PYTHONS_OF_CORE, *interpreters.PYTHONS_OF_UPCOMING_CORE):
    for _command in DESCRIPTIONS:
        session_for_core(_command, _core)


@nox.session(name="oldest-python")
def oldest_python(session: nox.Session) -> None:
    """Compile and import the code for targets with the oldest supported Python."""
    oldest = interpreters.OLDEST_FOR_MODULES
    if not interpreters.is_here(oldest):
        session.skip(f"Python {oldest} is not installed")
    core = next((core for core in interpreters.PYTHONS_OF_CORE if interpreters.python_for_core(core)), None)
    if core is None:
        session.skip("no Python for any supported ansible-core is installed")
    run_ansible_test(session, core, "sanity", oldest, "--test", "compile", "--test", "import")


# --- what is read, not run ----------------------------------------------------------------------------------------


@nox.session
def codeqa(session: nox.Session) -> None:
    """Check the Python files with ruff: format and rules."""
    session.install(RUFF)
    session.run("ruff", "format", "--check", "--diff", *session.posargs)
    session.run("ruff", "check", *session.posargs)


@nox.session(name="format")
def format_(session: nox.Session) -> None:
    """Format the Python files, and fix what ruff can fix safely."""
    session.install(RUFF)
    session.run("ruff", "check", "--fix-only", *session.posargs)
    session.run("ruff", "format", *session.posargs)


@nox.session(name="docs-check")
def docs_check(session: nox.Session) -> None:
    """Check the documentation of plugins and roles, and what it refers to."""
    session.install(ANTSIBULL_DOCS, ANSIBLE_CORE)
    prepared = antsibull_nox.sessions.prepare_collections(
        session, install_in_site_packages=False, install_out_of_tree=True
    )
    if prepared is None:
        session.error("This session needs a virtual environment; run nox without --no-venv.")
    with session.chdir(prepared.current_path):
        session.run(
            "antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck",
            "--validate-collection-refs", "all", "--check-extra-docs-refs", ".",
            env={"ANSIBLE_COLLECTIONS_PATH": str(prepared.current_place)},
        )  # fmt: skip
    shutil.rmtree(prepared.current_place)


@nox.session(name="users-lint")
def users_lint(session: nox.Session) -> None:
    """Let ansible-lint fix a user's playbook, and check that it calls the same modules afterwards."""
    session.install(ANSIBLE_LINT, *TO_TEST)
    session.run("python", "-m", "pytest", *BY_ANSIBLE_LINT, *session.posargs)


@nox.session
def mypy(session: nox.Session) -> None:
    """Check the types of everything, the collection's plugins as part of ansible_collections."""
    session.install(*MYPY, *TO_TEST, "nox", "antsibull-nox")
    with checkout_as_collection() as place:
        in_collection = f"ansible_collections/{COLLECTION.replace('.', '/')}"
        beside_it = [
            path
            for path in ("simulator", "tests", "benchmarks", "demo", "packages")
            if any((ROOT / path).rglob("*.py"))
        ]
        common = ("python", "-m", "mypy", "--config-file", str(ROOT / "mypy.ini"))
        environment = {"MYPYPATH": str(place)}
        with session.chdir(place):
            session.run(*common, f"{in_collection}/plugins", *session.posargs, env=environment)
        session.run(*common, *beside_it, "noxfile.py", *session.posargs, env=environment)


# --- what is published --------------------------------------------------------------------------------------------


@nox.session(name="build-import-check")
def build_import_check(session: nox.Session) -> None:
    """Build the collection and check it with Galaxy's importer, as strictly as Automation Hub."""
    session.install(*GALAXY_IMPORTER, ANSIBLE_CORE, "-r", "requirements.txt")
    session.run("python", "-m", "tests.gates.import_check", env={"ANSIBLE_COLLECTIONS_PATH": session.create_tmp()})


@nox.session
def artifact(session: nox.Session) -> None:
    """Build the collection, install it into an empty place and run the demo's playbook from there."""
    session.install(*TO_RUN)
    session.run("python", "-m", "tests.gates.artifact", *session.posargs)


# --- releases -----------------------------------------------------------------------------------------------------


@nox.session(name="release-check")
def release_check(session: nox.Session) -> None:
    """Rehearse the next release in a copy of the checkout: version, changelog, artifact, notes."""
    session.install(ANSIBLE_CORE, ANTSIBULL_CHANGELOG)
    session.run("python", "-m", "tests.gates.release", "check")


@nox.session(name="release-prepare")
def release_prepare(session: nox.Session) -> None:
    """Set the version and write the changelog of a release in this checkout: nox -s release-prepare -- VERSION."""
    session.install(ANSIBLE_CORE, ANTSIBULL_CHANGELOG)
    session.run("python", "-m", "tests.gates.release", "prepare", *session.posargs)


@nox.session(name="release-artifact")
def release_artifact(session: nox.Session) -> None:
    """Build what a tag publishes: nox -s release-artifact -- VERSION FOLDER."""
    session.install(ANSIBLE_CORE, ANTSIBULL_CHANGELOG)
    session.run("python", "-m", "tests.gates.release", "artifact", *session.posargs)


@nox.session(name="release-publish")
def release_publish(session: nox.Session) -> None:
    """Publish the artifact in a folder on the Galaxy server that Ansible's variables name."""
    session.install(ANSIBLE_CORE)
    (artifact,) = Path(*session.posargs).glob("*.tar.gz")
    session.run("ansible-galaxy", "collection", "publish", str(artifact))
