# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Adopting a set-up made by hand: leads keep arriving, and what works is left unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from .by_hand import PRIVILEGES, REDIRECT, HandMade
from .cloud import Cloud, Run, Tenant
from .configure import VAULT_PASSWORD, Configure
from .people import CLOUD as PEOPLE
from .people import NAME

PLAYBOOK = "marketplace_leads.dynamics365.adopt"
ROTATE = "marketplace_leads.dynamics365.rotate_secrets"
HOST = "contoso_prod"
OFFER = "contoso-offer"
DAY = 86400
PASSWORD = "Hand-made 4 ever!"  # of a simulated user
PACE = ("--set", "configure_seconds=0.2", "--set", "publish_seconds=0.4")
pytestmark = pytest.mark.cloud("--tenants", "1", "--offers", "1", *PACE)


class TakeOver:
    """Runs adopt, and then the other playbooks, for one host with a secret that is encrypted in its variables."""

    def __init__(self, cloud: Cloud, configure: Configure, folder: Path) -> None:
        self.cloud, self.configure = cloud, configure
        self._folder = folder / "host_vars"

    def give(self, secret: str, **others: Any) -> None:
        """Encrypt the secret into the variables of the host, as ansible-vault encrypt_string does, beside others."""
        vault = VaultLib([("default", VaultSecret(VAULT_PASSWORD.encode()))])
        encrypted = vault.encrypt(secret).decode()
        self._folder.mkdir(exist_ok=True)
        text = "lead_writer_adopt_secret: !vault |\n" + "".join(f"  {line}\n" for line in encrypted.splitlines())
        (self._folder / f"{HOST}.yml").write_text(text + (yaml.safe_dump(others) if others else ""), encoding="utf-8")

    def __call__(self, *arguments: str, playbook: str = PLAYBOOK, **options: Any) -> Run:
        return self.configure(*arguments, playbook=playbook, **options)

    def well(self, *arguments: str, **options: Any) -> Run:
        """Run, and expect success."""
        run = self(*arguments, **options)
        assert run.status == 0, run.output
        return run

    def refused(self, **options: Any) -> str:
        """Run, expect a failure that leaves nothing behind, and return the message."""
        run = self(rehearse=False, **options)
        assert run.status != 0, run.output
        assert self.cloud.writes_since(run.mark) == []
        assert not self.configure.store.exists()
        return run.failure(HOST)

    def handed_over(self, tenant: Tenant) -> dict[str, Any]:
        """The handover file's record of each offer."""
        path = self.configure.store / f"{tenant.environment_host}.handover.json"
        offers: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["offers"]
        return offers


@pytest.fixture
def take_over(cloud: Cloud, configure: Configure, tmp_path: Path) -> TakeOver:
    return TakeOver(cloud, configure, tmp_path)


@pytest.fixture
def hand_made(cloud: Cloud) -> HandMade:
    made = HandMade(cloud, cloud.contoso, OFFER)
    made.all_of_it()
    return made


def told(run: Run) -> str:
    """The output of a run without its line breaks."""
    return " ".join(run.output.split())


def test_leads_arrive_from_the_adoption_through_a_rotation(take_over: TakeOver, hand_made: HandMade) -> None:
    assert hand_made.a_lead_arrives() is None
    take_over.give(hand_made.secret["secretText"])
    adopted = take_over.well()
    assert adopted.changes(HOST) == ["test_lead", "stored_secret", "handover"]
    assert hand_made.a_lead_arrives() is None
    stored = take_over.configure.stored(hand_made.tenant)
    assert stored["secret"] == hand_made.secret["secretText"]
    assert (stored["key_id"], stored["adopted_key_id"]) == (hand_made.secret["keyId"],) * 2

    configured = take_over.well(playbook="marketplace_leads.dynamics365.configure")
    assert configured.changes(HOST) == ["role.isinherited"], configured.output
    assert hand_made.a_lead_arrives() is None

    hand_made.cloud.jump(2 * DAY)
    take_over.well(playbook=ROTATE, variables={"lead_writer_publish": "live"}, rehearse=False)
    assert hand_made.a_lead_arrives() is None
    stored = take_over.configure.stored(hand_made.tenant)
    assert stored["key_id"] != stored["adopted_key_id"] == hand_made.secret["keyId"]
    assert hand_made.key_ids() == {stored["key_id"], hand_made.secret["keyId"]}
    assert hand_made.seen()["displayName"] == "Contoso leads (by Mona)"


