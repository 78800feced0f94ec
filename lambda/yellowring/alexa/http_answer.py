"""Reading an HTTP/1.1 answer as its bytes come in.

Source: RFC 9112. Strict where leniency could take half an answer for a whole one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from http import HTTPStatus

LARGEST_HEAD = 32 * 1024
"""Bytes of a status line with its headers, or of a chunked body's trailers."""
LARGEST_BODY = 256 * 1024
"""Bytes of a body; Alexa's have some hundred."""
MOST_INTERIM = 8
"""Interim answers (1xx) before the answer."""

_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(rb"[0-9]{1,12}")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")
_BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Garbled(Exception):
    """What came is no whole HTTP answer."""


@dataclass(frozen=True, slots=True)
class Head:
    """A status line and its headers.

    Attributes
    ----------
    status
        From 100 to 999.
    headers
        By name in lower case; several of one name are joined by commas.
    keeps
        Whether the connection outlives the answer.
    """

    status: int
    headers: dict[bytes, bytes]
    keeps: bool


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer that was read whole."""

    status: int
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    keeps: bool = False

    def header(self, name: bytes) -> str | None:
        """Return a header's value; the name is in lower case."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")


class AnswerReader:
    """Reads one answer, fed with bytes as they come."""

    def __init__(self) -> None:
        self._unread = b""
        self._head: Head | None = None
        self._interim = 0
        self._length: int | None = None
        self._is_chunked = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._in_trailers = False

    def feed(self, data: bytes) -> HttpAnswer | None:
        """Take the next bytes; return the answer once it is whole.

        Raises
        ------
        Garbled
            What came is no HTTP answer, or is larger than any that is expected.
        """
        self._unread += data
        head = self._head or self._read_head()
        if head is None:
            return None
        if self._is_chunked:
            return self._read_chunks(head)
        if self._length is None or len(self._unread) < self._length:
            if len(self._unread) > LARGEST_BODY:
                raise Garbled("a body too large")
            return None
        body, self._unread = self._unread[: self._length], self._unread[self._length :]
        return self._whole(head, body)

    def end(self) -> HttpAnswer:
        """Take the end of the connection, which ends a body of no stated length.

        Raises
        ------
        Garbled
            The answer is cut off.
        """
        if self._head is None or self._is_chunked or self._length is not None:
            raise Garbled("an answer cut off")
        return HttpAnswer(self._head.status, self._head.headers, self._unread)

    def _read_head(self) -> Head | None:
        while (head := self._next_head()) is not None:
            if head.status >= HTTPStatus.OK:
                self._begin_body(head)
                return head
            self._interim += 1
            if head.status == HTTPStatus.SWITCHING_PROTOCOLS or self._interim > MOST_INTERIM:
                raise Garbled("interim answers without end")
        return None

    def _next_head(self) -> Head | None:
        end = self._unread.find(b"\r\n\r\n")
        if end > LARGEST_HEAD or (end < 0 and len(self._unread) > LARGEST_HEAD):
            raise Garbled("a head too large")
        if end < 0:
            return None
        head, self._unread = parse_head(self._unread[:end]), self._unread[end + 4 :]
        return head

    def _begin_body(self, head: Head) -> None:
        self._head = head
        coding = head.headers.get(b"transfer-encoding")
        length = head.headers.get(b"content-length")
        if head.status in _BODILESS:
            self._length = 0
        elif coding is not None:
            if coding.lower() != b"chunked":
                raise Garbled("an unknown transfer coding")
            self._is_chunked = True
        elif length is not None:
            self._length = _content_length(length)

    def _read_chunks(self, head: Head) -> HttpAnswer | None:
        while not self._in_trailers and self._read_chunk():
            pass
        if self._in_trailers:
            _, found, rest = self._unread.partition(b"\r\n\r\n")
            if found:
                self._unread = rest
                return self._whole(head, b"".join(self._chunks))
        if len(self._unread) > LARGEST_BODY + LARGEST_HEAD:
            raise Garbled("a line too long")
        return None

    def _read_chunk(self) -> bool:
        """Take one chunk out of what is unread, if it is there whole."""
        line, found, rest = self._unread.partition(b"\r\n")
        if not found:
            return False
        match = _CHUNK.fullmatch(line)
        if match is None:
            raise Garbled("a chunk without a size")
        size = int(match[1], 16)
        if self._size + size > LARGEST_BODY:
            raise Garbled("a body too large")
        if size == 0:
            self._unread, self._in_trailers = b"\r\n" + rest, True
            return False
        if len(rest) < size + 2:
            return False
        if rest[size : size + 2] != b"\r\n":
            raise Garbled("a chunk longer than its size")
        self._size += size
        self._chunks.append(rest[:size])
        self._unread = rest[size + 2 :]
        return True

    def _whole(self, head: Head, body: bytes) -> HttpAnswer:
        keeps = head.keeps and not self._unread
        return HttpAnswer(head.status, head.headers, body, keeps)


def parse_head(head: bytes) -> Head:
    """Parse a status line and its headers, without the empty line that ends them.

    Raises
    ------
    Garbled
        They are none.
    """
    first, *lines = head.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(first)
    if match is None:
        raise Garbled("no status line")
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or _NAME.fullmatch(name) is None:
            raise Garbled("no header")
        name, value = name.lower(), value.strip(b" \t")
        headers[name] = headers[name] + b", " + value if name in headers else value
    connection = headers.get(b"connection", b"").lower()
    keeps = b"close" not in connection if match[1] == b"1" else b"keep-alive" in connection
    if b"transfer-encoding" in headers and b"content-length" in headers:
        keeps = False  # whoever sends both may be wrong about where the answer ends
    return Head(int(match[2]), headers, keeps)


def _content_length(value: bytes) -> int:
    lengths = {each.strip() for each in value.split(b",")}
    (length, *others) = lengths
    if others or _LENGTH.fullmatch(length) is None:
        raise Garbled("no length")
    if int(length) > LARGEST_BODY:
        raise Garbled("a body too large")
    return int(length)
