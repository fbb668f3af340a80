# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a recording may hold: the services' terms, and nothing of a tenant, whatever the services send."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.recorded_exchange import (
    Received,
    Sent,
    file_name,
    recorded_answer,
    recorded_break,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.recorded_values import (
    kind_of,
    shown_code,
    shown_content,
    shown_name,
    shown_text,
)
from ansible_collections.marketplace_leads.dynamics365.plugins.module_utils._rules.recorded_words import (
    SENT_HEADERS,
    TEXTS,
    WORDS,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

ENVIRONMENT = "https://wuwei-leads.crm4.dynamics.com/api/data/v9.2/"
GRAPH = "https://graph.microsoft.com/v1.0/"
ID = "3f2a1b0c-1111-4222-8333-444455556666"


def request_of(url: str, **others: Any) -> dict[str, Any]:
    recorded: dict[str, Any] = recorded_answer(Sent("GET", url, **others), Received(200))["request"]
    return recorded


def answer_of(content: Any = None, status: int = 200, **others: Any) -> dict[str, Any]:
    recorded: dict[str, Any] = recorded_answer(Sent("GET", GRAPH), Received(status, content=content, **others))[
        "answer"
    ]
    return recorded


# --- what a recording keeps, so that it is useful


def test_a_request_keeps_its_words_and_the_kinds_of_the_rest() -> None:
    url = (
        f"{ENVIRONMENT}systemusers?$select=systemuserid,_businessunitid_value&$filter=applicationid eq {ID} and "
        "isdisabled eq false and accessmode eq 4&$expand=systemuserroles_association($select=roleid,name)&$top=5"
    )
    assert request_of(url) == {
        "method": "GET",
        "path": "/api/data/v9.2/systemusers",
        "query": {
            "$select": ["systemuserid", "_businessunitid_value"],
            "$filter": "applicationid eq {guid} and isdisabled eq false and accessmode eq 4",
            "$expand": "systemuserroles_association($select=roleid,name)",
            "$top": "{number}",
        },
        "headers": {},
        "body": None,
    }


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"systemusers({ID})", "systemusers({id})"),
        ("systemusers(domainname='a@wuwei.com')", "systemusers(domainname='{email}')"),
        ("WhoAmI()", "WhoAmI()"),
        (f"systemusers({ID})/systemuserroles_association/$ref", "systemusers({id})/systemuserroles_association/$ref"),
        ("RetrieveVersion(SolutionUniqueName=@p)", "RetrieveVersion(SolutionUniqueName={alias})"),
        ("wuwei_orders(7)/x", "{name}({number})/{name}"),
        ("roles('a/b')/privileges", "roles({text})/privileges"),
    ],
)  # fmt: skip
def test_a_path_keeps_its_known_parts(path: str, shown: str) -> None:
    assert request_of(ENVIRONMENT + path)["path"] == f"/api/data/v9.2/{shown}"


@pytest.mark.parametrize(
    ("url", "service", "cloud"),
    [
        (ENVIRONMENT, "environment", "public"),
        ("https://wuwei.api.crm4.dynamics.com/api/data/v9.2/", "environment", "public"),
        ("https://wuwei.crm9.dynamics.com/", "environment", "gcc"),
        ("https://login.microsoftonline.us/x/oauth2/v2.0/token", "entra", "gcc_high"),
        (GRAPH, "graph", "public"),
        ("https://graph.microsoft.com/rp/product-ingestion/product", "partner-center", "public"),
        ("https://api.bap.microsoft.com/providers", "power-platform", "public"),
        ("https://files.wuwei.com/lead.zip", "other", "unknown"),
        ("http://[", "other", "unknown"),
    ],
)
def test_only_service_and_cloud_of_a_host_survive(url: str, service: str, cloud: str) -> None:
    record = recorded_answer(Sent("GET", url), Received(200))
    assert (record["service"], record["cloud"]) == (service, cloud)


def test_an_enumeration_survives_in_its_own_property_only() -> None:
    content = {"statecode": 3, "signInAudience": "AzureADMyOrg", "displayName": "AzureADMyOrg", "employees": 3}
    assert shown_content(content) == {
        "statecode": 3,
        "signInAudience": "AzureADMyOrg",
        "displayName": "{text}",
        "{property}": ["{number}"],
    }


def test_custom_choice_becomes_a_number() -> None:
    assert shown_content({"statuscode": 192350000}) == {"statuscode": "{number}"}


