# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions of an environment: tables, columns, relationships, option sets, organization."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from .office import Office

EDM = "{http://docs.oasis-open.org/odata/ns/edm}"


@pytest.fixture(scope="module")
def office() -> Office:
    return Office()


def test_a_table_definition_is_complete(office: Office) -> None:
    account = office("GET", "EntityDefinitions(LogicalName='account')").json

    assert len(account) >= 110
    assert account["CanChangeTrackingBeEnabled"] == {
        "Value": True,
        "CanBeChanged": True,
        "ManagedPropertyLogicalName": "canchangetrackingbeenabled",
    }
    assert account["TableType"] == "Standard"
    assert account["DisplayCollectionName"]["UserLocalizedLabel"]["LanguageCode"] == 1033
    by_id = office("GET", f"EntityDefinitions({account['MetadataId']})?$select=LogicalName").json
    assert by_id["LogicalName"] == "account"
    assert set(by_id) == {"@odata.context", "MetadataId", "LogicalName"}


def test_definitions_are_filtered_by_any_plain_property(office: Office) -> None:
    rows = office("GET", "EntityDefinitions?$select=LogicalName&$filter=IsManaged eq true and ObjectTypeCode eq 1").rows

    assert [row["LogicalName"] for row in rows] == ["account"]
    assert office("GET", "EntityDefinitions?$filter=Nonsense eq true").error == (400, "0x80060888")
    assert office("GET", "EntityDefinitions?$expand=Nonsense").error == (400, "0x80060888")


def test_columns_are_expanded_with_options_of_their_own(office: Office) -> None:
    query = "$select=LogicalName&$filter=LogicalName eq 'lead'&$expand=Attributes($select=LogicalName,AttributeType)"
    columns = office("GET", f"EntityDefinitions?{query}").rows[0]["Attributes"]

    assert {tuple(sorted(column)) for column in columns} == {
        ("@odata.type", "AttributeType", "LogicalName", "MetadataId")
    }
    types = {column["LogicalName"]: column["AttributeType"] for column in columns}
    assert types["leadid"] == "Uniqueidentifier"
    assert (types["statecode"], types["statuscode"], types["ownerid"]) == ("State", "Status", "Owner")
    assert types["customerid"] == "Customer"


@pytest.mark.parametrize(
    ("kind", "column", "name", "value"),
    [
        ("DateTime", "birthdate", "DateTimeBehavior", {"Value": "DateOnly"}),
        ("DateTime", "createdon", "DateTimeBehavior", {"Value": "UserLocal"}),
        ("String", "lastname", "MaxLength", 50),
        ("Lookup", "parentcustomerid", "Targets", ["account", "contact"]),
    ],
)
def test_columns_have_the_properties_of_their_kind(
    office: Office, kind: str, column: str, name: str, value: Any
) -> None:
    path = "EntityDefinitions(LogicalName='contact')/Attributes"
    cast = f"{path}/Microsoft.Dynamics.CRM.{kind}AttributeMetadata?$select=LogicalName,{name}"
    found = {row["LogicalName"]: row[name] for row in office("GET", cast).rows}

    assert found[column] == value
    assert office("GET", f"{path}(LogicalName='{column}')").json[name] == value


def test_relationships_lead_both_ways(office: Office) -> None:
    name = "contact_customer_accounts"
    one = office("GET", f"RelationshipDefinitions(SchemaName='{name}')").json
    of_account = "EntityDefinitions(LogicalName='account')/OneToManyRelationships"
    many = office("GET", f"{of_account}?$filter=SchemaName eq '{name}'")
    back = office("GET", "EntityDefinitions(LogicalName='contact')/ManyToOneRelationships").rows

    assert (one["ReferencedEntity"], one["ReferencingEntity"]) == ("account", "contact")
    assert one["ReferencingEntityNavigationPropertyName"] == "parentcustomerid_account"
    assert [row["MetadataId"] for row in many.rows] == [one["MetadataId"]]
    assert one["MetadataId"] in {row["MetadataId"] for row in back}


def test_every_named_relationship_can_be_followed(office: Office) -> None:
    schema = ElementTree.fromstring(office("GET", "$metadata").body)  # noqa: S314 - the simulator's own answer
    ways = {
        (of.get("Name"), way.get("Name"))
        for of in schema.iter(f"{EDM}EntityType")
        for way in of.iter(f"{EDM}NavigationProperty")
    }
    named = set()
    for row in office("GET", "RelationshipDefinitions").rows:
        if row["RelationshipType"] == "OneToManyRelationship":
            named.add((row["ReferencingEntity"], row["ReferencingEntityNavigationPropertyName"]))
            if row["ReferencedEntityNavigationPropertyName"]:
                named.add((row["ReferencedEntity"], row["ReferencedEntityNavigationPropertyName"]))
        else:
            named |= {(row[f"Entity{end}LogicalName"], row[f"Entity{end}NavigationPropertyName"]) for end in (1, 2)}

    assert len(named) > 100
    assert named - ways == set()


def test_many_to_many_relationships_name_their_intersect(office: Office) -> None:
    cast = "RelationshipDefinitions/Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata"
    found = {row["SchemaName"]: row["IntersectEntityName"] for row in office("GET", cast).rows}
    expanded = office("GET", "EntityDefinitions(LogicalName='role')?$expand=ManyToManyRelationships").json

    assert found["systemuserroles_association"] == "systemuserroles"
    assert {row["SchemaName"] for row in expanded["ManyToManyRelationships"]} == {
        "systemuserroles_association",
        "teamroles_association",
        "roleprivileges_association",
    }


