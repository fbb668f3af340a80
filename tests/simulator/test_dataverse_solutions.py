# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Solutions: staging, importing, upgrading, removing, and their jobs."""

from __future__ import annotations

import base64

import pytest

from .office import LEAD_WRITER_ROLE, Office, package, zipped

COMPLETED, SUCCEEDED, FAILED = 3, 30, 31


@pytest.fixture
def office() -> Office:
    return Office({"business_units": ["Sales"]})


def encoded(content: bytes) -> dict[str, str]:
    return {"CustomizationFile": base64.b64encode(content).decode()}


def failure(row: dict[str, object]) -> str:
    assert (row["statecode"], row["statuscode"]) == (COMPLETED, FAILED)
    assert isinstance(row["errorcode"], int)
    return f"0x{row['errorcode'] & 0xFFFFFFFF:08x}"


def test_an_import_creates_solution_publisher_and_roles(office: Office) -> None:
    row = office.run_import(package())

    assert (row["statecode"], row["statuscode"], row["errorcode"]) == (COMPLETED, SUCCEEDED, None)
    found = office("GET", "solutions?$expand=publisherid&$filter=uniquename eq 'leadwriter'").rows
    assert [(item["uniquename"], item["version"], item["ismanaged"]) for item in found] == [
        ("LeadWriter", "1.0.0.0", True)
    ]
    assert found[0]["publisherid"]["customizationprefix"] == "pub"
    roles = office("GET", "roles?$filter=name eq 'Lead Writer'").rows
    assert len(roles) == 2
    assert {item["_parentrootroleid_value"] for item in roles} == {LEAD_WRITER_ROLE}
    assert all(item["ismanaged"] for item in roles)
    assert office.granted(LEAD_WRITER_ROLE)["prvCreateLead"] == "Global"
    components = office("GET", f"solutioncomponents?$filter=_solutionid_value eq {found[0]['solutionid']}").rows
    assert [(item["objectid"], item["componenttype"]) for item in components] == [(LEAD_WRITER_ROLE, 20)]


def test_an_import_is_queued_and_its_job_appears_late() -> None:
    office = Office(import_seconds=100.0)
    started = office("POST", "ImportSolutionAsync", encoded(package())).json
    job, operation = f"importjobs({started['ImportJobKey']})", f"asyncoperations({started['AsyncOperationId']})"

    def at(seconds: float) -> tuple[int, int, int]:
        office.world.clock.jump(seconds)
        row = office("GET", f"{operation}?$select=statecode,statuscode").json
        return row["statecode"], row["statuscode"], office("GET", job).status

    assert at(1) == (0, 0, 404)
    assert at(20) == (2, 20, 404)
    assert at(30) == (2, 20, 200)
    progress = office("GET", job).json["progress"]
    assert 0 < progress < 100
    assert office.solution("LeadWriter") is None
    assert (
        office("GET", f"RetrieveSolutionImportResult(ImportJobId={started['ImportJobKey']})").json[
            "SolutionOperationResult"
        ]["Status"]
        != "Passed"
    )
    assert at(60) == (3, 30, 200)
    assert office("GET", job).json["progress"] == 100
    assert office.solution("LeadWriter") is not None


def test_only_one_solution_operation_runs_at_a_time() -> None:
    office = Office(import_seconds=100.0)
    office("POST", "ImportSolutionAsync", encoded(package()))
    staged = office("POST", "StageSolution", encoded(package("Second", roles={})))
    upload = {
        "SolutionParameters": {"StageSolutionUploadId": staged.json["StageSolutionResults"]["StageSolutionUploadId"]}
    }

    refused = office("POST", "ImportSolutionAsync", upload)

    assert refused.error == (429, "0x80071151")
    assert "retry-after" not in refused.headers
    assert "Cannot start another [Import] because there is a previous [Import] running" in refused.message
    assert office("POST", "PublishAllXml", {}).error == (429, "0x80071151")
    office.world.clock.jump(101)
    assert office("POST", "PublishAllXml", {}).status == 204
    # The refusal has not used up the upload.
    assert office("POST", "ImportSolutionAsync", upload).status == 200


def test_an_upload_is_good_for_one_import(office: Office) -> None:
    staged = office("POST", "StageSolution", encoded(package())).json["StageSolutionResults"]
    upload = {"SolutionParameters": {"StageSolutionUploadId": staged["StageSolutionUploadId"]}}

    assert office("POST", "ImportSolutionAsync", upload).status == 200
    assert office("POST", "ImportSolutionAsync", upload).status in (400, 429)
    office("GET", "WhoAmI")
    assert office("POST", "ImportSolutionAsync", upload).error == (400, "0x80040217")


