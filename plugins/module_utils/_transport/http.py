# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP policy for all services.

TLS, proxies and CA bundles follow the usual variables, and an explicit `ca_bundle` wins over them. Retries: a request
that is safe to repeat (GET, PUT, PATCH, DELETE) is repeated after a broken connection and after 429, 502, 503 and 504,
and a few times after 500; a POST only after an answer that says nothing was done (429). A POST without a good answer
raises with `maybe_applied`, because only its sender can check whether it was carried out. The size and the time of
answers are limited.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from .._rules.recorded_exchange import Received, Sent
from .._rules.timestamps import read_http_date
from .errors import CallFailed, note_request
from .recording import Recorder
from .trust import REQUESTS_IMPORT_ERROR, SslContextAdapter, default_ca_bundle
from .waiting import pauses

try:
    import requests
    import urllib3
    from requests.auth import AuthBase
except ImportError:  # pragma: no cover - reported by the entry point
    AuthBase = object  # type: ignore[assignment,misc]

_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "PATCH", "DELETE"})
_PASSING_STATUS = frozenset({429, 502, 503, 504})

LONGEST_RETRY_AFTER = 300.0
"""Seconds: the window of Dataverse's service protection limits; a longer wait is reported instead."""

SHORTEST_RETRY_AFTER = 1.0
"""Seconds: a shorter wait would send a thousand requests while the service recovers."""

_LONGEST_PLAUSIBLE = 7 * 86400.0
"""Seconds: a wait of more than a week is a mistake, and is ignored."""

TRIES_AFTER_500 = 4
"""The maximum number of tries of a request that gets 500 or an incomplete answer.

Graph and Dataverse answer 500 for temporary and for permanent problems, so it is retried for seconds only.
"""

LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes after decompression: several times the largest page (5,000 rows) or import report."""

LONGEST_ANSWER = 600.0
"""Seconds from the first byte of an answer's body to its last: a package of 95 MB on a line of 1.3 Mbit/s."""

_PIECE = 64 * 1024


class BearerToken(AuthBase):
    """Sets the token on a request.

    As an `auth` object rather than a header because requests would replace the header with a matching entry of .netrc.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Anonymous(AuthBase):
    """Sends a request without any authorization, even if .netrc has some for the host."""

    def __call__(self, request: Any) -> Any:
        return request


@dataclass
class Answer:
    """A service's answer: `status`, `headers` (looked up without regard to case), `text`, `body` if JSON."""

    status: int
    headers: Mapping[str, str]
    text: str
    request: str
    content: bytes = field(default=b"", repr=False)
    whole: bool = True

    @property
    def body(self) -> dict[str, Any]:
        """The JSON object of the answer.

        Raises CallFailed if there is none: an empty answer must not look like an empty result.
        """
        self.check()
        if not isinstance(self._parsed, dict):
            raise CallFailed(
                f"{self.request} was answered with {self.status} and no content: run again, and if it persists, check "
                "for a proxy or gateway that intercepts the request.",
                request=self.request,
                status=self.status,
                maybe_applied=True,
            )
        return self._parsed

    def check(self) -> None:
        """Raise CallFailed if the content is not a JSON object."""
        if self.text.strip() and not isinstance(self._parsed, dict):
            raise CallFailed(
                f"{self.request} was answered with {self.status} and something that is not a JSON object "
                f"({self.kind}): run again, and if it persists, check for a proxy or gateway that intercepts the "
                "request.",
                request=self.request,
                status=self.status,
                maybe_applied=True,
            )

    @property
    def kind(self) -> str:
        """The content type that the answer names, without its parameters."""
        return self.headers.get("Content-Type", "no content type").split(";")[0]

    @property
    def is_half(self) -> bool:
        """Whether it is a truncated JSON object."""
        return "json" in self.kind.lower() and self.text.lstrip().startswith("{") and self._parsed is None

    @property
    def retry_after(self) -> float | None:
        """The seconds that the service asks to wait, or None if it names no future time."""
        named = self.headers.get("Retry-After", "")
        try:
            seconds = float(named)
        except ValueError:
            until = read_http_date(named)
            now = read_http_date(self.headers.get("Date", "")) or datetime.now(timezone.utc)
            seconds = (until - now).total_seconds() if until is not None else 0.0
        return seconds if 0.0 < seconds <= _LONGEST_PLAUSIBLE else None

    @property
    def is_page(self) -> bool:
        """Whether it holds an HTML page, such as a gateway's sign-in page, which the services never send."""
        return "html" in self.kind.lower() or self.text.lstrip().startswith("<")

    @property
    def error(self) -> dict[str, Any]:
        """The `error` object of an answer that carries one, else an empty dictionary; never raises."""
        error = self.fields.get("error")
        return error if isinstance(error, dict) else {}

    @property
    def fields(self) -> dict[str, Any]:
        """The JSON object of an answer that carries one, else an empty dictionary; never raises."""
        return self._parsed if isinstance(self._parsed, dict) else {}

    @property
    def content_as_json(self) -> Any:
        """The JSON content of the answer, None if there is none; never raises."""
        return self._parsed

    @cached_property
    def _parsed(self) -> Any:
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):  # the latter for an answer that is nested too deep to be one of a service
            return None


