# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Recordings go to strangers: they hold nothing of the tenant, whatever the runs did, and change no run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._evidence import read_evidence
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._recording import read_recording

from .by_hand import HandMade
from .cloud import Cloud, Run, Tenant
from .configure import PLAYBOOK, Configure
from .test_adopt import TakeOver

CLOUD = str(Path(__file__).parent / "clouds" / "recorded.yml")
PACE = ("--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4", "--set", "usage_location_seconds=0.3")
pytestmark = pytest.mark.cloud("--config", CLOUD, *PACE)
HOST = "geheimrat_prod"
OFFER = "zauberflasche"
DAY = 86400
VALIDATE, ROTATE, REMOVE, ADOPT = (
    f"marketplace_leads.dynamics365.{name}" for name in ("validate", "rotate_secrets", "remove", "adopt")
)
USER = "Quintessenz@wuweiverlag.onmicrosoft.com"
OFFICE365 = {
    "lead_writer_authentication": "office365",
    "lead_writer_user_name": USER,
    "lead_writer_user_display_name": "Mandelbrot Quintessenz",
    "lead_writer_user_usage_location": "SE",
}
NAMES = {
    "lead_writer_application_name": "Wuwei Gralshüter",
    "lead_writer_contact_emails": ["schorschi@wuweiverlag.example"],
    "lead_writer_secret_name": "Rumpelstilz",
}
WORDS = (
    *("wuwei", "geheimrat", "zauberflasche", "xenolith", "quintessenz", "mandelbrot", "gralsh", "schorschi"),
    *("rumpelstilz", "mona", "onmicrosoft", "crm4", "dynamics.com", "microsoftonline", "graph.microsoft.com"),
)
"""Parts of every name in these scenarios, and hosts that reveal the cloud's region."""
MICROSOFTS = frozenset(
    {
        "00000000-0000-0000-0000-000000000000",
        "00000003-0000-0000-c000-000000000000",
        "00000007-0000-0000-c000-000000000000",
        "78ce3f0f-a1ce-49c2-8cde-64b5c0896db4",
        "627090ff-40a3-4053-8790-584edc5be201",
    }
)
_GUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_OF_A_TENANT = re.compile(r"[0-9@ .]")
"""Matches texts of the cloud's state that are more than a word of a protocol."""
_OF_A_PROTOCOL = re.compile(
    r"""prv\w+ | [A-Za-z-]+(\.[A-Za-z]+)*\.(Read|ReadWrite|Create|OwnedBy|All)(\.\w+)* | v?[0-9.]{1,4} | office365
    | 20\d\d-\d\d-\d\d(-preview\d)? | MicrosoftMarketplacesLeadIntegrationSolution | Dynamics365Instance
    | /(api/data/v9\.2|v1\.0|rp/product-ingestion)/[A-Za-z/_.$-]+ | (address|telephone|emailaddress)[123](_[a-z]+)?
    | oauth2[A-Z]\w+ | DYN365_[A-Z_]+
    | Dynamics\ CRM | System\ Administrator | Microsoft\ Graph | https://schema\.mp\.microsoft\.com/schema/[a-z-]+/[0-9a-z-]+""",
    re.VERBOSE,
)
"""Texts of the cloud's state that come from Microsoft, the same for every tenant."""


