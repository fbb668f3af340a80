# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The query options of the Web API, its addresses, its writes and its refusals."""

from __future__ import annotations

import pytest

from .office import Office, package


@pytest.fixture
def office() -> Office:
    return Office({"business_units": ["Sales", {"name": "Europe", "children": ["Sweden"]}]})


@pytest.fixture
def leads(office: Office) -> Office:
    for number, (first, company, source) in enumerate(
        [("Anna", "Adatum", 8), ("Bo", "Contoso", 10), ("Cilla", "contoso", 8), ("O'Hara", None, None)]
    ):
        body = {"firstname": first, "lastname": f"MSFT_TEST_{number}", "companyname": company, "leadsourcecode": source}
        assert office("POST", "leads", {**body, "numberofemployees": number * 10}).status == 204
    return office


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("companyname eq 'CONTOSO'", ["Bo", "Cilla"]),
        ("companyname ne 'contoso'", ["Anna", "O'Hara"]),
        ("companyname eq null", ["O'Hara"]),
        ("companyname ne null and leadsourcecode eq 8", ["Anna", "Cilla"]),
        ("firstname eq 'O''Hara'", ["O'Hara"]),
        ("startswith(lastname,'msft_test') and not (firstname eq 'Bo')", ["Anna", "Cilla", "O'Hara"]),
        ("contains(companyname,'toso') or endswith(firstname,'na')", ["Anna", "Bo", "Cilla"]),
        ("numberofemployees gt 10", ["Cilla", "O'Hara"]),
        ("numberofemployees ge 10 and numberofemployees lt 30", ["Bo", "Cilla"]),
        ("numberofemployees le -1", []),
        ("(leadsourcecode eq 10) or (numberofemployees eq 0)", ["Anna", "Bo"]),
        ("donotemail eq false", ["Anna", "Bo", "Cilla", "O'Hara"]),
        ("createdon gt 2020-01-01T00:00:00Z", ["Anna", "Bo", "Cilla", "O'Hara"]),
        ("createdon lt 2020-01-01", []),
        ("Microsoft.Dynamics.CRM.In(PropertyName='firstname',PropertyValues=['Anna','Bo'])", ["Anna", "Bo"]),
        ("Microsoft.Dynamics.CRM.In(PropertyName='leadsourcecode',PropertyValues=['10'])", ["Bo"]),
        ("Microsoft.Dynamics.CRM.NotIn(PropertyName='firstname',PropertyValues=['Anna'])", ["Bo", "Cilla", "O'Hara"]),
        ("ownerid/fullname eq '# Set-up runner' and firstname eq 'Bo'", ["Bo"]),
    ],
)
def test_a_filter_finds_matching_rows(leads: Office, condition: str, names: list[str]) -> None:
    rows = leads("GET", f"leads?$select=firstname&$orderby=firstname&$filter={condition}").rows

    assert [row["firstname"] for row in rows] == names


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("$filter=nonsense eq 1", "Could not find a property named 'nonsense' on type 'Microsoft.Dynamics.CRM.lead'."),
        ("$select=nonsense", "Could not find a property named 'nonsense' on type 'Microsoft.Dynamics.CRM.lead'."),
        ("$orderby=nonsense", "Could not find a property named 'nonsense' on type 'Microsoft.Dynamics.CRM.lead'."),
        ("$expand=nonsense", "Could not find a property named 'nonsense' on type 'Microsoft.Dynamics.CRM.lead'."),
        ("$expand=subject", "is not a navigation property"),
        ("$filter=Subject eq 'x'", "Could not find a property named 'Subject'"),
        ("$filter=subject eq", "Syntax error at position"),
        ("$filter=subject eq 'x", "Syntax error at position"),
        ("$filter=subject", "must evaluate to a single boolean value"),
        ("$filter=leadid eq 'x'", "incompatible types was detected. Found operand types 'Edm.Guid' and 'Edm.String'"),
        ("$filter=firstname in ('a','b')", "The query node In is not supported."),
        ("$filter=length(firstname) eq 1", "Function length is not supported."),
        ("$filter=frob(firstname) eq 1", "An unknown function with name 'frob' was found."),
        ("$filter=numberofemployees add 1 eq 2", "is not supported"),
        ("$skip=1", "Skip Clause is not supported in CRM"),
        ("$top=-1", "Invalid value '-1' for $top"),
        ("$count=maybe", "Invalid value 'maybe' for $count"),
        ("$expand=ownerid($skip=1)", "Skip Clause is not supported in CRM"),
        ("$expand=ownerid($select=fullname", "Syntax error at position"),
        ("$search=x", "$search"),
    ],
)
def test_unsupported_queries_are_refused_as_the_platform_does(office: Office, query: str, words: str) -> None:
    answer = office("GET", f"leads?{query}")

    assert answer.error == (400, "0x80060888")
    assert words in answer.message