def test_staging_reports_versions_without_importing(office: Office) -> None:
    office.run_import(package(version="1.0.0.0"))

    result = office("POST", "StageSolution", encoded(package(version="1.1.0.0"))).json["StageSolutionResults"]

    assert result["StageSolutionStatus"] == "Passed"
    details = result["SolutionDetails"]
    assert (details["SolutionVersion"], details["PreviousSolutionVersion"]) == ("1.1.0.0", "1.0.0.0")
    assert details["PreviousIsManaged"] is True
    row = office.solution("LeadWriter")
    assert row is not None
    assert row["version"] == "1.0.0.0"


def test_missing_dependencies_fail_an_import_before_its_job(office: Office) -> None:
    required = {"type": "1", "schemaName": "acme_order", "displayName": "Order", "solution": "AcmeBase (2.0.0.0)"}
    dependent = {"type": "20", "displayName": "Lead Writer", "id": f"{{{LEAD_WRITER_ROLE}}}"}
    content = package(missing=((required, dependent),))

    staged = office("POST", "StageSolution", encoded(content)).json["StageSolutionResults"]
    assert staged["StageSolutionStatus"] != "Passed"
    assert [
        (item["RequiredComponentSchemaName"], item["RequiredSolutionName"]) for item in staged["MissingDependencies"]
    ] == [("acme_order", "AcmeBase (2.0.0.0)")]
    row = office.run_import(content)
    assert failure(row) == "0x8004801d"
    assert "AcmeBase" in row["message"]
    assert office("GET", f"importjobs({row['import_job']})").error == (404, "0x80040217")
    assert office.solution("LeadWriter") is None


def test_an_installed_solution_satisfies_a_dependency(office: Office) -> None:
    office.run_import(package("AcmeBase", "2.0.0.0", roles={}, tables=("acme_Order",)))
    required = {"type": "1", "schemaName": "acme_order", "solution": "AcmeBase (2.0.0.0)"}

    assert office.run_import(package(missing=((required, {"type": "20"}),)))["statuscode"] == SUCCEEDED


def test_managed_and_unmanaged_installations_do_not_mix(office: Office) -> None:
    office.run_import(package(managed=True))
    assert failure(office.run_import(package(managed=False, version="2.0.0.0"))) == "0x80048041"
    office.run_import(package("Other", managed=False, roles={}))
    assert failure(office.run_import(package("Other", managed=True, roles={}, version="2.0.0.0"))) == "0x80048040"


def test_an_unknown_privilege_in_a_role_fails_the_import() -> None:
    office = Office({"sales": False})

    row = office.run_import(package())

    assert failure(row) == "0x80048058"
    assert "prvCreateLead" in row["message"]
    assert office.solution("LeadWriter") is None
    assert office("GET", "roles?$filter=name eq 'Lead Writer'").rows == []
    result = office("GET", f"RetrieveSolutionImportResult(ImportJobId={row['import_job']})").json[
        "SolutionOperationResult"
    ]
    assert result["Status"] == "Failed"
    assert result["ErrorMessages"]


def test_a_second_import_keeps_privileges_added_by_hand(office: Office) -> None:
    office.run_import(package())
    office.grant(LEAD_WRITER_ROLE, prvReadAsyncOperation="Global", prvReadLead="Deep")

    office.run_import(
        package(version="1.1.0.0", roles={"Lead Writer": {"prvCreateLead": "Deep", "prvReadLead": "Global"}})
    )

    granted = office.granted(LEAD_WRITER_ROLE)
    assert granted["prvReadAsyncOperation"] == "Global"
    assert granted["prvReadLead"] == "Deep"
    assert granted["prvCreateLead"] == "Deep"
    # An update removes nothing.
    assert "prvReadSolution" in granted


@pytest.mark.parametrize("action", ["ImportSolutionAsync", "StageAndUpgradeAsync"])
def test_overwriting_removes_changes_made_by_hand(office: Office, action: str) -> None:
    office.run_import(package())
    office.grant(LEAD_WRITER_ROLE, prvReadAsyncOperation="Global", prvReadLead="Deep")
    office("PATCH", f"roles({LEAD_WRITER_ROLE})", {"isinherited": 0})

    office.run_import(package(version="1.1.0.0"), action, OverwriteUnmanagedCustomizations=True)

    granted = office.granted(LEAD_WRITER_ROLE)
    assert "prvReadAsyncOperation" not in granted
    assert granted["prvReadLead"] == "Global"
    assert office("GET", f"roles({LEAD_WRITER_ROLE})").json["isinherited"] == 1