class Recorded:
    """Runs playbooks for one host with recording on, and keeps every state of the cloud."""

    def __init__(self, cloud: Cloud, configure: Configure, folder: Path) -> None:
        self.cloud, self.configure, self.folder = cloud, configure, folder
        self._seen: set[str] = set()

    def __call__(self, playbook: str = PLAYBOOK, *arguments: str, expect: Any = 0, **variables: Any) -> Run:
        """Run a playbook at the verbosity that shows the options of modules."""
        given = {"lead_writer_record": str(self.folder), **NAMES, **variables}
        run = self.configure(*arguments, playbook=playbook, variables=given, rehearse=False, verbosity=3)
        assert (run.status != 0) == bool(expect), run.output[-2000:]
        self.look()
        return run

    def look(self) -> None:
        """Remember the current state of the cloud."""
        self._seen |= {*texts_in(self.cloud.control("GET", "/state")), *texts_in(self.cloud.requests_since(0))}

    @property
    def files(self) -> list[Path]:
        """All files of the recording except the page of facts, which has only texts of the evidence file."""
        return [path for path in self.folder.rglob("*") if path.is_file() and path != self.page]

    @property
    def page(self) -> Path:
        """The page of facts."""
        return self.folder / "facts.md"

    @property
    def text(self) -> str:
        """The whole recording, with the names of the files."""
        files = self.files
        assert len(files) > 10, files
        return "\n".join(f"{path.name}\n{path.read_text(encoding='utf-8')}" for path in files)

    def found_in_it(self) -> set[str]:
        """Return everything of the tenant that is in the recording."""
        text = self.text
        lower = text.lower()
        found = {word for word in WORDS if word in lower}
        # An ID that Microsoft owns is named, and everything else about it is not.
        found |= {each for each in self.ids() if each in lower}
        found |= {each for each in self._seen if len(each) > 5 and _is_of_a_tenant(each) and each in text}
        found |= {each for each in self.secrets() if each in text}
        return found | {*re.findall(r"eyJ[\w-]{5,}", text), *_GUID.findall(text)}

    def ids(self) -> set[str]:
        """Return every id that the cloud has had."""
        return {each.lower() for text in self._seen for each in _GUID.findall(text)} - MICROSOFTS

    def secrets(self) -> set[str]:
        """Return every secret and password that the cloud knows."""
        state = json.dumps(self.cloud.control("GET", "/state"), ensure_ascii=False)
        return set(re.findall(r'"_?(?:secret|password|secretText|applicationKey)": "([^"*]{6,})"', state))


def _is_of_a_tenant(text: str) -> bool:
    return _OF_A_TENANT.search(text) is not None and _OF_A_PROTOCOL.fullmatch(text) is None


