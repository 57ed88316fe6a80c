"""One connection to an endpoint, kept open from event to event; every size and time is bounded.

Nothing is followed (a redirect is an answer like any other), no proxy is asked, no cookie kept.  A peer that sends one byte a
second would outlast each time limit of a socket, so the limit of a whole attempt is kept by somebody else: `Connection.overdue`
is called by another thread.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError, SSLError

from mailman_rest_events.sending.addresses import ForbiddenAddressError, addresses_of
from mailman_rest_events.sending.answers import Answer, Verdict
from mailman_rest_events.sending.schedule import asked_delay

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mailman_rest_events.endpoints.settings import Endpoint

_ANSWER_BYTES = 64 * 1024
_BUSY = frozenset({408, 425, 429, 502, 503, 504})
# A connection that nobody has used for so long was probably closed by the other side, and a name may lead elsewhere by now.
_IDLE_SECONDS = 30.0


class Connection:
    """What is sent to one endpoint goes through here, one request at a time."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._parts = urlsplit(endpoint.url)
        self._open: HTTPConnection | None = None
        self._used = 0.0
        self._deadline: float | None = None
        self._overdue = False
        self._lock = threading.Lock()

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request, and tell what became of it; raises nothing.

        :param headers: Beside those that every request has.
        """
        with self._lock:
            self._deadline, self._overdue = time.monotonic() + self._endpoint.timeout, False
        try:
            return self._post(body, headers)
        except (ForbiddenAddressError, HTTPError, HTTPException, OSError, ValueError) as error:
            self.close()
            return Answer(Verdict.AGAIN, self._sentence(error))
        finally:
            with self._lock:
                self._deadline = None

    def overdue(self) -> None:
        """Break off a request whose time is over; called by another thread, every now and then."""
        with self._lock:
            if self._deadline is None or time.monotonic() < self._deadline:
                return
            self._overdue = True
            connection = self._open
        sock = getattr(connection, "sock", None)
        if sock is not None:
            with suppress(OSError):
                # Not TLS's own: that forgets its keys first, and what is being sent would go on in the clear.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close what is open."""
        with self._lock:
            connection, self._open = self._open, None
        if connection is not None:
            with suppress(OSError, HTTPError):
                connection.close()

    def _post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._open is not None and (not self._open.is_connected or time.monotonic() - self._used > _IDLE_SECONDS):
            self.close()
        reused = self._open is not None
        try:
            return self._exchange(body, headers)
        except (HTTPException, HTTPError, OSError) as error:
            # The other side may close a kept connection at any moment: what was not answered there is sent once more.
            if not reused or self._overdue or isinstance(error, TimeoutError | ReadTimeoutError):
                raise
            self.close()
            return self._exchange(body, headers)

    def _exchange(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        connection = self._open or self._connect()
        connection.request(
            "POST",
            self._target(),
            body=body,
            headers=self._headers(headers),
            preload_content=False,
            decode_content=False,  # 64 KiB may be gigabytes in disguise
        )
        response = connection.getresponse()
        content = response.read(_ANSWER_BYTES + 1)
        if self._overdue:
            # A header that was broken off reads like one that has ended.
            raise TimeoutError
        self._used = time.monotonic()
        retry_after = asked_delay(response.headers.get("Retry-After", ""), datetime.now(UTC))
        whole = len(content) <= _ANSWER_BYTES
        if not whole or response.headers.get("Connection", "").lower() == "close":
            self.close()
        return _judged(response.status, retry_after)

    def _connect(self) -> HTTPConnection:
        host, secure = self._parts.hostname or "", self._parts.scheme == "https"
        port = self._parts.port or (443 if secure else 80)
        error: Exception | None = None
        for address in addresses_of(host, port, allow_private=self._endpoint.allow_private):
            # The connection is made to the address that was looked at; name and certificate stay those of the host.
            connection = (
                HTTPSConnection(
                    address,
                    port,
                    timeout=self._endpoint.timeout,
                    ssl_context=self._context,
                    server_hostname=host,
                )
                if secure
                else HTTPConnection(address, port, timeout=self._endpoint.timeout)
            )
            with self._lock:
                self._open = connection
            try:
                connection.connect()
            except (HTTPError, OSError) as failed:
                self.close()
                error = failed
                if self._overdue:
                    break
            else:
                return connection
        raise error or OSError("no address")

    @cached_property
    def _context(self) -> ssl.SSLContext:
        ca_file = self._endpoint.ca_file
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file else certifi.where())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _target(self) -> str:
        path, query = self._parts.path or "/", self._parts.query
        if self._endpoint.key_in_url:
            query = "&".join(filter(None, (query, f"key={quote(self._endpoint.api_key, safe='')}")))
        return f"{path}?{query}" if query else path

    def _headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        found = {
            "Host": self._parts.netloc,
            "User-Agent": "mailman-rest-events",
            "Accept-Encoding": "identity",
            "Content-Type": "application/json",
            **headers,
        }
        if not self._endpoint.key_in_url:
            found["Authorization"] = f"Token {self._endpoint.api_key}"
        return found

    def _sentence(self, error: Exception) -> str:
        seconds = f"{self._endpoint.timeout:g}"
        if self._overdue or isinstance(error, TimeoutError | ReadTimeoutError):
            return f"No complete answer came within {seconds} seconds."
        reason: BaseException = error
        while isinstance(reason.__cause__, BaseException):
            reason = reason.__cause__
        match error:
            case ForbiddenAddressError():
                return f"Its host leads to {error}, in a private network. Set `allow_private: yes` in its section if that is meant."
            case SSLError() | ssl.SSLError():
                return f"Its certificate is not in order: {_of_ssl(reason)}."
            case NewConnectionError():
                return f"It can't be reached: {_of_system(reason)}."
            case ConnectTimeoutError():
                return f"It can't be reached: no connection came about within {seconds} seconds."
            case ConnectionResetError() | BrokenPipeError():  # http.client's RemoteDisconnected is one
                return "It closed the connection without a complete answer."
            case OSError():
                return f"It can't be reached: {_of_system(error)}."
            case UnicodeError():
                return "It can't be reached: its host is no name that can be looked up. Correct `url`."
            case _:
                return "Its answer is no HTTP, or ended too early."


def _judged(status: int, retry_after: float | None) -> Answer:
    if status // 100 == 2:  # noqa: PLR2004 - RFC 9110 §15.3
        return Answer(Verdict.TAKEN)
    if status == 410:  # noqa: PLR2004 - RFC 9110 §15.5.11
        return Answer(Verdict.GONE, "It answered 410: it wants no events any more.")
    problem = f"It answered {status}."
    if status // 100 == 3:  # noqa: PLR2004 - RFC 9110 §15.4
        problem = (
            f"It answered {status}, a redirect, which is not followed. Write the address to which it leads into `url`."
        )
    elif status in {401, 403}:
        problem = f"It answered {status}: it does not accept the api_key, or the signature."
    if status in _BUSY:
        return Answer(Verdict.AGAIN, problem, retry_after)
    return Answer(Verdict.REFUSED, problem, retry_after)


def _of_ssl(error: BaseException) -> str:
    return str(getattr(error, "verify_message", "") or getattr(error, "reason", "") or "it can't be verified").rstrip(
        "."
    )


def _of_system(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or "no connection").rstrip(".")
