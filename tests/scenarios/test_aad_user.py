# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Microsoft 365 user that writes leads: created, licensed, and never without a working password."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from .cloud import Ansible, Cloud, Simulator, task
from .conftest import QUICK
from .people import CLOUD, DAY, HOST, NAME, SALES, SALES_ID, Person

pytestmark = pytest.mark.cloud("--config", CLOUD)
NEW = ["user", "user.assignedLicenses", "user.password"]


@pytest.fixture
def person(cloud: Cloud, ansible: Ansible, tmp_path: Path) -> Person:
    return Person(cloud, ansible, tmp_path)


def test_new_user_signs_in_and_a_second_run_writes_nothing(person: Person) -> None:
    defaults = "/policies/identitySecurityDefaultsEnforcementPolicy"
    person.graph("PATCH", defaults, {"isEnabled": True})
    first = person.run(verbosity=4)
    assert person.changes(first) == NEW, first.output
    assert not person.signs_in(person.password)
    person.graph("PATCH", defaults, {"isEnabled": False})
    assert person.signs_in(person.password)
    assert person.password not in first.output
    assert [each["skuId"] for each in person.user()["assignedLicenses"]] == [SALES_ID]
    assert "the security defaults of the tenant are on" in first.output.replace("\n", " ")

    second = person.run()
    assert second.changed_hosts() == set(), second.output
    assert person.cloud.writes_since(second.mark) == []
    assert person.password == ""
    assert len([one for one in person.cloud.requests_since(second.mark) if one["host"].startswith("graph.")]) <= 4


def test_password_is_renewed_only_if_allowed(person: Person) -> None:
    person.run(rehearse=False)
    old = person.password
    person.cloud.jump(80 * DAY)
    held_back = person.run(password_renewal=False)
    assert held_back.changed_hosts() == set(), held_back.output
    assert "expires in 9 days and is not renewed" in held_back.output.replace("\n", " ")

    person.trait(_requires_mfa=True)
    renewed = person.run()
    assert person.changes(renewed) == ["user.password"], renewed.output
    assert "requires more than the password of leads@contoso.onmicrosoft.com (AADSTS50076)" in renewed.output.replace(
        "\n", " "
    )
    person.trait(_requires_mfa=False)
    assert person.signs_in(person.password)
    assert not person.signs_in(old)

    person.cloud.jump(91 * DAY)
    expired = person.run(password_renewal=False)
    assert f"The password of {NAME} has expired, and password_renewal is false" in expired.failure(HOST)
    assert person.changes(person.run()) == ["user.password"]

    lost = person.run(known_password_changed="")
    assert person.changes(lost) == ["user.password"], lost.output
    assert person.signs_in(person.password)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (530035, "requires more than the password of leads@contoso.onmicrosoft.com (AADSTS530035)"),
        (65002, "The sign-in of leads@contoso.onmicrosoft.com with the new password could not be tested"),
        (50053, "could not be tested (AADSTS50053)"),
    ],
)
def test_new_password_that_cannot_be_verified_is_reported(person: Person, number: int, words: str) -> None:
    person.run(rehearse=False)
    person.trait(_refused_with=number)
    person.cloud.jump(80 * DAY)
    run = person.run()
    assert person.changes(run) == ["user.password"], run.output
    assert words in run.output.replace("\n", " ")


