# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals because of an environment's state and settings."""

from __future__ import annotations

import base64

import pytest

from packages.build import UNIQUE_NAME, package
from simulator.dataverse import gates

from .office import Office


def closed(**gate: object) -> Office:
    return Office({"options": {"gates": [gate]}})


@pytest.mark.parametrize("code", sorted(gates.TEXTS))
def test_a_gate_refuses_with_its_code(code: str) -> None:
    office = closed(code=code)
    assert office("GET", "WhoAmI").error == (gates.TEXTS[code][0], code)
    assert office("GET", "WhoAmI", admin_override=True).status == 200


def test_a_gate_may_apply_to_some_callers_only() -> None:
    office = closed(code="0x80095ffc", callers=["00000000-0000-0000-0000-000000000001"])
    assert office("GET", "WhoAmI").status == 200
    office = Office()
    runner = office.tenant.runner.app_id
    office.environment.spec.options["gates"] = [{"code": "0x80095ffc", "callers": [runner], "methods": ["POST"]}]
    assert office("GET", "WhoAmI").status == 200
    assert office("POST", "leads", {}).error == (403, "0x80095ffc")


def test_a_gate_may_open_again() -> None:
    office = closed(code="0x80154b53", times=2, path="^WhoAmI")
    assert [office("GET", "WhoAmI").status for _try in range(3)] == [500, 500, 200]


@pytest.mark.parametrize("gate", [{}, {"code": "0x1", "color": "red"}, "0x1"])
def test_an_invalid_gate_is_refused(gate: object) -> None:
    with pytest.raises(ValueError, match="The gate is invalid"):
        gates.check([gate])


def with_a_role(office: Office) -> str:
    """A user with a role; returns the address of the assignment."""
    _app_id, user = office.new_application_user()
    (role,) = office("GET", "roles?$filter=name eq 'Basic User' and _parentroleid_value eq null").rows
    body = {"@odata.id": f"{office.environment.url}/api/data/v9.2/roles({role['roleid']})"}
    assert office("POST", f"systemusers({user})/systemuserroles_association/$ref", body).status == 204
    assert office("PATCH", f"systemusers({user})", {"isdisabled": True}).status == 204
    return f"systemusers({user})/systemuserroles_association({role['roleid']})/$ref"


def test_the_roles_of_a_disabled_user_cannot_be_changed() -> None:
    office = Office()
    assigned = with_a_role(office)
    assert office("DELETE", assigned).error == (403, "0x80040225")
    (other,) = office("GET", "roles?$filter=name eq 'System Customizer' and _parentroleid_value eq null").rows
    body = {"@odata.id": f"{office.environment.url}/api/data/v9.2/roles({other['roleid']})"}
    held = assigned.rpartition("(")[0]
    assert office("POST", f"{held}/$ref", body).error == (403, "0x80040225")


def test_an_environment_may_allow_roles_of_disabled_users() -> None:
    office = Office({"options": {"roles_on_disabled_users": True}})
    assert office("DELETE", with_a_role(office)).status == 204


def test_added_privileges_may_keep_their_level() -> None:
    office = Office({"options": {"added_privileges_keep_level": True}})
    role_id = office.new_role("Reader", prvReadLead="Basic")
    (row,) = office("GET", "privileges?$filter=name eq 'prvReadLead'").rows
    body = {"Privileges": [{"PrivilegeId": row["privilegeid"], "Depth": "Global"}]}
    path = f"roles({role_id})/Microsoft.Dynamics.CRM."
    for action, depth in (("AddPrivilegesRole", "Basic"), ("ReplacePrivilegesRole", "Global")):
        assert office("POST", path + action, body).status == 204
        held = office("GET", f"RetrieveRolePrivilegesRole(RoleId={role_id})").json["RolePrivileges"]
        assert [each["Depth"] for each in held if each["PrivilegeName"] == "prvReadLead"] == [depth]


