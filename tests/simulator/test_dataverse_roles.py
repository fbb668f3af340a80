# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles: their copies, their privileges, allowed changes."""

from __future__ import annotations

import pytest

from .office import LEAD_WRITER_ROLE, Office, package

BASELINE = {
    "prvReadSharePointData",
    "prvWriteSharePointData",
    "prvCreateSharePointData",
    "prvReadSharePointDocument",
}


@pytest.fixture
def office() -> Office:
    return Office({"business_units": ["Sales", {"name": "Europe", "children": ["Sweden"]}]})


def act(office: Office, role_id: str, action: str, body: object) -> tuple[int, str]:
    answer = office("POST", f"roles({role_id})/Microsoft.Dynamics.CRM.{action}", body)
    return answer.status, "" if answer.status == 204 else answer.json["error"]["code"]


def test_each_business_unit_has_its_copy_of_a_role(office: Office) -> None:
    role_id = office.new_role("Companion")

    rows = office("GET", "roles?$filter=name eq 'companion'").rows

    assert len(rows) == 4
    assert {row["_parentrootroleid_value"] for row in rows} == {role_id}
    roots = [row for row in rows if row["_parentroleid_value"] is None]
    assert [row["roleid"] for row in roots] == [role_id]
    by_id = {row["roleid"]: row for row in rows}
    sweden = next(row for row in rows if row["_businessunitid_value"] == office.unit("Sweden"))
    assert by_id[sweden["_parentroleid_value"]]["_businessunitid_value"] == office.unit("Europe")


def test_the_level_of_a_granted_privilege_can_be_changed(office: Office) -> None:
    role_id = office.new_role("Companion", prvReadAsyncOperation="Basic")

    office.grant(role_id, prvReadAsyncOperation="Global")

    assert office.granted(role_id)["prvReadAsyncOperation"] == "Global"


@pytest.mark.parametrize("depth", ["Global", 3, "3"])
def test_a_level_is_accepted_by_name_or_number(office: Office, depth: object) -> None:
    role_id = office.new_role("Companion")
    body = {"Privileges": [{"PrivilegeId": office.privilege("prvReadLead"), "Depth": depth}]}

    assert act(office, role_id, "AddPrivilegesRole", body) == (204, "")
    assert office.granted(role_id)["prvReadLead"] == "Global"


def test_an_unsupported_access_level_is_refused(office: Office) -> None:
    role_id = office.new_role("Companion")
    body = {"Privileges": [{"PrivilegeId": office.privilege("prvReadUserEntityUISettings"), "Depth": "Global"}]}

    assert act(office, role_id, "AddPrivilegesRole", body) == (400, "0x8004140b")


def test_replacing_privileges_keeps_only_the_sharepoint_baseline(office: Office) -> None:
    role_id = office.new_role("Companion", prvReadAccount="Global")
    body = {"Privileges": [{"PrivilegeId": office.privilege("prvReadLead"), "Depth": "Deep"}]}

    assert act(office, role_id, "ReplacePrivilegesRole", body) == (204, "")

    assert office.granted(role_id).keys() == {"prvReadLead", *BASELINE}


def test_the_sharepoint_baseline_cannot_be_removed(office: Office) -> None:
    role_id = office.new_role("Companion")

    body = {"PrivilegeId": office.privilege("prvReadSharePointData")}
    assert act(office, role_id, "RemovePrivilegeRole", body) == (204, "")

    assert office.granted(role_id).keys() == BASELINE


def test_a_role_copy_in_a_child_unit_is_read_only(office: Office) -> None:
    role_id = office.new_role("Companion")
    copy = office.role("Companion", office.unit("Sales"))
    body = {"Privileges": [{"PrivilegeId": office.privilege("prvReadLead"), "Depth": "Deep"}]}

    assert act(office, copy, "AddPrivilegesRole", body) == (400, "0x80044152")
    assert office("DELETE", f"roles({copy})").error == (400, "0x8004140c")
    office.grant(role_id, prvReadLead="Deep")
    assert office.granted(copy)["prvReadLead"] == "Deep"
    assert office("PATCH", f"roles({role_id})", {"isinherited": 1, "name": "Fellow"}).status == 204
    row = office("GET", f"roles({copy})").json
    assert (row["isinherited"], row["name"]) == (1, "Fellow")