def test_adopted_secret_is_never_removed_automatically(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"])
    take_over.well(rehearse=False)
    live = {"lead_writer_publish": "live", "lead_writer_secret_overlap_days": 0}
    hand_made.cloud.jump(2 * DAY)
    take_over.well(playbook=ROTATE, variables=live, rehearse=False)
    hand_made.cloud.jump(60 * DAY)
    take_over.well(playbook="marketplace_leads.dynamics365.configure", variables=live, rehearse=False)
    assert hand_made.secret["keyId"] in hand_made.key_ids()


def test_application_is_left_unchanged(take_over: TakeOver, hand_made: HandMade) -> None:
    before = hand_made.seen()
    take_over.give(hand_made.secret["secretText"])
    take_over.well(rehearse=False)
    take_over.well(playbook="marketplace_leads.dynamics365.configure", rehearse=False)
    assert hand_made.seen() == before
    assert before["web"]["redirectUris"] == [REDIRECT]


def test_variables_set_by_the_user_are_applied(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"])
    take_over.well(rehearse=False)
    named = {"lead_writer_application_name": "Lead Writer"}
    run = take_over.well(playbook="marketplace_leads.dynamics365.configure", variables=named)
    assert run.changes(HOST) == ["application.displayName", "role.isinherited"]


def test_second_adoption_changes_nothing(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"])
    take_over.well(rehearse=False)
    files = {path: path.read_bytes() for path in take_over.configure.store.iterdir()}
    again = take_over.well()
    assert again.changed_hosts() == set()
    assert take_over.cloud.writes_since(again.mark) == []
    assert {path: path.read_bytes() for path in take_over.configure.store.iterdir()} == files


def test_adoption_after_a_rotation_does_not_restore_the_old_secret(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"])
    take_over.well(rehearse=False)
    hand_made.cloud.jump(2 * DAY)
    take_over.well(playbook=ROTATE, variables={"lead_writer_publish": "live"}, rehearse=False)
    stored = take_over.configure.stored(hand_made.tenant)
    again = take_over.well(rehearse=False)
    assert again.changed_hosts() == set()
    assert take_over.configure.stored(hand_made.tenant) == stored
    assert "its secret was rotated since" in told(again)


def test_a_dry_run_writes_neither_files_nor_a_lead(take_over: TakeOver, hand_made: HandMade) -> None:
    leads = len(hand_made.rows("leads"))
    take_over.give(hand_made.secret["secretText"])
    take_over.well(check=True)
    assert not take_over.configure.store.exists()
    assert len(hand_made.rows("leads")) == leads


def test_the_test_lead_is_removed(take_over: TakeOver, hand_made: HandMade) -> None:
    leads = len(hand_made.rows("leads"))
    take_over.give(hand_made.secret["secretText"])
    take_over.well(rehearse=False)
    assert len(hand_made.rows("leads")) == leads


def test_nothing_but_the_test_lead_is_written(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"])
    run = take_over.well(rehearse=False)
    written = take_over.cloud.writes_since(run.mark)
    assert [each.partition("(")[0] for each in written] == [
        f"{method} {hand_made.tenant.environment_host}/api/data/v9.2/leads" for method in ("POST", "DELETE")
    ]


def test_the_secret_is_in_no_output(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"] + "\n")
    run = take_over.well(verbosity=4)
    assert hand_made.secret["secretText"] not in run.output
    assert take_over.configure.stored(hand_made.tenant)["secret"] == hand_made.secret["secretText"]


# --- killed runs and other stores


@pytest.mark.parametrize("after", ["test lead", "store"])
def test_killed_adoption_is_completed(take_over: TakeOver, hand_made: HandMade, after: str) -> None:
    take_over.give(hand_made.secret["secretText"])
    store, cloud = take_over.configure.store, take_over.cloud
    mark = cloud.mark()
    cloud.fault(method="DELETE", route="/leads", count=1, latency_seconds=1.0)
    reached = {
        "test lead": lambda: any(each.startswith("POST") for each in cloud.writes_since(mark)),
        "store": lambda: store.exists() and any(store.glob("*.yml")),
    }[after]
    take_over(rehearse=False, killed_when=reached)
    assert store.exists() == (after == "store")
    take_over.well(rehearse=False)
    assert take_over.configure.stored(hand_made.tenant)["secret"] == hand_made.secret["secretText"]
    assert take_over.handed_over(hand_made.tenant)[OFFER]["key_id"] == hand_made.secret["keyId"]
    plan = take_over.well(playbook="marketplace_leads.dynamics365.configure", check=True)
    assert plan.changes(HOST) == ["role.isinherited"]


def test_another_store_gets_the_secret(take_over: TakeOver, hand_made: HandMade, tmp_path: Path) -> None:
    tasks = [
        {
            "name": "Keep it",
            "ansible.builtin.copy": {
                "content": "{{ lead_writer_store_entry | to_json }}",
                "dest": str(tmp_path / "other.json"),
                "mode": "0600",
            },
            "no_log": True,
        }
    ]
    (tmp_path / "write.yml").write_text(yaml.safe_dump(tasks), encoding="utf-8")
    other = {
        "lead_writer_store_write_tasks": str(tmp_path / "write.yml"),
        "lead_writer_stored": {"key_id": "", "can_encrypt": True},
    }
    take_over.give(hand_made.secret["secretText"])
    take_over.well(variables=other, rehearse=False)
    kept = json.loads((tmp_path / "other.json").read_text(encoding="utf-8"))
    assert kept["secret"] == hand_made.secret["secretText"]
    assert kept["key_id"] == kept["adopted_key_id"] == hand_made.secret["keyId"]
    assert not list(take_over.configure.store.glob("*.yml"))


def test_a_store_that_holds_another_secret_is_not_overwritten(
    take_over: TakeOver, configure: Configure, hand_made: HandMade
) -> None:
    assert configure(variables={"lead_writer_offers": []}, rehearse=False).status == 0
    stored = configure.stored(hand_made.tenant)
    take_over.give(hand_made.secret["secretText"])
    run = take_over(rehearse=False)
    assert f"already holds another secret for {hand_made.tenant.environment_host}" in run.failure(HOST)
    assert configure.stored(hand_made.tenant) == stored


# --- which secret it is


def test_secret_that_matches_no_live_one_is_refused(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give("~~~ is how none begins")
    assert "lead_writer_adopt_secret does not match any live secret" in take_over.refused()


def test_a_secret_of_another_application_is_refused(take_over: TakeOver, hand_made: HandMade) -> None:
    other = hand_made.register("Another")
    secret = hand_made.add_secret("theirs", "2027-12-31T00:00:00Z", other)
    take_over.give(secret["secretText"])
    assert hand_made.application["appId"] in take_over.refused()


def test_wrong_secret_with_the_right_start_is_not_stored(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"][:-1])
    assert "lead_writer_adopt_secret begins like the secret" in take_over.refused()


def test_an_expired_secret_is_refused(take_over: TakeOver, hand_made: HandMade) -> None:
    ended = hand_made.add_secret("old", "2026-12-31T00:00:00Z")
    hand_made.cloud.jump(60 * DAY)
    take_over.give(ended["secretText"])
    assert "that has expired" in take_over.refused()


def test_a_secrets_id_is_not_its_value(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["keyId"])
    assert "is a secret's id, not its value" in take_over.refused()


def test_secrets_with_the_same_start_must_be_named(take_over: TakeOver, hand_made: HandMade) -> None:
    twin = hand_made.add_secret("twin", "2027-12-31T00:00:00Z")
    take_over.give(hand_made.secret["secretText"])
    secrets = [{**each, "hint": hand_made.secret["hint"]} for each in hand_made.hidden()["passwordCredentials"]]
    hand_made.hide(passwordCredentials=secrets)
    assert "name the right one in lead_writer_adopt_key_id" in take_over.refused()
    wrong = take_over.refused(variables={"lead_writer_adopt_key_id": hand_made.tenant.tenant_id})
    assert twin["keyId"] in wrong
    take_over.well(variables={"lead_writer_adopt_key_id": hand_made.secret["keyId"]}, rehearse=False)
    assert take_over.configure.stored(hand_made.tenant)["key_id"] == hand_made.secret["keyId"]


def test_a_secret_on_the_command_line_is_refused(take_over: TakeOver, hand_made: HandMade) -> None:
    given = {"lead_writer_adopt_secret": hand_made.secret["secretText"]}
    assert "was given on the command line" in take_over.refused(variables=given)


def test_without_a_secret_nothing_is_adopted(take_over: TakeOver, hand_made: HandMade) -> None:
    assert "lead_writer_adopt_secret is empty for contoso.crm4.dynamics.com" in take_over.refused()


def test_without_a_vault_password_nothing_is_adopted(take_over: TakeOver, hand_made: HandMade, tmp_path: Path) -> None:
    (tmp_path / "plain.yml").write_text(
        yaml.safe_dump({"lead_writer_adopt_secret": hand_made.secret["secretText"]}), encoding="utf-8"
    )
    run = take_over("-e", f"@{tmp_path / 'plain.yml'}", vault=False, rehearse=False)
    assert "there is no vault password to encrypt it with" in run.failure(HOST)
    assert take_over.cloud.writes_since(run.mark) == []


# --- the application


def test_application_is_adopted_without_its_offers(take_over: TakeOver, hand_made: HandMade) -> None:
    unnamed = {"lead_writer_offers": [], "lead_writer_application_id": hand_made.application["appId"]}
    take_over.give(hand_made.secret["secretText"])
    take_over.well(variables=unnamed)
    assert take_over.handed_over(hand_made.tenant) == {}
    # The store records the application, so it need not be named again.
    later: dict[str, Any] = {"lead_writer_offers": []}
    plan = take_over.well(playbook="marketplace_leads.dynamics365.configure", variables=later, check=True)
    assert plan.changes(HOST) == ["role.isinherited"]


def test_with_neither_offers_nor_application_nothing_is_found(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"])
    told_why = take_over.refused(variables={"lead_writer_offers": []})
    assert "name its offers in lead_writer_offers" in told_why


def test_a_role_held_in_another_business_unit_is_enough(take_over: TakeOver, cloud: Cloud) -> None:
    made = HandMade(cloud, cloud.contoso, OFFER)
    made.import_solution()
    made.application = made.register("Contoso leads")
    made.secret = made.add_secret("leads", "2299-12-31T00:00:00Z")
    (root,) = made.rows("businessunits?$filter=parentbusinessunitid eq null")
    parent = {"parentbusinessunitid@odata.bind": f"/businessunits({root['businessunitid']})"}
    made.web_api("POST", "businessunits", {"name": "Sales", **parent})
    made.user = made.add_user("Sales")
    made.give(PRIVILEGES)
    made.assign("Microsoft Marketplace Lead Writer")
    made.connect()
    made.publish()
    take_over.give(made.secret["secretText"])
    take_over.well(rehearse=False)
    plan = take_over.well(playbook="marketplace_leads.dynamics365.configure", check=True)
    assert plan.changes(HOST) == ["role.isinherited"]


def test_privileges_of_another_role_are_enough(take_over: TakeOver, cloud: Cloud) -> None:
    made = HandMade(cloud, cloud.contoso, OFFER)
    made.all_of_it(role="System Administrator", privileges={})
    take_over.give(made.secret["secretText"])
    take_over.well(rehearse=False)
    plan = take_over.well(playbook="marketplace_leads.dynamics365.configure", check=True)
    assert plan.changes(HOST) == ["role.privileges", "role.isinherited", "application_user.roles"]


def test_privilege_that_leads_do_not_need_may_be_missing(take_over: TakeOver, cloud: Cloud) -> None:
    made = HandMade(cloud, cloud.contoso, OFFER)
    made.all_of_it(privileges={name: depth for name, depth in PRIVILEGES.items() if "AsyncOperation" in name})
    take_over.give(made.secret["secretText"])
    run = take_over.well(rehearse=False)
    assert "which the documented setup requires" in told(run)


def test_other_credentials_are_listed(take_over: TakeOver, hand_made: HandMade) -> None:
    second = hand_made.add_secret("forgotten", "2299-12-31T00:00:00Z")
    other = hand_made.register("Old leads")
    hand_made.add_secret("old", "2027-06-30T00:00:00Z", other)
    hand_made.assign("Microsoft Marketplace Lead Writer", hand_made.add_user(application=other))
    take_over.give(hand_made.secret["secretText"])
    warnings = told(take_over.well(rehearse=False))
    assert f"{second['keyId']} until 2299-12-31 (never expires)" in warnings
    assert f"{other['appId']} (Old leads; " in warnings
    assert "until 2027-06-30" in warnings


def test_offer_with_another_destination_is_left_to_configure(take_over: TakeOver, hand_made: HandMade) -> None:
    # The offer of the hand-made set-up goes elsewhere; the application is named.
    resource = {"leadDestination": "none"}
    hand_made.cloud.control(
        "PATCH",
        f"/tenants/{hand_made.tenant.tenant_id}/offers/{OFFER}",
        {"resource": "customer-leads", "changes": resource, "target": "live"},
    )
    hand_made.cloud.control(
        "PATCH",
        f"/tenants/{hand_made.tenant.tenant_id}/offers/{OFFER}",
        {"resource": "customer-leads", "changes": resource, "target": "draft"},
    )
    take_over.give(hand_made.secret["secretText"])
    assert f"None of the offers {OFFER} sends its leads to" in take_over.refused()
    named = {"lead_writer_application_id": hand_made.application["appId"]}
    run = take_over.well(variables=named, rehearse=False)
    assert "there is nothing to take over from it" in told(run)
    assert take_over.handed_over(hand_made.tenant)[OFFER]["key_id"] == ""


# --- without adoption


def test_a_plan_warns_of_another_application_that_feeds_an_offer(configure: Configure, hand_made: HandMade) -> None:
    plan = configure(check=True)
    assert plan.status == 0, plan.output
    warning = told(plan)
    assert f"another application of this tenant, {hand_made.application['appId']} (Contoso leads (by Mona); " in warning
    assert "until 2299-12-31 (never expires)" in warning
    assert "docs/take-over.md" in warning


def test_removal_keeps_the_adopted_secret(take_over: TakeOver, hand_made: HandMade) -> None:
    take_over.give(hand_made.secret["secretText"])
    take_over.well(rehearse=False)
    gone = {"lead_writer_remove_while_live": True}
    run = take_over.well("--limit", HOST, playbook="marketplace_leads.dynamics365.remove", variables=gone)
    assert run.changes(HOST) == ["application_user.roles", "stored_secret", "handover"]
    assert hand_made.key_ids() == {hand_made.secret["keyId"]}


def test_removal_keeps_another_secret_with_the_roles_name(configure: Configure, hand_made: HandMade) -> None:
    named = {"lead_writer_secret_name": "leads", "lead_writer_application_id": hand_made.application["appId"]}
    # Without a record the role creates a secret with the name of the hand-made one only on request.
    assert "live secrets that may be in use" in configure(variables=named, rehearse=False).failure(HOST)
    assert configure(variables={**named, "lead_writer_store_lost": True}, rehearse=False).status == 0
    made = configure.stored(hand_made.tenant)["key_id"]
    assert hand_made.key_ids() == {made, hand_made.secret["keyId"]}
    gone = {**named, "lead_writer_remove_while_live": True}
    playbook = "marketplace_leads.dynamics365.remove"
    run = configure("--limit", HOST, playbook=playbook, variables=gone, rehearse=False)
    assert run.status == 0, run.output
    assert hand_made.key_ids() == {hand_made.secret["keyId"]}


def test_application_that_is_only_named_keeps_its_properties(configure: Configure, hand_made: HandMade) -> None:
    named = {"lead_writer_application_id": hand_made.application["appId"], "lead_writer_offers": []}
    plan = configure(variables=named, check=True)
    assert not {each for each in plan.changes(HOST) if each.startswith("application.")} - {"application.secret"}


@pytest.mark.cloud("--tenants", "3", "--offers", "1", *PACE)
def test_the_offer_may_belong_to_another_tenant(take_over: TakeOver, cloud: Cloud) -> None:
    other, offer = cloud.tenants["northwind"], "northwind-offer"
    groups = yaml.safe_load(cloud.inventory.read_text(encoding="utf-8"))["all"]["children"]
    variables = groups["tenant_northwind"]["hosts"]["northwind_prod"]
    made = HandMade(cloud, cloud.contoso, offer, other)
    made.all_of_it()
    publisher = {name: value for name, value in variables.items() if "_publisher_" in name}
    take_over.give(made.secret["secretText"], lead_writer_offers=[offer], **publisher)
    cloud.inventory.write_text(cloud.inventory.read_text(encoding="utf-8").replace(offer, "another-offer"))
    take_over.well("--limit", HOST, rehearse=False)
    assert take_over.handed_over(made.tenant)[offer]["key_id"] == made.secret["keyId"]
    configure = "marketplace_leads.dynamics365.configure"
    plan = take_over.well("--limit", HOST, playbook=configure, check=True)
    assert plan.changes(HOST) == ["role.isinherited"]


# --- the other choice of authentication


OFFICE365 = {"lead_writer_authentication": "office365"}
PEOPLE_PACE = pytest.mark.cloud("--config", PEOPLE, *PACE, "--set", "usage_location_seconds=0.3")


@pytest.fixture
def person(cloud: Cloud) -> HandMade:
    """A set-up in which a user writes the leads."""
    made = HandMade(cloud, cloud.contoso, OFFER)
    made.import_solution()
    made.give(PRIVILEGES)
    made.user = made.add_person(NAME, PASSWORD)
    made.assign("Microsoft Marketplace Lead Writer")
    made.connect(authentication="office365", username=NAME, password=PASSWORD)
    made.publish()
    return made


@PEOPLE_PACE
def test_user_is_adopted_with_its_password(take_over: TakeOver, person: HandMade) -> None:
    take_over.give(PASSWORD)
    run = take_over.well("--limit", HOST, variables=OFFICE365)
    assert run.changes(HOST) == ["test_lead", "stored_secret", "handover"]
    stored = take_over.configure.stored(person.tenant)
    assert (stored["user_name"], stored["secret"]) == (NAME, PASSWORD)
    configure = "marketplace_leads.dynamics365.configure"
    plan = take_over.well("--limit", HOST, playbook=configure, variables=OFFICE365, check=True)
    assert plan.changes(HOST) == ["role.isinherited"]
    again = take_over.well("--limit", HOST, variables=OFFICE365, rehearse=False)
    assert again.changed_hosts() == set()


@PEOPLE_PACE
def test_a_wrong_password_is_not_stored(take_over: TakeOver, person: HandMade) -> None:
    take_over.give("not the password")
    run = take_over("--limit", HOST, variables=OFFICE365, rehearse=False)
    assert "password" in run.failure(HOST)
    assert not take_over.configure.store.exists()


@PEOPLE_PACE
def test_offer_with_the_other_authentication_is_refused(take_over: TakeOver, person: HandMade) -> None:
    take_over.give(PASSWORD)
    run = take_over("--limit", HOST, rehearse=False)
    assert f"signs in as user {NAME}: set lead_writer_authentication to office365" in run.failure(HOST)
