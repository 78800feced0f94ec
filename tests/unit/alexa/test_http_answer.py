"""Reading answers: whole ones however they are cut into pieces, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yellowring.alexa.http_answer import (
    LARGEST_BODY,
    LARGEST_HEAD,
    MOST_INTERIM,
    AnswerReader,
    Garbled,
    HttpAnswer,
    parse_head,
)

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
DIGITS = b"0123456789"
EMPTY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
WHOLE = {
    "empty": (EMPTY, 202, b"", True),
    "no reason": (b"HTTP/1.1 202\r\nContent-Length: 0\r\n\r\n", 202, b"", True),
    "a body": (b"HTTP/1.1 400 Bad\r\ncontent-LENGTH:2\r\n\r\n{}", 400, b"{}", True),
    "a length twice": (b"HTTP/1.1 400 Bad\r\nContent-Length: 2, 2\r\n\r\n{}", 400, b"{}", True),
    "no content": (b"HTTP/1.1 204 None\r\n\r\n", 204, b"", True),
    "to be closed": (
        b"HTTP/1.1 202 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
        202,
        b"",
        False,
    ),
    "an old server": (b"HTTP/1.0 202 OK\r\nContent-Length: 0\r\n\r\n", 202, b"", False),
    "an old server that keeps": (
        b"HTTP/1.0 202 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n",
        202,
        b"",
        True,
    ),
    "chunks": (
        CHUNKED + b"3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
        200,
        b"abc0123456789",
        True,
    ),
    "trailers": (CHUNKED + b"1\r\na\r\n0\r\nA: b\r\nC: d\r\n\r\n", 200, b"a", True),
    "chunks and a length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        200,
        b"",
        False,
    ),
    "more than the answer": (EMPTY + b"HTTP/1.1 500 Oh\r\n", 202, b"", False),
    "told to go on": (b"HTTP/1.1 100 Continue\r\n\r\n" + EMPTY, 202, b"", True),
}
GARBLED = {
    "no http": b"SSH-2.0-OpenSSH\r\n\r\n",
    "http of another version": b"HTTP/2 202\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\n\r\n",
    "no colon": b"HTTP/1.1 202 OK\r\nContent-Length 0\r\n\r\n",
    "a folded header": b"HTTP/1.1 202 OK\r\nA: b\r\n c\r\n\r\n",
    "two lengths": b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
    "a negative length": b"HTTP/1.1 202 OK\r\nContent-Length: -1\r\n\r\n",
    "a length beyond numbers": b"HTTP/1.1 202 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a body too large": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY + 1),
    "an endless body": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (LARGEST_BODY + 1),
    "an endless head": b"HTTP/1.1 200 OK\r\nA: " + b"x" * LARGEST_HEAD,
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching\r\n\r\n",
    "interim answers for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * (MOST_INTERIM + 1),
    "a chunk without a size": CHUNKED + b"xyz\r\n",
    "a chunk longer than its size": CHUNKED + b"2\r\nabc\r\n",
    "chunks too large together": CHUNKED + b"20000\r\n" + b"x" * 0x20000 + b"\r\n3ffff\r\n",
    "a chunk's line without end": CHUNKED + b"1" * (LARGEST_BODY + LARGEST_HEAD + 1),
}


def read(data: bytes, cuts: list[int]) -> HttpAnswer | None:
    """Read an answer that comes in pieces."""
    reader = AnswerReader()
    places = sorted({cut for cut in cuts if 0 < cut < len(data)})
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    answers = [reader.feed(piece) for piece in pieces]
    assert answers[:-1] == [None] * (len(answers) - 1)
    return answers[-1]


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_answer_is_read(name: str) -> None:
    data, status, body, keeps = WHOLE[name]
    answer = read(data, [])
    assert answer is not None
    assert (answer.status, answer.body, answer.keeps) == (status, body, keeps)


@given(
    name=st.sampled_from(sorted(WHOLE.keys() - {"more than the answer"})),
    cuts=st.lists(st.integers(0, 120)),
)
def test_it_is_the_same_in_any_pieces(name: str, cuts: list[int]) -> None:
    data, status, body, keeps = WHOLE[name]
    answer = read(data, cuts)
    assert answer is not None
    assert (answer.status, answer.body, answer.keeps) == (status, body, keeps)


@given(name=st.sampled_from(sorted(WHOLE.keys() - {"more than the answer"})), data=st.data())
def test_a_part_of_an_answer_is_none(name: str, data: st.DataObject) -> None:
    whole = WHOLE[name][0]
    reader = AnswerReader()
    assert reader.feed(whole[: data.draw(st.integers(0, len(whole) - 1))]) is None
    with pytest.raises(Garbled):
        reader.end()


def test_without_a_length_the_end_of_the_connection_ends_the_body() -> None:
    reader = AnswerReader()
    assert reader.feed(b"HTTP/1.1 200 OK\r\n\r\nab") is None
    assert reader.feed(b"c") is None
    answer = reader.end()
    assert (answer.status, answer.body, answer.keeps) == (200, b"abc", False)


@pytest.mark.parametrize("name", GARBLED)
def test_what_is_no_answer_is_not_taken_for_one(name: str) -> None:
    with pytest.raises(Garbled):
        AnswerReader().feed(GARBLED[name])


@given(st.binary(max_size=200), st.sampled_from([b"", b"HTTP/1.1 200 ", CHUNKED]))
def test_nothing_that_comes_raises_anything_else(data: bytes, before: bytes) -> None:
    reader = AnswerReader()
    try:
        if reader.feed(before + data) is None:
            reader.end()
    except Garbled:
        pass


def test_headers_are_found_in_any_case_and_joined() -> None:
    head = parse_head(b"HTTP/1.1 429 Slow\r\nRETRY-after:\t7 \r\nA: 1\r\na: 2")
    answer = HttpAnswer(head.status, head.headers)
    assert answer.header(b"retry-after") == "7"
    assert answer.header(b"a") == "1, 2"
    assert answer.header(b"b") is None
