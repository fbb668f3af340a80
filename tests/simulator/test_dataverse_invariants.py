# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random sequences of valid operations never break an environment's invariants."""

from __future__ import annotations

import base64
import json

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from simulator.dataverse import load_environment

from .office import LEAD_WRITER_ROLE, Office, package

_LEVELS = ("Basic", "Local", "Deep", "Global")
_PRIVILEGES = ("prvReadLead", "prvCreateLead", "prvReadAsyncOperation", "prvReadAccount")


class Environment(RuleBasedStateMachine):
    """One environment, used by a caller with all rights."""

    applications = Bundle("applications")
    roles = Bundle("roles")

    @initialize()
    def build(self) -> None:
        self.office = Office(
            {"business_units": ["Sales", {"name": "Europe", "children": ["Sweden"]}]}, import_seconds=50.0
        )
        self.units = [row["businessunitid"] for row in self.office("GET", "businessunits").rows]
        self.started: list[str] = []
        self.number = 0

    @rule(target=applications)
    def register(self) -> str:
        return self.office.new_application()

    @rule(application=applications, unit=st.integers(0, 3))
    def add_user(self, application: str, unit: int) -> None:
        known = self.user(application) is not None
        answer = self.office("POST", "systemusers", self.office.user_body(application, self.units[unit]))
        assert answer.status == (412 if known else 204)

    @rule(application=applications)
    def delete_user(self, application: str) -> None:
        row = self.user(application)
        if row is not None:
            self.office("PATCH", f"systemusers({row['systemuserid']})", {"isdisabled": True})
            assert self.office("DELETE", f"systemusers({row['systemuserid']})").status == 204

    @rule(application=applications, unit=st.integers(0, 3))
    def move_user(self, application: str, unit: int) -> None:
        row = self.user(application)
        if row is not None:
            bind = {"businessunitid@odata.bind": f"/businessunits({self.units[unit]})"}
            assert self.office("PATCH", f"systemusers({row['systemuserid']})", bind).status == 204

    @rule(application=applications, role=roles)
    def assign(self, application: str, role: str) -> None:
        row = self.user(application)
        copies = self.office("GET", f"roles?$filter=_parentrootroleid_value eq {role}").rows
        if row is None or not copies:
            return
        copy = next((item for item in copies if item["_businessunitid_value"] == row["_businessunitid_value"]), None)
        if copy is not None:
            path = f"systemusers({row['systemuserid']})/systemuserroles_association/$ref"
            answer = self.office("POST", path, {"@odata.id": self.office.address("roles", copy["roleid"])})
            assert answer.status == (404 if row["deletedstate"] else 204)

    @rule(target=roles, unit=st.integers(0, 3))
    def add_role(self, unit: int) -> str:
        self.number += 1
        bind = {"businessunitid@odata.bind": f"/businessunits({self.units[unit]})"}
        return self.office("POST", "roles", {"name": f"Role {self.number}", **bind}).new_id

    @rule(role=roles, name=st.sampled_from(_PRIVILEGES), level=st.sampled_from(_LEVELS))
    def grant(self, role: str, name: str, level: str) -> None:
        body = {"Privileges": [{"PrivilegeId": self.office.privilege(name), "Depth": level}]}
        answer = self.office("POST", f"roles({role})/Microsoft.Dynamics.CRM.AddPrivilegesRole", body)
        assert answer.status in (204, 404)

    @rule(role=roles, name=st.sampled_from(_PRIVILEGES))
    def replace(self, role: str, name: str) -> None:
        body = {"Privileges": [{"PrivilegeId": self.office.privilege(name), "Depth": "Basic"}]}
        answer = self.office("POST", f"roles({role})/Microsoft.Dynamics.CRM.ReplacePrivilegesRole", body)
        assert answer.status in (204, 404)

    @rule(role=roles)
    def delete_role(self, role: str) -> None:
        assert self.office("DELETE", f"roles({role})").status in (204, 404)

    @rule(parent=st.integers(0, 3))
    def add_unit(self, parent: int) -> None:
        self.number += 1
        bind = {"parentbusinessunitid@odata.bind": f"/businessunits({self.units[parent]})"}
        assert self.office("POST", "businessunits", {"name": f"Unit {self.number}", **bind}).status == 204

    @rule(version=st.integers(1, 9), action=st.sampled_from(["ImportSolutionAsync", "StageAndUpgradeAsync"]))
    def start_import(self, version: int, action: str) -> None:
        busy = self.running()
        content = base64.b64encode(package(version=f"1.{version}.0.0")).decode()
        answer = self.office("POST", action, {"CustomizationFile": content})
        if busy:
            assert answer.error == (429, "0x80071151")
        else:
            self.started.append(answer.json["AsyncOperationId"])

    @rule()
    def uninstall(self) -> None:
        row = self.office.solution("LeadWriter")
        if row is not None:
            expected = 429 if self.running() else 204
            assert self.office("DELETE", f"solutions({row['solutionid']})").status == expected

    @rule(seconds=st.floats(0, 60))
    def wait(self, seconds: float) -> None:
        self.office.world.clock.jump(seconds)
        self.office._tokens.clear()

    @rule()
    def save_and_restore(self) -> None:
        data = self.office.environment.data
        dumped = json.loads(json.dumps(data.dump()))
        self.office.environment._data = load_environment(
            self.office.world, self.office.tenant, self.office.environment, dumped
        )
        assert json.loads(json.dumps(self.office.environment.data.dump())) == dumped

    def user(self, application: str) -> dict[str, str] | None:
        rows = self.office("GET", f"systemusers?$filter=applicationid eq {application}").rows
        assert len(rows) <= 1
        return rows[0] if rows else None

    def running(self) -> list[str]:
        filter_ = "$select=statecode&$filter=statecode ne 3"
        return [row["asyncoperationid"] for row in self.office("GET", f"asyncoperations?{filter_}").rows]

    @invariant()
    def no_two_users_of_one_application(self) -> None:
        if not hasattr(self, "office"):
            return
        rows = self.office("GET", "systemusers?$select=applicationid&$filter=applicationid ne null").rows
        found = [row["applicationid"] for row in rows]
        assert len(found) == len(set(found))

    @invariant()
    def one_operation_at_a_time(self) -> None:
        if hasattr(self, "office"):
            assert len(self.running()) <= 1

    @invariant()
    def a_role_has_one_copy_in_each_unit_it_reaches(self) -> None:
        if not hasattr(self, "office"):
            return
        units = {
            row["businessunitid"]: row["_parentbusinessunitid_value"]
            for row in self.office("GET", "businessunits").rows
        }
        rows = {row["roleid"]: row for row in self.office("GET", "roles").rows}
        by_root: dict[str, list[str]] = {}
        for row in rows.values():
            by_root.setdefault(row["_parentrootroleid_value"], []).append(row["_businessunitid_value"])
            parent = row["_parentroleid_value"]
            if parent is not None:
                assert rows[parent]["_businessunitid_value"] == units[row["_businessunitid_value"]]
                assert rows[parent]["name"] == row["name"]
        for root, places in by_root.items():
            assert rows[root]["_parentroleid_value"] is None
            home = rows[root]["_businessunitid_value"]
            reached = {unit for unit in units if home in self.line(units, unit)}
            assert sorted(places) == sorted(reached)

    @staticmethod
    def line(units: dict[str, str | None], unit: str | None) -> list[str]:
        """A unit and those above it."""
        found = []
        while unit is not None:
            found.append(unit)
            unit = units[unit]
        return found

    @invariant()
    def roles_are_held_only_in_their_own_unit_and_by_users_in_use(self) -> None:
        if not hasattr(self, "office"):
            return
        for user in self.office("GET", "systemusers?$expand=systemuserroles_association").rows:
            for role in user["systemuserroles_association"]:
                assert role["_businessunitid_value"] == user["_businessunitid_value"]
                assert user["deletedstate"] == 0

    @invariant()
    def the_solution_and_its_role_come_and_go_together(self) -> None:
        if hasattr(self, "office"):
            row = self.office.solution("LeadWriter")
            assert (self.office("GET", f"roles({LEAD_WRITER_ROLE})").status == 200) == (row is not None)


def test_no_order_of_valid_operations_breaks_an_environment() -> None:
    run_state_machine_as_test(
        Environment,
        settings=settings(
            max_examples=12,
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
        ),
    )
