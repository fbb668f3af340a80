# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A test lead: it is written, read back and removed, and anything that prevents its arrival is reported with its cause.

It is written through the Web API, while the lead service is believed to use the older SDK (contract: leads). So it
proves the credentials, the user and its privileges, and nothing about the lead service itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..._desired_state.plan import Plan
from ..._identity.sign_in import SignInFailed
from ..._rules.access_levels import AccessLevel
from ..._rules.clouds import EnvironmentAddress
from ..._rules.errors import InvalidInput
from ..._rules.guids import NIL_GUID
from ..._rules.lead_failures import REFUSAL_CAUSES, LeadFailure
from ..._rules.marketplace_lead import (
    ALL_PRIVILEGES,
    cut_columns,
    differences,
    test_lead,
    test_mark,
)
from ..._rules.timestamps import whole_days, write_timestamp
from ..._services.environment.client import PRIVILEGE_DENIED, EnvironmentClient
from ..._services.environment.leads import Lead, Leads, NoLeadTable
from ..._services.environment.members import Member, Members
from ..._services.environment.settings import keeps_applications_out
from ..._services.graph.client import GraphClient
from ..._transport.errors import CallFailed, TimedOut
from .diagnosis import BEYOND_THE_LEAD, NO_ROLES, Diagnosis
from .options import HandedOver


@dataclass(frozen=True)
class Reach:
    """The runner's clients. Each is opened only when it is needed, because the address itself may be wrong."""

    address: Callable[[], EnvironmentAddress]
    tenant: Callable[[], str | None]
    environment: Callable[[], EnvironmentClient]
    graph: Callable[[], GraphClient]


