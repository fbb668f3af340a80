# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Import jobs: a successful job may hide a failed component."""

from __future__ import annotations

from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.import_report import (
    component_problems,
    hex_code,
)

DATA = """<importexportxml start="1" stop="2" progress="100" processed="true">
<solutionManifests><solutionManifest languagecode="1033" id="Leads" LocalizedName="Leads" processed="true">
<UniqueName>Leads</UniqueName><result result="success" errorcode="0" errortext="" /></solutionManifest>
</solutionManifests>
<securityroles>
<securityrole id="{1}" name="Lead Writer" processed="true"><result result="success" errorcode="0" /></securityrole>
<securityrole id="{2}" name="Lead Reader" processed="true">
<result result="failure" errorcode="-2147188648" errortext="The privilege is
 not valid." /></securityrole></securityroles>
<workflows><workflow id="{3}"><result result="warning" errorcode="0x80045043" errortext="Not activated" /></workflow>
</workflows></importexportxml>"""


def test_failed_components_are_reported_by_kind_and_name() -> None:
    assert [str(problem) for problem in component_problems(DATA)] == [
        "securityrole Lead Reader: failure (0x80048058 The privilege is not valid.)",
        "workflow {3}: warning (0x80045043 Not activated)",
    ]


def test_unreadable_report_has_no_failures() -> None:
    assert component_problems("") == component_problems("half of it <") == component_problems("<!DOCTYPE x><x/>") == []


def test_codes_are_spelled_as_in_the_documentation() -> None:
    assert hex_code(-2147188685) == "0x80048033"
    assert hex_code("-2147188685") == "0x80048033"
    assert hex_code(0) == hex_code(None) == hex_code("") == ""
    assert hex_code("0x80048033") == "0x80048033"
