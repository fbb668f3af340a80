# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Malformed requests, thousands of them: each is answered, none with an error of the simulator itself."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .office import Office

_PIECES = [
    "leads",
    "systemusers",
    "roles",
    "privileges",
    "solutions",
    "EntityDefinitions",
    "$metadata",
    "$batch",
    "$count",
    "$ref",
    "$value",
    "WhoAmI",
    "RetrieveRolePrivilegesRole",
    "StageSolution",
    "ImportSolutionAsync",
    "Microsoft.Dynamics.CRM.AddPrivilegesRole",
    "Microsoft.Dynamics.CRM.RetrieveUserPrivileges",
    "systemuserroles_association",
    "businessunitid",
    "(",
    ")",
    "()",
    "(x)",
    "(RoleId=1)",
    "(RoleId=@a)",
    "(LogicalName='lead')",
    "(11111111-1111-1111-1111-111111111111)",
    "{me}",
    "/",
    "//",
    "'",
    "''",
    ",",
    "=",
    "@",
    "%00",
    "%2F",
    "é",
    " ",
]
_OPTIONS = [
    "$filter=",
    "$select=",
    "$expand=",
    "$orderby=",
    "$top=",
    "$count=true",
    "$skiptoken=",
    "$apply=",
    "$id=",
    "&",
    "&",
    "name",
    "leadid",
    "businessunitid",
    "systemuserroles_association",
    "iscustomizable",
    " eq ",
    " and ",
    " or ",
    "not ",
    " in ",
    " add ",
    "null",
    "true",
    "1",
    "-1",
    "1.5",
    "'x'",
    "'",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    "/",
    "any(r:r/name eq 'x')",
    "all(",
    "startswith(",
    "contains(name,'a')",
    "Microsoft.Dynamics.CRM.In(PropertyName='name',PropertyValues=['a'])",
    "Microsoft.Dynamics.CRM.Between(PropertyName='x',PropertyValues=",
    "11111111-1111-1111-1111-111111111111",
    "2020-01-01T00:00:00Z",
    "duration'P1D'",
    "a=1,b=2,c=3",
    "asc",
    " desc",
    "$skip=1",
    "%",
    "+",
]
_HEADERS = [
    ("Prefer", "odata.maxpagesize=x"),
    ("Prefer", 'return=representation,odata.include-annotations="*'),
    ("If-Match", "*"),
    ("If-Match", "nonsense"),
    ("If-None-Match", "*"),
    ("MSCRMCallerID", "nonsense"),
    ("CallerObjectId", "11111111-1111-1111-1111-111111111111"),
    ("Content-Type", "multipart/mixed; boundary=x"),
    ("Consistency", "Strong"),
]


@pytest.fixture(scope="module")
def office() -> Office:
    return Office({"business_units": ["Sales"]}, dataverse_limit_requests=0, dataverse_limit_seconds=0.0)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "subject",
                    "name",
                    "applicationid",
                    "businessunitid@odata.bind",
                    "@odata.id",
                    "Privileges",
                    "PrivilegeId",
                    "Depth",
                    "CustomizationFile",
                    "SolutionParameters",
                    "isdisabled",
                    "iscustomizable",
                    "createdon",
                    "UniqueName",
                    "x",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"]),
    path=st.lists(st.sampled_from(_PIECES), max_size=6).map("".join),
    query=st.lists(st.sampled_from(_OPTIONS), max_size=8).map("".join),
    header=st.sampled_from([None, *_HEADERS]),
    body=st.one_of(st.none(), st.binary(max_size=20), _JSON),
)
def test_no_request_makes_the_simulator_fail(
    office: Office, method: str, path: str, query: str, header: tuple[str, str] | None, body: object
) -> None:
    check(office, method, path, query, header, body)


def check(office: Office, method: str, path: str, query: str, header: tuple[str, str] | None, body: object) -> None:
    """Send one request; the answer is a result or a refusal in the platform's envelope."""
    me = office.environment.data.fixed_id("runner")
    path = path.replace("{me}", f"({me})").lstrip("/")
    payload = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"host": office.environment.host, "authorization": f"Bearer {office.token()}"}
    if header is not None:
        headers[header[0].lower()] = header[1]
    if method in ("PATCH", "DELETE") and me in path:
        return  # the caller would delete itself

    answer = office.raw(method, f"/api/data/v9.2/{path}?{query}", payload, headers)

    assert answer.status < 500, (method, path, query, header, body, answer.body)
    if answer.status >= 400 and answer.body:
        assert "Traceback" not in answer.body.decode("utf-8", "replace")
        error = answer.json
        assert error.keys() == {"error"} or error["ErrorCode"] == "0x0"


def test_random_requests_are_answered(office: Office) -> None:
    chance = random.Random(20261122)
    for _number in range(1500):
        path = "".join(chance.choices(_PIECES, k=chance.randint(1, 5)))
        query = "".join(chance.choices(_OPTIONS, k=chance.randint(0, 8)))
        body = chance.choice([None, {}, {"name": "x"}, {"Privileges": [{"PrivilegeId": 7}]}, b"{", b"\xff"])
        method = chance.choice(["GET", "GET", "POST", "PATCH", "DELETE", "PUT"])
        check(office, method, path, query, chance.choice([None, *_HEADERS]), body)
