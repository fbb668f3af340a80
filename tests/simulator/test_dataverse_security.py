# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication and authorization in an environment."""

from __future__ import annotations

import base64

import pytest

from simulator.dataverse.operations import ACTIONS, BOUND, FUNCTIONS
from simulator.directory import shapes
from simulator.directory.directory import USER
from simulator.entra import tokens

from .office import Office, package

WRITER = {
    "prvCreateLead": "Global",
    "prvReadLead": "Global",
    "prvReadUser": "Global",
    "prvReadAsyncOperation": "Global",
    "prvWriteAsyncOperation": "Global",
    "prvAppendToAsyncOperation": "Global",
}


@pytest.fixture
def office() -> Office:
    return Office({"business_units": ["Sales", {"name": "Europe", "children": ["Sweden"]}]})


def test_without_a_token_the_answer_names_the_tenant_to_sign_in_at(office: Office) -> None:
    answer = office.raw("GET", "/api/data", b"", {"host": office.environment.host})

    assert answer.status == 401
    assert answer.body == b""
    assert (
        f"authorization_uri=https://login.microsoftonline.com/{office.tenant.id}/oauth2/authorize"
        in answer.headers["www-authenticate"]
    )
    assert f"resource_id={office.environment.url}/" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("audience", ["https://graph.microsoft.com", "https://other.crm4.dynamics.com"])
def test_a_token_for_another_resource_is_refused(office: Office, audience: str) -> None:
    token = office.mint(office.tenant.runner.app_id, audience)

    answer = office.raw("GET", "WhoAmI", b"", {"host": office.environment.host, "authorization": f"Bearer {token}"})

    assert answer.status == 401


def test_a_graph_token_does_not_open_the_environment(office: Office) -> None:
    token = office.mint(office.tenant.runner.app_id, "00000003-0000-0000-c000-000000000000")

    answer = office.raw("GET", "WhoAmI", b"", {"host": office.environment.host, "authorization": f"Bearer {token}"})

    assert answer.status == 401


def test_an_expired_token_does_not_open_the_environment(office: Office) -> None:
    office.token()
    office.world.clock.jump(3700)

    assert office("GET", "WhoAmI").status == 401


def test_the_api_host_accepts_the_same_token(office: Office) -> None:
    twin = office.environment.host.replace(".crm4.", ".api.crm4.")

    answer = office("GET", "WhoAmI", host=twin)

    assert answer.status == 200
    assert answer.json["@odata.context"].startswith(f"https://{twin}/")


def test_an_application_without_a_user_is_not_a_member(office: Office) -> None:
    assert office("GET", "WhoAmI", caller=office.new_application()).error == (403, "0x80072560")


def test_a_disabled_user_has_its_own_error(office: Office) -> None:
    app_id, user_id = office.new_application_user("System Administrator")
    office("PATCH", f"systemusers({user_id})", {"isdisabled": True})

    answer = office("GET", "WhoAmI", caller=app_id)

    assert answer.error == (403, "0x80040225")
    assert f"SystemUserId={user_id}" in answer.message


def test_a_user_without_roles_may_only_call_who_am_i(office: Office) -> None:
    app_id, user_id = office.new_application_user()

    assert office("GET", "WhoAmI", caller=app_id).json["UserId"] == user_id
    assert office("GET", "leads", caller=app_id).error == (403, "0x80042f09")


def test_a_missing_privilege_is_named_with_user_table_and_caller(office: Office) -> None:
    office.new_role("Reader", prvReadLead="Global")
    app_id, user_id = office.new_application_user("Reader")

    answer = office("POST", "leads", {"lastname": "Doe"}, caller=app_id)

    assert answer.error == (403, "0x80040220")
    assert f"Principal user (Id={user_id}, type=8, roleCount=1, privilegeCount=" in answer.message
    assert "is missing prvCreateLead privilege (Id=a41f965b-2619-4c73-8625-da31945cccc7)" in answer.message
    assert "on OTC=4 for entity 'lead'" in answer.message