def test_id_owned_by_microsoft_is_named() -> None:
    assert kind_of("00000007-0000-0000-C000-000000000000") == "{guid: Dynamics CRM}"
    assert kind_of(ID) == "{guid}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2026-11-25T10:00:00Z", "{date-time}"),
        ("P180D", "{duration}"),
        ("9.2.24102.189", "{version}"),
        ("W/\"123\"", "{etag}"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", "{jwt}"),
        ("https://wuwei.com/x", "{url}"),
        (ENVIRONMENT, "{url: environment}"),
        ("https://graph.microsoft.com/v1.0/users?$skiptoken=x", "{url: graph}"),
        ("mona.berg@wuwei.com", "{email}"),
        ("<xml>secret</xml>", "{xml}"),
        ("********", "{asterisks}"),
        ("+46 70 123 45 67", "{text}"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_text_is_replaced_by_its_kind(text: str, kind: str) -> None:
    assert shown_text("displayName", text) == kind


def test_codes_of_a_refusal_survive_without_its_message() -> None:
    content = {
        "error": {
            "code": "0x80040220",
            "message": "Principal user (Id=x, Mona Berg) is missing prvReadLead privilege on wuwei leads",
            "details": [{"code": "Request_ResourceNotFound", "message": "AADSTS7000215: bad secret, mona~1"}],
        }
    }
    answer = answer_of(content, 403)
    assert answer["codes"] == ["0x80040220", "AADSTS7000215", "Request_ResourceNotFound"]
    assert answer["body"]["error"]["message"] == "… prvReadLead …"
    assert answer["body"]["error"]["details"] == [{"code": "Request_ResourceNotFound", "message": "… AADSTS7000215 …"}]


def test_numbers_of_errors_are_spelled_as_codes() -> None:
    answer = answer_of({"error": "invalid_client", "error_codes": [7000215], "errorcode": -2147220960})
    assert answer["codes"] == ["0x80040220", "AADSTS7000215", "invalid_client"]


def test_an_unknown_code_is_hidden() -> None:
    assert shown_code("WuweiProxyDenied") == "{code}"
    assert shown_code("Wuwei_Denied") == "{code}"


def test_a_list_keeps_each_different_shape_once() -> None:
    rows = [{"name": "a", "ismanaged": True}, {"name": "b", "ismanaged": True}, {"name": None, "ismanaged": True}]
    assert shown_content(rows) == [{"name": "{text}", "ismanaged": True}, {"name": None, "ismanaged": True}]


def test_long_list_is_recorded_briefly() -> None:
    rows = [{"statecode": number} for number in range(400)]
    assert len(shown_content(rows)) == 5


def test_a_challenge_is_reduced_to_its_parameters_and_error() -> None:
    headers = {
        "www-authenticate": f'Bearer realm="", authorization_uri="https://login.microsoftonline.com/{ID}/oauth2", '
        'error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4i", wuwei="secret"'
    }
    answer = answer_of(headers=headers, status=401)
    assert answer["headers"] == {
        "WWW-Authenticate": "Bearer realm, authorization_uri, error=insufficient_claims, claims, {parameter}"
    }
    assert answer["codes"] == ["insufficient_claims"]


def test_location_of_a_new_object_is_a_path_with_its_service() -> None:
    answer = answer_of(headers={"OData-EntityId": f"{ENVIRONMENT}leads({ID})", "Retry-After": "17", "X-Own": "wuwei"})
    assert answer["headers"] == {
        "OData-EntityId": "{environment}/api/data/v9.2/leads({id})",
        "Retry-After": "{number}",
    }


def test_a_preference_survives() -> None:
    headers = {"Prefer": 'return=representation, odata.include-annotations="*"', "Consistency": "Strong"}
    assert request_of(ENVIRONMENT, headers={**headers, "Authorization": "Bearer eyJ"})["headers"] == {
        "Consistency": "Strong",
        "Prefer": 'return=representation, odata.include-annotations="*"',
    }


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("text/html", "<html>wuwei</html>", "{html}"),
        ("application/json", '{"half": "wuw', "{broken json}"),
        ("text/plain", "wuwei", "{text}"),
        ("application/json", "", None),
    ],
)
def test_body_that_is_not_json_is_named_and_omitted(kind: str, text: str, shown: Any) -> None:
    assert answer_of(headers={"Content-Type": kind}, text=text)["body"] == shown


def test_a_broken_connection_is_recorded_with_its_kind() -> None:
    sent = Sent("POST", f"{ENVIRONMENT}leads")
    assert recorded_break(sent, "ConnectionResetError", True)["answer"] == {
        "broken": True,
        "kind": "ConnectionResetError",
        "maybe_applied": True,
    }
    assert recorded_break(sent, "WuweiError", False)["answer"]["kind"] == "other"


def test_exchanges_of_two_tenants_have_one_file() -> None:
    def recorded(host: str, number: str) -> str:
        url = f"https://{host}.crm4.dynamics.com/api/data/v9.2/leads({number * 8}-1111-4222-8333-444455556666)"
        return file_name(recorded_answer(Sent("GET", url), Received(200, content={"subject": f"of {host}"})))

    assert recorded("wuwei", "1") == recorded("other", "2")


# --- what a recording removes


@pytest.mark.parametrize(
    "name",
    [
        "contoso_secretfield", "_contoso_owner_value", "new_name", "extension_3f2a1b0c_shoeSize", "wuwei",
        "wuweiCustomField", "com.wuwei.settings", ID, "mona.berg@wuwei.com", "Mona Berg", "1234567", "name@wuwei",
        "wuwei@odata.bind", "address1_wuwei", "", "é", "a" * 200, "system" * 50,
    ],
)  # fmt: skip
def test_a_name_that_a_tenant_gave_is_hidden(name: str) -> None:
    assert shown_name(name) == "{property}"
    assert shown_content({name: "x"}) == {"{property}": ["{text}"]}


