# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`$batch`: many requests in one; change sets are all or nothing (contract: batch)."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .calls import Call, Reply, Session
from .errors import Refusal, bad_payload, bad_query

_MOST_REQUESTS = 1000
_BOUNDARY = re.compile(r'multipart/mixed\s*;.*?boundary\s*=\s*(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE | re.DOTALL)
_REQUEST_LINE = re.compile(r"([A-Z]+) +(\S+)(?: +HTTP/1\.1)?")
_REFERENCE = re.compile(r"^/?\$(\w+)")
_READING = frozenset({"GET", "HEAD"})

Answer = Callable[[Call], Reply]


@dataclass
class _Part:
    headers: dict[str, str]
    body: bytes


class _Malformed(Exception):
    """A batch that cannot be parsed; the platform's answer to it is not OData."""


def respond(session: Session, answer: Answer, scope: MutableMapping[str, Any]) -> Reply:
    """The answer to a batch; `answer` answers the requests in it. Raises Refusal."""
    call = session.call
    if call.method != "POST":
        raise Refusal(405, "0x80060888", f"The requested resource does not support http method '{call.method}'.")
    try:
        parts = _parts(call.headers.get("content-type", ""), call.body)
        items = [_item(session, part) for part in parts]
    except _Malformed as malformed:
        return _not_odata(str(malformed))
    requests = [inner for item in items for inner in (item if isinstance(item, list) else [item])]
    if len(requests) > _MOST_REQUESTS:
        raise bad_query(f"The number of requests in the batch exceeds the limit of {_MOST_REQUESTS}.")
    writes = any(inner.method not in _READING for inner in requests)
    # The request log and the refusal of writes treat a batch like its requests.
    scope["simulator.write"] = writes
    if writes and session.data.world.settings.refuse_writes:
        scope["simulator.refused"] = True
        raise Refusal(403, "SimulatorRefusesWrites", "The simulator refuses writes, and this batch holds some.")
    go_on = call.preferences.get("odata.continue-on-error", "false") != "false"
    written: list[bytes] = []
    status = 200
    boundary = f"batchresponse_{uuid.uuid4()}"
    for item in items:
        if isinstance(item, list):
            text, part_status = _change_set(session, item, answer)
        else:
            reply = _one(item, answer)
            text, part_status = _http(reply, None), reply.status
        written.append(text)
        if part_status >= 400 and not go_on:
            # The error of the request that ended the batch is also the batch's error.
            status = part_status
            break
    body = b"".join(b"--%s\r\n%s\r\n" % (boundary.encode(), text) for text in written)
    body += b"--%s--\r\n" % boundary.encode()
    return Reply(status, body.decode("utf-8"), {"Content-Type": f"multipart/mixed; boundary={boundary}"})


def _one(inner: Call, answer: Answer) -> Reply:
    from .service import refused_reply

    try:
        return answer(inner)
    except Refusal as refused:
        return refused_reply(refused, inner)


def _change_set(session: Session, calls: list[Call], answer: Answer) -> tuple[bytes, int]:
    """The answers to a change set, and its status; after a failure only its answer, and nothing is changed."""
    from .service import refused_reply

    boundary = f"changesetresponse_{uuid.uuid4()}"
    replies: list[tuple[Call, Reply]] = []
    known: dict[str, str] = {}
    try:
        with session.data.transaction():
            for inner in calls:
                _resolve(inner, known)
                reply = answer(inner)
                replies.append((inner, reply))
                if "OData-EntityId" in reply.headers:
                    known[inner.headers["content-id"]] = reply.headers["OData-EntityId"]
    except Refusal as refused:
        return _http(refused_reply(refused, inner), inner.headers.get("content-id")), refused.status
    body = b"".join(
        b"--%s\r\n%s\r\n" % (boundary.encode(), _http(reply, inner.headers["content-id"])) for inner, reply in replies
    )
    head = f"Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n".encode()
    return head + body + b"--%s--\r\n" % boundary.encode(), 200


def _resolve(inner: Call, known: dict[str, str]) -> None:
    """Replace `$1` and similar by addresses, in the path and in the body's references."""
    match = _REFERENCE.match(inner.path)
    if match and match.group(1) in known:
        address = known[match.group(1)].split("/api/data/", 1)[1].partition("/")[2]
        inner.path = address + inner.path[match.end() :]
    if b'"$' in inner.body or b'"/$' in inner.body:
        text = inner.body.decode("utf-8", "replace")
        for number, address in known.items():
            text = re.sub(rf'"/?\${re.escape(number)}"', json.dumps(address), text)
        inner.body = text.encode()


def _parts(content_type: str, body: bytes) -> list[_Part]:
    match = _BOUNDARY.match(content_type.strip())
    if match is None:
        raise _Malformed(
            f"Invalid 'Content-Type' header '{content_type}': a multipart/mixed one with a boundary is expected."
        )
    boundary = (match.group(1) or match.group(2)).encode()
    text = body.replace(b"\r\n", b"\n")
    pieces = re.split(rb"(?:^|\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\n|$)", text)
    # The split yields: preamble, marker, part, marker, part, ...; the last boundary's marker is its two hyphens.
    if len(pieces) < 3:
        raise _Malformed("Invalid batch: the boundary does not occur in the body.")
    if b"--" not in pieces[1::2]:
        raise _Malformed("Invalid batch: the closing boundary is missing.")
    return [_part(piece) for piece in pieces[2:-1:2] if piece.strip()]


def _part(piece: bytes) -> _Part:
    head, _blank, body = piece.partition(b"\n\n") if not piece.startswith(b"\n") else (b"", b"", piece[1:])
    return _Part(_headers(head.split(b"\n")), body)


def _headers(lines: list[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            found[name.strip().lower()] = value.strip()
    return found


def _item(session: Session, part: _Part) -> Call | list[Call]:
    kind = part.headers.get("content-type", "")
    if kind.lower().startswith("multipart/mixed"):
        calls = [_call(session, inner) for inner in _parts(kind, part.body)]
        for inner in calls:
            if "content-id" not in inner.headers:
                raise bad_query("Content-ID header not present")
            if inner.method == "GET":
                raise bad_query("An invalid HTTP method 'GET' was detected for a request in a change set.")
        if len({inner.headers["content-id"] for inner in calls}) != len(calls):
            raise bad_query("The content ids of the requests in a change set must be unique.")
        return calls
    return _call(session, part)


def _call(session: Session, part: _Part) -> Call:
    if not part.headers.get("content-type", "").lower().startswith("application/http"):
        raise _Malformed("Invalid batch: a part is neither application/http nor a change set.")
    head, _blank, body = part.body.lstrip(b"\n").partition(b"\n\n")
    first, *lines = head.split(b"\n")
    match = _REQUEST_LINE.fullmatch(first.decode("latin-1").strip())
    if match is None:
        raise _Malformed("Invalid batch: a part holds no request line.")
    method, target = match.groups()
    address = urlsplit(target)
    path = address.path
    if "/api/data/" in path:
        path = path.split("/api/data/", 1)[1].partition("/")[2]
    if path.strip("/") == "$batch":
        raise bad_query("A batch cannot hold another batch.")
    headers = {**_headers(lines)}
    if "content-id" in part.headers:
        headers.setdefault("content-id", part.headers["content-id"])
    body = body.rstrip(b"\n")
    if method in ("POST", "PATCH", "PUT") and body and not headers.get("content-type"):
        raise bad_payload(path, "The stream is not readable: a request in the batch has a body without a content type.")
    inherited = {name: session.call.headers[name] for name in ("consistency",) if name in session.call.headers}
    return Call(
        method, session.call.root, path.lstrip("/"), address.query, {**inherited, **headers}, body, in_batch=True
    )


_REASONS = {
    200: "OK",
    201: "Created",
    204: "No Content",
    304: "Not Modified",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    429: "Too Many Requests",
    500: "Internal Server Error",
}


def _http(reply: Reply, content_id: str | None) -> bytes:
    """A reply as a part of a batch's answer."""
    lines = ["Content-Type: application/http", "Content-Transfer-Encoding: binary"]
    if content_id is not None:
        lines.append(f"Content-ID: {content_id}")
    lines += ["", f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Status')}"]
    payload = reply.payload()
    if payload:
        lines.append(f"Content-Type: {reply.headers.get('Content-Type', 'application/json; odata.metadata=minimal')}")
    lines += [f"{name}: {value}" for name, value in reply.headers.items() if name != "Content-Type"]
    lines += ["OData-Version: 4.0", "", ""]
    return "\r\n".join(lines).encode() + payload


def _not_odata(message: str) -> Reply:
    return Reply(
        400,
        {
            "Message": "An error has occurred.",
            "ExceptionMessage": message,
            "ExceptionType": "Microsoft.OData.ODataException",
            "StackTrace": "   at Microsoft.Crm.Extensibility.OData.CrmODataBatchHandler.ParseBatchRequestsAsync",
            "ErrorCode": "0x0",
        },
        {"Content-Type": "application/json; charset=utf-8"},
    )
