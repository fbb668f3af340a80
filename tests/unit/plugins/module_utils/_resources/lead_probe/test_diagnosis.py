# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every refusal of a sign-in is explained for the handed over identity, a person or an application."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._identity.sign_in import SignInFailed
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._resources.lead_probe.diagnosis import (
    Diagnosis,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._resources.lead_probe.options import (
    HandedOver,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.lead_failures import SIGN_IN_CAUSES
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import (
    CLIENTS,
    RUNNER,
    TENANT,
    Network,
    answer,
)

APPLICATION = HandedOver("azure_ad", TENANT, RUNNER, "", "the public client", "Lead Writer", "a secret")
PERSON = HandedOver("office365", "", "", "leads@contoso.com", "the public client", "Lead Writer", "a password")
OF_PEOPLE = {
    "user_unknown",
    "password_wrong",
    "password_expired",
    "account_disabled",
    "account_locked",
    "more_than_a_password",
    "user_federated",
    "public_client_refused",
}


def cause(given: HandedOver, code: str) -> tuple[str, str]:
    """The cause and the message for a refusal, if the runner may read nothing."""
    blind = Network(answer({"error": {"code": "Authorization_RequestDenied", "message": "No."}}, 403))
    diagnosis = Diagnosis(given, CLIENTS["environment"](blind), CLIENTS["graph"](blind), TENANT)  # type: ignore[arg-type]
    failure = diagnosis.of_sign_in(SignInFailed("No.", code))
    return failure.answer["cause"], str(failure)


@pytest.mark.parametrize("code", SIGN_IN_CAUSES)
def test_message_for_an_application_does_not_mention_a_person(code: str) -> None:
    word, sentence = cause(APPLICATION, code)
    assert word not in OF_PEOPLE
    assert "the public client" not in sentence


@pytest.mark.parametrize("code", SIGN_IN_CAUSES)
def test_message_for_a_person_does_not_mention_an_application(code: str) -> None:
    word, sentence = cause(PERSON, code)
    assert not word.startswith(("service_principal", "application", "directory"))
    assert "application  " not in sentence


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("50053", "account_locked"),
        ("50020", "user_unknown"),
        ("50135", "password_expired"),
        ("50144", "password_expired"),
        ("53011", "conditional_access"),
        ("530032", "conditional_access"),
        ("530035", "more_than_a_password"),
        ("65002", "public_client_refused"),
        ("650057", "public_client_refused"),
        ("7000112", "public_client_refused"),
        ("7000229", "public_client_refused"),
        ("90002", "user_unknown"),
        ("1234567", "sign_in_refused"),
    ],
)
def test_a_persons_refusal_has_its_cause(code: str, word: str) -> None:
    assert cause(PERSON, code)[0] == word


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("53003", "conditional_access"),
        ("53000", "conditional_access"),
        ("50097", "conditional_access"),
        ("530032", "conditional_access"),
        ("7000217", "service_principal_missing"),
        ("7000229", "service_principal_missing"),
        ("90051", "directory_unknown"),
        ("65001", "sign_in_refused"),
        ("530035", "sign_in_refused"),
    ],
)
def test_an_applications_refusal_has_its_cause(code: str, word: str) -> None:
    assert cause(APPLICATION, code)[0] == word