def test_an_upgrade_removes_components_of_the_older_package(office: Office) -> None:
    second = {"Second": {"prvReadLead": "Global"}}
    ids = {"Second": "7a1b7c1e-6d0a-4c55-9a3e-0c8f5d1b2a47"}
    office.run_import(
        package(roles={"Lead Writer": {"prvCreateLead": "Global", "prvReadSolution": "Global"}, **second}, role_ids=ids)
    )
    office.grant(LEAD_WRITER_ROLE, prvReadAsyncOperation="Global")

    row = office.run_import(
        package(version="2.0.0.0", roles={"Lead Writer": {"prvCreateLead": "Global"}}), "StageAndUpgradeAsync"
    )

    assert row["statuscode"] == SUCCEEDED
    assert office("GET", "roles?$filter=name eq 'Second'").rows == []
    granted = office.granted(LEAD_WRITER_ROLE)
    assert "prvReadSolution" not in granted
    assert granted["prvReadAsyncOperation"] == "Global"
    found = office("GET", "solutions?$filter=startswith(uniquename,'LeadWriter')").rows
    assert [(item["uniquename"], item["version"]) for item in found] == [("LeadWriter", "2.0.0.0")]


def test_a_holding_solution_coexists_until_it_is_promoted(office: Office) -> None:
    office.run_import(package())
    assert office("POST", "DeleteAndPromote", {"UniqueName": "LeadWriter"}).error == (400, "0x8004853b")
    office.run_import(package(version="2.0.0.0"), HoldingSolution=True)
    names = {
        row["uniquename"]: row["version"]
        for row in office("GET", "solutions?$filter=startswith(uniquename,'Lead')").rows
    }
    assert names["LeadWriter"] == "1.0.0.0"
    assert names["LeadWriter_Upgrade"] == "2.0.0.0"

    promoted = office("POST", "DeleteAndPromote", {"UniqueName": "LeadWriter"})

    row = office.solution("LeadWriter")
    assert row is not None
    assert (row["version"], row["solutionid"]) == ("2.0.0.0", promoted.json["SolutionId"])
    assert office.solution("LeadWriter_Upgrade") is None
    assert office("GET", f"roles({LEAD_WRITER_ROLE})").status == 200


def test_an_upgrade_can_be_promoted_by_a_job(office: Office) -> None:
    assert office("POST", "DeleteAndPromoteAsync", {"UniqueName": "LeadWriter"}).error == (400, "0x8004853b")
    office.run_import(package(roles={"Lead Writer": {"prvCreateLead": "Global", "prvReadSolution": "Global"}}))
    office.run_import(
        package(version="2.0.0.0", roles={"Lead Writer": {"prvCreateLead": "Global"}}), HoldingSolution=True
    )

    started = office("POST", "DeleteAndPromoteAsync", {"UniqueName": "LeadWriter"})

    job = office("GET", f"asyncoperations({started.json['AsyncOperationId']})").json
    assert (job["statuscode"], job["messagename"]) == (SUCCEEDED, "DeleteAndPromoteAsync")
    row = office.solution("LeadWriter")
    assert row is not None
    assert row["version"] == "2.0.0.0"
    assert office.solution("LeadWriter_Upgrade") is None
    assert "prvReadSolution" not in office.granted(LEAD_WRITER_ROLE)


def test_an_upgrade_needs_a_higher_version(office: Office) -> None:
    office.run_import(package(version="1.10.0.0"))

    assert failure(office.run_import(package(version="1.9.0.0"), "StageAndUpgradeAsync")) == "0x80048541"


def test_an_older_version_can_be_imported(office: Office) -> None:
    office.run_import(package(version="2.0.0.0"))

    office.run_import(package(version="1.0.0.0"))

    row = office.solution("LeadWriter")
    assert row is not None
    assert row["version"] == "1.0.0.0"


@pytest.mark.parametrize("way", ["row", "action"])
def test_removing_a_managed_solution_removes_its_role(office: Office, way: str) -> None:
    office.run_import(package())
    _app, user_id = office.new_application_user("Lead Writer")
    row = office.solution("LeadWriter")
    assert row is not None

    if way == "row":
        assert office("DELETE", f"solutions({row['solutionid']})").status == 204
    else:
        started = office("POST", "UninstallSolutionAsync", {"SolutionUniqueName": "LeadWriter"}).json
        job = office("GET", f"asyncoperations({started['AsyncOperationId']})").json
        assert job["statuscode"] == SUCCEEDED

    assert office.solution("LeadWriter") is None
    assert office("GET", "roles?$filter=name eq 'Lead Writer'").rows == []
    assert office("GET", f"systemusers({user_id})/systemuserroles_association").rows == []


