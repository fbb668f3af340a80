# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One property of an object by its own address, such as `/applications/{id}/appRoles` (contract: addresses)."""

from __future__ import annotations

from collections.abc import Callable

from ..directory.store import Object, View
from .addressing import addressed
from .call import Answer, Call
from .errors import no_such_segment
from .query import shown
from .schema import Collection


def get_property(kind: str, collection: Collection) -> Callable[[Call], Answer]:
    """The handler for `GET` of a property of such objects."""

    def get(call: Call) -> Answer:
        name = call.keys[1].value
        # All objects of a kind have the same properties, so a mistyped one is refused whatever the object.
        if name.startswith(("_", "@")) or any(name not in other for other in _any(call, kind)):
            raise no_such_segment(name)
        item = addressed(call, kind)
        value = shown(item, [name])[name]
        if value is None:
            return Answer(204)
        context = {"@odata.context": call.context(f"{collection.name}('{item['id']}')/{name}")}
        return Answer(200, {**context, **(value if isinstance(value, dict) else {"value": value})})

    return get


def _any(call: Call, kind: str) -> list[Object]:
    """Any object of that kind, if there is one."""
    return list(call.directory.store.all(kind, View.BY_ID))[:1]