def test_a_lookup_is_filtered_by_its_value_and_null_by_either_name(office: Office) -> None:
    root = office.root

    assert office("GET", "businessunits?$filter=_parentbusinessunitid_value eq null").rows[0]["businessunitid"] == root
    names = [row["name"] for row in office("GET", f"businessunits?$filter=_parentbusinessunitid_value eq {root}").rows]
    assert sorted(names) == ["Europe", "Sales"]


def test_collections_can_be_searched_from_the_other_side(office: Office) -> None:
    filter_ = "systemuserroles_association/any(r:r/name eq 'System Administrator') and applicationid ne null"

    rows = office("GET", f"systemusers?$select=fullname&$filter={filter_}").rows

    assert [row["fullname"] for row in rows] == ["# Set-up runner"]
    without = office("GET", "systemusers?$select=fullname&$filter=not systemuserroles_association/any()").rows
    assert {row["fullname"] for row in without} == {"SYSTEM", "INTEGRATION"}


def test_only_selected_columns_and_the_id_are_returned(leads: Office) -> None:
    row = leads("GET", "leads?$select=subject,_ownerid_value&$top=1").rows[0]

    assert row.keys() == {"@odata.etag", "subject", "_ownerid_value", "leadid"}


def test_expanded_rows_take_options_of_their_own(office: Office) -> None:
    office.new_application_user("Basic User", "Salesperson", "Delegate", name="Many")
    inner = "$select=name;$filter=startswith(name,'B') or startswith(name,'S');$orderby=name desc;$top=1"

    row = office("GET", f"systemusers?$filter=lastname eq 'Many'&$expand=systemuserroles_association({inner})").rows[0]

    assert [role["name"] for role in row["systemuserroles_association"]] == ["Salesperson"]


def test_expansions_nest(office: Office) -> None:
    path = "systemusers?$select=fullname&$filter=fullname eq '# Set-up runner'"
    row = office("GET", f"{path}&$expand=businessunitid($select=name;$expand=organizationid($select=name))").rows[0]

    assert row["businessunitid"]["name"] == row["businessunitid"]["organizationid"]["name"]


def test_a_next_link_survives_a_deletion(leads: Office) -> None:
    first = leads("GET", "leads?$select=firstname&$orderby=firstname&$count=true", prefer="odata.maxpagesize=2").json
    assert first["@odata.count"] == 4
    assert [row["firstname"] for row in first["value"]] == ["Anna", "Bo"]
    assert "$skiptoken=%3Ccookie%20pagenumber" in first["@odata.nextLink"]
    leads("DELETE", f"leads({first['value'][0]['leadid']})")

    second = leads("GET", first["@odata.nextLink"], prefer="odata.maxpagesize=2").json

    assert [row["firstname"] for row in second["value"]] == ["Cilla", "O'Hara"]
    assert "@odata.nextLink" not in second


def test_the_applied_page_size_is_returned(leads: Office) -> None:
    answer = leads("GET", "leads", prefer='odata.maxpagesize=3,odata.include-annotations="*"')

    assert answer.headers["preference-applied"] == 'odata.maxpagesize=3,odata.include-annotations="*"'


def test_top_gives_no_next_page(leads: Office) -> None:
    answer = leads("GET", "leads?$top=1", prefer="odata.maxpagesize=1").json

    assert len(answer["value"]) == 1
    assert "@odata.nextLink" not in answer