def test_dependents_block_the_removal_of_a_solution(office: Office) -> None:
    office.run_import(package("AcmeBase", "2.0.0.0", roles={}, tables=("acme_Order",)))
    required = {"type": "1", "schemaName": "acme_order", "solution": "AcmeBase (2.0.0.0)"}
    office.run_import(package(missing=((required, {"type": "20", "id": f"{{{LEAD_WRITER_ROLE}}}"}),)))
    row = office.solution("AcmeBase")
    assert row is not None

    listed = office("GET", "RetrieveDependenciesForUninstall(SolutionUniqueName='AcmeBase')").rows
    assert [(item["dependentcomponentobjectid"], item["dependentcomponenttype"]) for item in listed] == [
        (LEAD_WRITER_ROLE, 20)
    ]
    assert office("DELETE", f"solutions({row['solutionid']})").error == (400, "0x8004f01d")
    started = office("POST", "UninstallSolutionAsync", {"SolutionUniqueName": "AcmeBase"}).json
    assert failure(office("GET", f"asyncoperations({started['AsyncOperationId']})").json) == "0x8004f01d"


def test_privileges_of_a_packaged_table_come_and_go_with_it(office: Office) -> None:
    content = package(roles={"Lead Writer": {"prvReadacme_Order": "Deep"}}, tables=("acme_Order",))

    assert office.run_import(content)["statuscode"] == SUCCEEDED
    assert office.granted(LEAD_WRITER_ROLE)["prvReadacme_Order"] == "Deep"
    order = office("POST", "acme_orders", {"name": "First"})
    assert order.status == 204
    row = office.solution("LeadWriter")
    assert row is not None
    assert office("DELETE", f"solutions({row['solutionid']})").status == 204
    assert office("GET", "acme_orders").error == (404, "0x80060888")
    assert office("GET", "privileges?$filter=name eq 'prvReadacme_Order'").rows == []


def test_removing_an_unmanaged_solution_leaves_its_role(office: Office) -> None:
    office.run_import(package(managed=False))
    row = office.solution("LeadWriter")
    assert row is not None

    assert office("DELETE", f"solutions({row['solutionid']})").status == 204

    assert office("GET", f"roles({LEAD_WRITER_ROLE})").status == 200


BOMB = '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;&b;">]><ImportExportXml>&d;</ImportExportXml>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"this is no zip file", "0x80048060"),
        (b"PK\x03\x04 and then nothing of sense", "0x80048060"),
        (zipped({"customizations.xml": "<a />", "[Content_Types].xml": "<a />"}), "0x80048060"),
        (zipped({"solution.xml": "<a", "customizations.xml": "<a />", "[Content_Types].xml": "<a />"}), "0x80048013"),
        (zipped({"solution.xml": BOMB, "customizations.xml": "<a />", "[Content_Types].xml": "<a />"}), "0x8004802c"),
        (
            zipped({"solution.xml": "<a />", "customizations.xml": "<a />", "[Content_Types].xml": "<a />"}),
            "0x8004802c",
        ),
    ],
)
def test_an_invalid_package_is_refused_immediately(office: Office, content: bytes, code: str) -> None:
    assert office("POST", "StageSolution", encoded(content)).error == (400, code)
    assert office("POST", "ImportSolutionAsync", encoded(content)).error == (400, code)


def test_only_a_synchronous_import_has_an_import_job_id(office: Office) -> None:
    job = office.world.new_guid()
    at_once = {
        **encoded(package()),
        "ImportJobId": job,
        "OverwriteUnmanagedCustomizations": False,
        "PublishWorkflows": True,
    }

    assert office("POST", "ImportSolution", at_once).status == 204
    assert office("GET", f"importjobs({job})").json["progress"] == 100
    again = office("POST", "ImportSolution", at_once)
    assert again.error == (400, "0x80040237")
    assert f"A duplicate import job id already exists : {job}" in again.message
    strange = office("POST", "ImportSolutionAsync", {**encoded(package()), "Nonsense": 1})
    assert strange.status == 400
    assert "'Nonsense'" in strange.message


def test_staging_needs_the_privilege_to_import(office: Office) -> None:
    app_id, _user = office.new_application_user("Basic User")

    answer = office("POST", "StageSolution", encoded(package()), caller=app_id)

    assert answer.error == (403, "0x80040220")
    assert "prvImportCustomization" in answer.message


def test_a_running_import_survives_a_dump_of_the_state() -> None:
    office = Office(import_seconds=100.0)
    started = office("POST", "ImportSolutionAsync", encoded(package())).json
    dumped = office.world.dump()

    office.world.load(dumped)
    office.environment = office.world.environments[0]
    office.tenant = next(iter(office.world.tenants.values()))
    office.world.clock.jump(101)

    assert office("GET", f"asyncoperations({started['AsyncOperationId']})").json["statuscode"] == SUCCEEDED
    assert office.solution("LeadWriter") is not None
