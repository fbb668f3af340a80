# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The platform's refusals: their status, code and message (contract: errors of the Dataverse Web API)."""

from __future__ import annotations

from typing import Any

NIL = "00000000-0000-0000-0000-000000000000"


class Refusal(Exception):
    """A request that the platform refuses. `code` is hexadecimal text such as `0x80040217`; it may be empty."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def body(self, annotated: bool = False) -> dict[str, Any]:
        """The error envelope; `annotated` adds the annotations that a caller can request."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if annotated:
            link = f"http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a{self.code[2:]}"
            details = "@Microsoft.PowerApps.CDS.ErrorDetails."
            error |= {
                f"{details}ApiExceptionSourceKey": "Plugin/Microsoft.Crm.ObjectModel",
                f"{details}ApiExceptionHttpStatusCode": str(self.status),
                f"{details}ApiExceptionMesageName": "UnManagedFault",
                f"{details}ApiExceptionCategory": "SystemFailure" if self.status >= 500 else "ClientError",
                "@Microsoft.PowerApps.CDS.HelpLink": f"{link}&client=platform",
                "@Microsoft.PowerApps.CDS.TraceText": "",
                "@Microsoft.PowerApps.CDS.InnerError.Message": self.message,
            }
        return {"error": error}


def signed(code: str) -> int:
    """A code as rows hold it: `0x80048033` is -2147188685."""
    number = int(code, 16)
    return number - 2**32 if number >= 2**31 else number


def no_segment(name: str) -> Refusal:
    """The address names something that does not exist."""
    return Refusal(404, "0x80060888", f"Resource not found for the segment '{name}'.")


def bad_query(message: str) -> Refusal:
    """A query option or a part of the address is invalid."""
    return Refusal(400, "0x80060888", message)


def no_row(schema_name: str, identifier: str) -> Refusal:
    """A row that does not exist, or no longer exists."""
    return Refusal(404, "0x80040217", f"Entity '{schema_name}' With Id = {identifier} Does Not Exist")


def bad_payload(entity_set: str, message: str) -> Refusal:
    """A body that does not match its type."""
    return Refusal(
        400,
        "0x80048d19",
        f"Error identified in Payload provided by the user for Entity :'{entity_set}', For more information on this "
        "error please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException : "
        f"Microsoft.OData.ODataException: {message}",
    )


def undeclared_property(entity_set: str, name: str) -> Refusal:
    """A body names a property its type does not have."""
    return bad_payload(
        entity_set,
        f"An undeclared property '{name}' which only has property annotations in the payload but no property value "
        "was found in the payload. In OData, only declared navigation properties and declared named streams can be "
        "represented as properties without values.",
    )


def invalid_argument(message: str) -> Refusal:
    """An invalid argument."""
    return Refusal(400, "0x80040203", message)


def duplicate_row() -> Refusal:
    """A second row with the same key, such as a second application user of one application."""
    return Refusal(412, "0x80040237", "A record with matching key values already exists.")


def changed_meanwhile(schema_name: str) -> Refusal:
    """An outdated ETag."""
    return Refusal(
        412,
        "0x80060882",
        f"The version of the existing record doesn't match the RowVersion property provided. (table {schema_name})",
    )


def method_not_allowed(method: str) -> Refusal:
    """A verb that the resource does not support."""
    return Refusal(405, "0x80060888", f"The requested resource does not support http method '{method}'.")