def test_a_forged_page_token_is_refused(leads: Office) -> None:
    assert leads("GET", "leads?$skiptoken=nonsense").error == (400, "0x80040203")


def test_rows_are_counted_in_three_ways(leads: Office) -> None:
    assert leads("GET", "leads/$count").body == b"4"
    assert leads("GET", "leads/$count?$filter=leadsourcecode eq 8").body == b"2"
    assert leads("GET", "leads?$apply=aggregate($count as c)").rows == [{"c": 4}]


def test_counting_stops_at_five_thousand(office: Office) -> None:
    for number in range(5001):
        office.environment.data.insert("account", {"accountid": office.world.new_guid(), "name": str(number)})

    answer = office("GET", "accounts?$select=name&$count=true", prefer="odata.maxpagesize=1")

    assert answer.json["@odata.count"] == 5000
    assert office("GET", "accounts?$apply=aggregate($count as c)").rows == [{"c": 5001}]
    assert len(office("GET", "accounts?$select=name").rows) == 5000


def test_an_address_has_a_maximum_length(office: Office) -> None:
    assert office("GET", f"leads?$filter=subject eq '{'x' * 33_000}'").status == 414


def test_annotations_have_labels_and_lookup_names(leads: Office) -> None:
    answer = leads(
        "GET", "leads?$select=leadsourcecode,_ownerid_value&$top=1", prefer='odata.include-annotations="*"'
    ).rows[0]

    assert answer["leadsourcecode@OData.Community.Display.V1.FormattedValue"] == "Web"
    assert answer["_ownerid_value@OData.Community.Display.V1.FormattedValue"] == "# Set-up runner"
    assert answer["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"] == "systemuser"
    assert answer["_ownerid_value@Microsoft.Dynamics.CRM.associatednavigationproperty"] == "ownerid"


def test_annotations_extend_a_refusal(office: Office) -> None:
    error = office("GET", "leads?$filter=x eq 1", prefer='odata.include-annotations="*"').json["error"]

    assert error["@Microsoft.PowerApps.CDS.ErrorDetails.ApiExceptionHttpStatusCode"] == "400"
    assert "80060888" in error["@Microsoft.PowerApps.CDS.HelpLink"]


# Single rows and writes


def test_a_created_row_is_returned_or_addressed(office: Office) -> None:
    plain = office("POST", "leads", {"subject": "a"})
    assert plain.status == 204
    assert plain.headers["odata-entityid"] == plain.headers["location"] == office.address("leads", plain.new_id)

    given = office("POST", "leads?$select=subject", {"subject": "b"}, prefer="return=representation")
    assert given.status == 201
    assert given.json.keys() == {"@odata.context", "@odata.etag", "subject", "leadid"}
    assert given.headers["preference-applied"] == "return=representation"


def test_a_patch_changes_makes_or_refuses_as_its_conditions_say(office: Office) -> None:
    new = office.world.new_guid()
    assert office("PATCH", f"leads({new})", {"subject": "x"}, if_match="*").error == (404, "0x80040217")
    assert office("PATCH", f"leads({new})", {"subject": "x"}).status == 204
    assert office("PATCH", f"leads({new})", {"subject": "y"}, if_none_match="*").error == (412, "0x80040237")
    changed = office("PATCH", f"leads({new})?$select=subject", {"subject": "z"}, prefer="return=representation")
    assert (changed.status, changed.json["subject"]) == (200, "z")