def test_deleting_the_root_copy_deletes_all_copies(office: Office) -> None:
    role_id = office.new_role("Companion")
    _app, user_id = office.new_application_user("Companion")

    assert office("DELETE", f"roles({role_id})").status == 204

    assert office("GET", "roles?$filter=name eq 'Companion'").rows == []
    assert office("GET", f"systemusers({user_id})/systemuserroles_association").rows == []


def test_a_managed_role_that_is_not_customizable_is_locked(office: Office) -> None:
    office.run_import(package(customizable=False))
    body = {"Privileges": [{"PrivilegeId": office.privilege("prvReadAccount"), "Depth": "Basic"}]}

    row = office("GET", f"roles({LEAD_WRITER_ROLE})").json
    assert row["iscustomizable"] == {
        "Value": False,
        "CanBeChanged": True,
        "ManagedPropertyLogicalName": "iscustomizableanddeletable",
    }
    assert act(office, LEAD_WRITER_ROLE, "AddPrivilegesRole", body) == (400, "0x8004f026")
    assert "prvReadAccount" not in office.granted(LEAD_WRITER_ROLE)


def test_a_customizable_managed_role_can_only_be_edited(office: Office) -> None:
    office.run_import(package())

    office.grant(LEAD_WRITER_ROLE, prvReadAccount="Basic")

    assert office.granted(LEAD_WRITER_ROLE)["prvReadAccount"] == "Basic"
    assert office("DELETE", f"roles({LEAD_WRITER_ROLE})").status == 400


def test_privileges_of_an_unknown_role_are_not_an_empty_list(office: Office) -> None:
    missing = office.world.new_guid()

    inline = office("GET", f"RetrieveRolePrivilegesRole(RoleId={missing})")
    alias = office("GET", f"RetrieveRolePrivilegesRole(RoleId=@rid)?@rid={missing}")

    assert inline.error == alias.error == (404, "0x80040217")


def test_privileges_are_read_independently_of_the_role(office: Office) -> None:
    path = f"roles({office.role('Basic User')})/Microsoft.Dynamics.CRM.RetrieveRolePrivilegesRole"

    assert office("GET", path).error == (404, "0x80060888")


def test_an_unknown_privilege_and_an_empty_id_are_refused(office: Office) -> None:
    role_id = office.new_role("Companion")

    def add(privilege: str) -> tuple[int, str]:
        return act(office, role_id, "AddPrivilegesRole", {"Privileges": [{"PrivilegeId": privilege, "Depth": "Basic"}]})

    assert add(office.world.new_guid()) == (400, "0x800404ce")
    assert add("00000000-0000-0000-0000-000000000000") == (400, "0x80041408")