def test_blocked_customizations_refuse_changes_of_roles() -> None:
    office = Office({"options": {"block_unmanaged_customizations": True}})
    (role,) = office("GET", "roles?$filter=name eq 'Basic User' and _parentroleid_value eq null").rows
    one = f"roles({role['roleid']})"
    for method, path, body in (
        ("POST", "roles", {"name": "New"}),
        ("PATCH", one, {"isinherited": 0}),
        ("POST", f"{one}/Microsoft.Dynamics.CRM.AddPrivilegesRole", {"Privileges": []}),
        ("POST", f"{one}/Microsoft.Dynamics.CRM.ReplacePrivilegesRole", {"Privileges": []}),
    ):
        assert office(method, path, body).error == (403, "0x80072042")


@pytest.mark.parametrize(("blocked", "said"), [(False, False), (True, True)])
def test_the_organization_reports_blocked_customizations(blocked: bool, said: bool) -> None:
    office = Office({"options": {"block_unmanaged_customizations": blocked}})
    (row,) = office("GET", "organizations?$select=orgdborgsettings").rows
    assert ("<IsLockdownOfUnmanagedCustomizationEnabled>true<" in row["orgdborgsettings"]) is said


@pytest.mark.parametrize(
    ("privileges", "code"),
    [
        ([{"Depth": "Basic"}], "0x80041408"),
        ([{"PrivilegeId": "11111111-2222-3333-4444-555555555555", "Depth": "Basic"}], "0x800404ce"),
        ([{"PrivilegeId": "prvReadLead", "Depth": "Basic"}] * 2, "0x8004140f"),
    ],
)
def test_privileges_that_cannot_be_granted_are_refused(privileges: list[dict[str, str]], code: str) -> None:
    office = Office()
    role_id = office.new_role("Reader")
    named = {"prvReadLead": office.privilege("prvReadLead")}
    rows = [{name: named.get(value, value) for name, value in row.items()} for row in privileges]
    answer = office("POST", f"roles({role_id})/Microsoft.Dynamics.CRM.AddPrivilegesRole", {"Privileges": rows})
    assert answer.error == (400, code)


@pytest.mark.parametrize("action", ["ImportSolutionAsync", "StageAndUpgradeAsync"])
def test_blocked_customizations_refuse_unmanaged_packages(action: str) -> None:
    office = Office({"options": {"block_unmanaged_customizations": True}})
    flags = {"OverwriteUnmanagedCustomizations": False, "PublishWorkflows": False}
    text = base64.b64encode(package(managed=False)).decode()
    assert office("POST", action, {**flags, "CustomizationFile": text}).error == (403, "0x80072042")
    upload = office("POST", "StageSolution", {"CustomizationFile": text}).json["StageSolutionResults"]
    staged = {**flags, "SolutionParameters": {"StageSolutionUploadId": upload["StageSolutionUploadId"]}}
    assert office("POST", action, staged).error == (403, "0x80072042")
    assert office("GET", f"solutions?$filter=uniquename eq '{UNIQUE_NAME}'").rows == []


def test_blocked_customizations_allow_managed_packages() -> None:
    office = Office({"options": {"block_unmanaged_customizations": True}})
    flags = {"OverwriteUnmanagedCustomizations": True, "PublishWorkflows": False}
    roles = "roles?$filter=startswith(name,'Stand-in Lead Reader') and _parentroleid_value eq null"
    first = base64.b64encode(package(variant="second-role")).decode()
    assert office("POST", "ImportSolutionAsync", {**flags, "CustomizationFile": first}).status == 200
    (role,) = office("GET", roles).rows
    assert role["ismanaged"] is True
    assert office("DELETE", f"roles({role['roleid']})").error == (403, "0x80072042")
    newer = base64.b64encode(package("1.1.0.0")).decode()
    assert office("POST", "StageAndUpgradeAsync", {**flags, "CustomizationFile": newer}).status == 200
    assert office("GET", roles).rows == []
    assert office("POST", "UninstallSolutionAsync", {"SolutionUniqueName": UNIQUE_NAME}).status == 200
    assert office("GET", f"solutions?$filter=uniquename eq '{UNIQUE_NAME}'").rows == []