def test_alternate_keys_are_defined(office: Office) -> None:
    keys = office("GET", "EntityDefinitions(LogicalName='environmentvariabledefinition')/Keys").rows

    assert [key["KeyAttributes"] for key in keys] == [["schemaname"]]
    assert office("GET", "EntityDefinitions(LogicalName='account')/Keys?$select=SchemaName,KeyAttributes").rows == []


def test_a_kind_of_column_that_a_table_lacks_is_an_empty_list(office: Office) -> None:
    columns = "EntityDefinitions(LogicalName='privilege')/Attributes/Microsoft.Dynamics.CRM"

    assert office("GET", f"{columns}.MemoAttributeMetadata?$select=LogicalName,MaxLength").rows == []
    assert office("GET", f"{columns}.NonsenseMetadata").status == 404


def test_global_option_sets_are_found_by_name_only(office: Office) -> None:
    every = office("GET", "GlobalOptionSetDefinitions").rows
    one = office("GET", "GlobalOptionSetDefinitions(Name='componentstate')").json
    column = "EntityDefinitions(LogicalName='role')/Attributes(LogicalName='componentstate')?$expand="

    assert one["MetadataId"] in {row["MetadataId"] for row in every}
    assert one["Options"][0]["Label"]["UserLocalizedLabel"]["Label"] == "Published"
    assert office("GET", f"{column}GlobalOptionSet").json["GlobalOptionSet"]["MetadataId"] == one["MetadataId"]
    assert office("GET", f"{column}OptionSet").json["OptionSet"] is None
    assert office("GET", "GlobalOptionSetDefinitions?$filter=Name eq 'componentstate'").error == (400, "0x80060888")
    assert office("GET", "GlobalOptionSetDefinitions(Name='nonsense')").error == (404, "0x80060888")


def test_definitions_are_not_written(office: Office) -> None:
    for path in ("EntityDefinitions", "RelationshipDefinitions", "GlobalOptionSetDefinitions"):
        assert office("POST", path, {}).status == 405


def test_messages_list_tables_that_accept_many_rows(office: Office) -> None:
    query = (
        "$select=sdkmessagefilterid&$expand=sdkmessageid($select=name)&"
        "$filter=(sdkmessageid/name eq 'CreateMultiple' or sdkmessageid/name eq 'UpdateMultiple') and "
        "primaryobjecttypecode eq 'TABLE'"
    )

    def named(table: str) -> set[str]:
        rows = office("GET", f"sdkmessagefilters?{query.replace('TABLE', table)}").rows
        return {row["sdkmessageid"]["name"] for row in rows}

    assert named("account") == {"CreateMultiple", "UpdateMultiple"}
    assert named("privilege") == set()
    message = office("GET", "sdkmessages?$filter=name eq 'CreateMultiple'").rows[0]["sdkmessageid"]
    assert office("GET", f"sdkmessages({message})").json["name"] == "CreateMultiple"
    made = office("POST", "accounts/Microsoft.Dynamics.CRM.CreateMultiple", {"Targets": [{"name": "A"}, {"name": "B"}]})
    assert len(made.json["Ids"]) == 2


def test_the_organization_names_its_tenant_and_addresses(office: Office) -> None:
    kind = "Microsoft.Dynamics.CRM.EndpointAccessType'Default'"
    detail = office("GET", f"RetrieveCurrentOrganization(AccessType=@p)?@p={kind}").json["Detail"]

    assert detail["TenantId"] == office.tenant.id
    assert detail["EnvironmentId"] == office.environment.id
    assert (
        dict(zip(detail["Endpoints"]["Keys"], detail["Endpoints"]["Values"], strict=True))["WebApplication"]
        == f"{office.environment.url}/"
    )
    assert office("GET", "RetrieveCurrentOrganization(AccessType='Anywhere')").status == 400


def test_rows_are_counted_by_table_with_read_access(office: Office) -> None:
    office("POST", "contacts", {"lastname": "Doe"})
    answer = office("GET", 'RetrieveTotalRecordCount(EntityNames=@p)?@p=["contact","fax"]').json
    app_id, _user = office.new_application_user("Support User")

    counts = answer["EntityRecordCountCollection"]
    assert dict(zip(counts["Keys"], counts["Values"], strict=True)) == {"contact": 1, "fax": 0}
    assert office("GET", 'RetrieveTotalRecordCount(EntityNames=@p)?@p=["nonsense"]').status == 400
    refused = office("GET", 'RetrieveTotalRecordCount(EntityNames=@p)?@p=["lead"]', caller=app_id)
    assert refused.error == (403, "0x80040220")


def test_the_languages_are_listed(office: Office) -> None:
    assert office("GET", "RetrieveAvailableLanguages").json["LocaleIds"] == [1033]
    assert office("GET", "RetrieveAvailableLanguages()").json["LocaleIds"] == [1033]


def test_customers_have_the_columns_of_a_real_environment(office: Office) -> None:
    account = office("POST", "accounts", {"name": "A", "revenue": 5.0}, Prefer="return=representation").json
    contact = office("POST", "contacts", {"lastname": "A"}, Prefer="return=representation").json

    assert (account["revenue_base"], account["territorycode"], account["followemail"]) == (5.0, 1, True)
    assert contact["address3_addressid"]
    assert {"governmentid", "address1_freighttermscode", "_parentcontactid_value"} <= set(contact)
    assert office("PATCH", f"accounts({account['accountid']})", {"revenue": 7.0}).status == 204
    assert office("GET", f"accounts({account['accountid']})/revenue_base").json["value"] == 7.0