def texts_in(value: Any) -> Iterator[str]:
    """Yield every text in JSON content, names included."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, str):
        yield value


@pytest.fixture
def recorded(cloud: Cloud, configure: Configure, tmp_path: Path) -> Recorded:
    return Recorded(cloud, configure, tmp_path / "recording")


@pytest.fixture
def tenant(cloud: Cloud) -> Tenant:
    return cloud.tenants["wuweiverlag"]


@pytest.mark.parametrize(
    "identity",
    [pytest.param({}, id="application"), pytest.param(OFFICE365, id="person", marks=pytest.mark.torture)],
)
def test_nothing_of_a_tenant_is_in_the_recording_of_its_life(recorded: Recorded, identity: dict[str, Any]) -> None:
    recorded(PLAYBOOK, "--check", **identity)
    recorded(PLAYBOOK, lead_writer_publish="live", **identity)
    recorded(VALIDATE, **identity)
    recorded.cloud.jump(2 * DAY)
    recorded(ROTATE, lead_writer_publish="live", **identity)
    recorded(REMOVE, "--limit", HOST, lead_writer_remove_while_live=True, lead_writer_remove_solution=True, **identity)
    assert len(recorded.secrets()) > 1
    assert len(recorded.ids()) > 100
    assert sorted(recorded.found_in_it()) == []


def test_nothing_of_a_tenant_is_in_the_recording_of_an_adoption(
    recorded: Recorded, tenant: Tenant, tmp_path: Path
) -> None:
    made = HandMade(recorded.cloud, tenant, OFFER)
    made.all_of_it()
    TakeOver(recorded.cloud, recorded.configure, tmp_path).give(made.secret["secretText"])
    (tmp_path / "host_vars" / "contoso_prod.yml").rename(tmp_path / "host_vars" / f"{HOST}.yml")
    recorded.look()
    recorded(ADOPT, **dict.fromkeys(NAMES))
    assert made.secret["secretText"] not in recorded.text
    assert sorted(recorded.found_in_it()) == []


def test_nothing_of_a_tenant_is_in_the_recording_of_failures(recorded: Recorded) -> None:
    said = "Frau Mona of wuweiverlag may not, call +46701234567"
    for route, code in (("v1.0/applications", "Authorization_RequestDenied"), ("AddPrivilegesRole", "0x80040220")):
        recorded.cloud.fault(route=route, method="POST", status=403, code=code, message=said, count=1)
        recorded(PLAYBOOK, expect=1)
    recorded.cloud.fault(route="crm4", status=429, retry_after=1, count=1)
    recorded.cloud.fault(route="graph", status=503, count=1, body="html", message=said)
    recorded.cloud.fault(route="login", reset=True, count=1)
    recorded(PLAYBOOK)
    answers = read_recording(recorded.folder)
    assert {429, 503} <= {each.status for each in answers}
    assert {"0x80040220", "Authorization_RequestDenied"} <= {code for each in answers for code in each.codes}
    assert [each.service for each in answers if each.broken]
    assert sorted(recorded.found_in_it()) == []


def test_the_search_finds_what_a_recording_would_leak(recorded: Recorded, tenant: Tenant) -> None:
    recorded(PLAYBOOK, "--check")
    (recorded.folder / "leak.json").write_text(f"{tenant.client_secret} {tenant.tenant_id}", encoding="utf-8")
    assert recorded.found_in_it() >= {tenant.client_secret, tenant.tenant_id}


def test_all_services_are_in_a_recording(recorded: Recorded) -> None:
    recorded(PLAYBOOK)
    services = {each.service for each in read_recording(recorded.folder)}
    assert services == {"entra", "graph", "environment", "partner-center"}


def test_a_dry_run_is_recorded(recorded: Recorded) -> None:
    recorded(PLAYBOOK, "--check")
    assert {each.method for each in read_recording(recorded.folder)} == {"GET", "POST"}


def test_modules_that_run_the_ordinary_way_are_recorded(recorded: Recorded, configure: Configure) -> None:
    variables = {"lead_writer_record": str(recorded.folder)}
    environment = {"MARKETPLACE_LEADS_IN_PROCESS": "0"}
    run = configure("--check", variables=variables, rehearse=False, environment=environment)
    assert run.status == 0, run.output
    assert len(read_recording(recorded.folder)) > 10


def test_the_output_names_the_folder_and_nothing_of_the_recording(recorded: Recorded) -> None:
    run = recorded(PLAYBOOK)
    assert str(recorded.folder) in run.output
    assert not re.search(r"\{(guid|text|url|date-time)", run.output)
    assert not [path.stem for path in recorded.files if path.stem in run.output]


def test_recorded_run_ends_with_its_result_about_facts(recorded: Recorded) -> None:
    run = recorded(PLAYBOOK)
    counted = re.search(r"confirms (\d+) facts about Microsoft's services and refutes 0;", " ".join(run.output.split()))
    assert counted is not None
    assert int(counted.group(1)) > 20
    rows = [line for line in recorded.page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    facts = {f"| `{fact.id}` | {fact.certainty} | {' '.join(fact.fact.split())} |" for fact in read_evidence().facts}
    assert set(rows) <= facts


def test_recorded_run_makes_the_same_writes(recorded: Recorded, configure: Configure) -> None:
    before = recorded.cloud.control("GET", "/state")
    with_it = _writes(recorded.cloud, recorded(PLAYBOOK))
    recorded.cloud.control("PUT", "/state", before)
    for path in configure.store.iterdir():
        path.unlink()
    without = configure(variables=NAMES, rehearse=False, verbosity=3)
    assert without.status == 0, without.output
    assert _writes(recorded.cloud, without) == with_it


def _writes(cloud: Cloud, run: Run) -> list[str]:
    return sorted(_GUID.sub("{id}", each) for each in cloud.writes_since(run.mark))


def test_a_second_run_adds_nothing_new(recorded: Recorded) -> None:
    recorded(PLAYBOOK)
    recorded(PLAYBOOK)
    before = {path: path.stat().st_mtime_ns for path in recorded.files}
    recorded(PLAYBOOK)
    assert {path: path.stat().st_mtime_ns for path in recorded.files} == before


def test_unwritable_folder_stops_the_run_before_its_first_request(recorded: Recorded, tmp_path: Path) -> None:
    recorded.folder.write_text("a file", encoding="utf-8")
    run = recorded(PLAYBOOK, expect=1)
    assert run.failure(HOST).startswith(
        f"lead_writer_record names {recorded.folder}, which is not a writable folder (File exists): "
    )
    assert recorded.cloud.requests_since(run.mark) == []