def test_blockers_are_reported_before_any_write(cloud: Cloud, ansible: Ansible) -> None:
    cloud.graph(cloud.tenants["northwind"], "POST", "/users", _another_user("busy@northwind.onmicrosoft.com"))
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("contoso", {"licenses": ["DYN365_SALES"]}, "licenses names DYN365_SALES, but tenant"),
        ("contoso", {"usage_location": None}, "usage_location is missing"),
        ("contoso", {"user_principal_name": "leads@fabrikam.com"}, "ends in fabrikam.com, which is not a domain of"),
        ("contoso", {"user_principal_name": "admin@contoso.onmicrosoft.com"}, "holds the directory role"),
        ("contoso", {"user_principal_name": "admin@contoso.onmicrosoft.com", "state": "absent"}, "directory role"),
        ("contoso", {"password": "leads"}, "password must have 8 to 256 characters"),
        ("northwind", {"user_principal_name": "leads@northwind.onmicrosoft.com"}, "but 1 of 1 seats in tenant"),
        (
            "northwind",
            {
                "user_principal_name": "busy@northwind.onmicrosoft.com",
                "licenses": [],
                "known_password_changed": "2026-01-01T00:00:00Z",
                "password_renewal": False,
            },
            "is not the one in the store",
        ),
    ]
    tasks = []
    for tenant, options, _sentence in wrong:
        given = {
            "user_principal_name": NAME,
            "display_name": "Lead Writer",
            "usage_location": "SE",
            "licenses": [SALES],
            **options,
        }
        one = task("aad_user", **{name: value for name, value in given.items() if value is not None})
        tasks.append({**one, "when": f"inventory_hostname == '{tenant}_prod'", "ignore_errors": True})
    run = ansible.tasks(*tasks)
    assert cloud.writes_since(run.mark) == []
    for tenant in ("contoso", "northwind"):
        told = [each.result["msg"] for each in run.of(f"{tenant}_prod", "aad_user") if each.outcome != "skipped"]
        sentences = [sentence for name, _options, sentence in wrong if name == tenant]
        assert len(told) == len(sentences), run.output
        assert [each for each, sentence in zip(told, sentences, strict=True) if sentence not in each] == []


@pytest.mark.parametrize(
    ("products", "chosen"),
    [
        ([("D365_SALES_PRO_ATTACH", 5, 0), ("DYN365_SALES_PREMIUM", 5, 0)], ["DYN365_SALES_PREMIUM"]),
        ([("DYN365_ENTERPRISE_SALES", 1, 1), ("D365_SALES_PRO", 5, 0)], ["D365_SALES_PRO"]),
        (
            [("D365_ENTERPRISE_SALES_GOV", 5, 0), ("DYN365_ENTERPRISE_TEAM_MEMBERS", 5, 0)],
            ["D365_ENTERPRISE_SALES_GOV"],
        ),
    ],
)
def test_license_is_chosen_from_the_tenants_products(
    tmp_path: Path,
    simulators: Callable[..., Simulator],
    collections: Path,
    products: list[tuple[str, int, int]],
    chosen: list[str],
) -> None:
    person = _person_in_a_tenant_with(tmp_path, simulators, collections, products)
    run = person.run(licenses=None, license_for_leads=True)
    assert run.status == 0, run.output
    user = person.cloud.graph(person.tenant, "GET", f"/users/{NAME}/licenseDetails")["value"]
    assert [each["skuPartNumber"] for each in user] == chosen
    assert person.changes(person.run(licenses=None, license_for_leads=True)) == []


@pytest.mark.parametrize(
    ("products", "sentence"),
    [
        ([("DYN365_ENTERPRISE_TEAM_MEMBERS", 5, 0)], "if one of its products does (DYN365_ENTERPRISE_TEAM_MEMBERS)"),
        (
            [("DYN365_ENTERPRISE_SALES", 2, 2), ("D365_SALES_PRO", 1, 1)],
            "(taken: DYN365_ENTERPRISE_SALES 2 of 2, D365_SALES_PRO 1 of 1): free one",
        ),
    ],
)
def test_missing_license_is_reported_before_any_write(
    tmp_path: Path,
    simulators: Callable[..., Simulator],
    collections: Path,
    products: list[tuple[str, int, int]],
    sentence: str,
) -> None:
    person = _person_in_a_tenant_with(tmp_path, simulators, collections, products)
    run = person.run(licenses=None, license_for_leads=True)
    assert sentence in run.failure(HOST)
    assert person.cloud.writes_since(run.mark) == []


