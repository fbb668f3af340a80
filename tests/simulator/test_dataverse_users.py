# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Application users, people and business units."""

from __future__ import annotations

import pytest

from simulator.dataverse import sync
from simulator.directory import shapes
from simulator.directory.directory import USER

from .office import Office


@pytest.fixture
def office() -> Office:
    return Office({"business_units": ["Sales"]})


def find(office: Office, app_id: str) -> list[dict[str, object]]:
    return office("GET", f"systemusers?$expand=systemuserroles_association&$filter=applicationid eq {app_id}").rows


def test_the_platform_overwrites_names_of_application_users(office: Office) -> None:
    app_id = office.new_application("Lead Writer")
    body = {**office.user_body(app_id), "firstname": "My", "lastname": "Writer", "domainname": "me@example.com"}

    office("POST", "systemusers", body)

    row = find(office, app_id)[0]
    principal = office.tenant.directory.service_principal_by_app_id(app_id)
    assert principal is not None
    assert row["fullname"] == "# Lead Writer"
    assert row["firstname"] == "#"
    assert row["azureactivedirectoryobjectid"] == principal["id"]
    assert row["accessmode"] == 4
    assert row["islicensed"] is False
    assert row["deletedstate"] == 0


def test_an_option_keeps_the_names_that_were_sent() -> None:
    office = Office({"options": {"platform_writes_names": False}})
    app_id = office.new_application()

    office("POST", "systemusers", {**office.user_body(app_id), "firstname": "My", "lastname": "Writer"})

    assert find(office, app_id)[0]["fullname"] == "My Writer"


def test_a_second_user_of_one_application_is_a_duplicate(office: Office) -> None:
    app_id, _user = office.new_application_user()

    assert office("POST", "systemusers", office.user_body(app_id)).error == (412, "0x80040237")
    assert len(find(office, app_id)) == 1


def test_a_user_needs_a_business_unit(office: Office) -> None:
    body = {"applicationid": office.new_application(), "accessmode": 4}

    assert office("POST", "systemusers", body).error == (400, "0x80040530")


def test_an_application_unknown_to_the_directory_cannot_become_a_user(office: Office) -> None:
    assert office("POST", "systemusers", office.user_body(office.world.new_guid())).error == (400, "0x8004f510")


def test_an_application_is_known_only_after_replication() -> None:
    office = Office(replication_seconds=60.0)
    app_id = office.new_application()

    assert office("POST", "systemusers", office.user_body(app_id)).status == 400
    office.world.clock.jump(61)
    assert office("POST", "systemusers", office.user_body(app_id)).status == 204


def test_an_environment_may_lag_behind_the_directory() -> None:
    office = Office(dataverse_lag_seconds=60.0)
    app_id = office.new_application()

    assert office.tenant.directory.service_principal_by_app_id(app_id, as_seen_by="list") is not None
    assert office("POST", "systemusers", office.user_body(app_id)).error == (400, "0x8004f510")
    office.world.clock.jump(61)
    assert office("POST", "systemusers", office.user_body(app_id)).status == 204


def test_a_disabled_user_is_deleted_in_two_steps(office: Office) -> None:
    app_id, user_id = office.new_application_user("Basic User")

    assert office("DELETE", f"systemusers({user_id})").status == 400
    assert office("PATCH", f"systemusers({user_id})", {"isdisabled": True, "applicationid": app_id}).status == 204
    assert office("DELETE", f"systemusers({user_id})").status == 204
    hidden = find(office, app_id)
    assert [(row["deletedstate"], row["systemuserroles_association"]) for row in hidden] == [(1, [])]
    # The hidden row still blocks the application.
    assert office("POST", "systemusers", office.user_body(app_id)).error == (412, "0x80040237")
    assert office("GET", "WhoAmI", caller=app_id).error == (403, "0x80072560")
    assert office("DELETE", f"systemusers({user_id})").status == 204
    assert find(office, app_id) == []
    assert office("DELETE", f"systemusers({user_id})").error == (404, "0x80040217")
    assert office("POST", "systemusers", office.user_body(app_id)).status == 204


def test_a_user_who_owns_rows_cannot_be_deleted(office: Office) -> None:
    app_id, user_id = office.new_application_user("System Administrator")
    office("POST", "leads", {"lastname": "Mine"}, caller=app_id)
    office("PATCH", f"systemusers({user_id})", {"isdisabled": True})

    assert office("DELETE", f"systemusers({user_id})").error == (400, "0x80048610")


def test_application_and_access_mode_cannot_be_changed(office: Office) -> None:
    _app, user_id = office.new_application_user()

    changed = office("PATCH", f"systemusers({user_id})", {"applicationid": office.new_application("Other")})
    assert changed.error == (400, "0x80041d48")
    assert office("PATCH", f"systemusers({user_id})", {"accessmode": 0}).error == (400, "0x80040d40")


