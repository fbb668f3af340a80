# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many requests in one: order, change sets, references, and malformed batches."""

from __future__ import annotations

import json

import pytest

from .office import Answer, Office


@pytest.fixture
def office() -> Office:
    return Office()


def request(method: str, path: str, body: object = None, *, content_id: str = "", **headers: str) -> str:
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"{method} {path} HTTP/1.1"]
    if body is not None:
        lines.append("Content-Type: application/json; type=entry")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", "" if body is None else json.dumps(body)])


def change_set(*requests: str) -> str:
    inside = "".join(f"--changeset_1\r\n{text}\r\n" for text in requests)
    return f"Content-Type: multipart/mixed; boundary=changeset_1\r\n\r\n{inside}--changeset_1--\r\n"


def send(office: Office, *parts: str, caller: str = "", **headers: str) -> Answer:
    body = "".join(f"--batch_1\r\n{part}\r\n" for part in parts) + "--batch_1--\r\n"
    given = {
        "host": office.environment.host,
        "authorization": f"Bearer {office.token(caller)}",
        "content-type": 'multipart/mixed; boundary="batch_1"',
        **headers,
    }
    return office.raw("POST", "$batch", body.encode(), given)


def statuses(answer: Answer, whole: int = 200) -> list[int]:
    assert answer.status == whole, answer.body
    assert answer.headers["content-type"].startswith("multipart/mixed; boundary=batchresponse_")
    lines = answer.body.decode().split("\r\n")
    return [int(line.split()[1]) for line in lines if line.startswith("HTTP/1.1 ")]


def test_requests_are_answered_in_their_order(office: Office) -> None:
    answer = send(
        office,
        request("POST", "/api/data/v9.2/leads", {"subject": "a"}),
        request("GET", "/api/data/v9.2/leads?$select=subject", Prefer="odata.maxpagesize=1"),
        request("GET", f"{office.environment.url}/api/data/v9.2/WhoAmI"),
    )

    assert statuses(answer) == [204, 200, 200]
    assert b"OData-EntityId: " in answer.body
    assert b"Preference-Applied: odata.maxpagesize=1" in answer.body


def test_a_change_set_is_all_or_nothing(office: Office) -> None:
    good = request("POST", "/api/data/v9.2/leads", {"subject": "a"}, content_id="1")
    bad = request("POST", "/api/data/v9.2/leads", {"nonsense": "b"}, content_id="2")

    answer = send(office, change_set(good, bad))

    assert statuses(answer, 400) == [400]
    assert b"Content-ID: 2" in answer.body
    assert office("GET", "leads").rows == []


def test_a_change_set_also_undoes_links_and_grants(office: Office) -> None:
    _app, user_id = office.new_application_user("Basic User")
    role_id = office.new_role("Companion")
    before = office.granted(role_id)
    reference = {"@odata.id": office.address("roles", role_id)}
    privilege = {"Privileges": [{"PrivilegeId": office.privilege("prvReadLead"), "Depth": "Deep"}]}

    answer = send(
        office,
        change_set(
            request(
                "POST",
                f"/api/data/v9.2/systemusers({user_id})/systemuserroles_association/$ref",
                reference,
                content_id="1",
            ),
            request(
                "POST",
                f"/api/data/v9.2/roles({role_id})/Microsoft.Dynamics.CRM.AddPrivilegesRole",
                privilege,
                content_id="2",
            ),
            request("DELETE", f"/api/data/v9.2/roles({office.role('Basic User')})", content_id="3"),
        ),
    )

    assert statuses(answer, 400) == [400]
    names = office("GET", f"systemusers({user_id})/systemuserroles_association?$select=name").rows
    assert [row["name"] for row in names] == ["Basic User"]
    assert office.granted(role_id) == before


