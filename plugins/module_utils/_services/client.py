# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the services' clients share: tokens, error envelopes and paging."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any, NoReturn

from .._identity.sign_in import SignIn
from .._rules.origins import Origins, is_absolute, origin_shown
from .._rules.timestamps import read_http_date
from .._transport.errors import CallFailed
from .._transport.http import LONGEST_RETRY_AFTER, Answer, BearerToken, Transport
from .refusal import Refusal, read_refusal


class Expect(Enum):
    """What a successful answer must hold. Only an answer of 200 to 299 can be successful."""

    OBJECT = "object"
    """A JSON object, which the caller reads."""
    NOTHING = "nothing"
    """A confirmation: 200, 202 or 204. Content is not read."""
    OBJECT_IF_CREATED = "object if created"
    """204 for a changed object, else the JSON object of the created one."""


_DONE = frozenset({200, 202, 204})

MOST_PAGES = 2000
"""The maximum of one list: at Graph's smallest page of 100 rows, more applications than the largest recycle bin
holds."""

LARGEST_LIST = 256 * 1024 * 1024
"""Characters of all pages of one list together: more would exceed the memory that a run may use."""


class _Pages:
    """Detects a list whose pages do not end."""

    def __init__(self) -> None:
        self._links: set[str] = set()
        self._size = 0

    def note(self, answer: Answer, link: str | None) -> None:
        """Take note of a page and of the link to the next one. Raises CallFailed."""
        self._size += len(answer.text)
        if link is None:
            return
        if link in self._links or len(self._links) >= MOST_PAGES or self._size > LARGEST_LIST:
            raise CallFailed(
                f"{answer.request} does not end after {len(self._links) + 1} pages: run again, and if it persists, "
                "check for a proxy or gateway that intercepts the request.",
                request=answer.request,
                status=answer.status,
            )
        self._links.add(link)


