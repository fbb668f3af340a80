# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A refusal is read from every envelope that the services use, and never attributed to a proxy."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.refusal import (
    Refusal,
    read_refusal,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import CallFailed
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import (
    CLIENTS,
    Network,
    answer,
)

ENVELOPES: dict[str, tuple[dict[str, Any], str, str]] = {
    "OData": ({"error": {"code": "badRequest", "message": "No."}}, "badRequest", "No"),
    "OData with details": (
        {
            "error": {
                "code": "badRequest",
                "message": "Schema validation failed",
                "details": [
                    {"code": "schemaValidationError", "message": "contactEmail is no address."},
                    {"code": "outer", "details": [{"code": "inner", "message": "deeper"}]},
                ],
            }
        },
        "badRequest",
        "Schema validation failed; schemaValidationError: contactEmail is no address; outer; inner: deeper",
    ),
    "OAuth": ({"error": "invalid_request", "error_description": "It lacks x."}, "invalid_request", "It lacks x"),
    "Power Platform": (
        {"errors": [{"Code": "userNotPartOfSecurityGroup", "Description": "The user is not in the group."}]},
        "userNotPartOfSecurityGroup",
        "The user is not in the group",
    ),
    "several errors": (
        {"errors": [{"code": "a", "message": "One."}, {"code": "b", "message": "Two."}]},
        "a",
        "One; b: Two",
    ),
    "problem details": (
        {"title": "One or more errors occurred.", "status": 400, "errors": {"x-ms-publisherId": ["It is needed."]}},
        "",
        "One or more errors occurred; x-ms-publisherId: It is needed",
    ),
    "problem details with a text": ({"title": "T", "detail": "D", "errors": {"a": "b"}}, "", "D; a: b"),
    "at the top": ({"code": "Forbidden", "message": "No."}, "Forbidden", "No"),
    "at the top with a number": ({"ErrorCode": 12, "Message": "No."}, "12", "No"),
}

MALFORMED: list[Any] = [
    {"error": 7},
    {"error": []},
    {"error": {}},
    {"error": None},
    {"errors": 7},
    {"errors": []},
    {"errors": [7, None]},
    {"errors": {}},
    {"title": {"a": 1}},
    {"error": {"code": {"a": 1}, "message": [1], "details": 7, "innerError": 7}},
    {"error": {"details": [7, None, {"details": {"a": 1}}]}},
    {"errors": [{"Code": None, "Description": {}}]},
]


@pytest.mark.parametrize("kind", ENVELOPES)
def test_every_envelope_is_read(kind: str) -> None:
    content, code, whole = ENVELOPES[kind]
    refusal = read_refusal(content)
    assert (refusal.given, refusal.code, refusal.whole) == (True, code, whole)


@pytest.mark.parametrize("content", MALFORMED, ids=str)
def test_body_without_an_envelope_breaks_nothing(content: Any) -> None:
    assert isinstance(read_refusal(content), Refusal)


def test_endlessly_nested_errors_are_cut() -> None:
    error: dict[str, Any] = {"code": "x", "message": "y"}
    for _level in range(50):
        error = {"code": "x", "message": "y", "details": [error] * 2}
    assert len(read_refusal({"error": error}).further) <= 20


@pytest.mark.parametrize("kind", [kind for kind in ENVELOPES if ENVELOPES[kind][1] != "12"])
@pytest.mark.parametrize("service", CLIENTS)
def test_a_refusal_is_shown_whole(service: str, kind: str) -> None:
    content, code, whole = ENVELOPES[kind]
    with pytest.raises(CallFailed) as failed:
        CLIENTS[service](Network(answer(content, 400))).get("/thing")
    assert whole in str(failed.value)
    assert "proxy" not in str(failed.value)
    assert failed.value.code == code


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("content", ["", '{"title": "Forbidden", "status": 403}'])
@pytest.mark.parametrize("service", ["partner_center", "power_platform"])
def test_unregistered_application_refused_without_text_gets_the_cure(service: str, content: str, status: int) -> None:
    with pytest.raises(CallFailed, match=r"add it to the publisher's account|have an administrator register it"):
        CLIENTS[service](Network(answer(content, status, {}))).get("/thing")


def test_refused_token_without_a_message_is_not_a_proxys_response() -> None:
    with pytest.raises(CallFailed, match="does not accept the runner's token"):
        CLIENTS["environment"](Network(answer("", 401, {}))).get("WhoAmI")


@pytest.mark.parametrize("service", CLIENTS)
def test_html_page_is_attributed_to_a_gateway(service: str) -> None:
    with pytest.raises(CallFailed, match="check for a proxy or gateway"):
        CLIENTS[service](Network(answer("<html>", 403, {"Content-Type": "text/html"}))).get("/thing")


@pytest.mark.parametrize("content", ["", '{"title": "Not Found", "status": 404}'])
def test_response_404_without_a_code_does_not_mean_missing(content: str) -> None:
    with pytest.raises(CallFailed):
        CLIENTS["partner_center"](Network(answer(content, 404))).find("/thing")
