# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Leads of one environment, as one of its users writes and reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..._rules.marketplace_lead import SOURCES, TEST_MARK
from ..._rules.odata import any_of, query, text_literal
from ..._rules.timestamps import read_timestamp
from ..._transport.errors import CallFailed
from ..client import Expect
from .client import EnvironmentClient

_NO_SUCH_SEGMENT = "0x80060888"

_STRONG = {"Consistency": "Strong"}
"""Asks the environment not to use cached privileges from before a change (contract: Consistency)."""


class NoLeadTable(Exception):
    """The environment has no table for leads: the application that brings it is not installed."""


@dataclass(frozen=True)
class Lead:
    """A lead, by its id and the time at which it was created."""

    lead_id: str
    created_on: datetime | None


class Leads:
    """Reads and writes leads as the user of one client."""

    def __init__(self, environment: EnvironmentClient) -> None:
        self._environment = environment

    def newest_of_marketplace(self, user_id: str) -> Lead | None:
        """Return the newest lead that the marketplace wrote, or None.

        It is the marketplace's if the user `user_id` created it or if its subject begins with one of the marketplace's
        sources; test leads, including Microsoft's own, do not count. Raises NoLeadTable or CallFailed.
        """
        own = [f"_createdby_value eq {user_id}", *(f"startswith(subject,{text_literal(f'{s}-')})" for s in SOURCES)]
        real = f"(lastname eq null or not startswith(lastname,{text_literal(TEST_MARK)}))"
        options = {
            "$select": "leadid,createdon",
            "$filter": f"({any_of(own)}) and {real}",
            "$orderby": "createdon desc",
            "$top": "1",
        }
        try:
            rows = [*self._environment.rows("leads" + query(options))]
        except CallFailed as failed:
            if failed.status == 404 and failed.has_code(_NO_SUCH_SEGMENT):
                raise NoLeadTable from failed
            raise
        return Lead(rows[0]["leadid"], read_timestamp(rows[0].get("createdon"))) if rows else None

    def owned_by(self, user_id: str) -> bool:
        """Say whether a user owns any leads; it owns none if the table does not exist."""
        options = {"$select": "leadid", "$filter": f"_ownerid_value eq {user_id}", "$top": "1"}
        try:
            return bool([*self._environment.rows("leads" + query(options))])
        except CallFailed as failed:
            if failed.status == 404 and failed.has_code(_NO_SUCH_SEGMENT):
                return False
            raise

    def text_lengths(self) -> dict[str, int]:
        """Return the length of each text column of a lead; none if the runner may not read it."""
        path = "EntityDefinitions(LogicalName='lead')/Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata"
        try:
            rows = [*self._environment.rows(path + query({"$select": "LogicalName,MaxLength"}))]
        except CallFailed as failed:
            if failed.status is None or failed.status >= 500:
                raise
            return {}
        return {str(row["LogicalName"]): int(row["MaxLength"]) for row in rows if row.get("MaxLength")}

    def with_last_name(self, last_name: str) -> str | None:
        """Return the id of the lead with a unique last name, or None."""
        rows = self._environment.list("leads", select=("leadid",), filter=f"lastname eq {text_literal(last_name)}")
        return str(rows[0]["leadid"]) if rows else None

    def create(self, values: Mapping[str, Any]) -> str | None:
        """Create a lead and return its id, or None if the answer does not name it."""
        answer = self._environment.call("POST", "leads", expect=Expect.NOTHING, body=dict(values), headers=_STRONG)
        found = re.search(r"leads\(([0-9a-fA-F-]{36})\)", answer.headers.get("OData-EntityId", ""))
        return found.group(1) if found else None

    def read(self, lead_id: str, columns: tuple[str, ...]) -> dict[str, Any]:
        """Return columns of a lead. Raises CallFailed, also when there is none."""
        return self._environment.get(f"leads({lead_id}){query({'$select': ','.join(columns)})}", _STRONG)

    def delete(self, lead_id: str) -> None:
        """Delete a lead; it may be deleted already."""
        self._environment.delete("leads", lead_id)
