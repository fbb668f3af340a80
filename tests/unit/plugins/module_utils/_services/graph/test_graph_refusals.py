# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refusals of Microsoft Graph have a cure, found by code, detail or message."""

from __future__ import annotations

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.graph import client
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import (
    CLIENTS,
    Network,
    answer,
)


def told(code: str, message: str, status: int = 400) -> str:
    """The message for a refusal."""
    refusal = answer({"error": {"code": code, "message": message}}, status)
    with pytest.raises(CallFailed) as failed:
        CLIENTS["graph"](Network(refusal)).get("/thing")
    return str(failed.value)


@pytest.mark.parametrize("code", client._CURES)
def test_every_code_has_its_cure(code: str) -> None:
    sentence = told(code, "No.")
    assert sentence.endswith("(Graph says: No).")
    assert not {"{", "}"} & set(sentence)
    assert ": " in sentence


@pytest.mark.parametrize(
    "message",
    [
        "Not allowed to add 3 passwords. You can only add a maximum of 2 passwords.",
        "You can only add a maximum of 2 encrypted credentials.",
    ],
)
def test_third_secret_for_personal_accounts_has_a_cure_for_any_code(message: str) -> None:
    for code in ("Request_BadRequest", "CredentialLimitExceeded"):
        assert "holds two secrets at most: remove one that is not in use" in told(code, message)


def test_required_reference_is_recognized_by_its_message_too() -> None:
    assert "set service_management_reference" in told("Request_BadRequest", "ServiceManagementReference is required.")


def test_application_id_uri_differs_from_a_redirect_uri() -> None:
    message = "Values of identifierUris property must use a verified domain of the organization or its subdomain."
    assert "change that URI in the tenant" in told("HostNameNotOnVerifiedDomain", message)
