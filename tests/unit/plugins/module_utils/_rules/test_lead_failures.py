# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a lead cannot arrive: every cause has a complete message, and a page that explains it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.access_levels import AccessLevel
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.lead_failures import (
    CAUSES,
    REFUSAL_CAUSES,
    SIGN_IN_CAUSES,
    Cause,
    LeadFailure,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.marketplace_lead import (
    LEAD_PRIVILEGES,
    SYSTEM_JOB_PRIVILEGES,
    differences,
    lacking,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.marketplace_lead import (
    test_lead as values_of,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.marketplace_lead import (
    test_mark as new_mark,
)

TROUBLESHOOTING = Path(__file__).resolve().parents[5] / "docs" / "troubleshooting.md"


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: cause.word)
def test_every_cause_is_one_message_with_a_cure(cause: Cause) -> None:
    sentence = cause.sentence.format_map(defaultdict(lambda: "X"))
    assert sentence.endswith((".", "X")), "reason is a separate sentence"
    assert ": " in sentence, "what follows the colon is the cure"
    assert not re.search(r"\. [A-Z]", sentence), "one sentence"


def test_troubleshooting_table_lists_exactly_the_causes() -> None:
    table = TROUBLESHOOTING.read_text(encoding="utf-8").split("| cause |", 1)[1].split("\n\n", 1)[0]
    named = {word for row in table.splitlines()[2:] for word in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert named == set(CAUSES)


def test_every_refusal_of_a_sign_in_has_a_cause_that_exists() -> None:
    assert set(SIGN_IN_CAUSES.values()) <= set(CAUSES)


def test_every_refusal_of_a_lead_has_a_cause_that_exists() -> None:
    assert set(REFUSAL_CAUSES.values()) <= set(CAUSES)


def test_failure_returns_its_cause_and_partner_centers_message() -> None:
    failure = LeadFailure("no_role", host="contoso.crm4.dynamics.com", user="user x", role="Lead Writer")
    assert str(failure) == (
        "In contoso.crm4.dynamics.com the user x has no security role: assign it the role Lead Writer."
    )
    assert failure.answer["cause"] == "no_role"
    assert failure.answer["documented_error"].endswith("no roles are assigned to user.")


def test_one_cause_can_have_several_partner_center_messages() -> None:
    said = "Invalid client secret is provided."
    failure = LeadFailure("directory_of_another", documented=said, directory_id="x", host="y", tenant="z")
    assert failure.answer["documented_error"] == said


def test_test_lead_has_its_18_digits_in_every_text() -> None:
    mark = new_mark()
    assert re.fullmatch(r"MSFT_TEST_\d{18}", mark)
    values = values_of(mark)
    assert [column for column, value in values.items() if mark not in str(value)] == [
        "telephone1",
        "address1_country",
        "leadsourcecode",
    ]


def test_only_a_changed_stored_value_is_a_difference() -> None:
    sent = {"lastname": "A", "telephone1": "1234567890", "jobtitle": "B"}
    stored = {"lastname": "A", "telephone1": "+1 234 567 890", "leadid": "1"}
    assert differences(sent, stored) == {
        "telephone1": {"sent": "1234567890", "stored": "+1 234 567 890"},
        "jobtitle": {"sent": "B", "stored": None},
    }


def test_a_privilege_at_too_narrow_a_level_is_lacking() -> None:
    held = {"prvreadasyncoperation": AccessLevel.GLOBAL, "prvwriteasyncoperation": AccessLevel.DEEP}
    assert lacking(SYSTEM_JOB_PRIVILEGES, held) == ["prvWriteAsyncOperation", "prvAppendToAsyncOperation"]
    own = dict.fromkeys(("prvcreatelead", "prvreadlead"), AccessLevel.BASIC)
    assert lacking(LEAD_PRIVILEGES, own) == []
