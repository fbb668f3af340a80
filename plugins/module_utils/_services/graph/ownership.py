# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who owns an application: a runner may be allowed to write only its own."""

from __future__ import annotations

from ..._rules.odata import query
from ..._transport.errors import CallFailed
from .client import GraphClient

WRITE_OWNED = "Application.ReadWrite.OwnedBy"
WRITE_ALL = "Application.ReadWrite.All"

_SELECT = query({"$select": "id"})


class Ownership:
    """Determines whether the runner owns the applications that it may write only as their owner."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    @property
    def needed(self) -> bool:
        """Whether the runner may write only applications that it owns, as far as its token shows."""
        granted = self._graph.granted()
        return granted is not None and WRITE_OWNED in granted and WRITE_ALL not in granted

    def lacking(self, object_id: str) -> bool:
        """Say whether the runner needs to own an application and does not.

        `object_id` is the application's. Also false if its owners cannot be read. Ownership is read once in a run.
        Raises CallFailed.
        """
        runner = self._graph.runner_object_id
        if not self.needed or not runner or self._graph.recall("owner of", object_id):
            return False
        try:
            owners = {str(row["id"]).lower() for row in self._graph.rows(f"/applications/{object_id}/owners{_SELECT}")}
        except CallFailed as failed:
            if failed.status not in (403, 404):
                raise
            return False
        if runner in owners:
            self._graph.remember(True, "owner of", object_id)
        return runner not in owners

    def cure(self, application_id: str) -> str:
        """Return what makes the runner able to write an application, for the end of a sentence."""
        return (
            "make the runner its owner (az ad app owner add "
            f"--id {application_id} --owner-object-id {self._graph.runner_object_id}), or grant the runner "
            f"{WRITE_ALL} with admin consent"
        )
