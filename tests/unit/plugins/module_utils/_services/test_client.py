# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Only a response of 200 to 299 with the requested content is success, for every service."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.errors import InvalidInput
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._services.client import (
    Expect,
    ServiceClient,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.errors import (
    CallFailed,
    forms_checked,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._transport.http import Answer
from ansible_collections.marketplace_leads.dynamics365.tests.unit.plugins.module_utils.services import (
    CLIENTS,
    Network,
    answer,
)

HTML = {"Content-Type": "text/html; charset=utf-8"}
PAGE = "<html><title>Sign in to the guest network</title></html>"
DEEP = "[" * 100_000

NEVER_GOOD = {
    **{str(status): answer("", status, {"Location": "https://other.example/"}) for status in (301, 302, 303, 307, 308)},
    "300": answer({"value": []}, 300),
    "304": answer("", 304),
    "a page": answer(PAGE, 200, HTML),
    "a page under another name": answer(PAGE, 200, {"Content-Type": "application/json"}),
    "a page of 404": answer(PAGE, 404, HTML),
    "an empty 404": answer("", 404, {}),
    "an empty 401": answer("", 401, {}),
    "an empty 500": answer("", 500, {}),
    "500 with a list for an error": answer({"error": ["no"]}, 500),
    "400 with a text for an error": answer({"error": "no"}, 400),
    "400 with numbers in the error": answer({"error": {"code": 7, "message": 8, "details": 9, "innerError": 10}}, 400),
}
"""Responses that are no success for any request."""

NO_OBJECT = {
    "204": answer("", 204, {}),
    "an empty 200": answer("", 200),
    "blanks": answer(" \r\n", 200),
    "half an object": answer('{"value": [{"id"', 200),
    "a list": answer([{"id": 1}], 200),
    "a text": answer('"done"', 200),
    "a number": answer("1", 200),
    "null": answer("null", 200),
    "lists in lists without end": answer(DEEP, 200),
    "objects in objects without end": answer('{"a":' * 100_000, 200),
    **NEVER_GOOD,
}
"""Responses that are invalid for a request whose response is read."""

NO_ROWS = {
    "no value": answer({}, 200),
    "null for rows": answer({"value": None}, 200),
    "an object for rows": answer({"value": {"id": 1}}, 200),
    "a text for rows": answer({"value": "none"}, 200),
    "rows of numbers": answer({"value": [1, 2]}, 200),
    "rows of lists": answer({"value": [["id", 1]]}, 200),
    "a row that is null": answer({"value": [{"id": 1}, None]}, 200),
    **NO_OBJECT,
}
"""Responses that are not a list of rows."""

NOT_DONE = {
    "201": answer("", 201),
    "203": answer("", 203),
    "205": answer("", 205),
    "206": answer("", 206),
    "207": answer({"responses": []}, 207),
    **NEVER_GOOD,
}
"""Responses that do not confirm a write."""


def client_of(service: str, given: Answer) -> tuple[ServiceClient, Network]:
    network = Network(given)
    return CLIENTS[service](network), network


def sentence(failed: pytest.ExceptionInfo[CallFailed]) -> str:
    text = str(failed.value)
    assert "Error:" not in text
    assert "\n" not in text
    return text


@pytest.mark.parametrize("kind", NO_OBJECT)
@pytest.mark.parametrize("service", CLIENTS)
def test_read_returns_an_object_or_fails(service: str, kind: str) -> None:
    client, _network = client_of(service, NO_OBJECT[kind])
    with pytest.raises(CallFailed) as failed:
        client.get("/thing")
    assert sentence(failed)


@pytest.mark.parametrize("kind", NO_OBJECT)
@pytest.mark.parametrize("service", CLIENTS)
def test_only_the_service_can_report_a_missing_object(service: str, kind: str) -> None:
    client, _network = client_of(service, NO_OBJECT[kind])
    with pytest.raises(CallFailed) as failed:
        client.find("/thing")
    assert sentence(failed)


@pytest.mark.parametrize("kind", NO_ROWS)
@pytest.mark.parametrize("service", CLIENTS)
def test_rows_are_returned_or_the_read_fails(service: str, kind: str) -> None:
    client, _network = client_of(service, NO_ROWS[kind])
    with pytest.raises(CallFailed) as failed:
        [*client.rows("/things")]
    assert sentence(failed)


@pytest.mark.parametrize("kind", NO_OBJECT)
@pytest.mark.parametrize("service", CLIENTS)
def test_creation_whose_response_is_used_needs_it(service: str, kind: str) -> None:
    client, _network = client_of(service, NO_OBJECT[kind])
    with pytest.raises(CallFailed) as failed:
        client.call("POST", "/things", expect=Expect.OBJECT, body={})
    assert sentence(failed)


@pytest.mark.parametrize("kind", [kind for kind in NO_OBJECT if kind != "204"])
@pytest.mark.parametrize("service", CLIENTS)
def test_upsert_is_confirmed_or_fails(service: str, kind: str) -> None:
    client, _network = client_of(service, NO_OBJECT[kind])
    with pytest.raises(CallFailed) as failed:
        client.call("PATCH", "/thing", expect=Expect.OBJECT_IF_CREATED, body={})
    assert sentence(failed)


@pytest.mark.parametrize("kind", NOT_DONE)
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("service", CLIENTS)
def test_write_is_confirmed_or_fails(service: str, method: str, kind: str) -> None:
    client, _network = client_of(service, NOT_DONE[kind])
    with pytest.raises(CallFailed) as failed:
        client.call(method, "/thing", expect=Expect.NOTHING)
    assert sentence(failed)


@pytest.mark.parametrize("given", [answer("", 204), answer("", 202), answer("", 200), answer({"id": 1}, 200)])
@pytest.mark.parametrize("service", CLIENTS)
def test_a_write_may_be_confirmed_without_content(service: str, given: Answer) -> None:
    client, _network = client_of(service, given)
    assert client.call("DELETE", "/thing", expect=Expect.NOTHING) is given


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("service", CLIENTS)
def test_object_is_valid_with_every_success_status(service: str, status: int) -> None:
    client, _network = client_of(service, answer({"id": 1}, status))
    assert client.call("POST", "/things", expect=Expect.OBJECT).body == {"id": 1}


@pytest.mark.parametrize("service", CLIENTS)
def test_the_services_own_404_means_that_an_object_is_missing(service: str) -> None:
    client, _network = client_of(service, answer({"error": {"code": "0x80040217", "message": "No."}}, 404))
    assert client.find("/thing") is None


@pytest.mark.parametrize("status", [302, 307])
@pytest.mark.parametrize("service", CLIENTS)
def test_a_redirect_is_named_and_not_followed(service: str, status: int) -> None:
    client, network = client_of(service, NEVER_GOOD[str(status)])
    with pytest.raises(CallFailed, match=rf"{status}, a redirect to another address, which is never followed: check"):
        client.call("DELETE", "/thing", expect=Expect.NOTHING)
    assert len(network.sent) == 1


@pytest.mark.parametrize("status", [302, 304, 201])
def test_a_write_that_was_not_confirmed_may_have_been_carried_out(status: int) -> None:
    client, _network = client_of("graph", answer("", status))
    with pytest.raises(CallFailed) as failed:
        client.call("POST", "/thing", expect=Expect.NOTHING)
    assert failed.value.maybe_applied


# --- failures while a response is read


def reads_a_key() -> Any:
    return json.loads("{}")["_businessunitid_value"]


def reads_an_attribute() -> Any:
    return json.loads("7").startswith("x")


def reads_too_deep() -> Any:
    return json.loads(DEEP)


def reads_a_number() -> Any:
    return int("many")


def adds_up() -> Any:
    return sum(json.loads('["1"]'))


@pytest.mark.parametrize("read", [reads_a_key, reads_an_attribute, reads_too_deep, reads_a_number, adds_up])
def test_malformed_response_is_one_message(read: Any) -> None:
    told = r"^An answer does not have the expected form .*: run again"
    with pytest.raises(CallFailed, match=told) as failed, forms_checked():
        read()
    assert failed.value.__cause__ is not None


def test_invalid_input_is_not_a_malformed_response() -> None:
    with pytest.raises(InvalidInput, match=r"^name is empty\.$"), forms_checked():
        raise InvalidInput("name is empty.")
