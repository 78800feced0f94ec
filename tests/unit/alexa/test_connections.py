"""The HTTP client: kept connections, TLS that is verified, and no answer unless it is whole."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from yellowring.alexa import connections as module
from yellowring.alexa.connections import Connections, NoAnswer

from tests.unit.alexa.certificate import make_certificate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path

    from yellowring.alexa.http_answer import HttpAnswer

ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
HEADERS = b"Authorization: Bearer Atc|test\r\n"


class Server:
    """Answers the requests of each connection as it is told, one after the other.

    An answer of ``None`` closes the connection instead; after the last the connection is closed.
    """

    def __init__(self, *connections: list[bytes | None]) -> None:
        self._connections = iter(connections)
        self.requests: list[list[bytes]] = []
        self.url = ""
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mine: list[bytes] = []
        self.requests.append(mine)
        try:
            for answer in next(self._connections):
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
                mine.append(head + await reader.readexactly(length))
                self.asked.set()
                if answer is None:
                    break
                writer.write(answer)
            else:
                await reader.read()
                self.left.set()  # the client has closed
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


@asynccontextmanager
async def serving(server: Server, context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"{'https' if context else 'http'}://localhost:{port}/v1/proactiveEvents?a=b"
    try:
        yield server
    finally:
        listening.close()
        listening.close_clients()
        await listening.wait_closed()


def post(
    server: Server,
    times: int = 1,
    *,
    body: bytes = b"{}",
    total: float = 5,
) -> list[HttpAnswer | str]:
    """Post one after the other; return the answers, or why there was none."""

    async def run() -> list[HttpAnswer | str]:
        answers: list[HttpAnswer | str] = []
        async with serving(server), Connections(total=total) as connections:
            for _ in range(times):
                try:
                    answers.append(await connections.post(server.url, HEADERS, body))
                except NoAnswer as error:
                    answers.append(str(error))
        return answers

    return asyncio.run(run())


def statuses(answers: list[HttpAnswer | str]) -> list[int | str]:
    return [each if isinstance(each, str) else each.status for each in answers]


def test_a_request_is_what_was_asked_for() -> None:
    server = Server([ACCEPTED])
    post(server, body=b'{"a": 1}')
    (((request,),)) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    assert first == b"POST /v1/proactiveEvents?a=b HTTP/1.1"
    host = server.url.split("/")[2].encode()
    assert {b"Host: " + host, b"Content-Length: 8", HEADERS.strip()} <= set(lines)
    assert body == b'{"a": 1}'


def test_a_connection_is_kept() -> None:
    server = Server([ACCEPTED] * 3)
    assert statuses(post(server, 3)) == [202] * 3
    assert [len(each) for each in server.requests] == [3]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        ACCEPTED + b"HTTP/1.1 500 Not asked for\r\n",
    ],
    ids=["told to close", "more than the answer"],
)
def test_a_connection_is_not_kept_after(answer: bytes) -> None:
    server = Server([answer], [ACCEPTED])
    assert statuses(post(server, 2)) == [202] * 2
    assert [len(each) for each in server.requests] == [1, 1]


def test_a_kept_connection_that_is_closed_unanswered_is_tried_once_more_on_a_new_one() -> None:
    server = Server([ACCEPTED, None], [ACCEPTED])
    assert statuses(post(server, 2)) == [202] * 2
    assert [len(each) for each in server.requests] == [2, 1]


def test_what_gets_no_answer_on_a_new_connection_is_not_repeated() -> None:
    server = Server([None], [ACCEPTED])
    assert statuses(post(server)) == ["ConnectionResetError"]
    assert len(server.requests) == 1


def test_the_second_of_two_tries_is_the_last() -> None:
    server = Server([ACCEPTED, None], [None], [ACCEPTED])
    assert statuses(post(server, 2)) == [202, "ConnectionResetError"]
    assert len(server.requests) == 2


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize(
    "part", [b"H", ACCEPTED[:-1], b"HTTP/1.1 400 Bad\r\nContent-Length: 9\r\n\r\n{}"]
)
def test_an_answer_that_is_cut_off_is_no_answer_and_not_repeated(part: bytes, kept: bool) -> None:
    before: list[bytes | None] = [ACCEPTED] * kept

    class CutOff(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.requests.append([])
            for answer in (*before, part):
                self.requests[-1].append(await reader.readuntil(b"{}"))
                writer.write(answer or b"")
            writer.close()

    server = CutOff()
    assert statuses(post(server, 1 + kept))[-1] == "Garbled: an answer cut off"
    assert len(server.requests) == 1


def test_garbage_is_no_answer() -> None:
    server = Server([b"\x00\xff" * 20 + b"\r\n\r\n"])
    assert statuses(post(server)) == ["Garbled: no status line"]


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    server = Server([b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"])
    assert statuses(post(server)) == [307]
    assert [len(each) for each in server.requests] == [1]


def test_a_body_larger_than_a_socket_takes_at_once_is_sent_whole() -> None:
    server = Server([ACCEPTED])
    body = bytes(range(256)) * 40_000

    class Reading(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            self.requests.append([await reader.readexactly(len(body))])
            writer.write(ACCEPTED)
            await reader.read()
            writer.close()

    server = Reading()
    assert statuses(post(server, body=body)) == [202]
    assert server.requests == [[body]]


def test_a_server_that_does_not_answer_in_time_gives_no_answer() -> None:
    server = Server([b""], [ACCEPTED])
    assert statuses(post(server, 2, total=0.1)) == ["TimeoutError", 202]


def test_nobody_there_gives_no_answer() -> None:
    async def run() -> None:
        async with Connections() as connections:
            with pytest.raises(NoAnswer, match="ConnectionRefusedError"):
                await connections.post("http://127.0.0.1:1/", HEADERS, b"")

    asyncio.run(run())


def test_a_connection_that_does_not_come_about_in_time_gives_no_answer() -> None:
    async def run() -> None:
        context = ssl.create_default_context()
        silent = Server([])  # and so it shakes no hands
        async with serving(silent), Connections(connect=0.1, context=context) as connections:
            url = silent.url.replace("http:", "https:")
            with pytest.raises(NoAnswer, match="TimeoutError"):
                await connections.post(url, HEADERS, b"")

    asyncio.run(run())


def test_idle_connections_are_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 0.01)

    async def run() -> None:
        server = Server([ACCEPTED], [ACCEPTED])
        async with serving(server), Connections(total=0.4) as connections:
            await connections.post(server.url, HEADERS, b"")
            await server.left.wait()
            assert (await connections.post(server.url, HEADERS, b"")).status == 202

    asyncio.run(run())


def test_what_is_under_way_when_it_closes_gets_no_answer() -> None:
    async def run() -> None:
        server = Server([b""])
        async with serving(server), Connections() as connections:
            asked = asyncio.create_task(connections.post(server.url, HEADERS, b""))
            await server.asked.wait()
            connections.close()
            with pytest.raises(NoAnswer, match="closed"):
                await asked

    asyncio.run(run())


def test_the_answer_of_a_request_that_was_given_up_is_not_taken_for_the_next() -> None:
    async def run() -> None:
        server = Server([b""], [ACCEPTED])
        async with serving(server), Connections() as connections:
            asked = asyncio.create_task(connections.post(server.url, HEADERS, b""))
            await server.asked.wait()
            asked.cancel()
            assert (await connections.post(server.url, HEADERS, b"")).status == 202
            assert len(server.requests) == 2

    asyncio.run(run())


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS, and the certificate to trust."""
    certificate, key = make_certificate(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context, certificate


def over_tls(
    tls: tuple[ssl.SSLContext, Path],
    server: Server,
    use: Callable[[Connections], Coroutine[None, None, None]],
    *,
    trusted: bool = True,
) -> None:
    async def run() -> None:
        context = ssl.create_default_context(cafile=str(tls[1]) if trusted else None)
        async with serving(server, tls[0]), Connections(context=context) as connections:
            await use(connections)

    asyncio.run(run())


def test_tls_is_spoken_over_kept_connections(tls: tuple[ssl.SSLContext, Path]) -> None:
    body = b"HTTP/1.1 400 Bad\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50_000
    server = Server([ACCEPTED, body, ACCEPTED])

    async def use(connections: Connections) -> None:
        answers = [await connections.post(server.url, HEADERS, b"x" * 100_000) for _ in range(3)]
        assert [each.status for each in answers] == [202, 400, 202]
        assert answers[1].body == b"x" * 50_000
        assert len(server.requests) == 1

    over_tls(tls, server, use)


@pytest.mark.parametrize("name", ["untrusted", "another host"])
def test_who_cannot_be_verified_is_sent_nothing(
    tls: tuple[ssl.SSLContext, Path], name: str
) -> None:
    server = Server([ACCEPTED], [ACCEPTED])

    async def use(connections: Connections) -> None:
        url = server.url
        if name == "another host":
            url = url.replace("localhost", "127.0.0.1")
        with pytest.raises(NoAnswer, match="SSLCertVerificationError"):
            await connections.post(url, HEADERS, b"{}")
        assert not any(server.requests)

    over_tls(tls, server, use, trusted=name == "another host")


def test_a_body_without_length_that_tls_does_not_end_is_no_answer(
    tls: tuple[ssl.SSLContext, Path],
) -> None:
    class Ragged(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"{}")
            writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf")
            await writer.drain()
            writer.transport.abort()

    server = Ragged()

    async def use(connections: Connections) -> None:
        with pytest.raises(NoAnswer):
            await connections.post(server.url, HEADERS, b"{}")

    over_tls(tls, server, use)