class TestLeadResource:
    """Plans a test lead with the connection that was handed over."""

    __test__ = False  # the name is no test's

    def __init__(self, given: HandedOver, remove: bool, reach: Reach, documented_privileges: bool = True) -> None:
        """`documented_privileges` says whether the user also needs privileges that writing the lead itself may not
        require."""
        self._given = given
        self._documented_privileges = documented_privileges
        self._remove = remove
        self._reach = reach
        self._plan = Plan()
        self._mark = test_mark()
        self._values = test_lead(self._mark)
        self._written: dict[str, Any] = {"leadid": NIL_GUID, "written": False, "removed": False, "differences": {}}
        self._newest: Lead | None = None
        self._age_days: int | None = None

    def plan(self) -> Plan:
        """Do everything except the write: sign in as the lead service, ask who that is, and check its privileges.

        Raises LeadFailure for anything that would prevent a lead.
        """
        self._environment = self._reached()
        self._diagnosis.check_ids()
        self._writer = self._signed_in()
        self._member, self._held = self._rights()
        self._check_columns()
        self._check_firewall()
        self._plan.add("test_lead", None, self._values, self._write)
        return self._plan

    def state(self) -> dict[str, Any]:
        """Return the test lead, who wrote it, and when the last real one came."""
        newest, member, given = self._newest, self._member, self._given
        created = newest.created_on if newest else None
        return {
            "test_lead": {**self._written, **self._values},
            "newest_lead": {
                "leadid": newest.lead_id,
                "created_on": write_timestamp(created) if created else None,
                "age_days": self._age_days,
            }
            if newest
            else None,
            "lead_service_user": {
                "systemuserid": member.user_id,
                "businessunitid": member.business_unit_id,
                "authentication": given.authentication,
                "application_id": given.application_id or None,
                "user_name": given.user_name or None,
                "roles": list(member.roles),
                "privileges": {
                    name: self._held[name.lower()].api_name for name in ALL_PRIVILEGES if name.lower() in self._held
                },
            },
        }

    # --- before the write

    def _reached(self) -> EnvironmentClient:
        try:
            address = self._reach.address()
        except InvalidInput as error:
            raise LeadFailure("address_malformed", reason=str(error)) from error
        try:
            tenant = self._reach.tenant()
        except CallFailed as failed:
            if failed.status is not None:
                raise
            raise LeadFailure(
                "address_silent", failure=failed.failure, host=address.host, reason=str(failed).rstrip(".")
            ) from failed
        environment = self._reach.environment()
        self._diagnosis = Diagnosis(self._given, environment, self._reach.graph(), tenant)
        self._tenant = tenant
        return environment

    def _signed_in(self) -> EnvironmentClient:
        """Return a client that speaks as the lead service would, once it has signed in."""
        writer = self._environment.as_another(self._reach.graph().sign_in_as(self._given.credentials(self._tenant)))
        try:
            writer.sign_in.token(self._environment.address.url)
        except SignInFailed as refused:
            raise self._diagnosis.of_sign_in(refused) from refused
        return writer

    def _rights(self) -> tuple[Member, dict[str, AccessLevel]]:
        """Return who the lead service is in the environment and what it may do, once that is enough."""
        try:
            user_id = str(self._writer.who_am_i()["UserId"]).lower()
        except CallFailed as refused:
            raise self._diagnosis.of_first_call(refused) from refused
        members = Members(self._environment)
        member = members.by_id(user_id)
        try:
            held = members.privileges_of(user_id, list(ALL_PRIVILEGES))
        except CallFailed as refused:
            # The runner has just read a user, so that user has no role.
            if not refused.has_code(NO_ROLES):
                raise
            held = {}
        try:
            self._newest = Leads(self._environment).newest_of_marketplace(user_id)
        except NoLeadTable as error:
            raise self._diagnosis.failure("lead_table_missing" if held else "no_role") from error
        if self._newest is not None and self._newest.created_on is not None:
            self._age_days = whole_days(self._environment.service_time() - self._newest.created_on)
        self._check_rights(member, held)
        return member, held

    def _check_rights(self, member: Member, held: dict[str, AccessLevel]) -> None:
        try:
            self._diagnosis.check_rights(member, held)
        except LeadFailure as lacking:
            if self._documented_privileges or lacking.answer["cause"] not in BEYOND_THE_LEAD:
                raise
            # The write shows whether the lead arrives without them.
            self._plan.warnings.append(str(lacking))

    def _check_columns(self) -> None:
        """Warn of columns that were made too short for other leads than this one."""
        cut = cut_columns(Leads(self._environment).text_lengths())
        if cut:
            listed = ", ".join(f"{column} {length} instead of {usual}" for column, (length, usual) in cut.items())
            self._plan.warnings.append(
                f"{self._environment.address.host} stores fewer characters of a lead than Dynamics 365 Sales does "
                f"({listed}), and refuses longer leads: raise the maximum length of these columns."
            )

    def _check_firewall(self) -> None:
        """Warn of what no test from this machine can show: the lead service uses its own addresses."""
        if keeps_applications_out(self._environment):
            self._plan.warnings.append(
                f"{self._environment.address.host} has an IP firewall, and this test comes from this machine's "
                "address, so it does not show whether Microsoft's lead service is allowed: allow access for all "
                "application users in the firewall's settings, or check that leads arrive."
            )

    # --- the write

    def _write(self) -> None:
        lead_id = self._create()
        self._written.update(leadid=lead_id, written=True)
        try:
            stored = Leads(self._writer).read(lead_id, tuple(self._values))
        except CallFailed as failed:
            left = self._take_away(lead_id)
            reason = f"{str(failed).rstrip('.')}; {left.rstrip('.')}" if left else str(failed).rstrip(".")
            raise self._diagnosis.failure("lead_unreadable", failed.failure, lead_id=lead_id, reason=reason) from failed
        changed = differences(self._values, stored)
        self._written["differences"] = changed
        if changed:
            self._plan.warnings.append(
                f"{self._environment.address.host} stored the test lead with other values in "
                f"{', '.join(sorted(changed))}: check what changes new leads there."
            )
        left = self._take_away(lead_id)
        if left:
            self._plan.warnings.append(left)

    def _create(self) -> str:
        """Write the lead and return its id; after a lost answer, a read shows whether it exists."""
        try:
            lead_id = Leads(self._writer).create(self._values)
        except CallFailed as failed:
            found = Leads(self._environment).with_last_name(self._mark) if failed.maybe_applied else None
            if found is None:
                raise self._refused(failed) from failed
            return found
        lead_id = lead_id or Leads(self._environment).with_last_name(self._mark)
        if lead_id is None:
            raise self._diagnosis.failure("lead_unreadable", lead_id=self._mark, reason="it does not exist")
        return lead_id

    def _refused(self, failed: CallFailed) -> LeadFailure:
        missing = re.search(r"missing (prv\w+)", failed.message)
        if failed.has_code(PRIVILEGE_DENIED) and missing:
            return self._diagnosis.failure("privilege_missing", failed.failure, privileges=missing.group(1))
        gate = self._diagnosis.of_gate(failed)
        if gate is not None:
            return gate
        reason = f"{failed.code} {failed.message}".strip() or str(failed)
        word = REFUSAL_CAUSES.get(failed.code.lower(), "lead_refused")
        return self._diagnosis.failure(word, failed.failure, reason=reason.rstrip("."))

    def _take_away(self, lead_id: str) -> str:
        """Remove the lead with the runner's rights, and return a sentence if it could not be removed."""
        if not self._remove:
            return ""
        try:
            Leads(self._environment).delete(lead_id)
        except (CallFailed, TimedOut) as failed:
            return (
                f"The test lead {self._mark} ({lead_id}) stays in {self._environment.address.host}, because it could "
                f"not be removed: delete it there ({str(failed).rstrip('.')})."
            )
        self._written["removed"] = True
        return ""