def test_an_etag_prevents_lost_updates(office: Office) -> None:
    lead = office("POST", "leads", {"subject": "x"}).new_id
    old = office("GET", f"leads({lead})").headers["etag"]
    assert office("GET", f"leads({lead})", if_none_match=old).status == 304
    assert office("PATCH", f"leads({lead})", {"subject": "y"}, if_match=old).status == 204

    assert office("PATCH", f"leads({lead})", {"subject": "z"}, if_match=old).error == (412, "0x80060882")
    assert office("DELETE", f"leads({lead})", if_match=old).error == (412, "0x80060882")
    assert office("GET", f"leads({lead})", if_none_match="null").json["subject"] == "y"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        ({"nonsense": 1}, "0x80048d19", "An undeclared property 'nonsense'"),
        ({"nonsense@odata.bind": "/accounts(x)"}, "0x80048d19", "An undeclared property 'nonsense'"),
        ({"subject": 7}, "0x80048d19", "expected type 'Edm.String'"),
        ({"leadsourcecode": "Web"}, "0x80048d19", "expected type 'Edm.Int32'"),
        ({"leadsourcecode": 4711}, "0x8004431a", "outside the valid range"),
        ({"subject": "x" * 301}, "0x80044331", "exceeded the maximum allowed length of '300'"),
        ({"donotemail": "yes"}, "0x80048d19", "expected type 'Edm.Boolean'"),
        ({"_ownerid_value": "11111111-1111-1111-1111-111111111111"}, "0x80060888", "Use Navigation properties instead"),
        ([], "0x80048d19", "JSON object"),
        (b"{", "0x80048d19", "Invalid JSON"),
        (b"", "0x80048d19", "non-empty payload"),
    ],
)
def test_a_body_of_the_wrong_type_is_refused(office: Office, body: object, code: str, words: str) -> None:
    answer = office("POST", "leads", body)

    assert answer.error == (400, code)
    assert words in answer.message
    assert office("GET", "leads").rows == []


def test_a_reference_to_a_row_that_does_not_exist_is_refused(office: Office) -> None:
    missing = office.world.new_guid()

    answer = office("POST", "leads", {"parentaccountid@odata.bind": f"/accounts({missing})"})

    assert answer.error == (404, "0x80040217")
    assert missing in answer.message


def test_a_new_lead_belongs_to_its_creator(office: Office) -> None:
    lead = office("POST", "leads", {"firstname": "A", "lastname": "B"}).new_id

    row = office("GET", f"leads({lead})").json

    me = office("GET", "WhoAmI").json
    assert (row["statecode"], row["statuscode"], row["fullname"]) == (0, 1, "A B")
    assert row["_ownerid_value"] == row["_createdby_value"] == me["UserId"]
    assert row["_owningbusinessunit_value"] == me["BusinessUnitId"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "nonsenses", 404, "0x80060888"),
        ("GET", "Leads", 404, "0x80060888"),
        ("GET", "leads(11111111-1111-1111-1111-111111111111)", 404, "0x80040217"),
        ("GET", "leads(nonsense)", 400, "0x80060888"),
        ("GET", "leads(x='y')", 400, "0x80060888"),
        ("GET", "leads(11111111-1111-1111-1111-111111111111", 400, "0x80060888"),
        ("GET", "WhoAmI/x", 404, "0x80060888"),
        ("GET", "NoSuchFunction(x=1)", 404, "0x80060888"),
        ("POST", "WhoAmI", 405, "0x80060888"),
        ("GET", "StageSolution", 405, "0x80060888"),
        ("PUT", "leads", 405, "0x80060888"),
        ("GET", "/api/data/v8.2/WhoAmI", 404, "0x80060888"),
        ("GET", "/nonsense", 404, "0x80060888"),
        ("POST", "privileges", 400, "0x80060888"),
    ],
)
def test_an_invalid_address_is_refused(office: Office, method: str, path: str, status: int, code: str) -> None:
    body = {"name": "x"} if method != "GET" else None

    assert office(method, path, body).error == (status, code)


@pytest.mark.parametrize("version", ["v9.0", "v9.1", "v9.2"])
def test_older_versions_are_served(office: Office, version: str) -> None:
    context = office("GET", f"/api/data/{version}/WhoAmI()").json["@odata.context"]

    assert context == f"{office.environment.url}/api/data/{version}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse"


def test_properties_navigation_and_references_have_addresses(office: Office) -> None:
    me = office("GET", "WhoAmI").json["UserId"]

    assert office("GET", f"systemusers({me})/fullname").json["value"] == "# Set-up runner"
    assert office("GET", f"systemusers({me})/fullname/$value").body == b"# Set-up runner"
    assert office("GET", f"systemusers({me})/businessunitid?$select=name").json["businessunitid"] == office.root
    references = office("GET", f"systemusers({me})/systemuserroles_association/$ref").json
    assert references["@odata.context"].endswith("$metadata#Collection($ref)")
    assert references["value"] == [{"@odata.id": office.address("roles", office.role("System Administrator"))}]
    assert office("GET", f"systemusers({me})/nonsense").error == (404, "0x80060888")