def test_creating_leads_without_reading_fails_the_owner_read_check(office: Office) -> None:
    office.new_role("Blind", **{name: level for name, level in WRITER.items() if name != "prvReadLead"})
    app_id, _user = office.new_application_user("Blind")

    answer = office("POST", "leads", {"lastname": "Doe"}, caller=app_id)

    assert answer.error == (403, "0x80040220")
    assert answer.message.startswith("Read Privilege Check For Owner failed with exception: Principal user")
    assert "prvReadLead" in answer.message


@pytest.mark.parametrize("privilege", ["prvReadAsyncOperation", "prvWriteAsyncOperation", "prvAppendToAsyncOperation"])
def test_a_lead_needs_the_system_job_privileges(office: Office, privilege: str) -> None:
    role_id = office.new_role("Writer", **{name: level for name, level in WRITER.items() if name != privilege})
    app_id, _user = office.new_application_user("Writer")

    answer = office("POST", "leads", {"lastname": "Doe"}, caller=app_id)
    assert answer.error == (403, "0x80040220")
    assert privilege in answer.message

    office.grant(role_id, **{privilege: "Basic"})
    narrow = office("POST", "leads", {"lastname": "Doe"}, caller=app_id)
    assert narrow.error == (403, "0x80040220")
    assert "SecLib::AccessCheckEx failed" in narrow.message

    office.grant(role_id, **{privilege: "Global"})
    assert office("POST", "leads", {"lastname": "Doe"}, caller=app_id).status == 204


def test_an_option_exempts_leads_from_system_job_privileges() -> None:
    office = Office({"options": {"lead_jobs": False}})
    office.new_role("Writer", prvCreateLead="Global", prvReadLead="Global", prvReadUser="Global")
    caller, _user = office.new_application_user("Writer")

    assert office("POST", "leads", {"subject": "x"}, caller=caller).status == 204


# Every user with a role can read these, and no one can write them.
OPEN_TABLES = {"privilege", "roleprivileges", "solutioncomponent", "dependency"}
# The immovable baseline.
BASELINE_TABLES = {"sharepointdata", "sharepointdocument"}


def test_an_empty_role_allows_nothing(office: Office) -> None:
    office.new_role("Nothing")
    app_id, _user = office.new_application_user("Nothing")
    opened = []
    for table in office.environment.data.catalogue.tables.values():
        if table.logical in BASELINE_TABLES:
            continue
        rows = office("GET", f"{table.entity_set}?$top=1", admin_override=True).rows
        address = f"{table.entity_set}({rows[0][table.id_column] if rows else office.world.new_guid()})"
        for method, path in (
            ("GET", table.entity_set),
            ("GET", f"{table.entity_set}/$count"),
            ("GET", address),
            ("PATCH", address),
            ("DELETE", address),
            ("POST", table.entity_set),
        ):
            answer = office(method, path, None if method in ("GET", "DELETE") else {}, caller=app_id)
            if answer.status < 400 and not (method == "GET" and table.logical in OPEN_TABLES):
                opened.append((method, path))
    assert opened == []


