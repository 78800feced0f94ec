"""What an event costs in CPU over TLS: our client, beside aiohttp and libcurl in the same run.

The other side is a server in a process of its own, on loopback, that accepts everything after 20 to
60 ms. CPU is that of the sending process alone. libcurl's multi interface is measured where
``pycurl`` can be imported; nothing else needs it.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "lambda")]

import aiohttp  # noqa: E402
import uvloop  # noqa: E402
from yarl import URL  # noqa: E402
from yellowring.alexa.connections import Connections  # noqa: E402
from yellowring.alexa.lwa import (  # noqa: E402
    PROACTIVE_EVENTS,
    AccessTokens,
    Credentials,
    Token,
)
from yellowring.alexa.proactive_events import (  # noqa: E402
    PATHS,
    CreateProactiveEventRequest,
    ProactiveEvents,
)
from yellowring.sender.delivery.concurrency import Concurrency  # noqa: E402
from yellowring.sender.delivery.rate_limiter import RateLimiter  # noqa: E402

from tests.unit.alexa.certificate import make_certificate  # noqa: E402
from tests.unit.sender.delivery.virtual import InMemory  # noqa: E402

try:
    import pycurl  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    pycurl = None

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

CONNECTIONS = 256
PER_SECOND = 200
SATURATED, PACED, WARM = 12_000, 800, 200
ROUNDS = 3
LATENCY = 0.02, 0.06
SENDERS = 64
"""How many requests the former sender had under way, whatever the latency."""
TOKEN = "Atc|" + "x" * 350
NOW = datetime.now(UTC)
BODY = (
    CreateProactiveEventRequest(
        timestamp=NOW,
        reference_id="storm~20261120T090000Z",
        expiry_time=NOW + timedelta(hours=24),
        event_name="AMAZON.WeatherAlert.Activated",
        payload={"weatherAlert": {"source": "localizedattribute:source", "alertType": "TORNADO"}},
        localized_attributes=[
            {"locale": locale, "source": "Weather Desk"} for locale in ("en-US", "de-DE", "fr-FR")
        ],
    )
    .unicast()
    .body("amzn1.ask.account." + "0" * 202)
)
type Send = Callable[[], Awaitable[object]]


def measure() -> dict[str, dict[str, float]]:
    """Return microseconds of CPU per event: by how they are sent, then by client."""
    with tempfile.TemporaryDirectory() as folder, alexa(Path(folder)) as (url, trusted):
        clients: dict[str, Callable[[], tuple[float, float]]] = {
            "yellowring": lambda: asyncio.run(_ours(url, trusted)),
            "aiohttp": lambda: asyncio.run(_aiohttp(url, trusted)),
        }
        rounds = {name: [run() for _ in range(ROUNDS)] for name, run in clients.items()}
        saturated = {name: statistics.median(a for a, _ in each) for name, each in rounds.items()}
        paced = {name: statistics.median(b for _, b in each) for name, each in rounds.items()}
        if pycurl:
            saturated["libcurl"] = statistics.median(_libcurl(url, trusted) for _ in range(ROUNDS))
    return {f"{CONNECTIONS} connections": saturated, f"{PER_SECOND} per second": paced}


def show(measured: dict[str, dict[str, float]]) -> None:
    """Print a table."""
    for title, clients in measured.items():
        ours = clients["yellowring"]
        for name, each in clients.items():
            times = f"{each / ours:10.2f} times ours" if each != ours else ""
            print(f"{'CPU per event, ' + title + ', ' + name:52} {each:7.0f} µs{times}")


async def _ours(url: str, trusted: Path) -> tuple[float, float]:
    context = ssl.create_default_context(cafile=str(trusted))
    known = {PROACTIVE_EVENTS: Token(TOKEN, time.monotonic() + 3600)}
    async with Connections(context=context) as connections:
        tokens = AccessTokens(
            connections, Credentials("id", "secret"), PROACTIVE_EVENTS, known=known
        )
        events = ProactiveEvents(connections, tokens, stage="live", base_url=url)

        async def send() -> None:
            answer = await events.send("na", BODY)
            assert answer.status == 202, answer  # noqa: S101

        concurrency, limiter = Concurrency(), RateLimiter(InMemory(), PER_SECOND)

        async def one() -> None:
            try:
                await send()
            finally:
                concurrency.release()

        async def paced(many: int) -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(many):
                    await limiter.acquire()
                    await concurrency.acquire()
                    group.create_task(one())

        return await _saturated(send), await _cpu(paced, PACED)


async def _aiohttp(url: str, trusted: Path) -> tuple[float, float]:
    context = ssl.create_default_context(cafile=str(trusted))
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    timeout = aiohttp.ClientTimeout(total=10, connect=3)
    connector = aiohttp.TCPConnector(limit=CONNECTIONS, ssl=context)
    async with aiohttp.ClientSession(connector=connector) as http:

        async def send() -> None:
            target = URL(url + PATHS["live"], encoded=True)
            async with http.post(target, data=BODY, headers=headers, timeout=timeout) as answer:
                await answer.text(errors="replace")
                assert answer.status == 202, answer  # noqa: S101

        turns = asyncio.Lock()

        async def paced(many: int) -> None:
            left, due = many, time.time()

            async def sender() -> None:
                nonlocal left, due
                while left:
                    async with turns:
                        if not left:
                            return
                        left -= 1
                        await asyncio.sleep(max(0.0, due - time.time()))
                        due += 1 / PER_SECOND
                    await send()

            await asyncio.gather(*(sender() for _ in range(SENDERS)))

        return await _saturated(send), await _cpu(paced, PACED)


async def _saturated(send: Send) -> float:
    async def at_once(many: int) -> None:
        left = many

        async def sender() -> None:
            nonlocal left
            while left > 0:
                left -= 1
                await send()

        await asyncio.gather(*(sender() for _ in range(CONNECTIONS)))

    return await _cpu(at_once, SATURATED)


async def _cpu(work: Callable[[int], Awaitable[None]], many: int) -> float:
    """Return the microseconds of each, once connections are made."""
    await work(max(WARM, many // 10))
    began = time.process_time()
    await work(many)
    return (time.process_time() - began) / many * 1e6


def _libcurl(url: str, trusted: Path) -> float:
    multi, handles = pycurl.CurlMulti(), []
    multi.setopt(pycurl.M_MAXCONNECTS, CONNECTIONS)
    for _ in range(CONNECTIONS):
        handle = pycurl.Curl()
        handle.setopt(pycurl.URL, url + PATHS["live"])
        handle.setopt(pycurl.CAINFO, str(trusted))
        handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        handle.setopt(pycurl.POSTFIELDS, BODY)
        handle.setopt(
            pycurl.HTTPHEADER,
            [f"Authorization: Bearer {TOKEN}", "Content-Type: application/json", "Expect:"],
        )
        handles.append(handle)

    def send(many: int) -> None:
        left, under_way = many, 0
        idle = list(handles)
        while left or under_way:
            while left and idle:
                handle = idle.pop()
                handle.setopt(pycurl.WRITEDATA, BytesIO())
                multi.add_handle(handle)
                left, under_way = left - 1, under_way + 1
            multi.perform()
            _, done, failed = multi.info_read()
            assert not failed, failed  # noqa: S101
            for handle in done:
                assert handle.getinfo(pycurl.RESPONSE_CODE) == 202  # noqa: S101
                multi.remove_handle(handle)
                idle.append(handle)
            under_way -= len(done)
            if not done:
                multi.select(1.0)

    send(SATURATED // 10)
    began = time.process_time()
    send(SATURATED)
    return (time.process_time() - began) / SATURATED * 1e6


@contextmanager
def alexa(folder: Path) -> Iterator[tuple[str, Path]]:
    """Run an Alexa that accepts everything; yield its URL and the certificate to trust."""
    certificate, key = make_certificate(folder)
    command = [sys.executable, __file__, str(certificate), str(key)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout  # noqa: S101
        try:
            yield f"https://localhost:{int(process.stdout.readline())}", certificate
        finally:
            process.terminate()


class _Accepting(asyncio.Protocol):
    """Accepts each request after a while, with the headers that Amazon sends."""

    ANSWER = (
        b"HTTP/1.1 202 Accepted\r\nServer: Server\r\nDate: Fri, 20 Nov 2026 09:00:00 GMT\r\n"
        b"Content-Type: application/json\r\nContent-Length: 0\r\nConnection: keep-alive\r\n"
        b"x-amzn-RequestId: 01234567-89ab-cdef-0123-456789abcdef\r\n\r\n"
    )

    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if found and len(body) >= length:
            self._received = b""
            latency = random.uniform(*LATENCY)  # noqa: S311
            asyncio.get_running_loop().call_later(latency, self._transport.write, self.ANSWER)


async def _serve(certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Accepting, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve(*sys.argv[1:]))