def test_the_schema_comes_as_xml_only(office: Office) -> None:
    answer = office("GET", "$metadata", accept="application/xml")

    assert answer.status == 200
    assert b'<EntitySet Name="leads" EntityType="Microsoft.Dynamics.CRM.lead" />' in answer.body
    assert office("GET", "$metadata", accept="application/json").status == 415


def test_the_schema_includes_tables_of_solutions(office: Office) -> None:
    office.run_import(package(roles={}, tables=("acme_Order",)))

    assert b'Name="acme_orders"' in office("GET", "$metadata", accept="application/xml").body


def test_a_table_definition_is_found_by_its_name(office: Office) -> None:
    rows = office("GET", "EntityDefinitions?$select=LogicalName,ObjectTypeCode&$filter=LogicalName eq 'lead'").rows
    assert [(row["LogicalName"], row["ObjectTypeCode"]) for row in rows] == [("lead", 4)]
    assert office("GET", "EntityDefinitions(LogicalName='nonsense')").status == 404


def test_a_role_created_for_a_solution_is_added_to_it(office: Office) -> None:
    office.run_import(package("Mine", managed=False, roles={}))
    body = {"name": "Companion", "businessunitid@odata.bind": f"/businessunits({office.root})"}

    role_id = office("POST", "roles", body, solution="Mine").new_id

    assert len(office("GET", f"solutioncomponents?$filter=objectid eq {role_id}").rows) == 1


def test_a_row_is_addressed_by_its_alternate_key(office: Office) -> None:
    by_key = "connectionreferences(connectionreferencelogicalname='acme_mail')"
    assert office("GET", by_key).error == (404, "0x80040217")
    assert office("PATCH", by_key, {"connectorid": "one"}).status == 204
    assert office("PATCH", by_key, {"connectorid": "two"}).status == 204

    row = office("GET", by_key).json
    assert (row["connectionreferencelogicalname"], row["connectorid"]) == ("acme_mail", "two")
    again = office("POST", "connectionreferences", {"connectionreferencelogicalname": "acme_mail"})
    assert again.error == (412, "0x80060892")


def test_duplicates_are_found_only_when_the_request_asks_for_it(office: Office) -> None:
    body = {"lastname": "Doe", "emailaddress1": "doe@example.com"}
    assert office("POST", "leads", body).status == 204
    assert office("POST", "leads", body).status == 204

    assert office("POST", "leads", body, detect_duplicates=True).error == (412, "0x80040333")


def test_columns_of_leads_may_be_shorter_than_usual() -> None:
    usual, office = Office(), Office({"options": {"lead_lengths": {"subject": 50}}})
    texts = "EntityDefinitions(LogicalName='lead')/Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata"
    for each, length in ((usual, 300), (office, 50)):
        rows = each("GET", f"{texts}?$select=LogicalName,MaxLength").rows
        assert {row["LogicalName"]: row["MaxLength"] for row in rows}["subject"] == length
    assert office("POST", "leads", {"lastname": "L", "subject": "x" * 51}).error == (400, "0x80044331")
    assert usual("POST", "leads", {"lastname": "L", "subject": "x" * 51}).status == 204
    # Only text columns have a length.
    attributes = "EntityDefinitions(LogicalName='lead')/Attributes?$select=MaxLength"
    assert usual("GET", attributes).status == 400


@pytest.mark.parametrize("query", ["fetchXml=<fetch/>", "savedQuery=11111111-1111-4111-8111-111111111111"])
def test_a_query_that_is_not_served_is_refused(office: Office, query: str) -> None:
    assert office("GET", f"accounts?{query}").status == 501


@pytest.mark.parametrize("path", ["$metadata/leads", "$metadata(1)"])
def test_the_schema_has_no_subresources(office: Office, path: str) -> None:
    assert office("GET", path).error == (404, "0x80060888")