def test_an_empty_role_allows_no_function_or_action(office: Office) -> None:
    office.run_import(package())
    office.run_import(package(version="2.0.0.0"), HoldingSolution=True)
    office.new_role("Nothing")
    app_id, user_id = office.new_application_user("Nothing")
    role, lead = office.role("Lead Writer"), office.privilege("prvReadLead")
    packed: dict[str, object] = {"CustomizationFile": base64.b64encode(package()).decode()}
    bodies: dict[str, dict[str, object]] = {
        "StageSolution": packed,
        "ImportSolutionAsync": packed,
        "ImportSolution": {**packed, "ImportJobId": office.world.new_guid()},
        "StageAndUpgradeAsync": packed,
        "StageAndUpgrade": packed,
        "DeleteAndPromote": {"UniqueName": "LeadWriter"},
        "DeleteAndPromoteAsync": {"UniqueName": "LeadWriter"},
        "UninstallSolutionAsync": {"SolutionUniqueName": "LeadWriter"},
        "PublishAllXml": {},
    }
    assert bodies.keys() == ACTIONS.keys()
    for name, body in bodies.items():
        assert office("POST", name, body, caller=app_id).error == (403, "0x80040220"), name
    given = {
        "RoleId": role,
        "ImportJobId": office.world.new_guid(),
        "SolutionUniqueName": "'LeadWriter'",
        "AccessType": "'Default'",
        "EntityNames": '["lead"]',
    }
    open_to_all = {"WhoAmI", "RetrieveVersion", "RetrieveAvailableLanguages", "RetrieveCurrentOrganization"}
    for name, (parameters, _function) in FUNCTIONS.items():
        arguments = ",".join(f"{parameter}={given[parameter]}" for parameter in parameters)
        answer = office("GET", f"{name}({arguments})", caller=app_id)
        assert answer.status == (200 if name in open_to_all else 403), name
    bound: dict[str, dict[str, object] | None] = {
        "AddPrivilegesRole": {"Privileges": [{"PrivilegeId": lead, "Depth": "Global"}]},
        "ReplacePrivilegesRole": {"Privileges": [{"PrivilegeId": lead, "Depth": "Global"}]},
        "RemovePrivilegeRole": {"PrivilegeId": lead},
        "RetrieveUserPrivileges": None,
        "RetrieveUserPrivilegeByPrivilegeName": None,
        "RetrieveUserSetOfPrivilegesByNames": None,
        "SetBusinessSystemUser": {"BusinessUnit": {"businessunitid": office.unit("Sales")}},
    }
    assert {name for _table, name in BOUND} == bound.keys()
    for (table, name), (is_function, _handler) in BOUND.items():
        address = f"roles({role})" if table == "role" else f"systemusers({user_id})"
        arguments = "(PrivilegeName='prvReadLead')" if name.endswith("PrivilegeName") else ""
        arguments = "(PrivilegeNames=@p)?@p=[]" if name.endswith("ByNames") else arguments
        path = f"{address}/Microsoft.Dynamics.CRM.{name}{arguments}"
        answer = office("GET" if is_function else "POST", path, bound[name], caller=app_id)
        assert answer.error == (403, "0x80040220"), name
    reference = {"@odata.id": office.address("roles", role)}
    path = f"systemusers({user_id})/systemuserroles_association/$ref"
    assert office("POST", path, reference, caller=app_id).error == (403, "0x80040220")


def test_another_owner_of_a_new_lead_must_be_able_to_read_it(office: Office) -> None:
    office.new_role("Writer", **{**WRITER, "prvAssignLead": "Global", "prvReadUser": "Global"})
    app_id, caller = office.new_application_user("Writer")
    office.new_role("Nothing")
    _other, blind = office.new_application_user("Nothing", name="Blind")

    answer = office("POST", "leads", {"lastname": "Doe", "ownerid@odata.bind": f"/systemusers({blind})"}, caller=app_id)

    assert answer.error == (403, "0x80040220")
    assert answer.message.startswith(
        f"Read Privilege Check For Owner failed with exception: Principal user (Id={blind}"
    )
    assert answer.message.endswith(f"context.Caller={caller}")


def test_granting_a_privilege_needs_that_privilege(office: Office) -> None:
    office.new_role("Clerk", prvReadRole="Global", prvWriteRole="Global", prvReadLead="Local")
    app_id, _user = office.new_application_user("Clerk")
    target = office.new_role("Target")
    body = {"Privileges": [{"PrivilegeId": office.privilege("prvReadLead"), "Depth": "Global"}]}

    answer = office("POST", f"roles({target})/Microsoft.Dynamics.CRM.AddPrivilegesRole", body, caller=app_id)

    assert answer.error == (403, "0x80040220")
    assert "prvReadLead" not in office.granted(target)


def test_assigning_a_role_needs_all_of_its_privileges(office: Office) -> None:
    office.new_role("Clerk", prvReadRole="Global", prvReadUser="Global", prvAssignRole="Global")
    app_id, user_id = office.new_application_user("Clerk")
    reference = {"@odata.id": office.address("roles", office.role("System Administrator"))}

    answer = office("POST", f"systemusers({user_id})/systemuserroles_association/$ref", reference, caller=app_id)

    assert answer.error == (403, "0x80040220")


