"""Kept connections to Alexa: a small HTTP/1.1 client that does one thing, posting.

Sending an event costs mostly what its HTTP costs, so there is nothing between the event loop's
readiness and the socket: no streams, no transport, no timer for each request. An answer is taken
only when it was read whole; everything else is no answer.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from yellowring.alexa.http_answer import AnswerReader, Garbled, HttpAnswer
from yellowring.alexa.sockets import Sockets

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

CONNECT = 3.0
"""Seconds for a connection, its TLS handshake included."""
TOTAL = 10.0
"""Seconds for a request and its whole answer."""
KEPT = 15.0
"""Seconds for which an idle connection is kept."""
SWEEPS = 20
"""How often within `TOTAL` it is looked for what has taken too long."""
_BUFFER = 64 * 1024


class NoAnswer(Exception):
    """There was no whole answer, so whether the request was taken is not known."""


class _Unanswered(NoAnswer):
    """The connection ended before the first byte of an answer."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes."""

    secure: bool
    host: str
    port: int
    opening: bytes
    """The request line and the headers that are the same in every request."""

    @property
    def origin(self) -> tuple[bool, str, int]:
        """Return what connections are kept by."""
        return self.secure, self.host, self.port


class Connections:
    """Posts over connections that are kept, as many as requests are under way at once.

    Parameters
    ----------
    connect, total
        Seconds for connecting, and for a request and its whole answer.
    context
        How servers are verified; as Python does by default when left out.
    """

    def __init__(
        self,
        *,
        connect: float = CONNECT,
        total: float = TOTAL,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._connect = connect
        self._total = total
        self._sockets = Sockets(context)
        self._idle: dict[tuple[bool, str, int], list[_Connection]] = {}
        self._open: set[_Connection] = set()
        self._sweeping: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; requests under way get no answer."""
        if self._sweeping:
            self._sweeping.cancel()
            self._sweeping = None
        for connection in list(self._open):
            connection.fail(NoAnswer("closed"))
        self._open.clear()
        self._idle.clear()

    async def post(self, url: str, headers: bytes, body: bytes) -> HttpAnswer:
        """Send one request and return its answer; follows no redirect.

        A kept connection may have been closed by the other side meanwhile. What got not a byte of
        an answer on one is sent once more on a new one, so it must be safe to repeat.

        Parameters
        ----------
        url
            Absolute, percent-encoded.
        headers
            Lines that each end with CR LF; ``Host`` and ``Content-Length`` are added.
        body
            What to send.

        Raises
        ------
        NoAnswer
            Says why: the name of an error.
        """
        target = _target(url)
        request = b"%b%bContent-Length: %d\r\n\r\n%b" % (target.opening, headers, len(body), body)
        deadline = asyncio.get_running_loop().time() + self._total
        kept = self._kept(target)
        if kept is not None:
            try:
                return await self._ask(target, kept, request, deadline)
            except _Unanswered:
                pass
        return await self._ask(target, await self._new(target, deadline), request, deadline)

    async def _ask(
        self, target: Target, connection: _Connection, request: bytes, deadline: float
    ) -> HttpAnswer:
        try:
            answer = await connection.ask(request, deadline)
        except BaseException:
            connection.fail(NoAnswer("given up"))
            raise
        if connection.may_be_kept:
            connection.deadline = asyncio.get_running_loop().time() + KEPT
            self._idle.setdefault(target.origin, []).append(connection)
        return answer

    def _kept(self, target: Target) -> _Connection | None:
        """Take the connection that was used last: the others may then grow old and go."""
        idle = self._idle.get(target.origin, [])
        while idle:
            connection = idle.pop()
            if not connection.is_closed:
                return connection
        return None

    async def _new(self, target: Target, deadline: float) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(deadline, loop.time() + self._connect)):
                connected = await self._sockets.connect(
                    target.host, target.port, secure=target.secure
                )
        except (OSError, UnicodeError) as error:  # a time-out is an OSError, so is all of TLS
            raise NoAnswer(type(error).__name__) from None
        connection = _Connection(connected, loop, self._open.discard)
        self._open.add(connection)
        if self._sweeping is None:
            self._sweep()
        return connection

    def _sweep(self) -> None:
        """End what has taken too long, and what has been idle for long."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in [each for each in self._open if each.deadline <= now]:
            connection.fail(NoAnswer("TimeoutError"))
        self._idle = {
            origin: left
            for origin, idle in self._idle.items()
            if (left := [each for each in idle if not each.is_closed])
        }
        self._sweeping = loop.call_later(self._total / SWEEPS, self._sweep) if self._open else None


class _Connection:
    """One connection: a request, its answer, the next request."""

    def __init__(
        self,
        connected: socket.socket,
        loop: asyncio.AbstractEventLoop,
        closed: Callable[[_Connection], None],
    ) -> None:
        self._socket = connected
        self._pending = connected.pending if isinstance(connected, ssl.SSLSocket) else _none
        self._loop = loop
        self._closed = closed
        self._reader: AnswerReader | None = None
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._unsent = b""
        self._has_begun = False
        self.deadline = loop.time() + TOTAL
        self.is_closed = False
        self.may_be_kept = False
        loop.add_reader(connected, self._readable)

    async def ask(self, request: bytes, deadline: float) -> HttpAnswer:
        self.deadline = deadline
        self.may_be_kept = self._has_begun = False
        self._reader = AnswerReader()
        self._answer = self._loop.create_future()
        self._unsent = request
        self._send()
        return await self._answer

    def fail(self, error: NoAnswer) -> None:
        """Close the connection; who waits for an answer gets the error."""
        if self.is_closed:
            return
        self.is_closed = True
        self.may_be_kept = False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._closed(self)
        if self._answer and not self._answer.done():
            self._answer.set_exception(error)

    def _send(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            sent = 0
        except OSError as error:
            self._lost(error)
            return
        if sent < len(self._unsent):
            self._unsent = self._unsent[sent:]
            self._loop.add_writer(self._socket, self._send)
        elif self._unsent:
            self._unsent = b""
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        while not self.is_closed:
            try:
                data = self._socket.recv(_BUFFER)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except OSError as error:
                self._lost(error)
                return
            self._received(data)
            if not self._pending():
                return

    def _received(self, data: bytes) -> None:
        if self._reader is None or self._answer is None or self._answer.done():
            self.fail(NoAnswer("closed"))  # idle: nothing is expected but its end
            return
        if not data and not self._has_begun:
            self.fail(_Unanswered("ConnectionResetError"))
            return
        self._has_begun = True
        try:
            answer = self._reader.feed(data) if data else self._reader.end()
        except Garbled as error:
            self.fail(NoAnswer(f"Garbled: {error}"))
            return
        if answer is None:
            return
        self._reader = None
        self.may_be_kept = answer.keeps and not self._unsent
        self._answer.set_result(answer)
        if not self.may_be_kept:
            self.fail(NoAnswer("closed"))

    def _lost(self, error: OSError) -> None:
        kind = NoAnswer if self._has_begun else _Unanswered
        self.fail(kind(type(error).__name__))


@functools.lru_cache(maxsize=64)
def _target(url: str) -> Target:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    opening = (
        f"POST {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "User-Agent: yellowring\r\nAccept: application/json\r\n"
    )
    port = parts.port or (443 if secure else 80)
    return Target(secure, parts.hostname or "", port, opening.encode("ascii"))


def _none() -> int:
    return 0
