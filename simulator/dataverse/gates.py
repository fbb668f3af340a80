# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The gates of an environment (contract: Gates): states and settings in which it refuses some or all callers.

The option `gates` lists them: `{code, status, message, callers, methods, path, times, retry_after}`. `callers` are
application or object ids, `path` is a regular expression for the path after `/api/data/v9.2/`, `times` is how often the
gate refuses before it opens, and `retry_after` is the value of the `Retry-After` header. Only `code` is required: the
codes below have a default status and message.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .errors import Refusal

if TYPE_CHECKING:
    from ..entra.tokens import Caller
    from .calls import Call
    from .state import EnvironmentData

_KEYS = frozenset({"code", "status", "message", "callers", "methods", "path", "times", "retry_after"})

#: The platform's status and message for the codes of its gates. Statuses that the contract marks as likely are likely.
TEXTS: dict[str, tuple[int, str]] = {
    "0x80095ffe": (403, "Access to Dataverse API is restricted: access to your ip is blocked by the IP firewall."),
    "0x80095ffc": (403, "Access to Dataverse API is restricted for this application by application access control."),
    "0x8004a104": (403, "The organization is disabled."),
    "0x8004a113": (403, "The user does not have permissions: the organization is in admin only mode."),
    "0x8004b044": (503, "The organization migration is underway."),
    "0x8004d253": (503, "The organization is not configured yet."),
    "0x80072561": (403, "The user is in an admin restricted location."),
    "0x80090477": (400, "This message is not supported for this offering."),
    "0x80072323": (429, "The limit of the database's resources is reached."),
    "0x80072324": (429, "Too many concurrent requests to the database."),
    "0x80048544": (429, "The query conflicts with throttling optimization."),
    "0x80072325": (400, "The storage quota of the Azure SQL database is exceeded."),
    "0x80044151": (500, "SQL timeout expired."),
    "0x8004ed47": (500, "Timeout expired before the lock of the application could be acquired."),
    "0x8004026c": (500, "A lock could not be had in time; retry the operation."),
    "0x80048554": (500, "The transaction timed out; retry the operation."),
    "0x80048560": (500, "The transaction was ended; retry the operation."),
    "0x80048542": (500, "A versioned row was not found in TempDB; try again later."),
    "0x80154b53": (500, "The operation failed; try again."),
    "0x80048543": (429, "The request timed out because a solution import is currently running."),
    "0x80041d50": (401, "The OAuth token is invalid."),
    "0x80041d52": (401, "The OAuth token has expired."),
    "0x8004a102": (401, "The ticket is bad."),
}


def check(gates: Iterable[Any]) -> None:
    """Check the format of gates. Raises ValueError."""
    for gate in gates:
        if not isinstance(gate, dict) or not {"code"} <= gate.keys() <= _KEYS:
            raise ValueError(f"The gate is invalid: give a code and optionally {', '.join(sorted(_KEYS - {'code'}))}.")
        re.compile(gate.get("path", ""))


def require_open(data: EnvironmentData, call: Call, caller: Caller) -> None:
    """Check that no gate refuses a request. Raises Refusal."""
    for gate in data.environment.spec.options.get("gates") or ():
        if _concerns(gate, call, caller) and _still_refuses(gate):
            status, message = TEXTS.get(gate["code"].lower(), (403, "The environment refuses the request."))
            headers = {"Retry-After": str(gate["retry_after"])} if "retry_after" in gate else {}
            raise Refusal(gate.get("status", status), gate["code"], gate.get("message", message), headers)


def require_customizable(data: EnvironmentData) -> None:
    """Check that the environment allows unmanaged customizations (contract: Blocked customizations). Raises Refusal."""
    if data.environment.spec.options.get("block_unmanaged_customizations", False):
        raise Refusal(
            403,
            "0x80072042",
            "This environment doesn't allow unmanaged customizations. This was a choice made by your admin, and "
            "certain actions won't be available or will be view only.",
        )


def _concerns(gate: dict[str, Any], call: Call, caller: Caller) -> bool:
    callers = [str(each).lower() for each in gate.get("callers", ())]
    if callers and not {caller.app_id, caller.object_id} & {*callers}:
        return False
    if "methods" in gate and call.method not in gate["methods"]:
        return False
    return re.search(gate.get("path", ""), call.path) is not None


def _still_refuses(gate: dict[str, Any]) -> bool:
    if "times" not in gate:
        return True
    gate["times"] -= 1
    return bool(gate["times"] >= 0)