@pytest.mark.parametrize(
    "name",
    [
        "systemuserid", "_businessunitid_value", "createdonbehalfby", "@odata.nextLink", "access_token",
        "serviceManagementReference", "oauth2PermissionScopes", "businessunitid@odata.bind", "address1_city",
        "_ownerid_value@OData.Community.Display.V1.FormattedValue", "IsLockdownOfUnmanagedCustomizationEnabled",
    ],
)  # fmt: skip
def test_a_name_of_microsofts_is_kept(name: str) -> None:
    assert shown_name(name) == name


def test_a_privilege_of_a_tenants_own_table_is_hidden() -> None:
    assert shown_text("name", "prvReadLead") == "prvReadLead"
    assert shown_text("name", "prvReadcontoso_Order") == "{text}"


MARK = "zqxjkwv"
"""Letters that are in no word of the vocabulary: any name that a tenant could use."""
NUMBER = 46701234567890
PIECES = st.sampled_from(
    [
        "", " ", "a", "id", "AADSTS", "AADSTS50034", "0x8", "0x80040220", "prv", "prvRead", "https://", "'", '"', "@",
        "(", ")", "/", "=", ",", ";", "&", "$", "%27", "_", "_value", "name", "error", "eyJ", ".", "W/", "<", "\n",
        "product/", "*", "schema/", "https://schema.mp.microsoft.com/schema/", ".crm4.dynamics.com", "\x00", "é",
        "already exists", "{", "Bearer ",
    ]
)  # fmt: skip
MARKED = st.tuples(st.lists(PIECES, max_size=4), st.lists(PIECES, max_size=4)).map(
    lambda parts: "".join(parts[0]) + MARK + "".join(parts[1])
)
NAMES = st.sampled_from(
    [
        "", "error", "code", "message", "Message", "$schema", "@odata.type", "error_codes", "scope", "target", "value",
        "statecode", "errorcode", "@odata.nextLink", "displayName", "api-version", "tags", "data", "title", "realm",
    ]
)  # fmt: skip
LEAVES = MARKED | st.just(NUMBER) | st.just(-NUMBER) | st.just(NUMBER + 0.5) | st.booleans() | st.none()
CONTENT = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | MARKED, inner, max_size=4),
    max_leaves=12,
)


def is_clean(record: Any) -> bool:
    text = json.dumps(record)
    return MARK not in text.lower() and str(NUMBER) not in text


def test_the_marker_is_not_a_known_word() -> None:
    assert not any(each in MARK for each in WORDS)


@settings(deadline=None)
@given(CONTENT)
@example({"error": {"code": f"{MARK}.0x80040220", "message": f"prv{MARK}"}})
@example([[[[[[[[[[[[[[MARK]]]]]]]]]]]]]])
def test_nothing_of_a_body_survives(content: Any) -> None:
    sent = Sent("POST", f"{ENVIRONMENT}leads", body=content)
    assert is_clean(recorded_answer(sent, Received(400, content=content, text=json.dumps(content))))


@settings(deadline=None)
@given(
    MARKED,
    MARKED,
    NAMES,
    st.sampled_from([ENVIRONMENT, GRAPH, "https://", "http://", "", "https://login.windows.net/"]),
)
def test_nothing_of_an_address_survives(path: str, value: str, name: str, root: str) -> None:
    for shown in (path, quote(path), quote(path, safe="")):
        for url in (
            f"{root}{shown}?{name}={value}",
            f"{root}{shown}?{quote(name)}={quote(value)}&$filter={value}#{value}",
        ):
            record = recorded_answer(Sent("GET", url), Received(302, {"Location": url, "Content-Type": value}))
            assert is_clean(record), record


@settings(deadline=None)
@given(
    MARKED, st.sampled_from([*SENT_HEADERS, "WWW-Authenticate", "Retry-After", "Location", "X-Own", "OData-EntityId"])
)
@example(f'Bearer error="{MARK}", {MARK}="x"', "WWW-Authenticate")
def test_nothing_of_a_header_survives(value: str, name: str) -> None:
    headers = {name: value, value: "x"}
    assert is_clean(recorded_answer(Sent(MARK.upper(), GRAPH, headers), Received(200, headers, text=value)))
    assert is_clean(recorded_break(Sent("GET", GRAPH, headers), MARK, True))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(deadline=None)
@given(ANY)
def test_any_json_can_be_recorded(content: Any) -> None:
    record = recorded_answer(Sent("POST", GRAPH, body=content), Received(200, content=content))
    assert json.loads(json.dumps(record)) == record
    assert len(file_name(record)) == len("0" * 32 + ".json")


def test_no_word_is_a_name_of_an_example() -> None:
    """Names of companies, people and places in Microsoft's and our own examples."""
    examples = (
        "contoso fabrikam northwind adventure tailspin litware adatum woodgrove wingtip proseware margie mona anna"
    )
    assert not WORDS & {*examples.split()}


def test_no_enumeration_has_a_text_of_more_than_one_word() -> None:
    assert [text for texts in TEXTS.values() for text in texts if " " in text] == []
