# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests whether name and password alone are enough to sign in, as the lead service requires."""

from __future__ import annotations

import time

from ..._identity.credentials import Credentials
from ..._rules.well_known import DYNAMICS_CRM_APPLICATION_ID, SAMPLE_CLIENT_ID
from ..._transport.waiting import pauses
from .client import GraphClient

_NOT_KNOWN_YET = frozenset({"50034", "50126"})
"""How sign-in refuses while it does not know a new user or a new password."""

_MOST_TRIES = 6
"""Microsoft Entra locks an account after ten wrong passwords in a row (source: "smart lockout")."""


class PasswordSignIn:
    """Signs in as people, by name and password."""

    def __init__(self, graph: GraphClient) -> None:
        self._graph = graph

    def refusal(self, name: str, password: str) -> str | None:
        """Return None once the password signs in, else the AADSTS number of the refusal.

        A new password is tried a few times. Raises CallFailed when sign-in does not answer.
        """
        credentials = Credentials(self._graph.directory_id(), SAMPLE_CLIENT_ID, user_name=name, password=password)
        sign_in = self._graph.sign_in_as(credentials)
        # For environments, as the lead service does: the public client is Microsoft's own for them, and sign-in
        # requirements may differ by API.
        resource = DYNAMICS_CRM_APPLICATION_ID
        refused = sign_in.try_once(resource)
        for pause, _try in zip(pauses(1.0, 15.0), range(_MOST_TRIES - 1)):
            if refused not in _NOT_KNOWN_YET:
                break
            time.sleep(pause)
            refused = sign_in.try_once(resource)
        return refused