def test_the_widest_access_level_of_all_roles_applies(office: Office) -> None:
    office.new_role("Narrow", prvReadLead="Basic")
    office.new_role("Wide", prvReadLead="Deep")
    _app, user_id = office.new_application_user("Narrow", "Wide")

    answer = office("GET", f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges").json

    held = {item["PrivilegeName"]: item["Depth"] for item in answer["RolePrivileges"]}
    assert held["prvReadLead"] == "Deep"


def test_roles_of_a_team_apply_to_its_members_as_basic(office: Office) -> None:
    office.new_role("Wide", prvReadLead="Global")
    app_id, user_id = office.new_application_user("Basic User")
    unit = {"businessunitid@odata.bind": f"/businessunits({office.root})"}
    team = office("POST", "teams", {"name": "Readers", **unit}).new_id
    member = {"@odata.id": office.address("systemusers", user_id)}
    assert office("POST", f"teams({team})/teammembership_association/$ref", member).status == 204
    role = {"@odata.id": office.address("roles", office.role("Wide"))}
    assert office("POST", f"teams({team})/teamroles_association/$ref", role).status == 204
    office("POST", "leads", {"subject": "another user's"})

    answer = office("GET", f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserPrivileges").json
    held = {item["PrivilegeName"]: item["Depth"] for item in answer["RolePrivileges"]}

    assert held["prvReadLead"] == "Basic"
    assert len(office("GET", "leads", caller=app_id).rows) == 1
    by_names = f"systemusers({user_id})/Microsoft.Dynamics.CRM.RetrieveUserSetOfPrivilegesByNames"
    truly = office("GET", f'{by_names}(PrivilegeNames=@p)?@p=["prvReadLead","prvWriteLead","prvNoSuch"]').json
    assert [(item["PrivilegeName"], item["Depth"]) for item in truly["RolePrivileges"]] == [("prvReadLead", "Global")]
    assert office("GET", f"{by_names}(PrivilegeNames=@p)?@p=prvReadLead").status == 400


@pytest.mark.parametrize(
    "name",
    [
        # Privileges that the platform adds to a new role, and further ones of real packages.
        *("prvReadPluginAssembly", "prvReadPluginType", "prvReadSdkMessage", "prvReadSdkMessageProcessingStep"),
        *("prvReadSdkMessageProcessingStepImage", "prvAppendActionCard", "prvCreateImport", "prvReadImportFile"),
        *("prvReadWorkflowSession", "prvReadNewProcess", "prvReadExpiredProcess", "prvReadTranslationProcess"),
        *("prvReadLanguageLocale", "prvAppendPluginType"),
    ],
)
def test_privileges_that_real_packages_name_are_known(office: Office, name: str) -> None:
    assert len(office("GET", f"privileges?$filter=name eq '{name}'").rows) == 1


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("prvReadUser", "LDG"),
        ("prvAssignRole", "LDG"),
        ("prvReadLead", "BLDG"),
        ("prvReadUserQuery", "B"),
        ("prvCreateBusinessUnit", "DG"),
        ("prvReadBusinessUnit", "LDG"),
        ("prvReadSharePointDocument", "G"),
        ("prvCreateSharePointDocument", "BG"),
        ("prvAssignUserForm", "BG"),
        ("prvReadCalendar", "LDG"),
        ("prvReadExpiredProcess", "G"),
    ],
)
def test_privileges_have_the_levels_of_real_environments(office: Office, name: str, levels: str) -> None:
    (row,) = office("GET", f"privileges?$filter=name eq '{name}'").rows
    columns = {"B": "canbebasic", "L": "canbelocal", "D": "canbedeep", "G": "canbeglobal"}
    assert "".join(letter for letter, column in columns.items() if row[column]) == levels


@pytest.mark.parametrize(
    "name",
    [
        *("prvAssignUser", "prvShareUser", "prvAssignTeam", "prvShareTeam", "prvShareBusinessUnit"),
        *("prvCreateImportJob", "prvAppendUserQuery", "prvShareActionCard", "prvAppendPluginAssembly"),
    ],
)
def test_privileges_that_no_real_environment_has_are_unknown(office: Office, name: str) -> None:
    assert office("GET", f"privileges?$filter=name eq '{name}'").rows == []


def test_a_table_definition_lists_its_privileges(office: Office) -> None:
    answer = office("GET", "EntityDefinitions(LogicalName='userentityuisettings')?$select=Privileges").json

    assert {item["PrivilegeType"]: item["CanBeGlobal"] for item in answer["Privileges"]} == {
        "Create": False,
        "Read": False,
        "Write": False,
        "Delete": False,
        "Share": False,
    }
    assert answer["Privileges"][0]["PrivilegeId"] == "8d2aa266-8fee-43a4-85e7-2aa1aaab5259"


def test_the_intersect_table_has_the_access_levels_of_a_role(office: Office) -> None:
    role_id = office.new_role("Companion", prvReadLead="Deep")

    rows = office("GET", f"roleprivilegescollection?$filter=roleid eq {role_id}").rows

    masks = {row["privilegeid"]: row["privilegedepthmask"] for row in rows}
    assert masks[office.privilege("prvReadLead")] == 4
