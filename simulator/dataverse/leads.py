# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of leads, and of other tables whose rows have a person's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .calls import Session
from .errors import Refusal
from .rules import Rules
from .schema import Table

#: The default status for each state.
_FIRST_STATUS = {"lead": {0: 1, 1: 3, 2: 4}}

#: The rights that the creator needs for the system job of a new lead (contract: System Job privileges).
_JOB_RIGHTS = ("Read", "Write", "AppendTo")


class NamedPersonRules(Rules):
    """Derive the full name from its parts, and the status from the state."""

    def prepare(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Complete a new row."""
        row |= _full_name(row)
        _detect_duplicates(session, table, row)

    def changing(self, session: Session, table: Table, row: Mapping[str, Any], changes: dict[str, Any]) -> None:
        """Update name and status."""
        if {"firstname", "lastname", "middlename"} & changes.keys():
            changes |= _full_name({**row, **changes}) or {"fullname": None}
        if "statecode" in changes and "statuscode" not in changes:
            first = _FIRST_STATUS.get(table.logical, {0: 1, 1: 2})
            changes["statuscode"] = first.get(changes["statecode"], 1)


class LeadRules(NamedPersonRules):
    """A new lead starts a system job in the creator's name.

    The job belongs to the platform's own user in the root business unit, so only the widest access level covers it from
    everywhere. An environment's option `lead_jobs: false` turns the job off.
    """

    def prepare(self, session: Session, table: Table, row: dict[str, Any]) -> None:
        """Require the rights for the job."""
        super().prepare(session, table, row)
        if not session.data.environment.spec.options.get("lead_jobs", True):
            return
        data, jobs = session.data, session.data.table("asyncoperation")
        system = data.rows["systemuser"][data.fixed_id("SYSTEM")]
        job = {
            "asyncoperationid": data.fixed_id("lead job"),
            "_ownerid_value": system["systemuserid"],
            "_owningbusinessunit_value": system["_businessunitid_value"],
        }
        for right in _JOB_RIGHTS:
            session.principal.require(right, jobs, job)


def _detect_duplicates(session: Session, table: Table, row: Mapping[str, Any]) -> None:
    """The rule of every new environment: two rows of a table with the same e-mail address are duplicates.

    The Web API applies it only on request.
    """
    asked = session.call.headers.get("mscrm.suppressduplicatedetection", "true").lower() == "false"
    address = row.get("emailaddress1")
    if asked and address and session.data.where(table.logical, emailaddress1=address):
        raise Refusal(
            412,
            "0x80040333",
            "A record was not created or updated because a duplicate of the current record already exists.",
        )


def _full_name(values: Mapping[str, Any]) -> dict[str, Any]:
    parts = (values.get("firstname"), values.get("middlename"), values.get("lastname"))
    name = " ".join(part for part in parts if part)
    return {"fullname": name} if name else {}
