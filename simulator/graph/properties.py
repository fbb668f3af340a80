# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One property of an object by its own address, such as ``/applications/{id}/appRoles`` (contract: addresses)."""

from __future__ import annotations

from collections.abc import Callable

from .addressing import addressed
from .call import Answer, Call
from .errors import no_such_segment
from .query import shown
from .schema import Collection


def get_property(kind: str, collection: Collection) -> Callable[[Call], Answer]:
    """What answers ``GET`` of a property of such objects."""

    def get(call: Call) -> Answer:
        item, name = addressed(call, kind), call.keys[1].value
        if name not in item or name.startswith(("_", "@")):
            raise no_such_segment(name)
        value = shown(item, [name])[name]
        if value is None:
            return Answer(204)
        context = {"@odata.context": call.context(f"{collection.name}('{item['id']}')/{name}")}
        return Answer(200, {**context, **(value if isinstance(value, dict) else {"value": value})})

    return get