@pytest.mark.parametrize(
    ("level", "visible"),
    [
        ("Basic", {"own"}),
        ("Local", {"own", "same unit"}),
        ("Deep", {"own", "same unit", "below"}),
        ("Global", {"own", "same unit", "below", "root"}),
    ],
)
def test_an_access_level_reaches_as_far_as_its_name_says(office: Office, level: str, visible: set[str]) -> None:
    europe, sweden = office.unit("Europe"), office.unit("Sweden")
    office.new_role("Reader", **{**WRITER, "prvReadLead": level})
    app_id, _user = office.new_application_user("Reader", business_unit=europe)
    office.new_role("Other", **WRITER)
    for subject, unit in (("same unit", europe), ("below", sweden), ("root", office.root)):
        other, _id = office.new_application_user("Other", business_unit=unit, name=subject)
        assert office("POST", "leads", {"subject": subject}, caller=other).status == 204
    assert office("POST", "leads", {"subject": "own"}, caller=app_id).status == 204

    assert {row["subject"] for row in office("GET", "leads?$select=subject", caller=app_id).rows} == visible


def test_a_row_out_of_reach_is_refused_by_its_address_too(office: Office) -> None:
    office.new_role("Reader", **{**WRITER, "prvReadLead": "Basic"})
    app_id, _user = office.new_application_user("Reader")
    lead = office("POST", "leads", {"subject": "another user's"}).new_id

    assert office("GET", f"leads({lead})", caller=app_id).error == (403, "0x80040220")
    assert office("DELETE", f"leads({lead})", caller=app_id).error == (403, "0x80040220")


def test_a_role_change_takes_effect_late_unless_strongly_consistent() -> None:
    office = Office(privilege_cache_seconds=30.0)
    role_id = office.new_role("Writer", **{**WRITER, "prvCreateLead": "Global"})
    app_id, _user = office.new_application_user("Writer")
    office.world.clock.jump(60)
    assert office("GET", "leads", caller=app_id).status == 200
    body = {"PrivilegeId": office.privilege("prvReadLead")}
    assert office("POST", f"roles({role_id})/Microsoft.Dynamics.CRM.RemovePrivilegeRole", body).status == 204

    assert office("GET", "leads", caller=app_id).status == 200
    assert office("GET", "leads", caller=app_id, consistency="Strong").status == 403
    office.grant(role_id, prvReadLead="Global")
    assert office("GET", "leads", caller=app_id).status == 403
    office.world.clock.jump(31)
    assert office("GET", "leads", caller=app_id).status == 200


def test_impersonation_allows_only_what_both_users_may_do(office: Office) -> None:
    office.new_role("Reader", prvReadLead="Global", prvReadUser="Global")
    app_id, user_id = office.new_application_user("Reader")
    other_app, other_id = office.new_application_user("Reader", name="Other")

    assert office("GET", "WhoAmI", mscrmcallerid=user_id).json["UserId"] == user_id
    assert office("GET", "leads", mscrmcallerid=user_id).status == 200
    assert office("POST", "leads", {"lastname": "x"}, mscrmcallerid=user_id).error == (403, "0x80040220")
    assert office("GET", "WhoAmI", caller=app_id, mscrmcallerid=other_id).error == (403, "0x80040220")
    entra_id = office("GET", f"systemusers({other_id})").json["azureactivedirectoryobjectid"]
    assert office("GET", "WhoAmI", callerobjectid=entra_id).json["UserId"] == other_id
    assert other_app


def test_an_environment_without_sales_has_no_leads() -> None:
    office = Office({"sales": False})

    answer = office("GET", "leads")

    assert answer.error == (404, "0x80060888")
    assert answer.message == "Resource not found for the segment 'leads'."
    assert office("GET", "privileges?$filter=name eq 'prvCreateLead'").rows == []


