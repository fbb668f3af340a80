# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions `addPassword` and `removePassword`, which applications and service principals share."""

from __future__ import annotations

from collections.abc import Callable

from ..directory.directory import APPLICATION
from ..directory.store import Object
from . import applications, secrets, service_principals
from .addressing import editable
from .call import Answer, Call

_CHECKS: dict[str, Callable[[Call, Object], None]] = {APPLICATION: applications.check_may_write}


def add_password(kind: str) -> Callable[[Call], Answer]:
    """`POST /applications/{id}/addPassword` and the same for service principals."""
    return _action(kind, secrets.add)


def remove_password(kind: str) -> Callable[[Call], Answer]:
    """`POST /applications/{id}/removePassword` and the same for service principals."""
    return _action(kind, secrets.remove)


def _action(kind: str, act: Callable[[Call, Object], Answer]) -> Callable[[Call], Answer]:
    def answer(call: Call) -> Answer:
        holder = editable(call, kind)
        _CHECKS.get(kind, service_principals.check_may_write)(call, holder)
        done = act(call, holder)
        call.directory.store.put(kind, holder)
        return done

    return answer
