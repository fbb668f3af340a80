# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an environment's refusals mean, by code, and the reaction: explain, wait, or send again.

Sources: Microsoft's list of Dataverse web service error codes; the pages on the IP firewall, application access
control, administration mode and blocked unmanaged customizations of Power Platform's documentation; and, for new
applications, the errors that public clients wait out.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

ADD_THE_RUNNER = (
    "The runner ({runner}) is not a user of {host}: add it there as an application user with the security role System "
    "Administrator, for example by pac admin assign-user --environment https://{host} --user {runner} --role "
    '"System Administrator" --application-user; if that was done a minute ago, run again.'
)


class Answer(Enum):
    """What to do about a refusal."""

    EXPLAIN = "explain"
    """A setting has to be changed first."""
    RETRY = "retry"
    """The environment could not do it at that moment: send the same request again if it is safe to repeat."""
    WAIT_FOR_OPERATION = "wait for operation"
    """A solution operation is running: nothing was done, and the same request may be sent again when it has ended."""
    WAIT_FOR_DIRECTORY = "wait for directory"
    """The environment does not see a new directory object yet."""


@dataclass(frozen=True)
class EnvironmentRefusal:
    """One refusal. `sentence` is for the user, with {host} and {runner} in it, and empty if none is needed.

    `closed` says that the environment's own state or setting refuses, not the caller's rights: such a gate blocks leads
    too.
    """

    code: str
    answer: Answer
    sentence: str = ""
    closed: bool = False


def _gate(code: str, sentence: str) -> EnvironmentRefusal:
    return EnvironmentRefusal(code, Answer.EXPLAIN, sentence, closed=True)


def _explained(code: str, sentence: str) -> EnvironmentRefusal:
    return EnvironmentRefusal(code, Answer.EXPLAIN, sentence)


_MOVED = "{host} is being set up or moved by Microsoft: wait until that has finished, and run again."
_BUSY = "Another solution operation is running in {host}: run again when it has ended, or raise timeout."
_LOCKED_ROLE = (
    "The security role may not be edited in {host}: set on_locked to companion to add what is missing in a second role."
)
_LICENSE = (
    "The user has no license in {host}: assign it one for Dynamics 365, and run again when it is in effect there."
)
_OTHER_ROLE = "The security role System Administrator cannot be edited in {host}: name another role."
_PRIVILEGE_LIST = (
    "{host} refuses privileges of the security role that it listed itself: run again, because an app may have been "
    "installed or removed in the meantime."
)
_LACKS_PRIVILEGES = (
    "The user or team affected by the request lacks required privileges in {host}: assign it a security role that has "
    "them."
)
_LAST_ADMINISTRATOR = (
    "{host} does not remove its last administrator: assign another user the role System Administrator there first."
)

