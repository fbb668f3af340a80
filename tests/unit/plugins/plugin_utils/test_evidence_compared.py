# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A recording confirms and refutes facts according to their checks."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._evidence import Check, Condition, Fact
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils._recording import RecordedExchange
from ansible_collections.marketplace_leads.dynamics365.plugins.plugin_utils.evidence import (
    CONFIRMED,
    NOT_MET,
    REFUTED,
    compare,
    holds,
    page,
    request_line,
)


def recorded(**differing: Any) -> RecordedExchange:
    """An exchange of a recording."""
    usual = {"service": "environment", "method": "POST", "path": "/api/data/v9.2/systemusers", "status": 204}
    return RecordedExchange(**{"cloud": "public", **usual, **differing})


def fact(
    confirmed_by: Condition | None = None, refuted_by: Condition | None = None, where: Condition | None = None
) -> Fact:
    check = Check("POST systemusers", where or Condition(), confirmed_by, refuted_by)
    return Fact(
        "environment.one", "environment", "Users", "It is so.", "unsure", ("a page",), "2026-11-25", check=check
    )


def verdict(checked: Fact, *exchanges: RecordedExchange) -> str:
    (only,) = compare([checked], exchanges)
    return only.verdict


@pytest.mark.parametrize(
    ("service", "path", "line"),
    [
        ("environment", "/api/data/v9.2/systemusers({id})", "GET systemusers({})"),
        ("environment", "/api/data/v9.2/RetrieveRolePrivilegesRole(RoleId={id})", "GET RetrieveRolePrivilegesRole"),
        ("environment", "/api/data/v9.2/roles({id})/Microsoft.Dynamics.CRM.Add", "GET roles({})/Add"),
        ("graph", "/v1.0/applications/{id}/addPassword", "GET applications/{}/addPassword"),
        ("graph", "/beta/applications(uniqueName='{name}')", "GET applications/{}"),
        ("graph", "/v1.0//applications", "GET applications"),
        ("entra", "/{id}/oauth2/v2.0/token", "GET {}/oauth2/v2.0/token"),
        ("partner-center", "/rp/product-ingestion/product", "GET product"),
    ],
)
def test_a_recorded_request_is_found_under_its_line(service: str, path: str, line: str) -> None:
    assert request_line(recorded(service=service, method="GET", path=path)) == line


def test_an_answer_as_expected_confirms_a_fact() -> None:
    assert verdict(fact(Condition(status=(204,))), recorded()) == CONFIRMED


def test_another_answer_refutes_a_fact_although_one_confirms_it() -> None:
    checked = fact(Condition(status=(204,)), Condition(codes=("0x80040265",)))
    assert verdict(checked, recorded(), recorded(status=400, codes=("0x80040265",))) == REFUTED


def test_request_that_was_not_sent_proves_nothing() -> None:
    assert verdict(fact(Condition(status=(204,))), recorded(method="GET")) == NOT_MET


def test_exchange_outside_the_condition_proves_nothing() -> None:
    checked = fact(Condition(status=(204,)), where=Condition(asks=("applicationid",)))
    assert verdict(checked, recorded(request_body={"domainname": "{text}"})) == NOT_MET


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(fields=("value[].id", "value[].owner.name")), True),
        (Condition(fields=("value[].missing",)), False),
        (Condition(lacks=("value[].missing",)), True),
        (Condition(lacks=("value[].id",)), False),
        (Condition(values={"value[].state": 3}), True),
        (Condition(values={"value[].state": 4}), False),
        (Condition(headers=("retry-after",)), True),
        (Condition(headers=("Location",)), False),
        (Condition(query=("$select",)), True),
        (Condition(query=("$expand",)), False),
        (Condition(codes=("0X8004F510",)), True),
        (Condition(fields=("@odata.nextLink",)), True),
        (Condition(sends={"prefer": "return=representation"}), True),
        (Condition(sends={"Prefer": "odata.maxpagesize"}), False),
    ],
)
def test_each_part_of_a_condition_counts(condition: Condition, expected: bool) -> None:
    exchange = recorded(
        query={"$select": ["id"]},
        headers={"Retry-After": "{number}"},
        request_headers={"Prefer": "return=representation"},
        answer_body={"@odata.nextLink": "{url}", "value": [{"id": "{guid}", "state": 3, "owner": {"name": "{text}"}}]},
        codes=("0x8004f510",),
    )
    assert holds(condition, exchange) is expected


def test_the_page_starts_with_refuted_facts() -> None:
    checked = fact(refuted_by=Condition(status=(204,)))
    text = page(compare([checked], [recorded()]))
    assert "0 confirmed, 1 refuted, 0 not met." in text
    assert "| `environment.one` | unsure | It is so. |" in text.partition("## Refuted")[2]