class ServiceClient:
    """Speaks to one OData service as one identity."""

    #: Headers that every request carries.
    headers: Mapping[str, str] = {"Accept": "application/json"}
    #: The answer's header that carries the service's own id of the request.
    request_id_header = "request-id"
    #: The property of a page that holds the address of the next one.
    next_link = "@odata.nextLink"

    def __init__(
        self, root: str, resource: str, sign_in: SignIn, transport: Transport, further_hosts: tuple[str, ...] = ()
    ) -> None:
        """`root` is prefixed to every path; `resource` is what tokens are requested for.

        `further_hosts` are other hosts of the same service, so that links to them may be followed.
        """
        self.root = root
        self._origins = Origins(root.split("/")[2], *further_hosts)
        self.sign_in = sign_in
        self._resource = resource
        self._transport = transport
        self._ahead = timedelta(0)

    def call(
        self,
        method: str,
        path: str,
        *,
        expect: Expect,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        own_codes: tuple[str, ...] = (),
    ) -> Answer:
        """Send a request to `path` (below the root, or an absolute URL) and return its successful answer.

        `expect` says what a successful answer must hold. `own_codes` are error codes that the caller handles: they are
        raised at once, even if the client would send the request again. Raises CallFailed for any other answer, or if
        there is none.
        """
        url = self._address(method, path)
        for fresh_token in (False, True):
            answer = self._transport.send(
                method,
                url,
                auth=BearerToken(self._token(fresh_token)),
                headers={**self.headers, **(headers or {})},
                json_body=body,
                repeatable=repeatable,
                retry_codes=self.passing,
                final=(lambda answer: answer.error.get("code") in own_codes) if own_codes else None,
            )
            # Once with a new token: a cached one may have been revoked in the meantime.
            if answer.status != 401:
                break
        self._note_time(answer)
        self._check(answer, expect)
        return answer

    def _check(self, answer: Answer, expect: Expect) -> None:
        """Decide what counts as success, in one place. Raises CallFailed for everything else."""
        said = f"{answer.request} was answered with {answer.status}"
        if 300 <= answer.status < 400:
            raise self._unusable(
                answer,
                f"{said}, a redirect to another address, which is never followed: check for a proxy or gateway that "
                "intercepts the request.",
            )
        if not 200 <= answer.status < 300:
            raise self.failed(answer)
        if expect is Expect.OBJECT or (expect is Expect.OBJECT_IF_CREATED and answer.status != 204):
            answer.body  # noqa: B018  # raises for anything else than an object
        elif answer.status not in _DONE or answer.is_page:
            raise self._unusable(
                answer,
                f"{said} ({answer.kind}), which does not confirm that it was carried out: run again, and if it "
                "persists, check for a proxy or gateway that intercepts the request.",
            )

    def _unusable(self, answer: Answer, sentence: str) -> CallFailed:
        return CallFailed(sentence, request=answer.request, status=answer.status, maybe_applied=True)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Return the JSON object at `path`."""
        return self.call("GET", path, expect=Expect.OBJECT, headers=headers).body

    def find(self, path: str, headers: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """Return the JSON object at `path`, or None if the service itself says that it does not exist."""
        try:
            return self.get(path, headers)
        except CallFailed as failed:
            if failed.says_missing:
                return None
            raise

    def rows(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of the collection at `path`, page after page.

        The next link is opaque and is followed unchanged, if it leads to the service itself; headers are sent with
        every page, as both services require.
        """
        page: str | None = path
        pages = _Pages()
        while page:
            answer = self.call("GET", page, expect=Expect.OBJECT, headers=headers)
            yield from self._rows_of(answer)
            page = self._next_page(page, answer.body)
            pages.note(answer, page)

    def service_time(self) -> datetime:
        """Return the service's time: expiry is judged by its clock, because this machine's may be wrong."""
        return datetime.now(timezone.utc) + self._ahead

    def clock_difference(self) -> timedelta:
        """Return by how much the service's clock is ahead of this machine's, as far as its answers have shown."""
        return self._ahead

    def remembered(self, read: Callable[[], Any], *key: str) -> Any:
        """Return what `read` returned under `key` earlier in this run, else read it and remember it.

        For JSON values that cannot change within a run, such as the ids of privileges. Empty results are not kept.
        """
        known = self.recall(*key)
        if not known:
            known = read()
            if known:
                self.remember(known, *key)
        return known

    def recall(self, *key: str) -> Any:
        """Return what was remembered under `key` in this run, or None.

        Values that one identity read in one tenant are never returned to another: Graph has one address for all
        tenants.
        """
        return self.sign_in.cache.get(*self._own(key))

    def remember(self, value: Any, *key: str) -> None:
        """Remember a JSON value for the rest of this run."""
        self.sign_in.cache.put(value, *self._own(key))

    def _own(self, key: tuple[str, ...]) -> tuple[str, ...]:
        return (self.root, *self.sign_in.credentials.fingerprint(), *key)

    def passing(self, answer: Answer) -> bool:
        """Say whether an answer declares that nothing was done and that the request should be sent again later."""
        return False

    def failed(self, answer: Answer) -> CallFailed:
        """Turn an answer of 400 and more into the error to raise."""
        refusal = read_refusal(answer.fields)
        return CallFailed(
            self._sentence(answer, refusal),
            request=answer.request,
            status=answer.status,
            code=refusal.code,
            message=refusal.message,
            request_id=answer.headers.get(self.request_id_header) or refusal.request_id,
            details=refusal.details,
            maybe_applied=answer.status >= 500,
        )

    def _sentence(self, answer: Answer, refusal: Refusal) -> str:
        said = ": ".join(part for part in (refusal.code, refusal.whole) if part)
        wait = answer.retry_after or 0.0
        if wait > LONGEST_RETRY_AFTER:
            return (
                f"The service is too busy for {answer.request}: it asks to wait {wait:.0f} s, which is longer than a "
                f"run waits, so run again after that ({said})."
            )
        if answer.status == 401 and "claims=" in answer.headers.get("WWW-Authenticate", ""):
            return (
                f"{answer.request} was refused with 401 even with a new token, because a conditional access policy of "
                f"tenant {self.sign_in.credentials.tenant} requires more (a claims challenge): exempt the runner or "
                f"this machine's address from that policy ({said})."
            )
        explained: str | None = None
        # Some services refuse an unknown caller without an error; an HTML page comes from another program.
        if refusal.given or (answer.status in (401, 403) and not answer.is_page):
            explained = self.explain(answer.status, refusal.code, refusal.whole or "nothing more")
        if explained is not None:
            return explained
        if refusal.given:
            return f"{answer.request} was refused with {answer.status} {said}."
        return (
            f"{answer.request} was answered with {answer.status} and no error from the service ({answer.kind}): run "
            "again, and if it persists, check for a proxy or gateway that intercepts the request."
        )

    def explain(self, status: int, code: str, message: str) -> str | None:
        """Return a sentence with the cure for an error that has one, else None."""
        return None

    def _rows_of(self, answer: Answer) -> list[dict[str, Any]]:
        rows = answer.body.get("value")
        if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
            return rows
        raise self._unusable(
            answer,
            f"{answer.request} was answered without a list of rows: run again, and if it persists, check for a proxy "
            "or gateway that intercepts the request.",
        )

    def _next_page(self, page: str, answer: Mapping[str, Any]) -> str | None:
        link = answer.get(self.next_link)
        if not link:
            return None
        address = self._address("GET", page)
        return self._origins.linked(address, link) or self._refuse_link(f"GET {address}", link)

    def _address(self, method: str, path: str) -> str:
        """Return where to send a request to. Raises CallFailed before anything is sent to another origin."""
        url = path if is_absolute(path) else self.root + path
        return self._origins.own(url) or self._refuse_link(f"{method} {self.root}", path)

    def _refuse_link(self, request: str, link: object) -> NoReturn:
        """Raise CallFailed for an address in an answer that does not belong to the service."""
        request = request.partition("?")[0]
        raise CallFailed(
            f"{request} would continue at {origin_shown(link)}, which is not {self._origins.hosts[0]}: nothing was "
            "sent there; run again, and if it persists, check for a proxy or gateway that intercepts the request.",
            request=request,
        )

    def _note_time(self, answer: Answer) -> None:
        said = read_http_date(answer.headers.get("Date", ""))
        if said is not None:
            self._ahead = said - datetime.now(timezone.utc)

    def _token(self, fresh: bool) -> str:
        if fresh:
            self.sign_in.forget(self._resource)
        return self.sign_in.token(self._resource)