def test_later_requests_of_a_change_set_refer_to_earlier_ones(office: Office) -> None:
    account = request("POST", "/api/data/v9.2/accounts", {"name": "A"}, content_id="1")
    lead = request("POST", "/api/data/v9.2/leads", {"subject": "x", "parentaccountid@odata.bind": "$1"}, content_id="2")
    change = request("PATCH", "$1", {"name": "B"}, content_id="3")

    assert statuses(send(office, change_set(account, lead, change))) == [204, 204, 204]

    row = office("GET", "leads?$expand=parentaccountid($select=name)").rows[0]
    assert row["parentaccountid"]["name"] == "B"


@pytest.mark.parametrize(
    ("prefer", "whole", "answered"), [("", 404, [404]), ("odata.continue-on-error", 200, [404, 200])]
)
def test_the_first_error_ends_the_batch_by_default(
    office: Office, prefer: str, whole: int, answered: list[int]
) -> None:
    parts = (request("GET", "/api/data/v9.2/nonsense"), request("GET", "/api/data/v9.2/WhoAmI"))

    assert statuses(send(office, *parts, **({"prefer": prefer} if prefer else {})), whole) == answered


def test_a_change_set_refers_to_its_rows_in_property_addresses(office: Office) -> None:
    account = request("POST", "/api/data/v9.2/accounts", {"name": "A"}, content_id="1")
    contact = request("POST", "/api/data/v9.2/contacts", {"lastname": "Doe"}, content_id="2")
    renamed = request("PUT", "$1/name", {"value": "B"}, content_id="3")
    linked = request("PUT", "$1/primarycontactid/$ref", {"@odata.id": "$2"}, content_id="4")

    assert statuses(send(office, change_set(account, contact, renamed, linked))) == [204] * 4

    row = office("GET", "accounts?$select=name&$expand=primarycontactid($select=lastname)").rows[0]
    assert (row["name"], row["primarycontactid"]["lastname"]) == ("B", "Doe")


def test_a_change_set_needs_unique_content_ids_and_no_reads(office: Office) -> None:
    plain = request("POST", "/api/data/v9.2/leads", {"subject": "a"})
    named = request("POST", "/api/data/v9.2/leads", {"subject": "a"}, content_id="1")
    read = request("GET", "/api/data/v9.2/leads", content_id="2")

    missing = send(office, change_set(plain))
    assert missing.error == (400, "0x80060888")
    assert missing.message == "Content-ID header not present"
    assert send(office, change_set(named, named)).error == (400, "0x80060888")
    assert send(office, change_set(named, read)).error == (400, "0x80060888")
    assert office("GET", "leads").rows == []


def test_a_batch_in_a_batch_is_refused(office: Office) -> None:
    assert send(office, request("POST", "/api/data/v9.2/$batch", {})).error == (400, "0x80060888")


@pytest.mark.parametrize(
    "body", [b"", b"nonsense", b"--batch_1\r\n\r\n", b"--batch_1\r\nContent-Type: text/plain\r\n\r\nx\r\n--batch_1--"]
)
def test_a_batch_that_cannot_be_read_is_answered_outside_odata(office: Office, body: bytes) -> None:
    headers = {
        "host": office.environment.host,
        "authorization": f"Bearer {office.token()}",
        "content-type": "multipart/mixed; boundary=batch_1",
    }

    answer = office.raw("POST", "$batch", body, headers)

    assert answer.status == 400
    assert answer.json.keys() == {"Message", "ExceptionMessage", "ExceptionType", "StackTrace", "ErrorCode"}
    assert answer.json["ErrorCode"] == "0x0"


def test_privileges_count_inside_a_batch(office: Office) -> None:
    app_id, _user = office.new_application_user("Support User")

    assert statuses(send(office, request("GET", "/api/data/v9.2/leads"), caller=app_id), 403) == [403]


def test_refused_writes_stop_only_batches_with_writes(office: Office) -> None:
    office.token()
    office.world.settings.refuse_writes = True

    assert statuses(send(office, request("GET", "/api/data/v9.2/WhoAmI"))) == [200]
    assert send(office, request("POST", "/api/data/v9.2/leads", {"subject": "a"})).status == 403
    assert [entry.get("refused", False) for entry in office.world.log.entries[-2:]] == [False, True]
    assert [entry["write"] for entry in office.world.log.entries[-2:]] == [False, True]