def _person_in_a_tenant_with(
    folder: Path, simulators: Callable[..., Simulator], collections: Path, products: list[tuple[str, int, int]]
) -> Person:
    """A tenant with these products: part number, seats, seats in use."""
    (contoso, *_others) = yaml.safe_load(Path(CLOUD).read_text(encoding="utf-8"))["tenants"]
    names = ("part_number", "enabled", "consumed")
    contoso["licenses"] = [dict(zip(names, each, strict=True)) for each in products]
    (folder / "cloud.yml").write_text(yaml.safe_dump({"tenants": [contoso]}), encoding="utf-8")
    cloud = Cloud(folder, simulators(*QUICK, "--config", str(folder / "cloud.yml")))
    return Person(cloud, Ansible(cloud, collections, folder), folder)


def _another_user(name: str) -> dict[str, Any]:
    return {
        "accountEnabled": True,
        "displayName": "Other",
        "mailNickname": "other",
        "userPrincipalName": name,
        "passwordProfile": {"password": "xWwvJ]6NMw+bWH-d"},
    }


def test_only_what_was_changed_by_hand_is_restored(person: Person) -> None:
    person.run(rehearse=False)
    user = person.user()
    (other,) = [
        one["skuId"] for one in person.graph("GET", "/subscribedSkus")["value"] if one["skuPartNumber"] != SALES
    ]
    person.graph(
        "POST",
        f"/users/{NAME}/assignLicense",
        {"addLicenses": [{"skuId": other, "disabledPlans": []}], "removeLicenses": [SALES_ID]},
    )
    person.graph("PATCH", f"/users/{NAME}", {"displayName": "Changed", "accountEnabled": False, "usageLocation": "US"})
    run = person.run(password_never_expires=True)
    assert person.changes(run) == [
        "user.accountEnabled",
        "user.displayName",
        "user.usageLocation",
        "user.passwordPolicies",
        "user.assignedLicenses",
    ], run.output
    after = person.user()
    assert {each["skuId"] for each in after["assignedLicenses"]} == {other, SALES_ID}
    assert (after["displayName"], after["accountEnabled"], after["usageLocation"]) == ("Lead Writer", True, "SE")
    assert after["lastPasswordChangeDateTime"] == user["lastPasswordChangeDateTime"]
    person.cloud.jump(200 * DAY)
    later = person.run(password_never_expires=True)
    assert later.changed_hosts() == set(), later.output


@pytest.mark.parametrize("renamed", [False, pytest.param(True, marks=pytest.mark.torture)])
def test_deleted_user_is_restored_unless_purged(person: Person, renamed: bool) -> None:
    person.cloud.set(graph_deleted_users_renamed=renamed)
    person.run(rehearse=False)
    user_id = person.user()["id"]
    assert person.changes(person.run(state="absent")) == ["user"]
    again = person.run(state="absent")
    assert again.changed_hosts() == set(), again.output

    back = person.run(known_password_changed="")
    assert person.changes(back) == ["user.restored", "user.password"], back.output
    assert person.user()["id"] == user_id
    assert person.signs_in(person.password)

    purged = person.run(state="absent", purge=True)
    assert person.changes(purged) == ["user", "user.purged"], purged.output
    assert person.graph("GET", "/directory/deletedItems/microsoft.graph.user")["value"] == []


def test_failures_create_no_second_user_and_lose_no_password(person: Person) -> None:
    person.cloud.fault(route="^/v1.0/users$", method="POST", reset=True, applied=True)
    person.cloud.fault(route="assignLicense$", status=500, count=0)
    run = person.run(replication_timeout=5)
    assert person.changes(run) == NEW, run.output
    assert "The new password is set, but a later step failed:" in run.output.replace("\n", " ")
    assert len(person.users()) == 1
    assert person.signs_in(person.password)

    person.cloud.control("DELETE", "/faults")
    after = person.run()
    assert person.changes(after) == ["user.assignedLicenses"], after.output