def test_a_role_of_another_business_unit_is_refused(office: Office) -> None:
    sales = office.unit("Sales")
    _app, user_id = office.new_application_user(business_unit=sales)
    path = f"systemusers({user_id})/systemuserroles_association/$ref"

    wrong = office("POST", path, {"@odata.id": office.address("roles", office.role("Basic User"))})
    right = office("POST", path, {"@odata.id": office.address("roles", office.role("Basic User", sales))})

    assert wrong.error == (403, "0x80041409")
    assert f"userBU={sales}" in wrong.message
    assert right.status == 204


def test_with_modern_business_units_any_copy_can_be_assigned() -> None:
    office = Office({"business_units": ["Sales"], "options": {"modern_business_units": True}})
    _app, user_id = office.new_application_user(business_unit=office.unit("Sales"))

    office.assign(user_id, "Basic User", office.root)


@pytest.mark.parametrize("form", ["query", "path"])
def test_a_role_is_removed_by_either_form_of_the_address(office: Office, form: str) -> None:
    _app, user_id = office.new_application_user("Basic User")
    role_id = office.role("Basic User")
    base = f"systemusers({user_id})/systemuserroles_association"
    path = f"{base}({role_id})/$ref" if form == "path" else f"{base}/$ref?$id={office.address('roles', role_id)}"

    assert office("DELETE", path).status == 204
    assert office("GET", f"{base}?$select=name").rows == []


def test_assigning_a_held_role_again_changes_nothing(office: Office) -> None:
    _app, user_id = office.new_application_user("Basic User")

    office.assign(user_id, "Basic User")

    assert len(office("GET", f"systemusers({user_id})/systemuserroles_association").rows) == 1


def test_the_refusal_of_a_reference_names_the_missing_role(office: Office) -> None:
    _app, user_id = office.new_application_user()
    missing = office.world.new_guid()
    reference = {"@odata.id": office.address("roles", missing)}

    answer = office("POST", f"systemusers({user_id})/systemuserroles_association/$ref", reference)

    assert answer.error == (404, "0x80060888")
    assert missing in answer.message


@pytest.mark.parametrize("way", ["column", "action"])
def test_moving_a_user_removes_its_roles(office: Office, way: str) -> None:
    _app, user_id = office.new_application_user("Basic User")
    sales = office.unit("Sales")

    if way == "column":
        bind = {"businessunitid@odata.bind": f"/businessunits({sales})"}
        assert office("PATCH", f"systemusers({user_id})", bind).status == 204
    else:
        path = f"systemusers({user_id})/Microsoft.Dynamics.CRM.SetBusinessSystemUser"
        unit = {"@odata.type": "Microsoft.Dynamics.CRM.businessunit", "businessunitid": sales}
        assert office("POST", path, {"BusinessUnit": unit, "ReassignPrincipal": None}).status == 204

    row = office("GET", f"systemusers({user_id})?$expand=systemuserroles_association").json
    assert row["_businessunitid_value"] == sales
    assert row["systemuserroles_association"] == []


def test_the_platforms_own_application_users_have_roles(office: Office) -> None:
    rows = office("GET", "systemusers?$select=fullname&$filter=accessmode eq 4 and applicationid ne null").rows

    assert len(rows) > 1


def test_a_new_business_unit_gets_a_copy_of_each_role(office: Office) -> None:
    body = {"name": "Norway", "parentbusinessunitid@odata.bind": f"/businessunits({office.unit('Sales')})"}

    unit = office("POST", "businessunits", body).new_id

    count = "roles?$select=name&$filter=_businessunitid_value eq "
    assert len(office("GET", count + unit).rows) == len(office("GET", count + office.root).rows)


def test_a_person_without_a_license_cannot_be_enabled(office: Office) -> None:
    directory, store = office.tenant.directory, office.tenant.directory.store
    user = shapes.new_user(office.world.new_guid(), f"ann@{office.tenant.domain}", "Ann", "2026-01-01T00:00:00Z")
    store.put(USER, {**user, "assignedLicenses": [{"disabledPlans": [], "skuId": office.world.new_guid()}]})
    row = sync.person(office.environment.data, directory.user_by_id(user["id"]) or {})
    address = f"systemusers({row['systemuserid']})"
    assert office("PATCH", address, {"isdisabled": True}).status == 204
    assert office("PATCH", address, {"isdisabled": False}).status == 204

    store.put(USER, {**user, "assignedLicenses": []})
    sync.person(office.environment.data, directory.user_by_id(user["id"]) or {})

    assert office("GET", address).json["isdisabled"] is True
    assert office("PATCH", address, {"isdisabled": False}).error == (400, "0x8004d24c")


def test_a_person_in_the_directory_cannot_be_deleted(office: Office) -> None:
    admin = office("GET", "systemusers?$filter=fullname eq 'Tenant Administrator'").rows[0]
    assert office("PATCH", f"systemusers({admin['systemuserid']})", {"isdisabled": True}).status == 204

    assert office("DELETE", f"systemusers({admin['systemuserid']})").error == (400, "0x80048359")


def test_an_environment_may_not_know_the_runner_yet() -> None:
    office = Office({"options": {"runner": False, "unique_name": "orgcontoso"}})

    assert office("GET", "WhoAmI").error == (403, "0x80072560")
    assert office("GET", "businessunits?$select=name", admin_override=True).rows[0]["name"] == "orgcontoso"