class Transport:
    """Sends requests to any service by one policy; connections are kept for the life of the object."""

    def __init__(
        self,
        *,
        ca_bundle: str | None = None,
        timeout: float = 60.0,
        retry_for: float = 180.0,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        record_directory: str | None = None,
    ) -> None:
        """`timeout` is for one try and `retry_for` for all tries of one request, both in seconds.

        Requests and answers are recorded in `record_directory`, censored, if it is given.
        """
        self._ca_bundle = ca_bundle
        self._timeout = timeout
        self._retry_for = retry_for
        self._sleep = sleep
        self._clock = clock
        self._recorder = Recorder(record_directory) if record_directory else None
        self._session: Any = None
        self._opening = threading.Lock()
        self._proxies: dict[str, Any] = {}

    def send(
        self,
        method: str,
        url: str,
        *,
        auth: Any = None,
        headers: Mapping[str, str] | None = None,
        json_body: Any = None,
        form: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        retry_codes: Callable[[Answer], bool] | None = None,
        final: Callable[[Answer], bool] | None = None,
        download: int | None = None,
    ) -> Answer:
        """Send a request and return the answer, whatever its status.

        `repeatable` overrides whether the request may be sent again after a failure that leaves open whether it was
        carried out. `retry_codes` says whether an answer declares that nothing was done and that the request should be
        sent again later. `final` says whether the caller handles an answer, whatever its status. `download` is the
        maximum size in bytes of a requested file, which is returned as `content`. Raises CallFailed without a complete
        answer.
        """
        may_repeat = method in _REPEATABLE if repeatable is None else repeatable
        request = f"{method} {address_shown(url)}"
        note_request(request)
        if self._recorder is not None:
            self._recorder.open()
        end = self._clock() + self._retry_for
        for tried, pause in enumerate(pauses(1.0, 30.0, 2.0), start=1):
            try:
                answer = self._try_once(method, url, request, auth, headers, json_body, form, params, download)
            except CallFailed as failed:
                self._record(method, url, headers, form if json_body is None else json_body, params, failed)
                # A connection that was never made cannot have carried anything out.
                if (
                    isinstance(failed, _Hopeless)
                    or (not may_repeat and failed.maybe_applied)
                    or self._clock() + pause > end
                ):
                    raise
            else:
                self._record(
                    method, url, headers, form if json_body is None else json_body, params, answer, bool(download)
                )
                if final is not None and final(answer):
                    return answer
                if not (
                    _passes(method, answer, may_repeat, tried) or (retry_codes is not None and retry_codes(answer))
                ):
                    return answer
                wait = answer.retry_after
                if wait is not None:
                    pause = max(SHORTEST_RETRY_AFTER, wait)
                if self._clock() + pause > end or (wait or 0.0) > LONGEST_RETRY_AFTER:
                    return answer
            self._sleep(pause)
        raise AssertionError("pauses never end")

    def _record(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        body: Any,
        params: Mapping[str, str] | None,
        outcome: Answer | CallFailed,
        is_file: bool = False,
    ) -> None:
        """Record one try, with its answer or its error."""
        if self._recorder is None:
            return
        address = f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url
        sent = Sent(method, address, headers or {}, body)
        if isinstance(outcome, Answer):
            received = Received(outcome.status, outcome.headers, outcome.content_as_json, outcome.text, is_file)
            self._recorder.note_answer(sent, received)
        else:
            # The suppressed cause is still available.
            *_wrappers, reason = _reasons(outcome.__context__ or outcome)
            self._recorder.note_break(sent, reason, outcome.maybe_applied)

    def _try_once(
        self,
        method: str,
        url: str,
        request: str,
        auth: Any,
        headers: Mapping[str, str] | None,
        json_body: Any,
        form: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        download: int | None,
    ) -> Answer:
        session = self._open_session()
        try:
            got = session.request(
                method,
                url,
                auth=auth if auth is not None else Anonymous(),
                headers={"client-request-id": str(uuid.uuid4()), **(headers or {})},
                json=json_body,
                data=form,
                params=params,
                timeout=self._timeout,
                allow_redirects=False,
                proxies=self._proxies_to(url),
                stream=True,
            )
            content = self._read(got, request, download or LARGEST_ANSWER)
        except (ValueError, urllib3.exceptions.LocationParseError) as error:
            raise _unusable_address(request, self._proxy_of(url), error) from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ConnectionError) as error:
            raise _no_answer(request, error, self._proxy_of(url)) from None
        except requests.exceptions.RequestException as error:
            raise CallFailed(
                f"{request} got no complete answer within {self._timeout:.0f} s: run again, or raise timeout "
                f"({_innermost(error, self._proxy_of(url))}).",
                request=request,
                maybe_applied=True,
            ) from None
        if download:
            return Answer(got.status_code, got.headers, "", request, content)
        return Answer(got.status_code, got.headers, _text(got, content), request)

    def _read(self, got: Any, request: str, largest: int) -> bytes:
        """Return the content of an answer, within its limits. Raises CallFailed, or what requests raises."""
        end = self._clock() + LONGEST_ANSWER
        content = bytearray()
        with contextlib.closing(got):
            for piece in _pieces(got):
                content += piece
                if len(content) > largest:
                    raise _Hopeless(
                        f"{request} was answered with more than {largest // 1024**2} MiB, which is too large to be "
                        "right: check the address, and for a proxy or gateway that intercepts the request.",
                        request=request,
                        status=got.status_code,
                        maybe_applied=True,
                    )
                if self._clock() > end:
                    raise _Hopeless(
                        f"{request} was not answered in full within {LONGEST_ANSWER:.0f} s: check the network, and for "
                        "a proxy or gateway that holds the answer back, then run again.",
                        request=request,
                        status=got.status_code,
                        maybe_applied=True,
                    )
        return bytes(content)

    def _proxies_to(self, url: str) -> Any:
        """The proxies for a host, from the usual variables.

        Looked up once for each host: requests would read the whole environment again for every request.
        """
        host = urlsplit(url).netloc
        if host not in self._proxies:
            reader = requests.Session()
            self._proxies[host] = reader.merge_environment_settings(url, {}, None, True, None)["proxies"]
        return self._proxies[host]

    def _proxy_of(self, url: str) -> str:
        """The address of the proxy for a request, or an empty text; never raises."""
        try:
            return str(requests.utils.select_proxy(url, self._proxies_to(url)) or "")
        except ValueError:
            return ""

    def _open_session(self) -> Any:
        with self._opening:
            if self._session is None:
                if REQUESTS_IMPORT_ERROR is not None:
                    raise REQUESTS_IMPORT_ERROR
                session = requests.Session()
                # The environment's variables are read in one place, and .netrc is ignored.
                session.trust_env = False
                # An explicit bundle wins over the usual variables.
                session.mount("https://", SslContextAdapter(self._ca_bundle or default_ca_bundle()))
                self._session = session
        return self._session