REFUSALS: dict[str, EnvironmentRefusal] = {
    refusal.code: refusal
    for refusal in (
        # --- gates of the environment
        _gate(
            "0x80095ffe",
            "{host} blocks requests from this machine's address (IP firewall): allow the address in the Power Platform "
            "admin center, and make sure that Microsoft's lead service is allowed too.",
        ),
        _gate(
            "0x80095ffc",
            "{host} blocks application {runner} (application access control): allow it and the application that writes "
            "leads in the Power Platform admin center.",
        ),
        _gate(
            "0x80072042",
            "{host} blocks unmanaged customizations, and a change of a security role is one: set on_locked to "
            "companion_solution if a role lacks privileges, or turn that setting off in the Power Platform admin "
            "center, run again, and turn it on again.",
        ),
        _gate(
            "0x8004a104",
            "The environment {host} is disabled: enable it in the Power Platform admin center.",
        ),
        _gate(
            "0x8004a113",
            "{host} is in administration mode, in which leads are refused too: turn that mode off in the Power "
            "Platform admin center.",
        ),
        _gate("0x8004b044", _MOVED),
        _gate("0x8004d253", _MOVED),
        _gate(
            "0x80072561",
            "{host} refuses sign-ins of {runner} from this location: allow it in the conditional access policies of "
            "the tenant.",
        ),
        _gate(
            "0x80072325",
            "The storage of {host} is full: free some storage or buy more, because leads are refused too.",
        ),
        _gate(
            "0x80090477",
            "{host} does not support this, like all environments of Dataverse for Teams: use an environment with "
            "Dynamics 365 Sales.",
        ),
        # --- who calls
        _explained("0x80072560", ADD_THE_RUNNER),
        _explained(
            "0x80042f09",
            "The runner ({runner}) has no security role in {host}: assign it System Administrator there.",
        ),
        _explained("0x8004f026", _LOCKED_ROLE),
        _explained("0x8004f027", _LOCKED_ROLE),
        _explained("0x8004f032", _LOCKED_ROLE),
        _explained("0x80044152", _LOCKED_ROLE),
        _explained("0x8004f012", _LOCKED_ROLE),
        _explained("0x8004f013", _LOCKED_ROLE),
        _explained("0x80041d31", _OTHER_ROLE),
        _explained("0x80041408", _PRIVILEGE_LIST),
        _explained("0x800404ce", _PRIVILEGE_LIST),
        _explained("0x8004140f", _PRIVILEGE_LIST),
        _explained("0x80040231", _LACKS_PRIVILEGES),
        _explained("0x8004d24b", _LICENSE),
        _explained("0x8004d24c", _LICENSE),
        _explained("0x80041d66", _LICENSE),
        _explained("0x80042f14", _LICENSE),
        _explained("0x80040d39", _LAST_ADMINISTRATOR),
        _explained("0x80041d2f", _LAST_ADMINISTRATOR),
        _explained("0x80041d30", _LAST_ADMINISTRATOR),
        # --- users that the environment does not accept
        _explained(
            "0x80040530",
            "{host} does not accept the business unit of a new application user: create the application user in the "
            "Power Platform admin center, and run again.",
        ),
        _explained(
            "0x80041d4f",
            "The user in {host} belongs to an earlier service principal of the same application: delete the user "
            "there, and run again.",
        ),
        _explained("0x80041d2c", "The user already exists in {host}: run again."),
        _explained(
            "0x80041d65",
            "{host} does not disable an administrator of the tenant: remove the directory role from the user first.",
        ),
        # --- another operation
        EnvironmentRefusal("0x80071151", Answer.WAIT_FOR_OPERATION, _BUSY),
        EnvironmentRefusal("0x80071155", Answer.WAIT_FOR_OPERATION, _BUSY),
        EnvironmentRefusal("0x80048543", Answer.WAIT_FOR_OPERATION, _BUSY),
        # --- limits, locks and time-outs of the database
        *(
            EnvironmentRefusal(code, Answer.RETRY, "{host} was too busy for the request: run again later.")
            for code in (
                *("0x80072323", "0x80072324", "0x80048544"),
                *("0x80044151", "0x8004ed47", "0x8004026c", "0x80048554", "0x80048560", "0x80048542", "0x80154b53"),
            )
        ),
        # --- the directory. It is not documented which one occurs in which case, so all are waited out.
        *(
            EnvironmentRefusal(code, Answer.WAIT_FOR_DIRECTORY)
            for code in (
                *("0x8004f510", "0x8004f512", "0x80041d54", "0x80041d37"),
                *("0x80072559", "0x80041d49", "0x80041d28", "0x80041d4b", "0x80041d2a"),
            )
        ),
    )
}

BACKGROUND_OPERATIONS_OFF = EnvironmentRefusal(
    "",
    Answer.WAIT_FOR_OPERATION,
    "{host} runs no background operations: if it is new, run again in a few minutes; if it is in administration mode, "
    "turn background operations on in the Power Platform admin center.",
    closed=True,
)
"""Recognized only by its text: its code and its status are not documented."""

ASYNC_DISABLED = "async operations are currently disabled"


def refusal_of(code: str, message: str = "") -> EnvironmentRefusal | None:
    """Return what is known about a refusal, or None."""
    if ASYNC_DISABLED in message.lower():
        return BACKGROUND_OPERATIONS_OFF
    return REFUSALS.get(code.lower())


def codes_of(answer: Answer) -> tuple[str, ...]:
    """Return the codes that require the same reaction."""
    return tuple(refusal.code for refusal in REFUSALS.values() if refusal.answer is answer)