def test_the_admin_override_has_all_rights(office: Office) -> None:
    assert office("POST", "leads", {"lastname": "By hand"}, admin_override=True).status == 204


def test_limits_answer_429_with_code_and_retry_after() -> None:
    office = Office(dataverse_limit_requests=5)
    for number in range(5):
        answer = office("GET", "WhoAmI")
        assert answer.status == 200
        assert answer.headers["x-ms-ratelimit-burst-remaining-xrm-requests"] == str(4 - number)

    refused = office("GET", "WhoAmI")

    assert refused.error == (429, "0x80072322")
    assert "exceeded the limit of 5 over time window of 300 seconds" in refused.message
    office.world.clock.jump(int(refused.headers["retry-after"]))
    # The clock determines the age of the token.
    assert office("GET", "WhoAmI").status == 200


def test_the_execution_time_limit_has_its_own_code() -> None:
    office = Office(dataverse_limit_seconds=1200.0, dataverse_execution_milliseconds=0.0)
    assert office("GET", "WhoAmI").headers["x-ms-ratelimit-time-remaining-xrm-requests"] == "1,200.00"
    office.world.settings.dataverse_limit_seconds = 0.5
    office.world.settings.dataverse_execution_milliseconds = 300.0

    answers = [office("GET", "WhoAmI") for _number in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[-1].error == (429, "0x80072321")


def test_too_many_concurrent_requests_are_refused() -> None:
    office = Office(dataverse_execution_milliseconds=50.0, dataverse_limit_concurrent=2)
    headers = {"host": office.environment.host, "authorization": f"Bearer {office.token()}"}

    answers = office.at_once("GET", "WhoAmI", headers, 3)

    assert sorted(answer.status for answer in answers) == [200, 200, 429]
    refused = next(answer for answer in answers if answer.status == 429)
    assert refused.error == (429, "0x80072326")
    assert refused.headers["retry-after"]
    assert office("GET", "WhoAmI").status == 200


def test_bypassing_plug_ins_needs_its_privilege(office: Office) -> None:
    app_id, _user = office.new_application_user("Basic User")

    refused = office("GET", "accounts", caller=app_id, bypass_plug_ins=True)

    assert refused.error == (403, "0x80040220")
    assert "prvBypassCustomPlugins" in refused.message
    assert office("GET", "accounts", bypass_plug_ins=True).status == 200


def test_every_answer_has_the_id_of_its_request(office: Office) -> None:
    answers = [office("GET", "WhoAmI") for _number in range(3)]

    for name in ("req_id", "authactivityid", "x-ms-service-request-id"):
        assert len({answer.headers[name] for answer in answers}) == 3
    assert answers[0].headers["set-cookie"].startswith("ARRAffinity=")


def test_only_a_licensed_person_becomes_a_user_at_first_request(office: Office) -> None:
    directory = office.tenant.directory
    tokens_of = {}
    for name, licenses in (("with", [{"disabledPlans": [], "skuId": office.world.new_guid()}]), ("without", [])):
        user = shapes.new_user(office.world.new_guid(), f"{name}@{office.tenant.domain}", name, "2026-01-01T00:00:00Z")
        user["assignedLicenses"] = licenses
        directory.store.put(USER, user)
        application = directory.application_by_app_id(office.tenant.runner.app_id)
        assert application is not None
        tokens_of[name] = tokens.mint(
            office.world, office.tenant, office.environment.url, app=application, service_principal=None, user=user
        )

    def who(name: str) -> tuple[int, str]:
        headers = {"host": office.environment.host, "authorization": f"Bearer {tokens_of[name]}"}
        answer = office.raw("GET", "WhoAmI", b"", headers)
        return answer.status, "" if answer.status == 200 else answer.json["error"]["code"]

    assert who("with") == (200, "")
    assert who("without") == (403, "0x80072560")
    rows = office("GET", "systemusers?$filter=startswith(domainname,'with')").rows
    assert [(row["fullname"], row["islicensed"]) for row in rows] == [("# with", True)]