def address_shown(url: str) -> str:
    """Return an address without what can be a secret: user, password, query and fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a malformed address"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def secrets_in_address(url: str) -> set[str]:
    """Return the parts of an address that can be secrets: its user and password, and its query."""
    before, _hash, _fragment = url.partition("#")
    place, _mark, query = before.partition("?")
    login = place.partition("://")[2].rpartition("@")[0]
    return {part for part in (login, login.partition(":")[2], query) if len(part) > 2}


class _Hopeless(CallFailed):
    """A failure that retries cannot fix: a setting has to be changed first."""


def _unusable_address(request: str, proxy: str, error: BaseException) -> CallFailed:
    """The error for an address of a server or of a proxy that cannot be used at all, without any part of it."""
    if proxy:
        sentence = (
            f"{request} cannot be sent, because the proxy setting is not usable ({type(error).__name__}): write "
            "http://HOST:PORT in HTTPS_PROXY or ALL_PROXY; a SOCKS proxy also needs the Python library PySocks."
        )
    else:
        sentence = f"{request} cannot be sent ({type(error).__name__}): correct the address."
    return _Hopeless(sentence, request=request)


def _no_answer(request: str, error: BaseException, proxy: str = "") -> CallFailed:
    """The error for a connection that was refused or broken, with the cure for known causes."""
    never_sent = _never_sent(error)
    kind = CallFailed
    if proxy.lower().startswith("https:") and "WRONG_VERSION_NUMBER" in str(error):
        return _unusable_address(request, proxy, error)
    if never_sent and isinstance(error, requests.exceptions.SSLError):
        kind = _Hopeless
        sentence = (
            "failed because the server's certificate is not trusted: name your organization's CA file in ca_bundle or "
            "in REQUESTS_CA_BUNDLE"
        )
    elif never_sent and isinstance(error, requests.exceptions.ProxyError):
        kind = _Hopeless
        sentence = "failed at the proxy: check HTTPS_PROXY and that the proxy lets this host through"
    elif _unknown_host(error):
        kind = _Hopeless
        sentence = "failed because the host name could not be resolved: check it and this machine's DNS"
    else:
        sentence = "got no answer: check the host name and the network, then run again"
    return kind(f"{request} {sentence} ({_innermost(error, proxy)}).", request=request, maybe_applied=not never_sent)


def _unknown_host(error: BaseException) -> bool:
    """Say whether DNS has answered that the host does not exist, which is permanent."""
    causes = (each.__cause__ for each in _reasons(error))
    return any(isinstance(each, socket.gaierror) and each.errno in _NO_SUCH_HOST for each in causes)


_NO_SUCH_HOST = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


def _passes(method: str, answer: Answer, may_repeat: bool, tried: int) -> bool:
    """Say whether an answer after `tried` tries is temporary."""
    if answer.status == 500 or (answer.status == 200 and method == "GET" and answer.is_half):
        return may_repeat and tried < TRIES_AFTER_500
    return answer.status == 429 or (may_repeat and answer.status in _PASSING_STATUS)


def _pieces(got: Any) -> Iterator[bytes]:
    """Yield the content of an answer as it arrives, decompressed.

    With `read1` if urllib3 has it (2.1 and newer), which returns what is available: `iter_content` would wait for a
    whole chunk, and a slow sender could keep it waiting beyond every limit.
    """
    read = getattr(got.raw, "read1", None)
    if read is None:
        yield from got.iter_content(_PIECE)
        return
    try:
        while True:
            piece = read(_PIECE, decode_content=True)
            if not piece:
                return
            yield piece
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.exceptions.ConnectionError(error) from error
    except urllib3.exceptions.DecodeError as error:
        raise requests.exceptions.ContentDecodingError(error) from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.exceptions.ChunkedEncodingError(error) from error


def _text(got: Any, content: bytes) -> str:
    """Return the text of an answer; JSON is UTF-8 unless it says otherwise, and may begin with a byte order mark."""
    named = requests.utils.get_encoding_from_headers(got.headers) or "utf-8"
    try:
        return content.decode("utf-8-sig" if named.lower() == "utf-8" else named, errors="replace")
    except LookupError:
        return content.decode("utf-8", errors="replace")


def _never_sent(error: BaseException) -> bool:
    """Say whether the connection failed before anything of the request was sent.

    Only errors that are known to come first count: behind a proxy urllib3 reports every broken connection as a proxy
    error, even after the request was sent, and TLS reports a broken connection as an error of its own.
    """
    return any(
        type(each).__name__ in _BEFORE_SENDING or str(each).startswith("Tunnel connection failed")
        for each in _reasons(error)
    )


_BEFORE_SENDING = frozenset(
    {"ConnectTimeout", "NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "SSLCertVerificationError"}
)


def _innermost(error: BaseException, proxy: str = "") -> str:
    """The shortest true reason inside a chain of wrapped errors; it never holds headers, bodies, or a proxy's login."""
    *_wrappers, reason = _reasons(error)
    text = str(reason)
    for part in _login_of(proxy):
        text = text.replace(part, "***")
    return f"{type(reason).__name__}: {text}" if text else type(reason).__name__


def _login_of(proxy: str) -> list[str]:
    """The user and the password in a proxy's address, as they are written and as they are meant, the longest first."""
    login = proxy.rpartition("@")[0].partition("://")[2]
    user, _colon, password = login.partition(":")
    parts = {login, user, password, unquote(login), unquote(user), unquote(password)}
    return sorted((part for part in parts if len(part) > 1), key=len, reverse=True)


def _reasons(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it wraps, from the outside to the inside."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        inner = getattr(seen.args[0], "reason", None) if seen.args else None
        if not isinstance(inner, BaseException):
            inner = next((each for each in seen.args if isinstance(each, BaseException)), None)
        seen = None if inner is seen else inner
